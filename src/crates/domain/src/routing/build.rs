//! Action lists of the rule types. The live decision and the snapshot share them: the snapshot passes
//! `$1` where the live decision passes the number.

use super::{Action, Bridge, CallKind, Endpoint, Marks};
use crate::plan::{
    ExtensionKind, ExtensionSpec, GatewaySpec, OverflowSpec, QueueSpec, RouteContext, RouteSpec, ServerPlan,
};

/// Causes that say the gateway could not carry the call, as opposed to the called party refusing it: only
/// these try the next gateway, so a busy phone is not rung twice.
const GATEWAY_FAILURES: &str = "GATEWAY_DOWN,INVALID_GATEWAY,NORMAL_TEMPORARY_FAILURE,NETWORK_OUT_OF_ORDER,\
    NORMAL_CIRCUIT_CONGESTION,SWITCH_CONGESTION,SERVICE_UNAVAILABLE,DESTINATION_OUT_OF_ORDER,\
    RECOVERY_ON_TIMER_EXPIRE";

/// What a failed call ends with: the cause of the last attempt. The switch makes the SIP status of it, and the
/// caller's own leg says the true cause. (`sip_term_status` stays on the far leg and is of no use here: seen on
/// FreeSWITCH 1.11.1, sofia.c sets it on its own channel only.)
const CAUSE_OF_LAST_ATTEMPT: &str = "${originate_disposition}";

/// Variables that the agent's leg of a queue call inherits.
const QUEUE_EXPORTS: &str =
    "cordboard_kind,cordboard_route,cordboard_intent,cordboard_user,force_transfer_context,hold_music";

/// Longest chain of queues that overflow into each other.
const MAX_OVERFLOWS: usize = 4;

fn set(name: &'static str, value: impl Into<String>) -> Action {
    Action::Set {
        name,
        value: value.into(),
    }
}

fn export(name: &'static str, value: impl Into<String>) -> Action {
    Action::Export {
        name,
        value: value.into(),
    }
}

/// What every call gets before anything else. A call keeps the marks of its first routing; they are exported
/// anew all the same, because a leg that we dialled ourselves has them without exporting them.
pub(super) fn prelude(plan: &ServerPlan, route_id: i64, kind: CallKind, marks: Marks) -> Vec<Action> {
    let mut actions = vec![
        set("hangup_after_bridge", "true"),
        export("cordboard_kind", marks.kind.unwrap_or(kind).as_str()),
        export("cordboard_route", marks.route.unwrap_or(route_id).to_string()),
    ];
    // Whoever transfers by his phone (REFER), the moved leg asks for our internal rules: a customer's leg
    // would otherwise ask in the context of the gateways (switch_ivr.c, switch_ivr_session_transfer).
    actions.push(export("force_transfer_context", RouteContext::Internal.name()));
    if let Some(music) = &plan.hold_music {
        actions.push(export("hold_music", music.clone()));
    }
    actions
}

/// Shows the called party who calls. The directory sets the same on legs that authenticated, but a leg that we
/// dialled ourselves (click to dial) has no directory variables.
pub(super) fn show_caller(caller: &ExtensionSpec) -> Vec<Action> {
    let name = if caller.display_name.is_empty() {
        &caller.number
    } else {
        &caller.display_name
    };
    vec![
        set("effective_caller_id_number", caller.number.clone()),
        set("effective_caller_id_name", name.clone()),
    ]
}

/// Marks the calling agent as busy for queues.
pub(super) fn track_caller(plan: &ServerPlan, caller: Option<&str>) -> Option<Action> {
    caller
        .filter(|number| plan.is_agent(number))
        .map(|number| Action::TrackAgent(number.to_owned()))
}

/// Records the conversation, both sides in one stereo file named after the leg. RECORD_STEREO has to be on
/// the recording leg itself (facts.md §3).
pub(super) fn recording(plan: &ServerPlan) -> Vec<Action> {
    vec![
        set("RECORD_STEREO", "true"),
        set("RECORD_BRIDGE_REQ", "true"),
        set("recording_follow_transfer", "true"),
        set("recording_follow_attxfer", "true"),
        Action::Record(plan.recording_template()),
    ]
}

/// Rings a phone.
pub(super) fn ring_extension(plan: &ServerPlan, number: &str, ring_secs: u32, record: bool) -> Vec<Action> {
    let mut actions = vec![set("call_timeout", ring_secs.to_string())];
    if record {
        actions.extend(recording(plan));
    }
    actions.push(Action::Bridge(Bridge {
        endpoint: Endpoint::Extension {
            number: number.to_owned(),
            domain: plan.server().sip_domain.clone(),
        },
        track: plan.is_agent(number).then(|| number.to_owned()),
    }));
    actions
}

/// Waits in a queue, then in those it overflows into.
pub(super) fn join_queue(plan: &ServerPlan, first: &QueueSpec) -> Vec<Action> {
    let mut actions = vec![Action::Answer, set("cc_export_vars", QUEUE_EXPORTS)];
    let mut queue = first;
    let mut joined = Vec::new();
    loop {
        if queue.record {
            // The template itself stands in callcenter.conf; stereo is a matter of the leg.
            actions.push(set("RECORD_STEREO", "true"));
        }
        actions.push(Action::JoinQueue(queue.code.clone()));
        joined.push(queue.id);
        match &queue.overflow {
            OverflowSpec::Queue(id) if joined.len() < MAX_OVERFLOWS && !joined.contains(id) => {
                match plan.queue(*id) {
                    Some(next) => queue = next,
                    None => break,
                }
            }
            OverflowSpec::Extension(number) => {
                if let Some(extension) = plan
                    .extension(number)
                    .filter(|found| found.kind == ExtensionKind::Direct)
                {
                    actions.extend(ring_extension(
                        plan,
                        number,
                        extension.ring_secs,
                        extension.record,
                    ));
                }
                break;
            }
            _ => break,
        }
    }
    actions.push(Action::Hangup("NORMAL_CLEARING"));
    actions
}

/// Plays the prompt and ends the call.
pub(super) fn closed(prompt: &str) -> Vec<Action> {
    vec![
        Action::Answer,
        // The far end's media path opens a moment after its answer.
        Action::Sleep(300),
        Action::Playback(prompt.to_owned()),
        Action::Hangup("NORMAL_CLEARING"),
    ]
}

/// How a call goes out.
pub(super) struct Outbound<'a> {
    /// Gateways in the order in which they are tried, as name, number and limit.
    pub(super) gateways: Vec<(&'a str, String, Option<u32>)>,
    /// Number and name shown to the called party; absent = what the phone has.
    pub(super) caller_id: Option<String>,
    pub(super) ring_secs: u32,
    pub(super) record: bool,
}

/// Name, number and limit of a gateway for a number.
pub(super) fn through(gateway: &GatewaySpec, number: &str) -> (String, Option<u32>) {
    (format!("{}{number}", gateway.add_prefix), gateway.max_channels)
}

/// Out through the gateways; why it failed goes back to the caller.
pub(super) fn dial_out(plan: &ServerPlan, outbound: &Outbound<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    if let Some(caller_id) = &outbound.caller_id {
        actions.push(set("effective_caller_id_number", caller_id.clone()));
        actions.push(set("effective_caller_id_name", caller_id.clone()));
    }
    actions.push(set("call_timeout", outbound.ring_secs.to_string()));
    if outbound.record {
        actions.extend(recording(plan));
    }
    for (index, (name, number, limit)) in outbound.gateways.iter().enumerate() {
        let is_last = index + 1 == outbound.gateways.len();
        actions.push(set(
            "continue_on_fail",
            if is_last { "true" } else { GATEWAY_FAILURES },
        ));
        if limit.is_some() {
            // Stays if the gateway is full and nothing is attempted.
            actions.push(set("originate_disposition", "NORMAL_CIRCUIT_CONGESTION"));
        }
        actions.push(Action::Bridge(Bridge {
            endpoint: Endpoint::Gateway {
                name: (*name).to_owned(),
                number: number.clone(),
                limit: *limit,
            },
            track: None,
        }));
    }
    actions.push(Action::Hangup(CAUSE_OF_LAST_ATTEMPT));
    actions
}

/// What dialling a short number of ours does; `None` when it leads nowhere.
fn short_number(plan: &ServerPlan, number: &str, record: bool) -> Option<Vec<Action>> {
    let Some(extension) = plan.extension(number) else {
        let queue = plan.internal_queue_rule(number)?;
        return Some(join_queue(plan, queue));
    };
    to_extension(plan, extension, record)
}

/// Where a queue rule or an inbound rule leads; `None` when nowhere.
pub(super) fn inward(plan: &ServerPlan, spec: &RouteSpec) -> Option<Vec<Action>> {
    match spec.queue_id {
        Some(id) => Some(join_queue(plan, plan.queue(id)?)),
        None => short_number(plan, spec.target_number.as_deref()?, spec.record),
    }
}

/// What dialling an extension does; `None` when this version cannot serve its kind.
pub(super) fn to_extension(
    plan: &ServerPlan,
    extension: &ExtensionSpec,
    record: bool,
) -> Option<Vec<Action>> {
    match extension.kind {
        ExtensionKind::Direct => {
            let record = record || extension.record;
            Some(ring_extension(
                plan,
                &extension.number,
                extension.ring_secs,
                record,
            ))
        }
        ExtensionKind::Queue => Some(join_queue(plan, plan.queue(extension.queue_id?)?)),
        ExtensionKind::Ivr | ExtensionKind::Robot => None,
    }
}
