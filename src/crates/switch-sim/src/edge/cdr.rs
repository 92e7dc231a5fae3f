//! mod_json_cdr's poster: three attempts one second apart, then a file for the server to collect
//! (facts.md §10).

use std::path::PathBuf;
use std::time::Duration;

use crate::config::HttpTarget;

const ATTEMPTS: u32 = 3;

/// One record to deliver.
pub(crate) struct Record {
    pub(crate) uuid: String,
    pub(crate) is_a_leg: bool,
    pub(crate) body: String,
    pub(crate) retry_delay: Duration,
}

/// Posts a record; what could not be posted is written to the spool directory, if there is one.
pub(crate) async fn deliver(
    target: Option<HttpTarget>,
    spool: Option<PathBuf>,
    client: reqwest::Client,
    record: Record,
) {
    if let Some(target) = target {
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(record.retry_delay).await;
            }
            if post(&target, &client, &record).await {
                return;
            }
        }
    }
    let Some(directory) = spool else { return };
    let prefix = if record.is_a_leg { "a_" } else { "" };
    let path = directory.join(format!("{prefix}{}.cdr.json", record.uuid));
    if let Err(error) = write(&path, &record.body).await {
        tracing::error!(%error, leg.uuid = record.uuid, "call record lost");
    }
}

async fn post(target: &HttpTarget, client: &reqwest::Client, record: &Record) -> bool {
    let request = client
        .post(address(&target.url, &record.uuid))
        .basic_auth(&target.user, Some(target.password.expose()))
        .timeout(target.timeout)
        .header("Content-Type", "application/json")
        .body(record.body.clone());
    match request.send().await {
        Ok(response) => response.status() == reqwest::StatusCode::OK,
        Err(error) => {
            tracing::warn!(error = %error.without_url(), leg.uuid = record.uuid, "call record not delivered");
            false
        }
    }
}

/// The uuid goes into the query, behind whatever query the address already has.
fn address(url: &str, uuid: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}uuid={uuid}")
}

async fn write(path: &std::path::Path, body: &str) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        tokio::fs::create_dir_all(parent).await?;
    }
    tokio::fs::write(path, body).await
}
