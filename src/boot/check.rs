//! `cordboard check`: would `serve` start?

use std::{path::Path, process::ExitCode};

use super::{config::Config, ground};
use crate::store::key::MasterKey;

pub(super) async fn run(config: &Config) -> anyhow::Result<ExitCode> {
    println!("{}", config.to_redacted_toml());
    let findings = [
        ("key", check_key(config)),
        ("database", check_database(config).await),
        ("recordings", check_folder(config)),
    ];
    let mut code = ExitCode::SUCCESS;
    for (what, finding) in findings {
        match finding {
            Ok(text) => println!("ok    {what}: {text}"),
            Err(error) => {
                println!("WRONG {what}: {error:#}");
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

/// Looks without making anything: a check must not leave a key behind.
fn check_key(config: &Config) -> anyhow::Result<String> {
    let secrets = &config.secrets;
    if !secrets.key.is_empty() {
        MasterKey::from_base64(secrets.key.expose())?;
        return Ok("given by secrets.key".to_owned());
    }
    let file = secrets.key_file.display();
    match std::fs::read_to_string(&secrets.key_file) {
        Ok(text) => {
            MasterKey::from_base64(&text)?;
            Ok(format!("{file}"))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok(format!("{file} will be made at the first start"))
        }
        Err(error) => Err(anyhow::anyhow!("{file}: {error}")),
    }
}

async fn check_database(config: &Config) -> anyhow::Result<String> {
    let url = &config.database.url;
    if let Some(file) = url.expose().strip_prefix("sqlite:")
        && !Path::new(file.trim_start_matches("//")).exists()
    {
        return Ok(format!("{} will be made at the first start", url.redacted()));
    }
    let db = ground::open_database(&config.database).await?;
    let pending = migration::pending(&db).await?;
    db.close().await?;
    if pending.is_empty() {
        return Ok(format!("{} is up to date", url.redacted()));
    }
    anyhow::bail!(
        "{} lacks {} migrations: run `cordboard migrate`",
        url.redacted(),
        pending.len()
    )
}

fn check_folder(config: &Config) -> anyhow::Result<String> {
    let folder = &config.recordings.dir;
    match std::fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => Ok(format!("{}", folder.display())),
        Ok(_) => anyhow::bail!("{} is no folder", folder.display()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok(format!("{} will be made at the first start", folder.display()))
        }
        Err(error) => anyhow::bail!("{}: {error}", folder.display()),
    }
}
