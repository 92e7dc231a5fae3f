//! The integration tests: one binary, because each extra one is another link of the whole application.

mod replay;
