//! One folder per chapter of the product, one folder per slice in it.
//!
//! A slice is `routes.rs` (HTTP), `dto.rs` (wire types), `service.rs` (use cases), `repo.rs` (queries).
//! Invariants: slice to slice only through `service`, and only to a chapter above it in this list; what wants
//! to go the other way is a domain event.
//! Not for: anything that knows the switch's words.

pub mod calls;
pub mod desk;
pub mod system;
pub mod voice;
