//! Seats: who sits at which extension, and what his toolbar shows.
//!
//! Owns: `seats`, `intents` of dialing; topic `seat`.
//! Invariants: a person has one seat and a seat one person; what a phone is doing is only ever said by the switch;
//! what a person wants (ready or not) is stored here and the switch is brought to it after every connect.
//! Talks to: `features::voice`, the ports `Switch` and `Tasks`. Not for: agents that nobody sits at.

mod board;
pub mod dto;
mod repo;
pub mod routes;
mod service;

pub use board::{ExtensionFacts, Seat, Sitter};
pub use service::{SeatParts, Seats};
