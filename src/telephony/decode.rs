//! Events of the switch in our words: `esl::Event` → [`SwitchEvent`].
//!
//! Reads only the headers that the domain needs and returns `None` for what it does not: that is most of the stream
//! (`CHANNEL_STATE`, `API`, playback, nearly all `CHANNEL_EXECUTE`; surprises 73, 74). Call states are not read either:
//! in the events that count they are still the old ones and have no variables beside them (22, 23). `CHANNEL_OUTGOING`
//! comes twice (28), `CALL_UPDATE` shows numbers of displays (48), the execution of `uuid_bridge` has no end (69), and
//! what a playback says was heard is what was read (43).
//! Numbers in comments are those of `traces/surprises.md`.

mod headers;

use chrono::{DateTime, Utc};
use domain::agent::{AgentStatus, CallcenterState};
use domain::cdr::{extension_of, without_domain};
use domain::event::{
    AgentChange, AgentEvent, CallKind, EndFacts, EventKind, GatewayChange, GatewayEvent, HangupDisposition,
    JoinKind, LeaveCause, LegChange, LegEvent, LegFacts, Marks, QueueChange, QueueEvent, RegistrationEvent,
    SwitchEvent,
};
use domain::ids::LegId;
use esl::Event;
use headers::Headers;
use uuid::Uuid;

/// The events that [`decode`] understands: what a connection must subscribe to. `BACKGROUND_JOB` and `HEARTBEAT` are
/// read by others.
pub const EVENTS: &[&str] = &[
    "CHANNEL_CREATE",
    "CHANNEL_PROGRESS",
    "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_ANSWER",
    "CHANNEL_BRIDGE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_HOLD",
    "CHANNEL_UNHOLD",
    "CHANNEL_EXECUTE",
    "CHANNEL_HANGUP",
    "CHANNEL_HANGUP_COMPLETE",
    "CHANNEL_DESTROY",
    "DTMF",
    "RECORD_START",
    "RECORD_STOP",
    "SHUTDOWN",
];

/// The subclasses of `CUSTOM` that [`decode`] understands. Not `sofia::pre_register` and not
/// `sofia::register_attempt`: both are fired for calls too (49).
pub const CUSTOM_EVENTS: &[&str] = &[
    "callcenter::info",
    "sofia::register",
    "sofia::unregister",
    "sofia::expire",
    "sofia::gateway_state",
    "sofia::gateway_add",
    "sofia::gateway_delete",
];

/// Reads one event. `None`: it is of a kind that changes nothing, or its channel has a name that is no uuid (40).
pub fn decode(event: &Event) -> Option<SwitchEvent> {
    let name = event.name();
    // Most of a full stream is of no interest and ends here, before its headers are looked at.
    if name != "CUSTOM" && !EVENTS.contains(&name.as_ref()) {
        return None;
    }
    let event = &Headers::of(event);
    let kind = match name.as_ref() {
        "CUSTOM" => custom(event)?,
        "SHUTDOWN" => EventKind::Shutdown,
        channel => EventKind::Leg(Box::new(leg_event(channel, event)?)),
    };
    Some(SwitchEvent {
        at: DateTime::from_timestamp_micros(event.get_parsed("Event-Date-Timestamp")?)?,
        sequence: event.get_parsed("Event-Sequence").unwrap_or(0),
        kind,
    })
}

/// Reads the answer to `uuid_dump <uuid> json` (as an event), or any channel event, for the facts alone: how a leg
/// becomes known that a list of channels has and the book has not. `at` is when it was asked.
pub fn decode_dump(dump: &Event, at: DateTime<Utc>) -> Option<SwitchEvent> {
    let dump = &Headers::of(dump);
    let leg = LegId::parse(&dump.get("Unique-ID")?)?;
    let mut facts = origin(dump);
    let state = dump.get("Channel-Call-State").unwrap_or_default();
    facts.bridged_at = micros(dump, "Caller-Channel-Bridged-Time");
    facts.partner = dump
        .get("variable_bridge_uuid")
        .and_then(|uuid| LegId::parse(&uuid));
    if state == "HELD" {
        facts.held_since = micros(dump, "Caller-Channel-Last-Hold").or(Some(at));
    }
    let event = LegEvent {
        leg,
        change: LegChange::Seen,
        facts,
    };
    Some(SwitchEvent {
        at,
        sequence: 0,
        kind: EventKind::Leg(Box::new(event)),
    })
}

fn leg_event(name: &str, event: &Headers<'_>) -> Option<LegEvent> {
    let change = match name {
        "CHANNEL_CREATE" => LegChange::Created,
        "CHANNEL_PROGRESS" => LegChange::Ringing,
        "CHANNEL_PROGRESS_MEDIA" => LegChange::EarlyMedia,
        "CHANNEL_ANSWER" => LegChange::Answered,
        "CHANNEL_BRIDGE" => LegChange::Bridged {
            a: leg(event, "Bridge-A-Unique-ID")?,
            b: leg(event, "Bridge-B-Unique-ID")?,
        },
        // Not Other-Leg-Unique-ID: after an attended transfer that is the new partner (27).
        "CHANNEL_UNBRIDGE" => LegChange::Unbridged {
            a: leg(event, "Bridge-A-Unique-ID").or_else(|| leg(event, "Unique-ID"))?,
            b: leg(event, "Bridge-B-Unique-ID"),
        },
        "CHANNEL_HOLD" => LegChange::Held,
        "CHANNEL_UNHOLD" => LegChange::Retrieved,
        "CHANNEL_HANGUP" | "CHANNEL_HANGUP_COMPLETE" => LegChange::HungUp,
        "CHANNEL_DESTROY" => LegChange::Destroyed,
        "CHANNEL_EXECUTE" => joined(event)?,
        "DTMF" => LegChange::Digit {
            digit: event.get("DTMF-Digit")?.chars().next()?,
        },
        "RECORD_START" => LegChange::RecordingStarted {
            path: text(event, "Record-File-Path")?,
        },
        "RECORD_STOP" => LegChange::RecordingStopped {
            path: text(event, "Record-File-Path")?,
            duration_ms: event.get_parsed("variable_record_ms"),
            size_bytes: event.get_parsed("variable_record_file_size"),
        },
        _ => return None,
    };
    let facts = match &change {
        LegChange::Created | LegChange::Answered | LegChange::Seen => origin(event),
        LegChange::Bridged { .. } => LegFacts {
            bridged_at: micros(event, "Caller-Channel-Bridged-Time"),
            ..origin(event)
        },
        LegChange::HungUp | LegChange::Destroyed => LegFacts {
            end: Some(Box::new(end(event))),
            ..origin(event)
        },
        LegChange::Retrieved => LegFacts {
            hold_ms: hold_ms(event),
            ..times(event)
        },
        _ => times(event),
    };
    Some(LegEvent {
        leg: leg(event, "Unique-ID")?,
        change,
        facts,
    })
}

/// Applications that tie legs without a bridge (39); every other execution changes nothing.
fn joined(event: &Headers<'_>) -> Option<LegChange> {
    let how = match event.get("Application")?.as_ref() {
        "eavesdrop" => JoinKind::Eavesdrop,
        "three_way" => JoinKind::ThreeWay,
        "conference" => JoinKind::Conference,
        _ => return None,
    };
    let data = event.get("Application-Data").unwrap_or_default();
    // room[@profile][+pin[+flags]]
    let room = data
        .split(['@', '+'])
        .next()
        .filter(|room| how == JoinKind::Conference && !room.is_empty());
    let target = LegId::parse(&data).filter(|_| how != JoinKind::Conference);
    Some(LegChange::Joined {
        how,
        target,
        room: room.map(str::to_owned),
    })
}

/// When things happened to the channel: absolute, in every event that carries channel data.
fn times(event: &Headers<'_>) -> LegFacts {
    let progress = [
        micros(event, "Caller-Channel-Progress-Time"),
        micros(event, "Caller-Channel-Progress-Media-Time"),
    ];
    LegFacts {
        inbound: event
            .get_raw("Call-Direction")
            .map(|direction| direction == b"inbound"),
        created_at: micros(event, "Caller-Channel-Created-Time"),
        ringing_at: progress.into_iter().flatten().min(),
        answered_at: micros(event, "Caller-Channel-Answered-Time"),
        hungup_at: micros(event, "Caller-Channel-Hangup-Time"),
        ..LegFacts::default()
    }
}

/// Who and whence, with the times: of the events on which a leg may become known.
fn origin(event: &Headers<'_>) -> LegFacts {
    let mut facts = times(event);
    let inbound = facts.inbound == Some(true);
    let is_agent = event.get_raw("variable_cc_side") == Some(b"agent");
    let channel_name = text(event, "Channel-Name");
    let destination = text(event, "Caller-Destination-Number");
    facts.extension = extension_of(
        inbound,
        channel_name.as_deref().unwrap_or_default(),
        event
            .get(if inbound {
                "variable_user_name"
            } else {
                "variable_dialed_user"
            })
            .as_deref(),
        if is_agent {
            event.get("variable_cc_agent")
        } else {
            None
        }
        .as_deref(),
        destination.as_deref(),
    );
    facts.channel_name = channel_name;
    facts.destination = destination;
    facts.caller_number = text(event, "Caller-Caller-ID-Number");
    facts.caller_name = text(event, "Caller-Caller-ID-Name");
    facts.gateway = text(event, "variable_sip_gateway_name").or_else(|| text(event, "variable_sip_gateway"));
    facts.hold_ms = hold_ms(event);
    facts.parent = if is_agent {
        facts.serves_member = event
            .get("variable_cc_member_uuid")
            .and_then(|uuid| Uuid::try_parse(&uuid).ok());
        leg(event, "variable_cc_member_session_uuid")
    } else {
        leg(event, "variable_originating_leg_uuid")
    };
    facts.marks = marks(event).map(Box::new);
    facts
}

fn marks(event: &Headers<'_>) -> Option<Marks> {
    Marks {
        kind: event
            .get("variable_cordboard_kind")
            .and_then(|word| CallKind::parse(&word)),
        route_id: event.get_parsed("variable_cordboard_route"),
        intent: event.get_parsed("variable_cordboard_intent"),
        user_id: event.get_parsed("variable_cordboard_user"),
    }
    .filled()
}

fn end(event: &Headers<'_>) -> EndFacts {
    let protocol = event.get("variable_proto_specific_hangup_cause");
    EndFacts {
        cause: text(event, "Hangup-Cause"),
        q850: event.get_parsed("variable_hangup_cause_q850"),
        sip_status: event
            .get_parsed("variable_sip_term_status")
            .or_else(|| protocol?.strip_prefix("sip:")?.parse().ok()),
        disposition: event
            .get("variable_sip_hangup_disposition")
            .and_then(|word| HangupDisposition::parse(&word)),
        originate_disposition: text(event, "variable_originate_disposition"),
        last_bridge_cause: text(event, "variable_last_bridge_hangup_cause"),
        transfer_disposition: text(event, "variable_transfer_disposition"),
        endpoint_disposition: text(event, "variable_endpoint_disposition"),
    }
}

fn custom(event: &Headers<'_>) -> Option<EventKind> {
    match event.get_filled("Event-Subclass")?.as_ref() {
        "callcenter::info" => callcenter(event),
        "sofia::register" => Some(EventKind::Registration(registration(event, true)?)),
        "sofia::unregister" | "sofia::expire" => Some(EventKind::Registration(registration(event, false)?)),
        "sofia::gateway_state" => gateway(
            event,
            GatewayChange::State {
                state: text(event, "State")?,
                ping_up: event.get_filled("Ping-Status").map(|status| status == "UP"),
                sip_status: event.get_parsed("Status"),
                phrase: text(event, "Phrase"),
            },
        ),
        "sofia::gateway_add" => gateway(event, GatewayChange::Added),
        "sofia::gateway_delete" => gateway(event, GatewayChange::Deleted),
        _ => None,
    }
}

fn gateway(event: &Headers<'_>, change: GatewayChange) -> Option<EventKind> {
    Some(EventKind::Gateway(GatewayEvent {
        gateway: text(event, "Gateway")?,
        change,
    }))
}

/// `register` and `unregister` name the user in other headers than `expire` (51).
fn registration(event: &Headers<'_>, registered: bool) -> Option<RegistrationEvent> {
    let user = text(event, "from-user").or_else(|| text(event, "user"))?;
    let address = event
        .get_filled("network-ip")
        .map(|ip| match event.get_filled("network-port") {
            Some(port) => format!("{ip}:{port}"),
            None => ip.into_owned(),
        });
    Some(RegistrationEvent {
        extension: without_domain(&user).to_owned(),
        registered,
        contact: text(event, "contact"),
        user_agent: text(event, "user-agent"),
        address,
        expires_secs: event.get_parsed("expires"),
    })
}

fn callcenter(event: &Headers<'_>) -> Option<EventKind> {
    let agent = || {
        event
            .get_filled("CC-Agent")
            .map(|name| without_domain(&name).to_owned())
    };
    let agent_leg = leg(event, "CC-Agent-UUID");
    let change = match event.get("CC-Action")?.as_ref() {
        "agent-status-change" => {
            let status = AgentStatus::from_switch(&event.get("CC-Agent-Status")?)?;
            return Some(EventKind::Agent(AgentEvent {
                agent: agent()?,
                change: AgentChange::Status(status),
            }));
        }
        "agent-state-change" => {
            let state = CallcenterState::from_switch(&event.get("CC-Agent-State")?)?;
            return Some(EventKind::Agent(AgentEvent {
                agent: agent()?,
                change: AgentChange::State(state),
            }));
        }
        "agent-add" => {
            return Some(EventKind::Agent(AgentEvent {
                agent: agent()?,
                change: AgentChange::Added,
            }));
        }
        action @ ("member-queue-start" | "member-queue-resume") => QueueChange::Joined {
            resumed: action == "member-queue-resume",
            caller_number: text(event, "CC-Member-CID-Number"),
            caller_name: text(event, "CC-Member-CID-Name"),
        },
        "agent-offering" => QueueChange::Offered { agent: agent()? },
        "bridge-agent-fail" => QueueChange::OfferFailed {
            agent: agent()?,
            cause: text(event, "CC-Hangup-Cause"),
        },
        "bridge-agent-start" => QueueChange::AgentAnswered {
            agent: agent()?,
            agent_leg,
        },
        "bridge-agent-end" => QueueChange::AgentEnded {
            agent: agent()?,
            agent_leg,
        },
        "member-queue-end" => QueueChange::Left {
            how: leave_cause(event),
            agent: agent(),
            agent_leg,
        },
        // members-count is wrong after each answer (61); agent-max-no-answer is followed by its status change (65);
        // the events of `agent get` (57) tell what is known.
        _ => return None,
    };
    Some(EventKind::Queue(Box::new(QueueEvent {
        queue: text(event, "CC-Queue"),
        member: Uuid::try_parse(&event.get("CC-Member-UUID")?).ok()?,
        session: leg(event, "CC-Member-Session-UUID")?,
        change,
    })))
}

/// `CC-Cause` is `Terminated` or `Cancel` (62); only a cancelled one has a reason (63).
fn leave_cause(event: &Headers<'_>) -> LeaveCause {
    match event.get_filled("CC-Cancel-Reason") {
        Some(reason) => LeaveCause::from_reason(&reason),
        None if event.get_raw("CC-Cause") == Some(b"Terminated") => LeaveCause::Served,
        None => LeaveCause::Other,
    }
}

fn text(event: &Headers<'_>, name: &str) -> Option<String> {
    event.get_filled(name).map(std::borrow::Cow::into_owned)
}

fn leg(event: &Headers<'_>, name: &str) -> Option<LegId> {
    LegId::parse(&event.get(name)?)
}

/// Microseconds since the epoch; the switch writes 0 for what has not happened.
fn micros(event: &Headers<'_>, name: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(event.get_parsed(name).filter(|micros| *micros > 0)?)
}

fn hold_ms(event: &Headers<'_>) -> Option<i64> {
    event
        .get_parsed::<i64>("Caller-Channel-Hold-Accum")
        .map(|micros| micros / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "Event-Date-Timestamp: 1795366168871285\nEvent-Sequence: 7\n";
    const LEG: &str = "Unique-ID: bb9737a4-354e-4a31-b0f5-26f428152499\n";

    fn read(text: String) -> Option<SwitchEvent> {
        decode(&Event::plain(text.into()))
    }

    fn leg_of(text: String) -> LegEvent {
        match read(text) {
            Some(SwitchEvent {
                kind: EventKind::Leg(event),
                ..
            }) => *event,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_changes_nothing_is_not_read() {
        for name in [
            "CHANNEL_STATE",
            "CHANNEL_CALLSTATE",
            "API",
            "PLAYBACK_START",
            "CALL_UPDATE",
            "HEARTBEAT",
        ] {
            assert_eq!(read(format!("Event-Name: {name}\n{AT}{LEG}\n")), None, "{name}");
        }
        let execute = format!("Event-Name: CHANNEL_EXECUTE\n{AT}{LEG}Application: set\n\n");
        assert_eq!(read(execute), None);
        for subclass in ["sofia%3A%3Apre_register", "sofia%3A%3Aregister_attempt"] {
            let event = format!("Event-Subclass: {subclass}\nEvent-Name: CUSTOM\n{AT}from-user: 1002\n\n");
            assert_eq!(read(event), None, "fired for calls too (49)");
        }
        let count = format!(
            "Event-Subclass: callcenter%3A%3Ainfo\nEvent-Name: CUSTOM\n{AT}CC-Action: members-count\n\n"
        );
        assert_eq!(read(count), None, "wrong after each answer (61)");
    }

    #[test]
    fn a_channel_whose_name_is_no_uuid_is_passed_over() {
        assert_eq!(
            read(format!("Event-Name: CHANNEL_CREATE\n{AT}Unique-ID: bad\n\n")),
            None
        );
    }

    #[test]
    fn a_queue_agents_leg_belongs_to_the_caller_and_to_the_extension() {
        let event = leg_of(format!(
            "Event-Name: CHANNEL_CREATE\n{AT}{LEG}Call-Direction: outbound\n\
             Channel-Name: sofia/internal/x7k2%4010.0.0.9\nCaller-Destination-Number: x7k2\n\
             Caller-Channel-Created-Time: 1795366168891589\nvariable_cc_side: agent\n\
             variable_cc_agent: 1003%40call.test\nvariable_dialed_user: 1003\n\
             variable_cc_member_uuid: 21ef24c6-0f8b-48b3-a653-893f1417cfc7\n\
             variable_cc_member_session_uuid: 74eb6466-fc61-4b21-996c-c9d584b62383\n\n"
        ));
        assert_eq!(
            event.facts.extension.as_deref(),
            Some("1003"),
            "not the browser's made-up contact"
        );
        assert_eq!(
            event.facts.parent,
            LegId::parse("74eb6466-fc61-4b21-996c-c9d584b62383")
        );
        assert!(event.facts.serves_member.is_some());
        assert_eq!(event.facts.answered_at, None);
    }

    #[test]
    fn an_unbridge_speaks_of_the_pair_of_the_bridge_not_of_the_new_partner() {
        let event = leg_of(format!(
            "Event-Name: CHANNEL_UNBRIDGE\n{AT}{LEG}Bridge-A-Unique-ID: bb9737a4-354e-4a31-b0f5-26f428152499\n\
             Bridge-B-Unique-ID: 74eb6466-fc61-4b21-996c-c9d584b62383\n\
             Other-Leg-Unique-ID: 210bbd8f-4402-4f35-b1b1-3bd4c0aeb9ce\n\n"
        ));
        let b = LegId::parse("74eb6466-fc61-4b21-996c-c9d584b62383");
        assert_eq!(event.change, LegChange::Unbridged { a: event.leg, b });
    }

    #[test]
    fn our_marks_are_read_and_foreign_words_in_them_are_not() {
        let event = leg_of(format!(
            "Event-Name: CHANNEL_ANSWER\n{AT}{LEG}variable_cordboard_kind: click\nvariable_cordboard_route: 40\n\
             variable_cordboard_user: x\n\n"
        ));
        let marks = Marks {
            kind: Some(CallKind::Click),
            route_id: Some(40),
            ..Marks::default()
        };
        assert_eq!(event.facts.marks, Some(Box::new(marks)));
    }

    #[test]
    fn a_leg_that_left_its_queue_tells_why() {
        let left = |cause: &str| {
            let event = read(format!(
                "Event-Subclass: callcenter%3A%3Ainfo\nEvent-Name: CUSTOM\n{AT}CC-Action: member-queue-end\n\
                 CC-Queue: support\nCC-Member-UUID: 21ef24c6-0f8b-48b3-a653-893f1417cfc7\n\
                 CC-Member-Session-UUID: bb9737a4-354e-4a31-b0f5-26f428152499\n{cause}\n\n"
            ));
            match event.map(|event| event.kind) {
                Some(EventKind::Queue(queue)) => queue.change,
                other => panic!("{other:?}"),
            }
        };
        let how = |how| QueueChange::Left {
            how,
            agent: None,
            agent_leg: None,
        };
        assert_eq!(
            left("CC-Cause: Terminated\nCC-Hangup-Cause: SUCCESS"),
            how(LeaveCause::Served),
            "surprises 62"
        );
        assert_eq!(
            left("CC-Cause: Cancel\nCC-Cancel-Reason: BREAK_OUT"),
            how(LeaveCause::BreakOut)
        );
        assert_eq!(
            left("CC-Cause: Cancel\nCC-Cancel-Reason: NO_AGENT_TIMEOUT"),
            how(LeaveCause::NoAgent)
        );
    }

    #[test]
    fn a_dump_tells_partner_and_open_hold() {
        let dump = format!(
            "Event-Name: CHANNEL_DATA\n{LEG}Channel-Call-State: HELD\nCaller-Channel-Created-Time: 1795366168871285\n\
             Caller-Channel-Bridged-Time: 1795366171051280\nCaller-Channel-Last-Hold: 1795366172000000\n\
             variable_bridge_uuid: 74eb6466-fc61-4b21-996c-c9d584b62383\n\n"
        );
        let at = DateTime::from_timestamp(1_795_366_180, 0).unwrap();
        let event = decode_dump(&Event::plain(dump.into()), at).unwrap();
        let EventKind::Leg(event) = event.kind else {
            panic!("{event:?}")
        };
        assert_eq!(event.change, LegChange::Seen);
        assert_eq!(
            event.facts.partner,
            LegId::parse("74eb6466-fc61-4b21-996c-c9d584b62383")
        );
        assert_eq!(event.facts.held_since, DateTime::from_timestamp(1_795_366_172, 0));
    }
}
