//! Any payload can be looked at in every way without a panic, and a detached event says the same.
#![no_main]

use bytes::Bytes;
use esl::Event;
use libfuzzer_sys::fuzz_target;

fn look(event: &Event) -> usize {
    let mut length = 0;
    for (name, _) in event.headers() {
        length += event.get(&name).map_or(0, |value| value.len());
        length += event.get_array(&name).map_or(0, |values| values.len());
        let _ = (
            event.get_raw(&name),
            event.get_bytes(&name),
            event.get_bool(&name),
            event.variable(&name),
        );
    }
    length + event.body_text().map_or(0, |body| body.len())
}

fuzz_target!(|payload: &[u8]| {
    let event = Event::plain(Bytes::copy_from_slice(payload));
    assert_eq!(look(&event), look(&event.detached()));
    if let Ok(event) = Event::json(payload) {
        assert_eq!(look(&event), look(&event.detached()));
    }
});
