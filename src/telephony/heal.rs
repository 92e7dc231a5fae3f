//! Bringing a switch to what it should be: modules, gateways, queues, agents, tiers (`facts.md` §1, §4, §5).
//!
//! What has to be done is worked out from the switch's own lists and the plan; a second run right after the
//! first finds nothing to do. Nothing here drops a call or a waiting caller.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use domain::{
    agent::AgentStatus,
    command::{AgentLimits, SwitchCommand, Tier},
    plan::{AgentSpec, GatewaySpec, QueueSpec, ServerPlan},
};
use esl::{ApiReply, SwitchLink};
use serde::Deserialize;

/// What a booted switch lacks when nobody answered it. The order is that of their needs.
const MODULES: [&str; 5] = [
    "mod_httapi",
    "mod_local_stream",
    "mod_json_cdr",
    "mod_callcenter",
    "mod_sofia",
];
/// How long one question or command may take.
const LIMIT: Duration = Duration::from_secs(10);
/// SIP profile of phones and trunks.
pub const EXTERNAL_PROFILE: &str = "external";

/// Asks which modules are missing.
pub async fn missing_modules(link: &SwitchLink) -> Vec<SwitchCommand> {
    let mut missing = Vec::new();
    for module in MODULES {
        if let Ok(ApiReply::Text(answer)) = link.api(&format!("module_exists {module}"), LIMIT).await
            && answer.trim() == "false"
        {
            missing.push(SwitchCommand::LoadModule {
                module: module.to_owned(),
            });
        }
    }
    missing
}

/// One row of `agent list`.
#[derive(Debug, Clone, Deserialize)]
pub struct AgentRow {
    name: String,
    contact: String,
    status: String,
    max_no_answer: String,
    wrap_up_time: String,
    reject_delay_time: String,
    busy_delay_time: String,
    no_answer_delay_time: String,
}

/// One row of `tier list`.
#[derive(Debug, Clone, Deserialize)]
pub struct TierRow {
    queue: String,
    agent: String,
    level: String,
    position: String,
}

#[derive(Deserialize)]
struct Answer<T> {
    status: String,
    response: Option<Vec<T>>,
}

/// What the switch has of agents and tiers; `None` when it could not be asked.
pub async fn agents_and_tiers(link: &SwitchLink) -> Option<(Vec<AgentRow>, Vec<TierRow>)> {
    Some((list(link, "agent list").await?, list(link, "tier list").await?))
}

async fn list<T: for<'a> Deserialize<'a>>(link: &SwitchLink, arguments: &str) -> Option<Vec<T>> {
    let line = format!(r#"json {{"command":"callcenter_config","data":{{"arguments":"{arguments}"}}}}"#);
    let ApiReply::Text(text) = link.snapshot_api(&line, LIMIT).await.ok()? else {
        return None;
    };
    let answer: Answer<T> = serde_json::from_str(text.trim())
        .inspect_err(
            |error| tracing::warn!(error = %error, arguments, "a list of mod_callcenter cannot be read"),
        )
        .ok()?;
    (answer.status == "success").then(|| answer.response.unwrap_or_default())
}

/// What brings agents, their statuses and their tiers to the plan and to what people want.
pub fn agent_commands(
    plan: &ServerPlan,
    agents: &[AgentRow],
    tiers: &[TierRow],
    wanted: impl Fn(&str) -> AgentStatus,
) -> Vec<SwitchCommand> {
    let mut commands = Vec::new();
    let known: BTreeMap<&str, &AgentRow> = agents.iter().map(|row| (row.name.as_str(), row)).collect();
    let planned: BTreeMap<&str, &AgentSpec> = plan.agents().collect();
    for row in agents
        .iter()
        .filter(|row| !planned.contains_key(row.name.as_str()))
    {
        commands.push(SwitchCommand::DelAgent {
            agent: row.name.clone(),
        });
    }
    for (agent, spec) in &planned {
        bring_agent(
            &mut commands,
            plan,
            agent,
            spec,
            known.get(agent).copied(),
            wanted(agent),
        );
    }
    bring_tiers(&mut commands, plan, tiers);
    commands
}

fn bring_agent(
    commands: &mut Vec<SwitchCommand>,
    plan: &ServerPlan,
    agent: &str,
    spec: &AgentSpec,
    row: Option<&AgentRow>,
    wanted: AgentStatus,
) {
    if row.is_none() {
        commands.push(SwitchCommand::AddAgent {
            agent: agent.to_owned(),
        });
    }
    let contact = format!(
        "[leg_timeout={}]user/{agent}@{}",
        spec.ring_secs,
        plan.server().sip_domain
    );
    if row.is_none_or(|row| row.contact != contact) {
        commands.push(SwitchCommand::SetAgentContact {
            agent: agent.to_owned(),
            ring_secs: spec.ring_secs,
            announce: None,
        });
    }
    let same = |text: &str, value: u32| text.parse() == Ok(value);
    let limits_fit = row.is_some_and(|row| {
        same(&row.max_no_answer, spec.max_no_answer)
            && same(&row.wrap_up_time, spec.wrap_up_secs)
            && same(&row.reject_delay_time, spec.reject_delay_secs)
            && same(&row.busy_delay_time, spec.busy_delay_secs)
            && same(&row.no_answer_delay_time, spec.no_answer_delay_secs)
    });
    if !limits_fit {
        commands.push(SwitchCommand::SetAgentLimits(AgentLimits {
            agent: agent.to_owned(),
            max_no_answer: spec.max_no_answer,
            wrap_up_secs: spec.wrap_up_secs,
            reject_delay_secs: spec.reject_delay_secs,
            busy_delay_secs: spec.busy_delay_secs,
            no_answer_delay_secs: spec.no_answer_delay_secs,
        }));
    }
    let status = row.map_or(Some(AgentStatus::LoggedOut), |row| {
        AgentStatus::from_switch(&row.status)
    });
    if status != Some(wanted) {
        commands.push(SwitchCommand::SetAgentStatus {
            agent: agent.to_owned(),
            status: wanted,
        });
    }
}

fn bring_tiers(commands: &mut Vec<SwitchCommand>, plan: &ServerPlan, tiers: &[TierRow]) {
    let planned: BTreeSet<(&str, &str)> = plan
        .tiers()
        .iter()
        .map(|tier| (tier.queue.as_str(), tier.agent.as_str()))
        .collect();
    for row in tiers
        .iter()
        .filter(|row| !planned.contains(&(row.queue.as_str(), row.agent.as_str())))
    {
        commands.push(SwitchCommand::DelTier {
            queue: row.queue.clone(),
            agent: row.agent.clone(),
        });
    }
    for tier in plan.tiers() {
        let wanted = Tier {
            queue: tier.queue.clone(),
            agent: tier.agent.clone(),
            level: tier.level,
            position: tier.position,
        };
        match tiers
            .iter()
            .find(|row| row.queue == tier.queue && row.agent == tier.agent)
        {
            None => commands.push(SwitchCommand::AddTier(wanted)),
            Some(row) if row.level.parse() == Ok(tier.level) && row.position.parse() == Ok(tier.position) => {
            }
            Some(_) => commands.push(SwitchCommand::SetTier(wanted)),
        }
    }
}

/// Gateways that the switch has and should not have, or should have in another form, are dropped; the rescan
/// afterwards brings what is configured. A rescan alone changes no gateway that exists.
///
/// `before` is what the switch was told last by this process; without it a changed gateway cannot be told from an
/// unchanged one, so it is left as it is.
pub fn gateway_commands(
    plan: &ServerPlan,
    existing: &[String],
    before: Option<&BTreeMap<String, GatewaySpec>>,
) -> Vec<SwitchCommand> {
    let planned: BTreeMap<&str, &GatewaySpec> = plan
        .gateways()
        .filter(|gateway| gateway.is_enabled)
        .map(|gateway| (gateway.name.as_str(), gateway))
        .collect();
    let is_stale = |name: &String| match planned.get(name.as_str()) {
        None => true,
        Some(spec) => before
            .and_then(|before| before.get(name))
            .is_some_and(|told| told != *spec),
    };
    let mut commands: Vec<SwitchCommand> = existing
        .iter()
        .filter(|name| is_stale(name))
        .map(|name| SwitchCommand::KillGateway {
            profile: EXTERNAL_PROFILE.to_owned(),
            gateway: name.clone(),
        })
        .collect();
    let lacks_some = planned
        .keys()
        .any(|name| !existing.iter().any(|known| known == name));
    if lacks_some || !commands.is_empty() {
        commands.push(SwitchCommand::RescanProfile {
            profile: EXTERNAL_PROFILE.to_owned(),
        });
    }
    commands
}

/// Queues whose own parameters were edited are reloaded, deleted ones unloaded; new ones the switch asks for by
/// itself. Waiting callers stay, because we answer while it reloads.
pub fn queue_commands(before: &BTreeMap<String, QueueSpec>, plan: &ServerPlan) -> Vec<SwitchCommand> {
    let now: BTreeMap<&str, &QueueSpec> = plan
        .queues()
        .filter(|queue| queue.is_enabled)
        .map(|queue| (queue.code.as_str(), queue))
        .collect();
    before
        .iter()
        .filter_map(|(code, old)| match now.get(code.as_str()) {
            None => Some(SwitchCommand::UnloadQueue { queue: code.clone() }),
            Some(new) if *new != old => Some(SwitchCommand::ReloadQueue { queue: code.clone() }),
            Some(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use domain::plan::{ExtensionSpec, PlanSource, ServerSpec, TierSpec};

    use super::*;

    fn plan() -> ServerPlan {
        let source = PlanSource {
            server: ServerSpec {
                id: 1,
                sip_domain: "call.test".into(),
                internal_port: 5060,
                external_port: 5080,
                ws_port: None,
                wss_port: None,
                codecs: "PCMA,PCMU".into(),
                record_dir: "/rec".into(),
                control_url: "http://127.0.0.1:8088".into(),
                http_user: "fs".into(),
                http_password: "secret".into(),
            },
            gateways: vec![GatewaySpec::peer(1, "gw1", "127.0.0.1")],
            extensions: vec![ExtensionSpec::phone(
                1,
                "1001",
                "0123456789abcdef0123456789abcdef",
            )],
            queues: vec![QueueSpec::new(1, "support")],
            agents: vec![AgentSpec::new(1, 1)],
            tiers: vec![TierSpec {
                queue_id: 1,
                agent_id: 1,
                level: 1,
                position: 2,
            }],
            routes: Vec::new(),
            sounds: [("hold".to_owned(), "tone_stream://%(400,400,425)".to_owned())].into(),
        };
        let (plan, problems) = ServerPlan::build(source).unwrap();
        assert_eq!(problems, []);
        plan
    }

    fn rows(plan: &ServerPlan, status: &str) -> (Vec<AgentRow>, Vec<TierRow>) {
        let (_, spec) = plan.agents().next().unwrap();
        let agent = AgentRow {
            name: "1001".into(),
            contact: format!("[leg_timeout={}]user/1001@call.test", spec.ring_secs),
            status: status.into(),
            max_no_answer: spec.max_no_answer.to_string(),
            wrap_up_time: spec.wrap_up_secs.to_string(),
            reject_delay_time: spec.reject_delay_secs.to_string(),
            busy_delay_time: spec.busy_delay_secs.to_string(),
            no_answer_delay_time: spec.no_answer_delay_secs.to_string(),
        };
        let tier = TierRow {
            queue: "support".into(),
            agent: "1001".into(),
            level: "1".into(),
            position: "2".into(),
        };
        (vec![agent], vec![tier])
    }

    #[test]
    fn a_switch_that_is_as_it_should_be_is_left_alone() {
        let plan = plan();
        let (agents, tiers) = rows(&plan, "On Break");
        assert_eq!(
            agent_commands(&plan, &agents, &tiers, |_| AgentStatus::OnBreak),
            []
        );
    }

    #[test]
    fn an_empty_switch_gets_agents_before_their_tiers() {
        let plan = plan();
        let commands = agent_commands(&plan, &[], &[], |_| AgentStatus::LoggedOut);
        assert_eq!(
            commands.first(),
            Some(&SwitchCommand::AddAgent { agent: "1001".into() })
        );
        assert!(matches!(commands.last(), Some(SwitchCommand::AddTier(tier)) if tier.position == 2));
        assert!(
            !commands
                .iter()
                .any(|command| matches!(command, SwitchCommand::SetAgentStatus { .. }))
        );
    }

    #[test]
    fn a_status_that_nobody_wants_is_corrected() {
        let plan = plan();
        let (agents, tiers) = rows(&plan, "Available");
        let commands = agent_commands(&plan, &agents, &tiers, |_| AgentStatus::LoggedOut);
        let wanted = SwitchCommand::SetAgentStatus {
            agent: "1001".into(),
            status: AgentStatus::LoggedOut,
        };
        assert_eq!(commands, [wanted]);
    }

    #[test]
    fn agents_and_tiers_that_left_the_plan_are_removed() {
        let plan = plan();
        let (mut agents, mut tiers) = rows(&plan, "Logged Out");
        agents.push(AgentRow {
            name: "1999".into(),
            ..agents[0].clone()
        });
        tiers.push(TierRow {
            agent: "1999".into(),
            ..tiers[0].clone()
        });
        let commands = agent_commands(&plan, &agents, &tiers, |_| AgentStatus::LoggedOut);
        assert!(commands.contains(&SwitchCommand::DelAgent { agent: "1999".into() }));
        assert!(commands.contains(&SwitchCommand::DelTier {
            queue: "support".into(),
            agent: "1999".into()
        }));
        assert_eq!(commands.len(), 2);
    }

    #[test]
    fn a_missing_gateway_is_a_rescan_and_a_changed_one_is_dropped_first() {
        let plan = plan();
        let rescan = SwitchCommand::RescanProfile {
            profile: "external".into(),
        };
        let kill = SwitchCommand::KillGateway {
            profile: "external".into(),
            gateway: "gw1".into(),
        };
        assert_eq!(gateway_commands(&plan, &[], None), std::slice::from_ref(&rescan));
        assert_eq!(gateway_commands(&plan, &["gw1".into()], None), []);
        let told = BTreeMap::from([("gw1".to_owned(), GatewaySpec::peer(1, "gw1", "127.0.0.2"))]);
        assert_eq!(
            gateway_commands(&plan, &["gw1".into()], Some(&told)),
            [kill, rescan]
        );
    }

    #[test]
    fn only_queues_whose_own_parameters_changed_are_reloaded() {
        let plan = plan();
        let same = BTreeMap::from([("support".to_owned(), plan.queues().next().unwrap().clone())]);
        assert_eq!(queue_commands(&same, &plan), []);
        let other = QueueSpec {
            max_wait_secs: 9,
            ..plan.queues().next().unwrap().clone()
        };
        let before = BTreeMap::from([
            ("support".to_owned(), other),
            ("gone".to_owned(), QueueSpec::new(9, "gone")),
        ]);
        assert_eq!(
            queue_commands(&before, &plan),
            [
                SwitchCommand::UnloadQueue { queue: "gone".into() },
                SwitchCommand::ReloadQueue {
                    queue: "support".into()
                }
            ]
        );
    }
}
