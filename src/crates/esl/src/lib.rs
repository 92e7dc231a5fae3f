//! FreeSWITCH Event Socket transport.
//!
//! Purpose: frames, events, commands, connections and the supervision of one switch node.
//! Knows bytes and protocol only; what an event *means* is the application's business.
//! Invariants: the reader never waits for a consumer; a reply always reaches the command it answers;
//! nothing is buffered without a limit; text from outside cannot become a second command.

pub mod codec;
pub mod command;
pub mod event;
#[cfg(feature = "test-util")]
pub mod trace;
mod wire;
