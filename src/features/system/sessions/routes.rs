//! Signing in over HTTP.
//!
//! The access token lives in the console's memory, the refresh token in a cookie that scripts cannot read and that
//! is only sent to these addresses, by pages of our own.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::AppendHeaders,
};
use axum_extra::extract::CookieJar;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    dto::{ChangePasswordRequest, GrantView, LoginRequest, UserView},
    service::{Granted, Origin},
};
use crate::{
    boot::state::AppState,
    error::{AppError, AppResult},
    features::system::users::Account,
    http::{
        extract::Json,
        guard::{Anyone, PermissionSet},
        layers::client::Client,
        problem::Problem,
    },
};

/// The answer with a changed cookie.
type WithCookie<T> = (AppendHeaders<Option<(header::HeaderName, String)>>, T);

const COOKIE: &str = "cordboard_refresh";
const COOKIE_PATH: &str = "/api/v1/auth";

/// Addresses of this slice.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(login))
        .routes(routes!(refresh_token))
        .routes(routes!(logout))
        .routes(routes!(change_password))
        .routes(routes!(get_me))
}

/// Signs in.
#[utoipa::path(
    post, path = "/auth/login", tag = "system/sessions", request_body = LoginRequest, security(()),
    responses(
        (status = 200, body = GrantView),
        (status = 401, body = Problem, description = "`auth.wrong_credentials`"),
        (status = 403, body = Problem, description = "`auth.disabled`"),
        (status = 429, body = Problem, description = "`auth.locked`")
    )
)]
async fn login(
    State(state): State<AppState>,
    client: Client,
    Json(body): Json<LoginRequest>,
) -> AppResult<WithCookie<Json<GrantView>>> {
    let origin = Origin {
        ip: client.ip.to_string(),
        user_agent: client.user_agent,
    };
    let granted = state
        .sessions
        .login(&body.user_name, &body.password, origin)
        .await?;
    Ok(answer(&state, granted))
}

/// Exchanges the refresh cookie for a new one and a new access token.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "system/sessions", security(()),
    responses(
        (status = 200, body = GrantView),
        (status = 401, body = Problem, description = "`auth.session_over`")
    )
)]
async fn refresh_token(
    State(state): State<AppState>,
    headers: HeaderMap,
    jar: CookieJar,
) -> AppResult<WithCookie<Json<GrantView>>> {
    refuse_foreign_pages(&headers)?;
    let cookie = jar.get(COOKIE).map(|cookie| cookie.value().to_owned());
    let granted = match cookie {
        Some(token) => state.sessions.refresh(&token).await?,
        None => return Err(AppError::unauthenticated("auth.session_over", "Sign in first.")),
    };
    Ok(answer(&state, granted))
}

/// Signs out: the session ends, the cookie goes.
#[utoipa::path(post, path = "/auth/logout", tag = "system/sessions", security(()), responses((status = 204)))]
async fn logout(
    State(state): State<AppState>,
    headers: HeaderMap,
    jar: CookieJar,
) -> AppResult<(StatusCode, WithCookie<()>)> {
    refuse_foreign_pages(&headers)?;
    if let Some(cookie) = jar.get(COOKIE) {
        let ended = state.sessions.logout(cookie.value()).await?;
        if let Some(user_id) = ended {
            state.guard.forget_user(user_id);
        }
    }
    Ok((StatusCode::NO_CONTENT, (set_cookie(&state, Some("")), ())))
}

/// Changes one's own password; all one's other sessions end.
#[utoipa::path(
    post, path = "/auth/password", tag = "system/sessions", request_body = ChangePasswordRequest,
    security(("bearer" = [])),
    responses((status = 204), (status = 422, body = Problem, description = "policy or wrong current password"))
)]
async fn change_password(
    who: Anyone,
    State(state): State<AppState>,
    Json(body): Json<ChangePasswordRequest>,
) -> AppResult<StatusCode> {
    state
        .sessions
        .change_password(who.user_id, who.session_id, &body.current, &body.new)
        .await?;
    state.guard.forget_user(who.user_id);
    Ok(StatusCode::NO_CONTENT)
}

/// Who is signed in, with all rights.
#[utoipa::path(
    get, path = "/me", tag = "system/sessions", security(("bearer" = [])),
    responses((status = 200, body = UserView))
)]
async fn get_me(who: Anyone) -> Json<UserView> {
    Json(UserView {
        id: who.user_id,
        user_name: who.user_name.clone(),
        full_name: who.full_name.clone(),
        is_admin: who.is_admin,
        is_agent: who.is_agent,
        permissions: who.permissions.codes(),
        must_change_password: who.must_change_password,
    })
}

fn answer(state: &AppState, granted: Granted) -> WithCookie<Json<GrantView>> {
    let cookie = set_cookie(state, granted.refresh_token.as_deref());
    let view = GrantView {
        expires_in_secs: granted.expires_in.num_seconds(),
        must_change_password: granted.account.must_change_password,
        access_token: granted.access_token,
        user: view_of(granted.account),
    };
    (cookie, Json(view))
}

fn view_of(account: Account) -> UserView {
    UserView {
        permissions: PermissionSet::of(account.is_admin, &account.permissions).codes(),
        id: account.user_id,
        user_name: account.user_name,
        full_name: account.full_name,
        is_admin: account.is_admin,
        is_agent: account.is_agent,
        must_change_password: account.must_change_password,
    }
}

/// Sets the cookie to a new token, takes it away when the token is empty, or leaves it alone.
fn set_cookie(state: &AppState, token: Option<&str>) -> AppendHeaders<Option<(header::HeaderName, String)>> {
    AppendHeaders(token.map(|token| {
        let life = if token.is_empty() {
            0
        } else {
            state.sessions.refresh_life().num_seconds()
        };
        let secure = if state.config.is_public_https() {
            "; Secure"
        } else {
            ""
        };
        // A token is made of letters, digits, '.', '-' and '_': nothing to escape.
        let cookie = format!(
            "{COOKIE}={token}; Path={COOKIE_PATH}; Max-Age={life}; HttpOnly; SameSite=Strict{secure}"
        );
        (header::SET_COOKIE, cookie)
    }))
}

/// `SameSite=Strict` already keeps the cookie from other sites' pages; browsers that say where a request comes
/// from are asked as well.
fn refuse_foreign_pages(headers: &HeaderMap) -> AppResult<()> {
    let site = headers
        .get("sec-fetch-site")
        .and_then(|value| value.to_str().ok());
    match site {
        Some("cross-site") => Err(AppError::forbidden(
            "auth.foreign_page",
            "Use Cordboard's own pages.",
        )),
        _ => Ok(()),
    }
}
