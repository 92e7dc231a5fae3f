//! The agent's desk.

pub mod seats;
