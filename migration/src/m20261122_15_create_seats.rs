//! Seats: who sat at which extension from when to when. An open row is a toolbar that is logged in.

use crate::script::Script;

pub(crate) const SCRIPT: Script = Script {
    name: "m20261122_15_create_seats",
    up: r"
create table seats (
    id {uuid} not null primary key,
    user_id bigint not null references users (id),
    server_id bigint not null references voice_servers (id),
    extension_id bigint not null references extensions (id),
    phone text not null,
    status text not null,
    reason text,
    started_at {timestamp} not null,
    ended_at {timestamp},
    end_reason text,
    constraint seats_phone_check check (phone in ('desk', 'browser')),
    constraint seats_status_check check (status in ('ready', 'not_ready'))
);
-- One seat a user and one user an extension, also when two log in at the same moment.
create unique index seats_open_user_key on seats (user_id) where ended_at is null;
create unique index seats_open_extension_key on seats (extension_id) where ended_at is null;
create index seats_user_id_idx on seats (user_id, started_at desc);
create index seats_extension_id_idx on seats (extension_id, started_at desc);
",
    down: r"
drop table seats;
",
};
