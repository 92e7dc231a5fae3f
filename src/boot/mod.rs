//! Composition root: the only place that knows everybody.
//!
//! Owns: configuration, start and stop of the process, the list of background tasks.
//! Invariants: no other module imports `boot`, except that HTTP names `boot::state::AppState`; every
//! background task is started by the supervisor here.
//! Talks to: everybody. Not for: rules, queries, wire formats.

mod banners;
mod check;
pub mod cli;
pub mod config;
pub mod demo;
pub mod ground;
pub mod health;
pub mod lifecycle;
mod migrate;
pub mod nudges;
mod password;
mod serve;
mod simulator;
pub mod state;
pub mod supervisor;
pub mod telemetry;
mod upkeep;
pub mod voice;
