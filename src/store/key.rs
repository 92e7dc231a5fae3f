//! The key of the installation: 32 random bytes from which everything that must stay secret is derived.

use std::{
    fmt, fs,
    io::{self, Write as _},
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

/// The key. It is never printed, never stored in the database, and never leaves this process.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey([u8; 32]);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not base64 of 32 bytes.
    #[error("the secret key must be 32 bytes in base64")]
    Malformed,
    /// The file cannot be read or made.
    #[error("the key file {path}: {source}")]
    File {
        /// Which file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
}

impl MasterKey {
    /// Wraps bytes, for tests and for keys that come from elsewhere.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads the base64 form.
    ///
    /// # Errors
    /// [`KeyError::Malformed`].
    pub fn from_base64(text: &str) -> Result<Self, KeyError> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| KeyError::Malformed)?;
        bytes.try_into().map(Self).map_err(|_| KeyError::Malformed)
    }

    /// Reads the key file, or makes it from `fresh` bytes, readable by nobody else. Returns whether it was made.
    ///
    /// # Errors
    /// [`KeyError`]; an existing file that is no key is never overwritten.
    pub fn from_file(path: &Path, fresh: [u8; 32]) -> Result<(Self, bool), KeyError> {
        let failed = |source| KeyError::File {
            path: path.display().to_string(),
            source,
        };
        match fs::read_to_string(path) {
            Ok(text) => {
                warn_if_exposed(path);
                Ok((Self::from_base64(&text)?, false))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => match create(path, fresh) {
                Ok(()) => Ok((Self(fresh), true)),
                // Another instance was quicker: its key counts.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    let text = fs::read_to_string(path).map_err(failed)?;
                    Ok((Self::from_base64(&text)?, false))
                }
                Err(error) => Err(failed(error)),
            },
            Err(error) => Err(failed(error)),
        }
    }

    /// A key of its own for one purpose: learning it tells nothing about this key or the other ones.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        // The master key has a fixed length, so the concatenation is unambiguous; the digest itself stays secret,
        // so length extension is of no use to anybody.
        Sha256::new()
            .chain_update(self.0)
            .chain_update(purpose)
            .finalize()
            .into()
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// Writes the whole file under another name first: nobody ever reads half a key.
fn create(path: &Path, key: [u8; 32]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    let written = file
        .write_all(format!("{}\n", STANDARD.encode(key)).as_bytes())
        .and_then(|()| file.sync_all());
    // A hard link fails when the name exists, a rename would overwrite it.
    let linked = written.and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    linked
}

#[cfg(unix)]
fn warn_if_exposed(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    if fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
        tracing::warn!(path = %path.display(), "the key file can be read by others; run chmod 600 on it");
    }
}

#[cfg(not(unix))]
fn warn_if_exposed(_path: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_key_file_is_made_once_and_for_us_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/secret.key");
        let (made, fresh) = MasterKey::from_file(&path, [7; 32]).unwrap();
        let (read, again) = MasterKey::from_file(&path, [8; 32]).unwrap();
        assert_eq!((made == read, fresh, again), (true, true, false));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "no draft stays behind"
        );
    }

    #[test]
    fn a_file_that_is_no_key_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        fs::write(&path, "not a key").unwrap();
        assert!(matches!(
            MasterKey::from_file(&path, [7; 32]),
            Err(KeyError::Malformed)
        ));
        assert_eq!(fs::read_to_string(&path).unwrap(), "not a key");
    }

    #[test]
    fn purposes_have_keys_of_their_own_and_nothing_prints() {
        let key = MasterKey::new([1; 32]);
        assert_ne!(key.derive("a"), key.derive("b"));
        assert_eq!(format!("{key:?}"), "MasterKey(..)");
    }
}
