//! To which call a leg belongs, and how two calls become one.

use super::{CallBook, Changes, Merge, limits};
use crate::call::CallState;
use crate::event::LegFacts;
use crate::ids::{CallId, LegId};
use crate::leg::LegState;
use crate::timeline::Happening;
use chrono::{DateTime, Utc};

impl CallBook {
    /// Finds or makes the call of a leg, and the leg in it. `None` if the leg is unknown and does not tell when it
    /// was created: then it never was a call (21), and without its begin it could not be told from another either.
    pub(super) fn place(
        &mut self,
        leg: LegId,
        facts: &LegFacts,
        now: DateTime<Utc>,
        changes: &mut Changes,
    ) -> Option<CallId> {
        let home = self.leg_calls.get(&leg).copied();
        if let Some(id) = home
            && let Some(known) = self.calls.get(&id).and_then(|call| call.leg(leg))
        {
            let learns_parent = known.parent.is_none().then_some(facts.parent).flatten();
            return Some(learns_parent.map_or(id, |parent| self.tie(id, parent, now, changes)));
        }
        let created_at = facts.created_at?;
        let parents_call = facts
            .parent
            .and_then(|parent| self.leg_calls.get(&parent).copied());
        let id = match home.or(parents_call) {
            Some(id) => id,
            None if self.calls.len() >= limits::CALLS => return None,
            None => {
                let id = CallId::derive(leg, created_at);
                self.calls.insert(id, CallState::new(id, self.server, now));
                id
            }
        };
        let call = self.calls.get_mut(&id)?;
        if call.legs.len() >= limits::LEGS {
            return None;
        }
        let mut state = LegState::new(leg, created_at);
        state.learn(facts);
        call.expected.retain(|expected| *expected != leg);
        if let Some(kind) = facts.marks.as_ref().and_then(|marks| marks.kind) {
            call.kind = call.kind.or(Some(kind));
        }
        let number = state.party_number().to_owned();
        let direction = state.direction.as_str();
        call.legs.push(state);
        call.sort_legs();
        call.note(
            &mut changes.timeline,
            Some(leg),
            created_at,
            Happening::LegCreated { direction, number },
        );
        self.leg_calls.insert(leg, id);
        self.list_extension(facts.extension.as_deref(), leg);
        let id = match facts.parent {
            Some(parent) => self.tie(id, parent, now, changes),
            None => id,
        };
        Some(self.follow_root(id, now, changes))
    }

    /// Makes a call and that of another leg one; a leg that nobody has told of yet is expected there. Returns the
    /// call.
    pub(super) fn tie(
        &mut self,
        mine: CallId,
        other: LegId,
        now: DateTime<Utc>,
        changes: &mut Changes,
    ) -> CallId {
        match self.leg_calls.get(&other).copied() {
            Some(theirs) if theirs == mine => mine,
            Some(theirs) => self.merge(mine, theirs, now, changes),
            None => {
                if let Some(call) = self.calls.get_mut(&mine)
                    && call.expected.len() < limits::LEGS
                {
                    call.expected.push(other);
                    self.leg_calls.insert(other, mine);
                }
                mine
            }
        }
    }

    /// Two calls become one conversation (09e, 09f): the earlier one wins.
    pub(super) fn merge(
        &mut self,
        one: CallId,
        two: CallId,
        now: DateTime<Utc>,
        changes: &mut Changes,
    ) -> CallId {
        let begin = |id: &CallId| {
            let root = self.calls.get(id).and_then(CallState::root);
            // A call without a leg yet has nothing to defend.
            (
                root.is_none(),
                root.map(|root| (root.created_at, root.parent.is_some(), root.id)),
            )
        };
        let (winner, loser) = if begin(&one) <= begin(&two) {
            (one, two)
        } else {
            (two, one)
        };
        self.empty_into(loser, winner, now, changes);
        if let Some(call) = self.calls.get_mut(&winner) {
            call.note(
                &mut changes.timeline,
                None,
                now,
                Happening::MergedFrom { call: loser },
            );
        }
        self.follow_root(winner, now, changes)
    }

    /// The id of a call follows from its first leg. If the first leg becomes known after another one, the call moves
    /// to the id that it would have had, so that every source ends at the same id.
    fn follow_root(&mut self, id: CallId, now: DateTime<Utc>, changes: &mut Changes) -> CallId {
        let Some(root) = self.calls.get(&id).and_then(CallState::root) else {
            return id;
        };
        let right = CallId::derive(root.id, root.created_at);
        // An expected parent is older still: wait for it.
        if right == id
            || root
                .parent
                .is_some_and(|parent| self.leg_calls.get(&parent) == Some(&id))
        {
            return id;
        }
        self.calls.insert(right, CallState::new(right, self.server, now));
        self.empty_into(id, right, now, changes);
        right
    }

    /// Moves everything of one call to another and leaves an ended, empty call behind.
    fn empty_into(&mut self, from: CallId, into: CallId, now: DateTime<Utc>, changes: &mut Changes) {
        let (Some(mut old), Some(mut call)) = (self.calls.remove(&from), self.calls.remove(&into)) else {
            return;
        };
        for leg in old
            .legs
            .iter()
            .map(|leg| leg.id)
            .chain(old.expected.iter().copied())
        {
            self.leg_calls.insert(leg, into);
        }
        for room in self.rooms.values_mut().filter(|room| **room == from) {
            *room = into;
        }
        old.ended_at = old.ended_at.or(Some(now));
        call.legs.append(&mut old.legs);
        call.sort_legs();
        call.expected.append(&mut old.expected);
        call.bridges.append(&mut old.bridges);
        call.bridges.sort_by_key(|bridge| bridge.from);
        call.visits.append(&mut old.visits);
        call.visits.sort_by_key(|visit| visit.joined_at);
        call.recordings.append(&mut old.recordings);
        call.recordings.sort_by_key(|recording| recording.started_at);
        call.kind = call.kind.or(old.kind);
        call.last_seq = call.last_seq.max(old.last_seq);
        call.ended_at = None;
        call.end_mark = None;
        call.settle(&mut changes.timeline);
        call.version += 1;
        old.merged_into = Some(into);
        old.version += 1;
        old.touched_at = now;
        changes.touch(from);
        changes.touch(into);
        changes.merged.push(Merge { from, into });
        self.calls.insert(from, old);
        self.calls.insert(into, call);
    }

    /// A conference is one conversation: whoever enters the room joins the call of those in it (09g). A call that
    /// ended before `at` had another conference of that name.
    pub(super) fn enter_room(
        &mut self,
        mine: CallId,
        room: &str,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
        changes: &mut Changes,
    ) -> CallId {
        let lasts = |id: &CallId| {
            self.calls
                .get(id)
                .is_some_and(|call| call.ended_at.is_none_or(|end| end >= at))
        };
        match self.rooms.get(room).copied().filter(lasts) {
            Some(theirs) if theirs != mine => self.merge(mine, theirs, now, changes),
            Some(_) => mine,
            None => {
                self.rooms.insert(room.to_owned(), mine);
                mine
            }
        }
    }
}
