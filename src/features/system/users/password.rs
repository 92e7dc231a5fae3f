//! Passwords: which are good enough, and how they are hashed.

use std::{sync::Arc, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::error::{AppError, AppResult};

/// The password that the first account is made with; nobody may keep it.
pub const DEFAULT_PASSWORD: &str = "123456";
/// Fewest characters.
const SHORTEST: usize = 8;
/// Most characters; more only costs time.
const LONGEST: usize = 200;
/// Longest wait for a free place to hash; with all places taken so long, somebody is trying passwords by the dozen.
const PATIENCE: Duration = Duration::from_secs(5);

/// How expensive a hash is.
#[derive(Clone, Copy, Debug)]
pub struct HashCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Hashes made at the same time; bounds memory and the threads that they block.
    pub at_once: u32,
}

/// Hashes and verifies on blocking threads, a few at a time.
pub struct Passwords {
    argon2: Argon2<'static>,
    places: Arc<Semaphore>,
    decoy: String,
}

impl Passwords {
    /// A hasher with this cost. Fails when argon2 refuses the cost.
    pub fn new(cost: HashCost) -> AppResult<Self> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None).map_err(|e| internal(&e))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        // Verified in place of the hash of a name that does not exist, so that both take the same time.
        let decoy = hash_now(&argon2, "a name that nobody has")?;
        let places = Arc::new(Semaphore::new(cost.at_once.max(1) as usize));
        Ok(Self {
            argon2,
            places,
            decoy,
        })
    }

    /// The hash to store, a PHC string with its own salt.
    pub async fn hash(&self, password: &str) -> AppResult<String> {
        let (argon2, password) = (self.argon2.clone(), password.to_owned());
        self.in_a_place(move || hash_now(&argon2, &password)).await?
    }

    /// Whether the password belongs to the hash; without a hash it takes as long and says no.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> AppResult<bool> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or(&self.decoy).to_owned();
        // Whatever is longer cannot have been set, and would only keep the place busy.
        let password: String = password.chars().take(LONGEST + 1).collect();
        let argon2 = self.argon2.clone();
        let fits = self
            .in_a_place(move || {
                let parsed = PasswordHash::new(&hash).map_err(|e| internal(&e))?;
                Ok::<_, AppError>(argon2.verify_password(password.as_bytes(), &parsed).is_ok())
            })
            .await??;
        Ok(fits && exists)
    }

    async fn in_a_place<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> AppResult<T> {
        let busy = || AppError::unavailable("auth.busy", "Too many sign-ins at once; try again.");
        let wait = Arc::clone(&self.places).acquire_owned();
        let place = tokio::time::timeout(PATIENCE, wait)
            .await
            .map_err(|_| busy())?
            .map_err(|_| busy())?;
        // The place moves in: a request that is given up must not let the next one start early.
        let job = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(place);
            result
        });
        job.await.map_err(AppError::internal)
    }
}

fn hash_now(argon2: &Argon2<'_>, password: &str) -> AppResult<String> {
    let hash = argon2
        .hash_password(password.as_bytes())
        .map_err(|e| internal(&e))?;
    Ok(hash.to_string())
}

fn internal(error: &dyn std::fmt::Display) -> AppError {
    AppError::internal(format!("password hashing: {error}"))
}

/// Refuses a password that is too easy; `pointer` says which field of the request it came in.
pub fn check_policy(pointer: &str, password: &str, user_name: &str) -> AppResult<()> {
    let refuse = |code, detail: String| Err(AppError::invalid_field(pointer, code, detail));
    let length = password.chars().count();
    if length < SHORTEST || password == DEFAULT_PASSWORD {
        return refuse(
            "too_short",
            format!("A password has at least {SHORTEST} characters."),
        );
    }
    if length > LONGEST {
        return refuse(
            "too_long",
            format!("A password has at most {LONGEST} characters."),
        );
    }
    if password.eq_ignore_ascii_case(user_name) {
        return refuse(
            "same_as_name",
            "The password must not be the user name.".to_owned(),
        );
    }
    let first = password.chars().next();
    if password.chars().all(|c| Some(c) == first) {
        return refuse(
            "too_simple",
            "The password must not be one character repeated.".to_owned(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap() -> Passwords {
        Passwords::new(HashCost {
            memory_kib: 8,
            passes: 1,
            at_once: 1,
        })
        .expect("cost is accepted")
    }

    #[tokio::test]
    async fn a_hash_verifies_only_its_password_and_the_decoy_verifies_none() {
        let passwords = cheap();
        let hash = passwords.hash("correct horse").await.expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert!(
            passwords
                .verify("correct horse", Some(&hash))
                .await
                .expect("verified")
        );
        assert!(
            !passwords
                .verify("wrong horse", Some(&hash))
                .await
                .expect("verified")
        );
        assert!(
            !passwords
                .verify("a name that nobody has", None)
                .await
                .expect("verified")
        );
    }

    #[test]
    fn easy_passwords_are_refused() {
        for bad in [
            "123456",
            "short",
            "administrator",
            "aaaaaaaaaa",
            &"x1".repeat(101),
        ] {
            assert!(check_policy("/new", bad, "Administrator").is_err(), "{bad}");
        }
        assert!(check_policy("/new", "电话电话电话电话!", "admin").is_ok());
    }
}
