//! Routing rules: which number goes where.
//!
//! Owns: table `routes`. Invariants: patterns are of the subset that the switch and we read alike; what a rule leads
//! to is on the same server.
//! Talks to: servers, gateways, queues. Not for: the decision itself (`domain::routing`), its XML (telephony).

pub mod dto;
pub(super) mod repo;
#[expect(
    clippy::module_inception,
    reason = "the slice of routing rules has HTTP routes like any other"
)]
pub mod routes;
mod service;
#[cfg(test)]
mod tests;
