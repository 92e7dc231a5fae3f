//! The one error that services return.
//!
//! It carries no status code: `http::problem` turns it into an answer, other callers (jobs, sockets, the
//! command line) read kind and code. The public text may be shown to anybody; the source is for the log.

use std::{borrow::Cow, error::Error, fmt, time::Duration};

/// What went wrong, as far as a caller has to act differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The thing does not exist, or the caller may not know that it does.
    NotFound,
    /// The request is well-formed but its content is refused; see the field errors.
    Invalid,
    /// Nobody is signed in, or no longer.
    Unauthenticated,
    /// Signed in, but without the permission.
    Forbidden,
    /// Somebody else was quicker, or the thing is in use.
    Conflict,
    /// The thing exists but its state does not allow the step.
    InvalidTransition,
    /// Asked too often; see `retry_after`.
    TooMany,
    /// Something we need (database, switch) is away; trying again later may work.
    Unavailable,
    /// A command was sent and nobody knows whether it took effect; never repeated automatically.
    UnknownOutcome,
    /// A defect of ours.
    Internal,
}

/// One refused field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer into the request body, for example `/agents/0/extension`.
    pub pointer: String,
    /// Stable code, for example `required` or `too_long`.
    pub code: &'static str,
    /// Text for humans, in English; the console translates by `code`.
    pub detail: String,
}

impl FieldError {
    /// A refused field; `pointer` is a JSON pointer such as `/name`.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
        }
    }
}

/// The error of every service.
#[derive(Debug)]
pub struct AppError {
    kind: ErrorKind,
    code: &'static str,
    detail: Cow<'static, str>,
    fields: Vec<FieldError>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// Result of a service.
pub type AppResult<T> = Result<T, AppError>;

impl AppError {
    /// Error with a stable dotted `code` (`<slice>.<snake_reason>`) and a text that anybody may read.
    pub fn new(kind: ErrorKind, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            code,
            detail: detail.into(),
            fields: Vec::new(),
            retry_after: None,
            source: None,
        }
    }

    /// The thing named `what` does not exist (or must not be seen).
    pub fn not_found(what: &str) -> Self {
        Self::new(
            ErrorKind::NotFound,
            "not_found",
            format!("There is no such {what}."),
        )
    }

    /// The request's content is refused, field by field.
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        let detail = fields.first().map_or_else(String::new, |f| f.detail.clone());
        Self {
            fields,
            ..Self::new(ErrorKind::Invalid, "invalid", detail)
        }
    }

    /// One field of the request is refused.
    pub fn invalid_field(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::new(pointer, code, detail)])
    }

    /// Nobody is signed in, or no longer.
    pub fn unauthenticated(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unauthenticated, code, detail)
    }

    /// Signed in, but not allowed.
    pub fn forbidden(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Forbidden, code, detail)
    }

    /// Somebody else was quicker, or the thing is in use.
    pub fn conflict(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Conflict, code, detail)
    }

    /// The edit was based on an old version of the row.
    pub fn stale_version() -> Self {
        Self::conflict(
            "conflict.stale_version",
            "Somebody changed this in the meantime; load it again.",
        )
    }

    /// The thing's state does not allow the step.
    pub fn invalid_transition(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::InvalidTransition, code, detail)
    }

    /// Asked too often; worth another try after `retry_after`.
    pub fn too_many(code: &'static str, detail: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(ErrorKind::TooMany, code, detail)
        }
    }

    /// Something we need is away.
    pub fn unavailable(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unavailable, code, detail)
    }

    /// A command may or may not have taken effect.
    pub fn unknown_outcome(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::UnknownOutcome, code, detail)
    }

    /// A defect of ours; `source` goes to the log, never to the caller.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(
            ErrorKind::Internal,
            "internal",
            "Something went wrong on our side.",
        )
        .with_source(source)
    }

    /// Attaches the private cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Says when another try is worth it.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// Names a field that is to blame, also for kinds other than [`ErrorKind::Invalid`].
    #[must_use]
    pub fn with_field(mut self, field: FieldError) -> Self {
        self.fields.push(field);
        self
    }

    /// What a caller has to act on.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Stable dotted code; never renamed once shipped.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Text that anybody may read.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The refused fields, when the kind is [`ErrorKind::Invalid`].
    pub fn fields(&self) -> &[FieldError] {
        &self.fields
    }

    /// When another try is worth it.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Code, text and every cause below, for one log line.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = self.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.detail, self.code)
    }
}

impl Error for AppError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_names_every_cause_and_the_display_names_none() {
        let error = AppError::internal(std::io::Error::other("disk on fire"));
        assert_eq!(error.to_string(), "Something went wrong on our side. (internal)");
        assert_eq!(
            error.chain(),
            "Something went wrong on our side. (internal): disk on fire"
        );
    }

    #[test]
    fn refused_fields_give_the_first_detail_as_the_summary() {
        let error = AppError::invalid_field("/name", "required", "A name is needed.");
        assert_eq!(error.detail(), "A name is needed.");
        assert_eq!(error.fields()[0].pointer, "/name");
    }
}
