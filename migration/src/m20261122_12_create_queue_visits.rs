//! Queue visits (one stay of one caller in one queue) and the offers made to agents during them.

use crate::script::Script;

pub(crate) const SCRIPT: Script = Script {
    name: "m20261122_12_create_queue_visits",
    up: r"
create table queue_visits (
    id {uuid} not null primary key,
    call_id {uuid} not null,
    leg_id {uuid} not null,
    server_id bigint not null,
    queue_id bigint,
    queue_code text not null,
    member_uuid {uuid} not null,
    joined_at {timestamp} not null,
    answered_at {timestamp},
    left_at {timestamp},
    outcome text not null,
    agent_extension {number},
    agent_leg_id {uuid},
    offers integer not null,
    wait_ms bigint not null,
    talk_ms bigint not null,
    constraint queue_visits_outcome_check check (outcome in (
        'waiting', 'answered', 'abandoned', 'timeout', 'no_agent', 'exit_key', 'removed', 'lost'))
);
create index queue_visits_call_id_idx on queue_visits (call_id, joined_at);
create index queue_visits_queue_id_idx on queue_visits (queue_id, joined_at desc) where queue_id is not null;
create index queue_visits_open_idx on queue_visits (server_id) where left_at is null;

create table queue_offers (
    id {uuid} not null primary key,
    visit_id {uuid} not null,
    agent_extension {number} not null,
    offered_at {timestamp} not null,
    ended_at {timestamp},
    result text,
    constraint queue_offers_result_check check (result in (
        'answered', 'no_answer', 'busy', 'rejected', 'not_registered', 'cancelled', 'lose_race', 'failed'))
);
create index queue_offers_visit_id_idx on queue_offers (visit_id, offered_at);
create index queue_offers_agent_extension_idx on queue_offers (agent_extension, offered_at desc);
",
    down: r"
drop table queue_offers;
drop table queue_visits;
",
};
