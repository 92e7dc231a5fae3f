//! Documents made from a plan.

mod callcenter;
mod directory;
mod sofia;

use domain::plan::{RouteContext, ServerPlan};
use domain::routing::fallback_rules;

use crate::dialplan;
use crate::document::{Acl, Configuration, Document, Httapi, JsonCdr, Snapshot};

pub use callcenter::{agent_contact, callcenter, one_queue};
pub use directory::{directory_user, empty_domain};

/// Modules that want a document and need no settings in it (facts.md §1, "What is asked at boot").
const WITHOUT_SETTINGS: [&str; 8] = [
    "avmd.conf",
    "db.conf",
    "hash.conf",
    "loopback.conf",
    "opus.conf",
    "shout.conf",
    "sndfile.conf",
    "voicemail.conf",
];

/// The configuration of this name. Not found for what stays static (`event_socket.conf` is our way in) and
/// for what we do not know.
pub fn configuration(plan: &ServerPlan, name: &str) -> Document {
    let found = match name {
        "sofia.conf" => Some(Configuration::Sofia(sofia::sofia(plan))),
        "callcenter.conf" => Some(Configuration::Callcenter(callcenter(plan))),
        "acl.conf" => Some(Configuration::Acl(acl(plan))),
        "json_cdr.conf" => Some(Configuration::JsonCdr(json_cdr(plan))),
        "httapi.conf" => Some(Configuration::Httapi(httapi(plan))),
        "conference.conf" => Some(Configuration::Conference),
        "ivr.conf" => Some(Configuration::Ivr),
        "local_stream.conf" => Some(Configuration::LocalStream),
        _ => WITHOUT_SETTINGS
            .iter()
            .find(|known| **known == name)
            .map(|known| Configuration::Empty(known)),
    };
    found.map_or(Document::NotFound, Document::Configuration)
}

/// Everything in one document, for the time when we are away.
pub fn snapshot(plan: &ServerPlan) -> Document {
    let names = [
        "sofia.conf",
        "callcenter.conf",
        "acl.conf",
        "json_cdr.conf",
        "httapi.conf",
        "conference.conf",
        "ivr.conf",
        "local_stream.conf",
    ];
    let configurations = names
        .into_iter()
        .chain(WITHOUT_SETTINGS)
        .filter_map(|name| match configuration(plan, name) {
            Document::Configuration(configuration) => Some(configuration),
            _ => None,
        })
        .collect();
    let contexts = [RouteContext::Internal, RouteContext::Inbound]
        .map(|context| dialplan::fallback(context, &fallback_rules(plan, context)));
    let directory = directory::whole(plan);
    Document::Snapshot(Snapshot {
        configurations,
        directory: (!directory.users.is_empty()).then_some(directory),
        contexts: contexts.into(),
    })
}

fn acl(plan: &ServerPlan) -> Acl {
    let mut addresses: Vec<_> = plan
        .gateways()
        .flat_map(|gateway| gateway.addresses.iter().copied())
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    let networks = addresses
        .into_iter()
        .map(|address| format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 }))
        .collect();
    Acl { networks }
}

fn json_cdr(plan: &ServerPlan) -> JsonCdr {
    let server = plan.server();
    JsonCdr {
        url: format!("{}/switch/{}/cdr", server.control_url, server.id),
        credentials: format!("{}:{}", server.http_user, server.http_password),
    }
}

fn httapi(plan: &ServerPlan) -> Httapi {
    let server = plan.server();
    Httapi {
        url: format!("{}/switch/{}/httapi", server.control_url, server.id),
    }
}
