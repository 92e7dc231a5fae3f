//! The integration tests: one binary, because each extra one is another link of the whole application.

mod access;
mod architecture;
mod audit;
mod dry_run;
mod command_line;
mod openapi;
mod process;
mod replay;
mod sign_in;
mod support;
