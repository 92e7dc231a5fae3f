//! No order of news, however senseless, breaks the book.

use super::*;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// News about a handful of legs, as senseless as they come.
fn any_event() -> impl Strategy<Value = SwitchEvent> {
    let id = (1..7_u128).prop_map(leg);
    let change = prop_oneof![
        3 => Just(LegChange::Created),
        1 => Just(LegChange::Seen),
        2 => Just(LegChange::Ringing),
        1 => Just(LegChange::EarlyMedia),
        3 => Just(LegChange::Answered),
        3 => (1..7_u128, 1..7_u128).prop_map(|(a, b)| LegChange::Bridged { a: leg(a), b: leg(b) }),
        3 => (1..7_u128, prop::option::of(1..7_u128))
            .prop_map(|(a, b)| LegChange::Unbridged { a: leg(a), b: b.map(leg) }),
        2 => Just(LegChange::Held),
        2 => Just(LegChange::Retrieved),
        2 => Just(LegChange::HungUp),
        2 => Just(LegChange::Destroyed),
        1 => Just(LegChange::RecordingStarted { path: "/a".to_owned() }),
        1 => Just(LegChange::RecordingStopped { path: "/a".to_owned(), duration_ms: Some(5), size_bytes: None }),
        1 => Just(LegChange::Digit { digit: '5' }),
        1 => (1..7_u128).prop_map(|target| LegChange::Joined {
            how: JoinKind::Eavesdrop,
            target: Some(leg(target)),
            room: None,
        }),
        1 => Just(LegChange::Joined { how: JoinKind::Conference, target: None, room: Some("r".to_owned()) }),
    ];
    let instant = || prop::option::of((0..9000_i64).prop_map(at));
    let facts = (instant(), instant(), prop::option::of(1..7_u128), instant());
    let facts = facts.prop_map(|(created_at, answered_at, other, held_since)| LegFacts {
        created_at,
        answered_at,
        parent: other.map(leg),
        partner: other.map(leg),
        held_since,
        ..LegFacts::default()
    });
    let leg_event = (id.clone(), change, facts).prop_map(|(leg, change, facts)| {
        // A bridge is told by its first leg, and nobody is made for a later one.
        let leg = match change {
            LegChange::Bridged { a, .. } | LegChange::Unbridged { a, .. } => a,
            _ => leg,
        };
        let facts = LegFacts {
            parent: facts.parent.filter(|parent| *parent < leg),
            ..facts
        };
        // The direction of a channel never changes.
        let facts = LegFacts {
            inbound: Some(leg.0.as_u128() % 2 == 1),
            ..facts
        };
        EventKind::Leg(Box::new(LegEvent { leg, change, facts }))
    });
    let agent = || "1003".to_owned();
    let queue_change = prop_oneof![
        Just(QueueChange::Joined {
            resumed: false,
            caller_number: None,
            caller_name: None
        }),
        Just(QueueChange::Offered { agent: agent() }),
        Just(QueueChange::OfferFailed {
            agent: agent(),
            cause: None
        }),
        (1..7_u128).prop_map(move |id| QueueChange::AgentAnswered {
            agent: agent(),
            agent_leg: Some(leg(id))
        }),
        (1..7_u128).prop_map(move |id| QueueChange::AgentEnded {
            agent: agent(),
            agent_leg: Some(leg(id))
        }),
        Just(QueueChange::Left {
            how: LeaveCause::BreakOut,
            agent: None,
            agent_leg: None
        }),
        Just(QueueChange::Left {
            how: LeaveCause::Served,
            agent: None,
            agent_leg: None
        }),
    ];
    let queue_event = (id, 1..4_u128, queue_change).prop_map(|(session, member, change)| {
        let member = Uuid::from_u128(member);
        EventKind::Queue(Box::new(QueueEvent {
            queue: Some("q".to_owned()),
            member,
            session,
            change,
        }))
    });
    let kind = prop_oneof![4 => leg_event, 1 => queue_event];
    (0..10_000_i64, kind).prop_map(|(millis, kind)| SwitchEvent {
        at: at(millis),
        sequence: 0,
        kind,
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        rng_seed: RngSeed::Fixed(20),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_order_of_news_breaks_the_book(events in prop::collection::vec(any_event(), 1..60)) {
        let mut book = CallBook::new(ServerId(1));
        let mut ended: Vec<LegId> = Vec::new();
        for event in &events {
            book.apply(event, event.at);
            for id in &ended {
                let state = book.call_of_leg(*id).and_then(|call| call.leg(*id));
                prop_assert!(state.is_some_and(|leg| !leg.is_live()), "an ended leg stays ended");
            }
            ended = book.calls().flat_map(|call| &call.legs).filter(|leg| !leg.is_live()).map(|leg| leg.id).collect();
            let mut seen = std::collections::HashSet::new();
            for call in book.calls() {
                for leg in &call.legs {
                    prop_assert!(seen.insert(leg.id), "a leg is in one call");
                    prop_assert_eq!(book.call_of_leg(leg.id).map(|home| home.id), Some(call.id));
                }
                let record = call.to_record(at(20_000));
                prop_assert!(record.talk_ms >= 0 && record.wait_ms >= 0 && record.ring_ms >= 0);
                prop_assert!(record.hold_ms >= 0 && record.hold_ms <= record.talk_ms);
                prop_assert_eq!(record.is_ended, call.legs.iter().all(|leg| !leg.is_live()));
                let _ = (call.to_row(), call.leg_records(at(20_000)), call.visit_records(at(20_000)));
                for leg in &call.legs {
                    let _ = call.agent_call(leg);
                }
            }
            let _ = book.waiting_rows();
        }
        book.end_all(EndMark::SwitchLost, at(30_000), at(30_000));
        prop_assert_eq!(book.live_calls().count(), 0);
        book.forget(at(30_000) + Duration::seconds(limits::ENDED_SECS));
        prop_assert_eq!(book.calls().count(), 0);
        prop_assert!(book.leg_calls.is_empty() && book.extension_legs.is_empty() && book.rooms.is_empty());
    }

    #[test]
    fn telling_of_legs_again_changes_nothing(events in prop::collection::vec(any_event(), 1..30)) {
        let mut events = events;
        // A dump tells what is so now: an old one told late is no duplicate but wrong. Rooms have a life of their own.
        let told = |event: &SwitchEvent| match &event.kind {
            EventKind::Leg(e) => !matches!(e.change, LegChange::Seen | LegChange::Joined { room: Some(_), .. }),
            _ => false,
        };
        events.retain(told);
        events.sort_by_key(|event| event.at);
        // What is told before the leg is known is lost, and found when it is told again.
        let begin = |id| {
            let facts = LegFacts { created_at: Some(at(0)), ..LegFacts::default() };
            let event = LegEvent { leg: leg(id), change: LegChange::Created, facts };
            SwitchEvent { at: at(0), sequence: 0, kind: EventKind::Leg(Box::new(event)) }
        };
        events.splice(0..0, (1..7).map(begin));
        let mut book = CallBook::new(ServerId(1));
        for event in &events {
            book.apply(event, event.at);
        }
        for event in &events {
            let before: Vec<_> = settled(&book);
            book.apply(event, event.at);
            prop_assert_eq!(&before, &settled(&book), "{:?}", event);
        }
    }
}

/// The live and ended calls without what counts the tellings.
fn settled(book: &CallBook) -> Vec<String> {
    let mut calls: Vec<_> = book.calls().filter(|call| call.merged_into.is_none()).collect();
    calls.sort_by_key(|call| call.id);
    let text = |call: &&crate::call::CallState| {
        let mut record = call.to_record(at(20_000));
        record.version = 0;
        format!(
            "{record:?}{:?}{:?}",
            call.leg_records(at(20_000)),
            call.visit_records(at(20_000))
        )
    };
    calls.iter().map(text).collect()
}
