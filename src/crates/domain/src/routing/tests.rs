use std::collections::BTreeMap;

use chrono::NaiveDateTime;

use super::*;
use crate::hours::Hours;
use crate::plan::{
    AgentSpec, ExtensionKind, ExtensionSpec, GatewaySpec, OverflowSpec, PlanProblem, PlanSource, QueueSpec,
    RouteContext, RouteKind, RouteSpec, ServerPlan, ServerSpec, TierSpec,
};

const HASH: &str = "0123456789abcdef0123456789abcdef";
const OPEN: &str = "2026-11-23 10:00:00";
const NIGHT: &str = "2026-11-23 23:00:00";

fn source() -> PlanSource {
    let route = RouteSpec::new;
    let mut agent_phone = ExtensionSpec::phone(1, "101", HASH);
    agent_phone.may_dial_out = true;
    agent_phone.caller_id_number = Some("05125550101".into());
    agent_phone.gateway_id = Some(2);
    let mut recorded = ExtensionSpec::phone(2, "102", HASH);
    recorded.record = true;
    recorded.ring_secs = 25;
    let mut robot = ExtensionSpec::phone(4, "401", "");
    robot.kind = ExtensionKind::Robot;
    let mut sales = QueueSpec::new(1, "sales");
    sales.record = true;
    sales.overflow = OverflowSpec::Queue(2);
    let mut care = QueueSpec::new(2, "care");
    care.overflow = OverflowSpec::Queue(1);
    let mut gateway = GatewaySpec::peer(1, "gw1", "192.0.2.1");
    gateway.add_prefix = "00".into();
    gateway.max_channels = Some(30);
    let hours: Hours =
        serde_json::from_str(r#"{"weekly":[{"days":["mon"],"from":"09:00","to":"18:00"}]}"#).unwrap();
    PlanSource {
        server: ServerSpec {
            id: 1,
            sip_domain: "voice.example".into(),
            internal_port: 5060,
            external_port: 5080,
            ws_port: None,
            wss_port: None,
            codecs: "PCMA".into(),
            record_dir: "$${recordings_dir}/".into(),
            control_url: "http://127.0.0.1:8088/".into(),
            http_user: "switch".into(),
            http_password: "pw".into(),
        },
        gateways: vec![gateway, GatewaySpec::peer(2, "gw2", "192.0.2.2")],
        extensions: vec![agent_phone, recorded, ExtensionSpec::queue(3, "301", 1), robot],
        queues: vec![sales, care],
        agents: vec![AgentSpec::new(7, 1)],
        tiers: vec![TierSpec {
            queue_id: 1,
            agent_id: 7,
            level: 1,
            position: 1,
        }],
        routes: vec![
            route(10, RouteKind::Basic, RouteContext::Internal, r"^\d{3,4}$"),
            RouteSpec {
                gateway_id: Some(1),
                fallback_gateway_id: Some(2),
                strip_digits: 1,
                add_prefix: "0".into(),
                record: true,
                ..route(20, RouteKind::Outbound, RouteContext::Internal, r"^9\d{5,}$")
            },
            route(21, RouteKind::Outbound, RouteContext::Internal, r"^8\d{5,}$"),
            RouteSpec {
                target_number: Some("301".into()),
                hours: Some(hours),
                off_hours_prompt: Some("closed".into()),
                ..route(30, RouteKind::Inbound, RouteContext::Inbound, "02188880000")
            },
            RouteSpec {
                queue_id: Some(2),
                ..route(40, RouteKind::Queue, RouteContext::Internal, r"^5\d\d\d\d$")
            },
            RouteSpec {
                target_number: Some("50001".into()),
                ..route(41, RouteKind::Inbound, RouteContext::Inbound, "02188880001")
            },
        ],
        sounds: BTreeMap::from([
            (
                "hold".to_owned(),
                "http://127.0.0.1:8088/switch/1/media/hold.wav".to_owned(),
            ),
            (
                "closed".to_owned(),
                "http://127.0.0.1:8088/switch/1/media/closed.wav".to_owned(),
            ),
        ]),
    }
}

fn built(source: PlanSource) -> (ServerPlan, Vec<PlanProblem>) {
    ServerPlan::build(source).unwrap()
}

fn plan() -> ServerPlan {
    let (plan, problems) = built(source());
    assert_eq!(problems, []);
    plan
}

fn request(context: RouteContext, extension: Option<&str>, destination: &str, at: &str) -> CallRequest {
    CallRequest {
        context,
        caller_number: extension.unwrap_or("13800138000").into(),
        destination: destination.into(),
        extension: extension.map(Into::into),
        gateway: None,
        marks: Marks::default(),
        at: NaiveDateTime::parse_from_str(at, "%Y-%m-%d %H:%M:%S").unwrap(),
    }
}

fn from_phone(extension: &str, destination: &str) -> Decision {
    decide(
        &plan(),
        &request(RouteContext::Internal, Some(extension), destination, OPEN),
    )
}

fn from_outside(destination: &str, at: &str) -> Decision {
    decide(&plan(), &request(RouteContext::Inbound, None, destination, at))
}

fn value<'a>(decision: &'a Decision, wanted: &str) -> Vec<&'a str> {
    let values = decision.actions.iter().filter_map(|action| match action {
        Action::Set { name, value } | Action::Export { name, value } if *name == wanted => {
            Some(value.as_str())
        }
        _ => None,
    });
    values.collect()
}

fn bridges(decision: &Decision) -> Vec<&Bridge> {
    let bridges = decision.actions.iter().filter_map(|action| match action {
        Action::Bridge(bridge) => Some(bridge),
        _ => None,
    });
    bridges.collect()
}

fn queues(decision: &Decision) -> Vec<&str> {
    let queues = decision.actions.iter().filter_map(|action| match action {
        Action::JoinQueue(code) => Some(code.as_str()),
        _ => None,
    });
    queues.collect()
}

#[test]
fn a_short_number_rings_the_phone_for_its_own_time_and_is_recorded_if_the_phone_says_so() {
    let decision = from_phone("101", "102");
    assert_eq!(decision.route_id, Some(10));
    assert_eq!(value(&decision, "call_timeout"), ["25"]);
    assert_eq!(value(&decision, "cordboard_kind"), ["internal"]);
    assert_eq!(value(&decision, "cordboard_route"), ["10"]);
    assert!(decision.actions.contains(&Action::TrackAgent("101".into())));
    assert!(decision.actions.contains(&Action::Record(
        "${recordings_dir}/${strftime(%Y%m%d)}/${uuid}.wav".into()
    )));
    assert_eq!(
        bridges(&decision)[0].endpoint,
        Endpoint::Extension {
            number: "102".into(),
            domain: "voice.example".into()
        }
    );
}

#[test]
fn calling_an_agent_marks_his_leg_too() {
    let decision = from_phone("102", "101");
    assert_eq!(bridges(&decision)[0].track.as_deref(), Some("101"));
    assert!(
        !decision
            .actions
            .iter()
            .any(|action| matches!(action, Action::TrackAgent(_)))
    );
}

#[test]
fn an_unknown_short_number_leads_nowhere_and_the_dry_run_says_why() {
    let decision = dry_run(
        &plan(),
        &request(RouteContext::Internal, Some("101"), "199", OPEN),
    );
    assert_eq!((decision.route_id, decision.actions.len()), (None, 0));
    let reasons: Vec<_> = decision
        .steps
        .iter()
        .map(|step| (step.route_id, step.reason.code()))
        .collect();
    assert_eq!(
        reasons,
        [
            (10, "no_extension"),
            (20, "pattern"),
            (21, "pattern"),
            (30, "other_context"),
            (40, "pattern"),
            (41, "other_context"),
        ]
    );
}

#[test]
fn a_robot_extension_is_passed_over_until_robots_are_served() {
    assert_eq!(from_phone("101", "401").route_id, None);
}

#[test]
fn a_call_out_is_rewritten_shows_the_pool_number_and_fails_over() {
    let decision = from_phone("101", "9123456");
    assert_eq!(decision.route_id, Some(20));
    assert_eq!(value(&decision, "effective_caller_id_number"), ["05125550101"]);
    assert_eq!(value(&decision, "call_timeout"), ["60"]);
    let continues = value(&decision, "continue_on_fail");
    assert_eq!(continues.len(), 2);
    assert!(continues[0].contains("GATEWAY_DOWN") && !continues[0].contains("USER_BUSY"));
    assert_eq!(continues[1], "true");
    let endpoints: Vec<_> = bridges(&decision)
        .into_iter()
        .map(|bridge| bridge.endpoint.clone())
        .collect();
    assert_eq!(
        endpoints,
        [
            Endpoint::Gateway {
                name: "gw1".into(),
                number: "000123456".into(),
                limit: Some(30)
            },
            Endpoint::Gateway {
                name: "gw2".into(),
                number: "0123456".into(),
                limit: None
            },
        ]
    );
    assert_eq!(
        decision.actions.last(),
        Some(&Action::Hangup("${originate_disposition}"))
    );
}

#[test]
fn without_a_gateway_in_the_rule_that_of_the_extension_is_used() {
    let decision = from_phone("101", "8123456");
    assert!(
        matches!(&bridges(&decision)[0].endpoint, Endpoint::Gateway { name, number, .. } if name == "gw2" && number == "8123456")
    );
}

#[test]
fn who_may_not_dial_out_gets_403_and_so_does_whoever_is_none_of_ours() {
    let refused = vec![Action::Respond("403 Forbidden".into())];
    assert_eq!(from_phone("102", "9123456").actions, refused);
    assert_eq!(from_phone("999", "9123456").actions, refused);
    let nobody = request(RouteContext::Internal, None, "9123456", OPEN);
    assert_eq!(decide(&plan(), &nobody).actions, refused);
}

#[test]
fn calls_from_outside_never_reach_an_outbound_rule() {
    assert_eq!(from_outside("9123456", OPEN).route_id, None);
    let mut source = source();
    source.routes[1].context = RouteContext::Inbound;
    let (plan, problems) = built(source);
    assert_eq!(
        (problems.len(), problems[0].id, problems[0].field),
        (1, 20, "context")
    );
    assert_eq!(
        decide(
            &plan,
            &request(RouteContext::Inbound, Some("101"), "9123456", OPEN)
        )
        .route_id,
        None
    );
}

#[test]
fn an_inbound_number_goes_into_its_queue_and_then_where_the_queue_overflows() {
    let decision = from_outside("02188880000", OPEN);
    assert_eq!(decision.route_id, Some(30));
    assert_eq!(value(&decision, "cordboard_kind"), ["inbound"]);
    assert_eq!(queues(&decision), ["sales", "care"]);
    assert!(decision.actions.contains(&Action::Answer));
    assert!(value(&decision, "cc_export_vars")[0].starts_with("cordboard_kind,cordboard_route,"));
    assert_eq!(decision.actions.last(), Some(&Action::Hangup("NORMAL_CLEARING")));
}

#[test]
fn outside_the_hours_the_prompt_is_played_and_nobody_rings() {
    let decision = from_outside("02188880000", NIGHT);
    assert_eq!(decision.route_id, Some(30));
    assert!(queues(&decision).is_empty() && bridges(&decision).is_empty());
    assert!(decision.actions.contains(&Action::Playback(
        "http://127.0.0.1:8088/switch/1/media/closed.wav".into()
    )));
}

#[test]
fn a_closed_rule_without_a_prompt_leaves_the_call_to_the_next_rule() {
    let mut source = source();
    source.routes[3].off_hours_prompt = None;
    source.routes.push(RouteSpec {
        target_number: Some("102".into()),
        ..RouteSpec::new(31, RouteKind::Inbound, RouteContext::Inbound, r"^0218888\d+$")
    });
    let (plan, _) = built(source);
    let at = |at| decide(&plan, &request(RouteContext::Inbound, None, "02188880000", at)).route_id;
    assert_eq!((at(OPEN), at(NIGHT)), (Some(30), Some(31)));
}

#[test]
fn an_inbound_rule_may_name_the_number_of_a_queue_rule() {
    assert_eq!(queues(&from_outside("02188880001", OPEN)), ["care", "sales"]);
}

#[test]
fn a_transferred_call_keeps_what_it_was() {
    let mut request = request(RouteContext::Internal, None, "102", OPEN);
    request.marks = Marks {
        kind: Some(CallKind::Inbound),
        route: Some(30),
    };
    let decision = decide(&plan(), &request);
    assert_eq!(decision.route_id, Some(10));
    assert_eq!(value(&decision, "cordboard_kind"), ["inbound"]);
    assert_eq!(value(&decision, "cordboard_route"), ["30"]);
}

#[test]
fn rules_are_tried_by_position_then_by_key() {
    let mut source = source();
    source.routes.push(RouteSpec {
        position: -1,
        queue_id: Some(2),
        ..RouteSpec::new(99, RouteKind::Queue, RouteContext::Internal, "102")
    });
    source.routes.push(RouteSpec {
        position: 10,
        queue_id: Some(1),
        ..RouteSpec::new(9, RouteKind::Queue, RouteContext::Internal, "101")
    });
    let (plan, _) = built(source);
    let to = |number| decide(&plan, &request(RouteContext::Internal, None, number, OPEN)).route_id;
    assert_eq!((to("102"), to("101")), (Some(99), Some(9)));
}

#[test]
fn a_row_that_cannot_be_served_is_left_out_and_named_while_the_rest_is_served() {
    let mut source = source();
    source.gateways[0].name = "gw 1".into();
    source.extensions[1].number = "10}2".into();
    source.queues[1].code = "Care!".into();
    source.routes[0].pattern = r"^(?=1)\d+$".into();
    let (plan, problems) = built(source);
    let named: Vec<_> = problems
        .iter()
        .map(|problem| (problem.object, problem.id, problem.field))
        .collect();
    assert_eq!(
        named,
        [
            ("gateway", 1, "name"),
            ("queue", 2, "code"),
            ("extension", 2, "number"),
            ("queue", 1, "overflow_target"),
            ("route", 10, "pattern"),
            ("route", 20, "gateway_id"),
            ("route", 40, "queue_id"),
        ]
    );
    assert!(plan.extension("101").is_some() && plan.extension("102").is_none());
}

#[test]
fn a_server_without_a_usable_domain_is_refused_whole() {
    let mut source = source();
    source.server.sip_domain = "a b".into();
    assert_eq!(ServerPlan::build(source).unwrap_err().field, "sip_domain");
}

#[test]
fn the_snapshot_asks_for_the_right_to_dial_out_and_keeps_the_order_of_the_rules() {
    let rules = fallback_rules(&plan(), RouteContext::Internal);
    let names: Vec<_> = rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(
        names,
        ["route-10", "route-10", "route-20", "route-21", "route-40"]
    );
    let out = &rules[2];
    assert_eq!(out.conditions[1].field, Field::Variable("cordboard_may_dial_out"));
    assert_eq!(
        out.conditions[1].otherwise,
        [Action::Respond("403 Forbidden".into())]
    );
    assert_eq!(out.conditions[2].expression, "^.{1}([0-9A-Za-z*#+._-]+)$");
}
