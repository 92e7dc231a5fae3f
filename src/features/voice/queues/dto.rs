//! Wire types of queues.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::features::voice::choice::choice;

choice! {
    /// How the agent is chosen.
    Strategy {
        /// All at the same time.
        RingAll = "ring_all",
        /// Who has waited longest.
        LongestIdleAgent = "longest_idle_agent",
        /// In turn.
        RoundRobin = "round_robin",
        /// Always from the top.
        TopDown = "top_down",
        /// Who has talked least.
        AgentWithLeastTalkTime = "agent_with_least_talk_time",
        /// Who had the fewest calls.
        AgentWithFewestCalls = "agent_with_fewest_calls",
        /// By level and position.
        SequentiallyByAgentOrder = "sequentially_by_agent_order",
        /// By chance.
        Random = "random",
        /// One more after each pause.
        RingProgressively = "ring_progressively",
    }
}

choice! {
    /// What counts as waiting when callers are put in order.
    TimeBaseScore {
        /// Time in this queue.
        Queue = "queue",
        /// Time since the call began.
        System = "system",
    }
}

choice! {
    /// What follows the longest wait.
    OverflowKind {
        /// The call ends.
        None = "none",
        /// Into another queue.
        Queue = "queue",
        /// To an extension.
        Extension = "extension",
        /// The call ends, and counts as overflowed.
        Hangup = "hangup",
    }
}

/// Which queues to list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QueueQuery {
    /// Only those of this voice server.
    pub server_id: Option<i64>,
    /// Part of code or name.
    pub q: Option<String>,
    /// Page, from 1.
    pub page: Option<u32>,
    /// Rows on a page, 1 to 500.
    pub page_size: Option<u32>,
}

/// A queue to be made or changed; its agents have a request of their own.
#[derive(Clone, Deserialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "the form has as many switches")]
pub struct SaveQueueRequest {
    /// Voice server; fixed once made.
    pub server_id: i64,
    /// Name on the switch: lower case letters, digits, `_`, `-`; unique on the server; fixed once made.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// How the agent is chosen.
    #[serde(default = "longest_idle_agent")]
    pub strategy: Strategy,
    /// What the caller hears: a prompt's name, a path, a stream or a URL.
    #[serde(default = "hold_music")]
    pub moh_sound: String,
    /// Played over the music.
    pub announce_sound: Option<String>,
    /// Seconds between announcements, 0: never.
    #[serde(default)]
    pub announce_frequency_secs: i32,
    /// Record answered calls.
    #[serde(default)]
    pub record: bool,
    /// What counts as waiting.
    #[serde(default = "queue_time")]
    pub time_base_score: TimeBaseScore,
    /// Longest wait in seconds, 0: for ever.
    #[serde(default)]
    pub max_wait_secs: i32,
    /// Longest wait in seconds without any agent, 0: for ever.
    #[serde(default)]
    pub max_wait_no_agent_secs: i32,
    /// Extra grace in seconds for the above.
    #[serde(default = "five")]
    pub max_wait_no_agent_reached_secs: i32,
    /// Widen from level to level by waiting time.
    #[serde(default)]
    pub tier_rules_apply: bool,
    /// Seconds before the next level is asked.
    #[serde(default = "five_minutes")]
    pub tier_rule_wait_secs: i32,
    /// Multiply that by the level.
    #[serde(default = "yes")]
    pub tier_rule_wait_multiply_level: bool,
    /// Skip levels without agents at once.
    #[serde(default)]
    pub tier_rule_no_agent_no_wait: bool,
    /// A caller who comes back gets the old place back.
    #[serde(default)]
    pub abandoned_resume_allowed: bool,
    /// Seconds that the place is kept.
    #[serde(default = "minute")]
    pub discard_abandoned_after_secs: i32,
    /// Answered within this many seconds counts as good service.
    #[serde(default = "twenty")]
    pub service_level_secs: i32,
    /// What follows the longest wait.
    #[serde(default = "no_overflow")]
    pub overflow_kind: OverflowKind,
    /// Code of the queue or number of the extension.
    pub overflow_target: Option<String>,
    /// Disabled queues are not served.
    #[serde(default = "yes")]
    pub is_enabled: bool,
    /// Version that the edit is based on; only for changes.
    pub version: Option<i32>,
}

fn longest_idle_agent() -> Strategy {
    Strategy::LongestIdleAgent
}

fn hold_music() -> String {
    "hold".to_owned()
}

fn queue_time() -> TimeBaseScore {
    TimeBaseScore::Queue
}

fn no_overflow() -> OverflowKind {
    OverflowKind::None
}

fn yes() -> bool {
    true
}

fn five() -> i32 {
    5
}

fn twenty() -> i32 {
    20
}

fn minute() -> i32 {
    60
}

fn five_minutes() -> i32 {
    300
}

/// Who is to be in a queue from now on.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SetQueueAgentsRequest {
    /// All agents of the queue; whoever is not named leaves it.
    pub agents: Vec<QueueAgentInput>,
    /// Version of the queue that the edit is based on.
    pub version: Option<i32>,
}

/// One agent of a queue.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct QueueAgentInput {
    /// The agent's extension; it becomes an agent if it is none yet.
    pub extension_id: i64,
    /// Smaller levels are asked first.
    #[serde(default = "one")]
    pub level: i32,
    /// Order within the level.
    #[serde(default = "one")]
    pub position: i32,
    /// Unanswered offers before a forced break, 0: never; absent: as it is.
    pub max_no_answer: Option<i32>,
    /// Seconds of pause after a talk; absent: as it is.
    pub wrap_up_secs: Option<i32>,
    /// Seconds of pause after a refusal; absent: as it is.
    pub reject_delay_secs: Option<i32>,
    /// Seconds of pause after busy; absent: as it is.
    pub busy_delay_secs: Option<i32>,
    /// Seconds of pause after no answer; absent: as it is.
    pub no_answer_delay_secs: Option<i32>,
    /// Seconds that a queue call rings; absent: as it is.
    pub ring_secs: Option<i32>,
}

fn one() -> i32 {
    1
}

/// One agent of a queue. The limits belong to the agent and are the same in all of its queues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[expect(missing_docs, reason = "as in QueueAgentInput")]
pub struct QueueAgentView {
    pub agent_id: i64,
    pub extension_id: i64,
    pub number: String,
    pub display_name: String,
    pub level: i32,
    pub position: i32,
    pub max_no_answer: i32,
    pub wrap_up_secs: i32,
    pub reject_delay_secs: i32,
    pub busy_delay_secs: i32,
    pub no_answer_delay_secs: i32,
    pub ring_secs: i32,
}

/// A queue with its agents.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "as in SaveQueueRequest")]
#[expect(clippy::struct_excessive_bools, reason = "the form has as many switches")]
pub struct QueueView {
    pub id: i64,
    pub server_id: i64,
    pub code: String,
    pub name: String,
    pub strategy: Strategy,
    pub moh_sound: String,
    pub announce_sound: Option<String>,
    pub announce_frequency_secs: i32,
    pub record: bool,
    pub time_base_score: TimeBaseScore,
    pub max_wait_secs: i32,
    pub max_wait_no_agent_secs: i32,
    pub max_wait_no_agent_reached_secs: i32,
    pub tier_rules_apply: bool,
    pub tier_rule_wait_secs: i32,
    pub tier_rule_wait_multiply_level: bool,
    pub tier_rule_no_agent_no_wait: bool,
    pub abandoned_resume_allowed: bool,
    pub discard_abandoned_after_secs: i32,
    pub service_level_secs: i32,
    pub overflow_kind: OverflowKind,
    pub overflow_target: Option<String>,
    pub is_enabled: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    /// By level and position.
    pub agents: Vec<QueueAgentView>,
}
