//! Column types for what must not be read by chance: in a log line, a debug print, an assertion.

use std::fmt;

use sea_orm::DeriveValueType;

/// A secret encrypted with the key of the installation; `store::secrets` of the server seals and opens it.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct Sealed(pub String);

/// A hash that is as good as the secret to somebody who wants to guess it.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct Hidden(pub String);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(..)")
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_print() {
        let text = format!("{:?} {:?}", Sealed("s3cret".into()), Hidden("s3cret".into()));
        assert_eq!(text, "Sealed(..) Hidden(..)");
    }
}
