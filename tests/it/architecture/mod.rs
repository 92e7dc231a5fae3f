//! Who may know whom (`docs/architecture.md`), read from the `use` lines, and how long a file may be.

mod rules;
mod uses;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Longer files are split before they get here.
const LONGEST_FILE: usize = 800;

#[test]
fn nobody_uses_what_is_not_below_it() {
    let mut broken = Vec::new();
    for file in rust_files(&root().join("src")) {
        let path = relative(&file);
        if path.starts_with("src/crates/") {
            continue;
        }
        let text = fs::read_to_string(&file).expect("source can be read");
        for used in uses::of(&text) {
            if let Some(reason) = rules::forbidden(&path, &used) {
                broken.push(format!("{path} uses {used}: {reason}"));
            }
        }
    }
    assert!(broken.is_empty(), "forbidden directions:\n{}", broken.join("\n"));
}

#[test]
fn crates_depend_only_on_what_they_may_know() {
    let mut broken = Vec::new();
    for (manifest, forbidden) in rules::CRATES {
        let text = fs::read_to_string(root().join(manifest)).expect("the manifest can be read");
        let manifest_table: toml::Table = text.parse().expect("the manifest is TOML");
        let dependencies = manifest_table["dependencies"].as_table().expect("dependencies");
        for name in dependencies.keys() {
            let hit = forbidden.iter().any(|pattern| {
                name == pattern || pattern.strip_suffix('*').is_some_and(|p| name.starts_with(p))
            });
            if hit {
                broken.push(format!("{manifest} depends on {name}"));
            }
        }
    }
    assert!(
        broken.is_empty(),
        "forbidden dependencies:\n{}",
        broken.join("\n")
    );
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let folders = ["src", "entity", "migration", "tests"].map(|folder| root().join(folder));
    let files = folders.iter().flat_map(|folder| rust_files(folder));
    let long: Vec<String> = files
        .filter_map(|file| {
            let lines = fs::read_to_string(&file)
                .expect("source can be read")
                .lines()
                .count();
            (lines > LONGEST_FILE).then(|| format!("{} has {lines} lines", relative(&file)))
        })
        .collect();
    assert!(long.is_empty(), "split these:\n{}", long.join("\n"));
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    let vague: Vec<String> = rust_files(&root().join("src"))
        .iter()
        .filter(|file| {
            let name = file
                .file_stem()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            ["util", "utils", "helper", "helpers", "common", "manager"].contains(&name)
        })
        .map(|file| relative(file))
        .collect();
    assert!(vague.is_empty(), "say what is in them: {vague:?}");
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn relative(file: &Path) -> String {
    let path = file.strip_prefix(root()).expect("inside of the workspace");
    path.to_string_lossy().replace('\\', "/")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}
