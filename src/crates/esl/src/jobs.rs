//! Background jobs. The table stands above the connections: BACKGROUND_JOB is a global event
//! (`mod_event_socket.c` 1577-1588), so a result may come on another socket, before the reply to `bgapi`, or
//! after a reconnect. Results are matched by our own job id and by nothing else.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tokio::sync::oneshot;

use crate::{command::JobId, event::Event, metrics::JobCounts, reply::ApiReply};

/// How a background job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobOutcome {
    /// It ended with `+OK` or with a text that is no refusal; without `+OK`, trimmed.
    Done(String),
    /// It ended with `-ERR` or `-USAGE`; the text after it, such as `USER_BUSY`.
    Failed(String),
    /// It was accepted, and no result came before the deadline. A job can vanish (`mod_event_socket.c`
    /// 1547-1552): look at the world before trying again.
    Expired,
    /// Nobody knows whether it was accepted, or the switch restarted meanwhile.
    Unknown,
}

/// Jobs that wait for their event.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    pending: Mutex<HashMap<String, oneshot::Sender<JobOutcome>>>,
    done: AtomicU64,
    failed: AtomicU64,
    expired: AtomicU64,
    unknown: AtomicU64,
    unclaimed: AtomicU64,
}

impl Jobs {
    /// Enters a job before it is sent. `None` if the id is in use.
    pub(crate) fn enter(self: &Arc<Self>, job: &JobId) -> Option<PendingJob> {
        let (sender, outcome) = oneshot::channel();
        let mut pending = self.lock();
        if pending.contains_key(job.as_str()) {
            return None;
        }
        pending.insert(job.as_str().to_owned(), sender);
        Some(PendingJob {
            jobs: Arc::clone(self),
            id: job.as_str().to_owned(),
            outcome,
        })
    }

    /// Takes the result out of a BACKGROUND_JOB event.
    pub(crate) fn complete(&self, event: &Event) {
        let Some(id) = event.get("Job-UUID") else { return };
        let sender = self.lock().remove(&*id.to_ascii_lowercase());
        let Some(sender) = sender else {
            self.unclaimed.fetch_add(1, Relaxed);
            return;
        };
        let outcome = match ApiReply::parse(event.body().unwrap_or_default()) {
            ApiReply::Ok(text) => JobOutcome::Done(text),
            ApiReply::Text(text) => JobOutcome::Done(text.trim().to_owned()),
            ApiReply::Error(text) | ApiReply::Usage(text) => JobOutcome::Failed(text),
        };
        // A caller that went away has no interest in the outcome.
        let _ = sender.send(outcome);
    }

    /// The switch is another process now: the results of before will never come (surprises 76).
    pub(crate) fn forget_all(&self) {
        for (_, sender) in self.lock().drain() {
            let _ = sender.send(JobOutcome::Unknown);
        }
    }

    /// Counts an outcome that is handed to a caller.
    pub(crate) fn count(&self, outcome: &JobOutcome) {
        let counter = match outcome {
            JobOutcome::Done(_) => &self.done,
            JobOutcome::Failed(_) => &self.failed,
            JobOutcome::Expired => &self.expired,
            JobOutcome::Unknown => &self.unknown,
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn pending(&self) -> usize {
        self.lock().len()
    }

    pub(crate) fn counts(&self) -> JobCounts {
        JobCounts {
            done: self.done.load(Relaxed),
            failed: self.failed.load(Relaxed),
            expired: self.expired.load(Relaxed),
            unknown: self.unknown.load(Relaxed),
            unclaimed: self.unclaimed.load(Relaxed),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<JobOutcome>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One entry of the table; leaves it when dropped.
pub(crate) struct PendingJob {
    jobs: Arc<Jobs>,
    id: String,
    outcome: oneshot::Receiver<JobOutcome>,
}

impl PendingJob {
    /// Waits for the result. `None` only if the table is gone.
    pub(crate) async fn outcome(&mut self) -> Option<JobOutcome> {
        (&mut self.outcome).await.ok()
    }
}

impl Drop for PendingJob {
    fn drop(&mut self) {
        self.jobs.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "3ca35715-4765-4ec5-b6a4-89c7f8f6e56a";

    fn result(body: &str) -> Event {
        let length = body.len();
        Event::plain(
            format!("Event-Name: BACKGROUND_JOB\nJob-UUID: {ID}\nContent-Length: {length}\n\n{body}").into(),
        )
    }

    #[tokio::test]
    async fn a_result_reaches_the_job_of_that_id_and_no_other() {
        let jobs = Arc::new(Jobs::default());
        let mut mine = jobs.enter(&JobId::new(ID).unwrap()).unwrap();
        let _other = jobs.enter(&JobId::from_bytes([7; 16])).unwrap();
        jobs.complete(&result("-ERR USER_BUSY\n"));
        assert_eq!(mine.outcome().await, Some(JobOutcome::Failed("USER_BUSY".into())));
        assert_eq!(jobs.pending(), 1);
    }

    #[tokio::test]
    async fn a_dropped_job_leaves_the_table_and_its_late_result_is_counted() {
        let jobs = Arc::new(Jobs::default());
        drop(jobs.enter(&JobId::new(ID).unwrap()).unwrap());
        assert_eq!(jobs.pending(), 0);
        jobs.complete(&result("+OK"));
        assert_eq!(jobs.counts().unclaimed, 1);
    }

    #[tokio::test]
    async fn an_id_in_use_is_refused_and_a_restart_makes_all_unknown() {
        let jobs = Arc::new(Jobs::default());
        let mut job = jobs.enter(&JobId::new(ID).unwrap()).unwrap();
        assert!(jobs.enter(&JobId::new(ID).unwrap()).is_none());
        jobs.forget_all();
        assert_eq!(job.outcome().await, Some(JobOutcome::Unknown));
    }
}
