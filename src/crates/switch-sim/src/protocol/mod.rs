//! The Event Socket server (mod_event_socket): bytes, commands and subscriptions, no telephony.

mod command;
mod connection;
mod frames;
mod hub;
mod packet;
mod subscription;

pub(crate) use connection::{Server, serve};
pub(crate) use hub::{Hub, LogLine};
pub(crate) use packet::Packet;
