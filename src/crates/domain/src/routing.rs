//! Which rule takes a call, and what the switch is then told to do: pure functions over a plan.

mod action;
mod build;
mod decide;
mod decision;
mod fallback;
mod request;

pub use action::{Action, Bridge, Endpoint};
pub use decide::{decide, dry_run};
pub use decision::{Decision, Reason, Step};
pub use fallback::{Condition, FallbackRule, Field, fallback_rules};
pub use request::{CallKind, CallRequest, Marks};

#[cfg(test)]
mod tests;
