//! Events to their consumers. The reader never waits: each subscriber has a queue of its own with a limit in
//! items and bytes, and a policy for what happens beyond it. A stalled reader would in the end stall every
//! Event Socket client of the switch (facts §0.8).

mod queue;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use queue::Queue;

use crate::{event::Event, metrics::SubscriberMetrics};

/// What decides whether an event is wanted and which earlier one it replaces; `None`: not wanted.
pub type KeyFn = Arc<dyn Fn(&Event) -> Option<String> + Send + Sync>;

/// How much may wait for one subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Events.
    pub count: usize,
    /// Bytes of the events as they came.
    pub bytes: usize,
}

impl Default for Limits {
    /// Eight seconds of the worst burst measured (8 000 events and 45 MB in a second).
    fn default() -> Self {
        Limits {
            count: 64_000,
            bytes: 360 * 1024 * 1024,
        }
    }
}

/// What happens when a subscriber is slower than the events.
#[derive(Clone)]
pub enum Policy {
    /// Everything or a [`Item::Gap`]: on overflow all that waits is discarded, because a state built on half
    /// of it would be wrong, and the subscriber has to look at the world again.
    Lossless(Limits),
    /// Only the newest event of each key waits, in the place of the first; on overflow the oldest goes.
    Conflate(Limits, KeyFn),
    /// The oldest goes.
    DropOldest(Limits),
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, limits) = match self {
            Policy::Lossless(limits) => ("Lossless", limits),
            Policy::Conflate(limits, _) => ("Conflate", limits),
            Policy::DropOldest(limits) => ("DropOldest", limits),
        };
        formatter.debug_tuple(name).field(limits).finish()
    }
}

/// Why events are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapReason {
    /// This subscriber was too slow.
    Overflow,
    /// Events came that could not be read.
    Unreadable,
}

/// What a subscriber gets.
#[derive(Debug, Clone)]
pub enum Item {
    /// The node is connected and subscribed; events of this generation follow. Ask for snapshots now.
    Up {
        /// Number of the connection; grows with each.
        generation: u64,
        /// Identity of the switch process; another one than before means that all known calls are gone.
        core_uuid: Arc<str>,
    },
    /// An event.
    Event {
        /// The connection it came on.
        generation: u64,
        /// The event.
        event: Arc<Event>,
    },
    /// Events are missing before this point.
    Gap {
        /// Why.
        reason: GapReason,
        /// How many.
        lost: u64,
    },
    /// The application has said that its snapshots of this generation are in.
    Resynced {
        /// The generation.
        generation: u64,
    },
    /// The connection of this generation has ended.
    Down {
        /// The generation.
        generation: u64,
        /// A short stable word, such as `eof`, `idle`, `restarted`, `shutdown`.
        reason: &'static str,
    },
}

/// All subscribers of a node.
#[derive(Default)]
pub(crate) struct Fanout {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// The generation whose events pass, with the identity of its switch process.
    up: Option<(u64, Arc<str>)>,
    subscribers: Vec<Arc<Queue>>,
    stale: u64,
    ended: bool,
}

impl Fanout {
    /// A new subscriber. If the node is up, it is told so first.
    pub(crate) fn subscribe(&self, name: &str, policy: Policy) -> Subscription {
        let queue = Arc::new(Queue::new(name, policy));
        let mut inner = self.lock();
        if let Some((generation, core_uuid)) = &inner.up {
            queue.push_control(Item::Up {
                generation: *generation,
                core_uuid: Arc::clone(core_uuid),
            });
        }
        if inner.ended {
            queue.end();
        }
        inner.subscribers.push(Arc::clone(&queue));
        Subscription { queue }
    }

    /// From now on events of `generation` pass, and no others.
    pub(crate) fn up(&self, generation: u64, core_uuid: Arc<str>) {
        let mut inner = self.lock();
        inner.up = Some((generation, Arc::clone(&core_uuid)));
        inner.control(&Item::Up {
            generation,
            core_uuid,
        });
    }

    /// The application has its snapshots; said only for the generation that is up.
    pub(crate) fn resynced(&self, generation: u64) {
        let mut inner = self.lock();
        if inner.is_up(generation) {
            inner.control(&Item::Resynced { generation });
        }
    }

    /// No more events of `generation`.
    pub(crate) fn down(&self, generation: u64, reason: &'static str) {
        let mut inner = self.lock();
        if inner.is_up(generation) {
            inner.up = None;
            inner.control(&Item::Down { generation, reason });
        }
    }

    /// Hands an event to everybody. An event of another generation than the current one is late and dropped.
    pub(crate) fn publish(&self, generation: u64, event: &Arc<Event>) {
        let mut inner = self.lock();
        if !inner.is_up(generation) {
            inner.stale += 1;
            return;
        }
        inner
            .subscribers
            .retain(|queue| queue.push_event(generation, event));
    }

    /// Tells everybody that one event could not be read.
    pub(crate) fn unreadable(&self, generation: u64) {
        let inner = self.lock();
        if inner.is_up(generation) {
            inner
                .subscribers
                .iter()
                .for_each(|queue| queue.push_gap(GapReason::Unreadable, 1));
        }
    }

    /// The link is over: subscribers get what waits for them, then the end.
    pub(crate) fn end(&self) {
        let mut inner = self.lock();
        inner.ended = true;
        inner.subscribers.iter().for_each(|queue| queue.end());
    }

    pub(crate) fn stale(&self) -> u64 {
        self.lock().stale
    }

    pub(crate) fn metrics(&self) -> Vec<SubscriberMetrics> {
        let mut inner = self.lock();
        inner.prune();
        inner.subscribers.iter().map(|queue| queue.metrics()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn is_up(&self, generation: u64) -> bool {
        self.up
            .as_ref()
            .is_some_and(|(current, _)| *current == generation)
    }

    fn control(&mut self, item: &Item) {
        self.prune();
        self.subscribers
            .iter()
            .for_each(|queue| queue.push_control(item.clone()));
    }

    fn prune(&mut self) {
        self.subscribers.retain(|queue| !queue.is_abandoned());
    }
}

/// A subscriber's end. Dropping it ends the subscription.
pub struct Subscription {
    queue: Arc<Queue>,
}

impl Subscription {
    /// The next item; `None` once the link has shut down. Cancel-safe.
    pub async fn recv(&mut self) -> Option<Item> {
        self.queue.recv().await
    }

    /// The next item if one waits.
    pub fn try_recv(&mut self) -> Option<Item> {
        self.queue.pop()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.queue.abandon();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: u32) -> Arc<Event> {
        Arc::new(Event::plain(
            format!("Event-Name: X\nUnique-ID: {}\nN: {id}\n\n", id % 2).into(),
        ))
    }

    fn fanout() -> Fanout {
        let fanout = Fanout::default();
        fanout.up(1, "core".into());
        fanout
    }

    /// Everything that waits, in a short form.
    fn drained(subscription: &mut Subscription) -> Vec<String> {
        let mut items = Vec::new();
        while let Some(item) = subscription.try_recv() {
            items.push(match item {
                Item::Up { generation, .. } => format!("up {generation}"),
                Item::Event { event, .. } => event.get("N").unwrap().into_owned(),
                Item::Gap { reason, lost } => format!("gap {reason:?} {lost}"),
                Item::Resynced { generation } => format!("resynced {generation}"),
                Item::Down { generation, reason } => format!("down {generation} {reason}"),
            });
        }
        items
    }

    const THREE: Limits = Limits {
        count: 3,
        bytes: 1_000_000,
    };

    #[test]
    fn a_lossless_subscriber_that_is_too_slow_gets_a_gap_instead_of_half_the_events() {
        let fanout = fanout();
        let mut slow = fanout.subscribe("slow", Policy::Lossless(THREE));
        (0..5).for_each(|n| fanout.publish(1, &event(n)));
        assert_eq!(drained(&mut slow), ["gap Overflow 3", "up 1", "3", "4"]);
        assert_eq!(fanout.metrics()[0].dropped, 3);
    }

    #[test]
    fn a_tap_loses_the_oldest_and_is_told_how_many() {
        let fanout = fanout();
        let mut tap = fanout.subscribe("tap", Policy::DropOldest(THREE));
        (0..5).for_each(|n| fanout.publish(1, &event(n)));
        assert_eq!(drained(&mut tap), ["gap Overflow 2", "up 1", "2", "3", "4"]);
    }

    #[test]
    fn bytes_are_limited_as_well_as_events() {
        let fanout = fanout();
        let size = event(0).wire_len();
        let mut tap = fanout.subscribe(
            "tap",
            Policy::DropOldest(Limits {
                count: 100,
                bytes: 2 * size,
            }),
        );
        (0..5).for_each(|n| fanout.publish(1, &event(n)));
        assert_eq!(drained(&mut tap), ["gap Overflow 3", "up 1", "3", "4"]);
    }

    #[test]
    fn conflation_keeps_the_newest_of_each_key_and_skips_what_has_none() {
        let fanout = fanout();
        let key: KeyFn = Arc::new(|event| event.get("Unique-ID").map(std::borrow::Cow::into_owned));
        let mut board = fanout.subscribe("board", Policy::Conflate(THREE, key));
        (0..5).for_each(|n| fanout.publish(1, &event(n)));
        fanout.publish(
            1,
            &Arc::new(Event::plain("Event-Name: HEARTBEAT\nN: 9\n\n".into())),
        );
        assert_eq!(drained(&mut board), ["up 1", "4", "3"]);
        (5..7).for_each(|n| fanout.publish(1, &event(n)));
        assert_eq!(drained(&mut board), ["5", "6"]);
    }

    #[test]
    fn one_slow_subscriber_costs_the_others_nothing() {
        let fanout = fanout();
        let _slow = fanout.subscribe("slow", Policy::Lossless(THREE));
        let mut quick = fanout.subscribe("quick", Policy::Lossless(Limits::default()));
        (0..5).for_each(|n| fanout.publish(1, &event(n)));
        assert_eq!(drained(&mut quick), ["up 1", "0", "1", "2", "3", "4"]);
    }

    #[test]
    fn events_of_an_ended_generation_are_dropped() {
        let fanout = fanout();
        let mut all = fanout.subscribe("all", Policy::Lossless(Limits::default()));
        fanout.publish(1, &event(0));
        fanout.down(1, "eof");
        fanout.publish(1, &event(1));
        fanout.up(2, "core".into());
        fanout.publish(1, &event(2));
        fanout.resynced(1);
        fanout.down(1, "eof");
        fanout.resynced(2);
        fanout.publish(2, &event(3));
        assert_eq!(
            drained(&mut all),
            ["up 1", "0", "down 1 eof", "up 2", "resynced 2", "3"]
        );
        assert_eq!(fanout.stale(), 2);
    }

    #[test]
    fn an_unreadable_event_is_a_gap() {
        let fanout = fanout();
        let mut all = fanout.subscribe("all", Policy::Lossless(Limits::default()));
        fanout.unreadable(1);
        assert_eq!(drained(&mut all), ["gap Unreadable 1", "up 1"]);
    }

    #[test]
    fn a_flapping_switch_does_not_fill_the_queue_of_a_stalled_subscriber() {
        let fanout = Fanout::default();
        let mut stalled = fanout.subscribe("stalled", Policy::Lossless(THREE));
        for generation in 1..=1_000 {
            fanout.up(generation, "core".into());
            fanout.publish(generation, &event(0));
            fanout.down(generation, "eof");
        }
        let items = drained(&mut stalled);
        assert!(items.len() < 100, "{}", items.len());
        assert!(items[0].starts_with("gap Overflow"), "{items:?}");
        assert_eq!(items.last().unwrap(), "down 1000 eof");
    }

    #[tokio::test]
    async fn the_end_comes_after_what_waits() {
        let fanout = fanout();
        let mut all = fanout.subscribe("all", Policy::Lossless(Limits::default()));
        fanout.end();
        assert!(matches!(all.recv().await, Some(Item::Up { .. })));
        assert!(all.recv().await.is_none());
        assert!(
            fanout
                .subscribe("late", Policy::Lossless(THREE))
                .try_recv()
                .is_some()
        );
    }

    #[test]
    fn a_dropped_subscription_is_forgotten() {
        let fanout = fanout();
        drop(fanout.subscribe("gone", Policy::Lossless(THREE)));
        fanout.publish(1, &event(0));
        assert!(fanout.metrics().is_empty());
    }
}
