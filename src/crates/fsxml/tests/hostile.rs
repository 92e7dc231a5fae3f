//! Whatever people type into whatever field: what is served parses, and says nothing that was not meant.
#![allow(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use domain::plan::{PlanSource, RouteContext, ServerPlan};
use domain::routing::{CallRequest, Marks, decide};
use fsxml::{Document, Templates, dialplan, views};
use proptest::prelude::*;
use testkit::plans;

/// Pieces that mean something to XML, to the dialplan, to dial strings or to the event socket.
fn nasty() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "1",
        "\"",
        "'",
        "<",
        ">",
        "&",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ",",
        "|",
        ";",
        ":",
        "=",
        " ",
        "\n",
        "\r\n",
        "\t",
        "\0",
        "$",
        "${",
        "$${",
        "${uuid}",
        "$${domain}",
        "}user/1@x",
        "^^:",
        "\\",
        "\\'",
        "\\n",
        "</param>",
        "<X-PRE-PROCESS cmd=\"exec\" data=\"id\"/>",
        "X-PRE-PROCESS",
        "<?",
        "-->",
        "<!--#",
        "&#36;",
        "]]>",
        "é",
        "王",
        "\u{202e}",
        "\u{ffff}",
        "api reload",
        "@",
        "/",
        "..",
        "%",
        "#",
        "*",
    ]);
    prop::collection::vec(pieces, 0..6).prop_map(|parts| parts.concat())
}

/// Puts `text` into the field of this number; more fields than numbers is fine.
fn poison(source: &mut PlanSource, field: usize, text: &str) {
    let text = text.to_owned();
    match field {
        0 => source.server.codecs = text,
        1 => source.server.http_user = text,
        2 => source.server.http_password = text,
        3 => source.server.record_dir = text,
        4 => source.server.control_url = text,
        5 => source.server.sip_domain = text,
        6 => source.gateways[1].name = text,
        7 => source.gateways[1].proxy = text,
        8 => source.gateways[1].realm = Some(text),
        9 => source.gateways[1].user_name = Some(text),
        10 => source.gateways[1].password = Some(text),
        11 => source.gateways[1].from_user = Some(text),
        12 => source.gateways[1].outbound_proxy = Some(text),
        13 => source.gateways[1].extension = Some(text),
        14 => source.gateways[1].add_prefix = text,
        15 => source.extensions[0].number = text,
        16 => source.extensions[0].display_name = text,
        17 => source.extensions[0].a1_hash = text,
        18 => source.extensions[0].caller_id_number = Some(text),
        19 => source.queues[0].code = text,
        20 => source.queues[0].strategy = text,
        21 => source.queues[0].moh_sound = text,
        22 => source.queues[0].announce_sound = Some(text),
        23 => source.queues[0].overflow = domain::plan::OverflowSpec::Extension(text),
        24 => source.routes[1].add_prefix = text,
        25 => source.routes[2].target_number = Some(text),
        26 => source.routes[2].off_hours_prompt = Some(text),
        27 => source.routes[0].pattern = text,
        28 => source.routes[0].name = text,
        _ => {
            source.sounds.insert("hold".to_owned(), text);
        }
    }
}

/// Attribute values of a document, unescaped, as (element, attribute, value).
fn values(xml: &str) -> Vec<(String, String, String)> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut found = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(element) | quick_xml::events::Event::Empty(element) => {
                for attribute in element.attributes() {
                    let attribute = attribute.unwrap();
                    found.push((
                        element.name().as_ref().to_owned(),
                        attribute.key.as_ref().to_owned(),
                        quick_xml::escape::unescape(&attribute.value)
                            .unwrap()
                            .into_owned(),
                    ));
                }
            }
            quick_xml::events::Event::Eof => return found,
            _ => {}
        }
    }
}

/// The raw text holds nothing that the switch's preprocessor acts upon, except what our templates mean.
fn preprocessor_is_quiet(xml: &str) {
    assert!(!xml.to_ascii_lowercase().contains("x-pre-process"), "{xml}");
    assert!(!xml.contains("<?") && !xml.contains("<!"), "{xml}");
    for (at, _) in xml.match_indices("$${") {
        let name = xml[at + 3..].split('}').next().unwrap();
        assert!(
            ["bind_ip", "storage_dir", "sounds_dir"].contains(&name),
            "global {name} is expanded in {xml}"
        );
    }
}

/// Dialplan data is made of known words only: no stray quoting, no variables but ours.
fn data_is_tame(xml: &str) {
    for (element, attribute, value) in values(xml) {
        if element.ends_with("action") && attribute == "data" {
            let rest = [
                "${recordings_dir}",
                "${strftime(%Y%m%d)}",
                "${uuid}",
                "${originate_disposition}",
                "${cordboard_gateway}",
                "${cordboard_gateway_prefix}",
                "${cordboard_caller_id}",
            ]
            .iter()
            .fold(value.clone(), |rest, known| rest.replace(known, ""));
            assert!(
                !rest.contains(['{', '}', '\'', '"', '\\', '\n', '\r', '|']),
                "{value:?}"
            );
            assert!(!rest.contains("${"), "{value:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_configured_text_breaks_out_of_what_is_served(field in 0_usize..30, text in nasty(), dialled in nasty()) {
        let mut source = plans::small();
        poison(&mut source, field, &text);
        let Ok((plan, _)) = ServerPlan::build(source) else { return Ok(()) };
        let templates = Templates::built_in().unwrap();
        let mut served = vec![templates.render(&views::snapshot(&plan)).unwrap()];
        for name in ["sofia.conf", "callcenter.conf", "json_cdr.conf"] {
            served.push(templates.render(&views::configuration(&plan, name)).unwrap());
        }
        for number in ["101", "913800138000", "02188880000", "301", text.as_str(), dialled.as_str()] {
            for context in [RouteContext::Internal, RouteContext::Inbound] {
                let request = CallRequest {
                    context,
                    caller_number: dialled.clone(),
                    destination: number.to_owned(),
                    extension: Some("101".to_owned()),
                    gateway: None,
                    marks: Marks::default(),
                    at: chrono::NaiveDateTime::default(),
                };
                let decision = decide(&plan, &request);
                served.push(templates.render(&Document::Dialplan(dialplan::answer(context.name(), &decision))).unwrap());
            }
        }
        for xml in served {
            preprocessor_is_quiet(&xml);
            data_is_tame(&xml);
        }
    }

    #[test]
    fn no_request_breaks_out_of_its_answer(domain in nasty(), number in nasty()) {
        let (plan, _) = ServerPlan::build(plans::small()).unwrap();
        let templates = Templates::built_in().unwrap();
        // A name that XML cannot hold is an error, and an error is served as "no answer".
        for document in [views::directory_user(&plan, &domain, &number), views::empty_domain(&domain)] {
            if let Ok(xml) = templates.render(&document) {
                preprocessor_is_quiet(&xml);
            }
        }
    }
}
