//! Cordboard, the call-center platform: one binary, one process per node.

use std::process::ExitCode;

fn main() -> ExitCode {
    cordboard::boot::cli::run()
}
