//! Signing in, staying signed in, signing out.
//!
//! Owns: table `sessions`. Invariants: a refresh token works once; one that is used again ends its session;
//! only hashes of refresh tokens are stored; an access token is believed only while its session lives.
//! Talks to: `users`. Not for: permissions (see `http::guard`).

pub mod dto;
mod repo;
pub mod routes;
mod service;
mod tokens;

pub use service::{Granted, Origin, SessionPolicy, Sessions};
pub use tokens::{Access, AccessKey};
