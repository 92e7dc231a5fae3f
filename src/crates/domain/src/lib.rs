//! The pure rules of Cordboard: what legs, calls, queue visits, agents and recordings are, and how the switch's
//! news changes them; what a voice server is told, and which way a call goes. Data in, data out: no tokio, no
//! axum, no sea-orm, no XML and no Event Socket text, no clock.
//!
//! Read in this order: [`ids`], [`event`] (what comes in), [`leg`], [`visit`], [`call`] (what is kept),
//! [`book`] (how the one becomes the other), [`cdr`] (the second source), [`live`] and [`seat`] (what is shown);
//! then [`plan`] (the configuration of a server, checked) and [`routing`] (the decision about a call).

pub mod agent;
pub mod book;
pub mod call;
pub mod cdr;
pub mod command;
pub mod derive;
pub mod event;
pub mod hours;
pub mod ids;
pub mod leg;
pub mod live;
pub mod pattern;
pub mod phone;
pub mod plan;
pub mod record;
pub mod recording;
pub mod routing;
pub mod seat;
pub mod snapshot;
pub mod timeline;
pub mod visit;
