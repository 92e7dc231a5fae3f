//! The database as the slices see it: connections, transactions, pages, error classes, sealed secrets.
//!
//! Owns: no table. Invariants: code that has a transaction receives only that transaction.
//! Talks to: sea-orm, `migration`. Not for: queries of a slice (those are in its `repo`).

pub mod connect;
pub mod dberr;
pub mod edit;
pub mod key;
pub mod pages;
pub mod scope;
pub mod search;
pub mod secrets;
pub mod tx;
pub mod upsert;
