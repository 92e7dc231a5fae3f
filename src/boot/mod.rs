//! Composition root: the only place that knows everybody.
//!
//! Owns: configuration, start and stop of the process, the list of background tasks.
//! Invariants: no other module imports `boot` except for the types of `boot::state` and `boot::config`
//! that a router needs; every background task is started by the supervisor here.
//! Talks to: everybody. Not for: rules, queries, wire formats.
