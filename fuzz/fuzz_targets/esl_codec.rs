//! The same frames come out of the same bytes, whole or cut at any place; and nothing panics.
#![no_main]

use bytes::BytesMut;
use esl::codec::{Caps, Frame, FrameCodec};
use libfuzzer_sys::fuzz_target;
use tokio_util::codec::Decoder as _;

/// Frames up to the first error, and whether there was one.
fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Frame>, bool) {
    let mut codec = FrameCodec::new(Caps {
        head: 4096,
        event: 4096,
        api: 4096,
        other: 4096,
    });
    let mut buffer = BytesMut::new();
    let mut frames = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match codec.decode(&mut buffer) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => return (frames, true),
            }
        }
    }
    (frames, false)
}

fuzz_target!(|input: (u8, &[u8])| {
    let (cut, bytes) = input;
    let whole = decode([bytes]);
    let cut = decode(bytes.chunks(usize::from(cut).max(1)));
    assert_eq!(whole, cut);
});
