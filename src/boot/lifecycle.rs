//! One owner of the end of the process.
//!
//! *Soft* stop: stage after stage is told to stop and waited for (see [`Stage`]). *Hard* stop: what is still
//! there is dropped; it comes 25 seconds after the soft one, or with a second signal. Calls live in the
//! switch and survive both.

use std::{
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use crate::{boot::supervisor::Supervisor, ports::Stage};

/// How long a soft stop may take; below the 30 seconds that service managers usually grant.
const DEADLINE: Duration = Duration::from_secs(25);

/// Start of the end, and how it ended.
#[derive(Debug, Default)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    failed: AtomicBool,
}

impl Lifecycle {
    /// A process that runs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when the process begins to stop.
    pub fn soft(&self) -> &CancellationToken {
        &self.soft
    }

    /// Cancelled when nothing is waited for any more.
    pub fn hard(&self) -> &CancellationToken {
        &self.hard
    }

    /// Begins to stop.
    pub fn stop(&self, reason: &str) {
        if !self.soft.is_cancelled() {
            tracing::info!(reason, "stopping");
            self.soft.cancel();
        }
    }

    /// Begins to stop because something is broken beyond repair; the exit code says so.
    pub fn fail(&self, reason: &str) {
        tracing::error!(reason, "giving up");
        self.failed.store(true, Ordering::Relaxed);
        self.soft.cancel();
    }

    /// What the process returns.
    pub fn exit_code(&self) -> ExitCode {
        if self.failed.load(Ordering::Relaxed) {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }

    /// Whether the process stops because of a failure.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Waits for a signal or for [`Self::stop`], then stops every stage in order.
    pub async fn run(&self, supervisor: &Supervisor, mut signals: Signals) {
        tokio::select! {
            () = self.soft.cancelled() => {}
            name = signals.next() => self.stop(name),
        }
        tokio::select! {
            () = self.stop_stages(supervisor) => {}
            name = signals.next() => {
                tracing::warn!(signal = name, "second signal: stopping at once");
                self.hard.cancel();
            }
        }
        self.hard.cancel();
        supervisor.drop_rest().await;
    }

    /// Tells the stages to stop, one after the other, each after the former has ended.
    async fn stop_stages(&self, supervisor: &Supervisor) {
        let in_order = async {
            for stage in Stage::ALL {
                supervisor.stop(stage).await;
            }
        };
        if tokio::time::timeout(DEADLINE, in_order).await.is_err() {
            let names = supervisor.running();
            tracing::warn!(?names, "tasks did not stop in time");
        }
    }
}

/// SIGINT and SIGTERM, caught from the moment this is made.
pub struct Signals {
    #[cfg(unix)]
    streams: Option<(tokio::signal::unix::Signal, tokio::signal::unix::Signal)>,
}

impl Signals {
    /// Begins to catch; made before anybody is told that the process is ready, or a signal might still kill it.
    pub fn catch() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let streams = signal(SignalKind::interrupt())
                .ok()
                .zip(signal(SignalKind::terminate()).ok());
            Self { streams }
        }
        #[cfg(not(unix))]
        Self {}
    }

    #[cfg(unix)]
    async fn next(&mut self) -> &'static str {
        let Some((interrupt, terminate)) = &mut self.streams else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) -> &'static str {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::ports::{SystemClock, Tasks as _, task};

    #[tokio::test(start_paused = true)]
    async fn stages_stop_in_order_and_the_next_waits_for_the_former() {
        let lifecycle = Arc::new(Lifecycle::new());
        let supervisor = Supervisor::new(Arc::clone(&lifecycle), Arc::new(SystemClock));
        let seen = Arc::new(Mutex::new(Vec::new()));
        for stage in [Stage::Switch, Stage::Http, Stage::Pump] {
            let seen = Arc::clone(&seen);
            supervisor.start(
                stage,
                format!("{stage:?}"),
                task(move |stop| {
                    let seen = Arc::clone(&seen);
                    async move {
                        stop.cancelled().await;
                        // Takes its time: a later stage must not overtake it.
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        seen.lock().expect("lock").push(stage);
                        Ok(())
                    }
                }),
            );
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        lifecycle.stop("test");
        lifecycle.run(&supervisor, Signals::catch()).await;
        assert_eq!(
            *seen.lock().expect("lock"),
            [Stage::Http, Stage::Pump, Stage::Switch]
        );
        assert!(!lifecycle.has_failed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_stop_is_dropped_after_the_deadline() {
        let lifecycle = Arc::new(Lifecycle::new());
        let supervisor = Supervisor::new(Arc::clone(&lifecycle), Arc::new(SystemClock));
        let make = task(|_| async {
            std::future::pending::<()>().await;
            Ok(())
        });
        supervisor.start(Stage::Http, "deaf".into(), make);
        tokio::time::sleep(Duration::from_millis(1)).await;
        let begun = tokio::time::Instant::now();
        lifecycle.stop("test");
        lifecycle.run(&supervisor, Signals::catch()).await;
        assert!(begun.elapsed() >= DEADLINE);
        assert!(supervisor.running().is_empty());
    }
}
