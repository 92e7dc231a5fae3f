//! The hub keeps the present rows of every live topic and passes changes on.
//!
//! A topic is a set of rows with string ids. A subscriber gets the whole set
//! once (a snapshot), then deltas, each with the next sequence number. Rows and
//! deltas are serialised once, however many consoles watch.
//!
//! A subscriber's queue is bounded. One that falls behind is taken off its
//! topics and told to subscribe again: it catches up with one snapshot instead
//! of a backlog, and nobody else waits for it.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::extract::ws::Utf8Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::topic::Topic;

/// Messages that may wait for one console. A delta is some kilobytes, so a
/// console that never reads costs a few megabytes at most.
pub const QUEUE_LIMIT: usize = 256;

/// One changed row, already serialised. The JSON is an object with a string `id`.
#[derive(Debug, Clone)]
pub struct Row {
    id: String,
    json: Arc<str>,
}

impl Row {
    /// A row under `id`; `view` must serialise to an object that holds the same id.
    ///
    /// # Errors
    /// When `view` cannot be serialised.
    pub fn new(id: impl Into<String>, view: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self {
            id: id.into(),
            json: serde_json::to_string(view)?.into(),
        })
    }
}

/// What a subscriber's queue carries.
#[derive(Debug, Clone)]
pub enum Message {
    /// A finished text frame.
    Frame(Utf8Bytes),
    /// This topic was dropped for the subscriber; it has to subscribe again.
    Lagged(Topic),
}

/// Counters of the hub, for `/metrics`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HubStats {
    /// Consoles connected now.
    pub subscribers: usize,
    /// Deltas published since the start.
    pub deltas: u64,
    /// Times that a slow console was sent back to a snapshot.
    pub lagged: u64,
}

/// The receiving end of one console.
#[derive(Debug)]
pub struct Subscriber {
    id: u64,
    hub: Hub,
    receiver: mpsc::Receiver<Message>,
}

/// See the module's text. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    epoch: Uuid,
    next_subscriber: AtomicU64,
    deltas: AtomicU64,
    lagged: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    topics: HashMap<Topic, TopicState>,
    queues: HashMap<u64, Queue>,
}

#[derive(Debug, Default)]
struct TopicState {
    seq: u64,
    rows: BTreeMap<String, Arc<str>>,
    watchers: Vec<u64>,
}

#[derive(Debug)]
struct Queue {
    sender: mpsc::Sender<Message>,
    /// Topics that it lost and was not told about yet, because its queue was full.
    lost: Vec<Topic>,
}

impl Hub {
    /// A hub whose sequence numbers belong to `epoch`, the id of this process run.
    pub fn new(epoch: Uuid) -> Self {
        let inner = Inner {
            epoch,
            next_subscriber: AtomicU64::new(1),
            deltas: AtomicU64::new(0),
            lagged: AtomicU64::new(0),
            state: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The present row `id` of a topic.
    pub fn row(&self, topic: &Topic, id: &str) -> Option<serde_json::Value> {
        let json = Arc::clone(self.lock().topics.get(topic)?.rows.get(id)?);
        serde_json::from_str(&json).ok()
    }

    /// The id of this process run; sequence numbers of another epoch do not compare.
    pub fn epoch(&self) -> Uuid {
        self.inner.epoch
    }

    /// Puts and removes rows of a topic, and tells its watchers. Rows that did
    /// not change and ids that are not there are left out; when nothing is left
    /// no delta is made.
    pub fn publish(&self, topic: &Topic, at: DateTime<Utc>, put: Vec<Row>, del: &[String]) {
        let mut state = self.lock();
        let entry = state.topics.entry(topic.clone()).or_default();
        let put: Vec<Row> = put
            .into_iter()
            .filter(|row| entry.rows.get(&row.id).is_none_or(|old| **old != *row.json))
            .collect();
        let del: Vec<&String> = del.iter().filter(|id| entry.rows.remove(*id).is_some()).collect();
        if put.is_empty() && del.is_empty() {
            return;
        }
        entry.seq += 1;
        let mut frame = self.head("delta", topic, entry.seq, at);
        frame.push_str(r#","put":"#);
        push_rows(&mut frame, put.iter().map(|row| &row.json));
        frame.push_str(r#","del":"#);
        frame.push_str(&serde_json::json!(del).to_string());
        frame.push('}');
        for row in put {
            entry.rows.insert(row.id, row.json);
        }
        let watchers = entry.watchers.clone();
        self.inner.deltas.fetch_add(1, Ordering::Relaxed);
        let frame = Utf8Bytes::from(frame);
        for watcher in watchers {
            self.send(&mut state, watcher, topic, Message::Frame(frame.clone()));
        }
    }

    /// Makes `rows` the whole content of a topic (used after a resync).
    pub fn replace(&self, topic: &Topic, at: DateTime<Utc>, rows: Vec<Row>) {
        let gone: Vec<String> = {
            let state = self.lock();
            state.topics.get(topic).map_or_else(Vec::new, |entry| {
                entry
                    .rows
                    .keys()
                    .filter(|id| !rows.iter().any(|row| row.id == **id))
                    .cloned()
                    .collect()
            })
        };
        self.publish(topic, at, rows, &gone);
    }

    /// A new console.
    pub fn connect(&self) -> Subscriber {
        let id = self.inner.next_subscriber.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = mpsc::channel(QUEUE_LIMIT);
        self.lock().queues.insert(
            id,
            Queue {
                sender,
                lost: Vec::new(),
            },
        );
        Subscriber {
            id,
            hub: self.clone(),
            receiver,
        }
    }

    /// Counters for `/metrics`.
    pub fn stats(&self) -> HubStats {
        HubStats {
            subscribers: self.lock().queues.len(),
            deltas: self.inner.deltas.load(Ordering::Relaxed),
            lagged: self.inner.lagged.load(Ordering::Relaxed),
        }
    }

    fn send(&self, state: &mut State, watcher: u64, topic: &Topic, message: Message) {
        let Some(queue) = state.queues.get_mut(&watcher) else {
            return;
        };
        if queue.sender.try_send(message).is_err() {
            self.inner.lagged.fetch_add(1, Ordering::Relaxed);
            queue.lost.push(topic.clone());
            if let Some(entry) = state.topics.get_mut(topic) {
                entry.watchers.retain(|id| *id != watcher);
            }
        }
    }

    fn snapshot(&self, topic: &Topic, entry: &TopicState, at: DateTime<Utc>) -> Utf8Bytes {
        let mut frame = self.head("snapshot", topic, entry.seq, at);
        frame.push_str(r#","rows":"#);
        push_rows(&mut frame, entry.rows.values());
        frame.push('}');
        frame.into()
    }

    fn head(&self, kind: &str, topic: &Topic, seq: u64, at: DateTime<Utc>) -> String {
        let mut frame = String::with_capacity(512);
        let at = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        // Topic names and epochs hold nothing that JSON would have to escape.
        let _ = write!(
            frame,
            r#"{{"type":"{kind}","topic":"{}","epoch":"{}","seq":{seq},"at":"{at}""#,
            topic.name(),
            self.inner.epoch
        );
        frame
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change below leaves the maps whole, so a panic elsewhere does not spoil them.
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscriber {
    /// Queues a snapshot of the topic, then its deltas.
    pub fn subscribe(&self, topic: &Topic, at: DateTime<Utc>) {
        let mut state = self.hub.lock();
        let entry = state.topics.entry(topic.clone()).or_default();
        let snapshot = self.hub.snapshot(topic, entry, at);
        if !entry.watchers.contains(&self.id) {
            entry.watchers.push(self.id);
        }
        self.hub
            .send(&mut state, self.id, topic, Message::Frame(snapshot));
    }

    /// No more deltas of the topic.
    pub fn unsubscribe(&self, topic: &Topic) {
        let mut state = self.hub.lock();
        if let Some(entry) = state.topics.get_mut(topic) {
            entry.watchers.retain(|id| *id != self.id);
        }
    }

    /// The next message; topics lost to a full queue are told once it is empty.
    /// Safe to drop at any time (nothing is taken before it is ready).
    pub async fn next(&mut self) -> Option<Message> {
        match self.receiver.try_recv() {
            Ok(message) => Some(message),
            Err(_) => match self.take_lost() {
                Some(topic) => Some(Message::Lagged(topic)),
                None => self.receiver.recv().await,
            },
        }
    }

    fn take_lost(&self) -> Option<Topic> {
        self.hub
            .lock()
            .queues
            .get_mut(&self.id)
            .and_then(|queue| queue.lost.pop())
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        let mut state = self.hub.lock();
        state.queues.remove(&self.id);
        for entry in state.topics.values_mut() {
            entry.watchers.retain(|id| *id != self.id);
        }
        // A seat nobody watches and that has no row costs nothing to make again.
        state
            .topics
            .retain(|_, entry| !entry.watchers.is_empty() || !entry.rows.is_empty() || entry.seq > 0);
    }
}

fn push_rows<'a>(frame: &mut String, rows: impl Iterator<Item = &'a Arc<str>>) {
    frame.push('[');
    for (index, row) in rows.enumerate() {
        if index > 0 {
            frame.push(',');
        }
        frame.push_str(row);
    }
    frame.push(']');
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn at() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_366_168, 0).expect("a valid instant")
    }

    fn row(id: &str, value: i64) -> Row {
        Row::new(id, &json!({"id": id, "value": value})).expect("serialisable")
    }

    async fn frame(subscriber: &mut Subscriber) -> Value {
        match subscriber.next().await.expect("open") {
            Message::Frame(text) => serde_json::from_str(&text).expect("JSON"),
            Message::Lagged(topic) => panic!("lagged on {}", topic.name()),
        }
    }

    #[tokio::test]
    async fn a_subscriber_gets_a_snapshot_and_then_deltas_in_sequence() {
        let hub = Hub::new(Uuid::nil());
        hub.publish(&Topic::Calls, at(), vec![row("a", 1)], &[]);
        let mut console = hub.connect();
        console.subscribe(&Topic::Calls, at());
        hub.publish(&Topic::Calls, at(), vec![row("b", 2)], &["a".into()]);

        let snapshot = frame(&mut console).await;
        assert_eq!(snapshot["type"], "snapshot");
        assert_eq!(snapshot["seq"], 1);
        assert_eq!(snapshot["rows"], json!([{"id": "a", "value": 1}]));
        let delta = frame(&mut console).await;
        assert_eq!(delta["seq"], 2);
        assert_eq!(delta["put"], json!([{"id": "b", "value": 2}]));
        assert_eq!(delta["del"], json!(["a"]));
    }

    #[tokio::test]
    async fn an_unchanged_row_and_an_absent_id_make_no_delta() {
        let hub = Hub::new(Uuid::nil());
        hub.publish(&Topic::Agents, at(), vec![row("a", 1)], &[]);
        hub.publish(&Topic::Agents, at(), vec![row("a", 1)], &["gone".into()]);
        assert_eq!(hub.stats().deltas, 1);
    }

    #[tokio::test]
    async fn replacing_a_topic_removes_what_is_not_there_any_more() {
        let hub = Hub::new(Uuid::nil());
        hub.publish(&Topic::Calls, at(), vec![row("a", 1), row("b", 1)], &[]);
        let mut console = hub.connect();
        console.subscribe(&Topic::Calls, at());
        frame(&mut console).await;
        hub.replace(&Topic::Calls, at(), vec![row("b", 2)]);
        let delta = frame(&mut console).await;
        assert_eq!(delta["del"], json!(["a"]));
        assert_eq!(delta["put"], json!([{"id": "b", "value": 2}]));
    }

    #[tokio::test]
    async fn a_slow_console_is_sent_back_to_a_snapshot_and_nobody_else_suffers() {
        let hub = Hub::new(Uuid::nil());
        let mut slow = hub.connect();
        slow.subscribe(&Topic::Calls, at());
        for value in 0..=QUEUE_LIMIT as i64 {
            hub.publish(&Topic::Calls, at(), vec![row("a", value)], &[]);
        }
        let mut quick = hub.connect();
        quick.subscribe(&Topic::Calls, at());
        assert_eq!(frame(&mut quick).await["rows"][0]["value"], QUEUE_LIMIT as i64);

        let mut frames = 0;
        let lost = loop {
            match slow.next().await.expect("open") {
                Message::Frame(_) => frames += 1,
                Message::Lagged(topic) => break topic,
            }
        };
        assert_eq!((frames, lost), (QUEUE_LIMIT, Topic::Calls));
        slow.subscribe(&Topic::Calls, at());
        assert_eq!(frame(&mut slow).await["rows"][0]["value"], QUEUE_LIMIT as i64);
        assert_eq!(hub.stats().lagged, 1);
    }

    #[tokio::test]
    async fn a_console_that_left_is_forgotten() {
        let hub = Hub::new(Uuid::nil());
        let console = hub.connect();
        console.subscribe(&Topic::Seat(7), at());
        drop(console);
        assert_eq!(hub.stats().subscribers, 0);
    }
}
