//! The integration tests: one binary, because each extra one is another link of the whole application.

mod access;
mod architecture;
mod audit;
mod calls;
mod command_line;
mod dry_run;
mod live;
mod openapi;
mod process;
mod recordings;
mod replay;
mod sign_in;
mod support;
