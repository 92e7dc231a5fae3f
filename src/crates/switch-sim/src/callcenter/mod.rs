//! mod_callcenter: queues, agents on three axes, tiers, waiting members, offers. Follows
//! mod_callcenter.c (`agents_callback`, `members_callback`, `outbound_agent_thread_run`,
//! `cc_member_thread_run`) and the traces 04 to 06.

mod admin;
mod listing;
mod model;
mod offer;
mod queue;
mod strategy;

pub(crate) use admin::Reload;
pub(crate) use model::{CallCenter, Member};
