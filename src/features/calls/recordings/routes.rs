//! Listening over HTTP.

use axum::{
    body::Body,
    extract::{FromRequestParts as _, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use std::{io::SeekFrom, sync::Arc, time::Duration};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    dto::{PeaksView, RecordingTicket, TicketQuery},
    range::{Part, wanted_part},
    service::Sound,
    tickets::Holder,
};
use crate::{
    boot::state::AppState,
    error::{AppError, AppResult},
    features::system::audit::{Notes, Outcome, Seen},
    http::{
        extract::{Json, Path, Query},
        guard::{Anyone, Permission, Principal, Require, permission::RecordingsListen},
        layers::{client::Client, request::current_id},
        problem::Problem,
    },
};

/// Bytes read from disk at a time.
const CHUNK: usize = 64 * 1024;

/// Addresses of this slice.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(listen_to_recording))
        .routes(routes!(get_recording_audio))
        .routes(routes!(get_recording_peaks))
}

/// An address for a media element. Asking for it is noted in the operation log as listening.
#[utoipa::path(
    post, path = "/recordings/{id}/ticket", tag = "calls/recordings", params(("id" = Uuid, Path)),
    security(("bearer" = ["recordings.listen"])),
    responses(
        (status = 200, body = RecordingTicket),
        (status = 404, body = Problem, description = "also `recording.missing`"),
        (status = 409, body = Problem, description = "`recording.still_running`"),
        (status = 503, body = Problem, description = "`recording.folder_away`")
    )
)]
async fn listen_to_recording(
    who: Require<RecordingsListen>,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
) -> AppResult<Json<RecordingTicket>> {
    let holder = Holder {
        user_id: who.user_id,
        session_id: who.session_id,
    };
    let (ticket, expires_at) = state.recordings.issue_ticket(who.scope(), holder, id).await?;
    // A ticket is made of letters, digits, '.', '-' and '_'.
    let url = format!("/api/v1/recordings/{id}/audio?ticket={ticket}");
    Ok(Json(RecordingTicket { url, expires_at }))
}

/// The sound, whole or in parts (`Range`), with an access token or with a ticket.
#[utoipa::path(
    get, path = "/recordings/{id}/audio", tag = "calls/recordings", params(("id" = Uuid, Path), TicketQuery),
    security(("bearer" = ["recordings.listen"])),
    responses(
        (status = 200, content_type = "audio/wav", body = Vec<u8>),
        (status = 206, content_type = "audio/wav", body = Vec<u8>),
        (status = 304, description = "unchanged"),
        (status = 401, body = Problem, description = "also `recording.invalid_ticket`, `recording.ticket_expired`"),
        (status = 404, body = Problem, description = "also `recording.missing`"),
        (status = 409, body = Problem, description = "`recording.still_running`"),
        (status = 416, body = Problem, description = "`http.range_not_satisfiable`"),
        (status = 503, body = Problem, description = "`recording.folder_away`")
    )
)]
async fn get_recording_audio(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    Query(query): Query<TicketQuery>,
    request: Request,
) -> AppResult<Response> {
    let (mut parts, _) = request.into_parts();
    let who = listener(&state, &mut parts, id, query.ticket.as_deref()).await?;
    let sound = state.recordings.open(who.scope(), id).await?;
    let headers = &parts.headers;
    if header_text(headers, &header::IF_NONE_MATCH).is_some_and(|tags| tags.contains(&sound.tag)) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, sound.tag)]).into_response());
    }
    // Parts of two versions must never be put together.
    let is_same = header_text(headers, &header::IF_RANGE).is_none_or(|tag| tag == sound.tag);
    let range = header_text(headers, &header::RANGE).filter(|_| is_same);
    let part = wanted_part(range, sound.size);
    let is_begin = !matches!(part, Part::Bytes { first: 1.., .. } | Part::Nothing);
    if query.ticket.is_none() && is_begin {
        note_listening(&state, &mut parts, &who, id).await;
    }
    answer(id, sound, part).await
}

/// The shape of the sound, for drawing.
#[utoipa::path(
    get, path = "/recordings/{id}/peaks", tag = "calls/recordings", params(("id" = Uuid, Path)),
    security(("bearer" = ["recordings.listen"])),
    responses(
        (status = 200, body = PeaksView),
        (status = 404, body = Problem, description = "also `recording.missing`"),
        (status = 409, body = Problem, description = "`recording.unreadable`, `recording.still_running`"),
        (status = 503, body = Problem, description = "`recording.folder_away`")
    )
)]
async fn get_recording_peaks(
    who: Require<RecordingsListen>,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
) -> AppResult<Response> {
    let peaks = state.recordings.peaks(who.scope(), id).await?;
    Ok(Json(&*peaks).into_response())
}

/// Who listens: the holder of the ticket if there is one, else the owner of the access token. Rights are those of
/// this moment, not those of the ticket's.
async fn listener(
    state: &AppState,
    parts: &mut Parts,
    id: Uuid,
    ticket: Option<&str>,
) -> AppResult<Arc<Principal>> {
    let signed_in = if ticket.is_none() || parts.headers.contains_key(header::AUTHORIZATION) {
        Some(Anyone::from_request_parts(parts, state).await?.0)
    } else {
        None
    };
    let principal = match ticket {
        None => signed_in,
        Some(ticket) => {
            let holder = state.recordings.read_ticket(ticket, id)?;
            let principal = state.guard.principal_of(holder.session_id).await?;
            let is_holder = principal.user_id == holder.user_id
                && signed_in.is_none_or(|caller| caller.user_id == holder.user_id);
            is_holder.then_some(principal)
        }
    };
    let principal = principal.ok_or_else(|| {
        AppError::forbidden(
            "recording.foreign_ticket",
            "This address was made for somebody else.",
        )
    })?;
    principal.may_work()?;
    principal.require(Permission::RecordingsListen)?;
    Ok(principal)
}

/// Who comes with an access token asked for no ticket, so this is where the operation log hears of it.
async fn note_listening(state: &AppState, parts: &mut Parts, who: &Principal, id: Uuid) {
    let Ok(client) = Client::from_request_parts(parts, state).await;
    let seen = Seen {
        at: state.clock.now(),
        ip: client.ip.to_string(),
        user_agent: client.user_agent,
        action: "listen_to_recording".to_owned(),
        outcome: Outcome::Ok,
        status: StatusCode::OK.as_u16(),
        duration: Duration::ZERO,
        request_id: current_id().unwrap_or_default(),
    };
    let notes = Notes {
        user_id: Some(who.user_id),
        user_name: who.user_name.clone(),
        object_kind: "recording".to_owned(),
        object_id: Some(id.to_string()),
        before: None,
        after: None,
    };
    state.audit.append(seen, notes).await;
}

async fn answer(id: Uuid, sound: Sound, part: Part) -> AppResult<Response> {
    let Sound { mut file, size, tag } = sound;
    let (status, first, length) = match part {
        Part::Whole => (StatusCode::OK, 0, size),
        Part::Bytes { first, length } => (StatusCode::PARTIAL_CONTENT, first, length),
        Part::Nothing => return Ok(not_satisfiable(size)),
    };
    if first > 0 {
        file.seek(SeekFrom::Start(first))
            .await
            .map_err(AppError::internal)?;
    }
    let stream = ReaderStream::with_capacity(file.take(length), CHUNK);
    let headers = [
        (header::CONTENT_TYPE, "audio/wav".to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (
            header::CONTENT_DISPOSITION,
            format!("inline; filename=\"{id}.wav\""),
        ),
        (header::ETAG, tag),
    ];
    let mut response = (status, headers, Body::from_stream(stream)).into_response();
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {first}-{}/{size}", first + length - 1);
        insert(&mut response, range);
    }
    Ok(response)
}

fn not_satisfiable(size: u64) -> Response {
    let detail = "The recording has no such part.";
    let problem = Problem::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "http.range_not_satisfiable",
        detail,
    );
    let mut response = problem.into_response();
    insert(&mut response, format!("bytes */{size}"));
    response
}

fn insert(response: &mut Response, content_range: String) {
    if let Ok(value) = HeaderValue::try_from(content_range) {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
}

fn header_text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
