//! Errors as `application/problem+json` (RFC 9457).

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{AppError, ErrorKind, FieldError};

/// Body of every answer that is not a success.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: programs act on `code`.
    #[serde(rename = "type")]
    pub kind: ProblemType,
    /// Short name of the status.
    pub title: &'static str,
    /// HTTP status.
    pub status: u16,
    /// What happened, for humans; fallback when the console has no translation for `code`.
    pub detail: String,
    /// Request id, to be found again in the server's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Stable code that programs act on.
    pub code: &'static str,
    /// Seconds until another try is worth it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_secs: Option<u32>,
    /// Refused fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemField>,
}

/// Reference for the kind of problem, as RFC 9457 wants it.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub enum ProblemType {
    /// The status says it all.
    #[serde(rename = "about:blank")]
    AboutBlank,
}

/// One refused field.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProblemField {
    /// JSON pointer into the request body.
    pub pointer: String,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong, for humans.
    pub detail: String,
}

impl Problem {
    /// A problem of HTTP itself (malformed body, unknown route …) that no service raised.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: ProblemType::AboutBlank,
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            instance: None,
            code,
            retry_after_secs: None,
            errors: Vec::new(),
        }
    }
}

/// The status that stands for a kind of error.
pub fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::Conflict | ErrorKind::InvalidTransition => StatusCode::CONFLICT,
        ErrorKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::UnknownOutcome => StatusCode::ACCEPTED,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<&FieldError> for ProblemField {
    fn from(field: &FieldError) -> Self {
        Self {
            pointer: field.pointer.clone(),
            code: field.code,
            detail: field.detail.clone(),
        }
    }
}

impl From<&AppError> for Problem {
    fn from(error: &AppError) -> Self {
        let mut problem = Self::new(status_of(error.kind()), error.code(), error.detail());
        problem.retry_after_secs = error.retry_after().map(|after| after.as_secs().max(1) as u32);
        problem.errors = error.fields().iter().map(ProblemField::from).collect();
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        self.instance = self.instance.or_else(super::layers::request::current_id);
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after_secs;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(secs) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        response
    }
}

impl IntoResponse for AppError {
    /// The boundary where errors of our own making are logged, once, with their whole cause chain.
    fn into_response(self) -> Response {
        match self.kind() {
            ErrorKind::Internal => {
                tracing::error!(error = %self.chain(), code = self.code(), "request failed");
            }
            ErrorKind::Unavailable | ErrorKind::UnknownOutcome => {
                tracing::warn!(error = %self.chain(), code = self.code(), "request could not be served");
            }
            _ => {}
        }
        Problem::from(&self).into_response()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_problem_carries_code_fields_and_retry_after() {
        let error = AppError::too_many("auth.locked", "Wait.", Duration::from_millis(300));
        let response = error.into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
    }

    #[test]
    fn private_causes_never_reach_the_body() {
        let error = AppError::internal(std::io::Error::other("password=hunter2"));
        let body = serde_json::to_string(&Problem::from(&error)).expect("serialises");
        assert!(!body.contains("hunter2"), "{body}");
    }
}
