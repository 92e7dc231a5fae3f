//! One subscriber's queue.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::{GapReason, Item, KeyFn, Limits, Policy};
use crate::{event::Event, metrics::SubscriberMetrics};

/// Control items that may wait; a subscriber that missed this many ups and downs starts over.
const MOST_CONTROLS: usize = 32;

pub(super) struct Queue {
    name: String,
    policy: Policy,
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Default)]
struct State {
    items: VecDeque<Slot>,
    /// Number of the first item: items are numbered for ever, so that a key can point at one.
    first: u64,
    /// Where the newest event of a key waits.
    places: HashMap<String, u64>,
    events: usize,
    controls: usize,
    bytes: usize,
    /// Told before anything that waits.
    gap: Option<(GapReason, u64)>,
    dropped: u64,
    gaps: u64,
    ended: bool,
    abandoned: bool,
}

struct Slot {
    item: Item,
    key: Option<String>,
}

impl Queue {
    pub(super) fn new(name: &str, policy: Policy) -> Self {
        Queue {
            name: name.to_owned(),
            policy,
            state: Mutex::default(),
            wake: Notify::new(),
        }
    }

    /// False once nobody listens.
    pub(super) fn push_event(&self, generation: u64, event: &Arc<Event>) -> bool {
        let mut state = self.lock();
        if state.abandoned {
            return false;
        }
        match &self.policy {
            Policy::Lossless(limits) => {
                if state.is_full(*limits, event.wire_len()) {
                    state.discard_events(GapReason::Overflow);
                }
                state.append_event(generation, Arc::clone(event), None);
            }
            Policy::DropOldest(limits) => {
                state.make_room(*limits, event.wire_len());
                state.append_event(generation, Arc::clone(event), None);
            }
            Policy::Conflate(limits, key) => state.conflate(*limits, key, generation, event),
        }
        drop(state);
        self.wake.notify_one();
        true
    }

    pub(super) fn push_control(&self, item: Item) {
        let mut state = self.lock();
        if state.controls >= MOST_CONTROLS {
            state.discard_events(GapReason::Overflow);
            state.items.clear();
            state.controls = 0;
        }
        state.controls += 1;
        state.items.push_back(Slot { item, key: None });
        drop(state);
        self.wake.notify_one();
    }

    pub(super) fn push_gap(&self, reason: GapReason, lost: u64) {
        self.lock().note_gap(reason, lost);
        self.wake.notify_one();
    }

    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.wake.notify_one();
    }

    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.abandoned = true;
        state.items.clear();
        state.places.clear();
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.lock().abandoned
    }

    pub(super) fn pop(&self) -> Option<Item> {
        self.lock().pop()
    }

    pub(super) async fn recv(&self) -> Option<Item> {
        loop {
            {
                let mut state = self.lock();
                if let Some(item) = state.pop() {
                    return Some(item);
                }
                if state.ended {
                    // Whoever asks again must not sleep.
                    self.wake.notify_one();
                    return None;
                }
            }
            self.wake.notified().await;
        }
    }

    pub(super) fn metrics(&self) -> SubscriberMetrics {
        let state = self.lock();
        SubscriberMetrics {
            name: self.name.clone(),
            depth: state.items.len(),
            bytes: state.bytes,
            dropped: state.dropped,
            gaps: state.gaps,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_full(&self, limits: Limits, more: usize) -> bool {
        self.events >= limits.count || (self.events > 0 && self.bytes + more > limits.bytes)
    }

    fn append_event(&mut self, generation: u64, event: Arc<Event>, key: Option<String>) {
        self.events += 1;
        self.bytes += event.wire_len();
        if let Some(key) = &key {
            self.places
                .insert(key.clone(), self.first + self.items.len() as u64);
        }
        self.items.push_back(Slot {
            item: Item::Event { generation, event },
            key,
        });
    }

    fn conflate(&mut self, limits: Limits, key: &KeyFn, generation: u64, event: &Arc<Event>) {
        let Some(key) = key(event) else { return };
        // It may wait for long: it must not keep a whole read chunk alive.
        let fresh = Arc::new(event.detached());
        let waiting = self
            .places
            .get(&key)
            .and_then(|at| self.items.get_mut((at - self.first) as usize));
        if let Some(Slot {
            item:
                Item::Event {
                    generation: old_generation,
                    event: old,
                },
            ..
        }) = waiting
        {
            self.bytes = self.bytes - old.wire_len() + fresh.wire_len();
            *old_generation = generation;
            *old = fresh;
            return;
        }
        self.make_room(limits, fresh.wire_len());
        self.append_event(generation, fresh, Some(key));
    }

    /// Drops the oldest events until one more fits.
    fn make_room(&mut self, limits: Limits, more: usize) {
        let mut lost = 0;
        let mut kept = VecDeque::new();
        while self.is_full(limits, more) {
            let Some(slot) = self.take_front() else { break };
            match slot.item {
                Item::Event { .. } => lost += 1,
                _ => kept.push_front(slot),
            }
        }
        for slot in kept {
            self.first -= 1;
            self.controls += 1;
            self.items.push_front(slot);
        }
        if lost > 0 {
            self.note_gap(GapReason::Overflow, lost);
        }
    }

    /// Drops all events; control items stay.
    fn discard_events(&mut self, reason: GapReason) {
        let lost = self.events as u64;
        self.items.retain(|slot| !matches!(slot.item, Item::Event { .. }));
        self.places.clear();
        self.events = 0;
        self.bytes = 0;
        self.note_gap(reason, lost);
    }

    fn note_gap(&mut self, reason: GapReason, lost: u64) {
        self.gaps += 1;
        self.dropped += lost;
        let (worst, total) = self.gap.unwrap_or((reason, 0));
        self.gap = Some((worst.min(reason), total + lost));
    }

    fn pop(&mut self) -> Option<Item> {
        if let Some((reason, lost)) = self.gap.take() {
            return Some(Item::Gap { reason, lost });
        }
        self.take_front().map(|slot| slot.item)
    }

    fn take_front(&mut self) -> Option<Slot> {
        let slot = self.items.pop_front()?;
        self.first += 1;
        match &slot.item {
            Item::Event { event, .. } => {
                self.events -= 1;
                self.bytes -= event.wire_len();
                if let Some(key) = &slot.key {
                    self.places.remove(key);
                }
            }
            _ => self.controls -= 1,
        }
        Some(slot)
    }
}
