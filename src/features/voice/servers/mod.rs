//! Voice servers: the FreeSWITCH machines that we steer.
//!
//! Owns: table `voice_servers`. Invariants: passwords are sealed and never shown again; a server in use is not deleted.
//! Talks to: the probe and status ports. Not for: the connection itself (telephony).

pub mod dto;
pub(super) mod repo;
pub mod routes;
mod service;
#[cfg(test)]
mod tests;
