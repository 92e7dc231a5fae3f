//! The answer to a [`super::CallRequest`].

use super::Action;

/// Why a rule took a call or let it pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It does what the rule says.
    Matched,
    /// It matched, outside the hours: the prompt is played.
    ClosedPrompt,
    /// It matched, and refuses: the caller is none of our extensions.
    NotOurs,
    /// It matched, and refuses: the extension may not dial out.
    MayNotDialOut,
    /// It matched, and refuses: neither the rule nor the extension has a usable gateway.
    NoGateway,
    /// A rule before it took the call.
    NotReached,
    /// It is for calls from the other side.
    OtherContext,
    /// The number has characters that cannot be dialled.
    Undialable,
    /// The pattern does not match the number.
    Pattern,
    /// Outside the hours of the rule.
    Hours,
    /// A holiday of the rule.
    Holiday,
    /// The pattern matches, but there is no such extension.
    NoExtension,
    /// This version does not serve this kind of extension.
    NotServed,
    /// The short number of the rule leads nowhere.
    Nowhere,
    /// Nothing is left of the number after stripping digits.
    NothingLeft,
}

impl Reason {
    /// Stable word for programs and translations.
    pub fn code(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::ClosedPrompt => "closed_prompt",
            Self::NotOurs => "not_ours",
            Self::MayNotDialOut => "may_not_dial_out",
            Self::NoGateway => "no_gateway",
            Self::NotReached => "not_reached",
            Self::OtherContext => "other_context",
            Self::Undialable => "undialable",
            Self::Pattern => "pattern",
            Self::Hours => "hours",
            Self::Holiday => "holiday",
            Self::NoExtension => "no_extension",
            Self::NotServed => "not_served",
            Self::Nowhere => "nowhere",
            Self::NothingLeft => "nothing_left",
        }
    }
}

/// What became of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The rule.
    pub route_id: i64,
    /// Its name.
    pub name: String,
    /// Whether it took the call.
    pub matched: bool,
    /// Why.
    pub reason: Reason,
}

/// The rule that took the call and what to do. No actions = the number leads nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// The rule that took the call.
    pub route_id: Option<i64>,
    /// Straight-line actions, in order.
    pub actions: Vec<Action>,
    /// Rule by rule, in a dry run; empty otherwise.
    pub steps: Vec<Step>,
}
