//! The operation log: who changed what, from where, with what result.
//!
//! Owns: table `audit`. Invariants: rows are only appended; no secret is ever in one; a failure to write is
//! counted and does not fail the request.
//! Talks to: nobody. Not for: what calls and agents do (that is the ledger).

pub mod dto;
mod notes;
mod repo;
pub mod routes;
mod service;

pub use notes::{Notes, collect, note_change, note_user, note_user_name};
pub use service::{Audit, AuditFilter, Outcome, Seen};
