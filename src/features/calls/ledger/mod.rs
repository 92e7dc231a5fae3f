//! The ledger of calls.
//!
//! Owns: `calls`, `legs`, `queue_visits`, `queue_offers`, `recordings`, `call_events`, `agent_states`.
//! Invariants: rows have derived ids, so writing a fact twice is writing it once; an older state of a call never
//! overwrites a newer one; an emptied call (`merged_into`) is in no list.
//! Talks to: `store`, `domain`. Not for: deciding what a call is doing (`domain::book`).

mod batch;
pub mod dto;
mod filter;
mod read_repo;
pub mod reader;
mod repo;
pub mod routes;
pub mod service;

pub use batch::{AgentStretch, LedgerBatch, ResolvedCall};
pub use filter::CallsWish;
