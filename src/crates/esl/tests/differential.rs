//! A second opinion: every recorded event, read by us and by an independent client, must say the same.

use std::{collections::HashMap, time::Duration};

use bytes::BytesMut;
use esl::{
    Event,
    codec::{Frame, FrameCodec, FrameKind},
    trace::Trace,
};
use freeswitch_esl_tokio::{EslClient, EslConnectOptions, EslEvent, EventOverflow};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::codec::Decoder as _;

const PATIENCE: Duration = Duration::from_secs(20);

/// All plain and JSON event frames of the recordings.
fn event_frames() -> Vec<Frame> {
    let mut frames = Vec::new();
    for trace in Trace::all_fixtures().expect("the recorded traces are readable") {
        for connection in trace.connections() {
            let mut codec = FrameCodec::default();
            let mut bytes = BytesMut::from(trace.received(connection));
            while let Some(frame) = codec.decode(&mut bytes).expect("a recorded stream") {
                if matches!(frame.kind, FrameKind::EventPlain | FrameKind::EventJson) {
                    frames.push(frame);
                }
            }
        }
    }
    frames
}

/// The same frames as the other client reads them from a socket.
async fn second_opinion(frames: &[Frame]) -> Vec<EslEvent> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let stream = TcpStream::connect(listener.local_addr().expect("an address"))
        .await
        .expect("a connection");
    let (mut switch, _) = listener.accept().await.expect("a connection");
    let options = EslConnectOptions::default().with_event_overflow(EventOverflow::BlockFor(PATIENCE));
    let (_client, mut events) = EslClient::adopt_stream_with_options(stream, b"", options).expect("a client");
    let write = async {
        for frame in frames {
            let wire = [&frame.head[..], b"\n", &frame.body[..]].concat();
            switch.write_all(&wire).await.expect("the client reads");
        }
    };
    let read = async {
        let mut read = Vec::new();
        while read.len() < frames.len() {
            let event = timeout(PATIENCE, events.recv()).await.expect("an event in time");
            read.push(event.expect("the stream is open").expect("an event"));
        }
        read
    };
    tokio::join!(write, read).1
}

#[tokio::test]
async fn both_clients_read_every_recorded_event_alike() {
    let frames = event_frames();
    assert!(frames.len() > 3_000, "{}", frames.len());
    let theirs = second_opinion(&frames).await;
    let mut values = 0;
    for (frame, theirs) in frames.iter().zip(theirs) {
        let ours = Event::from_frame(frame).unwrap();
        let label = format!("{} {}", ours.name(), ours.get("Event-Sequence").unwrap());
        // Of two headers of one name the switch itself reads the first (`switch_event_get_header_ptr`), and so
        // do we; the other client keeps the last.
        let mut seen = HashMap::new();
        for (name, _) in ours.headers() {
            *seen.entry(name.to_ascii_lowercase()).or_insert(0) += 1;
        }
        // The other client puts names into a form of its own; ours are found in any.
        let theirs_by_name = theirs.headers();
        let missing = seen.len()
            - theirs_by_name
                .keys()
                .filter(|name| ours.get_raw(name).is_some())
                .count();
        assert_eq!(missing, 0, "{label}");
        for (name, theirs) in theirs_by_name {
            if seen
                .get(&name.to_ascii_lowercase())
                .is_none_or(|count| *count > 1)
            {
                continue;
            }
            // An array of a JSON event is JSON text to them and in the notation of the plain format to us.
            let array = (frame.kind == FrameKind::EventJson && theirs.starts_with('['))
                .then(|| serde_json::from_str::<Vec<String>>(theirs).ok())
                .flatten();
            match array {
                Some(array) => assert_eq!(ours.get_array(name).unwrap(), array, "{label}: {name}"),
                None => assert_eq!(ours.get(name).unwrap(), theirs.as_str(), "{label}: {name}"),
            }
            values += 1;
        }
        assert_eq!(ours.body_text().as_deref(), theirs.body(), "{label}");
    }
    assert!(values > 100_000, "{values}");
}
