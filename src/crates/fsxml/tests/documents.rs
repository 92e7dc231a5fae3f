//! Golden files of every document. A change here is a change of what switches are served: read it as such.
#![allow(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use chrono::NaiveDateTime;
use domain::plan::{RouteContext, ServerPlan};
use domain::routing::{CallKind, CallRequest, Decision, Marks, decide};
use fsxml::{Document, Templates, dialplan, views};
use testkit::plans;

fn plan() -> ServerPlan {
    let (plan, problems) = ServerPlan::build(plans::small()).unwrap();
    assert_eq!(problems, []);
    plan
}

fn render(document: &Document) -> String {
    Templates::built_in().unwrap().render(document).unwrap()
}

fn decided(extension: Option<&str>, context: RouteContext, destination: &str, at: &str) -> Decision {
    let request = CallRequest {
        context,
        caller_number: extension.unwrap_or("13800138000").to_owned(),
        destination: destination.to_owned(),
        extension: extension.map(str::to_owned),
        gateway: None,
        marks: Marks::default(),
        at: NaiveDateTime::parse_from_str(at, "%Y-%m-%d %H:%M").unwrap(),
    };
    decide(&plan(), &request)
}

fn routed(extension: Option<&str>, context: RouteContext, destination: &str, at: &str) -> String {
    let decision = decided(extension, context, destination, at);
    render(&Document::Dialplan(dialplan::answer(context.name(), &decision)))
}

const OPEN: &str = "2026-11-23 10:00";
const NIGHT: &str = "2026-11-23 23:00";

#[test]
fn not_found() {
    insta::assert_snapshot!(render(&Document::NotFound));
}

#[test]
fn directory_of_a_known_user() {
    insta::assert_snapshot!(render(&views::directory_user(&plan(), "voice.example", "101")));
}

#[test]
fn directory_of_an_unknown_user_a_queue_number_and_another_domain_is_empty() {
    for (domain, number) in [
        ("voice.example", "999"),
        ("voice.example", "301"),
        ("other.example", "101"),
    ] {
        let xml = render(&views::directory_user(&plan(), domain, number));
        assert_eq!(
            xml,
            format!(
                "<document type=\"freeswitch/xml\"><section name=\"directory\">\n<domain name=\"{domain}\">\n</domain>\n</section></document>\n"
            )
        );
    }
}

#[test]
fn configurations() {
    let names = [
        "sofia.conf",
        "callcenter.conf",
        "acl.conf",
        "json_cdr.conf",
        "httapi.conf",
        "conference.conf",
        "ivr.conf",
        "local_stream.conf",
        "opus.conf",
    ];
    for name in names {
        insta::assert_snapshot!(name, render(&views::configuration(&plan(), name)));
    }
}

#[test]
fn what_stays_static_or_is_unknown_is_not_found() {
    for name in [
        "event_socket.conf",
        "switch.conf",
        "modules.conf",
        "xml_curl.conf",
        "nosuch.conf",
        "",
    ] {
        assert_eq!(views::configuration(&plan(), name), Document::NotFound, "{name}");
    }
}

#[test]
fn one_queue_with_its_agents() {
    insta::assert_snapshot!(render(&views::one_queue(&plan(), "care")));
}

#[test]
fn a_deleted_queue_is_an_empty_document() {
    insta::assert_snapshot!(render(&views::one_queue(&plan(), "gone")));
}

#[test]
fn dialplan_basic_with_recording() {
    insta::assert_snapshot!(routed(Some("103"), RouteContext::Internal, "102", OPEN));
}

#[test]
fn dialplan_outbound_with_a_second_gateway() {
    insta::assert_snapshot!(routed(Some("101"), RouteContext::Internal, "913800138000", OPEN));
}

#[test]
fn dialplan_outbound_refused() {
    insta::assert_snapshot!(routed(Some("103"), RouteContext::Internal, "913800138000", OPEN));
}

#[test]
fn dialplan_inbound_into_the_queue() {
    insta::assert_snapshot!(routed(None, RouteContext::Inbound, "02188880000", OPEN));
}

#[test]
fn dialplan_inbound_outside_the_hours() {
    insta::assert_snapshot!(routed(None, RouteContext::Inbound, "02188880000", NIGHT));
}

#[test]
fn dialplan_queue_rule() {
    insta::assert_snapshot!(routed(Some("101"), RouteContext::Internal, "5000", OPEN));
}

#[test]
fn dialplan_of_a_number_that_leads_nowhere_is_an_empty_context() {
    insta::assert_snapshot!(routed(Some("101"), RouteContext::Internal, "777", OPEN));
}

#[test]
fn snapshot_with_everything() {
    insta::assert_snapshot!(render(&views::snapshot(&plan())));
}

#[test]
fn a_snapshot_of_nothing_has_no_directory_and_no_dialplan() {
    let mut source = plans::small();
    source.extensions.clear();
    source.agents.clear();
    source.tiers.clear();
    source.routes.clear();
    source.queues.clear();
    let (plan, _) = ServerPlan::build(source).unwrap();
    let xml = render(&views::snapshot(&plan));
    assert!(xml.contains("<section name=\"configuration\">"));
    assert!(!xml.contains("<section name=\"directory\"") && !xml.contains("<section name=\"dialplan\""));
}

#[test]
fn no_agent_ever_gets_a_status_from_xml() {
    let xml = render(&views::configuration(&plan(), "callcenter.conf"));
    assert!(xml.contains("<agent ") && !xml.contains("status="));
}

#[test]
fn a_transfer_keeps_the_marks_of_the_call() {
    let request = CallRequest {
        context: RouteContext::Internal,
        caller_number: "13800138000".to_owned(),
        destination: "103".to_owned(),
        extension: None,
        gateway: None,
        marks: Marks {
            kind: Some(CallKind::Inbound),
            route: Some(30),
        },
        at: NaiveDateTime::parse_from_str(OPEN, "%Y-%m-%d %H:%M").unwrap(),
    };
    let xml = render(&Document::Dialplan(dialplan::answer(
        "default",
        &decide(&plan(), &request),
    )));
    assert!(
        xml.contains("cordboard_kind=inbound") && xml.contains("cordboard_route=30"),
        "{xml}"
    );
}

#[test]
fn an_override_replaces_a_template_and_a_broken_one_is_refused() {
    let folder = std::env::temp_dir().join(format!("cordboard-templates-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("ivr.conf.xml.j2");
    let write = |text: &str| std::fs::write(&file, text).unwrap();
    let ivr = Document::Configuration(fsxml::document::Configuration::Ivr);

    write("<configuration name=\"ivr.conf\" description=\"ours\"/>");
    let templates = Templates::with_overrides(&folder).unwrap();
    assert!(templates.render(&ivr).unwrap().contains("ours"));
    write("<configuration name=\"{{ nothing_of_this_name }}\"/>");
    assert!(Templates::with_overrides(&folder).unwrap().render(&ivr).is_err());
    write("<configuration>");
    assert!(Templates::with_overrides(&folder).unwrap().render(&ivr).is_err());
    write("{% if %}");
    assert!(Templates::with_overrides(&folder).is_err());
    std::fs::remove_dir_all(&folder).unwrap();
}
