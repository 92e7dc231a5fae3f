//! What our tests share. Development only; it never depends on the application, which depends on it.

pub mod db;
pub mod plans;
