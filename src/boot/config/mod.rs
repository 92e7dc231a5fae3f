//! Typed configuration: compiled-in defaults, then a file, then the environment, then the command line.
//!
//! `default.toml` is both the sample file for operators and the list of known keys: what is not in it is
//! refused, with the nearest known key as a hint.

mod layers;
mod redact;
mod validate;

use std::{net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

pub use layers::{ConfigError, Sources};
pub use redact::{DatabaseUrl, Secret};

/// The commented sample file that is compiled in.
pub const DEFAULT_TOML: &str = include_str!("default.toml");

/// Everything an operator can set. Field comments are in `default.toml`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the sections are described in default.toml")]
pub struct Config {
    pub organisation: OrganisationConfig,
    pub server: ServerConfig,
    pub database: DatabaseConfig,
    pub secrets: SecretsConfig,
    pub auth: AuthConfig,
    pub log: LogConfig,
    pub metrics: MetricsConfig,
    pub simulator: SimulatorConfig,
    pub recordings: RecordingsConfig,
    pub demo: DemoConfig,
}

/// `[organisation]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in default.toml")]
pub struct OrganisationConfig {
    pub time_zone: String,
}

/// `[server]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in default.toml")]
pub struct ServerConfig {
    pub listen: SocketAddr,
    pub public_url: String,
    pub trusted_proxies: Vec<std::net::IpAddr>,
    pub request_timeout_secs: u64,
    pub body_limit_kib: usize,
    pub max_sockets: u32,
}

/// `[database]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in default.toml")]
pub struct DatabaseConfig {
    pub url: DatabaseUrl,
    pub max_connections: u32,
    pub acquire_timeout_secs: u64,
}

/// `[secrets]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in default.toml")]
pub struct SecretsConfig {
    pub key_file: PathBuf,
    pub key: Secret,
}

/// `[auth]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in default.toml")]
pub struct AuthConfig {
    pub access_token_minutes: u32,
    pub refresh_days: u32,
    pub lockout_after: u32,
    pub lockout_first_secs: u32,
    pub lockout_longest_secs: u32,
    pub argon2_memory_kib: u32,
    pub argon2_passes: u32,
    pub argon2_at_once: u32,
}

/// `[log]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in default.toml")]
pub struct LogConfig {
    pub level: String,
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// `[metrics]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in default.toml")]
pub struct MetricsConfig {
    pub token: Secret,
}

/// `[simulator]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in default.toml")]
pub struct SimulatorConfig {
    pub mode: SimulatorMode,
    pub esl_listen: SocketAddr,
    pub phones_for_people: usize,
    pub calls_per_hour: u64,
}

/// When the built-in switch runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SimulatorMode {
    /// When no configured voice server answers.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// `[recordings]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in default.toml")]
pub struct RecordingsConfig {
    pub dir: PathBuf,
}

/// `[demo]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in default.toml")]
pub struct DemoConfig {
    pub enabled: bool,
}

impl Config {
    /// Reads all layers, checks every key and every value.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let table = layers::merge(sources)?;
        let config: Self = table
            .try_into()
            .map_err(|error: toml::de::Error| ConfigError::Value(error.message().to_owned()))?;
        let problems = config.problems();
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError::Invalid(problems))
        }
    }

    /// The effective settings as TOML, without any secret.
    pub fn to_redacted_toml(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_else(|error| format!("# cannot be shown: {error}\n"))
    }

    /// Whether browsers reach us by TLS.
    pub fn is_public_https(&self) -> bool {
        self.server.public_url.starts_with("https://")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::load(&Sources {
            overrides: pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            ..Sources::default()
        })
    }

    #[test]
    fn the_sample_file_is_a_valid_configuration() {
        let config = with(&[]).expect("defaults load");
        assert_eq!(config.server.listen.port(), 8088);
    }

    #[test]
    fn secrets_are_not_shown() {
        let config = with(&[
            ("database.url", "postgres://cord:hunter2@db/cordboard"),
            ("metrics.token", "tokentokentokentoken"),
        ])
        .expect("loads");
        let shown = config.to_redacted_toml() + &format!("{config:?}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("tokentoken"),
            "{shown}"
        );
        assert!(shown.contains("postgres://cord:***@db/cordboard"), "{shown}");
    }

    #[test]
    fn every_wrong_value_is_reported_at_once() {
        let error = with(&[("auth.argon2_passes", "0"), ("database.url", "mysql://x")]).expect_err("refused");
        let text = error.to_string();
        assert!(
            text.contains("auth.argon2_passes") && text.contains("database.url"),
            "{text}"
        );
    }
}
