//! The decision: the first rule that matches and can act takes the call.

use super::build::{self, Outbound};
use super::{Action, CallKind, CallRequest, Decision, Step};
use crate::hours::Verdict;
use crate::phone;
use crate::plan::words;
use crate::plan::{PlannedRoute, RouteKind, RouteSpec, ServerPlan};

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
    Take {
        actions: Vec<Action>,
        reason: &'static str,
    },
    Pass(String),
}

fn run(plan: &ServerPlan, request: &CallRequest, mut steps: Option<&mut Vec<Step>>) -> Decision {
    let mut decision = Decision::default();
    let dialable = words::is_dialable(&request.destination);
    for route in plan.routes() {
        let note = |steps: &mut Option<&mut Vec<Step>>, matched: bool, reason: &str| {
            if let Some(steps) = steps {
                steps.push(Step {
                    route_id: route.spec.id,
                    name: route.spec.name.clone(),
                    matched,
                    reason: reason.to_owned(),
                });
            }
        };
        if decision.route_id.is_some() {
            note(&mut steps, false, "not reached");
        } else if route.spec.context != request.context {
            note(&mut steps, false, "for calls from another side");
        } else if !dialable {
            note(
                &mut steps,
                false,
                "the number has characters that cannot be dialled",
            );
        } else if !route.pattern.matches(&request.destination) {
            note(&mut steps, false, "the pattern does not match the number");
        } else {
            match apply(plan, request, route) {
                Outcome::Take { actions, reason } => {
                    note(&mut steps, true, reason);
                    decision.route_id = Some(route.spec.id);
                    decision.route_name.clone_from(&route.spec.name);
                    decision.actions = actions;
                }
                Outcome::Pass(reason) => note(&mut steps, false, &reason),
            }
        }
        if decision.route_id.is_some() && steps.is_none() {
            break;
        }
    }
    decision
}

fn apply(plan: &ServerPlan, request: &CallRequest, route: &PlannedRoute) -> Outcome {
    let spec = &route.spec;
    if let Some(hours) = &spec.hours {
        let why = match hours.verdict(request.at) {
            Verdict::Open => None,
            Verdict::Holiday(name) => Some(format!("closed: holiday {name}")),
            Verdict::OutsideHours => Some("outside the hours of this rule".to_owned()),
        };
        if let Some(why) = why {
            // Without a prompt a closed rule lets the next one have the call: that is how a night rule
            // stands behind a day rule.
            return match &spec.off_hours_prompt {
                None => Outcome::Pass(why),
                Some(prompt) => take(
                    plan,
                    request,
                    spec,
                    CallKind::Inbound,
                    build::closed(prompt),
                    "outside the hours: the prompt is played",
                ),
            };
        }
    }
    match spec.kind {
        RouteKind::Basic => {
            let Some(extension) = plan.extension(&request.destination) else {
                return Outcome::Pass("the pattern matches, but there is no such extension".to_owned());
            };
            let record = spec.record || caller_records(plan, request);
            match build::to_extension(plan, extension, record) {
                Some(actions) => take(
                    plan,
                    request,
                    spec,
                    CallKind::Internal,
                    actions,
                    "to the extension dialled",
                ),
                None => Outcome::Pass("this kind of extension is not served by this version".to_owned()),
            }
        }
        RouteKind::Queue => match spec.queue_id.and_then(|id| plan.queue(id)) {
            Some(queue) => {
                let actions = build::join_queue(plan, queue);
                take(plan, request, spec, side(request), actions, "into the queue")
            }
            None => Outcome::Pass("the queue does not exist".to_owned()),
        },
        RouteKind::Inbound => {
            let actions = match (&spec.target_number, spec.queue_id.and_then(|id| plan.queue(id))) {
                (_, Some(queue)) => Some(build::join_queue(plan, queue)),
                (Some(number), None) => build::short_number(plan, number, spec.record),
                (None, None) => None,
            };
            match actions {
                Some(actions) => take(
                    plan,
                    request,
                    spec,
                    CallKind::Inbound,
                    actions,
                    "to the short number",
                ),
                None => Outcome::Pass("the short number leads nowhere".to_owned()),
            }
        }
        RouteKind::Outbound => outbound(plan, request, spec),
    }
}

fn take(
    plan: &ServerPlan,
    request: &CallRequest,
    spec: &RouteSpec,
    kind: CallKind,
    actions: Vec<Action>,
    reason: &'static str,
) -> Outcome {
    let mut whole = build::prelude(plan, spec.id, kind, request.marks);
    let is_queue = actions
        .iter()
        .any(|action| matches!(action, Action::JoinQueue(_)));
    if spec.kind != RouteKind::Outbound
        && let Some(caller) = request
            .extension
            .as_deref()
            .and_then(|number| plan.extension(number))
    {
        whole.extend(build::show_caller(caller));
    }
    if !is_queue {
        whole.extend(build::track_caller(plan, request.extension.as_deref()));
    }
    whole.extend(actions);
    Outcome::Take {
        actions: whole,
        reason,
    }
}

fn side(request: &CallRequest) -> CallKind {
    match request.context {
        crate::plan::RouteContext::Internal => CallKind::Internal,
        crate::plan::RouteContext::Inbound => CallKind::Inbound,
    }
}

fn caller_records(plan: &ServerPlan, request: &CallRequest) -> bool {
    let caller = request
        .extension
        .as_deref()
        .and_then(|number| plan.extension(number));
    caller.is_some_and(|extension| extension.record)
}

fn outbound(plan: &ServerPlan, request: &CallRequest, spec: &RouteSpec) -> Outcome {
    let refuse = |reason| Outcome::Take {
        actions: vec![Action::Respond("403 Forbidden".to_owned())],
        reason,
    };
    let Some(caller) = request
        .extension
        .as_deref()
        .and_then(|number| plan.extension(number))
    else {
        return refuse("refused: the caller is not one of our extensions");
    };
    if !caller.may_dial_out {
        return refuse("refused: the extension may not dial out");
    }
    let Some(number) = phone::rewrite(&request.destination, spec.strip_digits, &spec.add_prefix) else {
        return Outcome::Pass("nothing is left of the number after stripping digits".to_owned());
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
        return Outcome::Take {
            actions: vec![Action::Respond("503 Service Unavailable".to_owned())],
            reason: "refused: neither the rule nor the extension has a usable gateway",
        };
    }
    let way = Outbound {
        gateways,
        caller_id: Some(caller.caller_id_number.as_ref().unwrap_or(&caller.number).clone()),
        ring_secs: spec.ring_secs,
        record: spec.record || caller.record,
    };
    take(
        plan,
        request,
        spec,
        CallKind::Outbound,
        build::dial_out(plan, &way),
        "out through the gateway",
    )
}
