//! The snapshot file: everything a switch needs while we are away, written so that it is never seen half.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use domain::plan::ServerPlan;
use fsxml::{RenderError, Templates, views};

/// The file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// A template is broken.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The folder is missing, not ours, or full.
    #[error("the snapshot cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// Writes the snapshot of a plan if it differs from what is there. Returns whether it was written. Blocking.
pub fn write(plan: &ServerPlan, templates: &Templates, path: &Path) -> Result<bool, SnapshotError> {
    let xml = templates.render(&views::snapshot(plan))?;
    if fs::read(path).is_ok_and(|there| there == xml.as_bytes()) {
        return Ok(false);
    }
    replace(path, xml.as_bytes())?;
    Ok(true)
}

/// Temporary name, then rename: the switch reads the file anew at each lookup and must not see half of it.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = Path::new(&temporary);
    let written = create(temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(temporary);
    }
    written
}

/// The file holds passwords of gateways: readable by our group (to which the switch belongs), not by others.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o640);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use testkit::plans;

    use super::*;

    #[test]
    fn the_file_is_written_once_replaced_on_change_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("snapshot.xml");
        let templates = Templates::built_in().unwrap();
        let plan = ServerPlan::build(plans::small()).unwrap().0;
        assert!(write(&plan, &templates, &path).unwrap());
        assert!(!write(&plan, &templates, &path).unwrap());
        let mut source = plans::small();
        source.extensions.remove(2);
        let plan = ServerPlan::build(source).unwrap().0;
        assert!(write(&plan, &templates, &path).unwrap());
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("<user id=\"101\">") && !text.contains("<user id=\"103\">"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write(&plan, &templates, &folder.path().join("nowhere/snapshot.xml")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn strangers_cannot_read_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("snapshot.xml");
        let plan = ServerPlan::build(plans::small()).unwrap().0;
        write(&plan, &Templates::built_in().unwrap(), &path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o007, 0);
    }
}
