//! The WebSocket side: what lives on the screens of agents and supervisors.
//!
//! Owns: topics, their bounded queues, epoch and sequence numbers.
//! Invariants: a slow browser is dropped to snapshots and slows nobody else down; a delta is published
//! only after its transaction has been committed.
//! Talks to: `features::*::service`. Not for: deciding what a call is doing.

pub mod hub;
pub mod socket;
mod statuses;
pub mod topic;
