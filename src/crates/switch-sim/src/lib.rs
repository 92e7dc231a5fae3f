//! A small FreeSWITCH for tests and demos.
//!
//! Purpose: an Event Socket client, the xml endpoint and the console cannot tell it from a real switch in
//! what Cordboard uses. It speaks the Event Socket protocol, asks for directory, dialplan and configuration
//! as mod_xml_curl does, runs the dialplan it was served, has phones, gateways, outside callers, queues,
//! agents, menus, recordings and call records.
//! Invariants: the engine is a state machine without I/O, decided by seed, inputs and time; order and
//! headers of the events follow the recorded traces (`tests/traces.rs` compares them).
//! Not for: media, SIP on a wire, conferences, outbound sockets.
//!
//! Start with [`SwitchSim::start`].

#![expect(
    clippy::single_match_else,
    clippy::needless_pass_by_value,
    clippy::struct_excessive_bools,
    clippy::unused_self,
    reason = "commands read best as one match with both outcomes in it; a leg and a command are consumed as they \
              are; a channel is a bag of flags in the switch too; every command is a method of the engine"
)]

mod api;
mod callcenter;
mod causes;
mod cdr;
mod clock;
mod config;
mod demo;
mod dialplan;
mod driver;
mod edge;
mod engine;
mod event;
mod faults;
mod handle;
mod protocol;
mod rng;
mod sofia;
mod xml;

pub use clock::{ClockMode, MS, Micros, SECOND};
pub use config::{
    GatewayConfig, GeneratorConfig, HttpTarget, LocalXml, Outcome, PhoneConfig, Pickup, Secret, SimConfig,
    XmlSource,
};
pub use handle::{Handle, StartError, SwitchSim};
