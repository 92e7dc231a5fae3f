//! A decision in the words of the dialplan.
//!
//! Every part comes from the closed alphabets of `domain::plan::words`, so nothing here can break out of
//! `{…}`, `[…]` or a list of arguments.

use domain::plan::RouteContext;
use domain::routing::{Action, Bridge, Decision, Endpoint, FallbackRule, Field};

use crate::document::{Condition, Dialplan, Extension, Step};

/// The application and data of an action.
pub fn step(action: &Action) -> Step {
    let (application, data) = match action {
        Action::Set { name, value } => ("set", format!("{name}={value}")),
        Action::Export { name, value } => ("export", format!("{name}={value}")),
        Action::Answer => ("answer", String::new()),
        Action::Sleep(ms) => ("sleep", ms.to_string()),
        Action::Playback(sound) => ("playback", sound.clone()),
        Action::Bridge(bridge) => return bridge_step(bridge),
        Action::JoinQueue(code) => ("callcenter", code.clone()),
        Action::TrackAgent(agent) => ("callcenter_track", agent.clone()),
        Action::Record(path) => ("record_session", path.clone()),
        Action::Respond(status) => ("respond", status.clone()),
        Action::Hangup(cause) => ("hangup", (*cause).to_owned()),
    };
    Step { application, data }
}

fn bridge_step(bridge: &Bridge) -> Step {
    let track = bridge
        .track
        .as_ref()
        .map(|agent| format!("[execute_on_answer=callcenter_track {agent}]"));
    let track = track.unwrap_or_default();
    match &bridge.endpoint {
        Endpoint::Extension { number, domain } => Step {
            application: "bridge",
            data: format!("{track}user/{number}@{domain}"),
        },
        Endpoint::Gateway { name, number, limit } => {
            let target = format!("{track}sofia/gateway/{name}/{number}");
            match limit {
                None => Step {
                    application: "bridge",
                    data: target,
                },
                // Runs the bridge only while the gateway has room (mod_dptools, limit_execute).
                Some(most) => Step {
                    application: "limit_execute",
                    data: format!("hash gateway {name} {most} bridge {target}"),
                },
            }
        }
    }
}

/// One line per action, as the dry run shows it.
pub fn describe(action: &Action) -> String {
    let step = step(action);
    if step.data.is_empty() {
        step.application.to_owned()
    } else {
        format!("{} {}", step.application, step.data)
    }
}

/// The answer to a dialplan request: the decided extension, or an empty context.
pub fn answer(context: &str, decision: &Decision) -> Dialplan {
    let extensions = if decision.actions.is_empty() {
        Vec::new()
    } else {
        let route = decision.route_id.map_or_else(String::new, |id| format!("-{id}"));
        let actions = decision.actions.iter().map(step).collect();
        let always = Condition {
            field: None,
            expression: String::new(),
            actions,
            otherwise: Vec::new(),
        };
        vec![Extension {
            name: format!("route{route}"),
            conditions: vec![always],
        }]
    };
    Dialplan {
        context: context.to_owned(),
        extensions,
    }
}

/// A context of the snapshot.
pub fn fallback(context: RouteContext, rules: &[FallbackRule]) -> Dialplan {
    let extensions = rules.iter().map(fallback_extension).collect();
    Dialplan {
        context: context.name().to_owned(),
        extensions,
    }
}

fn fallback_extension(rule: &FallbackRule) -> Extension {
    let last = rule.conditions.len().saturating_sub(1);
    let conditions = rule
        .conditions
        .iter()
        .enumerate()
        .map(|(index, condition)| Condition {
            field: Some(match condition.field {
                Field::Destination => "destination_number".to_owned(),
                Field::Variable(name) => format!("${{{name}}}"),
            }),
            expression: condition.expression.clone(),
            // The groups of the condition that carries the actions are the ones that $1 means.
            actions: if index == last {
                rule.actions.iter().map(step).collect()
            } else {
                Vec::new()
            },
            otherwise: condition.otherwise.iter().map(step).collect(),
        });
    Extension {
        name: rule.name.clone(),
        conditions: conditions.collect(),
    }
}
