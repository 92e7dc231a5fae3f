//! Logs and metrics of the process.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::boot::config::{LogConfig, LogFormat};

/// Log lines go to standard error, as text or as one JSON object each, with the fields of all open spans
/// (`request.id`, `call.uuid` …). Statement logging of the database layer stays off whatever the level:
/// numbers and names in statements are personal data.
pub fn start_logging(config: &LogConfig) -> anyhow::Result<()> {
    let filter =
        EnvFilter::try_new(&config.level).with_context(|| format!("log.level is {:?}", config.level))?;
    let filter = filter
        .add_directive("sqlx=warn".parse()?)
        .add_directive("sea_orm_migration=warn".parse()?);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match config.format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("logging cannot start: {error}"))
}

/// Buckets of all histograms, in seconds.
const BUCKETS: [f64; 11] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Installs the process-wide recorder; the handle renders `/metrics`.
pub fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    let builder = PrometheusBuilder::new().set_buckets(&BUCKETS)?;
    Ok(builder.install_recorder()?)
}

/// A handle without a recorder behind it, for tests and for `openapi`.
pub fn silent_metrics() -> PrometheusHandle {
    PrometheusBuilder::new().build_recorder().handle()
}
