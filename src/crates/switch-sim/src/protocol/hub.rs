//! Fan-out of events to the connections. The switch queues at most 100,000 events a client, loses
//! what does not fit and kills the client after 500 losses in a row (surprises 72); so do we.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::event::Event;
use crate::faults::Faults;

const QUEUE: usize = 100_000;
const MAX_LOST_IN_ROW: u32 = 500;

/// A line for clients that said `log`.
#[derive(Debug)]
pub(crate) struct LogLine {
    /// 0 console … 7 debug.
    pub(crate) level: u8,
    /// The line, with its line feed.
    pub(crate) text: String,
}

/// What a connection is told.
#[derive(Debug, Clone)]
pub(super) enum Feed {
    Event(Arc<Event>),
    Log(Arc<LogLine>),
    /// The switch stops: notice and close.
    Shutdown,
}

/// Handed to a connection when it starts.
pub(super) struct Member {
    pub(super) id: u64,
    pub(super) feed: mpsc::Receiver<Feed>,
    /// Set once the client subscribed to anything; idle command sockets cost nothing.
    pub(super) wants: Arc<AtomicBool>,
    pub(super) kill: CancellationToken,
}

struct Client {
    feed: mpsc::Sender<Feed>,
    wants: Arc<AtomicBool>,
    kill: CancellationToken,
    lost_in_row: u32,
}

/// All connections of the switch.
pub(crate) struct Hub {
    clients: Mutex<BTreeMap<u64, Client>>,
    next_id: AtomicU64,
    /// Faults that act on the socket side.
    pub(crate) faults: Faults,
    lost: AtomicU64,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self {
            clients: Mutex::default(),
            next_id: AtomicU64::new(1),
            faults: Faults::default(),
            lost: AtomicU64::new(0),
        }
    }

    fn clients(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Client>> {
        // A poisoned map is still a map: losing one connection must not lose the others.
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn join(&self) -> Member {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (sender, feed) = mpsc::channel(QUEUE);
        let (wants, kill) = (Arc::new(AtomicBool::new(false)), CancellationToken::new());
        let client = Client {
            feed: sender,
            wants: wants.clone(),
            kill: kill.clone(),
            lost_in_row: 0,
        };
        self.clients().insert(id, client);
        Member {
            id,
            feed,
            wants,
            kill,
        }
    }

    pub(super) fn leave(&self, id: u64) {
        self.clients().remove(&id);
    }

    /// Gives an event to every client that subscribed to something.
    pub(crate) fn publish(&self, event: &Arc<Event>) {
        self.tell(&Feed::Event(event.clone()));
    }

    /// Gives a log line to every client; each looks at its own level.
    pub(crate) fn log(&self, line: LogLine) {
        self.tell(&Feed::Log(Arc::new(line)));
    }

    fn tell(&self, feed: &Feed) {
        for client in self.clients().values_mut() {
            if !client.wants.load(Ordering::Relaxed) {
                continue;
            }
            if client.feed.try_send(feed.clone()).is_ok() {
                client.lost_in_row = 0;
                continue;
            }
            self.lost.fetch_add(1, Ordering::Relaxed);
            client.lost_in_row += 1;
            if client.lost_in_row > MAX_LOST_IN_ROW {
                client.kill.cancel();
            }
        }
    }

    /// Ends every connection, with the shutdown notice or (a crash) without a word.
    pub(crate) fn close_all(&self, with_notice: bool) {
        for client in self.clients().values() {
            if !with_notice || client.feed.try_send(Feed::Shutdown).is_err() {
                client.kill.cancel();
            }
        }
    }

    /// How many clients are connected.
    pub(crate) fn connections(&self) -> usize {
        self.clients().len()
    }

    /// Events that did not fit into a client's queue since the start.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}
