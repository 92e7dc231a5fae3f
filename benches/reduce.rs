//! CPU time per event from the socket's bytes to a changed call: decoding into the domain's words, and the book.
//!
//! `cargo bench -p cordboard --bench reduce [-- ROUNDS]`. The events are the recorded ones of all traces, so the mix is
//! the one of a real switch with our subscription; a fresh book for each trace and round.

use bytes::BytesMut;
use cordboard::telephony::decode::decode;
use domain::book::CallBook;
use domain::event::SwitchEvent;
use domain::ids::ServerId;
use esl::Event;
use esl::codec::FrameCodec;
use esl::trace::Trace;
use std::fs;
use std::time::Duration;
use tokio_util::codec::Decoder as _;

/// What is wanted, see the issue of the spine.
const DECODE_MICROS_WANTED: f64 = 10.0;
const APPLY_MICROS_WANTED: f64 = 3.0;

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let rounds = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(if is_bench { 20 } else { 1 });
    let traces: Vec<Vec<bytes::Bytes>> = match Trace::all_fixtures() {
        Ok(traces) => traces.iter().map(payloads).collect(),
        Err(error) => return println!("no recorded traces: {error}"),
    };
    let (mut decoding, mut applying) = (Duration::ZERO, Duration::ZERO);
    let (mut read, mut understood, mut touched) = (0_usize, 0_usize, 0_usize);
    for _ in 0..rounds {
        for trace in &traces {
            // Fresh events: the table of headers is made at the first look, and that is part of the cost.
            let events: Vec<Event> = trace.iter().cloned().map(Event::plain).collect();
            let begin = cpu_time();
            let news: Vec<SwitchEvent> = events.iter().filter_map(decode).collect();
            decoding += cpu_time().saturating_sub(begin);
            let mut book = CallBook::new(ServerId(1));
            let begin = cpu_time();
            for event in &news {
                touched += book.apply(event, event.at).calls.len();
            }
            applying += cpu_time().saturating_sub(begin);
            read += events.len();
            understood += news.len();
        }
    }
    let each = |total: Duration, count: usize| total.as_secs_f64() * 1e6 / count.max(1) as f64;
    println!("{read} events, {understood} of them understood, {touched} calls touched");
    println!(
        "decode  {:6.2} us per event read        (wanted {DECODE_MICROS_WANTED})",
        each(decoding, read)
    );
    println!(
        "apply   {:6.2} us per event understood  (wanted {APPLY_MICROS_WANTED})",
        each(applying, understood)
    );
}

/// Time of this thread on a CPU, as the kernel tells it: the wall clock would measure the machine's other work.
fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(
        stat.split(' ')
            .next()
            .and_then(|nanos| nanos.parse().ok())
            .unwrap_or(0),
    )
}

/// The plain events of all connections.
fn payloads(trace: &Trace) -> Vec<bytes::Bytes> {
    let mut payloads = Vec::new();
    for connection in trace.connections() {
        let mut bytes = BytesMut::from(&trace.received(connection)[..]);
        let mut codec = FrameCodec::default();
        while let Ok(Some(frame)) = codec.decode(&mut bytes) {
            if frame.kind == esl::codec::FrameKind::EventPlain {
                payloads.push(frame.body.clone());
            }
        }
    }
    payloads
}
