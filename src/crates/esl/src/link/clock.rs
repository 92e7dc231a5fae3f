//! How old events are.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use tokio::time::Instant;

use crate::event::Event;

/// Delay of events without a wall clock: every event says when it was made by the switch's clock, and the
/// smallest difference to ours in a generation is taken for no delay at all.
pub(crate) struct EventClock {
    start: Instant,
    smallest: AtomicU64,
    age_micros: AtomicU64,
    last_frame_micros: AtomicU64,
}

impl EventClock {
    /// Keeps differences positive whichever clock is ahead.
    const BIAS: u64 = 1 << 62;

    pub(super) fn new() -> Self {
        EventClock {
            start: Instant::now(),
            smallest: AtomicU64::new(u64::MAX),
            age_micros: AtomicU64::new(0),
            last_frame_micros: AtomicU64::new(u64::MAX),
        }
    }

    pub(crate) fn reset(&self) {
        self.smallest.store(u64::MAX, Relaxed);
        self.age_micros.store(0, Relaxed);
    }

    pub(super) fn heard(&self, event: &Event) {
        let now = self.start.elapsed().as_micros() as u64;
        self.last_frame_micros.store(now, Relaxed);
        let Some(made) = event.timestamp_micros() else {
            return;
        };
        let difference = (Self::BIAS + now).saturating_sub(made);
        let smallest = self.smallest.fetch_min(difference, Relaxed).min(difference);
        self.age_micros.store(difference - smallest, Relaxed);
    }

    pub(super) fn age(&self) -> Duration {
        Duration::from_micros(self.age_micros.load(Relaxed))
    }

    pub(super) fn last_frame_age(&self) -> Option<Duration> {
        let at = self.last_frame_micros.load(Relaxed);
        (at != u64::MAX).then(|| self.start.elapsed().saturating_sub(Duration::from_micros(at)))
    }
}
