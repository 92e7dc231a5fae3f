//! Intents: commands to the switch that must survive a restart, written before they are sent.

use crate::script::Script;

pub(crate) const SCRIPT: Script = Script {
    name: "m20261122_16_create_intents",
    up: r"
create table intents (
    id {uuid} not null primary key,
    kind text not null,
    server_id bigint not null,
    user_id bigint,
    payload {json} not null,
    state text not null,
    error text,
    created_at {timestamp} not null,
    updated_at {timestamp} not null,
    expires_at {timestamp} not null,
    constraint intents_state_check check (state in (
        'pending', 'sent', 'accepted', 'rejected', 'unknown', 'done', 'failed'))
);
create index intents_open_idx on intents (server_id, created_at)
    where state in ('pending', 'sent', 'accepted', 'unknown');
create index intents_created_at_idx on intents (created_at);
",
    down: r"
drop table intents;
",
};
