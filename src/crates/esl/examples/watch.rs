//! Watches a switch through a link: `cargo run -p cordboard-esl --example watch -- 127.0.0.1:8021 ClueCon [CALLS]`.
//!
//! Prints changes of health and the names of events, places CALLS loopback calls as background jobs (they need
//! mod_loopback and a dial plan that answers), and prints the counters at the end.

use std::{collections::BTreeMap, time::Duration};

use esl::{
    Item, LinkConfig, Password, Policy, SwitchLink,
    command::{Interest, JobId},
    dial,
    fanout::Limits,
};
use tokio::{task::JoinSet, time::timeout};

const LIMIT: Duration = Duration::from_secs(10);
/// The end, when nothing has been heard for this long.
const QUIET: Duration = Duration::from_secs(4);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8021".to_owned());
    let password = arguments.next().unwrap_or_else(|| "ClueCon".to_owned());
    let calls: u8 = arguments.next().map_or(Ok(0), |text| text.parse())?;

    let interest = Interest::of(
        &["CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_DESTROY", "DTMF"],
        &["callcenter::info"],
    )?;
    let (link, driver) = SwitchLink::new(
        LinkConfig::new("watched", Password::new(password)?, interest),
        dial::tcp(address),
    )?;
    println!("probe: {:?}", link.probe().await);

    let mut items = link.subscribe("watch", Policy::Lossless(Limits::default()));
    let mut tasks = JoinSet::new();
    tasks.spawn(driver.run());
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    while let Ok(Some(item)) = timeout(QUIET, items.recv()).await {
        match item {
            Item::Up {
                generation,
                core_uuid,
            } => {
                println!("up: generation {generation}, core {core_uuid}");
                let channels = link.snapshot_api("show channels as json", LIMIT).await;
                println!("snapshot: {channels:?}, live: {}", link.resynced(generation));
                for number in 0..calls {
                    let link = link.clone();
                    tasks.spawn(async move {
                        let job = JobId::from_bytes([number + 1; 16]);
                        let outcome = link
                            .bgapi(&format!("originate loopback/{number} &park"), &job, LIMIT)
                            .await;
                        println!("call {number}: {outcome:?}");
                    });
                }
            }
            Item::Event { event, .. } => *counts.entry(event.name().into_owned()).or_default() += 1,
            other => println!("{other:?}"),
        }
    }
    println!("events: {counts:?}");
    println!("{:#?}", link.metrics());
    link.shutdown();
    while tasks.join_next().await.is_some() {}
    println!("{:?}", link.health().borrow().state);
    Ok(())
}
