//! The operation log. It names users without referring to them: it must outlive every row it speaks of.

use crate::script::Script;

pub(crate) const SCRIPT: Script = Script {
    name: "m20261122_04_create_audit",
    up: r"
create table audit (
    id {uuid} not null primary key,
    at {timestamp} not null,
    user_id bigint,
    user_name text not null,
    ip text not null,
    user_agent text not null,
    action text not null,
    object_kind text not null,
    object_id text,
    before {json},
    after {json},
    result text not null,
    status integer not null,
    duration_ms bigint not null,
    request_id text not null,
    constraint audit_result_check check (result in ('ok', 'denied', 'failed'))
);
create index audit_at_idx on audit (at desc, id desc);
create index audit_user_id_idx on audit (user_id, at desc);
create index audit_object_idx on audit (object_kind, object_id, at desc);
create index audit_action_idx on audit (action, at desc);
",
    down: r"
drop table audit;
",
};
