//! Recordings: one row a file that the switch wrote.

use crate::script::Script;

pub(crate) const SCRIPT: Script = Script {
    name: "m20261122_13_create_recordings",
    up: r"
create table recordings (
    id {uuid} not null primary key,
    call_id {uuid} not null,
    leg_id {uuid} not null,
    server_id bigint not null,
    path text not null,
    started_at {timestamp} not null,
    ended_at {timestamp},
    duration_ms bigint,
    size_bytes bigint,
    state text not null,
    constraint recordings_state_check check (state in ('recording', 'ready', 'missing'))
);
create index recordings_call_id_idx on recordings (call_id, started_at);
create index recordings_started_at_idx on recordings (started_at desc, id desc);
create index recordings_open_idx on recordings (server_id) where state = 'recording';
",
    down: r"
drop table recordings;
",
};
