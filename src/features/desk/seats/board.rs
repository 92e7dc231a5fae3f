//! All seats in memory: people on one side, what the switch says about their extensions on the other.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use chrono::{DateTime, Utc};
use domain::{agent::AgentStatus, ids::ServerId, live::AgentCall};
use uuid::Uuid;

/// What the switch says about one extension, with the queue's name for people.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExtensionFacts {
    /// A phone is registered.
    pub registered: bool,
    /// The extension is an agent of some queue.
    pub in_queue: bool,
    /// First axis, if it is an agent.
    pub status: Option<AgentStatus>,
    /// Since when.
    pub status_since: Option<DateTime<Utc>>,
    /// End of the rest after the last queue call.
    pub wrap_up_until: Option<DateTime<Utc>>,
    /// The call on it now.
    pub call: Option<AgentCall>,
    /// After a press of 拨打: the own phone rings and nobody else does yet.
    pub own_phone_rings: bool,
    /// Queue that the call came from.
    pub queue_name: Option<String>,
}

/// A person at an extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// `seats.id`.
    pub id: Uuid,
    /// Who.
    pub user_id: i64,
    /// His name for people.
    pub user_name: String,
    /// Where.
    pub server: ServerId,
    /// `extensions.id`.
    pub extension_id: i64,
    /// Extension number.
    pub extension: String,
    /// What he wants to be.
    pub ready: bool,
    /// Why not ready.
    pub reason: Option<String>,
    /// Begin of that.
    pub status_since: DateTime<Utc>,
    /// Begin of the seat.
    pub started_at: DateTime<Utc>,
}

/// The person at an extension, as the live pages need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sitter {
    /// `users.id`.
    pub user_id: i64,
    /// Name for people.
    pub user_name: String,
    /// Why not ready.
    pub reason: Option<String>,
}

type Place = (ServerId, String);

#[derive(Debug, Default)]
struct Board {
    seats: HashMap<Place, Seat>,
    places: HashMap<i64, Place>,
    facts: HashMap<Place, ExtensionFacts>,
    live_servers: HashMap<ServerId, bool>,
}

/// What an observation means for the person at the extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Observed {
    /// His toolbar changes.
    Changed(i64),
    /// The switch has taken him out of the queues, because he let calls ring too often.
    TakenOut(i64),
}

/// All seats. Every method is a short look into memory.
#[derive(Debug, Default)]
pub(super) struct SeatBoard {
    board: RwLock<Board>,
}

impl SeatBoard {
    /// Who sits at an extension.
    pub(super) fn sitter(&self, server: ServerId, extension: &str) -> Option<Sitter> {
        let board = self.read();
        let seat = board.seats.get(&(server, extension.to_owned()))?;
        Some(Sitter {
            user_id: seat.user_id,
            user_name: seat.user_name.clone(),
            reason: seat.reason.clone().filter(|_| !seat.ready),
        })
    }

    /// The seat of a person.
    pub(super) fn seat_of(&self, user_id: i64) -> Option<Seat> {
        let board = self.read();
        board.seats.get(board.places.get(&user_id)?).cloned()
    }

    /// What the switch says about an extension; nothing is known of one that never spoke.
    pub(super) fn facts(&self, server: ServerId, extension: &str) -> ExtensionFacts {
        self.read()
            .facts
            .get(&(server, extension.to_owned()))
            .cloned()
            .unwrap_or_default()
    }

    /// Whether the switch can be reached.
    pub(super) fn is_live(&self, server: ServerId) -> bool {
        self.read().live_servers.get(&server).copied().unwrap_or(false)
    }

    /// What each agent of a server should be, by what people want: nobody there is logged out.
    pub(super) fn wanted(&self, server: ServerId, extension: &str) -> AgentStatus {
        match self.read().seats.get(&(server, extension.to_owned())) {
            None => AgentStatus::LoggedOut,
            Some(seat) if seat.ready => AgentStatus::Available,
            Some(_) => AgentStatus::OnBreak,
        }
    }

    pub(super) fn put(&self, seat: Seat) {
        let mut board = self.write();
        let place = (seat.server, seat.extension.clone());
        board.places.insert(seat.user_id, place.clone());
        board.seats.insert(place, seat);
    }

    pub(super) fn remove(&self, user_id: i64) -> Option<Seat> {
        let mut board = self.write();
        let place = board.places.remove(&user_id)?;
        board.seats.remove(&place)
    }

    /// Changes what a person wants; nothing if he has no seat.
    pub(super) fn want(
        &self,
        user_id: i64,
        ready: bool,
        reason: Option<String>,
        now: DateTime<Utc>,
    ) -> Option<Seat> {
        let mut board = self.write();
        let place = board.places.get(&user_id)?.clone();
        let seat = board.seats.get_mut(&place)?;
        (seat.ready, seat.reason, seat.status_since) = (ready, reason, now);
        Some(seat.clone())
    }

    /// Takes in what the switch says; returns whom it concerns.
    pub(super) fn take_facts(&self, server: ServerId, facts: Vec<(String, ExtensionFacts)>) -> Vec<Observed> {
        let mut board = self.write();
        facts
            .into_iter()
            .filter_map(|(extension, new)| {
                let place = (server, extension);
                let old = board.facts.insert(place.clone(), new.clone());
                let seat = board.seats.get(&place)?;
                let was_available = old
                    .as_ref()
                    .is_some_and(|old| old.status == Some(AgentStatus::Available));
                if seat.ready && was_available && new.status == Some(AgentStatus::OnBreak) {
                    return Some(Observed::TakenOut(seat.user_id));
                }
                (old.as_ref() != Some(&new)).then_some(Observed::Changed(seat.user_id))
            })
            .collect()
    }

    /// Notes that a switch came or went; returns who sits there.
    pub(super) fn set_live(&self, server: ServerId, live: bool) -> Vec<i64> {
        let mut board = self.write();
        board.live_servers.insert(server, live);
        board
            .seats
            .values()
            .filter(|seat| seat.server == server)
            .map(|seat| seat.user_id)
            .collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Board> {
        // Every change leaves the maps whole, so a panic elsewhere does not spoil them.
        self.board.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Board> {
        self.board.write().unwrap_or_else(PoisonError::into_inner)
    }
}
