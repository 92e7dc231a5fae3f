//! Queues, agents and tiers.

use domain::plan::{AgentSpec, PlannedTier, QueueSpec, ServerPlan};

use crate::document::{Agent, Callcenter, Configuration, Document, Named, Pair, Tier};

/// All queues with all agents and tiers.
pub fn callcenter(plan: &ServerPlan) -> Callcenter {
    Callcenter {
        queues: plan.queues().map(|spec| queue(plan, spec)).collect(),
        agents: plan
            .agents()
            .map(|(name, spec)| agent(plan, name, spec))
            .collect(),
        tiers: plan.tiers().iter().map(tier).collect(),
    }
}

/// One queue with its agents and tiers: mod_callcenter asks so (`CC-Queue`) for a queue it does not know and
/// at `queue load`. An unknown queue gets the empty document.
pub fn one_queue(plan: &ServerPlan, code: &str) -> Document {
    let Some(spec) = plan.queue_by_code(code) else {
        return Document::Configuration(Configuration::Callcenter(Callcenter::default()));
    };
    let tiers: Vec<&PlannedTier> = plan.tiers().iter().filter(|tier| tier.queue == code).collect();
    let serves = |name: &str| tiers.iter().any(|tier| tier.agent == name);
    Document::Configuration(Configuration::Callcenter(Callcenter {
        queues: vec![queue(plan, spec)],
        agents: plan
            .agents()
            .filter(|(name, _)| serves(name))
            .map(|(name, spec)| agent(plan, name, spec))
            .collect(),
        tiers: tiers.into_iter().map(tier).collect(),
    }))
}

/// The dial string of an agent. The ring time stands here: a queue has no such parameter (facts.md §4).
pub fn agent_contact(plan: &ServerPlan, name: &str, spec: &AgentSpec) -> String {
    format!(
        "[leg_timeout={}]user/{name}@{}",
        spec.ring_secs,
        plan.server().sip_domain
    )
}

fn agent(plan: &ServerPlan, name: &str, spec: &AgentSpec) -> Agent {
    Agent {
        name: name.to_owned(),
        contact: agent_contact(plan, name, spec),
        max_no_answer: spec.max_no_answer,
        wrap_up_secs: spec.wrap_up_secs,
        reject_delay_secs: spec.reject_delay_secs,
        busy_delay_secs: spec.busy_delay_secs,
        no_answer_delay_secs: spec.no_answer_delay_secs,
    }
}

fn tier(tier: &PlannedTier) -> Tier {
    Tier {
        agent: tier.agent.clone(),
        queue: tier.queue.clone(),
        level: tier.level,
        position: tier.position,
    }
}

fn queue(plan: &ServerPlan, spec: &QueueSpec) -> Named {
    let number = |value: u32| value.to_string();
    let flag = |value: bool| value.to_string();
    let mut params = vec![Pair::new("strategy", spec.strategy.clone())];
    if !spec.moh_sound.is_empty() {
        params.push(Pair::new("moh-sound", spec.moh_sound.clone()));
    }
    if let Some(announce) = &spec.announce_sound {
        params.push(Pair::new("announce-sound", announce.clone()));
        params.push(Pair::new(
            "announce-frequency",
            number(spec.announce_frequency_secs),
        ));
    }
    if spec.record {
        params.push(Pair::new("record-template", plan.recording_template()));
    }
    params.extend([
        Pair::new(
            "time-base-score",
            if spec.score_from_system { "system" } else { "queue" },
        ),
        Pair::new("max-wait-time", number(spec.max_wait_secs)),
        Pair::new("max-wait-time-with-no-agent", number(spec.max_wait_no_agent_secs)),
        Pair::new(
            "max-wait-time-with-no-agent-time-reached",
            number(spec.max_wait_no_agent_reached_secs),
        ),
        Pair::new("tier-rules-apply", flag(spec.tier_rules_apply)),
        Pair::new("tier-rule-wait-second", number(spec.tier_rule_wait_secs)),
        Pair::new(
            "tier-rule-wait-multiply-level",
            flag(spec.tier_rule_wait_multiply_level),
        ),
        Pair::new(
            "tier-rule-no-agent-no-wait",
            flag(spec.tier_rule_no_agent_no_wait),
        ),
        Pair::new(
            "discard-abandoned-after",
            number(spec.discard_abandoned_after_secs),
        ),
        Pair::new("abandoned-resume-allowed", flag(spec.abandoned_resume_allowed)),
    ]);
    Named {
        name: spec.code.clone(),
        params,
    }
}
