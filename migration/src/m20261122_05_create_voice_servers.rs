//! The media servers we steer.

use crate::script::Script;

pub(crate) const SCRIPT: Script = Script {
    name: "m20261122_05_create_voice_servers",
    up: r"
create table voice_servers (
    id {id},
    name text not null,
    switch_name text not null,
    address text not null,
    esl_port integer not null,
    esl_password_sealed text not null,
    sip_domain text not null,
    http_user text not null,
    http_password_sealed text not null,
    internal_port integer not null,
    external_port integer not null,
    ws_port integer,
    wss_port integer,
    codecs text not null,
    record_dir text not null,
    record_dir_local text,
    control_url text not null,
    snapshot_path text,
    cdr_spool_dir text,
    is_enabled boolean not null,
    created_at {timestamp} not null,
    updated_at {timestamp} not null,
    version integer not null,
    deleted_at {timestamp}
);
create unique index voice_servers_name_key on voice_servers (name) where deleted_at is null;
-- The name that a switch gives of itself in every request must lead to exactly one row.
create unique index voice_servers_switch_name_key on voice_servers (switch_name) where deleted_at is null;
",
    down: r"
drop table voice_servers;
",
};
