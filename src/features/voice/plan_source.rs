//! From the configuration tables to the source of a plan: rows in the words of `domain::plan`, secrets opened.

use std::collections::{BTreeMap, HashMap};

use domain::{
    ids::ServerId,
    plan::{
        AgentSpec, ExtensionKind, ExtensionSpec, GatewayKind, GatewaySpec, OverflowSpec, PlanSource,
        QueueSpec, RouteContext, RouteKind, RouteSpec, ServerSpec, TierSpec, Transport,
    },
};
use entity::{agent, extension, gateway, queue, route, tier, voice_server};
use md5::{Digest as _, Md5};
use sea_orm::DbErr;
use serde::de::DeserializeOwned;

use super::{Voice, extensions, gateways, queues, routes, servers};
use crate::{
    error::{AppError, AppResult},
    store::{
        secrets::{OpenError, Purpose, Sealer},
        tx,
    },
};

/// What a session needs to connect to a switch and to recognise it.
#[derive(Clone)]
pub struct ServerAccess {
    /// The voice server.
    pub server: ServerId,
    /// Name for people.
    pub name: String,
    /// What the switch calls itself.
    pub switch_name: String,
    /// Host name or address of the Event Socket.
    pub address: String,
    /// Port of the Event Socket.
    pub esl_port: u16,
    /// Password of the Event Socket.
    pub esl_password: String,
    /// User name that the switch presents to us.
    pub http_user: String,
    /// Password that the switch presents to us.
    pub http_password: String,
    /// SIP domain.
    pub sip_domain: String,
    /// Folder of recordings as the switch sees it.
    pub record_dir: String,
    /// The same folder as we see it.
    pub record_dir_local: Option<String>,
    /// File that the switch falls back on, as we see it.
    pub snapshot_path: Option<String>,
    /// Folder of call records that the switch could not post, as we see it.
    pub cdr_spool_dir: Option<String>,
    /// Whether we connect to it.
    pub is_enabled: bool,
    /// Grows with each edit.
    pub version: i32,
}

impl std::fmt::Debug for ServerAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerAccess")
            .field("server", &self.server)
            .field("name", &self.name)
            .field("address", &self.address)
            .field("esl_port", &self.esl_port)
            .field("is_enabled", &self.is_enabled)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// A telephone as the built-in switch plays it.
#[derive(Clone)]
pub struct Phone {
    /// Extension.
    pub number: String,
    /// SIP password.
    pub password: String,
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Phone")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl Voice {
    /// The telephones of one voice server, for the built-in switch that plays them.
    pub async fn list_phones(&self, server: ServerId) -> AppResult<Vec<Phone>> {
        let rows = extensions::repo::list_of_server(&self.db, server.0).await?;
        rows.into_iter()
            .filter(|row| row.is_enabled && row.kind == "direct")
            .map(|row| {
                let password = open_extension_password(&self.sealer, &row)?;
                Ok(Phone {
                    number: row.number,
                    password,
                })
            })
            .collect()
    }

    /// Numbers that outside callers dial: the enabled inbound rules that name exactly one.
    pub async fn list_called_numbers(&self, server: ServerId) -> AppResult<Vec<String>> {
        let rows = routes::repo::list_of_server(&self.db, server.0).await?;
        let inbound = rows
            .iter()
            .filter(|row| row.is_enabled && row.context == "inbound");
        Ok(inbound.filter_map(|row| literal_number(&row.pattern)).collect())
    }

    /// Every voice server with its secrets, by id; disabled ones too.
    pub async fn list_server_access(&self) -> AppResult<Vec<ServerAccess>> {
        let rows = servers::repo::list_all(&self.db).await?;
        rows.into_iter()
            .map(|row| server_access(&self.sealer, row))
            .collect()
    }

    /// Everything that one voice server is told, read in one transaction so that it fits together. Named sounds are
    /// left empty: which there are is known where they are served.
    pub async fn load_plan_source(&self, server: ServerId) -> AppResult<PlanSource> {
        let tx = tx::begin_read(&self.db).await?;
        let id = server.0;
        let row = servers::repo::get(&tx, id).await?;
        let domain = row.sip_domain.clone();
        let queues = queues::repo::list_of_server(&tx, id).await?;
        let source = PlanSource {
            server: server_spec(&self.sealer, row)?,
            gateways: try_map(gateways::repo::list_of_server(&tx, id).await, |row| {
                gateway_spec(&self.sealer, row)
            })?,
            extensions: try_map(extensions::repo::list_of_server(&tx, id).await, |row| {
                extension_spec(&self.sealer, &domain, row)
            })?,
            agents: try_map(queues::repo::list_agents_of_server(&tx, id).await, |row| {
                Ok(agent_spec(&row))
            })?,
            tiers: try_map(queues::repo::list_tiers_of_server(&tx, id).await, |row| {
                Ok(tier_spec(&row))
            })?,
            routes: try_map(routes::repo::list_of_server(&tx, id).await, route_spec)?,
            queues: queue_specs(queues),
            sounds: BTreeMap::new(),
        };
        tx.commit().await?;
        Ok(source)
    }
}

fn try_map<T, U>(rows: Result<Vec<T>, DbErr>, convert: impl Fn(T) -> AppResult<U>) -> AppResult<Vec<U>> {
    rows?.into_iter().map(convert).collect()
}

/// The digest that the directory serves instead of the password: md5 of `user:realm:password`, lower-case hex.
pub fn a1_hash(user: &str, realm: &str, password: &str) -> String {
    use std::fmt::Write as _;
    let digest = Md5::digest(format!("{user}:{realm}:{password}"));
    digest.iter().fold(String::with_capacity(32), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn server_access(sealer: &Sealer, row: voice_server::Model) -> AppResult<ServerAccess> {
    Ok(ServerAccess {
        esl_password: sealer.open(Purpose::Esl, &row.esl_password_sealed)?,
        http_password: sealer.open(Purpose::SwitchHttp, &row.http_password_sealed)?,
        server: ServerId(row.id),
        name: row.name,
        switch_name: row.switch_name,
        address: row.address,
        esl_port: port(row.esl_port)?,
        http_user: row.http_user,
        sip_domain: row.sip_domain,
        record_dir: row.record_dir,
        record_dir_local: row.record_dir_local,
        snapshot_path: row.snapshot_path,
        cdr_spool_dir: row.cdr_spool_dir,
        is_enabled: row.is_enabled,
        version: row.version,
    })
}

fn server_spec(sealer: &Sealer, row: voice_server::Model) -> AppResult<ServerSpec> {
    Ok(ServerSpec {
        http_password: sealer.open(Purpose::SwitchHttp, &row.http_password_sealed)?,
        id: row.id,
        sip_domain: row.sip_domain,
        internal_port: port(row.internal_port)?,
        external_port: port(row.external_port)?,
        ws_port: row.ws_port.map(port).transpose()?,
        wss_port: row.wss_port.map(port).transpose()?,
        codecs: row.codecs,
        record_dir: row.record_dir,
        control_url: row.control_url,
        http_user: row.http_user,
    })
}

fn gateway_spec(sealer: &Sealer, row: gateway::Model) -> AppResult<GatewaySpec> {
    let password = row
        .password_sealed
        .as_ref()
        .map(|sealed| sealer.open(Purpose::Gateway, sealed));
    Ok(GatewaySpec {
        kind: word::<GatewayKind>(&row.kind)?,
        transport: word::<Transport>(&row.transport)?,
        password: password.transpose()?,
        id: row.id,
        name: row.name,
        proxy: row.proxy,
        port: row.port.map(port).transpose()?,
        realm: row.realm,
        user_name: row.user_name,
        register: row.register,
        from_user: row.from_user,
        from_domain: row.from_domain,
        outbound_proxy: row.outbound_proxy,
        register_proxy: row.register_proxy,
        extension: row.extension,
        caller_id_in_from: row.caller_id_in_from,
        ping_secs: row.ping_secs.map(count),
        expire_secs: count(row.expire_secs),
        retry_secs: count(row.retry_secs),
        add_prefix: row.add_prefix,
        max_channels: row.max_channels.map(count),
        addresses: Vec::new(),
        is_enabled: row.is_enabled,
    })
}

fn extension_spec(sealer: &Sealer, domain: &str, row: extension::Model) -> AppResult<ExtensionSpec> {
    let password = sealer.open(Purpose::Extension, &row.password_sealed)?;
    Ok(ExtensionSpec {
        kind: word::<ExtensionKind>(&row.kind)?,
        a1_hash: a1_hash(&row.number, domain, &password),
        id: row.id,
        number: row.number,
        display_name: row.display_name,
        gateway_id: row.gateway_id,
        queue_id: row.queue_id,
        may_dial_out: row.may_dial_out,
        record: row.record,
        caller_id_number: row.caller_id_number,
        ring_secs: count(row.ring_secs),
        is_enabled: row.is_enabled,
    })
}

fn queue_specs(rows: Vec<queue::Model>) -> Vec<QueueSpec> {
    let ids: HashMap<String, i64> = rows.iter().map(|row| (row.code.clone(), row.id)).collect();
    rows.into_iter().map(|row| queue_spec(row, &ids)).collect()
}

fn queue_spec(row: queue::Model, ids: &HashMap<String, i64>) -> QueueSpec {
    let target = row.overflow_target.unwrap_or_default();
    let overflow = match row.overflow_kind.as_str() {
        // The key 0 belongs to no queue: the plan reports it and hangs up.
        "queue" => OverflowSpec::Queue(ids.get(&target).copied().unwrap_or(0)),
        "extension" => OverflowSpec::Extension(target),
        _ => OverflowSpec::Hangup,
    };
    QueueSpec {
        // The switch writes the same words with hyphens.
        strategy: row.strategy.replace('_', "-"),
        overflow,
        id: row.id,
        code: row.code,
        name: row.name,
        moh_sound: row.moh_sound,
        announce_sound: row.announce_sound,
        announce_frequency_secs: count(row.announce_frequency_secs),
        record: row.record,
        score_from_system: row.time_base_score == "system",
        max_wait_secs: count(row.max_wait_secs),
        max_wait_no_agent_secs: count(row.max_wait_no_agent_secs),
        max_wait_no_agent_reached_secs: count(row.max_wait_no_agent_reached_secs),
        tier_rules_apply: row.tier_rules_apply,
        tier_rule_wait_secs: count(row.tier_rule_wait_secs),
        tier_rule_wait_multiply_level: row.tier_rule_wait_multiply_level,
        tier_rule_no_agent_no_wait: row.tier_rule_no_agent_no_wait,
        abandoned_resume_allowed: row.abandoned_resume_allowed,
        discard_abandoned_after_secs: count(row.discard_abandoned_after_secs),
        is_enabled: row.is_enabled,
    }
}

fn agent_spec(row: &agent::Model) -> AgentSpec {
    AgentSpec {
        id: row.id,
        extension_id: row.extension_id,
        max_no_answer: count(row.max_no_answer),
        wrap_up_secs: count(row.wrap_up_secs),
        reject_delay_secs: count(row.reject_delay_secs),
        busy_delay_secs: count(row.busy_delay_secs),
        no_answer_delay_secs: count(row.no_answer_delay_secs),
        ring_secs: count(row.ring_secs),
    }
}

fn tier_spec(row: &tier::Model) -> TierSpec {
    TierSpec {
        queue_id: row.queue_id,
        agent_id: row.agent_id,
        level: count(row.level),
        position: count(row.position),
    }
}

fn route_spec(row: route::Model) -> AppResult<RouteSpec> {
    let hours = row.hours.map(serde_json::from_value).transpose();
    if hours.is_err() {
        tracing::error!(
            route.id = row.id,
            "the stored hours of a route cannot be read; the route is left out"
        );
    }
    Ok(RouteSpec {
        kind: word::<RouteKind>(&row.kind)?,
        context: word::<RouteContext>(&row.context)?,
        // Without its hours a rule would be open for ever; closed is the smaller harm.
        is_enabled: row.is_enabled && hours.is_ok(),
        hours: hours.unwrap_or_default(),
        id: row.id,
        name: row.name,
        position: row.position,
        pattern: row.pattern,
        gateway_id: row.gateway_id,
        fallback_gateway_id: row.fallback_gateway_id,
        strip_digits: count(row.strip_digits),
        add_prefix: row.add_prefix,
        ring_secs: count(row.ring_secs),
        record: row.record,
        target_number: row.target_number,
        queue_id: row.queue_id,
        off_hours_prompt: row.off_hours_prompt,
    })
}

/// `^95588$` → `95588`; nothing for a pattern that fits several numbers.
fn literal_number(pattern: &str) -> Option<String> {
    // A pattern of nothing but digits means exactly this number, see `domain::pattern`; with one anchor it does not.
    let anchored = pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix('$'));
    let number = anchored.unwrap_or(pattern);
    let number = number.trim_start_matches('(').trim_end_matches(')');
    let is_literal = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    is_literal.then(|| number.to_owned())
}

/// Columns are signed because databases are; forms never let a negative number in.
fn count(value: i32) -> u32 {
    value.max(0).unsigned_abs()
}

fn port(value: i32) -> AppResult<u16> {
    u16::try_from(value).map_err(AppError::internal)
}

/// A stored word as the domain's choice, which serialises to the same word.
fn word<T: DeserializeOwned>(text: &str) -> AppResult<T> {
    serde_json::from_value(text.into()).map_err(AppError::internal)
}

/// Opens the SIP password of an extension, to check what an agent typed at the toolbar.
pub fn open_extension_password(sealer: &Sealer, row: &extension::Model) -> Result<String, OpenError> {
    sealer.open(Purpose::Extension, &row.password_sealed)
}
