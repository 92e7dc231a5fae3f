//! The switch's call records against its events: either source alone gives the same call, and both together, in any
//! order and twice, give it again.
//!
//! Tolerances, and why: everything that both sources tell in microseconds must agree to 60 ms (the switch stamps the
//! end of a bridge on one leg and its own end on the other, a turn of its 20 ms clock or two apart). What the queue
//! leaves in a record is whole seconds: waits agree to 1.1 s, and so does what is measured from them.

use super::player::{events_of, play};
use chrono::{DateTime, Duration, Utc};
use domain::book::CallBook;
use domain::call::{CallRecord, CallState};
use domain::cdr::CdrLeg;
use domain::ids::ServerId;
use domain::leg::LegRecord;
use domain::visit::VisitRecord;
use esl::trace::{Trace, fixture_folder};
use std::fs;
use std::path::PathBuf;

const CLOCK_TURNS: i64 = 60;
const WHOLE_SECONDS: i64 = 1_100;

/// Scenario and the documents of its legs, in the order of their file names.
fn scenarios() -> Vec<(String, Vec<CdrLeg>)> {
    let mut folders: Vec<PathBuf> = fs::read_dir(fixture_folder().join("../cdr"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    let read = |folder: &PathBuf| {
        let mut files: Vec<PathBuf> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.retain(|file| file.to_string_lossy().ends_with(".cdr.json"));
        files.sort();
        let legs = files
            .iter()
            .map(|file| CdrLeg::from_json(&fs::read(file).unwrap()).unwrap())
            .collect();
        (folder.file_name().unwrap().to_string_lossy().into_owned(), legs)
    };
    folders.iter().map(read).collect()
}

fn later() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn from_records(legs: &[CdrLeg]) -> CallBook {
    let mut book = CallBook::new(ServerId(1));
    for leg in legs {
        book.apply_cdr(leg, later());
    }
    book
}

/// The one call of a scenario; emptied ones do not count.
fn only_call(book: &CallBook) -> &CallState {
    let calls: Vec<_> = book.calls().filter(|call| call.merged_into.is_none()).collect();
    assert_eq!(calls.len(), 1);
    calls[0]
}

/// What must not depend on the source.
fn comparable(call: &CallState) -> (CallRecord, Vec<LegRecord>, Vec<VisitRecord>) {
    (
        call.to_record(later()),
        call.leg_records(later()),
        call.visit_records(later()),
    )
}

/// The same without versions and marks of origin: for two orders of the same news.
fn settled(call: &CallState) -> String {
    let (mut record, mut legs, visits) = comparable(call);
    record.version = 0;
    record.end_mark = None;
    for leg in &mut legs {
        (leg.from_events, leg.from_cdr, leg.end_mark) = (true, true, None);
    }
    format!(
        "{record:#?}\n{legs:#?}\n{visits:#?}\n{:#?}",
        call.recording_records()
    )
}

#[track_caller]
fn assert_near(what: &str, one: Option<DateTime<Utc>>, two: Option<DateTime<Utc>>, tolerance: i64) {
    let near = match (one, two) {
        (Some(one), Some(two)) => (one - two).abs() <= Duration::milliseconds(tolerance),
        (one, two) => one == two,
    };
    assert!(near, "{what}: {one:?} and {two:?}");
}

#[track_caller]
fn assert_close(what: &str, one: i64, two: i64, tolerance: i64) {
    assert!((one - two).abs() <= tolerance, "{what}: {one} and {two} ms");
}

#[test]
fn events_alone_and_records_alone_give_the_same_call() {
    let scenarios = scenarios();
    assert_eq!(scenarios.len(), 20);
    for (name, documents) in &scenarios {
        let played = play(&Trace::fixture(name).unwrap());
        let recorded = from_records(documents);
        let (one, legs, visits) = comparable(only_call(&played.book));
        let (two, cdr_legs, cdr_visits) = comparable(only_call(&recorded));
        assert_eq!(one.id, two.id, "{name}");
        assert_eq!(one.direction, two.direction, "{name}");
        assert_eq!(one.result, two.result, "{name}");
        assert_eq!(one.hangup_cause, two.hangup_cause, "{name}");
        assert_eq!(one.hangup_side, two.hangup_side, "{name}");
        assert_eq!(one.callee_number, two.callee_number, "{name}");
        assert_eq!(one.agent_extension, two.agent_extension, "{name}");
        assert_eq!(one.queue_code, two.queue_code, "{name}");
        assert_eq!(one.gateway, two.gateway, "{name}");
        assert_eq!(one.leg_count, two.leg_count, "{name}");
        assert_eq!(one.has_recording, two.has_recording, "{name}");
        assert_eq!(one.started_at, two.started_at, "{name}");
        assert_eq!(one.answered_at, two.answered_at, "{name}");
        assert_near(name, one.talk_started_at, two.talk_started_at, CLOCK_TURNS);
        assert_near(name, one.ended_at, two.ended_at, CLOCK_TURNS);
        assert_close(&format!("{name} talk"), one.talk_ms, two.talk_ms, CLOCK_TURNS);
        assert_close(&format!("{name} hold"), one.hold_ms, two.hold_ms, CLOCK_TURNS);
        assert_close(&format!("{name} ring"), one.ring_ms, two.ring_ms, CLOCK_TURNS);
        assert_close(&format!("{name} wait"), one.wait_ms, two.wait_ms, WHOLE_SECONDS);
        for (leg, cdr) in legs.iter().zip(&cdr_legs) {
            assert_eq!(
                (leg.id, leg.role, leg.direction),
                (cdr.id, cdr.role, cdr.direction),
                "{name}"
            );
            assert_eq!(
                (&leg.number, &leg.extension),
                (&cdr.number, &cdr.extension),
                "{name}"
            );
            assert_eq!(
                (leg.created_at, leg.answered_at),
                (cdr.created_at, cdr.answered_at),
                "{name}"
            );
            assert_eq!(
                (&leg.hangup_cause, leg.q850, leg.sip_status),
                (&cdr.hangup_cause, cdr.q850, cdr.sip_status)
            );
            assert_eq!(
                (leg.hangup_by, &leg.originate_disposition),
                (cdr.hangup_by, &cdr.originate_disposition)
            );
            assert_near(name, leg.ended_at, cdr.ended_at, CLOCK_TURNS);
            assert_close(&format!("{name} leg talk"), leg.talk_ms, cdr.talk_ms, CLOCK_TURNS);
        }
        assert_eq!(visits.len(), cdr_visits.len(), "{name}");
        for (visit, cdr) in visits.iter().zip(&cdr_visits) {
            assert_eq!(
                (visit.id, visit.outcome, visit.agent_leg_id),
                (cdr.id, cdr.outcome, cdr.agent_leg_id),
                "{name}"
            );
            assert_eq!(visit.agent_extension, cdr.agent_extension, "{name}");
            assert_near(name, Some(visit.joined_at), Some(cdr.joined_at), WHOLE_SECONDS);
            assert_near(name, visit.answered_at, cdr.answered_at, WHOLE_SECONDS);
            assert_near(name, visit.left_at, cdr.left_at, WHOLE_SECONDS);
            let result = |visit: &VisitRecord| {
                visit
                    .offers
                    .iter()
                    .map(|offer| (offer.agent_extension.clone(), offer.result))
                    .collect::<Vec<_>>()
            };
            assert_eq!(
                result(visit),
                result(cdr),
                "{name}: offers out of the agents' legs"
            );
        }
    }
}

#[test]
fn records_in_any_order_and_twice_give_the_same_call() {
    for (name, documents) in scenarios() {
        let forward = settled(only_call(&from_records(&documents)));
        let mut turned = documents.clone();
        turned.reverse();
        turned.extend(documents.clone());
        assert_eq!(forward, settled(only_call(&from_records(&turned))), "{name}");
    }
}

#[test]
fn events_and_records_in_either_order_and_twice_give_the_same_call() {
    for (name, documents) in scenarios() {
        let events = events_of(&Trace::fixture(&name).unwrap());
        let both = |records_first: bool| {
            let mut book = CallBook::new(ServerId(1));
            let record_all = |book: &mut CallBook| {
                for document in &documents {
                    book.apply_cdr(document, later());
                }
            };
            if records_first {
                record_all(&mut book);
            }
            for (event, _) in events
                .iter()
                .chain(if records_first { &[][..] } else { &events[..] })
            {
                book.apply(event, later());
            }
            if !records_first {
                record_all(&mut book);
                record_all(&mut book);
            }
            settled(only_call(&book))
        };
        let one = both(false);
        let two = both(true);
        let differs: Vec<_> = one
            .lines()
            .zip(two.lines())
            .filter(|(one, two)| one != two)
            .collect();
        assert!(one == two, "{name}: {differs:#?}");
    }
}

#[test]
fn a_call_lost_in_the_middle_is_made_whole_by_its_records() {
    for (name, documents) in scenarios() {
        let events = events_of(&Trace::fixture(&name).unwrap());
        let whole = play(&Trace::fixture(&name).unwrap());
        let whole = only_call(&whole.book).to_record(later());
        // Every cut: events up to it, then nothing but the records.
        for cut in 0..events.len() {
            let mut book = CallBook::new(ServerId(1));
            for (event, _) in &events[..cut] {
                book.apply(event, later());
            }
            for document in &documents {
                book.apply_cdr(document, later());
            }
            let call = only_call(&book).to_record(later());
            assert_eq!(
                (call.id, call.result),
                (whole.id, whole.result),
                "{name} cut at {cut}"
            );
            assert_eq!(
                (&call.hangup_cause, call.hangup_side),
                (&whole.hangup_cause, whole.hangup_side),
                "{name} {cut}"
            );
            assert_close(
                &format!("{name} cut at {cut}: talk"),
                call.talk_ms,
                whole.talk_ms,
                CLOCK_TURNS,
            );
            assert_close(
                &format!("{name} cut at {cut}: wait"),
                call.wait_ms,
                whole.wait_ms,
                WHOLE_SECONDS,
            );
            assert!(call.is_ended, "{name} cut at {cut}");
        }
    }
}
