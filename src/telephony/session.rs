//! The session with one voice server: connect, heal, compare, stay.

use std::{collections::BTreeMap, pin::pin, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use domain::{
    command::SwitchCommand,
    ids::LegId,
    plan::{GatewaySpec, QueueSpec},
    snapshot::SnapshotGateway,
};
use esl::{
    ApiReply, Event, Health as LinkHealth, Item, LinkConfig, LinkState, Password, Policy, SwitchLink,
    command::Interest, fanout::Limits,
};
use serde::Serialize;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    decode::{CUSTOM_EVENTS, EVENTS, decode_dump},
    heal, inventory,
    nodes::{Node, Nodes},
    pump::{Input, Notice, Parts, Pump},
};
use crate::{
    features::{calls::ledger::service as ledger, voice::plan_source::ServerAccess},
    ports::{ConfigPart, PartStatus, Switch as _, TaskResult},
    realtime::{hub::Row, topic::Topic},
};

/// The second comparison after a connect: the switch's tables lag behind its events.
const SECOND_LOOK: Duration = Duration::from_secs(3);
/// How often the switch is compared with the book.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// How long calls of a switch that does not come back are taken for live: media goes on without us, but not for ever.
const GIVE_UP_AFTER: Duration = Duration::from_mins(5);
/// How long one command of the healing may take; a rescan waits for its gateways.
const HEAL_LIMIT: Duration = Duration::from_secs(15);
/// How long a question about one leg may take.
const ASK_LIMIT: Duration = Duration::from_secs(5);
/// How often the session looks whether its status has to be shown anew.
const STATUS_EVERY: Duration = Duration::from_secs(1);

/// The row of topic `servers`.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct StatusRow {
    id: String,
    name: String,
    state: &'static str,
    reason_code: Option<&'static str>,
    reason: Option<String>,
    since: DateTime<Utc>,
    version: Option<String>,
    uptime_secs: Option<i64>,
    sessions: Option<i64>,
    generation: u64,
    last_event_at: Option<DateTime<Utc>>,
    corrections: usize,
}

/// Runs the session until `stop`.
///
/// # Errors
/// When the ledger cannot be read or the server's row makes no connection; the supervisor tries again.
pub async fn run(
    access: ServerAccess,
    nodes: Arc<Nodes>,
    parts: Parts,
    stop: CancellationToken,
) -> TaskResult {
    let server = access.server;
    let (stored, stretches) = ledger::open_calls(&parts.db, server).await?;
    if !stored.is_empty() {
        tracing::info!(server.id = %server, calls = stored.len(), "the ledger has calls that were live; comparing");
    }
    let config = LinkConfig {
        seed: server.0.unsigned_abs(),
        ..LinkConfig::new(
            access.name.clone(),
            Password::new(access.esl_password.clone())?,
            Interest::of(EVENTS, CUSTOM_EVENTS)?,
        )
    };
    let (link, driver) = SwitchLink::new(
        config,
        esl::dial::tcp(format!("{}:{}", access.address, access.esl_port)),
    )?;
    let events = link.subscribe("pump", Policy::Lossless(Limits::default()));
    let (pump, handle, notices) = Pump::new(server, parts.clone(), &stored, stretches);
    let node = Arc::new(Node::new(
        server,
        access.sip_domain.clone(),
        access.cdr_spool_dir.clone(),
        link.clone(),
        handle,
    ));
    nodes.put(Arc::clone(&node));
    let session = Session::new(access, Arc::clone(&nodes), Arc::clone(&node), parts.clone());
    let ended = CancellationToken::new();
    // The pump ends by itself when the link has handed out its last event.
    let work = async {
        tokio::join!(driver.run(), pump.run(events, CancellationToken::new()));
        ended.cancel();
    };
    let goodbye = async {
        stop.cancelled().await;
        link.shutdown();
    };
    tokio::join!(work, session.run(notices, ended.clone()), async {
        tokio::select! { () = goodbye => {} () = ended.cancelled() => {} }
    });
    nodes.remove(server);
    Ok(())
}

struct Session {
    access: ServerAccess,
    nodes: Arc<Nodes>,
    node: Arc<Node>,
    parts: Parts,
    status: StatusRow,
    told: Told,
    down_since: Option<Instant>,
}

/// What this process last told the switch: only so can an edited gateway or queue be told from an unchanged one.
#[derive(Default)]
struct Told {
    gateways: Option<BTreeMap<String, GatewaySpec>>,
    queues: BTreeMap<String, QueueSpec>,
}

impl Session {
    fn new(access: ServerAccess, nodes: Arc<Nodes>, node: Arc<Node>, parts: Parts) -> Self {
        let status = StatusRow {
            id: access.server.to_string(),
            name: access.name.clone(),
            state: "connecting",
            reason_code: None,
            reason: None,
            since: parts.clock.now(),
            version: None,
            uptime_secs: None,
            sessions: None,
            generation: 0,
            last_event_at: None,
            corrections: 0,
        };
        Self {
            access,
            nodes,
            node,
            parts,
            status,
            told: Told::default(),
            down_since: Some(Instant::now()),
        }
    }

    async fn run(mut self, mut notices: mpsc::Receiver<Notice>, ended: CancellationToken) {
        let mut health = self.node.link.health();
        let beats = Policy::Conflate(
            Limits {
                count: 4,
                bytes: 64 * 1024,
            },
            Arc::new(|event: &Event| (event.name() == "HEARTBEAT").then(String::new)),
        );
        let mut beats = self.node.link.subscribe("heartbeat", beats);
        let mut look_at = Instant::now() + LOOK_EVERY;
        let mut show = tokio::time::interval(STATUS_EVERY);
        self.watch(&health.borrow_and_update().clone());
        loop {
            tokio::select! {
                () = ended.cancelled() => break,
                Some(notice) = notices.recv() => match notice {
                    Notice::Up { generation, .. } => {
                        self.down_since = None;
                        self.connected(generation).await;
                        look_at = Instant::now() + SECOND_LOOK;
                    }
                    Notice::Gap => look_at = Instant::now(),
                    Notice::Down => self.down_since = Some(Instant::now()),
                },
                () = self.node.nudge.notified() => {
                    self.configuration_changed().await;
                    look_at = look_at.min(Instant::now() + SECOND_LOOK);
                }
                () = sleep_until(look_at) => {
                    if health.borrow().is_up() {
                        self.compare().await;
                        self.bring_agents().await;
                    }
                    look_at = Instant::now() + LOOK_EVERY;
                }
                Ok(()) = health.changed() => {
                    let now = health.borrow_and_update().clone();
                    self.watch(&now);
                }
                Some(item) = beats.recv() => {
                    if let Item::Event { event, .. } = item {
                        self.heartbeat(&event);
                    }
                }
                _ = show.tick() => self.give_up_if_gone().await,
            }
        }
        self.parts.hub.publish(
            &Topic::Servers,
            self.parts.clock.now(),
            Vec::new(),
            &[self.status.id.clone()],
        );
        self.parts.health.forget(&self.part());
        self.parts.seats.switch_is_live(self.access.server, false);
    }

    /// A connection is up: make the switch whole, compare, and only then call it live.
    async fn connected(&mut self, generation: u64) {
        self.show("healing", None, None);
        self.heal().await;
        self.show("resyncing", None, None);
        self.compare().await;
        self.bring_agents().await;
        self.node.link.resynced(generation);
    }

    async fn heal(&mut self) {
        for command in heal::missing_modules(&self.node.link).await {
            self.order(command).await;
        }
        // The boot copy of the lists was read before anybody could answer (facts §1).
        self.order(SwitchCommand::ReloadAcl).await;
        self.bring_gateways().await;
    }

    async fn configuration_changed(&mut self) {
        self.node.pump.refresh();
        if !self.node.link.health().borrow().is_up() {
            return;
        }
        for part in self.node.take_changed() {
            match part {
                ConfigPart::Gateways => {
                    // Who may call in is decided by the access list, so it comes first.
                    self.order(SwitchCommand::ReloadAcl).await;
                    self.bring_gateways().await;
                }
                ConfigPart::Queues | ConfigPart::Extensions => {
                    self.bring_queues().await;
                    self.bring_agents().await;
                }
                ConfigPart::Routes | ConfigPart::Server => {}
            }
        }
    }

    async fn bring_gateways(&mut self) {
        let Some(served) = self.parts.plans.get(self.access.server) else {
            return;
        };
        let listed = self
            .node
            .link
            .snapshot_api("sofia xmlstatus gateway", HEAL_LIMIT)
            .await;
        let Ok(ApiReply::Text(text)) = listed else { return };
        let Some(existing) = inventory::read_gateways(&text) else {
            return;
        };
        let names: Vec<String> = existing
            .into_iter()
            .map(|SnapshotGateway { name, .. }| name)
            .collect();
        for command in heal::gateway_commands(&served.plan, &names, self.told.gateways.as_ref()) {
            if matches!(command, SwitchCommand::RescanProfile { .. }) {
                self.await_killed(&names, &served.plan).await;
            }
            self.order(command).await;
        }
        self.told.gateways = Some(
            served
                .plan
                .gateways()
                .map(|gateway| (gateway.name.clone(), gateway.clone()))
                .collect(),
        );
        if self.told.queues.is_empty() {
            self.remember_queues();
        }
    }

    /// A gateway that was killed is gone some seconds later (`facts.md` §5); a rescan before finds it still there.
    async fn await_killed(&self, names: &[String], plan: &domain::plan::ServerPlan) {
        let doomed: Vec<&String> = names
            .iter()
            .filter(|name| {
                let told = self.told.gateways.as_ref().and_then(|told| told.get(*name));
                let planned = plan
                    .gateways()
                    .find(|gateway| gateway.name == **name && gateway.is_enabled);
                planned.is_none() || told.is_some_and(|told| Some(told) != planned)
            })
            .collect();
        let deadline = Instant::now() + Duration::from_secs(5);
        while !doomed.is_empty() && Instant::now() < deadline {
            let listed = self
                .node
                .link
                .snapshot_api("sofia xmlstatus gateway", HEAL_LIMIT)
                .await;
            let Ok(ApiReply::Text(text)) = listed else { return };
            let Some(left) = inventory::read_gateways(&text) else {
                return;
            };
            if !doomed
                .iter()
                .any(|name| left.iter().any(|gateway| gateway.name == **name))
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    async fn bring_queues(&mut self) {
        let Some(served) = self.parts.plans.get(self.access.server) else {
            return;
        };
        for command in heal::queue_commands(&self.told.queues, &served.plan) {
            self.order(command).await;
        }
        self.remember_queues();
    }

    fn remember_queues(&mut self) {
        if let Some(served) = self.parts.plans.get(self.access.server) {
            self.told.queues = served
                .plan
                .queues()
                .filter(|queue| queue.is_enabled)
                .map(|queue| (queue.code.clone(), queue.clone()))
                .collect();
        }
    }

    async fn bring_agents(&mut self) {
        let Some(served) = self.parts.plans.get(self.access.server) else {
            return;
        };
        let Some((agents, tiers)) = heal::agents_and_tiers(&self.node.link).await else {
            return;
        };
        let wanted = |extension: &str| self.parts.seats.wanted(self.access.server, extension);
        for command in heal::agent_commands(&served.plan, &agents, &tiers, wanted) {
            self.order(command).await;
        }
    }

    async fn order(&self, command: SwitchCommand) {
        let text = format!("{command:?}");
        if let Err(error) = self.nodes.run(self.access.server, command, HEAL_LIMIT).await {
            tracing::warn!(server.id = %self.access.server, command = text, error = %error, "a switch was not brought to its plan");
        }
    }

    /// Compares the book with the switch's lists and asks about every leg that one of them has alone.
    async fn compare(&mut self) {
        let link = &self.node.link;
        let snapshot = Box::new(inventory::take(link, self.parts.clock.now()).await);
        let (found, corrections) = oneshot::channel();
        if self
            .node
            .pump
            .send(Input::Snapshot { snapshot, found })
            .await
            .is_err()
        {
            return;
        }
        let Ok(corrections) = corrections.await else {
            return;
        };
        let mut count = corrections.count;
        for leg in corrections.doubtful {
            if is_gone(link, leg).await {
                count += 1;
                let _ = self.node.pump.send(Input::Gone(leg)).await;
            }
        }
        for leg in corrections.unknown {
            if let Some(event) = seen(link, leg, self.parts.clock.now()).await {
                let _ = self.node.pump.send(Input::Seen(Box::new(event))).await;
            }
        }
        if count > 0 {
            tracing::info!(server.id = %self.access.server, count, "corrected by comparing with the switch");
            metrics::counter!("cordboard_corrections_total", "server" => self.access.server.to_string())
                .increment(count as u64);
        }
        self.status.corrections += count;
        self.publish();
    }

    /// A switch that stays away has lost its calls, or we shall never learn what became of them.
    async fn give_up_if_gone(&mut self) {
        if self
            .down_since
            .is_some_and(|since| since.elapsed() > GIVE_UP_AFTER)
        {
            self.down_since = None;
            let _ = self.node.pump.send(Input::SwitchLost).await;
        }
    }

    fn heartbeat(&mut self, event: &Event) {
        self.status.version = event
            .get_filled("FreeSWITCH-Version")
            .map(std::borrow::Cow::into_owned);
        self.status.uptime_secs = event
            .get_parsed::<i64>("Uptime-msec")
            .map(|millis| millis / 1_000);
        self.status.sessions = event.get_parsed("Session-Count");
        self.status.last_event_at = Some(self.parts.clock.now());
        self.publish();
    }

    fn watch(&mut self, health: &LinkHealth) {
        self.status.generation = health.generation;
        let error = health.last_error.as_ref();
        let code = error.map(|error| error.code);
        let text = error.map(|error| error.text.clone());
        match health.state {
            LinkState::Live => self.show("live", None, None),
            LinkState::Blocked { reason, .. } => self.show("blocked", Some(reason), text),
            LinkState::Backoff { .. } => self.show("backoff", code, text),
            LinkState::Syncing => {}
            LinkState::Dialing | LinkState::Banner | LinkState::Auth | LinkState::Subscribing => {
                // Between two tries the reason stays to be read.
                if self.status.state != "backoff" && self.status.state != "blocked" {
                    self.show("connecting", code, text);
                }
            }
            LinkState::Draining | LinkState::Stopped => self.show("disabled", None, None),
        }
    }

    fn show(&mut self, state: &'static str, code: Option<&'static str>, reason: Option<String>) {
        if self.status.state != state || self.status.reason_code != code {
            self.status.since = self.parts.clock.now();
        }
        (self.status.state, self.status.reason_code, self.status.reason) = (state, code, reason);
        let live = state == "live";
        let part = match state {
            "live" | "healing" | "resyncing" | "disabled" => PartStatus::Ok,
            _ => PartStatus::Degraded {
                code: code.unwrap_or("switch.connecting"),
                detail: self
                    .status
                    .reason
                    .clone()
                    .unwrap_or_else(|| "The voice server is being connected.".into()),
            },
        };
        self.parts.health.report(&self.part(), part);
        self.parts.seats.switch_is_live(self.access.server, live);
        self.publish();
    }

    fn part(&self) -> String {
        format!("switch:{}", self.access.server)
    }

    fn publish(&self) {
        if let Ok(row) = Row::new(self.status.id.clone(), &self.status) {
            self.parts
                .hub
                .publish(&Topic::Servers, self.parts.clock.now(), vec![row], &[]);
        }
    }
}

/// Whether the switch does not have this channel any more; without an answer it is taken for alive.
async fn is_gone(link: &SwitchLink, leg: LegId) -> bool {
    let answer = pin!(link.api(&format!("uuid_exists {leg}"), ASK_LIMIT)).await;
    matches!(answer, Ok(ApiReply::Text(text)) if text.trim() == "false")
}

/// What the switch says about a channel that we did not see begin.
async fn seen(link: &SwitchLink, leg: LegId, at: DateTime<Utc>) -> Option<domain::event::SwitchEvent> {
    let ApiReply::Text(text) = link.api(&format!("uuid_dump {leg} json"), ASK_LIMIT).await.ok()? else {
        return None;
    };
    decode_dump(&Event::json(text.as_bytes()).ok()?, at)
}
