//! Wire types of signing in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Name and password.
#[derive(Deserialize, ToSchema)]
pub struct LoginRequest {
    /// Sign-in name, in any case.
    pub user_name: String,
    /// Password.
    pub password: String,
}

/// Old and new password.
#[derive(Deserialize, ToSchema)]
pub struct ChangePasswordRequest {
    /// The current one.
    pub current: String,
    /// The new one: at least 8 characters.
    pub new: String,
}

/// What the console keeps in memory; the refresh token comes as a cookie.
#[derive(Debug, Serialize, ToSchema)]
pub struct GrantView {
    /// For the `Authorization` header and the first frame of the WebSocket.
    pub access_token: String,
    /// Life of the access token.
    pub expires_in_secs: i64,
    /// Until it is changed, everything else is refused.
    pub must_change_password: bool,
    /// Who signed in.
    pub user: UserView,
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    /// Key.
    pub id: i64,
    /// Sign-in name.
    pub user_name: String,
    /// Name for people.
    pub full_name: String,
    /// May do everything.
    pub is_admin: bool,
    /// May take a seat.
    pub is_agent: bool,
    /// Codes of all rights, in the order of the menu.
    pub permissions: Vec<&'static str>,
    /// Until it is changed, everything else is refused.
    pub must_change_password: bool,
}
