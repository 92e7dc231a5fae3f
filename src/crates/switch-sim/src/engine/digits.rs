//! `play_and_get_digits <min> <max> <tries> <timeout ms> <terminators> <file> <invalid file> <variable>
//! <regexp> [<digit timeout ms>]`.

use regex::Regex;

use super::exec::Ran;
use super::run::Run;
use super::{Engine, Timer};
use crate::clock::{MS, Micros};

/// A collection in progress.
#[derive(Debug)]
pub(crate) struct Collect {
    max: usize,
    min: usize,
    tries: u32,
    timeout: u64,
    digit_timeout: u64,
    terminators: String,
    file: String,
    invalid_file: String,
    variable: String,
    regexp: Option<Regex>,
    pub(super) prompt: Option<(String, Micros)>,
    digits: String,
}

impl Engine {
    pub(crate) fn play_and_get_digits(&mut self, uuid: &str, data: &str) -> Ran {
        let words: Vec<&str> = data.split_whitespace().collect();
        let text = |at: usize| words.get(at).copied().unwrap_or_default();
        let number = |at: usize, otherwise: u64| text(at).parse().unwrap_or(otherwise);
        let timeout = number(3, 5000);
        let collect = Collect {
            min: number(0, 1) as usize,
            max: number(1, 1) as usize,
            tries: number(2, 1) as u32,
            timeout,
            digit_timeout: number(9, timeout),
            terminators: text(4).to_owned(),
            file: text(5).to_owned(),
            invalid_file: text(6).to_owned(),
            variable: text(7).to_owned(),
            regexp: Regex::new(&format!("^(?:{})$", text(8)))
                .ok()
                .filter(|_| !text(8).is_empty()),
            prompt: None,
            digits: String::new(),
        };
        self.wait(uuid, Run::Digits(collect), 0);
        let file = text(5).to_owned();
        self.prompt(uuid, &file);
        Ran::Waits
    }

    /// Plays a prompt during which keys are taken; without a file the wait for keys begins at once.
    pub(crate) fn prompt(&mut self, uuid: &str, file: &str) {
        if file.is_empty() || file == "silence" {
            return self.wait_for_key(uuid, true);
        }
        self.emit_with(uuid, "PLAYBACK_START", &[], &[("Playback-File-Path", file)]);
        let now = self.now;
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        leg.generation += 1;
        match &mut leg.run {
            Run::Digits(collect) => collect.prompt = Some((file.to_owned(), now)),
            Run::Ivr(ivr) => ivr.prompt = Some((file.to_owned(), now)),
            _ => {}
        }
        let (uuid, generation) = (leg.uuid.clone(), leg.generation);
        let length = super::media::length_of(file).max(1);
        self.after(length * MS, Timer::App { uuid, generation });
    }

    /// PLAYBACK_STOP of a prompt, if one is playing.
    pub(crate) fn stop_prompt(&mut self, uuid: &str, status: &str) {
        let prompt = match self.channels.get_mut(uuid).map(|leg| &mut leg.run) {
            Some(Run::Digits(collect)) => collect.prompt.take(),
            Some(Run::Ivr(ivr)) => ivr.prompt.take(),
            _ => None,
        };
        if let Some((file, started)) = prompt {
            self.playback_stopped(uuid, &file, started, status);
        }
    }

    /// Arms the wait for the first key or for the next one.
    pub(crate) fn wait_for_key(&mut self, uuid: &str, first: bool) {
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        leg.generation += 1;
        let millis = match &leg.run {
            Run::Digits(collect) if first => collect.timeout,
            Run::Digits(collect) => collect.digit_timeout,
            Run::Ivr(ivr) => ivr.key_timeout(first),
            _ => return,
        };
        let (uuid, generation) = (leg.uuid.clone(), leg.generation);
        self.after(millis * MS, Timer::DigitTimeout { uuid, generation });
    }

    pub(crate) fn digits_prompt_over(&mut self, uuid: &str) {
        self.stop_prompt(uuid, "done");
        self.wait_for_key(uuid, true);
    }

    pub(crate) fn digit_timeout(&mut self, uuid: &str) {
        match self.channels.get(uuid).map(|leg| &leg.run) {
            Some(Run::Digits(_)) => self.judge_digits(uuid),
            Some(Run::Ivr(_)) => self.ivr_judge(uuid),
            _ => {}
        }
    }

    pub(crate) fn digits_key(&mut self, uuid: &str, digit: char) {
        self.stop_prompt(uuid, "break");
        let Some(Run::Digits(collect)) = self.channels.get_mut(uuid).map(|leg| &mut leg.run) else {
            return;
        };
        let ends = collect.terminators.contains(digit);
        if !ends {
            collect.digits.push(digit);
        }
        if ends || collect.digits.len() >= collect.max {
            self.judge_digits(uuid);
        } else {
            self.wait_for_key(uuid, false);
        }
    }

    fn judge_digits(&mut self, uuid: &str) {
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        let Run::Digits(collect) = &mut leg.run else {
            return;
        };
        let digits = std::mem::take(&mut collect.digits);
        let fits = collect
            .regexp
            .as_ref()
            .is_none_or(|regexp| regexp.is_match(&digits));
        let variable = collect.variable.clone();
        if digits.len() >= collect.min && fits {
            leg.set(&variable, &digits);
            return self.app_done(uuid, "_none_");
        }
        collect.tries = collect.tries.saturating_sub(1);
        if collect.tries == 0 {
            leg.set(&variable, "");
            if !digits.is_empty() {
                leg.set(&format!("{variable}_invalid"), &digits);
            }
            return self.app_done(uuid, "_none_");
        }
        let (file, invalid) = (collect.file.clone(), collect.invalid_file.clone());
        let next = if invalid.is_empty() || invalid == "silence" {
            file
        } else {
            invalid
        };
        self.prompt(uuid, &next);
    }
}
