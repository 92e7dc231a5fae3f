//! Chapter "system": users, their sessions, the operation log.

pub mod audit;
pub mod sessions;
pub mod users;
