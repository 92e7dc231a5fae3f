//! Login sessions: one row a browser, holding the hash of its rotating refresh token.

use crate::script::Script;

pub(crate) const SCRIPT: Script = Script {
    name: "m20261122_02_create_sessions",
    up: r"
create table sessions (
    id {uuid} not null primary key,
    user_id bigint not null references users (id) on delete cascade,
    refresh_hash text not null,
    previous_hash text,
    created_at {timestamp} not null,
    last_used_at {timestamp} not null,
    expires_at {timestamp} not null,
    ip text not null,
    user_agent text not null,
    revoked_at {timestamp},
    revoke_reason text
);
create unique index sessions_refresh_hash_key on sessions (refresh_hash);
-- A token used twice was stolen: the second use is found by the hash it had before the last rotation.
create index sessions_previous_hash_idx on sessions (previous_hash) where previous_hash is not null;
create index sessions_user_id_idx on sessions (user_id);
create index sessions_expires_at_idx on sessions (expires_at);
",
    down: r"
drop table sessions;
",
};
