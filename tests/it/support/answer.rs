//! An answer, read to its end.

use axum::{
    body::to_bytes,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde_json::Value;

/// Nothing that tests ask for is longer.
const LIMIT: usize = 16 * 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(super) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, LIMIT).await.expect("the body can be read");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Self {
            status: parts.status,
            headers: parts.headers,
            text,
        }
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A header as text, empty when absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Insists on a status; shows the body otherwise.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// Insists on a problem with this status and code.
    #[track_caller]
    pub(crate) fn expect_problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["instance"], self.header("x-request-id"));
        problem
    }

    /// The stable code of a problem; empty for a success.
    pub(crate) fn code(&self) -> String {
        let body: Option<Value> = serde_json::from_str(&self.text).ok();
        body.and_then(|body| body["code"].as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// The refresh cookie that was set, ready to be sent back.
    #[track_caller]
    pub(crate) fn refresh_cookie(&self) -> String {
        let set = self.header("set-cookie");
        assert!(
            set.starts_with("cordboard_refresh="),
            "no refresh cookie: {self:?}"
        );
        set.split(';').next().unwrap_or_default().to_owned()
    }
}
