//! Background tasks: named, restarted after a failure, stopped stage by stage.
//!
//! The only place that calls `tokio::spawn`.

use std::{
    collections::{BTreeMap, HashMap},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use serde::Serialize;
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    boot::lifecycle::Lifecycle,
    ports::{Clock, Stage, TaskFactory, Tasks},
};

/// Pause before the first restart; doubled after each further failure.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause between restarts.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A task that ran so long without failing is taken as healthy again.
const STABLE_AFTER: Duration = Duration::from_mins(1);
/// So many failures in a row are no accident: the process stops and says so by its exit code.
const GIVE_UP_AFTER: u32 = 20;

/// How a background task is doing.
#[derive(Clone, Debug, Serialize)]
pub struct TaskStatus {
    /// Name, unique enough for people.
    pub name: String,
    /// When it was (re)started.
    pub started_at: DateTime<Utc>,
    /// Failures since it was last stable.
    pub failures: u32,
    /// Text of the last failure.
    pub last_error: Option<String>,
}

/// Starts and stops all background tasks.
pub struct Supervisor {
    lifecycle: Arc<Lifecycle>,
    clock: Arc<dyn Clock>,
    stages: HashMap<Stage, StageTasks>,
    status: Arc<Mutex<StatusList>>,
}

#[derive(Default)]
struct StageTasks {
    stop: CancellationToken,
    tracker: TaskTracker,
}

#[derive(Default)]
struct StatusList {
    next: u64,
    tasks: BTreeMap<u64, TaskStatus>,
}

impl Supervisor {
    /// A supervisor without tasks.
    pub fn new(lifecycle: Arc<Lifecycle>, clock: Arc<dyn Clock>) -> Self {
        let stages = Stage::ALL
            .into_iter()
            .map(|stage| (stage, StageTasks::default()))
            .collect();
        Self {
            lifecycle,
            clock,
            stages,
            status: Arc::default(),
        }
    }

    /// Status of every task that has not ended.
    pub fn status(&self) -> Vec<TaskStatus> {
        lock(&self.status).tasks.values().cloned().collect()
    }

    /// Names of the tasks that have not ended.
    pub fn running(&self) -> Vec<String> {
        self.status().into_iter().map(|task| task.name).collect()
    }

    /// Tells one stage to stop and waits until its last task has ended.
    pub async fn stop(&self, stage: Stage) {
        let tasks = &self.stages[&stage];
        tasks.stop.cancel();
        tasks.tracker.close();
        tasks.tracker.wait().await;
    }

    /// Waits for the tasks that were dropped by a hard stop to be gone.
    pub async fn drop_rest(&self) {
        for tasks in self.stages.values() {
            tasks.stop.cancel();
            tasks.tracker.close();
            tasks.tracker.wait().await;
        }
    }
}

impl Tasks for Supervisor {
    #[expect(clippy::disallowed_methods, reason = "the one place that starts tasks")]
    fn start(&self, stage: Stage, name: String, make: TaskFactory) -> CancellationToken {
        let tasks = &self.stages[&stage];
        let stop = tasks.stop.child_token();
        let id = {
            let mut list = lock(&self.status);
            list.next += 1;
            let id = list.next;
            let started_at = self.clock.now();
            list.tasks.insert(
                id,
                TaskStatus {
                    name: name.clone(),
                    started_at,
                    failures: 0,
                    last_error: None,
                },
            );
            id
        };
        let runner = Runner {
            id,
            name,
            stop: stop.clone(),
            lifecycle: Arc::clone(&self.lifecycle),
            clock: Arc::clone(&self.clock),
            status: Arc::clone(&self.status),
        };
        let hard = self.lifecycle.hard().clone();
        let task = async move {
            tokio::select! {
                () = runner.run(make) => {}
                () = hard.cancelled() => tracing::warn!(task = runner.name, "dropped while it ran"),
            }
            lock(&runner.status).tasks.remove(&runner.id);
        };
        tokio::spawn(tasks.tracker.track_future(task));
        stop
    }
}

struct Runner {
    id: u64,
    name: String,
    stop: CancellationToken,
    lifecycle: Arc<Lifecycle>,
    clock: Arc<dyn Clock>,
    status: Arc<Mutex<StatusList>>,
}

impl Runner {
    async fn run(&self, mut make: TaskFactory) {
        let mut failures = 0;
        while !self.stop.is_cancelled() {
            let begun = Instant::now();
            let stop = self.stop.clone();
            // The factory runs inside, so that its panic is caught too.
            let attempt = AssertUnwindSafe(async { make(stop).await }).catch_unwind().await;
            let error = match attempt {
                Ok(Ok(())) => return,
                Ok(Err(error)) => describe(&*error),
                Err(panic) => format!("panicked: {}", panic_text(&*panic)),
            };
            failures = if begun.elapsed() >= STABLE_AFTER {
                1
            } else {
                failures + 1
            };
            metrics::counter!("cordboard_task_failures_total").increment(1);
            tracing::error!(task = self.name, failures, error, "background task failed");
            if failures >= GIVE_UP_AFTER {
                self.lifecycle
                    .fail(&format!("background task {} keeps failing", self.name));
                return;
            }
            self.note(failures, Some(error));
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(pause_after(failures)) => self.note_restart(),
            }
        }
    }

    fn note(&self, failures: u32, error: Option<String>) {
        if let Some(task) = lock(&self.status).tasks.get_mut(&self.id) {
            task.failures = failures;
            task.last_error = error;
        }
    }

    fn note_restart(&self) {
        if let Some(task) = lock(&self.status).tasks.get_mut(&self.id) {
            task.started_at = self.clock.now();
        }
    }
}

fn pause_after(failures: u32) -> Duration {
    FIRST_PAUSE
        .saturating_mul(1 << failures.saturating_sub(1).min(5))
        .min(LONGEST_PAUSE)
}

fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a text")
}

/// A panic while the list was locked leaves a list that is still a list.
fn lock(list: &Mutex<StatusList>) -> MutexGuard<'_, StatusList> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::{
        boot::lifecycle::Signals,
        ports::{SystemClock, task},
    };

    fn supervisor() -> (Arc<Lifecycle>, Supervisor) {
        let lifecycle = Arc::new(Lifecycle::new());
        (
            Arc::clone(&lifecycle),
            Supervisor::new(lifecycle, Arc::new(SystemClock)),
        )
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_is_started_again() {
        let (lifecycle, supervisor) = supervisor();
        let attempts = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&attempts);
        let make = task(move |stop| {
            let attempt = counted.fetch_add(1, Ordering::SeqCst);
            async move {
                assert!(attempt >= 2, "not yet");
                stop.cancelled().await;
                Ok(())
            }
        });
        supervisor.start(Stage::Jobs, "shaky".into(), make);
        // Two failures, pauses of one and two seconds; time only moves when everybody waits.
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(attempts.load(Ordering::SeqCst), 3);
        assert_eq!(
            supervisor.status()[0].last_error.as_deref(),
            Some("panicked: not yet")
        );
        lifecycle.stop("test");
        lifecycle.run(&supervisor, Signals::catch()).await;
        assert!(!lifecycle.has_failed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_keeps_failing_stops_the_process_with_a_failure() {
        let (lifecycle, supervisor) = supervisor();
        supervisor.start(Stage::Jobs, "broken".into(), task(|_| async { Err("no".into()) }));
        lifecycle.run(&supervisor, Signals::catch()).await;
        assert!(lifecycle.has_failed());
    }

    #[tokio::test(start_paused = true)]
    async fn the_returned_token_stops_one_task_alone() {
        let (_lifecycle, supervisor) = supervisor();
        let wait = || {
            task(|stop| async move {
                stop.cancelled().await;
                Ok(())
            })
        };
        let first = supervisor.start(Stage::Switch, "switch:1".into(), wait());
        supervisor.start(Stage::Switch, "switch:2".into(), wait());
        first.cancel();
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(supervisor.running(), ["switch:2"]);
    }
}
