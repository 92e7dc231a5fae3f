//! How long to wait before the next try: decorrelated jitter, so that many clients of a restarted switch do
//! not come back in step. Its listen backlog is 5 (`mod_event_socket.c` 2987).

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// Bounds of the waits between connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackoffConfig {
    /// Shortest wait, and the first.
    pub shortest: Duration,
    /// Longest wait.
    pub longest: Duration,
    /// A connection that held this long starts over with the shortest wait.
    pub healthy_after: Duration,
    /// Wait when a human has to act first: wrong password, access list.
    pub blocked: Duration,
}

impl Default for BackoffConfig {
    fn default() -> Self {
        BackoffConfig {
            shortest: Duration::from_millis(250),
            longest: Duration::from_secs(15),
            healthy_after: Duration::from_mins(1),
            blocked: Duration::from_mins(1),
        }
    }
}

/// The waits of one node or socket.
#[derive(Debug)]
pub(crate) struct Backoff {
    config: BackoffConfig,
    rng: StdRng,
    last: Duration,
}

impl Backoff {
    pub(crate) fn new(config: BackoffConfig, seed: u64) -> Self {
        Backoff {
            config,
            rng: StdRng::seed_from_u64(seed),
            last: Duration::ZERO,
        }
    }

    /// The wait after a connection that held for `held`.
    pub(crate) fn next(&mut self, held: Duration) -> Duration {
        if held >= self.config.healthy_after {
            self.last = Duration::ZERO;
        }
        let shortest = self.config.shortest.as_millis() as u64;
        let ceiling = (self.last.as_millis() as u64 * 3).max(shortest);
        let wait = Duration::from_millis(self.rng.random_range(shortest..=ceiling)).min(self.config.longest);
        self.last = wait;
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_within_their_bounds_and_grow() {
        let config = BackoffConfig::default();
        let mut backoff = Backoff::new(config, 7);
        let waits: Vec<Duration> = (0..200).map(|_| backoff.next(Duration::ZERO)).collect();
        assert_eq!(waits[0], config.shortest);
        assert!(
            waits
                .iter()
                .all(|wait| (config.shortest..=config.longest).contains(wait)),
            "{waits:?}"
        );
        assert!(waits.contains(&config.longest));
    }

    #[test]
    fn a_healthy_connection_starts_over() {
        let config = BackoffConfig::default();
        let mut backoff = Backoff::new(config, 7);
        let _ = (0..50).map(|_| backoff.next(Duration::ZERO)).last();
        assert_eq!(backoff.next(config.healthy_after), config.shortest);
    }

    #[test]
    fn two_nodes_do_not_wait_in_step() {
        let waits = |seed| {
            let mut backoff = Backoff::new(BackoffConfig::default(), seed);
            (0..10).map(|_| backoff.next(Duration::ZERO)).collect::<Vec<_>>()
        };
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
    }
}
