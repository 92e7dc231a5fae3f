//! Users, roles and grants. Departments (and with them the wider data scopes) come in their own step.

use crate::script::Script;

pub(crate) const SCRIPT: Script = Script {
    name: "m20261122_01_create_users",
    up: r"
create table users (
    id {id},
    user_name text not null,
    full_name text not null,
    email text,
    mobile text,
    password_hash text not null,
    must_change_password boolean not null,
    is_admin boolean not null,
    is_agent boolean not null,
    is_enabled boolean not null,
    failed_logins integer not null,
    locked_until {timestamp},
    password_changed_at {timestamp} not null,
    last_login_at {timestamp},
    created_at {timestamp} not null,
    updated_at {timestamp} not null,
    version integer not null,
    deleted_at {timestamp}
);
create unique index users_user_name_key on users (lower(user_name)) where deleted_at is null;

create table roles (
    id {id},
    code text not null,
    name text not null,
    is_builtin boolean not null
);
create unique index roles_code_key on roles (code);

create table role_permissions (
    role_id bigint not null references roles (id) on delete cascade,
    permission text not null,
    primary key (role_id, permission)
);

create table user_roles (
    user_id bigint not null references users (id) on delete cascade,
    role_id bigint not null references roles (id),
    primary key (user_id, role_id)
);
create index user_roles_role_id_idx on user_roles (role_id);

insert into roles (code, name, is_builtin) values
    ('administrator', '系统管理员', true),
    ('supervisor', '班长', true),
    ('agent', '坐席', true);

-- The star stands for every permission, also for those that later releases bring.
insert into role_permissions (role_id, permission)
select roles.id, granted.permission
from roles
join (
    select 'administrator' as code, '*' as permission
    union all select 'supervisor', 'calls.view_own'
    union all select 'supervisor', 'calls.view_all'
    union all select 'supervisor', 'calls.live'
    union all select 'supervisor', 'recordings.listen'
    union all select 'supervisor', 'voice.servers.view'
    union all select 'supervisor', 'voice.extensions.view'
    union all select 'supervisor', 'voice.queues.view'
    union all select 'supervisor', 'voice.routes.view'
    union all select 'supervisor', 'voice.gateways.view'
    union all select 'agent', 'desk.use'
    union all select 'agent', 'calls.view_own'
) granted on granted.code = roles.code;
",
    down: r"
drop table user_roles;
drop table role_permissions;
drop table roles;
drop table users;
",
};
