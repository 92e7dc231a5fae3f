//! Tickets: a media element cannot send an access token, so its address carries a signed, short-lived permission to
//! listen to one recording. It names the session it was made for; rights are asked again at each use.

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{AppError, AppResult};

const ISSUER: &str = "cordboard recordings";
/// Long enough to listen to most calls; a player asks for another one when it is over.
const LIFE: TimeDelta = TimeDelta::minutes(5);

/// For whom a ticket was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// `users.id`
    pub user_id: i64,
    /// `sessions.id`
    pub session_id: Uuid,
}

/// Signs and checks tickets.
pub struct TicketKey {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    /// `users.id`
    sub: String,
    /// `sessions.id`
    sid: Uuid,
    /// `recordings.id`
    rec: Uuid,
    exp: i64,
}

impl TicketKey {
    /// A key made for this purpose alone.
    pub fn new(key: &[u8; 32]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        // The library reads the machine's clock; ours is passed in.
        validation.validate_exp = false;
        Self {
            encoding: EncodingKey::from_secret(key),
            decoding: DecodingKey::from_secret(key),
            validation,
        }
    }

    pub(super) fn sign(
        &self,
        holder: Holder,
        recording: Uuid,
        now: DateTime<Utc>,
    ) -> AppResult<(String, DateTime<Utc>)> {
        let expires_at = now + LIFE;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: holder.user_id.to_string(),
            sid: holder.session_id,
            rec: recording,
            exp: expires_at.timestamp(),
        };
        let ticket = encode(&Header::new(Algorithm::HS256), &claims, &self.encoding);
        Ok((ticket.map_err(AppError::internal)?, expires_at))
    }

    pub(super) fn verify(&self, ticket: &str, recording: Uuid, now: DateTime<Utc>) -> AppResult<Holder> {
        let invalid = || AppError::unauthenticated("recording.invalid_ticket", "This address is not valid.");
        let claims = decode::<Claims>(ticket, &self.decoding, &self.validation)
            .map_err(|_| invalid())?
            .claims;
        if claims.rec != recording {
            return Err(invalid());
        }
        if claims.exp <= now.timestamp() {
            let detail = "This address is no longer valid; ask for a new one.";
            return Err(AppError::unauthenticated("recording.ticket_expired", detail));
        }
        Ok(Holder {
            user_id: claims.sub.parse().map_err(|_| invalid())?,
            session_id: claims.sid,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_good_for_its_recording_and_its_five_minutes() {
        let key = TicketKey::new(&[1; 32]);
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let holder = Holder {
            user_id: 7,
            session_id: Uuid::from_u128(1),
        };
        let (ticket, expires_at) = key.sign(holder, Uuid::from_u128(5), now).unwrap();
        assert_eq!(key.verify(&ticket, Uuid::from_u128(5), now).unwrap(), holder);
        let code = |key: &TicketKey, id, at| key.verify(&ticket, Uuid::from_u128(id), at).unwrap_err().code();
        assert_eq!(code(&key, 5, expires_at), "recording.ticket_expired");
        assert_eq!(code(&key, 6, now), "recording.invalid_ticket");
        assert_eq!(
            code(&TicketKey::new(&[2; 32]), 5, now),
            "recording.invalid_ticket"
        );
    }
}
