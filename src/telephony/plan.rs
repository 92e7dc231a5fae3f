//! The plans in memory: what each voice server is told, swapped whole when the configuration changes.
//!
//! Answering a switch reads one pointer and takes no lock and no database.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;
use domain::ids::ServerId;
use domain::plan::{PlanError, PlanProblem, PlanSource, ServerPlan};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// One server's plan with what else is needed to answer it.
#[derive(Debug)]
pub struct Served {
    /// The plan.
    pub plan: ServerPlan,
    zone: Tz,
    credential: Credential,
}

impl Served {
    /// Builds a plan. `zone` is the organisation's time zone, in which opening hours are meant.
    pub fn build(source: PlanSource, zone: Tz) -> Result<(Self, Vec<PlanProblem>), PlanError> {
        let (plan, problems) = ServerPlan::build(source)?;
        let credential = Credential::new(&plan.server().http_user, &plan.server().http_password);
        Ok((
            Self {
                plan,
                zone,
                credential,
            },
            problems,
        ))
    }

    /// Local time of the organisation.
    pub fn local(&self, now: DateTime<Utc>) -> NaiveDateTime {
        now.with_timezone(&self.zone).naive_local()
    }

    /// Whether an `Authorization` header is the one this switch was given.
    pub fn admits(&self, authorization: Option<&str>) -> bool {
        authorization.is_some_and(|header| self.credential.matches(header))
    }
}

/// All plans.
#[derive(Debug, Default)]
pub struct Plans {
    by_server: ArcSwap<HashMap<ServerId, Arc<Served>>>,
}

impl Plans {
    /// The plan of a server.
    pub fn get(&self, server: ServerId) -> Option<Arc<Served>> {
        self.by_server.load().get(&server).cloned()
    }

    /// Puts a plan in force.
    pub fn put(&self, server: ServerId, served: Served) {
        let served = Arc::new(served);
        self.by_server.rcu(|plans| {
            let mut plans = HashMap::clone(plans);
            plans.insert(server, Arc::clone(&served));
            plans
        });
    }

    /// Forgets a server; its switch is answered 404 from now on.
    pub fn remove(&self, server: ServerId) {
        self.by_server.rcu(|plans| {
            let mut plans = HashMap::clone(plans);
            plans.remove(&server);
            plans
        });
    }
}

/// What a switch has to present, kept as a digest of the encoded form.
struct Credential([u8; 32]);

impl Credential {
    fn new(user: &str, password: &str) -> Self {
        Self(Sha256::digest(STANDARD.encode(format!("{user}:{password}"))).into())
    }

    /// Compares digests, so the time taken tells neither length nor content.
    fn matches(&self, header: &str) -> bool {
        let Some((scheme, token)) = header.split_once(' ') else {
            return false;
        };
        let presented: [u8; 32] = Sha256::digest(token.trim()).into();
        scheme.eq_ignore_ascii_case("basic") && bool::from(presented.ct_eq(&self.0))
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential(hidden)")
    }
}

/// Bytes in lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles
        .map(|nibble| char::from(b"0123456789abcdef"[usize::from(nibble)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_user_with_the_right_password_is_admitted() {
        let (served, _) = Served::build(testkit::plans::small(), Tz::Asia__Shanghai).unwrap();
        let header = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        assert!(served.admits(Some(&header("switch:its-secret"))));
        assert!(served.admits(Some(&header("switch:its-secret").replace("Basic", "basic"))));
        for wrong in [
            "switch:its-secre",
            "switch:its-secret ",
            "Switch:its-secret",
            ":",
            "",
        ] {
            assert!(!served.admits(Some(&header(wrong))), "{wrong}");
        }
        assert!(!served.admits(None) && !served.admits(Some("")) && !served.admits(Some("Bearer x")));
    }

    #[test]
    fn a_plan_in_force_is_replaced_whole_and_a_removed_server_is_unknown() {
        let plans = Plans::default();
        let id = ServerId(1);
        assert!(plans.get(id).is_none());
        let build = |source| Served::build(source, Tz::UTC).unwrap().0;
        plans.put(id, build(testkit::plans::small()));
        let old = plans.get(id).unwrap();
        let mut source = testkit::plans::small();
        source.extensions.clear();
        plans.put(id, build(source));
        assert!(old.plan.extension("101").is_some());
        assert!(plans.get(id).unwrap().plan.extension("101").is_none());
        plans.remove(id);
        assert!(plans.get(id).is_none());
    }

    #[test]
    fn hours_are_read_in_the_time_zone_of_the_organisation() {
        let (served, _) = Served::build(testkit::plans::small(), Tz::Asia__Shanghai).unwrap();
        let now = DateTime::parse_from_rfc3339("2026-11-22T23:30:00Z")
            .unwrap()
            .to_utc();
        assert_eq!(served.local(now).to_string(), "2026-11-23 07:30:00");
    }
}
