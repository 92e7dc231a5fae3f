//! What holds for any input: what the switch encodes we decode, whatever the cuts; and noise never panics.

use bytes::{Bytes, BytesMut};
use esl::{
    Event,
    codec::{Caps, FrameCodec, FrameKind},
    command::{Command, JobId, VariableBlock, WireText, WireWord, quoted},
    testing::event_frame,
};
use proptest::prelude::*;
use tokio_util::codec::Decoder as _;

/// Header names as modules write them, variables included.
fn name() -> impl Strategy<Value = String> {
    "[A-Za-z][A-Za-z0-9_-]{0,30}"
}

/// Any text a value may hold. An upper-case `%XX` in it would pass the switch unencoded and come out decoded,
/// which no reader of the plain format can undo (`switch_utils.c` 3517-3521); `_undef_` stands for empty.
fn value() -> impl Strategy<Value = String> {
    any::<String>()
        .prop_map(|text| text.replace('\0', "").replace('%', "%25"))
        .prop_filter("_undef_ means empty", |text| text != "_undef_")
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    proptest::collection::vec((name(), value()), 1..40).prop_map(|mut headers| {
        let mut seen = std::collections::HashSet::new();
        headers.retain(|(name, _)| {
            seen.insert(name.to_ascii_lowercase()) && !name.eq_ignore_ascii_case("content-length")
        });
        headers
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_the_switch_encodes_comes_out_whatever_the_cuts(
        headers in headers(),
        body in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300)),
        cuts in proptest::collection::vec(1_usize..200, 1..20),
    ) {
        // The switch leaves `%25` as it is, so that a per cent sign goes out as the value() above wrote it.
        let borrowed: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let wire = event_frame(&borrowed, body.as_deref());
        let mut codec = FrameCodec::default();
        let mut buffer = BytesMut::new();
        let mut rest = &wire[..];
        let mut frames = Vec::new();
        for cut in cuts.iter().cycle() {
            let (piece, tail) = rest.split_at((*cut).min(rest.len()));
            buffer.extend_from_slice(piece);
            rest = tail;
            while let Some(frame) = codec.decode(&mut buffer).unwrap() {
                frames.push(frame);
            }
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(frames.len(), 1);
        prop_assert_eq!(frames[0].kind, FrameKind::EventPlain);
        let event = Event::from_frame(&frames[0]).unwrap();
        for (name, value) in &headers {
            let wanted = value.replace("%25", "%");
            prop_assert_eq!(event.get(&name.to_ascii_uppercase()).unwrap(), wanted);
        }
        prop_assert_eq!(event.body().unwrap_or_default(), body.as_deref().unwrap_or_default());
    }

    #[test]
    fn noise_never_panics_the_codec_nor_grows_its_buffer(
        noise in proptest::collection::vec(any::<u8>(), 0..2_000),
        cut in 1_usize..50,
    ) {
        let mut codec = FrameCodec::new(Caps { head: 500, event: 500, api: 500, other: 500 });
        let mut buffer = BytesMut::new();
        'stream: for piece in noise.chunks(cut) {
            buffer.extend_from_slice(piece);
            loop {
                match codec.decode(&mut buffer) {
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(_) => break 'stream,
                }
            }
            prop_assert!(buffer.len() <= 1_100);
        }
    }

    #[test]
    fn noise_in_the_shape_of_headers_never_panics(
        lines in proptest::collection::vec("(Content-(Type|Length|type|LENGTH)|X)?:? ?(text/event-plain|api/response|[0-9]{0,22}|.{0,5})", 0..12),
        body in proptest::collection::vec(any::<u8>(), 0..50),
    ) {
        let mut buffer = BytesMut::from(lines.join("\n").as_bytes());
        buffer.extend_from_slice(b"\n\n");
        buffer.extend_from_slice(&body);
        let mut codec = FrameCodec::default();
        while let Ok(Some(frame)) = codec.decode_eof(&mut buffer) {
            let _ = Event::from_frame(&frame);
        }
    }

    #[test]
    fn noise_never_panics_an_event(payload in proptest::collection::vec(any::<u8>(), 0..500)) {
        let event = Event::plain(Bytes::from(payload.clone()));
        prop_assert!(event.headers().count() <= payload.len());
        for (name, _) in event.headers() {
            let _ = event.get(&name);
        }
        let _ = (event.get("x"), event.variable("x"), event.body_text(), event.detached());
        let _ = Event::json(&payload);
    }

    #[test]
    fn no_text_makes_two_commands_of_one(text in any::<String>(), name in any::<String>()) {
        let mut commands = Vec::new();
        if let Ok(line) = WireText::new(text.clone()) {
            commands.extend(Command::api(&line).ok());
            commands.extend(Command::bgapi(&line, &JobId::from_bytes([1; 16])).ok());
            commands.extend(Command::auth(&line).ok());
            if let Ok(word) = WireWord::new(name) {
                commands.push(Command::filter_add(&word, &line));
                commands.extend(Command::sendevent(&word, &[(word.clone(), line.clone())], None).ok());
                commands.push(Command::hangup(None, &word));
            }
        }
        for command in commands {
            let wire = command.wire();
            let ends: Vec<usize> = memchr::memmem::find_iter(wire, b"\n\n").collect();
            prop_assert_eq!(ends, [wire.len() - 2]);
            prop_assert!(!wire.contains(&b'\r') && !wire.contains(&0));
        }
    }

    #[test]
    fn a_quoted_argument_stays_one_argument(text in any::<String>()) {
        if let Ok(quoted) = quoted(&text) {
            prop_assert_eq!(quoted.matches('\'').count(), 2);
            prop_assert!(!quoted.contains(['\\', '\n']));
        }
    }

    #[test]
    fn a_variable_stays_in_its_block(value in any::<String>()) {
        if let Ok(block) = VariableBlock::new().with("a", &value) {
            let text = block.with("b", "1").unwrap().to_string();
            let framed = text.starts_with("{^^;") && text.ends_with(";b=1}");
            prop_assert!(framed, "{}", text);
            prop_assert_eq!(text.matches(['{', '}']).count(), 2);
            prop_assert!(text.matches(';').count() <= 3);
        }
    }
}
