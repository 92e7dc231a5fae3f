//! The ledger of calls.
//!
//! Owns: `calls`, `legs`, `queue_visits`, `queue_offers`, `recordings`, `call_events`, `agent_states`.
//! Invariants: rows have derived ids, so writing a fact twice is writing it once; an older state of a call never
//! overwrites a newer one; an emptied call (`merged_into`) is in no list.
//! Talks to: `store`, `domain`. Not for: deciding what a call is doing (`domain::book`).

mod batch;
mod repo;
pub mod service;

pub use batch::{AgentStretch, LedgerBatch, ResolvedCall};
