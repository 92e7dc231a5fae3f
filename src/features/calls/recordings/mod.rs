//! Listening to recordings.
//!
//! Owns: no table (the ledger owns `recordings`), only its column `state` where a file is missing or back.
//! Invariants: no file outside of the server's recording folder is ever opened; who listens may see the call and
//! holds the permission at that moment; a file is streamed, never held in memory.
//! Talks to: `calls::ledger`. Not for: making recordings (the switch does).

pub mod dto;
mod folder;
mod peaks;
mod range;
mod repo;
pub mod routes;
mod service;
mod tickets;

pub use range::{Part, wanted_part};
pub use service::{Recordings, Sound};
pub use tickets::{Holder, TicketKey};
