//! The lists of mod_callcenter, with pipes and as JSON.

use serde_json::{Map, Value};

use super::model::{Agent, Member, Queue, Tier};
use crate::engine::Engine;

type Row = Vec<(&'static str, String)>;

fn agent_row(agent: &Agent) -> Row {
    vec![
        ("name", agent.name.clone()),
        ("instance_id", "single_box".into()),
        ("uuid", agent.uuid.clone()),
        ("type", agent.kind.clone()),
        ("contact", agent.contact.clone()),
        ("status", agent.status.clone()),
        ("state", agent.state.clone()),
        ("max_no_answer", agent.max_no_answer.to_string()),
        ("wrap_up_time", agent.wrap_up_time.to_string()),
        ("reject_delay_time", agent.reject_delay_time.to_string()),
        ("busy_delay_time", agent.busy_delay_time.to_string()),
        ("no_answer_delay_time", agent.no_answer_delay_time.to_string()),
        ("last_bridge_start", agent.last_bridge_start.to_string()),
        ("last_bridge_end", agent.last_bridge_end.to_string()),
        ("last_offered_call", agent.last_offered_call.to_string()),
        ("last_status_change", agent.last_status_change.to_string()),
        ("no_answer_count", agent.no_answer_count.to_string()),
        ("calls_answered", agent.calls_answered.to_string()),
        ("talk_time", agent.talk_time.to_string()),
        ("ready_time", agent.ready_time.to_string()),
        ("external_calls_count", agent.external_calls.to_string()),
    ]
}

fn tier_row(tier: &Tier) -> Row {
    vec![
        ("queue", tier.queue.clone()),
        ("agent", tier.agent.clone()),
        ("state", tier.state.clone()),
        ("level", tier.level.to_string()),
        ("position", tier.position.to_string()),
    ]
}

fn member_row(member: &Member, now: u64) -> Row {
    vec![
        ("queue", member.queue.clone()),
        ("instance_id", "single_box".into()),
        ("uuid", member.uuid.clone()),
        ("session_uuid", member.session.clone()),
        ("cid_number", member.cid_number.clone()),
        ("cid_name", member.cid_name.clone()),
        ("system_epoch", member.system_epoch.to_string()),
        ("joined_epoch", member.joined_epoch.to_string()),
        ("rejoined_epoch", member.rejoined_epoch.to_string()),
        ("bridge_epoch", member.bridge_epoch.to_string()),
        ("abandoned_epoch", member.abandoned_epoch.to_string()),
        ("base_score", member.base_score.to_string()),
        ("skill_score", "0".into()),
        ("serving_agent", member.serving_agent.clone()),
        ("serving_system", member.serving_system.into()),
        ("state", member.state.into()),
        (
            "score",
            (now.saturating_sub(member.joined_epoch) + member.base_score).to_string(),
        ),
    ]
}

fn queue_row(queue: &Queue) -> Row {
    let text = |key: &str, otherwise: &'static str| queue.text(key, otherwise).to_owned();
    vec![
        ("name", queue.name.clone()),
        ("strategy", queue.strategy().to_owned()),
        ("moh_sound", text("moh-sound", "")),
        ("time_base_score", text("time-base-score", "queue")),
        ("tier_rules_apply", text("tier-rules-apply", "false")),
        ("tier_rule_wait_second", text("tier-rule-wait-second", "0")),
        (
            "tier_rule_wait_multiply_level",
            text("tier-rule-wait-multiply-level", "false"),
        ),
        (
            "tier_rule_no_agent_no_wait",
            text("tier-rule-no-agent-no-wait", "true"),
        ),
        ("discard_abandoned_after", text("discard-abandoned-after", "60")),
        (
            "abandoned_resume_allowed",
            text("abandoned-resume-allowed", "false"),
        ),
        ("max_wait_time", text("max-wait-time", "0")),
        (
            "max_wait_time_with_no_agent",
            text("max-wait-time-with-no-agent", "0"),
        ),
        (
            "max_wait_time_with_no_agent_time_reached",
            text("max-wait-time-with-no-agent-time-reached", "5"),
        ),
        ("record_template", text("record-template", "")),
        ("calls_answered", queue.calls_answered.to_string()),
        ("calls_abandoned", queue.calls_abandoned.to_string()),
        ("ring_progressively_delay", text("ring-progressively-delay", "10")),
        (
            "skip_agents_with_external_calls",
            text("skip-agents-with-external-calls", "true"),
        ),
        (
            "agent_no_answer_status",
            text("agent-no-answer-status", "On Break"),
        ),
    ]
}

/// Header line, rows, `+OK`; an empty list is `+OK` alone (surprises 16).
fn pipes(rows: &[Row]) -> String {
    let mut out = String::new();
    if let Some(first) = rows.first() {
        out.push_str(&first.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("|"));
        out.push('\n');
    }
    for row in rows {
        out.push_str(
            &row.iter()
                .map(|(_, value)| value.as_str())
                .collect::<Vec<_>>()
                .join("|"),
        );
        out.push('\n');
    }
    out.push_str("+OK\n");
    out
}

impl Engine {
    fn center_rows(&mut self, parts: &[&str]) -> Option<Vec<Row>> {
        self.discard_abandoned();
        let now = self.epoch();
        Some(match parts {
            ["agent", "list"] => self.cc.agents.iter().map(agent_row).collect(),
            ["agent", "list", name] => self
                .cc
                .agents
                .iter()
                .filter(|a| a.name == *name)
                .map(agent_row)
                .collect(),
            ["tier", "list"] => self.cc.tiers.iter().map(tier_row).collect(),
            ["queue", "list"] => self.cc.queues.iter().map(queue_row).collect(),
            ["queue", "list", "agents", queue, rest @ ..] => self
                .queue_agents(queue, rest.first(), rest.get(1))
                .into_iter()
                .map(agent_row)
                .collect(),
            ["queue", "list", "tiers", queue] => self
                .cc
                .tiers
                .iter()
                .filter(|tier| tier.queue == *queue)
                .map(tier_row)
                .collect(),
            ["queue", "list", "members", queue] => self
                .cc
                .members
                .iter()
                .filter(|m| m.queue == *queue)
                .map(|m| member_row(m, now))
                .collect(),
            ["member", "list"] => self
                .cc
                .members
                .iter()
                .map(|member| member_row(member, now))
                .collect(),
            _ => return None,
        })
    }

    pub(super) fn center_list(&mut self, parts: &[&str]) -> String {
        let Some(rows) = self.center_rows(parts) else {
            return "-ERR Invalid!\n".into();
        };
        if parts == ["queue", "list"] && rows.is_empty() {
            let names: Vec<&str> = queue_row(&Queue {
                name: String::new(),
                params: Vec::new(),
                calls_answered: 0,
                calls_abandoned: 0,
                last_agent_exist: 0,
                last_agent_check: 0,
            })
            .iter()
            .map(|(name, _)| *name)
            .collect();
            return format!("{}\n+OK\n", names.join("|"));
        }
        pipes(&rows)
    }

    /// The JSON form: `{"command":"callcenter_config","data":{"arguments":"queue list members","queue_name":"q"}}`.
    pub(crate) fn center_json(&mut self, data: &Value) -> Option<Value> {
        let arguments = data.get("arguments")?.as_str()?;
        let mut parts: Vec<&str> = arguments.split_whitespace().collect();
        if let Some(queue) = data.get("queue_name").and_then(Value::as_str) {
            parts.push(queue);
        }
        let mut rows = self.center_rows(&parts)?;
        if parts.as_slice() == ["queue", "list"] {
            // The JSON queue list lacks the two counters (esl.md §6.6).
            for row in &mut rows {
                row.retain(|(name, _)| !matches!(*name, "calls_answered" | "calls_abandoned"));
            }
        }
        let objects = rows.into_iter().map(|row| {
            Value::Object(
                row.into_iter()
                    .map(|(name, value)| (name.to_owned(), value.into()))
                    .collect::<Map<_, _>>(),
            )
        });
        Some(Value::Array(objects.collect()))
    }
}
