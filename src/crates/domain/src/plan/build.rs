//! From rows to a plan: checks, indexes, compiled patterns.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::source::{
    AgentSpec, ExtensionKind, ExtensionSpec, GatewaySpec, OverflowSpec, PlanSource, QueueSpec, RouteContext,
    RouteKind, RouteSpec, ServerSpec, TierSpec,
};
use super::words;
use crate::pattern::Pattern;

/// Name in [`PlanSource::sounds`] that stands in for a music or prompt which cannot be served.
const HOLD_MUSIC: &str = "hold";

/// The server row itself is unusable: nothing can be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the voice server's {field} cannot be served: {value:?}")]
pub struct PlanError {
    /// Column.
    pub field: &'static str,
    /// Its value; never a secret.
    pub value: String,
}

/// A row or field that was left out of the plan, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanProblem {
    /// `gateway`, `extension`, `queue`, `agent`, `tier` or `route`.
    pub object: &'static str,
    /// Key of the row (of the queue, for a tier).
    pub id: i64,
    /// Column.
    pub field: &'static str,
    /// For people; holds no secret.
    pub reason: String,
}

/// A rule with its compiled pattern.
#[derive(Debug, Clone)]
pub struct PlannedRoute {
    /// The row, with sounds resolved.
    pub spec: RouteSpec,
    /// Its pattern.
    pub pattern: Pattern,
}

/// A tier by the names the switch uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedTier {
    /// Queue code.
    pub queue: String,
    /// Agent name.
    pub agent: String,
    /// Level.
    pub level: u32,
    /// Position.
    pub position: u32,
}

/// Everything one voice server is told. Immutable; a change builds a new one.
#[derive(Debug, Clone)]
pub struct ServerPlan {
    pub(crate) server: ServerSpec,
    pub(crate) gateways: BTreeMap<i64, GatewaySpec>,
    pub(crate) extensions: BTreeMap<String, ExtensionSpec>,
    pub(crate) queues: BTreeMap<i64, QueueSpec>,
    pub(crate) agents: BTreeMap<String, AgentSpec>,
    pub(crate) tiers: Vec<PlannedTier>,
    pub(crate) routes: Vec<PlannedRoute>,
    pub(crate) hold_music: Option<String>,
}

impl ServerPlan {
    /// Builds the plan. Rows that cannot be served are left out and listed; only an unusable server row
    /// is an error.
    pub fn build(source: PlanSource) -> Result<(Self, Vec<PlanProblem>), PlanError> {
        let server = check_server(source.server)?;
        let mut builder = Builder {
            sounds: source.sounds,
            problems: Vec::new(),
        };
        let gateways = builder.gateways(source.gateways);
        let mut queues = builder.queues(source.queues);
        let extensions = builder.extensions(source.extensions, &queues, &gateways);
        builder.check_overflow(&mut queues, &extensions);
        let (agents, agent_names) = builder.agents(source.agents, &extensions);
        let tiers = tiers(&source.tiers, &queues, &agent_names);
        let routes = builder.routes(source.routes, &queues, &gateways);
        let hold_music = builder.sound(HOLD_MUSIC);
        let plan = Self {
            server,
            gateways,
            extensions,
            queues,
            agents,
            tiers,
            routes,
            hold_music,
        };
        Ok((plan, builder.problems))
    }

    /// The server.
    pub fn server(&self) -> &ServerSpec {
        &self.server
    }

    /// All enabled gateways, by key.
    pub fn gateways(&self) -> impl Iterator<Item = &GatewaySpec> {
        self.gateways.values()
    }

    /// A gateway by key.
    pub fn gateway(&self, id: i64) -> Option<&GatewaySpec> {
        self.gateways.get(&id)
    }

    /// All enabled extensions, by number.
    pub fn extensions(&self) -> impl Iterator<Item = &ExtensionSpec> {
        self.extensions.values()
    }

    /// An extension by number.
    pub fn extension(&self, number: &str) -> Option<&ExtensionSpec> {
        self.extensions.get(number)
    }

    /// All enabled queues, by key.
    pub fn queues(&self) -> impl Iterator<Item = &QueueSpec> {
        self.queues.values()
    }

    /// A queue by key.
    pub fn queue(&self, id: i64) -> Option<&QueueSpec> {
        self.queues.get(&id)
    }

    /// A queue by its name on the switch.
    pub fn queue_by_code(&self, code: &str) -> Option<&QueueSpec> {
        self.queues.values().find(|queue| queue.code == code)
    }

    /// All agents with their names on the switch.
    pub fn agents(&self) -> impl Iterator<Item = (&str, &AgentSpec)> {
        self.agents.iter().map(|(name, agent)| (name.as_str(), agent))
    }

    /// Whether this extension is an agent.
    pub fn is_agent(&self, number: &str) -> bool {
        self.agents.contains_key(number)
    }

    /// All tiers, by queue, level and position.
    pub fn tiers(&self) -> &[PlannedTier] {
        &self.tiers
    }

    /// The queue that an internal queue rule gives this number to.
    pub(crate) fn internal_queue_rule(&self, number: &str) -> Option<&QueueSpec> {
        let route = self.routes.iter().find(|route| {
            route.spec.context == RouteContext::Internal
                && route.spec.kind == RouteKind::Queue
                && route.pattern.matches(number)
        })?;
        self.queue(route.spec.queue_id?)
    }

    /// Where recordings of a leg go, as a template which the switch expands on that leg.
    pub fn recording_template(&self) -> String {
        format!("{}/${{strftime(%Y%m%d)}}/${{uuid}}.wav", self.server.record_dir)
    }

    /// Enabled rules in the order in which they are tried.
    pub fn routes(&self) -> &[PlannedRoute] {
        &self.routes
    }
}

fn check_server(mut server: ServerSpec) -> Result<ServerSpec, PlanError> {
    if let Some(rest) = server.record_dir.strip_prefix("$$") {
        // The one form that both the configuration and a running channel expand.
        server.record_dir = format!("${rest}");
    }
    server
        .record_dir
        .truncate(server.record_dir.trim_end_matches('/').len());
    server
        .control_url
        .truncate(server.control_url.trim_end_matches('/').len());
    let fail = |field, value: &str| {
        Err(PlanError {
            field,
            value: value.to_owned(),
        })
    };
    if !words::is_host(&server.sip_domain) {
        return fail("sip_domain", &server.sip_domain);
    }
    if !words::is_codec_list(&server.codecs) {
        return fail("codecs", &server.codecs);
    }
    if !words::is_folder(&server.record_dir) {
        return fail("record_dir", &server.record_dir);
    }
    if !words::is_url(&server.control_url) {
        return fail("control_url", &server.control_url);
    }
    // json_cdr and xml_curl split their credentials at the first colon.
    if !words::is_secret(&server.http_user) || server.http_user.contains(':') {
        return fail("http_user", &server.http_user);
    }
    if !words::is_secret(&server.http_password) {
        return fail("http_password", "(hidden)");
    }
    Ok(server)
}

struct Builder {
    sounds: BTreeMap<String, String>,
    problems: Vec<PlanProblem>,
}

impl Builder {
    fn report(&mut self, object: &'static str, id: i64, field: &'static str, reason: impl Into<String>) {
        self.problems.push(PlanProblem {
            object,
            id,
            field,
            reason: reason.into(),
        });
    }

    /// A sound field resolved to what the switch plays.
    fn sound(&self, text: &str) -> Option<String> {
        let meant = match self.sounds.get(text) {
            Some(known) => known,
            None if text.contains('/') || text.contains(':') => text,
            None => return None,
        };
        words::is_sound(meant).then(|| meant.to_owned())
    }

    fn gateways(&mut self, rows: Vec<GatewaySpec>) -> BTreeMap<i64, GatewaySpec> {
        let mut kept: BTreeMap<i64, GatewaySpec> = BTreeMap::new();
        for mut row in rows.into_iter().filter(|row| row.is_enabled) {
            if let Err((field, reason)) = check_gateway(&row) {
                self.report("gateway", row.id, field, reason);
                continue;
            }
            if kept.values().any(|other| other.name == row.name) {
                self.report("gateway", row.id, "name", "another gateway has this name");
                continue;
            }
            let written = [
                Some(&row.proxy),
                row.outbound_proxy.as_ref(),
                row.register_proxy.as_ref(),
            ];
            let literal: Vec<IpAddr> = written
                .into_iter()
                .flatten()
                .filter_map(|host| address(host))
                .collect();
            row.addresses.extend(literal);
            row.addresses.sort_unstable();
            row.addresses.dedup();
            kept.insert(row.id, row);
        }
        kept
    }

    fn extensions(
        &mut self,
        rows: Vec<ExtensionSpec>,
        queues: &BTreeMap<i64, QueueSpec>,
        gateways: &BTreeMap<i64, GatewaySpec>,
    ) -> BTreeMap<String, ExtensionSpec> {
        let mut kept = BTreeMap::new();
        for mut row in rows.into_iter().filter(|row| row.is_enabled) {
            if !words::is_short_number(&row.number) {
                self.report(
                    "extension",
                    row.id,
                    "number",
                    "an extension number is 1 to 20 digits",
                );
                continue;
            }
            if row.kind == ExtensionKind::Direct && !words::is_a1_hash(&row.a1_hash) {
                self.report("extension", row.id, "a1_hash", "not an md5 in lower-case hex");
                continue;
            }
            if row.kind == ExtensionKind::Queue && !row.queue_id.is_some_and(|id| queues.contains_key(&id)) {
                self.report(
                    "extension",
                    row.id,
                    "queue_id",
                    "the queue does not exist or is disabled",
                );
                continue;
            }
            if row
                .caller_id_number
                .as_deref()
                .is_some_and(|number| !words::is_dialable(number))
            {
                self.report("extension", row.id, "caller_id_number", "not a number");
                row.caller_id_number = None;
            }
            if row.gateway_id.is_some_and(|id| !gateways.contains_key(&id)) {
                self.report(
                    "extension",
                    row.id,
                    "gateway_id",
                    "the gateway does not exist or is disabled",
                );
                row.gateway_id = None;
            }
            row.display_name = words::label(&row.display_name);
            row.ring_secs = row.ring_secs.clamp(1, 600);
            if kept.contains_key(&row.number) {
                self.report("extension", row.id, "number", "another extension has this number");
                continue;
            }
            kept.insert(row.number.clone(), row);
        }
        kept
    }

    fn queues(&mut self, rows: Vec<QueueSpec>) -> BTreeMap<i64, QueueSpec> {
        let mut kept: BTreeMap<i64, QueueSpec> = BTreeMap::new();
        for mut row in rows.into_iter().filter(|row| row.is_enabled) {
            if !words::is_queue_code(&row.code) {
                self.report(
                    "queue",
                    row.id,
                    "code",
                    "a code is lower-case letters, digits, _ and -",
                );
                continue;
            }
            if kept.values().any(|other| other.code == row.code) {
                self.report("queue", row.id, "code", "another queue has this code");
                continue;
            }
            if !words::is_strategy(&row.strategy) {
                self.report(
                    "queue",
                    row.id,
                    "strategy",
                    format!("unknown strategy {:?}", row.strategy),
                );
                "longest-idle-agent".clone_into(&mut row.strategy);
            }
            if let Some(sound) = self.sound(&row.moh_sound) {
                row.moh_sound = sound;
            } else {
                self.report(
                    "queue",
                    row.id,
                    "moh_sound",
                    "no such sound, the built-in music is played",
                );
                row.moh_sound = self.sound(HOLD_MUSIC).unwrap_or_default();
            }
            if let Some(announce) = row.announce_sound.take() {
                row.announce_sound = self.sound(&announce);
                if row.announce_sound.is_none() {
                    self.report("queue", row.id, "announce_sound", "no such sound");
                }
            }
            kept.insert(row.id, row);
        }
        kept
    }

    fn check_overflow(
        &mut self,
        queues: &mut BTreeMap<i64, QueueSpec>,
        extensions: &BTreeMap<String, ExtensionSpec>,
    ) {
        let known: Vec<i64> = queues.keys().copied().collect();
        for queue in queues.values_mut() {
            let reason = match &queue.overflow {
                OverflowSpec::Queue(id) if *id == queue.id => "a queue cannot overflow into itself",
                OverflowSpec::Queue(id) if !known.contains(id) => "the queue does not exist or is disabled",
                OverflowSpec::Extension(number) if !extensions.contains_key(number) => {
                    "the extension does not exist or is disabled"
                }
                _ => continue,
            };
            queue.overflow = OverflowSpec::Hangup;
            self.problems.push(PlanProblem {
                object: "queue",
                id: queue.id,
                field: "overflow_target",
                reason: reason.to_owned(),
            });
        }
    }

    fn agents(
        &mut self,
        rows: Vec<AgentSpec>,
        extensions: &BTreeMap<String, ExtensionSpec>,
    ) -> (BTreeMap<String, AgentSpec>, BTreeMap<i64, String>) {
        let numbers: BTreeMap<i64, &str> = extensions
            .values()
            .map(|extension| (extension.id, extension.number.as_str()))
            .collect();
        let mut by_name = BTreeMap::new();
        let mut names = BTreeMap::new();
        for mut row in rows {
            let Some(number) = numbers.get(&row.extension_id) else {
                self.report(
                    "agent",
                    row.id,
                    "extension_id",
                    "the extension does not exist or is disabled",
                );
                continue;
            };
            row.ring_secs = row.ring_secs.clamp(1, 600);
            names.insert(row.id, (*number).to_owned());
            by_name.insert((*number).to_owned(), row);
        }
        (by_name, names)
    }

    fn routes(
        &mut self,
        rows: Vec<RouteSpec>,
        queues: &BTreeMap<i64, QueueSpec>,
        gateways: &BTreeMap<i64, GatewaySpec>,
    ) -> Vec<PlannedRoute> {
        let mut kept = Vec::with_capacity(rows.len());
        for mut row in rows.into_iter().filter(|row| row.is_enabled) {
            let pattern = match Pattern::parse(&row.pattern) {
                Ok(pattern) => pattern,
                Err(error) => {
                    self.report("route", row.id, "pattern", error.to_string());
                    continue;
                }
            };
            if let Err((field, reason)) = check_route(&row, queues) {
                self.report("route", row.id, field, reason);
                continue;
            }
            for (field, id) in [
                ("gateway_id", row.gateway_id),
                ("fallback_gateway_id", row.fallback_gateway_id),
            ] {
                if id.is_some_and(|id| !gateways.contains_key(&id)) {
                    self.report(
                        "route",
                        row.id,
                        field,
                        "the gateway does not exist or is disabled",
                    );
                }
            }
            if let Some(prompt) = row.off_hours_prompt.take() {
                row.off_hours_prompt = self.sound(&prompt);
                if row.off_hours_prompt.is_none() {
                    self.report("route", row.id, "off_hours_prompt", "no such sound");
                }
            }
            row.ring_secs = row.ring_secs.clamp(1, 600);
            row.name = words::label(&row.name);
            kept.push(PlannedRoute { spec: row, pattern });
        }
        kept.sort_by_key(|route| (route.spec.position, route.spec.id));
        kept
    }
}

/// Tiers by the names the switch uses.
fn tiers(
    rows: &[TierSpec],
    queues: &BTreeMap<i64, QueueSpec>,
    agents: &BTreeMap<i64, String>,
) -> Vec<PlannedTier> {
    let mut kept = Vec::with_capacity(rows.len());
    for row in rows {
        // A tier of a disabled queue or extension is no mistake: it waits for its return.
        let (Some(queue), Some(agent)) = (queues.get(&row.queue_id), agents.get(&row.agent_id)) else {
            continue;
        };
        kept.push(PlannedTier {
            queue: queue.code.clone(),
            agent: agent.clone(),
            level: row.level.max(1),
            position: row.position.max(1),
        });
    }
    kept.sort_by(|a, b| {
        (&a.queue, a.level, a.position, &a.agent).cmp(&(&b.queue, b.level, b.position, &b.agent))
    });
    kept
}

type Refusal = (&'static str, &'static str);

fn check_route(row: &RouteSpec, queues: &BTreeMap<i64, QueueSpec>) -> Result<(), Refusal> {
    if !words::is_prefix(&row.add_prefix) {
        return Err(("add_prefix", "a prefix is digits, *, # or +"));
    }
    if row.strip_digits as usize > words::MAX_NUMBER {
        return Err(("strip_digits", "more digits than a number has"));
    }
    if row.queue_id.is_some_and(|id| !queues.contains_key(&id)) {
        return Err(("queue_id", "the queue does not exist or is disabled"));
    }
    if row
        .target_number
        .as_deref()
        .is_some_and(|number| !words::is_dialable(number))
    {
        return Err(("target_number", "not a number"));
    }
    match row.kind {
        RouteKind::Queue if row.queue_id.is_none() => Err(("queue_id", "a queue rule needs a queue")),
        RouteKind::Inbound if row.queue_id.is_none() && row.target_number.is_none() => {
            Err(("target_number", "an inbound rule needs a short number or a queue"))
        }
        RouteKind::Outbound if row.context == RouteContext::Inbound => {
            Err(("context", "calls from outside must not go out again"))
        }
        _ => Ok(()),
    }
}

fn check_gateway(row: &GatewaySpec) -> Result<(), Refusal> {
    let optional = |value: &Option<String>, check: fn(&str) -> bool| value.as_deref().is_none_or(check);
    if !words::is_gateway_name(&row.name) {
        return Err(("name", "a name is letters, digits, _ . -"));
    }
    if !words::is_host(&row.proxy) {
        return Err(("proxy", "not a host name or address"));
    }
    if !optional(&row.realm, words::is_host) {
        return Err(("realm", "not a host name"));
    }
    if !optional(&row.user_name, words::is_sip_user) {
        return Err(("user_name", "not a SIP user"));
    }
    if !optional(&row.password, words::is_secret) {
        return Err(("password", "control characters or too long"));
    }
    if !optional(&row.from_user, words::is_sip_user) || !optional(&row.from_domain, words::is_host) {
        return Err(("from_user", "not a SIP user and host"));
    }
    if !optional(&row.outbound_proxy, words::is_host) || !optional(&row.register_proxy, words::is_host) {
        return Err(("outbound_proxy", "not a host name or address"));
    }
    if !optional(&row.extension, words::is_dialable) {
        return Err(("extension", "not a number"));
    }
    if !words::is_prefix(&row.add_prefix) {
        return Err(("add_prefix", "a prefix is digits, *, # or +"));
    }
    if row.register && row.user_name.is_none() {
        return Err(("user_name", "a gateway that registers needs a user"));
    }
    Ok(())
}

/// The address in `host`, `host:port`, `[v6]` or `[v6]:port`.
fn address(host: &str) -> Option<IpAddr> {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next()?.parse().ok();
    }
    host.parse().ok().or_else(|| host.split(':').next()?.parse().ok())
}
