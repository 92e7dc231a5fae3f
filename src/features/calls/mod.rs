//! Calls: what was, what is, what was recorded.

pub mod ledger;
pub mod recordings;
