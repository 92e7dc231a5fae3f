//! Whose rows somebody may see. The first argument of every finder of the ledger, so that it cannot be forgotten.

/// A part of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataScope {
    /// Everything.
    All,
    /// Only what this user (`users.id`) took part in. Departments join in with the organisation chart.
    Own(i64),
}
