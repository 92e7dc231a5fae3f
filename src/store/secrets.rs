//! Secrets at rest: sealed with XChaCha20-Poly1305 before they reach the database.
//!
//! A sealed text is `v1:` and base64 of nonce and ciphertext. The column's purpose is bound in, so that a sealed
//! extension password copied into a gateway's row does not open.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305,
    aead::{Aead as _, Payload},
};
use entity::secret::Sealed;

use super::key::MasterKey;
use crate::{error::AppError, ports::IdGen};

const VERSION: &str = "v1:";
const NONCE_LENGTH: usize = 24;

/// What a secret is for; part of what is authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Password of the Event Socket.
    Esl,
    /// Password that the switch presents to us.
    SwitchHttp,
    /// Password of a SIP gateway.
    Gateway,
    /// SIP password of an extension.
    Extension,
}

impl Purpose {
    fn label(self) -> &'static str {
        match self {
            Self::Esl => "voice_servers.esl_password",
            Self::SwitchHttp => "voice_servers.http_password",
            Self::Gateway => "gateways.password",
            Self::Extension => "extensions.password",
        }
    }
}

/// A sealed text does not open: another key, another purpose, or damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stored secret does not open; was the secret key exchanged?")]
pub struct OpenError;

impl From<OpenError> for AppError {
    fn from(error: OpenError) -> Self {
        Self::internal(error)
    }
}

/// Seals and opens. Cheap to clone.
#[derive(Clone)]
pub struct Sealer {
    cipher: XChaCha20Poly1305,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(..)")
    }
}

impl Sealer {
    /// A sealer with a key derived from that of the installation.
    pub fn new(key: &MasterKey) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new(&key.derive("secrets at rest").into()),
        }
    }

    /// Seals a secret. The nonce is random and long enough never to repeat.
    pub fn seal(&self, purpose: Purpose, clear: &str, ids: &dyn IdGen) -> Sealed {
        let mut nonce = [0_u8; NONCE_LENGTH];
        nonce.copy_from_slice(&ids.token()[..NONCE_LENGTH]);
        let payload = Payload {
            msg: clear.as_bytes(),
            aad: purpose.label().as_bytes(),
        };
        let ciphertext = self
            .cipher
            .encrypt(&nonce.into(), payload)
            .expect("encryption fails only for texts of 256 gigabytes");
        let mut bytes = nonce.to_vec();
        bytes.extend(ciphertext);
        Sealed(format!("{VERSION}{}", STANDARD_NO_PAD.encode(bytes)))
    }

    /// Opens what [`Sealer::seal`] made for the same purpose.
    ///
    /// # Errors
    /// [`OpenError`], which tells nothing about why.
    pub fn open(&self, purpose: Purpose, sealed: &Sealed) -> Result<String, OpenError> {
        let text = sealed.0.strip_prefix(VERSION).ok_or(OpenError)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(|_| OpenError)?;
        let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE_LENGTH>().ok_or(OpenError)?;
        let payload = Payload {
            msg: ciphertext,
            aad: purpose.label().as_bytes(),
        };
        let clear = self
            .cipher
            .decrypt(&(*nonce).into(), payload)
            .map_err(|_| OpenError)?;
        String::from_utf8(clear).map_err(|_| OpenError)
    }
}

/// Letters and digits that people do not confuse, for passwords that are read out or typed.
const LETTERS: &[u8; 56] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A random password of 16 letters and digits (93 bits).
pub fn generate_password(ids: &dyn IdGen) -> String {
    let mut password = String::with_capacity(16);
    while password.len() < 16 {
        // Bytes above the last whole multiple of the alphabet would favour its first letters.
        let fair = ids
            .token()
            .into_iter()
            .filter(|byte| usize::from(*byte) < 256 / LETTERS.len() * LETTERS.len());
        let letters = fair.map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
        password.extend(letters.take(16 - password.len()));
    }
    password
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SystemIds;

    fn sealer() -> Sealer {
        Sealer::new(&MasterKey::new([3; 32]))
    }

    #[test]
    fn what_was_sealed_opens_again_and_never_looks_the_same_twice() {
        let (one, two) = (
            sealer().seal(Purpose::Gateway, "geheim 密码", &SystemIds),
            sealer().seal(Purpose::Gateway, "geheim 密码", &SystemIds),
        );
        assert_ne!(one, two);
        assert_eq!(sealer().open(Purpose::Gateway, &one).unwrap(), "geheim 密码");
    }

    #[test]
    fn another_key_another_purpose_and_damage_do_not_open() {
        let sealed = sealer().seal(Purpose::Esl, "ClueCon", &SystemIds);
        assert_eq!(sealer().open(Purpose::Gateway, &sealed), Err(OpenError));
        assert_eq!(
            Sealer::new(&MasterKey::new([4; 32])).open(Purpose::Esl, &sealed),
            Err(OpenError)
        );
        for text in [
            "",
            "v1:",
            "v1:AAAA",
            "v2:AAAA",
            &sealed.0[..sealed.0.len() - 2],
            "ClueCon",
        ] {
            assert_eq!(
                sealer().open(Purpose::Esl, &Sealed(text.to_owned())),
                Err(OpenError),
                "{text}"
            );
        }
    }

    #[test]
    fn generated_passwords_have_16_plain_letters_and_differ() {
        let (one, two) = (generate_password(&SystemIds), generate_password(&SystemIds));
        assert_ne!(one, two);
        assert!(
            one.len() == 16 && one.bytes().all(|byte| LETTERS.contains(&byte)),
            "{one}"
        );
    }
}
