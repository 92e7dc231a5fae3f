//! Extensions: the numbers that a voice server answers for.

use crate::script::Script;

pub(crate) const SCRIPT: Script = Script {
    name: "m20261122_08_create_extensions",
    up: r"
create table extensions (
    id {id},
    server_id bigint not null references voice_servers (id),
    number {number} not null,
    display_name text not null,
    kind text not null,
    password_sealed text not null,
    gateway_id bigint references gateways (id),
    queue_id bigint references queues (id),
    announce_work_number boolean not null,
    may_dial_out boolean not null,
    record boolean not null,
    caller_id_number text,
    webrtc_allowed boolean not null,
    ring_secs integer not null,
    is_enabled boolean not null,
    created_at {timestamp} not null,
    updated_at {timestamp} not null,
    version integer not null,
    deleted_at {timestamp},
    constraint extensions_kind_check check (kind in ('direct', 'ivr', 'queue', 'robot'))
);
create unique index extensions_number_key on extensions (server_id, number) where deleted_at is null;
create index extensions_gateway_id_idx on extensions (gateway_id) where gateway_id is not null;
create index extensions_queue_id_idx on extensions (queue_id) where queue_id is not null;
",
    down: r"
drop table extensions;
",
};
