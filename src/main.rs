//! Cordboard, the call-center platform: one binary, one process per node.

fn main() {}
