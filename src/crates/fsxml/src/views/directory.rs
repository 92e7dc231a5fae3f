//! Directory entries.

use domain::plan::{ExtensionKind, ExtensionSpec, RouteContext, ServerPlan};

use crate::document::{Directory, Document, Pair, User};

/// The answer to a lookup of one user: the domain with the user, or the empty domain.
pub fn directory_user(plan: &ServerPlan, domain: &str, number: &str) -> Document {
    let extension = plan
        .extension(number)
        .filter(|found| found.kind == ExtensionKind::Direct);
    match extension {
        Some(extension) if domain == plan.server().sip_domain => Document::Directory(Directory {
            domain: domain.to_owned(),
            users: vec![user(plan, extension)],
        }),
        _ => empty_domain(domain),
    }
}

/// A domain without users: who asks is answered, and the snapshot is not asked.
pub fn empty_domain(domain: &str) -> Document {
    Document::Directory(Directory {
        domain: domain.to_owned(),
        users: Vec::new(),
    })
}

/// All users.
pub(super) fn whole(plan: &ServerPlan) -> Directory {
    let phones = plan
        .extensions()
        .filter(|extension| extension.kind == ExtensionKind::Direct);
    Directory {
        domain: plan.server().sip_domain.clone(),
        users: phones.map(|extension| user(plan, extension)).collect(),
    }
}

fn user(plan: &ServerPlan, extension: &ExtensionSpec) -> User {
    let number = &extension.number;
    let name = if extension.display_name.is_empty() {
        number
    } else {
        &extension.display_name
    };
    let mut variables = vec![
        Pair::new("user_context", RouteContext::Internal.name()),
        Pair::new("effective_caller_id_number", number.clone()),
        Pair::new("effective_caller_id_name", name.clone()),
        Pair::new("cordboard_extension", number.clone()),
        // The rest is for the rules of the snapshot; live, the plan is asked.
        Pair::new("cordboard_may_dial_out", extension.may_dial_out.to_string()),
        Pair::new(
            "cordboard_caller_id",
            extension.caller_id_number.as_ref().unwrap_or(number).clone(),
        ),
    ];
    if let Some(gateway) = extension.gateway_id.and_then(|id| plan.gateway(id)) {
        variables.push(Pair::new("cordboard_gateway", gateway.name.clone()));
        if !gateway.add_prefix.is_empty() {
            variables.push(Pair::new("cordboard_gateway_prefix", gateway.add_prefix.clone()));
        }
    }
    User {
        number: number.clone(),
        a1_hash: extension.a1_hash.clone(),
        variables,
    }
}
