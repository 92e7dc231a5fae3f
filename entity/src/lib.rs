//! Rows, and nothing but rows: one file a table, in the classic sea-orm form.
//!
//! Enumerations are strings that the database checks; `domain` knows their meaning. No row type can be serialised:
//! what leaves the house is a view of a slice. Secrets have types of their own ([`secret`]) that do not print.

#![expect(
    clippy::struct_excessive_bools,
    reason = "a row has as many flags as its form has switches"
)]

pub mod secret;

pub mod agent;
pub mod agent_state;
pub mod audit;
pub mod call;
pub mod call_event;
pub mod extension;
pub mod gateway;
pub mod intent;
pub mod leg;
pub mod queue;
pub mod queue_offer;
pub mod queue_visit;
pub mod recording;
pub mod role;
pub mod role_permission;
pub mod route;
pub mod seat;
pub mod session;
pub mod setting;
pub mod tier;
pub mod user;
pub mod user_role;
pub mod voice_server;
