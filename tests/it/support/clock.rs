//! Time and ids as the test wants them.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use cordboard::ports::{Clock, IdGen};
use uuid::Uuid;

/// A clock that stands still until it is moved.
pub(crate) struct ManualClock(Mutex<DateTime<Utc>>);

impl Default for ManualClock {
    fn default() -> Self {
        Self(Mutex::new(
            DateTime::from_timestamp(1_795_000_000, 0).expect("a valid instant"),
        ))
    }
}

impl ManualClock {
    /// Moves on.
    pub(crate) fn advance(&self, by: TimeDelta) {
        *self.0.lock().expect("the clock is whole") += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("the clock is whole")
    }
}

/// Ids that are the same in every run.
#[derive(Default)]
pub(crate) struct SeededIds(AtomicU64);

impl SeededIds {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl IdGen for SeededIds {
    fn uuid(&self) -> Uuid {
        Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(self.next()))
    }

    fn token(&self) -> [u8; 32] {
        let mut token = [0; 32];
        token[..8].copy_from_slice(&self.next().to_le_bytes());
        token
    }
}
