//! FreeSWITCH Event Socket transport.
//!
//! Purpose: frames, events, commands, connections and the supervision of one switch node.
//! Knows bytes and protocol only; what an event *means* is the application's business.
//! Invariants: the reader never waits for a consumer; a reply always reaches the command it answers;
//! nothing is buffered without a limit; text from outside cannot become a second command.
//!
//! Start with [`SwitchLink`]: one handle per switch, made together with a [`Driver`] that the application
//! runs under its own task supervision.

mod backoff;
pub mod codec;
pub mod command;
pub mod conn;
pub mod dial;
pub mod event;
pub mod fanout;
pub mod handshake;
mod jobs;
mod link;
pub mod metrics;
mod reply;
mod supervisor;
#[cfg(feature = "test-util")]
pub mod testing;
#[cfg(feature = "test-util")]
pub mod trace;
mod wire;

pub use backoff::BackoffConfig;
pub use event::Event;
pub use fanout::{Item, Policy, Subscription};
pub use jobs::JobOutcome;
pub use link::{Health, LinkConfig, LinkError, LinkState, Password, StepLimits, SwitchLink};
pub use metrics::MetricsSnapshot;
pub use reply::{ApiReply, CommandError, Silence};
pub use supervisor::Driver;
