//! SIP gateways: the ways to the outside world.

use crate::script::Script;

pub(crate) const SCRIPT: Script = Script {
    name: "m20261122_06_create_gateways",
    up: r"
create table gateways (
    id {id},
    server_id bigint not null references voice_servers (id),
    name text not null,
    remark text not null,
    kind text not null,
    proxy text not null,
    port integer,
    realm text,
    user_name text,
    password_sealed text,
    register boolean not null,
    transport text not null,
    from_user text,
    from_domain text,
    outbound_proxy text,
    register_proxy text,
    extension text,
    caller_id_in_from boolean not null,
    ping_secs integer,
    expire_secs integer not null,
    retry_secs integer not null,
    add_prefix text not null,
    max_channels integer,
    codecs text,
    is_enabled boolean not null,
    created_at {timestamp} not null,
    updated_at {timestamp} not null,
    version integer not null,
    deleted_at {timestamp},
    constraint gateways_kind_check check (kind in ('nni', 'uni', 'ims')),
    constraint gateways_transport_check check (transport in ('udp', 'tcp', 'tls'))
);
create unique index gateways_name_key on gateways (server_id, name) where deleted_at is null;
",
    down: r"
drop table gateways;
",
};
