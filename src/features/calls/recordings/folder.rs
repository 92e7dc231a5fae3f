//! From the path that the switch reports to a file that we can see, and to no other file.

use std::{
    io,
    path::{Component, Path, PathBuf},
};

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub(super) enum FolderError {
    /// The path leads out of the folder, or to something that is no recording.
    #[error("the path leads out of the recording folder or to no recording")]
    Outside,
    /// Nothing is there.
    #[error("the file is gone")]
    Missing,
    /// The folder itself cannot be read: not mounted, no right.
    #[error("the recording folder cannot be read: {0}")]
    Away(#[source] io::Error),
}

/// The file inside of `local` that the switch knows as `path` inside of `record_dir`. Links are followed first and
/// judged by where they end.
pub(super) async fn locate(record_dir: &str, local: &Path, path: &str) -> Result<PathBuf, FolderError> {
    // A folder given as a variable of the switch (`${recordings_dir}`) is reported expanded: then, on a shared disk,
    // the path is the one that we know.
    let seen_alike = || inside(local.to_str()?, path);
    let inside = inside(record_dir, path)
        .or_else(seen_alike)
        .ok_or(FolderError::Outside)?;
    let folder = tokio::fs::canonicalize(local).await.map_err(FolderError::Away)?;
    let file = match tokio::fs::canonicalize(folder.join(inside)).await {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(FolderError::Missing),
        Err(error) => return Err(FolderError::Away(error)),
    };
    if !file.starts_with(&folder) || !is_sound(&file) {
        return Err(FolderError::Outside);
    }
    Ok(file)
}

/// The part of the path below the folder; only plain names, and a sound at the end.
fn inside(record_dir: &str, path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    let below = match path.strip_prefix(record_dir) {
        Ok(below) => below,
        Err(_) if path.is_relative() => path,
        Err(_) => return None,
    };
    let mut plain = PathBuf::new();
    for component in below.components() {
        match component {
            Component::Normal(name) => plain.push(name),
            Component::CurDir => {}
            _ => return None,
        }
    }
    is_sound(&plain).then_some(plain)
}

fn is_sound(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("wav"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_below_the_folder_are_followed() {
        let dir = "/var/lib/freeswitch/recordings";
        let good = inside(dir, "/var/lib/freeswitch/recordings/2026/a.wav");
        assert_eq!(good, Some(PathBuf::from("2026/a.wav")));
        assert_eq!(inside(dir, "2026/a.WAV"), Some(PathBuf::from("2026/a.WAV")));
        for bad in [
            "/etc/passwd",
            "/var/lib/freeswitch/recordings-of-others/a.wav",
            "/var/lib/freeswitch/recordings/../a.wav",
            "../a.wav",
            "2026/../../a.wav",
            "/var/lib/freeswitch/recordings/secret.key",
            "/var/lib/freeswitch/recordings",
            "",
        ] {
            assert_eq!(inside(dir, bad), None, "{bad}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_link_out_of_the_folder_is_not_followed() {
        let ground = tempfile::tempdir().unwrap();
        let folder = ground.path().join("recordings");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(ground.path().join("secret.wav"), "x").unwrap();
        std::fs::write(folder.join("a.wav"), "x").unwrap();
        std::os::unix::fs::symlink(ground.path().join("secret.wav"), folder.join("b.wav")).unwrap();
        assert!(locate("/r", &folder, "/r/a.wav").await.is_ok());
        let reported = folder.join("a.wav");
        let expanded = locate("${recordings_dir}", &folder, reported.to_str().unwrap()).await;
        assert!(expanded.is_ok(), "the switch writes where we read");
        assert!(matches!(
            locate("/r", &folder, "/r/b.wav").await,
            Err(FolderError::Outside)
        ));
        assert!(matches!(
            locate("/r", &folder, "/r/c.wav").await,
            Err(FolderError::Missing)
        ));
        let nowhere = ground.path().join("nowhere");
        assert!(matches!(
            locate("/r", &nowhere, "/r/a.wav").await,
            Err(FolderError::Away(_))
        ));
    }
}
