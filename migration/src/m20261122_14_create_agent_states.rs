//! The log of what agents did when: one row a stretch of time in one status and state.

use crate::script::Script;

pub(crate) const SCRIPT: Script = Script {
    name: "m20261122_14_create_agent_states",
    up: r"
create table agent_states (
    id {uuid} not null primary key,
    server_id bigint not null,
    extension {number} not null,
    user_id bigint,
    status text not null,
    reason text,
    state text,
    started_at {timestamp} not null,
    ended_at {timestamp},
    call_id {uuid},
    constraint agent_states_status_check check (status in (
        'logged_out', 'available', 'available_on_demand', 'on_break')),
    constraint agent_states_state_check check (state in (
        'idle', 'waiting', 'receiving', 'in_a_queue_call', 'reserved'))
);
-- An agent is in one state at a time; a second open row is a lost event that must not pass unseen.
create unique index agent_states_open_key on agent_states (server_id, extension) where ended_at is null;
create index agent_states_extension_idx on agent_states (server_id, extension, started_at desc);
create index agent_states_user_id_idx on agent_states (user_id, started_at desc) where user_id is not null;
create index agent_states_started_at_idx on agent_states (started_at desc);
",
    down: r"
drop table agent_states;
",
};
