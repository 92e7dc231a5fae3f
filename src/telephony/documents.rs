//! Which document a request of the switch means.
//!
//! Invariant: whatever is ours is answered with its container, empty if the thing is gone. "Not found" makes
//! the switch look into its snapshot, where a deleted user would still be alive (facts.md §1).

use chrono::{DateTime, NaiveDateTime, Utc};
use domain::plan::{RouteContext, ServerPlan};
use domain::routing::{self, CallKind, CallRequest, Marks, Step};
use fsxml::{Document, RenderError, Templates, dialplan, views};

use super::form::Form;
use super::plan::Served;

/// The document that answers a request.
pub fn document(served: &Served, form: &Form<'_>, now: DateTime<Utc>) -> Document {
    match &*form.section {
        "directory" => directory(&served.plan, form),
        "dialplan" => dialplan_answer(served, form, now),
        "configuration" => match &*form.cc_queue {
            "" => views::configuration(&served.plan, &form.key_value),
            code if form.key_value == "callcenter.conf" => views::one_queue(&served.plan, code),
            _ => Document::NotFound,
        },
        // Sections that nobody binds to us: languages, chat plan.
        _ => Document::NotFound,
    }
}

fn directory(plan: &ServerPlan, form: &Form<'_>) -> Document {
    let domain = if form.domain.is_empty() {
        &form.key_value
    } else {
        &form.domain
    };
    if domain.is_empty() {
        // At reloadacl the whole directory may be asked for; our domain has no networks of its own.
        return views::empty_domain(&plan.server().sip_domain);
    }
    // Profiles ask for gateways of users, access lists for networks of domains, group calls for members:
    // we have none of these.
    if !form.purpose.is_empty() || form.user.is_empty() || form.action == "group_call" {
        return views::empty_domain(domain);
    }
    views::directory_user(plan, domain, &form.user)
}

fn dialplan_answer(served: &Served, form: &Form<'_>, now: DateTime<Utc>) -> Document {
    let context = if form.hunt_context.is_empty() {
        &form.caller_context
    } else {
        &form.hunt_context
    };
    let decision = match RouteContext::from_name(context) {
        Some(context) => routing::decide(&served.plan, &call_request(form, context, served.local(now))),
        None => routing::Decision::default(),
    };
    Document::Dialplan(dialplan::answer(context, &decision))
}

fn call_request(form: &Form<'_>, context: RouteContext, at: NaiveDateTime) -> CallRequest {
    // After a transfer both carry the new number; some paths set only one of them.
    let destination = if form.hunt_destination_number.is_empty() {
        &form.caller_destination_number
    } else {
        &form.hunt_destination_number
    };
    let extension = if form.cordboard_extension.is_empty() {
        (form.sip_authorized == "true").then_some(&form.user_name)
    } else {
        Some(&form.cordboard_extension)
    };
    CallRequest {
        context,
        caller_number: form.caller_id_number.clone().into_owned(),
        destination: destination.clone().into_owned(),
        extension: extension
            .filter(|number| !number.is_empty())
            .map(|number| number.clone().into_owned()),
        gateway: Some(form.sip_gateway.clone().into_owned()).filter(|name| !name.is_empty()),
        marks: Marks {
            kind: CallKind::from_name(&form.cordboard_kind),
            route: form.cordboard_route.parse().ok(),
        },
        at,
    }
}

/// What a dry run shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DryRun {
    /// The rule that would take the call.
    pub matched_route_id: Option<i64>,
    /// Rule by rule, why it matched or not.
    pub steps: Vec<Step>,
    /// What the switch would do, one line an action.
    pub actions: Vec<String>,
    /// What the switch would be served.
    pub xml: String,
}

/// Decides a call that nobody makes.
pub fn dry_run(
    plan: &ServerPlan,
    templates: &Templates,
    request: &CallRequest,
) -> Result<DryRun, RenderError> {
    let decision = routing::dry_run(plan, request);
    let answer = dialplan::answer(request.context.name(), &decision);
    Ok(DryRun {
        xml: templates.render(&Document::Dialplan(answer))?,
        actions: decision.actions.iter().map(dialplan::describe).collect(),
        matched_route_id: decision.route_id,
        steps: decision.steps,
    })
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use testkit::plans;

    use super::*;

    /// Monday, ten in the morning in Shanghai.
    const OPEN: &str = "2026-11-23T02:00:00Z";

    fn answer(body: &str) -> String {
        let (served, _) = Served::build(plans::small(), Tz::Asia__Shanghai).unwrap();
        let now = DateTime::parse_from_rfc3339(OPEN).unwrap().to_utc();
        let form = Form::parse(body.as_bytes()).unwrap();
        Templates::built_in()
            .unwrap()
            .render(&document(&served, &form, now))
            .unwrap()
    }

    const AUTH: &str = "hostname=cc&section=directory&tag_name=domain&key_name=name&key_value=voice.example&\
        action=sip_auth&domain=voice.example&user=";

    #[test]
    fn a_phone_that_registers_gets_its_user_and_a_deleted_one_an_empty_domain() {
        assert!(answer(&format!("{AUTH}101")).contains("<user id=\"101\">"));
        let gone = answer(&format!("{AUTH}199"));
        assert!(
            gone.contains("<domain name=\"voice.example\">") && !gone.contains("<user"),
            "{gone}"
        );
        assert!(!gone.contains("not found"));
    }

    #[test]
    fn profiles_that_ask_for_gateways_and_lists_that_ask_for_networks_get_an_empty_domain() {
        for purpose in ["gateways&profile=internal", "network-list"] {
            let body = format!(
                "section=directory&tag_name=domain&key_name=name&key_value=voice.example&purpose={purpose}"
            );
            let xml = answer(&body);
            assert!(
                xml.contains("<domain name=\"voice.example\">") && !xml.contains("<user"),
                "{xml}"
            );
        }
    }

    #[test]
    fn an_authenticated_caller_is_routed_with_the_rights_of_his_extension() {
        let call = "section=dialplan&tag_name=&Caller-Context=default&Caller-Destination-Number=913800138000";
        let by_directory = answer(&format!("{call}&variable_cordboard_extension=101"));
        let by_switch = answer(&format!(
            "{call}&variable_sip_authorized=true&variable_user_name=101"
        ));
        assert!(
            by_directory.contains("sofia/gateway/gw1/13800138000"),
            "{by_directory}"
        );
        assert_eq!(by_directory, by_switch);
        let by_claim = answer(&format!(
            "{call}&variable_user_name=101&Caller-Caller-ID-Number=101"
        ));
        assert!(by_claim.contains("403 Forbidden"), "{by_claim}");
    }

    #[test]
    fn an_unknown_context_is_answered_empty_by_its_own_name() {
        let xml = answer("section=dialplan&Caller-Context=elsewhere&Caller-Destination-Number=102");
        assert!(
            xml.contains("<context name=\"elsewhere\">") && !xml.contains("<extension"),
            "{xml}"
        );
    }

    #[test]
    fn an_unknown_queue_is_answered_without_queues_and_a_known_one_alone() {
        let ask = |queue| {
            answer(&format!(
                "section=configuration&key_value=callcenter.conf&CC-Queue={queue}"
            ))
        };
        assert!(
            ask("care").contains("<queue name=\"care\">") && !ask("care").contains("<queue name=\"sales\">")
        );
        assert!(ask("gone").contains("callcenter.conf") && !ask("gone").contains("<queue "));
    }

    #[test]
    fn what_is_none_of_ours_is_not_found() {
        assert!(answer("section=languages&key_value=en").contains("not found"));
        assert!(answer("section=configuration&key_value=event_socket.conf").contains("not found"));
    }

    #[test]
    fn a_dry_run_shows_the_rule_the_actions_and_the_xml() {
        let (served, _) = Served::build(plans::small(), Tz::UTC).unwrap();
        let request = CallRequest {
            context: RouteContext::Inbound,
            caller_number: "13800138000".to_owned(),
            destination: "02188880000".to_owned(),
            extension: None,
            gateway: None,
            marks: Marks::default(),
            at: NaiveDateTime::parse_from_str("2026-11-23 10:00", "%Y-%m-%d %H:%M").unwrap(),
        };
        let run = dry_run(&served.plan, &Templates::built_in().unwrap(), &request).unwrap();
        assert_eq!(run.matched_route_id, Some(30));
        assert_eq!(run.steps.len(), 4);
        assert!(run.actions.contains(&"callcenter sales".to_owned()) && run.xml.contains("callcenter"));
    }
}
