//! The command line: one subcommand, one file beside this one.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use super::{
    check,
    config::{Config, Sources},
    migrate, password, serve,
};
use crate::http;

/// A call center in one binary: it steers FreeSWITCH and serves its own console.
#[derive(Debug, Parser)]
#[command(name = "cordboard", version)]
struct Cli {
    /// Settings file [default: cordboard.toml, if it is there].
    #[arg(long, global = true, env = "CORDBOARD_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder for database, key and recordings, unless they are set one by one [default: data].
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<String>,
    /// Overrides one setting; may be given several times.
    #[arg(long = "set", global = true, value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the call center.
    Serve(ServeArgs),
    /// Runs it with demo data and, when no FreeSWITCH answers, with the built-in switch.
    Demo(ServeArgs),
    /// Brings the database's tables up to date, or says how they are.
    Migrate {
        #[command(subcommand)]
        action: Option<MigrateAction>,
    },
    /// Shows the effective settings without secrets, and checks database, key and folders.
    Check,
    /// Accounts.
    User {
        #[command(subcommand)]
        action: UserAction,
    },
    /// Prints the API's description (OpenAPI).
    Openapi,
}

#[derive(Debug, Args)]
struct ServeArgs {
    /// Listens on this port of the configured address.
    #[arg(long)]
    port: Option<u16>,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum MigrateAction {
    /// Applies what is missing (the default).
    Up,
    /// Takes back the newest migrations; what is in their tables is lost.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1)]
        steps: u32,
    },
    /// Lists what is missing.
    Status,
}

#[derive(Debug, Subcommand)]
enum UserAction {
    /// Gives an account a new password that must be changed at the next sign-in, and lifts a lock.
    ResetPassword {
        /// Sign-in name.
        name: String,
    },
}

/// Runs the subcommand; what goes wrong is printed once, with its causes.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cordboard: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    if matches!(cli.command, Command::Openapi) {
        print!("{}", http::openapi::to_json(&http::router::description())?);
        return Ok(ExitCode::SUCCESS);
    }
    let config = Config::load(&sources(&cli)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match cli.command {
        Command::Serve(_) | Command::Demo(_) => runtime.block_on(serve::run(config)),
        Command::Migrate { action } => {
            runtime.block_on(migrate::run(&config, action.unwrap_or(MigrateAction::Up)))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Check => runtime.block_on(check::run(&config)),
        Command::User {
            action: UserAction::ResetPassword { name },
        } => {
            runtime.block_on(password::reset(config, &name))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Openapi => Ok(ExitCode::SUCCESS),
    }
}

fn sources(cli: &Cli) -> anyhow::Result<Sources> {
    let mut overrides = Vec::new();
    if let Command::Demo(_) = cli.command {
        overrides.push(("demo.enabled".to_owned(), "true".to_owned()));
    }
    for pair in &cli.set {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| anyhow::anyhow!("--set wants SECTION.KEY=VALUE"))?;
        overrides.push((key.trim().to_owned(), value.trim().to_owned()));
    }
    let port = match &cli.command {
        Command::Serve(args) | Command::Demo(args) => args.port,
        _ => None,
    };
    Ok(Sources {
        file: cli.config.clone(),
        look_for_file: true,
        data: cli.data.clone(),
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        port,
        overrides,
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
