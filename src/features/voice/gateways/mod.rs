//! SIP gateways: the ways to the outside world.
//!
//! Owns: table `gateways`. Invariants: the password is sealed and never shown again; a gateway that a route or an
//! extension uses is not deleted; names are fixed, because the switch knows a gateway by its name.
//! Talks to: servers. Not for: the live state of gateways (telephony).

pub mod dto;
pub(super) mod repo;
pub mod routes;
mod service;
#[cfg(test)]
mod tests;
