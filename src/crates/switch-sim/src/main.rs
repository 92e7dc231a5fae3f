//! `switch-sim`: a simulated FreeSWITCH on a port.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use switch_sim::{
    ClockMode, GeneratorConfig, HttpTarget, PhoneConfig, Pickup, Secret, SimConfig, SwitchSim, XmlSource,
};

/// A simulated FreeSWITCH: Event Socket, xml_curl, phones, gateways, queues, call records.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Event Socket address.
    #[arg(long, default_value = "127.0.0.1:8021")]
    listen: SocketAddr,
    /// Event Socket password.
    #[arg(
        long,
        env = "SWITCH_SIM_PASSWORD",
        default_value = "ClueCon",
        hide_env_values = true
    )]
    password: String,
    /// `switchname`.
    #[arg(long, default_value = "sim1")]
    switchname: String,
    /// SIP domain of the phones.
    #[arg(long, default_value = "call.test")]
    domain: String,
    /// Where documents are asked for, e.g. http://127.0.0.1:8088/switch/1/xml
    #[arg(long)]
    xml_url: Option<String>,
    /// Where records are posted; without it, where the served json_cdr.conf says.
    #[arg(long)]
    cdr_url: Option<String>,
    /// Basic auth of both, user:password.
    #[arg(
        long,
        env = "SWITCH_SIM_CREDENTIALS",
        default_value = "",
        hide_env_values = true
    )]
    credentials: String,
    /// Directory for records that could not be posted.
    #[arg(long)]
    cdr_spool: Option<PathBuf>,
    /// Directory for recordings.
    #[arg(long, default_value = "recordings")]
    recordings: PathBuf,
    /// A phone, user:password[:manual|noanswer|<ms until it answers>]; repeat for more.
    #[arg(long = "phone", value_parser = phone)]
    phones: Vec<PhoneConfig>,
    /// Number that invented callers dial; repeat for more.
    #[arg(long = "call")]
    numbers: Vec<String>,
    /// Invented calls per hour.
    #[arg(long, default_value_t = 0)]
    calls_per_hour: u64,
    /// Of 100 invented callers so many give up after a while.
    #[arg(long, default_value_t = 15)]
    impatient: u64,
    /// Invented callers on the line at most.
    #[arg(long, default_value_t = 50)]
    max_callers: usize,
    /// Seed of ids and callers; without it every start is different.
    #[arg(long)]
    seed: Option<u64>,
}

fn phone(text: &str) -> Result<PhoneConfig, String> {
    let mut parts = text.splitn(3, ':');
    let (Some(user), Some(password)) = (parts.next(), parts.next()) else {
        return Err("wanted user:password[:behaviour]".into());
    };
    let pickup = match parts.next() {
        None | Some("manual") => Pickup::Manual,
        Some("noanswer") => Pickup::NoAnswer,
        Some(millis) => Pickup::after(
            millis
                .parse()
                .map_err(|_| format!("unknown behaviour {millis}"))?,
        ),
    };
    Ok(PhoneConfig::new(user, password).pickup(pickup))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .init();
    let arguments = Arguments::parse();
    let (user, password) = arguments.credentials.split_once(':').unwrap_or_default();
    let target = |url: String| HttpTarget {
        url,
        user: user.to_owned(),
        password: Secret::new(password),
        timeout: Duration::from_secs(3),
    };
    let generator = (!arguments.numbers.is_empty()).then(|| GeneratorConfig {
        numbers: arguments.numbers.clone(),
        calls_per_hour: arguments.calls_per_hour,
        impatient_percent: arguments.impatient,
        patience_secs: (8, 40),
        talk_secs: (15, 120),
        max_concurrent: arguments.max_callers,
    });
    let handle = SwitchSim::start(SimConfig {
        listen: arguments.listen,
        password: Secret::new(arguments.password),
        switchname: arguments.switchname,
        domain: arguments.domain,
        xml: arguments
            .xml_url
            .map_or(XmlSource::Nobody, |url| XmlSource::Http(target(url))),
        cdr: arguments.cdr_url.map(target),
        cdr_spool: arguments.cdr_spool,
        recordings_dir: arguments.recordings,
        write_recordings: true,
        seed: arguments.seed.unwrap_or_else(SimConfig::seed_from_clock),
        clock: ClockMode::Real,
        phones: arguments.phones,
        generator,
        ..SimConfig::default()
    })
    .await?;
    println!("switch simulator listens on {}", handle.addr());
    tokio::signal::ctrl_c().await.context("waiting for ctrl-c")?;
    handle.shutdown().await;
    Ok(())
}
