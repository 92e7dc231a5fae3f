//! Access tokens (JWT, HS256) and refresh tokens (random).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::error::{AppError, AppResult};

const ISSUER: &str = "cordboard";

/// Signs and checks access tokens.
#[derive(Clone)]
pub struct AccessKey {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

/// What a genuine access token gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// `sessions.id`
    pub session_id: Uuid,
    /// From then on the token is refused.
    pub expires_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    /// `users.id`
    sub: String,
    /// `sessions.id`
    sid: Uuid,
    iat: i64,
    exp: i64,
}

impl AccessKey {
    /// A key made for this purpose alone.
    pub fn new(key: &[u8; 32]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        // The library reads the machine's clock; ours is passed in, see `verify`.
        validation.validate_exp = false;
        Self {
            encoding: EncodingKey::from_secret(key),
            decoding: DecodingKey::from_secret(key),
            validation,
        }
    }

    /// A token for this session.
    pub fn sign(
        &self,
        user_id: i64,
        session_id: Uuid,
        now: DateTime<Utc>,
        life: TimeDelta,
    ) -> AppResult<String> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: user_id.to_string(),
            sid: session_id,
            iat: now.timestamp(),
            exp: (now + life).timestamp(),
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).map_err(AppError::internal)
    }

    /// What a token says that we signed and that has not expired.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> AppResult<Access> {
        let invalid = || AppError::unauthenticated("auth.invalid_token", "Sign in again.");
        let claims = decode::<Claims>(token, &self.decoding, &self.validation)
            .map_err(|_| invalid())?
            .claims;
        if claims.exp <= now.timestamp() {
            return Err(AppError::unauthenticated(
                "auth.token_expired",
                "The access token has expired.",
            ));
        }
        Ok(Access {
            session_id: claims.sid,
            expires_at: DateTime::from_timestamp(claims.exp, 0).ok_or_else(invalid)?,
        })
    }
}

/// What the browser keeps in its cookie: which session, and the secret of the moment.
#[derive(Clone)]
pub(super) struct RefreshToken {
    pub(super) session_id: Uuid,
    secret: [u8; 32],
}

impl RefreshToken {
    pub(super) fn new(session_id: Uuid, secret: [u8; 32]) -> Self {
        Self { session_id, secret }
    }

    pub(super) fn encode(&self) -> String {
        format!(
            "{}.{}",
            self.session_id.simple(),
            URL_SAFE_NO_PAD.encode(self.secret)
        )
    }

    pub(super) fn decode(text: &str) -> Option<Self> {
        let (id, secret) = text.split_once('.')?;
        let secret = URL_SAFE_NO_PAD.decode(secret).ok()?.try_into().ok()?;
        Some(Self {
            session_id: Uuid::try_parse(id).ok()?,
            secret,
        })
    }

    /// What is stored. The secret is random, so a plain digest cannot be guessed back.
    pub(super) fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.secret))
    }

    pub(super) fn has_hash(&self, hash: &str) -> bool {
        self.hash().as_bytes().ct_eq(hash.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).expect("valid")
    }

    #[test]
    fn a_token_works_until_it_expires_and_only_with_our_key() {
        let key = AccessKey::new(&[1; 32]);
        let session = Uuid::from_u128(9);
        let token = key
            .sign(3, session, noon(), TimeDelta::minutes(15))
            .expect("signed");
        let access = key.verify(&token, noon()).expect("valid");
        assert_eq!(access.session_id, session);
        assert_eq!(access.expires_at, noon() + TimeDelta::minutes(15));
        let late = key
            .verify(&token, noon() + TimeDelta::minutes(15))
            .expect_err("expired");
        assert_eq!(late.code(), "auth.token_expired");
        assert!(AccessKey::new(&[2; 32]).verify(&token, noon()).is_err());
    }

    #[test]
    fn a_token_without_a_signature_is_refused() {
        let key = AccessKey::new(&[1; 32]);
        let token = key
            .sign(3, Uuid::from_u128(9), noon(), TimeDelta::minutes(15))
            .expect("signed");
        let body = token.split('.').nth(1).expect("body");
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        assert!(key.verify(&format!("{header}.{body}."), noon()).is_err());
    }

    #[test]
    fn a_refresh_token_survives_the_cookie_and_matches_its_hash_only() {
        let token = RefreshToken::new(Uuid::from_u128(5), [7; 32]);
        let read = RefreshToken::decode(&token.encode()).expect("decodes");
        assert!(read.session_id == token.session_id && read.has_hash(&token.hash()));
        assert!(!read.has_hash(&RefreshToken::new(Uuid::from_u128(5), [8; 32]).hash()));
        assert!(RefreshToken::decode("junk").is_none());
    }
}
