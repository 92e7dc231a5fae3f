//! Queues (skill groups). `code` is the name the switch knows, `name` the one that people read.

use crate::script::Script;

pub(crate) const SCRIPT: Script = Script {
    name: "m20261122_07_create_queues",
    up: r"
create table queues (
    id {id},
    server_id bigint not null references voice_servers (id),
    code text not null,
    name text not null,
    strategy text not null,
    moh_sound text not null,
    announce_sound text,
    announce_frequency_secs integer not null,
    record boolean not null,
    time_base_score text not null,
    max_wait_secs integer not null,
    max_wait_no_agent_secs integer not null,
    max_wait_no_agent_reached_secs integer not null,
    tier_rules_apply boolean not null,
    tier_rule_wait_secs integer not null,
    tier_rule_wait_multiply_level boolean not null,
    tier_rule_no_agent_no_wait boolean not null,
    abandoned_resume_allowed boolean not null,
    discard_abandoned_after_secs integer not null,
    service_level_secs integer not null,
    overflow_kind text not null,
    overflow_target text,
    is_enabled boolean not null,
    created_at {timestamp} not null,
    updated_at {timestamp} not null,
    version integer not null,
    deleted_at {timestamp},
    constraint queues_strategy_check check (strategy in (
        'ring_all', 'longest_idle_agent', 'round_robin', 'top_down', 'agent_with_least_talk_time',
        'agent_with_fewest_calls', 'sequentially_by_agent_order', 'random', 'ring_progressively')),
    constraint queues_time_base_score_check check (time_base_score in ('queue', 'system')),
    constraint queues_overflow_kind_check check (overflow_kind in ('none', 'queue', 'extension', 'hangup'))
);
create unique index queues_code_key on queues (server_id, code) where deleted_at is null;
",
    down: r"
drop table queues;
",
};
