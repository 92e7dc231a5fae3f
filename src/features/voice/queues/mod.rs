//! Queues (skill groups) and the agents in them.
//!
//! Owns: tables `queues`, `agents`, `tiers`. Invariants: the code is fixed, because the switch knows the queue by it;
//! an agent is a phone extension of the same server; a queue that something leads to is not deleted.
//! Talks to: servers, extensions. Not for: waiting callers and agents' states (telephony).

mod agents;
pub mod dto;
pub(super) mod repo;
pub mod routes;
mod service;
#[cfg(test)]
mod tests;
