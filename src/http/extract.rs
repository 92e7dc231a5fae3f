//! Extractors whose refusals are problems, never plain text.
//!
//! Use these instead of axum's own. Control characters in bodies are refused here, those in paths and queries by
//! [`super::layers::request`]: PostgreSQL refuses NUL, the switch's text protocols know line ends.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::problem::{Problem, ProblemField};

/// JSON body of a request or of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

/// Variables of the path.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

/// Variables of the query.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "Send the body as application/json.";
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "http.not_json",
                detail,
            ));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|error| body_problem(&error))?;
        parse(&bytes).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            // An id that is no id names nothing.
            Err(error) => Err(Problem::new(
                StatusCode::NOT_FOUND,
                "not_found",
                error.body_text(),
            )),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(error) => Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "http.bad_query",
                error.body_text(),
            )),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let media_type = value.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}

/// The problem of a body that could not be read.
pub fn body_problem(error: &BytesRejection) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "http.body_too_large",
            "The body is too large.",
        );
    }
    Problem::new(
        StatusCode::BAD_REQUEST,
        "http.body_unreadable",
        "The body could not be read.",
    )
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "http.bad_json",
            format!("The body is no JSON: {error}."),
        )
    })?;
    let mut refused = Vec::new();
    find_control_characters(&value, &mut String::new(), &mut refused);
    if !refused.is_empty() {
        return Err(invalid("The text has characters that cannot be stored.", refused));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = pointer_of(error.path());
        let detail = error.inner().to_string();
        let field = ProblemField {
            pointer,
            code: "wrong_type",
            detail: detail.clone(),
        };
        invalid(&detail, vec![field])
    })
}

fn invalid(detail: &str, errors: Vec<ProblemField>) -> Problem {
    Problem {
        errors,
        ..Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
    }
}

/// `agents[0].extension` of the parser → `/agents/0/extension`.
fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push_segment(&mut pointer, &index.to_string()),
            Segment::Map { key } => push_segment(&mut pointer, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

fn push_segment(pointer: &mut String, segment: &str) {
    pointer.push('/');
    pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
}

/// Line ends and tabs may be in a text, nothing else below the blank.
fn is_forbidden(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}

fn find_control_characters(value: &Value, pointer: &mut String, refused: &mut Vec<ProblemField>) {
    match value {
        Value::String(text) if text.contains(is_forbidden) => refused.push(ProblemField {
            pointer: pointer.clone(),
            code: "control_character",
            detail: "The text has characters that cannot be stored.".to_owned(),
        }),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let length = pointer.len();
                push_segment(pointer, &index.to_string());
                find_control_characters(item, pointer, refused);
                pointer.truncate(length);
            }
        }
        Value::Object(fields) => {
            for (key, item) in fields {
                let length = pointer.len();
                push_segment(pointer, key);
                find_control_characters(item, pointer, refused);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Queue {
        #[expect(dead_code, reason = "only parsed")]
        agents: Vec<Agent>,
    }

    #[derive(Debug, Deserialize)]
    struct Agent {
        #[expect(dead_code, reason = "only parsed")]
        level: i32,
    }

    #[test]
    fn a_wrong_type_is_named_by_a_json_pointer() {
        let problem = parse::<Queue>(br#"{"agents":[{"level":1},{"level":"x"}]}"#).expect_err("refused");
        assert_eq!(problem.status, 422);
        assert_eq!(problem.errors[0].pointer, "/agents/1/level");
    }

    #[test]
    fn control_characters_are_refused_where_they_are_and_line_ends_are_not() {
        let problem = parse::<Value>(br#"{"a":["ok\n","no\u0000"]}"#).expect_err("refused");
        assert_eq!(problem.errors[0].pointer, "/a/1");
        assert!(parse::<Value>(br#"{"a":"two\nlines"}"#).is_ok());
    }

    #[test]
    fn what_is_no_json_is_a_bad_request() {
        assert_eq!(parse::<Value>(b"{").expect_err("refused").status, 400);
    }
}
