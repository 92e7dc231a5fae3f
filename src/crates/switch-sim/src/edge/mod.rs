//! I/O at the edges: documents over HTTP, records over HTTP or to disk, recordings to disk.

pub(crate) mod cdr;
pub(crate) mod wav;
pub(crate) mod xml;
