//! Playback and recordings. No sound is made before RECORD_STOP, when a file of the right length is written.

use std::path::PathBuf;

use super::Engine;
use super::exec::Ran;
use super::run::{Playback, Recording, Run};
use crate::clock::{Micros, SECOND};

/// Milliseconds a file plays. Files are not read: a prompt lasts two seconds, streams and tones never end,
/// `silence_stream://` tells its length.
pub(crate) fn length_of(file: &str) -> u64 {
    if let Some(rest) = file.strip_prefix("silence_stream://") {
        return rest
            .split(',')
            .next()
            .and_then(|millis| millis.parse().ok())
            .unwrap_or(2000);
    }
    let endless = file.starts_with("local_stream://") || file.contains("loops=-1");
    if endless { 0 } else { 2000 }
}

impl Engine {
    /// The `playback` application.
    pub(crate) fn playback(&mut self, uuid: &str, file: &str, endless: bool) -> Ran {
        let length = if endless { 0 } else { length_of(file) };
        self.answer_for_media(uuid);
        self.play(uuid, file, length);
        Ran::Waits
    }

    fn answer_for_media(&mut self, uuid: &str) {
        // Playing to an unanswered leg makes early media of it.
        if self
            .channels
            .get(uuid)
            .is_some_and(|leg| leg.answer == super::channel::Answer::Ringing)
        {
            self.pre_answer(uuid);
        }
    }

    fn play(&mut self, uuid: &str, file: &str, length: u64) {
        let playback = Playback {
            file: file.to_owned(),
            started: self.now,
        };
        self.emit_with(uuid, "PLAYBACK_START", &[], &[("Playback-File-Path", file)]);
        self.wait(uuid, Run::Playback(playback), length);
    }

    /// PLAYBACK_STOP of the running `playback`.
    pub(crate) fn stop_playback(&mut self, uuid: &str, status: &str) {
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        if let Run::Playback(playback) = std::mem::take(&mut leg.run) {
            self.playback_stopped(uuid, &playback.file, playback.started, status);
        }
    }

    /// PLAYBACK_STOP; the length read is a multiple of 2048 ms when interrupted (surprises 43).
    pub(crate) fn playback_stopped(&mut self, uuid: &str, file: &str, started: Micros, status: &str) {
        let heard = (self.now - started) / 1000;
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        let whole = length_of(file);
        let millis = if whole > 0 && heard >= whole {
            whole
        } else {
            heard.div_ceil(2048).max(1) * 2048
        };
        leg.set("playback_last_offset_pos", &(heard * 8).to_string());
        leg.set("playback_seconds", &(millis / 1000).to_string());
        leg.set("playback_ms", &millis.to_string());
        leg.set("playback_samples", &(millis * 8).to_string());
        self.emit_with(
            uuid,
            "PLAYBACK_STOP",
            &[],
            &[("Playback-File-Path", file), ("Playback-Status", status)],
        );
    }

    /// `record_session`, `uuid_record start`; twice for one file starts once (surprises 44).
    pub(crate) fn start_recording(&mut self, uuid: &str, path: &str, by_application: bool) {
        let now = self.now;
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        let path = PathBuf::from(path);
        if leg.recordings.iter().any(|recording| recording.path == path) {
            return;
        }
        let stereo = leg.is_true("RECORD_STEREO") || !by_application;
        leg.recordings.push(Recording {
            path: path.clone(),
            started: now,
            stereo,
            by_application,
        });
        let text = path.to_string_lossy().into_owned();
        self.emit_with(uuid, "RECORD_START", &[], &[("Record-File-Path", &text)]);
    }

    /// Ends one recording (or all): the file is written before RECORD_STOP is told.
    pub(crate) fn stop_recording(&mut self, uuid: &str, path: Option<&str>, completion: &str) {
        let now = self.now;
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        let wanted = path.filter(|path| *path != "all").map(PathBuf::from);
        let (stopped, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut leg.recordings)
            .into_iter()
            .partition(|r| wanted.as_ref().is_none_or(|w| *w == r.path));
        leg.recordings = kept;
        for recording in stopped {
            let millis = (now - recording.started) / 1000;
            let Some(leg) = self.channels.get_mut(uuid) else {
                return;
            };
            let channels = if recording.stereo { 2 } else { 1 };
            leg.set("record_file_size", &(44 + millis * 16 * channels).to_string());
            leg.set("record_samples", &(millis * 8).to_string());
            leg.set("record_seconds", &(millis / 1000).to_string());
            leg.set("record_ms", &millis.to_string());
            let text = recording.path.to_string_lossy().into_owned();
            let mut tail = vec![("Record-File-Path", text.as_str())];
            if !recording.by_application {
                leg.set("record_completion_cause", completion);
                tail.push(("Record-Completion-Cause", completion));
            }
            let seed = self.rng.next_u64();
            self.push(super::Output::Wav {
                path: recording.path.clone(),
                millis,
                stereo: recording.stereo,
                seed,
            });
            self.emit_with(uuid, "RECORD_STOP", &[], &tail);
        }
    }

    /// `record <path> [<max seconds> [<threshold> [<silence seconds>]]]`.
    pub(crate) fn record_app(&mut self, uuid: &str, data: &str) -> Ran {
        let mut words = data.split_whitespace();
        let path = words.next().unwrap_or_default().to_owned();
        let limit = words.next().and_then(|word| word.parse().ok()).unwrap_or(60);
        self.answer_for_media(uuid);
        self.start_recording(uuid, &path, true);
        self.wait(uuid, Run::Record, limit * SECOND / 1000);
        Ran::Waits
    }

    /// A key during playback or record: terminators stop it.
    pub(crate) fn digit(&mut self, uuid: &str, digit: char) {
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        let terminators = leg.var("playback_terminators").unwrap_or("*").to_owned();
        let stops = terminators == "any" || terminators.contains(digit);
        match &leg.run {
            Run::Playback(_) if stops => {
                leg.set("playback_terminator_used", &digit.to_string());
                self.stop_playback(uuid, "break");
                self.app_done(uuid, "FILE PLAYED");
            }
            Run::Record if stops => {
                leg.set("playback_terminator_used", &digit.to_string());
                self.stop_recording(uuid, None, "");
                self.app_done(uuid, "_none_");
            }
            Run::Digits(_) => self.digits_key(uuid, digit),
            Run::Ivr(_) => self.ivr_key(uuid, digit),
            _ => {}
        }
    }
}
