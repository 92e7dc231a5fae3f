//! What the recorded traces do not show: snapshots of the switch, ends that nobody saw, limits, and news that makes
//! no sense.

use super::{CallBook, limits};
use crate::agent::{AgentStatus, CallcenterState, TierState};
use crate::call::{CallDirection, CallPhase, CallResult};
use crate::event::{
    AgentChange, AgentEvent, CallKind, EndFacts, EventKind, GatewayChange, GatewayEvent, HangupDisposition,
    JoinKind, LeaveCause, LegChange, LegEvent, LegFacts, Marks, QueueChange, QueueEvent, RegistrationEvent,
    SwitchEvent,
};
use crate::ids::{CallId, LegId, ServerId};
use crate::leg::EndMark;
use crate::snapshot::{
    MemberState, SnapshotAgent, SnapshotChannel, SnapshotMember, SnapshotRegistration, SwitchSnapshot,
};
use crate::visit::VisitOutcome;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

mod properties;

fn at(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_795_366_000_000 + millis).unwrap()
}

fn leg(number: u128) -> LegId {
    LegId(Uuid::from_u128(number))
}

/// A book and a way to talk to it.
struct Desk {
    book: CallBook,
}

impl Desk {
    fn new() -> Self {
        Self {
            book: CallBook::new(ServerId(1)),
        }
    }

    fn tell(&mut self, millis: i64, kind: EventKind) -> super::Changes {
        self.book.apply(
            &SwitchEvent {
                at: at(millis),
                sequence: 0,
                kind,
            },
            at(millis),
        )
    }

    fn leg(&mut self, millis: i64, leg: LegId, change: LegChange, facts: LegFacts) -> super::Changes {
        self.tell(millis, EventKind::Leg(Box::new(LegEvent { leg, change, facts })))
    }

    /// An outside caller, answered by the dialplan.
    fn caller(&mut self, millis: i64, id: LegId) {
        let facts = LegFacts {
            inbound: Some(true),
            channel_name: Some("sofia/external/3021@gw".to_owned()),
            caller_number: Some("3021".to_owned()),
            destination: Some("0281".to_owned()),
            created_at: Some(at(millis)),
            ..LegFacts::default()
        };
        self.leg(millis, id, LegChange::Created, facts);
        self.leg(millis, id, LegChange::Answered, LegFacts::default());
    }

    /// A phone of ours that is called for a parent.
    fn phone(&mut self, millis: i64, id: LegId, parent: Option<LegId>, extension: &str) {
        let facts = LegFacts {
            inbound: Some(false),
            channel_name: Some(format!("sofia/internal/{extension}@phone")),
            destination: Some(extension.to_owned()),
            extension: Some(extension.to_owned()),
            created_at: Some(at(millis)),
            parent,
            ..LegFacts::default()
        };
        self.leg(millis, id, LegChange::Created, facts);
    }

    fn plain(&mut self, millis: i64, id: LegId, change: LegChange) -> super::Changes {
        self.leg(millis, id, change, LegFacts::default())
    }

    fn hang_up(&mut self, millis: i64, id: LegId, disposition: HangupDisposition) {
        let end = EndFacts {
            cause: Some("NORMAL_CLEARING".to_owned()),
            disposition: Some(disposition),
            ..EndFacts::default()
        };
        self.leg(
            millis,
            id,
            LegChange::HungUp,
            LegFacts {
                end: Some(Box::new(end)),
                ..LegFacts::default()
            },
        );
    }

    fn queue(&mut self, millis: i64, session: LegId, change: QueueChange) {
        let member = Uuid::from_u128(session.0.as_u128() + 1000);
        let event = QueueEvent {
            queue: Some("support".to_owned()),
            member,
            session,
            change,
        };
        self.tell(millis, EventKind::Queue(Box::new(event)));
    }

    fn join(&mut self, millis: i64, session: LegId) {
        self.queue(
            millis,
            session,
            QueueChange::Joined {
                resumed: false,
                caller_number: None,
                caller_name: None,
            },
        );
    }

    fn call_of(&self, id: LegId) -> &crate::call::CallState {
        self.book.call_of_leg(id).unwrap()
    }
}

fn channel(id: LegId, callstate: &str) -> SnapshotChannel {
    SnapshotChannel {
        leg: id,
        callstate: callstate.to_owned(),
        call_uuid: None,
    }
}

fn agent_row(extension: &str, status: AgentStatus) -> SnapshotAgent {
    SnapshotAgent {
        extension: extension.to_owned(),
        status,
        state: CallcenterState::Waiting,
        last_status_change: Some(at(0)),
        last_bridge_end: None,
        wrap_up_secs: 10,
        tiers: vec![("support".to_owned(), TierState::Ready)],
    }
}

#[test]
fn a_channel_that_the_list_lacks_is_asked_for_and_one_that_ended_is_never_taken_up_again() {
    let mut desk = Desk::new();
    desk.caller(0, leg(1));
    desk.caller(0, leg(2));
    desk.hang_up(500, leg(2), HangupDisposition::RecvBye);
    // The table lags: it still has the one that ended, and lacks the one that lives.
    let snapshot = SwitchSnapshot {
        channels: Some(vec![channel(leg(2), "ACTIVE")]),
        ..SwitchSnapshot::default()
    };
    let found = desk.book.reconcile(&snapshot, at(1000));
    assert_eq!((found.doubtful, found.unknown), (vec![leg(1)], vec![]));
    assert_eq!(found.count, 0);
    desk.book.end_leg(leg(1), EndMark::Resync, at(1000), at(1000));
    let record = desk.call_of(leg(1)).to_record(at(1000));
    assert_eq!((record.is_ended, record.end_mark), (true, Some(EndMark::Resync)));
}

#[test]
fn a_channel_that_we_lack_or_know_too_little_of_is_dumped() {
    let mut desk = Desk::new();
    desk.phone(0, leg(1), None, "1001");
    desk.caller(0, leg(2));
    let rows = vec![
        channel(leg(1), "ACTIVE"),
        channel(leg(2), "HELD"),
        channel(leg(3), "RINGING"),
    ];
    let snapshot = SwitchSnapshot {
        channels: Some(rows),
        ..SwitchSnapshot::default()
    };
    let found = desk.book.reconcile(&snapshot, at(1000));
    assert_eq!(
        found.unknown,
        [leg(1), leg(2), leg(3)],
        "answered, held, and not known at all"
    );
    // What a dump says: the call as it is now.
    let facts = LegFacts {
        inbound: Some(true),
        created_at: Some(at(-9000)),
        answered_at: Some(at(-8000)),
        bridged_at: Some(at(-7000)),
        partner: Some(leg(4)),
        held_since: Some(at(-1000)),
        ..LegFacts::default()
    };
    desk.leg(1000, leg(3), LegChange::Seen, facts);
    assert_eq!(
        desk.call_of(leg(3)).id,
        CallId::derive(leg(3), at(-9000)),
        "the id that the events would have made"
    );
    assert_eq!(
        desk.call_of(leg(3)).phase(),
        CallPhase::Routing,
        "the partner has not been seen"
    );
    let partner = LegFacts {
        inbound: Some(false),
        created_at: Some(at(-8500)),
        answered_at: Some(at(-8000)),
        ..LegFacts::default()
    };
    desk.leg(1000, leg(4), LegChange::Seen, partner);
    let call = desk.call_of(leg(3));
    assert_eq!((call.legs.len(), call.phase()), (2, CallPhase::Held));
    assert_eq!(call.to_record(at(2000)).talk_ms, 9000);
    assert_eq!(call.to_record(at(2000)).hold_ms, 3000);
}

#[test]
fn members_of_the_list_become_visits_and_what_it_lacks_is_closed_as_lost() {
    let mut desk = Desk::new();
    desk.caller(0, leg(1));
    desk.caller(0, leg(2));
    desk.join(100, leg(2));
    let member = |session: LegId, state: MemberState| SnapshotMember {
        queue: "support".to_owned(),
        member: Uuid::from_u128(session.0.as_u128() + 1000),
        session: Some(session),
        joined_at: at(50),
        caller_number: "3021".to_owned(),
        caller_name: String::new(),
        serving_agent: None,
        served_at: None,
        state,
    };
    let rows = vec![
        member(leg(1), MemberState::Waiting),
        member(leg(9), MemberState::Abandoned),
    ];
    let snapshot = SwitchSnapshot {
        asked_at: Some(at(1000)),
        members: Some(rows),
        ..SwitchSnapshot::default()
    };
    let found = desk.book.reconcile(&snapshot, at(1000));
    assert_eq!(found.count, 2);
    assert_eq!(desk.book.waiting_rows().len(), 1);
    assert_eq!(
        desk.call_of(leg(2)).visit_records(at(1000))[0].outcome,
        VisitOutcome::Lost
    );
    let again = desk.book.reconcile(&snapshot, at(1500));
    assert_eq!(
        (again.count, again.changes.is_empty()),
        (0, true),
        "a second look finds nothing to do"
    );
    // Whoever joined after the list was asked for is newer than the list.
    desk.caller(1500, leg(3));
    desk.join(1600, leg(3));
    assert_eq!(desk.book.reconcile(&snapshot, at(2000)).count, 0);
}

#[test]
fn agents_follow_the_list_except_in_what_changed_since() {
    let mut desk = Desk::new();
    let status = |status| {
        EventKind::Agent(AgentEvent {
            agent: "1003".to_owned(),
            change: AgentChange::Status(status),
        })
    };
    desk.tell(0, status(AgentStatus::Available));
    let rows = vec![
        agent_row("1003", AgentStatus::LoggedOut),
        agent_row("1004", AgentStatus::OnBreak),
    ];
    let mut snapshot = SwitchSnapshot {
        asked_at: Some(at(-10)),
        agents: Some(rows),
        ..SwitchSnapshot::default()
    };
    assert_eq!(desk.book.reconcile(&snapshot, at(10)).count, 0);
    assert_eq!(
        desk.book.agent("1003").unwrap().status,
        AgentStatus::Available,
        "the event is newer than the list"
    );
    // A queue reload resets all agents without a word that we could rely on (58).
    snapshot.asked_at = Some(at(5000));
    let found = desk.book.reconcile(&snapshot, at(5000));
    assert_eq!((found.count, found.changes.agents), (1, vec!["1003".to_owned()]));
    assert_eq!(desk.book.agent("1003").unwrap().status, AgentStatus::LoggedOut);
    assert_eq!(
        desk.book
            .agent_row(desk.book.agent("1004").unwrap(), at(0))
            .queues,
        ["support"]
    );
}

#[test]
fn the_wrap_up_counts_from_the_end_of_the_call_and_keeps_offers_away() {
    let mut desk = Desk::new();
    let rows = vec![agent_row("1003", AgentStatus::Available)];
    desk.book.reconcile(
        &SwitchSnapshot {
            agents: Some(rows),
            ..SwitchSnapshot::default()
        },
        at(0),
    );
    desk.caller(0, leg(1));
    desk.join(0, leg(1));
    desk.queue(
        900,
        leg(1),
        QueueChange::AgentEnded {
            agent: "1003".to_owned(),
            agent_leg: None,
        },
    );
    let agent = desk.book.agent("1003").unwrap();
    assert_eq!(agent.wrap_up_until(at(1000)), Some(at(10_900)));
    assert!(!agent.can_be_offered(at(1000)) && agent.can_be_offered(at(10_900)));
}

#[test]
fn the_loss_of_the_switch_ends_everything_with_a_mark_and_late_hang_ups_correct_it() {
    let mut desk = Desk::new();
    desk.caller(0, leg(1));
    desk.phone(100, leg(2), Some(leg(1)), "1002");
    desk.plain(900, leg(2), LegChange::Answered);
    desk.plain(1000, leg(1), LegChange::Bridged { a: leg(1), b: leg(2) });
    let changes = desk.book.end_all(EndMark::SwitchLost, at(3000), at(9000));
    assert_eq!(changes.calls.len(), 1);
    let record = desk.call_of(leg(1)).to_record(at(9000));
    assert_eq!(
        (record.ended_at, record.end_mark),
        (Some(at(3000)), Some(EndMark::SwitchLost))
    );
    assert_eq!(
        (record.result, record.talk_ms),
        (Some(CallResult::Answered), 2000)
    );
    assert_eq!(desk.book.live_calls().count(), 0);
    desk.hang_up(2500, leg(1), HangupDisposition::RecvBye);
    desk.hang_up(2500, leg(2), HangupDisposition::SendBye);
    let record = desk.call_of(leg(1)).to_record(at(9000));
    assert_eq!(
        (record.ended_at, record.end_mark, record.talk_ms),
        (Some(at(2500)), None, 1500)
    );
}

#[test]
fn ended_calls_are_forgotten_after_two_minutes_and_live_ones_never() {
    let mut desk = Desk::new();
    desk.caller(0, leg(1));
    desk.caller(0, leg(2));
    desk.hang_up(1000, leg(1), HangupDisposition::RecvBye);
    let end = 1000 + limits::ENDED_SECS * 1000;
    assert_eq!(desk.book.forget(at(end - 1)), 0);
    assert_eq!(desk.book.forget(at(end)), 1);
    assert_eq!((desk.book.calls().count(), desk.book.leg_calls.len()), (1, 1));
}

#[test]
fn an_end_without_a_beginning_is_no_call() {
    let mut desk = Desk::new();
    assert!(
        desk.plain(0, leg(1), LegChange::Destroyed).is_empty(),
        "the gateway was down (07k)"
    );
    assert!(
        desk.plain(0, leg(2), LegChange::HungUp).is_empty(),
        "the password was wrong (03k)"
    );
    assert_eq!((desk.book.calls().count(), desk.book.ignored()), (0, 2));
}

#[test]
fn a_called_leg_that_tells_of_itself_first_ends_in_the_same_call() {
    let mut desk = Desk::new();
    desk.phone(100, leg(2), Some(leg(1)), "1002");
    let early = desk.call_of(leg(2)).id;
    desk.caller(0, leg(1));
    let call = desk.call_of(leg(1));
    assert_eq!((call.id, call.legs.len()), (CallId::derive(leg(1), at(0)), 2));
    let emptied = desk.book.call(early).unwrap();
    assert_eq!((emptied.merged_into, emptied.legs.len()), (Some(call.id), 0));
    assert!(emptied.is_ended());
}

#[test]
fn a_recording_ends_with_its_leg_not_with_the_agent() {
    let mut desk = Desk::new();
    desk.caller(0, leg(1));
    desk.phone(10, leg(2), Some(leg(1)), "1003");
    desk.plain(
        20,
        leg(1),
        LegChange::RecordingStarted {
            path: "/rec/a.wav".to_owned(),
        },
    );
    desk.hang_up(500, leg(2), HangupDisposition::RecvBye);
    assert!(
        desk.call_of(leg(1)).recording_records()[0].ended_at.is_none(),
        "surprises 45"
    );
    desk.hang_up(900, leg(1), HangupDisposition::RecvBye);
    let recording = &desk.call_of(leg(1)).recording_records()[0];
    assert_eq!(
        (recording.ended_at, recording.duration_ms),
        (Some(at(900)), Some(880)),
        "its stop was lost"
    );
}

#[test]
fn live_rows_follow_a_queue_call() {
    let mut desk = Desk::new();
    desk.caller(0, leg(1));
    assert_eq!(desk.call_of(leg(1)).to_row().phase, CallPhase::Routing);
    desk.join(100, leg(1));
    desk.caller(150, leg(5));
    desk.join(200, leg(5));
    let rows = desk.book.waiting_rows();
    assert_eq!(rows.iter().map(|row| row.position).collect::<Vec<_>>(), [1, 2]);
    desk.queue(
        300,
        leg(1),
        QueueChange::Offered {
            agent: "1003".to_owned(),
        },
    );
    let facts = LegFacts {
        inbound: Some(false),
        extension: Some("1003".to_owned()),
        channel_name: Some("sofia/internal/1003@phone".to_owned()),
        created_at: Some(at(310)),
        parent: Some(leg(1)),
        serves_member: Some(Uuid::from_u128(1001)),
        ..LegFacts::default()
    };
    desk.leg(310, leg(2), LegChange::Created, facts);
    desk.plain(320, leg(2), LegChange::Ringing);
    assert_eq!(desk.book.waiting_rows()[0].offered_to, ["1003"]);
    assert_eq!(desk.call_of(leg(1)).to_row().phase, CallPhase::Ringing);
    let call = desk.book.agent_call("1003").unwrap();
    assert_eq!(
        (call.phase, call.party_number.as_str()),
        (CallPhase::Ringing, "3021")
    );
    assert_eq!(
        (call.queue_code.as_deref(), call.waited_ms),
        (Some("support"), 220)
    );
    desk.plain(2000, leg(2), LegChange::Answered);
    desk.queue(
        2000,
        leg(1),
        QueueChange::AgentAnswered {
            agent: "1003".to_owned(),
            agent_leg: Some(leg(2)),
        },
    );
    desk.plain(2050, leg(1), LegChange::Bridged { a: leg(1), b: leg(2) });
    let row = desk.call_of(leg(1)).to_row();
    assert_eq!(
        (row.phase, row.talking_since),
        (CallPhase::Talking, Some(at(2050)))
    );
    assert_eq!(
        (row.agent_extension.as_deref(), row.waiting_since),
        (Some("1003"), None)
    );
    assert_eq!(
        desk.book.waiting_rows().len(),
        1,
        "who was answered does not wait, whatever members-count says (61)"
    );
    desk.plain(3000, leg(2), LegChange::Held);
    let call = desk.book.agent_call("1003").unwrap();
    assert_eq!((call.phase, call.held_since), (CallPhase::Held, Some(at(3000))));
    desk.plain(4000, leg(2), LegChange::Retrieved);
    desk.hang_up(5000, leg(2), HangupDisposition::RecvBye);
    assert_eq!(desk.book.agent_call("1003"), None);
    assert_eq!(desk.call_of(leg(1)).to_record(at(5000)).hold_ms, 1000);
}

#[test]
fn a_click_to_dial_is_the_agents_call_from_the_first_ring() {
    let mut desk = Desk::new();
    let facts = LegFacts {
        inbound: Some(false),
        extension: Some("1003".to_owned()),
        channel_name: Some("sofia/internal/1003@phone".to_owned()),
        destination: Some("1003".to_owned()),
        created_at: Some(at(0)),
        marks: Some(Box::new(Marks {
            kind: Some(CallKind::Click),
            user_id: Some(7),
            ..Marks::default()
        })),
        ..LegFacts::default()
    };
    desk.leg(0, leg(1), LegChange::Created, facts);
    let call = desk.book.agent_call("1003").unwrap();
    assert_eq!((call.phase, call.own_phone_rings), (CallPhase::Dialing, true));
    let record = desk.call_of(leg(1)).to_record(at(0));
    assert_eq!(
        (record.direction, record.user_id),
        (CallDirection::Outbound, Some(7))
    );
    desk.plain(900, leg(1), LegChange::Answered);
    let call = desk.book.agent_call("1003").unwrap();
    assert_eq!(
        (call.phase, call.own_phone_rings),
        (CallPhase::Dialing, false),
        "now the other side is waited for"
    );
}

#[test]
fn registrations_come_and_go_by_their_own_events_and_survive_the_switch() {
    let mut desk = Desk::new();
    let phone = |registered| {
        EventKind::Registration(RegistrationEvent {
            extension: "1001".to_owned(),
            registered,
            contact: None,
            user_agent: None,
            address: None,
            expires_secs: Some(60),
        })
    };
    desk.tell(0, phone(true));
    assert_eq!(
        desk.book.registration("1001").unwrap().expires_at,
        Some(at(120_000)),
        "60 s of margin (51, 52)"
    );
    desk.book.end_all(EndMark::SwitchLost, at(10), at(10));
    assert!(desk.book.registration("1001").is_some(), "surprises 77");
    let row = SnapshotRegistration {
        extension: "1002".to_owned(),
        contact: String::new(),
        address: String::new(),
        expires_at: None,
    };
    let snapshot = SwitchSnapshot {
        asked_at: Some(at(20)),
        registrations: Some(vec![row]),
        ..SwitchSnapshot::default()
    };
    let found = desk.book.reconcile(&snapshot, at(20));
    assert_eq!((found.count, desk.book.registrations().count()), (1, 1));
}

#[test]
fn a_gateway_that_refreshes_is_no_alarm() {
    let mut desk = Desk::new();
    let state = |state: &str, ping_up| {
        EventKind::Gateway(GatewayEvent {
            gateway: "gw".to_owned(),
            change: GatewayChange::State {
                state: state.to_owned(),
                ping_up: Some(ping_up),
                sip_status: None,
                phrase: None,
            },
        })
    };
    let down = |desk: &Desk, millis| desk.book.gateways().next().unwrap().is_down(at(millis));
    desk.tell(0, state("REGED", true));
    desk.tell(1000, state("UNREGED", true));
    desk.tell(1500, state("TRYING", true));
    assert!(!down(&desk, 3000), "two seconds at each refresh (53)");
    assert!(down(&desk, 30_000), "but not for ever");
    desk.tell(31_000, state("REGED", true));
    assert!(!down(&desk, 90_000));
    desk.tell(91_000, state("NOREG", false));
    assert!(
        down(&desk, 91_000),
        "without registration only the ping tells (54)"
    );
}

#[test]
fn the_same_status_again_does_not_restart_its_clock() {
    let mut desk = Desk::new();
    let event = || {
        EventKind::Agent(AgentEvent {
            agent: "1".to_owned(),
            change: AgentChange::Status(AgentStatus::Available),
        })
    };
    assert_eq!(desk.tell(0, event()).agents, ["1"]);
    assert!(desk.tell(9000, event()).is_empty(), "surprises 57");
    assert_eq!(desk.book.agent("1").unwrap().status_since, Some(at(0)));
}
