//! The XML that a FreeSWITCH is served, and the XML it answers with.
//!
//! [`document`] holds typed documents, [`views`] makes them from a plan, [`Templates`] writes them from the
//! templates in `/xml-templates` and checks what came out, [`dialplan`] puts a decision into the words of the
//! switch, [`read`] reads the answers of `sofia xmlstatus`.

mod check;
pub mod dialplan;
pub mod document;
mod escape;
pub mod read;
mod templates;
pub mod views;

pub use check::{CheckError, check};
pub use document::Document;
pub use templates::{RenderError, Templates};
