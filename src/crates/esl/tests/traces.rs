//! The codec and the event view on everything that was recorded from a real FreeSWITCH.

use bytes::{Bytes, BytesMut};
use esl::{
    codec::{Frame, FrameCodec, FrameKind},
    event::Event,
    trace::Trace,
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio_util::codec::Decoder as _;

/// Traces up to this many bytes are cut at every byte.
const SMALL: usize = 64 * 1024;

/// Every connection of every trace: a label and what the switch sent.
fn streams() -> Vec<(String, Bytes)> {
    let mut streams = Vec::new();
    for trace in Trace::all_fixtures().expect("the recorded traces are readable") {
        for connection in trace.connections() {
            streams.push((
                format!("{} connection {connection}", trace.name),
                trace.received(connection),
            ));
        }
    }
    assert!(streams.len() > 100);
    streams
}

/// Feeds the pieces one by one, as the socket would.
fn decode<'a>(label: &str, pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Frame> {
    let mut codec = FrameCodec::default();
    let mut buffer = BytesMut::new();
    let mut frames = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        while let Some(frame) = codec
            .decode(&mut buffer)
            .unwrap_or_else(|e| panic!("{label}: {e}"))
        {
            frames.push(frame);
        }
    }
    while let Some(frame) = codec
        .decode_eof(&mut buffer)
        .unwrap_or_else(|e| panic!("{label}: {e}"))
    {
        frames.push(frame);
    }
    assert_eq!(codec.skipped(), 0, "{label}");
    frames
}

#[test]
fn every_trace_parses_whole_and_every_event_has_its_name() {
    let mut events = 0;
    for (label, bytes) in streams() {
        for frame in decode(&label, std::iter::once(&bytes[..])) {
            if frame.kind == FrameKind::EventXml {
                assert!(Event::from_frame(&frame).is_err());
                continue;
            }
            if !frame.kind.is_event() {
                continue;
            }
            let event = Event::from_frame(&frame).unwrap_or_else(|e| panic!("{label}: {e}"));
            events += 1;
            assert!(!event.name().is_empty(), "{label}");
            assert_eq!(event.get("Core-UUID").unwrap().len(), 36, "{label}");
            assert!(event.timestamp_micros().is_some(), "{label}");
            assert!(event.get_parsed::<u64>("event-sequence").is_some(), "{label}");
            assert!(event.subclass().is_none() || event.name() == "CUSTOM", "{label}");
            // The inner length, when there is one, is the length of the body (surprises 2).
            if let Some(length) = event
                .headers()
                .filter(|(name, _)| name == "Content-Length")
                .last()
            {
                assert_eq!(
                    length.1.parse::<usize>().unwrap(),
                    event.body().unwrap_or_default().len(),
                    "{label}"
                );
            } else {
                assert_eq!(event.body(), None, "{label}");
            }
        }
    }
    assert!(events > 3_000, "{events}");
}

#[test]
fn small_traces_read_the_same_byte_by_byte() {
    for (label, bytes) in streams().into_iter().filter(|(_, bytes)| bytes.len() <= SMALL) {
        let whole = decode(&label, std::iter::once(&bytes[..]));
        assert!(decode(&label, bytes.chunks(1)) == whole, "{label}");
    }
}

#[test]
fn a_frame_cut_in_two_at_any_byte_is_complete_only_with_its_last_byte() {
    let mut seen = std::collections::HashSet::new();
    for (label, bytes) in streams().into_iter().filter(|(_, bytes)| bytes.len() <= SMALL) {
        for frame in decode(&label, std::iter::once(&bytes[..])) {
            let wire = [&frame.head[..], b"\n", &frame.body[..]].concat();
            // One of each kind and length is enough: cuts differ by position, not by text.
            if !seen.insert((frame.kind, wire.len())) {
                continue;
            }
            for cut in 0..wire.len() {
                let mut codec = FrameCodec::default();
                let mut buffer = BytesMut::from(&wire[..cut]);
                assert!(
                    codec.decode(&mut buffer).unwrap().is_none(),
                    "{label}: cut at {cut}"
                );
                buffer.extend_from_slice(&wire[cut..]);
                assert!(
                    codec.decode(&mut buffer).unwrap().as_ref() == Some(&frame),
                    "{label}: cut at {cut}"
                );
                assert!(buffer.is_empty());
            }
        }
    }
}

#[test]
fn large_traces_read_the_same_at_random_cuts() {
    let mut rng = StdRng::seed_from_u64(20_261_122);
    for (label, bytes) in streams().into_iter().filter(|(_, bytes)| bytes.len() > SMALL) {
        let whole = decode(&label, std::iter::once(&bytes[..]));
        for longest in [7, 300, 5_000, 70_000] {
            let mut rest = &bytes[..];
            let pieces = std::iter::from_fn(|| {
                let take = rng.random_range(1..=longest).min(rest.len());
                let (piece, tail) = rest.split_at(take);
                rest = tail;
                (!piece.is_empty()).then_some(piece)
            });
            assert!(decode(&label, pieces) == whole, "{label}, pieces up to {longest}");
        }
    }
}

#[test]
fn the_answer_to_connect_is_an_event_in_the_outer_headers() {
    let trace = Trace::fixture("12a").unwrap();
    let frames = decode("12a", std::iter::once(&trace.received(2)[..]));
    let event = Event::from_connect_reply(&frames[0]);
    assert_eq!(event.get("Reply-Text").unwrap(), "+OK\n");
    assert_eq!(event.get("Control").unwrap(), "full");
    assert!(event.get_filled("Unique-ID").is_some());
}

#[test]
fn one_value_reads_the_same_in_plain_and_json() {
    let trace = Trace::fixture("01l").unwrap();
    let value_of = |connection| -> Vec<String> {
        decode("01l", std::iter::once(&trace.received(connection)[..]))
            .iter()
            .filter(|frame| matches!(frame.kind, FrameKind::EventPlain | FrameKind::EventJson))
            .map(|frame| Event::from_frame(frame).unwrap())
            .filter(|event| event.name() == "CHANNEL_CREATE")
            .map(|event| event.get("Caller-Caller-ID-Name").unwrap().into_owned())
            .collect()
    };
    let plain = value_of(1);
    assert!(plain.iter().any(|name| !name.is_ascii()), "{plain:?}");
    assert_eq!(plain, value_of(2));
}
