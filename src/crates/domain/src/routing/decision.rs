//! The answer to a [`super::CallRequest`].

use super::Action;

/// What became of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The rule.
    pub route_id: i64,
    /// Its name.
    pub name: String,
    /// Whether it took the call.
    pub matched: bool,
    /// Why, for people (English; the console shows it in the dry run only).
    pub reason: String,
}

/// The rule that took the call and what to do. No actions = the number leads nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// The rule that took the call.
    pub route_id: Option<i64>,
    /// Name of that rule.
    pub route_name: String,
    /// Straight-line actions, in order.
    pub actions: Vec<Action>,
    /// Rule by rule, in a dry run; empty otherwise.
    pub steps: Vec<Step>,
}
