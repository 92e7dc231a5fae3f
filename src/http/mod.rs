//! All HTTP that is no feature: route table, problems, extractors, guard, layers, static console.
//!
//! Owns: the shape of every error answer, the permission registry, the request id.
//! Invariants: no answer leaves the building that is neither JSON, problem+json nor a file of the console;
//! every route under `/api/v1` is in the OpenAPI document, and names the permission it needs there.
//! Talks to: `features::*::service`. Not for: business rules, queries.

pub mod console;
pub mod extract;
pub mod guard;
pub mod health;
pub mod layers;
pub mod openapi;
pub mod problem;
pub mod router;
