//! The recorded traces of a real switch, run through decoder and book.
//!
//! `transcripts`: what Cordboard makes of each of them, as snapshots that were read against `timelines/` and
//! `README.md` of the traces. `records`: the same calls from the switch's call records alone, and from both.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails the test")]

mod disorder;
mod player;
mod records;
mod transcripts;
