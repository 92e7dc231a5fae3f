//! What a leg is doing at the moment.

use std::path::PathBuf;

use super::digits::Collect;
use super::ivr::IvrRun;
use crate::clock::Micros;

/// The running application of a leg. `Idle` between applications and after the last.
#[derive(Debug, Default)]
pub(crate) enum Run {
    #[default]
    Idle,
    /// The dialplan was asked for.
    Routing,
    /// `sleep`.
    Sleep,
    /// `playback`, and with an end it is finite.
    Playback(Playback),
    /// `bridge` is ringing somebody.
    Dialling(u64),
    /// Talking inside `bridge` (the application completes when the talk ends).
    Bridged,
    /// Talking after `uuid_bridge` (no application completes).
    UuidBridged,
    /// In a queue, by member uuid.
    Queue(String),
    /// `park`.
    Park,
    /// `echo`, and eavesdrop and the like: until hang-up.
    Endless,
    /// `record`; the file is an entry of `recordings`.
    Record,
    /// `play_and_get_digits`.
    Digits(Collect),
    /// `ivr`.
    Ivr(Box<IvrRun>),
}

/// A file that is being played.
#[derive(Debug, Clone)]
pub(crate) struct Playback {
    pub(crate) file: String,
    pub(crate) started: Micros,
}

/// Something that plays over a bridge: hold music or a broadcast.
#[derive(Debug, Clone)]
pub(crate) struct Overlay {
    pub(crate) file: String,
    pub(crate) started: Micros,
    pub(crate) application_uuid: String,
    pub(crate) ticket: u64,
}

/// A recording in progress.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    pub(crate) path: PathBuf,
    pub(crate) started: Micros,
    pub(crate) stereo: bool,
    /// Made by the `record` application: RECORD_STOP has no completion cause (surprises 44).
    pub(crate) by_application: bool,
}
