//! The rules of the snapshot: what the switch follows by itself while we are away.
//!
//! Live answers are straight lines, decided by us. The snapshot has to let the switch decide, so each
//! rule becomes conditions. Hours are not carried over: while we are away the rules count as open.

use super::build::{self, Outbound};
use super::{Action, CallKind, Marks};
use crate::plan::{ExtensionKind, PlannedRoute, RouteContext, RouteKind, ServerPlan};

/// Seconds a phone rings in the snapshot, where its own setting is not known.
const RING_SECS: u32 = 30;

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// The number dialled.
    Destination,
    /// A variable of the channel.
    Variable(&'static str),
}

/// One condition; all of a rule's must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What it looks at.
    pub field: Field,
    /// Regular expression, PCRE.
    pub expression: String,
    /// Done instead when this condition fails.
    pub otherwise: Vec<Action>,
}

/// A rule with conditions. The last condition's first group is `$1` in the actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FallbackRule {
    /// Name for readers of the file.
    pub name: String,
    /// Conditions in order.
    pub conditions: Vec<Condition>,
    /// Actions when all hold.
    pub actions: Vec<Action>,
}

fn destination(expression: impl Into<String>) -> Condition {
    Condition {
        field: Field::Destination,
        expression: expression.into(),
        otherwise: Vec::new(),
    }
}

/// The rules of one context, in the order in which they are tried.
pub fn fallback_rules(plan: &ServerPlan, context: RouteContext) -> Vec<FallbackRule> {
    let mut rules = Vec::new();
    for route in plan.routes().iter().filter(|route| route.spec.context == context) {
        match route.spec.kind {
            RouteKind::Basic => basic(plan, route, &mut rules),
            RouteKind::Queue | RouteKind::Inbound => inward(plan, route, context, &mut rules),
            RouteKind::Outbound => rules.extend(outbound(plan, route)),
        }
    }
    rules
}

fn rule(
    plan: &ServerPlan,
    route: &PlannedRoute,
    kind: CallKind,
    conditions: Vec<Condition>,
    actions: Vec<Action>,
) -> FallbackRule {
    let mut whole = build::prelude(plan, route.spec.id, kind, Marks::default());
    whole.extend(actions);
    FallbackRule {
        name: format!("route-{}", route.spec.id),
        conditions,
        actions: whole,
    }
}

fn basic(plan: &ServerPlan, route: &PlannedRoute, rules: &mut Vec<FallbackRule>) {
    let pattern = route.pattern.as_pcre();
    for extension in plan
        .extensions()
        .filter(|extension| extension.kind == ExtensionKind::Queue)
    {
        if route.pattern.matches(&extension.number)
            && let Some(actions) = build::to_extension(plan, extension, route.spec.record)
        {
            let exactly = destination(format!("^{}$", extension.number));
            rules.push(rule(plan, route, CallKind::Internal, vec![exactly], actions));
        }
    }
    let number = destination(r"^(\d{1,20})$");
    let actions = build::ring_extension(plan, "$1", RING_SECS, route.spec.record);
    rules.push(rule(
        plan,
        route,
        CallKind::Internal,
        vec![destination(pattern), number],
        actions,
    ));
}

fn inward(plan: &ServerPlan, route: &PlannedRoute, context: RouteContext, rules: &mut Vec<FallbackRule>) {
    let kind = match context {
        RouteContext::Internal => CallKind::Internal,
        RouteContext::Inbound => CallKind::Inbound,
    };
    if let Some(actions) = build::inward(plan, &route.spec) {
        rules.push(rule(
            plan,
            route,
            kind,
            vec![destination(route.pattern.as_pcre())],
            actions,
        ));
    }
}

fn outbound(plan: &ServerPlan, route: &PlannedRoute) -> Option<FallbackRule> {
    let spec = &route.spec;
    let number = format!("{}$1", spec.add_prefix);
    let mut gateways = Vec::new();
    match spec.gateway_id.map(|id| plan.gateway(id)) {
        Some(Some(gateway)) => {
            let (number, limit) = build::through(gateway, &number);
            gateways.push((gateway.name.as_str(), number, limit));
        }
        // The gateway of the caller stands in a variable of its directory entry.
        None => gateways.push((
            "${cordboard_gateway}",
            format!("${{cordboard_gateway_prefix}}{number}"),
            None,
        )),
        Some(None) => {}
    }
    if let Some(gateway) = spec.fallback_gateway_id.and_then(|id| plan.gateway(id))
        && gateways.iter().all(|(name, _, _)| *name != gateway.name)
    {
        let (number, limit) = build::through(gateway, &number);
        gateways.push((gateway.name.as_str(), number, limit));
    }
    if gateways.is_empty() {
        return None;
    }
    let way = Outbound {
        gateways,
        caller_id: Some("${cordboard_caller_id}".to_owned()),
        ring_secs: spec.ring_secs,
        record: spec.record,
    };
    let may = Condition {
        field: Field::Variable("cordboard_may_dial_out"),
        expression: "^true$".to_owned(),
        otherwise: vec![Action::Respond("403 Forbidden".to_owned())],
    };
    let rest = destination(format!("^.{{{}}}([0-9A-Za-z*#+._-]+)$", spec.strip_digits));
    let conditions = vec![destination(route.pattern.as_pcre()), may, rest];
    Some(rule(
        plan,
        route,
        CallKind::Outbound,
        conditions,
        build::dial_out(plan, &way),
    ))
}
