//! Background jobs: queue, runner, schedule.
//!
//! Owns: the job queue. Invariants: a job is a small, idempotent struct.
//! Talks to: `features::*::service`. Not for: supervised loops (see `boot::supervisor`).
