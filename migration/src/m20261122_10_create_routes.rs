//! Routing rules, tried in the order of `position`.

use crate::script::Script;

pub(crate) const SCRIPT: Script = Script {
    name: "m20261122_10_create_routes",
    up: r"
create table routes (
    id {id},
    server_id bigint not null references voice_servers (id),
    name text not null,
    position integer not null,
    kind text not null,
    context text not null,
    pattern text not null,
    gateway_id bigint references gateways (id),
    fallback_gateway_id bigint references gateways (id),
    strip_digits integer not null,
    add_prefix text not null,
    ring_secs integer not null,
    record boolean not null,
    target_number text,
    queue_id bigint references queues (id),
    hours {json},
    off_hours_prompt text,
    is_enabled boolean not null,
    created_at {timestamp} not null,
    updated_at {timestamp} not null,
    version integer not null,
    deleted_at {timestamp},
    constraint routes_kind_check check (kind in ('basic', 'outbound', 'inbound', 'queue')),
    constraint routes_context_check check (context in ('internal', 'inbound'))
);
create unique index routes_name_key on routes (server_id, name) where deleted_at is null;
create index routes_position_idx on routes (server_id, context, position) where deleted_at is null;
create index routes_gateway_id_idx on routes (gateway_id) where gateway_id is not null;
create index routes_fallback_gateway_id_idx on routes (fallback_gateway_id) where fallback_gateway_id is not null;
create index routes_queue_id_idx on routes (queue_id) where queue_id is not null;
",
    down: r"
drop table routes;
",
};
