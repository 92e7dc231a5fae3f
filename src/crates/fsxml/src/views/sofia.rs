//! SIP profiles and gateways.

use domain::plan::{GatewayKind, GatewaySpec, RouteContext, ServerPlan, Transport};

use crate::document::{Named, Pair, Sofia};

/// Both profiles with all gateways.
pub(super) fn sofia(plan: &ServerPlan) -> Sofia {
    let server = plan.server();
    Sofia {
        domain: server.sip_domain.clone(),
        internal_port: server.internal_port,
        external_port: server.external_port,
        ws_port: server.ws_port,
        wss_port: server.wss_port,
        codecs: server.codecs.clone(),
        inbound_context: RouteContext::Inbound.name(),
        gateways: plan.gateways().map(gateway).collect(),
    }
}

fn gateway(spec: &GatewaySpec) -> Named {
    let mut params = Vec::new();
    let mut optional = |name: &'static str, value: &Option<String>| {
        if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
            params.push(Pair::new(name, value.clone()));
        }
    };
    optional("username", &spec.user_name);
    if spec.kind == GatewayKind::Ims {
        optional("auth-username", &spec.user_name);
    }
    optional("password", &spec.password);
    optional("realm", &spec.realm);
    optional("from-user", &spec.from_user);
    optional("from-domain", &spec.from_domain);
    optional("outbound-proxy", &spec.outbound_proxy);
    optional("register-proxy", &spec.register_proxy);
    let proxy = match spec.port {
        Some(port) => format!("{}:{port}", spec.proxy),
        None => spec.proxy.clone(),
    };
    params.extend([
        Pair::new("proxy", proxy),
        Pair::new("register", spec.register.to_string()),
        Pair::new("caller-id-in-from", spec.caller_id_in_from.to_string()),
    ]);
    match &spec.extension {
        Some(number) => params.push(Pair::new("extension", number.clone())),
        // Else its calls would arrive at its user name instead of the number that was called.
        None if spec.register => params.push(Pair::new("extension", "auto_to_user")),
        None => {}
    }
    match spec.transport {
        Transport::Udp => {}
        Transport::Tcp => params.push(Pair::new("register-transport", "tcp")),
        Transport::Tls => params.push(Pair::new("register-transport", "tls")),
    }
    if spec.transport != Transport::Udp {
        let word = if spec.transport == Transport::Tcp {
            "tcp"
        } else {
            "tls"
        };
        params.push(Pair::new("contact-params", format!("transport={word}")));
    } else if spec.kind == GatewayKind::Ims {
        params.push(Pair::new("contact-params", "user=phone"));
    }
    if spec.register {
        params.push(Pair::new("expire-seconds", spec.expire_secs.to_string()));
        params.push(Pair::new("retry-seconds", spec.retry_secs.to_string()));
    }
    if let Some(ping) = spec.ping_secs {
        params.push(Pair::new("ping", ping.to_string()));
    }
    Named {
        name: spec.name.clone(),
        params,
    }
}
