//! The decision: the first rule that matches and can act takes the call.

use super::build::{self, Outbound};
use super::{Action, CallKind, CallRequest, Decision, Reason, Step};
use crate::hours::Verdict;
use crate::phone;
use crate::plan::words;
use crate::plan::{ExtensionSpec, PlannedRoute, RouteContext, RouteKind, RouteSpec, ServerPlan};

/// Decides the way of a call.
pub fn decide(plan: &ServerPlan, request: &CallRequest) -> Decision {
    run(plan, request, None)
}

/// The same decision, telling rule by rule why it matched or not.
pub fn dry_run(plan: &ServerPlan, request: &CallRequest) -> Decision {
    let mut steps = Vec::with_capacity(plan.routes().len());
    let mut decision = run(plan, request, Some(&mut steps));
    decision.steps = steps;
    decision
}

/// What a rule says to a call whose number matches.
enum Outcome {
    Take { actions: Vec<Action>, reason: Reason },
    Pass(Reason),
}

fn run(plan: &ServerPlan, request: &CallRequest, mut steps: Option<&mut Vec<Step>>) -> Decision {
    let mut decision = Decision::default();
    let dialable = words::is_dialable(&request.destination);
    for route in plan.routes() {
        let taken = decision.route_id.is_some();
        if taken && steps.is_none() {
            break;
        }
        let outcome = if taken {
            Outcome::Pass(Reason::NotReached)
        } else if route.spec.context != request.context {
            Outcome::Pass(Reason::OtherContext)
        } else if !dialable {
            Outcome::Pass(Reason::Undialable)
        } else if !route.pattern.matches(&request.destination) {
            Outcome::Pass(Reason::Pattern)
        } else {
            apply(plan, request, route)
        };
        let (matched, reason) = match outcome {
            Outcome::Pass(reason) => (false, reason),
            Outcome::Take { actions, reason } => {
                decision.route_id = Some(route.spec.id);
                decision.actions = actions;
                (true, reason)
            }
        };
        if let Some(steps) = &mut steps {
            steps.push(Step {
                route_id: route.spec.id,
                name: route.spec.name.clone(),
                matched,
                reason,
            });
        }
    }
    decision
}

fn apply(plan: &ServerPlan, request: &CallRequest, route: &PlannedRoute) -> Outcome {
    let spec = &route.spec;
    if let Some(closed) = closed(request, spec) {
        // Without a prompt a closed rule lets the next one have the call: that is how a night rule stands
        // behind a day rule.
        return match &spec.off_hours_prompt {
            None => Outcome::Pass(closed),
            Some(prompt) => {
                let actions = opening(plan, request, spec, side(request), build::closed(prompt));
                Outcome::Take {
                    actions,
                    reason: Reason::ClosedPrompt,
                }
            }
        };
    }
    match spec.kind {
        RouteKind::Basic => {
            let Some(extension) = plan.extension(&request.destination) else {
                return Outcome::Pass(Reason::NoExtension);
            };
            let record = spec.record || caller_records(plan, request);
            let actions = build::to_extension(plan, extension, record);
            take(
                plan,
                request,
                spec,
                CallKind::Internal,
                actions,
                Reason::NotServed,
            )
        }
        RouteKind::Queue | RouteKind::Inbound => {
            let actions = build::inward(plan, spec);
            take(plan, request, spec, side(request), actions, Reason::Nowhere)
        }
        RouteKind::Outbound => outbound(plan, request, spec),
    }
}

/// Why the rule is closed at this moment, if it is.
fn closed(request: &CallRequest, spec: &RouteSpec) -> Option<Reason> {
    match spec.hours.as_ref()?.verdict(request.at) {
        Verdict::Open => None,
        Verdict::Holiday(_) => Some(Reason::Holiday),
        Verdict::OutsideHours => Some(Reason::Hours),
    }
}

fn take(
    plan: &ServerPlan,
    request: &CallRequest,
    spec: &RouteSpec,
    kind: CallKind,
    actions: Option<Vec<Action>>,
    otherwise: Reason,
) -> Outcome {
    match actions {
        Some(actions) => Outcome::Take {
            actions: opening(plan, request, spec, kind, actions),
            reason: Reason::Matched,
        },
        None => Outcome::Pass(otherwise),
    }
}

/// The actions with what goes before them.
fn opening(
    plan: &ServerPlan,
    request: &CallRequest,
    spec: &RouteSpec,
    kind: CallKind,
    actions: Vec<Action>,
) -> Vec<Action> {
    let caller = caller(plan, request);
    let mut whole = build::prelude(plan, spec.id, kind, request.marks);
    if let Some(caller) = caller.filter(|_| spec.kind != RouteKind::Outbound) {
        whole.extend(build::show_caller(caller));
    }
    if !actions
        .iter()
        .any(|action| matches!(action, Action::JoinQueue(_)))
    {
        whole.extend(build::track_caller(plan, request.extension.as_deref()));
    }
    whole.extend(actions);
    whole
}

fn side(request: &CallRequest) -> CallKind {
    match request.context {
        RouteContext::Internal => CallKind::Internal,
        RouteContext::Inbound => CallKind::Inbound,
    }
}

/// The extension whose rights the call has.
fn caller<'a>(plan: &'a ServerPlan, request: &CallRequest) -> Option<&'a ExtensionSpec> {
    plan.extension(request.extension.as_deref()?)
}

fn caller_records(plan: &ServerPlan, request: &CallRequest) -> bool {
    caller(plan, request).is_some_and(|extension| extension.record)
}

fn outbound(plan: &ServerPlan, request: &CallRequest, spec: &RouteSpec) -> Outcome {
    let refuse = |status: &str, reason| Outcome::Take {
        actions: vec![Action::Respond(status.to_owned())],
        reason,
    };
    let Some(caller) = caller(plan, request) else {
        return refuse("403 Forbidden", Reason::NotOurs);
    };
    if !caller.may_dial_out {
        return refuse("403 Forbidden", Reason::MayNotDialOut);
    }
    let Some(number) = phone::rewrite(&request.destination, spec.strip_digits, &spec.add_prefix) else {
        return Outcome::Pass(Reason::NothingLeft);
    };
    let first = spec
        .gateway_id
        .or(caller.gateway_id)
        .and_then(|id| plan.gateway(id));
    let second = spec.fallback_gateway_id.and_then(|id| plan.gateway(id));
    let mut gateways = Vec::new();
    for gateway in [first, second].into_iter().flatten() {
        if gateways.iter().all(|(name, _, _)| *name != gateway.name.as_str()) {
            let (number, limit) = build::through(gateway, &number);
            gateways.push((gateway.name.as_str(), number, limit));
        }
    }
    if gateways.is_empty() {
        return refuse("503 Service Unavailable", Reason::NoGateway);
    }
    let way = Outbound {
        gateways,
        caller_id: Some(caller.caller_id_number.as_ref().unwrap_or(&caller.number).clone()),
        ring_secs: spec.ring_secs,
        record: spec.record || caller.record,
    };
    let actions = opening(
        plan,
        request,
        spec,
        CallKind::Outbound,
        build::dial_out(plan, &way),
    );
    Outcome::Take {
        actions,
        reason: Reason::Matched,
    }
}
