//! What each part last said about itself.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::ports::{Clock, Health, PartStatus};

/// One part and since when it is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// `database`, `switch:3` …
    pub name: String,
    /// How it is.
    pub status: PartStatus,
    /// Since when its code has not changed.
    pub since: DateTime<Utc>,
}

/// The list of all parts; subscribers are woken when a status changes.
pub struct HealthBoard {
    clock: Arc<dyn Clock>,
    parts: Mutex<BTreeMap<String, Part>>,
    changes: watch::Sender<u64>,
}

impl HealthBoard {
    /// A board on which nobody has reported yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            parts: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }

    /// All parts by name.
    pub fn parts(&self) -> Vec<Part> {
        self.lock().values().cloned().collect()
    }

    /// Whether no part is down.
    pub fn is_ready(&self) -> bool {
        !self
            .lock()
            .values()
            .any(|part| matches!(part.status, PartStatus::Down { .. }))
    }

    /// Changes whenever a part's status does.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Part>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Health for HealthBoard {
    fn report(&self, part: &str, status: PartStatus) {
        let now = self.clock.now();
        let mut parts = self.lock();
        match parts.get_mut(part) {
            Some(known) if known.status == status => return,
            Some(known) => {
                if code(&known.status) != code(&status) {
                    known.since = now;
                    tracing::info!(part, status = ?status, "health changed");
                }
                known.status = status;
            }
            None => {
                parts.insert(
                    part.to_owned(),
                    Part {
                        name: part.to_owned(),
                        status,
                        since: now,
                    },
                );
            }
        }
        drop(parts);
        self.changes.send_modify(|version| *version += 1);
    }

    fn forget(&self, part: &str) {
        if self.lock().remove(part).is_some() {
            self.changes.send_modify(|version| *version += 1);
        }
    }
}

fn code(status: &PartStatus) -> &'static str {
    match status {
        PartStatus::Ok => "ok",
        PartStatus::Degraded { code, .. } | PartStatus::Down { code, .. } => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SystemClock;

    #[test]
    fn a_part_that_is_down_makes_us_not_ready_and_a_degraded_one_does_not() {
        let board = HealthBoard::new(Arc::new(SystemClock));
        board.report("database", PartStatus::Ok);
        board.report(
            "switch:1",
            PartStatus::Degraded {
                code: "switch.unreachable",
                detail: "away".into(),
            },
        );
        assert!(board.is_ready());
        board.report(
            "database",
            PartStatus::Down {
                code: "database.unreachable",
                detail: "away".into(),
            },
        );
        assert!(!board.is_ready());
    }

    #[test]
    fn the_same_report_again_wakes_nobody() {
        let board = HealthBoard::new(Arc::new(SystemClock));
        let changes = board.subscribe();
        board.report("database", PartStatus::Ok);
        board.report("database", PartStatus::Ok);
        assert_eq!(*changes.borrow(), 1);
    }
}
