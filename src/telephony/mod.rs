//! The application side of the switch.
//!
//! Owns: the sessions to the voice servers, the plans in memory, the answers to mod_xml_curl.
//! Invariants: the switch is the truth about live state; whatever is lost anywhere ends in a resync.
//! Talks to: `esl`, `fsxml`, `domain`, `features::*::service`. Not for: HTTP handlers of the console.

pub mod commands;
pub mod decode;
pub mod documents;
pub mod documents_http;
pub mod dry_run_http;
pub mod fleet;
pub mod form;
pub mod heal;
pub mod intake;
pub mod inventory;
pub mod media;
pub mod nodes;
pub mod plan;
pub mod plan_keeper;
pub mod probe;
pub mod pump;
pub mod session;
pub mod snapshot;
