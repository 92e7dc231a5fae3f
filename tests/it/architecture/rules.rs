//! The directions, as data.

/// What a crate must not depend on; `*` ends a prefix.
pub(super) const CRATES: [(&str, &[&str]); 6] = [
    (
        "src/crates/domain/Cargo.toml",
        &[
            "cordboard-*",
            "tokio*",
            "axum*",
            "sea-orm*",
            "quick-xml",
            "minijinja",
        ],
    ),
    (
        "src/crates/esl/Cargo.toml",
        &["cordboard-*", "axum*", "sea-orm*", "quick-xml", "minijinja"],
    ),
    (
        "src/crates/fsxml/Cargo.toml",
        &[
            "cordboard-e*",
            "cordboard-m*",
            "cordboard-s*",
            "cordboard-t*",
            "tokio*",
            "axum*",
            "sea-orm*",
        ],
    ),
    ("src/crates/switch-sim/Cargo.toml", &["cordboard-*", "sea-orm*"]),
    ("entity/Cargo.toml", &["cordboard-*", "tokio*", "axum*"]),
    ("migration/Cargo.toml", &["cordboard-*", "axum*"]),
];

/// Chapters in the order of the product: a slice knows its own chapter and those before it.
const CHAPTERS: [&str; 10] = [
    "system",
    "voice",
    "desk",
    "calls",
    "crm",
    "tickets",
    "knowledge",
    "campaigns",
    "robots",
    "reports",
];

/// Who a file is, as far as directions are concerned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who<'a> {
    Boot,
    Http,
    /// The route table, which mounts everybody.
    Router,
    Realtime,
    Telephony,
    Jobs,
    Store,
    /// `error.rs`, `ports.rs`, `lib.rs`.
    Base,
    /// A file of a slice.
    Slice {
        chapter: &'a str,
        slice: &'a str,
        kind: Kind,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Routes,
    Dto,
    Repo,
    /// Service, projections, jobs: use cases.
    Service,
}

fn who(path: &str) -> Who<'_> {
    let parts: Vec<&str> = path.trim_start_matches("src/").split('/').collect();
    match parts[0] {
        "boot" | "main.rs" => Who::Boot,
        "http" if path.ends_with("http/router.rs") => Who::Router,
        "http" => Who::Http,
        "realtime" => Who::Realtime,
        "telephony" => Who::Telephony,
        "jobs" => Who::Jobs,
        "store" => Who::Store,
        "features" if parts.len() > 2 => {
            // A file beside the slices belongs to its chapter as a whole.
            let (slice, rest) = if parts.len() > 3 {
                (parts[2], parts[3])
            } else {
                ("", parts[2])
            };
            let kind = match rest.split('.').next().unwrap_or_default() {
                "routes" => Kind::Routes,
                "dto" => Kind::Dto,
                "repo" => Kind::Repo,
                _ => Kind::Service,
            };
            Who::Slice {
                chapter: parts[1],
                slice,
                kind,
            }
        }
        _ => Who::Base,
    }
}

/// Why the file at `path` must not use `used`; `None` when it may.
pub(super) fn forbidden(path: &str, used: &str) -> Option<&'static str> {
    let me = who(path);
    if me == Who::Boot {
        return None;
    }
    let parts: Vec<&str> = used.split("::").collect();
    match parts[0] {
        "crate" => forbidden_module(me, &parts[1..]),
        name => forbidden_crate(me, name),
    }
}

fn forbidden_crate(me: Who<'_>, name: &str) -> Option<&'static str> {
    let kind = if let Who::Slice { kind, .. } = me {
        Some(kind)
    } else {
        None
    };
    match name {
        "sea_orm" if matches!(me, Who::Router | Who::Realtime) || matches!(kind, Some(Kind::Routes)) => {
            Some("queries are in repo.rs, transactions in service.rs")
        }
        "entity" if !(me == Who::Store || matches!(kind, Some(Kind::Repo | Kind::Service))) => {
            Some("rows stay behind repo.rs and service.rs")
        }
        "migration" => Some("only `boot` migrates"),
        "axum" | "axum_extra"
            if matches!(kind, Some(Kind::Repo | Kind::Service))
                || matches!(me, Who::Store | Who::Jobs | Who::Base) =>
        {
            Some("HTTP ends at routes.rs")
        }
        "esl" if me != Who::Telephony => Some("the switch's protocol stays in `telephony`"),
        "fsxml" if me != Who::Telephony => Some("the switch's XML stays in `telephony`"),
        "switch_sim" => Some("only `boot` starts the simulator"),
        _ => None,
    }
}

fn forbidden_module(me: Who<'_>, target: &[&str]) -> Option<&'static str> {
    let (module, rest) = target.split_first()?;
    match *module {
        "boot" => forbidden_boot(me, rest),
        "store" => (matches!(me, Who::Base)).then_some("`error` and `ports` know nobody"),
        "features" => forbidden_slice(me, rest),
        // A socket and the switch's requests are HTTP at their edge.
        "http" => match me {
            Who::Http
            | Who::Router
            | Who::Realtime
            | Who::Telephony
            | Who::Slice {
                kind: Kind::Routes, ..
            } => None,
            _ => Some("only what answers requests knows HTTP"),
        },
        "realtime" => match me {
            Who::Realtime | Who::Router | Who::Telephony => None,
            // The hub is where a use case says that something lives has changed.
            Who::Slice {
                kind: Kind::Service, ..
            } if rest.first() == Some(&"hub") || rest.first() == Some(&"topic") => None,
            _ => Some("only telephony, services (the hub) and the route table know `realtime`"),
        },
        "telephony" => match me {
            Who::Telephony | Who::Router => None,
            _ => Some("services talk to the switch through `ports`"),
        },
        "jobs" => (me != Who::Jobs).then_some("services hand over jobs through `ports`"),
        _ => None,
    }
}

fn forbidden_boot(me: Who<'_>, rest: &[&str]) -> Option<&'static str> {
    let handles_requests = matches!(
        me,
        Who::Http
            | Who::Router
            | Who::Realtime
            | Who::Telephony
            | Who::Slice {
                kind: Kind::Routes,
                ..
            }
    );
    if rest.first() == Some(&"state") && handles_requests {
        return None;
    }
    Some("only handlers know `boot`, and of it only the state")
}

fn forbidden_slice(me: Who<'_>, rest: &[&str]) -> Option<&'static str> {
    if rest.get(2) == Some(&"repo") {
        let own = matches!(me, Who::Slice { chapter, slice, .. } if rest[..2] == [chapter, slice]);
        return (!own).then_some("a slice's repo is its own");
    }
    match me {
        Who::Store | Who::Base => Some("features know the store, not the other way round"),
        Who::Slice { chapter, slice, kind } => {
            let (their_chapter, their_slice) =
                (rest.first().copied()?, rest.get(1).copied().unwrap_or_default());
            if their_chapter == chapter && (their_slice == slice || their_slice.is_empty()) {
                return None;
            }
            if kind == Kind::Repo {
                return Some("a repo knows only its own slice");
            }
            let place = |name: &str| CHAPTERS.iter().position(|chapter| *chapter == name);
            (place(their_chapter) > place(chapter))
                .then_some("a slice knows only the chapters before its own")
        }
        _ => None,
    }
}

#[test]
fn the_rules_tell_right_from_wrong() {
    let cases = [
        (
            "src/features/voice/queues/service.rs",
            "crate::features::system::audit::note_change",
            true,
        ),
        (
            "src/features/system/users/service.rs",
            "crate::features::voice::queues::X",
            false,
        ),
        (
            "src/features/voice/queues/service.rs",
            "crate::features::voice::extensions::repo::find",
            false,
        ),
        (
            "src/features/voice/queues/repo.rs",
            "crate::http::extract::Json",
            false,
        ),
        (
            "src/features/voice/queues/routes.rs",
            "crate::http::extract::Json",
            true,
        ),
        (
            "src/features/voice/queues/routes.rs",
            "entity::queue::Model",
            false,
        ),
        ("src/telephony/session.rs", "esl::Link", true),
        ("src/http/router.rs", "crate::telephony::documents::routes", true),
        ("src/http/extract.rs", "esl::Link", false),
        ("src/store/tx.rs", "crate::features::system::users::Users", false),
        (
            "src/telephony/pump.rs",
            "crate::boot::supervisor::Supervisor",
            false,
        ),
        ("src/boot/serve.rs", "switch_sim::Sim", true),
    ];
    for (path, used, allowed) in cases {
        assert_eq!(forbidden(path, used).is_none(), allowed, "{path} → {used}");
    }
}
