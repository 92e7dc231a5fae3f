//! The layers of the configuration laid over each other, key by key.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use toml::{Table, Value};

use super::DEFAULT_TOML;

/// Prefix of the environment variables.
const PREFIX: &str = "CORDBOARD_";
/// Variables with our prefix that are no settings: the file's name and what test scripts use.
const NOT_SETTINGS: [&str; 2] = ["CORDBOARD_CONFIG", "CORDBOARD_TEST_"];
/// Settings whose default lies in the data folder.
const IN_DATA_FOLDER: [&str; 3] = ["database.url", "secrets.key_file", "recordings.dir"];
/// The file that is read when none is named.
const DEFAULT_FILE: &str = "cordboard.toml";

/// Where settings come from, lowest precedence first. The compiled-in defaults are always below.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// A file named on the command line or by `CORDBOARD_CONFIG`; must exist.
    pub file: Option<PathBuf>,
    /// Whether `cordboard.toml` in the working directory is read when no file is named.
    pub look_for_file: bool,
    /// Folder that takes the place of `data` in the defaults; what the other layers set stays as it is.
    pub data: Option<String>,
    /// Environment variables; those without our prefix are ignored.
    pub environment: BTreeMap<String, String>,
    /// Port that takes the place of the one in `server.listen`, wherever that comes from.
    pub port: Option<u16>,
    /// `section.key` and value, from the command line.
    pub overrides: Vec<(String, String)>,
}

/// Why the configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is no TOML.
    #[error("{origin}: {message}")]
    Syntax {
        /// File, variable or option.
        origin: String,
        /// Text of the parser, with line and column.
        message: String,
    },
    /// A key that does not exist.
    #[error("{origin}: there is no setting `{key}`{}", Hint(.nearest))]
    UnknownKey {
        /// File, variable or option.
        origin: String,
        /// What was written.
        key: String,
        /// The known key that looks most like it.
        nearest: Option<String>,
    },
    /// A value of another type than the setting's.
    #[error("{origin}: `{key}` must be {wanted}, not {found}")]
    WrongType {
        /// File, variable or option.
        origin: String,
        /// The setting.
        key: String,
        /// What is wanted.
        wanted: &'static str,
        /// What was found.
        found: &'static str,
    },
    /// A value that its type refuses.
    #[error("{0}")]
    Value(String),
    /// Values that contradict their meaning, all of them.
    #[error("the configuration is not valid:\n  {}", .0.join("\n  "))]
    Invalid(Vec<String>),
}

struct Hint<'a>(&'a Option<String>);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(key) => write!(f, "; did you mean `{key}`?"),
            None => Ok(()),
        }
    }
}

/// All layers merged; every key is a known one and has the type of its default.
pub(super) fn merge(sources: &Sources) -> Result<Table, ConfigError> {
    let mut merged: Table = parse("the compiled-in defaults", DEFAULT_TOML)?;
    if let Some(folder) = &sources.data {
        for key in IN_DATA_FOLDER {
            move_default(&mut merged, key, folder);
        }
    }
    if let Some((file, text)) = read_file(sources)? {
        let origin = file.display().to_string();
        for (section, value) in parse(&origin, &text)? {
            let Value::Table(keys) = value else {
                return Err(unknown(&merged, &origin, &section));
            };
            for (key, value) in keys {
                put(&mut merged, &origin, &format!("{section}.{key}"), value)?;
            }
        }
    }
    for (name, text) in &sources.environment {
        if !name.starts_with(PREFIX) || NOT_SETTINGS.iter().any(|other| name.starts_with(other)) {
            continue;
        }
        let key = variable_to_key(&merged, name);
        put_text(&mut merged, &format!("environment variable {name}"), &key, text)?;
    }
    for (key, text) in &sources.overrides {
        put_text(&mut merged, "command line", key, text)?;
    }
    if let Some(port) = sources.port {
        let listen = lookup(&merged, "server.listen")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let host = listen.rsplit_once(':').map_or(listen, |(host, _)| host);
        let listen = format!("{host}:{port}");
        put_text(&mut merged, "command line", "server.listen", &listen)?;
    }
    Ok(merged)
}

/// `sqlite:data/cordboard.db` → `sqlite:elsewhere/cordboard.db`.
fn move_default(merged: &mut Table, key: &str, folder: &str) {
    let Some(Value::String(path)) = lookup(merged, key).cloned() else {
        return;
    };
    let moved = path.replacen("data/", &format!("{}/", folder.trim_end_matches('/')), 1);
    if let Some((section, name)) = key.split_once('.')
        && let Some(Value::Table(keys)) = merged.get_mut(section)
    {
        keys.insert(name.to_owned(), Value::String(moved));
    }
}

fn read_file(sources: &Sources) -> Result<Option<(PathBuf, String)>, ConfigError> {
    let file = match &sources.file {
        Some(file) => file.clone(),
        None if sources.look_for_file => PathBuf::from(DEFAULT_FILE),
        None => return Ok(None),
    };
    match std::fs::read_to_string(&file) {
        Ok(text) => Ok(Some((file, text))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && sources.file.is_none() => Ok(None),
        Err(source) => Err(ConfigError::Unreadable { file, source }),
    }
}

fn parse(origin: &str, text: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>().map_err(|error| ConfigError::Syntax {
        origin: origin.to_owned(),
        message: error.to_string(),
    })
}

/// `CORDBOARD_SERVER_LISTEN` → `server.listen`. Sections have no underscore in their names.
fn variable_to_key(known: &Table, name: &str) -> String {
    let lower = name[PREFIX.len()..].to_lowercase();
    match lower.split_once('_') {
        Some((section, key)) if known.contains_key(section) => format!("{section}.{key}"),
        _ => lower.replacen('_', ".", 1),
    }
}

/// Reads a text as the type that the setting has.
fn put_text(merged: &mut Table, origin: &str, key: &str, text: &str) -> Result<(), ConfigError> {
    let wanted = lookup(merged, key).ok_or_else(|| unknown(merged, origin, key))?;
    let value = match wanted {
        Value::String(_) => Value::String(text.to_owned()),
        Value::Array(_) => Value::Array(
            text.split(',')
                .map(str::trim)
                .filter(|t| !t.is_empty())
                .map(Value::from)
                .collect(),
        ),
        _ => {
            let line = format!("value = {text}");
            let parsed = parse(origin, &line)
                .ok()
                .and_then(|mut table| table.remove("value"));
            parsed.unwrap_or_else(|| Value::String(text.to_owned()))
        }
    };
    put(merged, origin, key, value)
}

fn put(merged: &mut Table, origin: &str, key: &str, value: Value) -> Result<(), ConfigError> {
    let Some(default) = lookup(merged, key) else {
        return Err(unknown(merged, origin, key));
    };
    if !default.same_type(&value) {
        return Err(ConfigError::WrongType {
            origin: origin.to_owned(),
            key: key.to_owned(),
            wanted: type_name(default),
            found: type_name(&value),
        });
    }
    let (section, name) = key.split_once('.').unwrap_or((key, ""));
    if let Some(Value::Table(keys)) = merged.get_mut(section) {
        keys.insert(name.to_owned(), value);
    }
    Ok(())
}

fn lookup<'a>(known: &'a Table, key: &str) -> Option<&'a Value> {
    let (section, name) = key.split_once('.')?;
    known.get(section)?.as_table()?.get(name)
}

fn unknown(known: &Table, origin: &str, key: &str) -> ConfigError {
    let candidates = known
        .iter()
        .filter_map(|(section, value)| Some((section, value.as_table()?)));
    let keys =
        candidates.flat_map(|(section, keys)| keys.keys().map(move |name| format!("{section}.{name}")));
    let nearest = keys
        .map(|candidate| (distance(&candidate, key), candidate))
        .min()
        // Further away than half of its letters is no hint but noise.
        .filter(|(distance, candidate)| *distance * 2 <= candidate.len())
        .map(|(_, candidate)| candidate);
    ConfigError::UnknownKey {
        origin: origin.to_owned(),
        key: key.to_owned(),
        nearest,
    }
}

/// Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a time",
        Value::Array(_) => "a list",
        Value::Table(_) => "a section",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Sources {
        Sources {
            environment: pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            ..Sources::default()
        }
    }

    #[test]
    fn a_misspelt_key_names_file_key_and_the_nearest_known_key() {
        let dir = tempfile::tempdir().expect("temp dir");
        let file = dir.path().join("cordboard.toml");
        std::fs::write(&file, "[server]\nlisten_on = \"0.0.0.0:80\"\n").expect("written");
        let error = merge(&Sources {
            file: Some(file),
            ..Sources::default()
        })
        .expect_err("refused");
        let text = error.to_string();
        assert!(
            text.contains("cordboard.toml: there is no setting `server.listen_on`"),
            "{text}"
        );
        assert!(text.ends_with("did you mean `server.listen`?"), "{text}");
    }

    #[test]
    fn the_environment_beats_the_file_and_the_command_line_beats_both() {
        let dir = tempfile::tempdir().expect("temp dir");
        let file = dir.path().join("c.toml");
        std::fs::write(
            &file,
            "[auth]\nrefresh_days = 1\naccess_token_minutes = 1\nlockout_after = 1\n",
        )
        .expect("written");
        let merged = merge(&Sources {
            file: Some(file),
            overrides: vec![("auth.lockout_after".into(), "3".into())],
            ..environment(&[
                ("CORDBOARD_AUTH_ACCESS_TOKEN_MINUTES", "2"),
                ("CORDBOARD_AUTH_LOCKOUT_AFTER", "2"),
            ])
        })
        .expect("merges");
        assert_eq!(merged["auth"]["refresh_days"].as_integer(), Some(1));
        assert_eq!(merged["auth"]["access_token_minutes"].as_integer(), Some(2));
        assert_eq!(merged["auth"]["lockout_after"].as_integer(), Some(3));
    }

    #[test]
    fn an_unknown_variable_is_refused_but_those_of_others_are_ignored() {
        assert!(
            merge(&environment(&[
                ("PATH", "/bin"),
                ("CORDBOARD_TEST_POSTGRES", "x")
            ]))
            .is_ok()
        );
        let error = merge(&environment(&[("CORDBOARD_SERVER_LISTN", "x")])).expect_err("refused");
        assert!(
            error.to_string().ends_with("did you mean `server.listen`?"),
            "{error}"
        );
    }

    #[test]
    fn a_value_of_another_type_is_refused_with_both_types() {
        let error = merge(&environment(&[("CORDBOARD_AUTH_REFRESH_DAYS", "many")])).expect_err("refused");
        assert!(
            error
                .to_string()
                .ends_with("`auth.refresh_days` must be a whole number, not a text")
        );
    }

    #[test]
    fn another_data_folder_moves_the_defaults_but_not_what_was_set() {
        let sources = Sources {
            data: Some("/srv/cord/".into()),
            port: Some(9),
            ..Sources::default()
        };
        let merged = merge(&sources).expect("merges");
        assert_eq!(
            merged["database"]["url"].as_str(),
            Some("sqlite:/srv/cord/cordboard.db")
        );
        assert_eq!(merged["server"]["listen"].as_str(), Some("127.0.0.1:9"));
        let set = environment(&[("CORDBOARD_DATABASE_URL", "postgres://db/cord")]);
        let merged = merge(&Sources {
            data: Some("x".into()),
            ..set
        })
        .expect("merges");
        assert_eq!(merged["database"]["url"].as_str(), Some("postgres://db/cord"));
        assert_eq!(merged["recordings"]["dir"].as_str(), Some("x/recordings"));
    }

    #[test]
    fn lists_are_separated_by_commas_in_the_environment() {
        let merged = merge(&environment(&[(
            "CORDBOARD_SERVER_TRUSTED_PROXIES",
            "10.0.0.1, 10.0.0.2",
        )]));
        let merged = merged.expect("merges");
        assert_eq!(
            merged["server"]["trusted_proxies"].as_array().map(Vec::len),
            Some(2)
        );
    }

    #[test]
    fn a_named_file_that_is_missing_is_an_error() {
        let sources = Sources {
            file: Some("does/not/exist.toml".into()),
            ..Sources::default()
        };
        assert!(matches!(merge(&sources), Err(ConfigError::Unreadable { .. })));
    }
}
