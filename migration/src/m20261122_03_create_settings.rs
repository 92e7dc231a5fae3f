//! System settings: one typed JSON value a key; a key without a row has the default of the registry in code.

use crate::script::Script;

pub(crate) const SCRIPT: Script = Script {
    name: "m20261122_03_create_settings",
    up: r"
create table settings (
    key text not null primary key,
    value {json} not null,
    updated_at {timestamp} not null,
    updated_by bigint references users (id)
);
",
    down: r"
drop table settings;
",
};
