//! Plans for tests and benches: a small call center, and a large one.

use std::collections::BTreeMap;

use domain::plan::{
    AgentSpec, ExtensionSpec, GatewayKind, GatewaySpec, OverflowSpec, PlanSource, QueueSpec, RouteContext,
    RouteKind, RouteSpec, ServerSpec, TierSpec,
};

/// Opening hours of the small call center: Monday to Friday, nine to six.
pub const OFFICE_HOURS: &str =
    r#"{"weekly":[{"days":["mon","tue","wed","thu","fri"],"from":"09:00","to":"18:00"}]}"#;

fn server() -> ServerSpec {
    ServerSpec {
        id: 1,
        sip_domain: "voice.example".to_owned(),
        internal_port: 5060,
        external_port: 5080,
        ws_port: Some(5066),
        wss_port: Some(7443),
        codecs: "OPUS,PCMA,PCMU".to_owned(),
        record_dir: "${recordings_dir}".to_owned(),
        control_url: "http://127.0.0.1:8088".to_owned(),
        http_user: "switch".to_owned(),
        http_password: "its-secret".to_owned(),
    }
}

fn sounds() -> BTreeMap<String, String> {
    let url = |name: &str| format!("http://127.0.0.1:8088/switch/1/media/{name}.wav");
    BTreeMap::from([
        ("hold".to_owned(), url("hold-1")),
        ("closed".to_owned(), url("closed-1")),
    ])
}

/// Phones 101 to 103 (101 and 102 agents), 301 into queue `sales`, two gateways, one rule of each kind.
/// Every password hash is `0123456789abcdef0123456789abcdef`.
pub fn small() -> PlanSource {
    let hash = "0123456789abcdef0123456789abcdef";
    let route = RouteSpec::new;
    let mut first = ExtensionSpec::phone(1, "101", hash);
    "王小明 (sales)".clone_into(&mut first.display_name);
    first.may_dial_out = true;
    first.gateway_id = Some(2);
    first.caller_id_number = Some("05125550101".to_owned());
    let mut second = ExtensionSpec::phone(2, "102", hash);
    second.record = true;
    second.ring_secs = 25;
    let mut sales = QueueSpec::new(1, "sales");
    sales.record = true;
    sales.overflow = OverflowSpec::Extension("103".to_owned());
    sales.announce_sound = Some("closed".to_owned());
    sales.announce_frequency_secs = 40;
    let mut peer = GatewaySpec::peer(1, "gw1", "192.0.2.1");
    peer.port = Some(5070);
    peer.ping_secs = Some(25);
    let mut uni = GatewaySpec::peer(2, "gw_uni", "sip.carrier.example");
    uni.kind = GatewayKind::Uni;
    uni.register = true;
    uni.user_name = Some("u1".to_owned());
    uni.password = Some("p<\"'&$${domain}>".to_owned());
    "0".clone_into(&mut uni.add_prefix);
    uni.max_channels = Some(30);
    uni.addresses = vec![[198, 51, 100, 7].into()];
    PlanSource {
        server: server(),
        gateways: vec![peer, uni],
        extensions: vec![
            first,
            second,
            ExtensionSpec::phone(3, "103", hash),
            ExtensionSpec::queue(4, "301", 1),
        ],
        queues: vec![sales, QueueSpec::new(2, "care")],
        agents: vec![AgentSpec::new(1, 1), AgentSpec::new(2, 2)],
        tiers: vec![
            TierSpec {
                queue_id: 1,
                agent_id: 1,
                level: 1,
                position: 1,
            },
            TierSpec {
                queue_id: 1,
                agent_id: 2,
                level: 1,
                position: 2,
            },
            TierSpec {
                queue_id: 2,
                agent_id: 2,
                level: 1,
                position: 1,
            },
        ],
        routes: vec![
            route(10, RouteKind::Basic, RouteContext::Internal, r"^\d{3}$"),
            RouteSpec {
                gateway_id: Some(1),
                fallback_gateway_id: Some(2),
                strip_digits: 1,
                ring_secs: 45,
                record: true,
                ..route(20, RouteKind::Outbound, RouteContext::Internal, r"^9\d{5,}$")
            },
            RouteSpec {
                target_number: Some("301".to_owned()),
                hours: serde_json::from_str(OFFICE_HOURS).ok(),
                off_hours_prompt: Some("closed".to_owned()),
                ..route(30, RouteKind::Inbound, RouteContext::Inbound, "02188880000")
            },
            RouteSpec {
                queue_id: Some(2),
                ..route(40, RouteKind::Queue, RouteContext::Internal, "5000")
            },
        ],
        sounds: sounds(),
    }
}

/// A plan of the given size: phones from 10000, queues `q0`…, rules that all have to be tried before the
/// last ones match.
pub fn large(extensions: i64, routes: i64, queues: i64) -> PlanSource {
    let hash = "0123456789abcdef0123456789abcdef";
    let mut source = PlanSource {
        server: server(),
        gateways: vec![GatewaySpec::peer(1, "gw1", "192.0.2.1")],
        extensions: Vec::new(),
        queues: (0..queues)
            .map(|id| QueueSpec::new(id + 1, &format!("q{id}")))
            .collect(),
        agents: Vec::new(),
        tiers: Vec::new(),
        routes: Vec::new(),
        sounds: sounds(),
    };
    for id in 1..=extensions {
        let mut phone = ExtensionSpec::phone(id, &(10_000 + id).to_string(), hash);
        phone.may_dial_out = true;
        source.extensions.push(phone);
        source.agents.push(AgentSpec::new(id, id));
        source.tiers.push(TierSpec {
            queue_id: id % queues.max(1) + 1,
            agent_id: id,
            level: 1,
            position: 1,
        });
    }
    for id in 1..=routes {
        let pattern = format!(r"^7{id:04}\d{{2,6}}$");
        let mut rule = RouteSpec::new(id, RouteKind::Queue, RouteContext::Internal, &pattern);
        rule.queue_id = Some(id % queues.max(1) + 1);
        source.routes.push(rule);
    }
    source.routes.push(RouteSpec::new(
        routes + 1,
        RouteKind::Basic,
        RouteContext::Internal,
        r"^\d{5}$",
    ));
    source.routes.push(RouteSpec {
        gateway_id: Some(1),
        ..RouteSpec::new(
            routes + 2,
            RouteKind::Outbound,
            RouteContext::Internal,
            r"^0\d{6,}$",
        )
    });
    source
}
