//! Extensions: the numbers that a voice server answers for.
//!
//! Owns: table `extensions`. Invariants: numbers are unique on a server; SIP passwords are sealed and shown once, when
//! they are made; the number of an agent is fixed, because the switch knows the agent by it.
//! Talks to: servers, gateways, queues. Not for: registrations (telephony), who sits there (desk).

pub mod dto;
mod prove;
pub(super) mod repo;
pub mod routes;
mod service;
#[cfg(test)]
mod tests;

pub use prove::ProvenExtension;
