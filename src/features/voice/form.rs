//! Checking forms: every refused field is named, with what would be accepted.

use std::ops::RangeInclusive;

use crate::error::{AppError, AppResult, FieldError};

/// Longest name for people, in characters.
const MAX_NAME: usize = 64;
/// Longest remark, in characters.
const MAX_REMARK: usize = 500;

/// Collects what is wrong with a form. Fields are named by their JSON pointer without the leading slash.
#[derive(Debug, Default)]
pub(super) struct Checks {
    refused: Vec<FieldError>,
}

impl Checks {
    /// Refuses a field.
    pub(super) fn refuse(&mut self, field: &str, code: &'static str, detail: impl Into<String>) {
        self.refused
            .push(FieldError::new(format!("/{field}"), code, detail));
    }

    /// Refuses a field unless `accepted`.
    pub(super) fn ensure(&mut self, accepted: bool, field: &str, code: &'static str, detail: &str) {
        if !accepted {
            self.refuse(field, code, detail);
        }
    }

    /// A name for people: something, but not too much.
    pub(super) fn name(&mut self, field: &str, text: &str) {
        if text.trim().is_empty() {
            self.refuse(field, "required", "This must not be empty.");
        } else if text.chars().count() > MAX_NAME {
            self.refuse(field, "too_long", format!("At most {MAX_NAME} characters."));
        }
    }

    /// A text for people that may be empty.
    pub(super) fn remark(&mut self, field: &str, text: &str) {
        self.ensure(
            text.chars().count() <= MAX_REMARK,
            field,
            "too_long",
            "At most 500 characters.",
        );
    }

    /// A text that reaches the switch: `check` knows what the switch takes, `wanted` says it in words.
    pub(super) fn word(&mut self, field: &str, text: &str, check: fn(&str) -> bool, wanted: &str) {
        if text.is_empty() {
            self.refuse(field, "required", format!("This must not be empty. {wanted}"));
        } else {
            self.ensure(check(text), field, "malformed", wanted);
        }
    }

    /// Like [`Checks::word`], for a field that may be absent.
    pub(super) fn optional_word(
        &mut self,
        field: &str,
        text: Option<&str>,
        check: fn(&str) -> bool,
        wanted: &str,
    ) {
        if let Some(text) = text {
            self.word(field, text, check, wanted);
        }
    }

    /// A number within bounds.
    pub(super) fn range(&mut self, field: &str, value: i32, range: RangeInclusive<i32>) {
        if !range.contains(&value) {
            let detail = format!("A number from {} to {}.", range.start(), range.end());
            self.refuse(field, "out_of_range", detail);
        }
    }

    /// Like [`Checks::range`], for a field that may be absent.
    pub(super) fn optional_range(&mut self, field: &str, value: Option<i32>, range: RangeInclusive<i32>) {
        if let Some(value) = value {
            self.range(field, value, range);
        }
    }

    /// A field that is fixed once the row exists.
    pub(super) fn fixed<T: PartialEq>(&mut self, field: &str, was: &T, is: &T, remedy: &str) {
        self.ensure(was == is, field, "fixed", remedy);
    }

    /// `Ok` if nothing was refused.
    ///
    /// # Errors
    /// `invalid` with every refused field.
    pub(super) fn finish(self) -> AppResult<()> {
        if self.refused.is_empty() {
            Ok(())
        } else {
            Err(AppError::invalid(self.refused))
        }
    }
}

/// The version that an edit is based on.
///
/// # Errors
/// `invalid` when it is missing, `conflict.stale_version` when the row has moved on.
pub(super) fn check_version(sent: Option<i32>, current: i32) -> AppResult<()> {
    match sent {
        None => Err(AppError::invalid_field(
            "/version",
            "required",
            "Send the version of the thing that this edit is based on.",
        )),
        Some(version) if version == current => Ok(()),
        Some(_) => Err(AppError::stale_version()),
    }
}

/// Blanks around a text are slips of the mouse; a text of nothing but blanks is no text.
pub(super) fn trimmed(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refused_field_is_reported_at_once_with_a_remedy() {
        let mut checks = Checks::default();
        checks.name("name", "  ");
        checks.range("port", 0, 1..=65_535);
        checks.word(
            "number",
            "12a",
            |text| text.bytes().all(|b| b.is_ascii_digit()),
            "Digits only.",
        );
        checks.name("fine", "fine");
        let error = checks.finish().unwrap_err();
        let fields: Vec<_> = error
            .fields()
            .iter()
            .map(|f| (f.pointer.as_str(), f.code))
            .collect();
        assert_eq!(
            fields,
            [
                ("/name", "required"),
                ("/port", "out_of_range"),
                ("/number", "malformed")
            ]
        );
        assert_eq!(error.fields()[1].detail, "A number from 1 to 65535.");
    }

    #[test]
    fn an_edit_without_a_version_is_told_what_is_missing() {
        assert_eq!(
            check_version(None, 3).unwrap_err().fields()[0].pointer,
            "/version"
        );
        assert_eq!(
            check_version(Some(2), 3).unwrap_err().code(),
            "conflict.stale_version"
        );
        assert!(check_version(Some(3), 3).is_ok());
    }
}
