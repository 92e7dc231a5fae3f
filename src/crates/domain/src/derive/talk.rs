//! Who talked with whom, and for how long.

use super::millis;
use crate::call::{Bridge, CallState};
use crate::ids::LegId;
use crate::leg::LegState;
use chrono::{DateTime, Duration, Utc};

/// A stretch of time in which two answered parties were connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// One leg.
    pub a: LegId,
    /// The other, if known.
    pub b: Option<LegId>,
    /// Begin.
    pub from: DateTime<Utc>,
    /// End; `None` = going on.
    pub to: Option<DateTime<Utc>>,
}

impl CallState {
    /// The conversations in the order of their begin. A bridge is none before both sides have answered: early media
    /// connects the legs of a call that may still be refused (surprises 25, 07j).
    pub fn conversations(&self) -> impl Iterator<Item = Conversation> {
        self.bridges
            .iter()
            .filter_map(|bridge| self.conversation_of(bridge))
    }

    fn conversation_of(&self, bridge: &Bridge) -> Option<Conversation> {
        let a = self.leg(bridge.a)?;
        let b = bridge.b.and_then(|id| self.leg(id));
        // A dump may name a partner that is long gone; a bridge that was seen needs no second witness.
        if b.is_none() && bridge.b.is_some() && !bridge.seen {
            return None;
        }
        if a.supervises || b.is_some_and(|leg| leg.supervises) {
            return None;
        }
        let mut from = bridge.from.max(a.answered_at?);
        if let Some(leg) = b {
            from = from.max(leg.answered_at?);
        }
        // A leg is in one bridge at a time: whoever is bridged anew has left the old one.
        let next = self
            .bridges
            .iter()
            .filter(|other| other.from > bridge.from && other.shares_leg_with(bridge));
        let to = [
            bridge.to,
            a.ended_at,
            b.and_then(|leg| leg.ended_at),
            next.map(|other| other.from).min(),
        ]
        .into_iter()
        .flatten()
        .min();
        to.is_none_or(|to| to > from).then_some(Conversation {
            a: bridge.a,
            b: bridge.b,
            from,
            to,
        })
    }

    /// Time in which any two parties talked, holds included. `now` closes what is going on.
    pub fn talk_ms(&self, now: DateTime<Utc>) -> i64 {
        let mut spans: Vec<_> = self
            .conversations()
            .map(|talk| (talk.from, talk.to.unwrap_or(now)))
            .collect();
        spans.sort_unstable();
        let (mut total, mut reached) = (Duration::zero(), None::<DateTime<Utc>>);
        for (from, to) in spans {
            let from = reached.map_or(from, |reached| from.max(reached));
            if to > from {
                total += to - from;
                reached = Some(to);
            }
        }
        total.num_milliseconds()
    }

    /// Time in which this leg talked.
    pub fn leg_talk_ms(&self, leg: LegId, now: DateTime<Utc>) -> i64 {
        let mine = self
            .conversations()
            .filter(|talk| talk.a == leg || talk.b == Some(leg));
        let total = mine.fold(Duration::zero(), |sum, talk| {
            sum + (talk.to.unwrap_or(now) - talk.from)
        });
        total.num_milliseconds().max(0)
    }

    /// When anybody first talked.
    pub fn talk_started_at(&self) -> Option<DateTime<Utc>> {
        self.conversations().map(|talk| talk.from).min()
    }

    /// The conversation that is going on; the newest if there are several.
    pub fn open_conversation(&self) -> Option<Conversation> {
        self.conversations()
            .filter(|talk| talk.to.is_none())
            .max_by_key(|talk| talk.from)
    }

    /// Time on hold, never more than was talked. A consultation is time on hold for the held party.
    pub fn hold_ms(&self, now: DateTime<Utc>) -> i64 {
        let held: i64 = self.legs.iter().map(|leg| leg.hold_ms_until(now)).sum();
        held.min(self.talk_ms(now))
    }

    /// Begin of the open hold.
    pub fn held_since(&self) -> Option<DateTime<Utc>> {
        self.legs
            .iter()
            .filter(|leg| leg.is_live())
            .filter_map(|leg| leg.held_since)
            .min()
    }
}

impl Bridge {
    fn shares_leg_with(&self, other: &Self) -> bool {
        self.has(other.a) || other.b.is_some_and(|leg| self.has(leg))
    }
}

impl LegState {
    /// Time that this party kept others on hold.
    pub fn hold_ms_until(&self, now: DateTime<Utc>) -> i64 {
        let Some(since) = self.held_since else {
            return self.hold_ms;
        };
        self.hold_ms
            .max(self.hold_ms_before + millis(since, self.ended_at.unwrap_or(now)))
    }
}
