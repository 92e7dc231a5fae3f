//! All HTTP that is no feature: route table, problems, extractors, guard, audit layer, static console.
//!
//! Owns: the shape of every error answer, the permission registry, the request id.
//! Invariants: no answer leaves the building that is neither JSON, problem+json nor a file of the console.
//! Talks to: `features::*::service`. Not for: business rules, queries.

pub mod problem;
