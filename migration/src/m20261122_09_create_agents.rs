//! Agents (an extension that takes calls from queues) and tiers (an agent's place in a queue).

use crate::script::Script;

pub(crate) const SCRIPT: Script = Script {
    name: "m20261122_09_create_agents",
    up: r"
create table agents (
    id {id},
    server_id bigint not null references voice_servers (id),
    extension_id bigint not null references extensions (id),
    max_no_answer integer not null,
    wrap_up_secs integer not null,
    reject_delay_secs integer not null,
    busy_delay_secs integer not null,
    no_answer_delay_secs integer not null,
    ring_secs integer not null,
    created_at {timestamp} not null,
    updated_at {timestamp} not null,
    version integer not null
);
create unique index agents_extension_id_key on agents (extension_id);
create index agents_server_id_idx on agents (server_id);

create table tiers (
    id {id},
    queue_id bigint not null references queues (id),
    agent_id bigint not null references agents (id) on delete cascade,
    level integer not null,
    position integer not null
);
create unique index tiers_queue_id_agent_id_key on tiers (queue_id, agent_id);
create index tiers_agent_id_idx on tiers (agent_id);
",
    down: r"
drop table tiers;
drop table agents;
",
};
