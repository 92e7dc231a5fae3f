//! Cordboard, a call-center platform that steers FreeSWITCH.
//!
//! The module map, from the outside in. Who may use whom is written down in
//! `CONTRIBUTING.md` and kept by `tests/it/architecture.rs`.

pub mod boot;
pub mod http;
pub mod realtime;
pub mod telephony;

pub mod jobs;

pub mod features;

pub mod store;

pub mod error;
pub mod ports;
