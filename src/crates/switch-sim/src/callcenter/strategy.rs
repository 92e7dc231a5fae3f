//! Which agents does a waiting member get, in which order? (`members_callback`, `agents_callback`)

use std::collections::HashMap;

use super::model::{Agent, CallCenter, Member, Queue, Tier};

/// The result of one look at the agents of a queue.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Agents to ring, in order.
    pub(crate) ring: Vec<String>,
    /// Somebody is logged in, free or not.
    pub(crate) anybody: bool,
}

/// Candidates of a queue: everybody who is not logged out, in the order of the strategy.
fn ordered<'a>(
    cc: &'a CallCenter,
    queue: &Queue,
    member: &Member,
    shuffle: u64,
) -> Vec<(&'a Agent, &'a Tier)> {
    let by_name: HashMap<&str, &Agent> = cc
        .agents
        .iter()
        .map(|agent| (agent.name.as_str(), agent))
        .collect();
    let mut rows: Vec<(&Agent, &Tier)> = cc
        .tiers
        .iter()
        .filter(|tier| tier.queue == queue.name)
        .filter_map(|tier| Some((*by_name.get(tier.agent.as_str())?, tier)))
        .filter(|(agent, _)| agent.status != "Logged Out")
        .collect();
    match queue.strategy() {
        "longest-idle-agent" => rows.sort_by_key(|(a, t)| (t.level, a.last_bridge_end, t.position)),
        "agent-with-least-talk-time" => rows.sort_by_key(|(a, t)| (t.level, a.talk_time, t.position)),
        "agent-with-fewest-calls" => rows.sort_by_key(|(a, t)| (t.level, a.calls_answered, t.position)),
        "ring-all" | "ring-progressively" => rows.sort_by_key(|(_, t)| (t.level, t.position)),
        "random" => rows.sort_by_key(|(a, t)| {
            let mix = a.name.bytes().fold(shuffle, |sum, byte| {
                sum.rotate_left(7) ^ u64::from(byte).wrapping_mul(0x9E37_79B9)
            });
            (t.level, mix)
        }),
        "round-robin" => {
            // After the one who was offered last; then from the top.
            let last = rows
                .iter()
                .filter(|(a, _)| a.last_offered_call > 0)
                .max_by_key(|(a, _)| a.last_offered_call);
            let last = last.map(|(_, t)| (t.level, t.position));
            rows.sort_by_key(|(a, t)| {
                let after = last.is_some_and(|(level, position)| t.level == level && t.position > position);
                (!after, t.level, t.position, a.last_offered_call)
            });
        }
        "top-down" => {
            let (level, position) = member.last_tier;
            rows.retain(|(_, t)| (t.level == level && t.position > position) || t.level > level);
            rows.sort_by_key(|(a, t)| (t.level != level, t.level, t.position, a.last_offered_call));
        }
        _ => rows.sort_by_key(|(a, t)| (t.level, t.position, a.last_offered_call)),
    }
    rows
}

/// Chooses for one member at `now` (epoch seconds).
pub(crate) fn choose(cc: &CallCenter, queue: &Queue, member: &Member, now: u64, shuffle: u64) -> Choice {
    let mut choice = Choice::default();
    let rules = queue.flag("tier-rules-apply", false);
    let (mut tier, mut available_in_tier) = (0, 0);
    for (agent, row) in ordered(cc, queue, member, shuffle) {
        choice.anybody = true;
        if rules && row.level > tier {
            let wait = queue.number("tier-rule-wait-second", 0);
            let waited = now.saturating_sub(member.joined_epoch);
            if queue.flag("tier-rule-no-agent-no-wait", true) && available_in_tier == 0 {
                tier = row.level;
            } else if queue.flag("tier-rule-wait-multiply-level", false) {
                if waited < row.level * wait {
                    break;
                }
                (tier, available_in_tier) = (row.level, 0);
            } else if waited >= wait {
                (tier, available_in_tier) = (row.level, 0);
            } else {
                break;
            }
        }
        available_in_tier += 1;
        let free = matches!(row.state.as_str(), "No Answer" | "Ready")
            && agent.state == "Waiting"
            && agent.last_bridge_end + agent.wrap_up_time < now.max(1)
            && agent.ready_time <= now
            && agent.status != "On Break"
            && !(queue.flag("skip-agents-with-external-calls", true) && agent.external_calls > 0);
        if !free {
            continue;
        }
        choice.ring.push(agent.name.clone());
        if queue.strategy() != "ring-all" {
            break;
        }
    }
    choice
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml;

    fn center(strategy: &str, agents: &[(&str, u64, u64)]) -> CallCenter {
        let row = |(name, level, position): &(&str, u64, u64)| {
            format!(
                "<agent name='{name}' status='Available'/>\
                 <tier agent='{name}' queue='q' level='{level}' position='{position}'/>"
            )
        };
        let rows = agents.iter().map(row).collect::<Vec<_>>().concat();
        let text =
            format!("<c><queue name='q'><param name='strategy' value='{strategy}'/></queue>{rows}</c>");
        let mut cc = CallCenter::default();
        cc.load(&xml::parse(&text).unwrap(), None);
        cc
    }

    fn member() -> Member {
        Member {
            uuid: "m".into(),
            queue: "q".into(),
            session: "s".into(),
            cid_number: String::new(),
            cid_name: String::new(),
            system_epoch: 0,
            joined_epoch: 90,
            rejoined_epoch: 0,
            bridge_epoch: 0,
            abandoned_epoch: 0,
            base_score: 0,
            serving_agent: String::new(),
            serving_system: "",
            state: "Waiting",
            called: 90,
            music_started: 0,
            last_tier: (0, 0),
            last_originated: 0,
        }
    }

    fn chosen(cc: &CallCenter) -> Vec<String> {
        choose(cc, &cc.queues[0], &member(), 100, 0).ring
    }

    #[test]
    fn the_longest_idle_agent_of_the_lowest_level_is_first() {
        let mut cc = center("longest-idle-agent", &[("a", 1, 1), ("b", 1, 2), ("c", 2, 1)]);
        cc.agent("a").unwrap().last_bridge_end = 50;
        cc.agent("b").unwrap().last_bridge_end = 20;
        assert_eq!(chosen(&cc), ["b"]);
        cc.agent("b").unwrap().status = "On Break".into();
        assert_eq!(chosen(&cc), ["a"]);
    }

    #[test]
    fn wrap_up_ready_time_and_tier_state_hold_an_agent_back() {
        let mut cc = center("top-down", &[("a", 1, 1)]);
        assert_eq!(chosen(&cc), ["a"]);
        cc.agent("a").unwrap().last_bridge_end = 96;
        cc.agent("a").unwrap().wrap_up_time = 4;
        assert!(
            chosen(&cc).is_empty(),
            "the wrap-up is over one second later (surprises 60)"
        );
        cc.agent("a").unwrap().last_bridge_end = 95;
        assert_eq!(chosen(&cc), ["a"]);
        cc.agent("a").unwrap().ready_time = 101;
        assert!(chosen(&cc).is_empty());
        cc.agent("a").unwrap().ready_time = 0;
        cc.tiers[0].state = "Standby".into();
        assert!(chosen(&cc).is_empty());
    }

    #[test]
    fn ring_all_takes_everybody_and_round_robin_the_next() {
        assert_eq!(
            chosen(&center("ring-all", &[("a", 1, 1), ("b", 1, 2)])),
            ["a", "b"]
        );
        let mut cc = center("round-robin", &[("a", 1, 1), ("b", 1, 2), ("c", 1, 3)]);
        cc.agent("b").unwrap().last_offered_call = 99;
        assert_eq!(chosen(&cc), ["c"]);
        cc.agent("c").unwrap().last_offered_call = 100;
        assert_eq!(chosen(&cc), ["a"]);
    }
}
