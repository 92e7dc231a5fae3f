//! What order and repetition must not change.
//!
//! The switch keeps the order of the events of one channel; between channels anything may come first (surprises 11).
//! Queue events are kept in the order of their caller.

use super::player::{Played, events_of, play};
use domain::book::{CallBook, StoredCall, StoredConnection};
use domain::call::CallState;
use domain::event::{EventKind, SwitchEvent};
use domain::ids::{LegId, ServerId};
use esl::trace::Trace;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::BTreeMap;
use std::fmt::Write as _;

fn stream_of(event: &SwitchEvent) -> Option<LegId> {
    match &event.kind {
        EventKind::Leg(leg) => Some(leg.leg),
        EventKind::Queue(queue) => Some(queue.session),
        _ => None,
    }
}

/// All of the calls, without what depends on the order of arrival: versions and the time line.
fn settled(book: &CallBook, at: &Played) -> String {
    let mut calls: Vec<&CallState> = book.calls().filter(|call| call.merged_into.is_none()).collect();
    calls.sort_by_key(|call| call.id);
    let mut text = String::new();
    for call in calls {
        let mut record = call.to_record(at.end);
        record.version = 0;
        let legs = call.leg_records(at.end);
        let visits = call.visit_records(at.end);
        let recordings = call.recording_records();
        let _ = writeln!(text, "{record:#?}{legs:#?}{visits:#?}{recordings:#?}");
    }
    text
}

#[track_caller]
fn assert_same(name: &str, one: &str, two: &str) {
    let differs: Vec<_> = one
        .lines()
        .zip(two.lines())
        .filter(|(one, two)| one != two)
        .take(12)
        .collect();
    assert!(one == two, "{name}: {differs:#?}");
}

/// Traces of one process of the switch; a crash has an order of its own.
fn traces() -> Vec<Trace> {
    let mut traces = Trace::all_fixtures().unwrap();
    traces.retain(|trace| !trace.name.starts_with("13"));
    traces
}

#[test]
fn the_order_between_legs_does_not_matter() {
    for trace in traces() {
        let played = play(&trace);
        let expected = settled(&played.book, &played);
        let mut streams: BTreeMap<Option<LegId>, Vec<SwitchEvent>> = BTreeMap::new();
        for (event, _) in events_of(&trace) {
            streams.entry(stream_of(&event)).or_default().push(event);
        }
        for seed in 0..8 {
            let mut random = StdRng::seed_from_u64(seed);
            let mut streams: Vec<_> = streams.values().map(|events| events.iter()).collect();
            let mut book = CallBook::new(ServerId(1));
            while !streams.is_empty() {
                let pick = random.random_range(0..streams.len());
                match streams[pick].next() {
                    Some(event) => drop(book.apply(event, played.end)),
                    None => drop(streams.swap_remove(pick)),
                }
            }
            assert_same(
                &format!("{} seed {seed}", trace.name),
                &expected,
                &settled(&book, &played),
            );
        }
    }
}

#[test]
fn late_duplicates_change_nothing() {
    for trace in traces() {
        let played = play(&trace);
        let expected = settled(&played.book, &played);
        let events = events_of(&trace);
        let mut random = StdRng::seed_from_u64(7);
        let mut book = CallBook::new(ServerId(1));
        for (index, (event, _)) in events.iter().enumerate() {
            book.apply(event, played.end);
            // Some older event once more, as a resubscription on a second connection may bring it.
            if random.random_bool(0.3) {
                book.apply(&events[random.random_range(0..=index)].0, played.end);
            }
        }
        assert_same(&trace.name, &expected, &settled(&book, &played));
    }
}

#[test]
fn a_call_taken_back_from_the_store_is_the_same_call() {
    for trace in traces() {
        let played = play(&trace);
        let expected = settled(&played.book, &played);
        let mut book = CallBook::new(ServerId(1));
        for call in played.calls() {
            book.adopt(&stored(call, &played), played.end);
        }
        assert_same(&trace.name, &expected, &settled(&book, &played));
    }
}

#[test]
fn a_restart_in_the_middle_of_a_call_changes_nothing_that_counts() {
    // Who is in which conference is not stored: whoever enters after the restart is a call of his own.
    for trace in traces()
        .into_iter()
        .filter(|trace| !trace.name.starts_with("09g"))
    {
        let whole = play(&trace);
        let events = events_of(&trace);
        let cut = events.len() / 2;
        let mut first = Played {
            book: CallBook::new(ServerId(1)),
            timeline: Vec::new(),
            ..play(&trace)
        };
        for (event, _) in &events[..cut] {
            let changes = first.book.apply(event, whole.end);
            first.keep(changes);
        }
        let mut second = CallBook::new(ServerId(1));
        for call in first.calls() {
            second.adopt(&stored(call, &first), whole.end);
        }
        for (event, _) in &events[cut..] {
            second.apply(event, whole.end);
        }
        for call in whole.calls() {
            let Some(again) = second.call(call.id) else {
                panic!("{}: the call is lost", trace.name)
            };
            let (one, two) = (call.to_record(whole.end), again.to_record(whole.end));
            assert_eq!(
                (one.result, one.talk_ms, one.wait_ms),
                (two.result, two.talk_ms, two.wait_ms),
                "{}",
                trace.name
            );
            assert_eq!(
                (one.hangup_cause, one.hangup_side),
                (two.hangup_cause, two.hangup_side),
                "{}",
                trace.name
            );
            assert_eq!(
                (one.ended_at, one.agent_extension),
                (two.ended_at, two.agent_extension),
                "{}",
                trace.name
            );
        }
    }
}

/// What the store would hold of a call.
fn stored(call: &CallState, played: &Played) -> StoredCall {
    let entries = played.timeline.iter().filter(|entry| entry.call_id == call.id);
    let connection = |entry: &domain::timeline::TimelineEntry| {
        StoredConnection::from_row(entry.leg_id, entry.at, entry.what.kind(), &entry.what.detail())
    };
    StoredCall {
        call: call.to_record(played.end),
        legs: call.leg_records(played.end),
        visits: call.visit_records(played.end),
        recordings: call.recording_records(),
        connections: entries.filter_map(connection).collect(),
        last_seq: call.last_seq,
    }
}
