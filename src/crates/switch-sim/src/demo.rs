//! Invented outside callers: they call, some give up, the others talk and hang up.

use crate::clock::{MS, SECOND};
use crate::config::GeneratorConfig;
use crate::engine::{Deed, Engine, Far, Timer};

/// State of the caller generator.
#[derive(Debug)]
pub(crate) struct Generator {
    config: GeneratorConfig,
}

impl Generator {
    pub(crate) fn new(config: GeneratorConfig) -> Self {
        Self { config }
    }
}

impl Engine {
    /// Changes the rate of the generator; 0 stops it.
    pub(crate) fn set_call_rate(&mut self, calls_per_hour: u64) {
        let Some(generator) = &mut self.generator else {
            return;
        };
        let was_off = generator.config.calls_per_hour == 0;
        generator.config.calls_per_hour = calls_per_hour;
        if was_off && calls_per_hour > 0 {
            self.after(SECOND, Timer::Generator);
        }
    }

    /// One more caller, and the time of the next.
    pub(crate) fn generate_call(&mut self) {
        let Some(config) = self.generator.as_ref().map(|generator| generator.config.clone()) else {
            return;
        };
        if config.calls_per_hour == 0 || config.numbers.is_empty() {
            return;
        }
        let mean = 3600 * SECOND / config.calls_per_hour;
        // Between a half and one and a half of the mean: lively, and no bursts that a small demo cannot serve.
        let gap = self.rng.between(mean / 2, mean * 3 / 2).max(MS);
        self.after(gap, Timer::Generator);
        let outside = self
            .channels
            .values()
            .filter(|leg| leg.far == Far::Outside)
            .count();
        if outside >= config.max_concurrent {
            return;
        }
        let number = config.numbers[self.rng.below(config.numbers.len() as u64) as usize].clone();
        let from = format!("1{}", self.rng.between(3_000_000_000, 8_999_999_999));
        let Some(leg) = self.call_from_outside(&from, &number, None) else {
            return;
        };
        let talk = self
            .rng
            .between(config.talk_secs.0 * 1000, config.talk_secs.1 * 1000);
        let mut deeds = vec![(0, Deed::TalkFor(talk))];
        if self.rng.percent(config.impatient_percent) {
            let patience = self
                .rng
                .between(config.patience_secs.0 * 1000, config.patience_secs.1 * 1000);
            deeds.push((patience, Deed::GiveUp));
        } else {
            // Even the patient do not wait for ever.
            deeds.push((600_000, Deed::GiveUp));
        }
        self.script(&leg, deeds);
    }
}
