//! The ledger: calls, their legs, their time line.
//!
//! No foreign keys here, on purpose: the writer upserts whole batches of what the reducer knows, a late record may
//! bring a leg before its call, and history must not forbid the deletion of what it speaks of.

use crate::script::Script;

pub(crate) const SCRIPT: Script = Script {
    name: "m20261122_11_create_calls",
    up: r"
create table calls (
    id {uuid} not null primary key,
    server_id bigint not null,
    direction text not null,
    state text not null,
    result text,
    caller_number {number} not null,
    caller_name text not null,
    callee_number {number} not null,
    gateway text,
    queue_id bigint,
    queue_code text,
    agent_extension {number},
    user_id bigint,
    route_id bigint,
    started_at {timestamp} not null,
    answered_at {timestamp},
    talk_started_at {timestamp},
    ended_at {timestamp},
    wait_ms bigint not null,
    ring_ms bigint not null,
    talk_ms bigint not null,
    hold_ms bigint not null,
    hangup_cause text,
    hangup_side text,
    end_mark text,
    leg_count integer not null,
    has_recording boolean not null,
    merged_into {uuid},
    version integer not null,
    updated_at {timestamp} not null,
    constraint calls_direction_check check (direction in ('inbound', 'outbound', 'internal')),
    constraint calls_state_check check (state in ('live', 'ended')),
    constraint calls_result_check check (result in (
        'answered', 'abandoned', 'no_answer', 'busy', 'rejected', 'failed', 'cancelled', 'overflowed', 'unknown')),
    constraint calls_hangup_side_check check (hangup_side in ('caller', 'callee', 'system')),
    constraint calls_end_mark_check check (end_mark in ('switch_lost', 'resync', 'cdr'))
);
-- Every list is paged by (started_at, id), newest first, and leaves out emptied calls. The first index serves lists
-- without a more selective filter, and their count, alone; each of the others ends in the order of the list.
create index calls_started_at_idx on calls (started_at desc, id desc, direction, result, has_recording)
    where merged_into is null;
create index calls_caller_number_idx on calls (caller_number, started_at desc);
create index calls_callee_number_idx on calls (callee_number, started_at desc);
create index calls_agent_extension_idx on calls (agent_extension, started_at desc, id desc)
    where agent_extension is not null;
create index calls_user_id_idx on calls (user_id, started_at desc, id desc) where user_id is not null;
create index calls_queue_id_idx on calls (queue_id, started_at desc, id desc) where queue_id is not null;
create index calls_merged_into_idx on calls (merged_into) where merged_into is not null;
create index calls_live_idx on calls (server_id) where state = 'live';

create table legs (
    id {uuid} not null primary key,
    call_id {uuid} not null,
    server_id bigint not null,
    role text not null,
    direction text not null,
    number {number} not null,
    name text not null,
    extension {number},
    user_id bigint,
    gateway text,
    channel_name text not null,
    created_at {timestamp} not null,
    ringing_at {timestamp},
    answered_at {timestamp},
    first_bridged_at {timestamp},
    ended_at {timestamp},
    hold_ms bigint not null,
    talk_ms bigint not null,
    hangup_cause text,
    q850 integer,
    sip_status integer,
    hangup_by text,
    originate_disposition text,
    from_events boolean not null,
    from_cdr boolean not null,
    end_mark text,
    constraint legs_role_check check (role in ('caller', 'agent', 'callee', 'consult', 'supervisor', 'other')),
    constraint legs_direction_check check (direction in ('inbound', 'outbound')),
    constraint legs_end_mark_check check (end_mark in ('switch_lost', 'resync', 'cdr'))
);
create index legs_call_id_idx on legs (call_id, created_at);
create index legs_user_id_idx on legs (user_id, created_at desc) where user_id is not null;
create index legs_extension_idx on legs (extension, created_at desc) where extension is not null;
create index legs_open_idx on legs (server_id) where ended_at is null;

create table call_events (
    id {uuid} not null primary key,
    call_id {uuid} not null,
    leg_id {uuid},
    at {timestamp} not null,
    seq integer not null,
    kind text not null,
    detail {json} not null
);
create index call_events_call_id_idx on call_events (call_id, seq);
",
    down: r"
drop table call_events;
drop table legs;
drop table calls;
",
};
