//! People who sign in: their passwords, lock-out and rights.
//!
//! Owns: tables `users`, `roles`, `role_permissions`, `user_roles`. Invariants: a password is only ever stored as
//! an argon2id hash; unknown names cost the same time and get the same answers as known ones.
//! Talks to: nobody. Not for: tokens and cookies (see `sessions`).

pub mod password;
mod repo;
mod service;

pub use service::{Account, LockoutPolicy, NewAccount, Proof, Users};
