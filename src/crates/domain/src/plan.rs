//! The plan: everything a voice server is told, built once per change and then only read.
//!
//! [`PlanSource`] holds plain rows as the configuration has them. [`ServerPlan::build`] checks every
//! text that will reach the switch, compiles the patterns, resolves ids to rows and sorts the routes.
//! A row that cannot be served is left out and reported as a [`PlanProblem`]: one bad row must not
//! silence a whole voice server.

mod build;
mod source;
pub mod words;

pub use build::{PlanError, PlanProblem, PlannedRoute, PlannedTier, ServerPlan};
pub use source::{
    AgentSpec, ExtensionKind, ExtensionSpec, GatewayKind, GatewaySpec, OverflowSpec, PlanSource, QueueSpec,
    RouteContext, RouteKind, RouteSpec, ServerSpec, TierSpec, Transport,
};
