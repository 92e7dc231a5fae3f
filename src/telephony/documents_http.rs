//! The addresses that a switch calls: its XML and its sounds.
//!
//! `POST /switch/{server}/xml` with the credentials of that server, `GET|HEAD /switch/{server}/media/{file}`
//! without: mod_httapi cannot present any, and the sounds are no secret.
//! Anything but 200 makes the switch ask its snapshot, at once and at no cost.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use domain::ids::ServerId;
use fsxml::Templates;

use super::documents;
use super::form::Form;
use super::media::Media;
use super::plan::Plans;
use crate::ports::Clock;

/// Largest form; the switch sends 8 to 10 kB (facts.md §1), more with many variables.
const MAX_FORM: usize = 256 * 1024;

/// What these handlers need.
#[derive(Clone)]
#[expect(missing_docs, reason = "each is described at its type")]
pub struct SwitchFacing {
    pub plans: Arc<Plans>,
    pub templates: Arc<Templates>,
    pub media: Arc<Media>,
    pub clock: Arc<dyn Clock>,
}

/// The routes, to be merged into the application's.
pub fn routes<S: Clone + Send + Sync + 'static>(state: SwitchFacing) -> Router<S> {
    Router::new()
        .route(
            "/switch/{server}/xml",
            post(post_xml).layer(DefaultBodyLimit::max(MAX_FORM)),
        )
        .route("/switch/{server}/media/{file}", get(get_media))
        .with_state(state)
}

async fn post_xml(
    State(state): State<SwitchFacing>,
    Path(server): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let begun = Instant::now();
    let (section, response) = answer(&state, &server, &headers, body);
    let status = response.status().as_u16().to_string();
    metrics::counter!("cordboard_switch_xml_total", "section" => section, "status" => status).increment(1);
    metrics::histogram!("cordboard_switch_xml_seconds", "section" => section).record(begun.elapsed());
    response
}

/// The section (for the metrics) and the answer.
fn answer(
    state: &SwitchFacing,
    server: &str,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> (&'static str, Response) {
    let refuse = |status: StatusCode, text: &str| ("none", (status, format!("{text}\n")).into_response());
    let Some(served) = server.parse().ok().and_then(|id| state.plans.get(ServerId(id))) else {
        return refuse(StatusCode::NOT_FOUND, "no such voice server");
    };
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    if !served.admits(authorization) {
        tracing::warn!(
            server.id = server,
            "a request for XML came with a wrong credential"
        );
        let (section, mut response) = refuse(StatusCode::UNAUTHORIZED, "wrong credential");
        response.headers_mut().insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"cordboard\""),
        );
        return (section, response);
    }
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return refuse(rejection.status(), "the body cannot be read"),
    };
    let form = match Form::parse(&body) {
        Ok(form) => form,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let section = match &*form.section {
        "directory" => "directory",
        "dialplan" => "dialplan",
        "configuration" => "configuration",
        _ => "other",
    };
    match state
        .templates
        .render(&documents::document(&served, &form, state.clock.now()))
    {
        Ok(xml) => (
            section,
            ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], xml).into_response(),
        ),
        Err(error) => {
            tracing::error!(server.id = server, section, %error, "a document could not be written");
            let (_, response) = refuse(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the document could not be written",
            );
            (section, response)
        }
    }
}

async fn get_media(
    State(state): State<SwitchFacing>,
    Path((server, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let known = server
        .parse()
        .is_ok_and(|id| state.plans.get(ServerId(id)).is_some());
    let Some(sound) = state.media.get(&file).filter(|_| known) else {
        return (StatusCode::NOT_FOUND, "no such sound\n").into_response();
    };
    let tag = format!("\"{}\"", sound.hash);
    let fresh = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let (status, body) = if fresh {
        (StatusCode::NOT_MODIFIED, Body::empty())
    } else {
        (StatusCode::OK, Body::from(sound.wav.clone()))
    };
    let headers = [
        (header::CONTENT_TYPE, "audio/wav".to_owned()),
        (header::ETAG, tag),
        (
            header::CACHE_CONTROL,
            "public, max-age=31536000, immutable".to_owned(),
        ),
    ];
    (status, headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use base64::Engine as _;
    use chrono::{DateTime, Utc};
    use chrono_tz::Tz;
    use testkit::plans;
    use tower::ServiceExt as _;

    use super::*;
    use crate::telephony::plan::Served;

    struct Monday;

    impl Clock for Monday {
        fn now(&self) -> DateTime<Utc> {
            DateTime::parse_from_rfc3339("2026-11-23T02:00:00Z")
                .unwrap()
                .to_utc()
        }
    }

    fn app() -> (Router, Arc<Media>) {
        let state = SwitchFacing {
            plans: Arc::new(Plans::default()),
            templates: Arc::new(Templates::built_in().unwrap()),
            media: Arc::new(Media::built_in().unwrap()),
            clock: Arc::new(Monday),
        };
        state.plans.put(
            ServerId(1),
            Served::build(plans::small(), Tz::Asia__Shanghai).unwrap().0,
        );
        let media = Arc::clone(&state.media);
        (routes(state), media)
    }

    async fn send(request: Request<Body>) -> (StatusCode, HeaderMap, Bytes) {
        let response = app().0.oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        (
            parts.status,
            parts.headers,
            axum::body::to_bytes(body, 10_000_000).await.unwrap(),
        )
    }

    async fn post(path: &str, credential: Option<&str>, body: impl Into<Body>) -> (StatusCode, String) {
        let mut request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(pair) = credential {
            let token = base64::engine::general_purpose::STANDARD.encode(pair);
            request = request.header(header::AUTHORIZATION, format!("Basic {token}"));
        }
        let (status, _, body) = send(request.body(body.into()).unwrap()).await;
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    const GOOD: Option<&str> = Some("switch:its-secret");
    const LOOKUP: &str =
        "section=directory&key_value=voice.example&user=101&domain=voice.example&action=sip_auth";

    #[tokio::test]
    async fn a_switch_with_its_credential_is_served() {
        let (status, xml) = post("/switch/1/xml", GOOD, LOOKUP).await;
        assert_eq!(status, StatusCode::OK);
        assert!(xml.contains("<user id=\"101\">"), "{xml}");
    }

    #[tokio::test]
    async fn a_wrong_credential_server_form_or_size_is_refused_with_its_own_status() {
        assert_eq!(
            post("/switch/1/xml", None, LOOKUP).await.0,
            StatusCode::UNAUTHORIZED
        );
        let (status, text) = post("/switch/1/xml", Some("switch:other"), LOOKUP).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert!(!text.contains("user"));
        for path in [
            "/switch/2/xml",
            "/switch/x/xml",
            "/switch/-1/xml",
            "/switch/99999999999999999999/xml",
        ] {
            assert_eq!(post(path, GOOD, LOOKUP).await.0, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(
            post("/switch/1/xml", GOOD, "user=101").await.0,
            StatusCode::BAD_REQUEST
        );
        assert_eq!(
            post("/switch/1/xml", GOOD, &b"section=\xff\xfe"[..]).await.0,
            StatusCode::BAD_REQUEST
        );
        let large = format!("{LOOKUP}&x={}", "a".repeat(MAX_FORM));
        assert_eq!(
            post("/switch/1/xml", GOOD, large).await.0,
            StatusCode::PAYLOAD_TOO_LARGE
        );
    }

    #[tokio::test]
    async fn a_lookup_that_xml_cannot_hold_is_no_answer_and_no_panic() {
        let (status, _) = post(
            "/switch/1/xml",
            GOOD,
            "section=directory&key_value=%00&user=1&domain=%00",
        )
        .await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[tokio::test]
    async fn sounds_are_served_whole_for_a_year_and_not_twice() {
        let (_, media) = app();
        let url = &media.sounds("", 1)["hold"];
        let (status, headers, body) = send(Request::get(url).body(Body::empty()).unwrap()).await;
        assert_eq!((status, &body[..4]), (StatusCode::OK, &b"RIFF"[..]));
        assert!(
            headers[header::CACHE_CONTROL]
                .to_str()
                .unwrap()
                .contains("max-age=31536000")
        );
        let (status, head, body) = send(Request::head(url).body(Body::empty()).unwrap()).await;
        assert_eq!((status, body.len()), (StatusCode::OK, 0));
        assert_eq!(head[header::ETAG], headers[header::ETAG]);
        let again = Request::get(url)
            .header(header::IF_NONE_MATCH, &headers[header::ETAG])
            .body(Body::empty());
        assert_eq!(send(again.unwrap()).await.0, StatusCode::NOT_MODIFIED);
        for missing in [
            "/switch/1/media/nothing.wav",
            &url.replace("/1/", "/2/"),
            "/switch/1/media/..%2fx",
        ] {
            let request = Request::get(missing).body(Body::empty()).unwrap();
            assert_eq!(send(request).await.0, StatusCode::NOT_FOUND, "{missing}");
        }
    }
}
