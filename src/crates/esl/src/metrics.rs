//! Counters and gauges of one switch node, as plain numbers; the application names and exports them.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use crate::codec::{Frame, FrameKind};

/// Upper bounds of the latency buckets in milliseconds; a last bucket takes the rest.
pub const LATENCY_BUCKETS_MS: [u64; 8] = [1, 5, 20, 50, 100, 250, 1_000, 5_000];

/// Verbs counted separately; further ones share the entry `other`.
const MOST_VERBS: usize = 100;

/// Latency of the replies to one verb.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Latency {
    /// Replies.
    pub count: u64,
    /// Sum of all latencies.
    pub sum: Duration,
    /// The longest.
    pub longest: Duration,
    /// Replies by [`LATENCY_BUCKETS_MS`], each counted once.
    pub buckets: [u64; LATENCY_BUCKETS_MS.len() + 1],
}

impl Latency {
    fn record(&mut self, took: Duration) {
        self.count += 1;
        self.sum += took;
        self.longest = self.longest.max(took);
        let millis = took.as_millis() as u64;
        let bucket = LATENCY_BUCKETS_MS.iter().position(|bound| millis <= *bound);
        self.buckets[bucket.unwrap_or(LATENCY_BUCKETS_MS.len())] += 1;
    }
}

/// Frames and bytes of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindCount {
    /// The kind.
    pub kind: FrameKind,
    /// Frames received.
    pub frames: u64,
    /// Bytes received, heads included.
    pub bytes: u64,
}

/// One subscriber's queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriberMetrics {
    /// Name given at the subscription.
    pub name: String,
    /// Items waiting.
    pub depth: usize,
    /// Bytes of the events waiting.
    pub bytes: usize,
    /// Events dropped so far.
    pub dropped: u64,
    /// Times that it overflowed.
    pub gaps: u64,
}

/// Everything that is counted, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsSnapshot {
    /// Name of the state, such as `live`.
    pub state: &'static str,
    /// Current generation; 0 before the first connection.
    pub generation: u64,
    /// Ended connections by reason.
    pub reconnects: BTreeMap<&'static str, u64>,
    /// By kind of frame, over all sockets.
    pub received: Vec<KindCount>,
    /// Frames of unknown `Content-Type`, skipped.
    pub skipped_frames: u64,
    /// Event payloads that could not be read, skipped.
    pub parse_errors: u64,
    /// Events of an ended generation that came late, dropped.
    pub stale_events: u64,
    /// Age of the newest event: delay since it was made, above the smallest delay of this generation.
    pub event_age: Duration,
    /// Time since the last frame on the event socket.
    pub last_frame_age: Option<Duration>,
    /// The subscribers.
    pub subscribers: Vec<SubscriberMetrics>,
    /// Latency of replies by verb.
    pub latency: BTreeMap<String, Latency>,
    /// Commands sent whose reply is awaited.
    pub in_flight: u64,
    /// Replies whose caller was gone.
    pub tombstones: u64,
    /// Commands that ended as unknown outcome.
    pub timeouts: u64,
    /// Commands given up before they were sent.
    pub not_sent: u64,
    /// Background jobs that wait for their event.
    pub jobs_pending: usize,
    /// Jobs by outcome: done, failed, expired, unknown.
    pub jobs: JobCounts,
}

/// Ended background jobs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobCounts {
    /// Ended well.
    pub done: u64,
    /// Ended with `-ERR` or `-USAGE`.
    pub failed: u64,
    /// Accepted, but no event before the deadline.
    pub expired: u64,
    /// Perhaps accepted, and no event.
    pub unknown: u64,
    /// Events of jobs that nobody waits for.
    pub unclaimed: u64,
}

/// The live counters, shared by all sockets of a node.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    frames: [AtomicU64; FrameKind::ALL.len()],
    bytes: [AtomicU64; FrameKind::ALL.len()],
    pub(crate) skipped_frames: AtomicU64,
    pub(crate) parse_errors: AtomicU64,
    pub(crate) in_flight: AtomicU64,
    pub(crate) tombstones: AtomicU64,
    pub(crate) timeouts: AtomicU64,
    pub(crate) not_sent: AtomicU64,
    reconnects: Mutex<BTreeMap<&'static str, u64>>,
    latency: Mutex<BTreeMap<String, Latency>>,
}

impl Meters {
    pub(crate) fn frame(&self, frame: &Frame) {
        let index = frame.kind.index();
        self.frames[index].fetch_add(1, Relaxed);
        self.bytes[index].fetch_add((frame.head.len() + 1 + frame.body.len()) as u64, Relaxed);
    }

    pub(crate) fn reply(&self, verb: &str, took: Duration) {
        let mut latency = self.latency.lock().unwrap_or_else(PoisonError::into_inner);
        let known = latency.len() < MOST_VERBS || latency.contains_key(verb);
        latency
            .entry(if known {
                verb.to_owned()
            } else {
                "other".to_owned()
            })
            .or_default()
            .record(took);
    }

    pub(crate) fn reconnect(&self, reason: &'static str) {
        *self
            .reconnects
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(reason)
            .or_default() += 1;
    }

    pub(crate) fn reconnects(&self) -> BTreeMap<&'static str, u64> {
        self.reconnects
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn latency(&self) -> BTreeMap<String, Latency> {
        self.latency
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn received(&self) -> Vec<KindCount> {
        let count = |kind: FrameKind| KindCount {
            kind,
            frames: self.frames[kind.index()].load(Relaxed),
            bytes: self.bytes[kind.index()].load(Relaxed),
        };
        FrameKind::ALL.into_iter().map(count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_falls_into_the_first_bucket_that_holds_it() {
        let mut latency = Latency::default();
        for millis in [0, 1, 2, 6_000] {
            latency.record(Duration::from_millis(millis));
        }
        assert_eq!(
            (latency.buckets[0], latency.buckets[1], latency.buckets[8]),
            (2, 1, 1)
        );
        assert_eq!((latency.count, latency.longest), (4, Duration::from_secs(6)));
    }

    #[test]
    fn endless_new_verbs_share_one_entry() {
        let meters = Meters::default();
        for number in 0..1_000 {
            meters.reply(&format!("api x{number}"), Duration::ZERO);
        }
        let latency = meters.latency();
        assert_eq!(latency.len(), MOST_VERBS + 1);
        assert_eq!(latency["other"].count, 900);
    }
}
