//! What services add to the row of the request that they serve.
//!
//! The audit layer opens a note sheet around each changing request; a service that changes something calls
//! [`note_change`]. Outside of a request (jobs, command line) the notes go nowhere.

use std::{cell::RefCell, future::Future};

use serde::Serialize;
use serde_json::Value;

tokio::task_local! {
    static SHEET: RefCell<Notes>;
}

/// What a request turned out to be about.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// `users.id` of the caller.
    pub user_id: Option<i64>,
    /// Sign-in name, as known or as typed.
    pub user_name: String,
    /// What kind of thing was changed, for example `queue`.
    pub object_kind: String,
    /// Which one.
    pub object_id: Option<String>,
    /// The thing before, without secrets.
    pub before: Option<Value>,
    /// The thing after, without secrets.
    pub after: Option<Value>,
}

/// Runs `work` with an empty note sheet and returns the sheet with the result.
pub async fn collect<F: Future>(work: F) -> (F::Output, Notes) {
    SHEET
        .scope(RefCell::default(), async {
            let output = work.await;
            (output, SHEET.with(RefCell::take))
        })
        .await
}

/// Notes who is calling.
pub fn note_user(user_id: i64, user_name: &str) {
    edit(|notes| {
        notes.user_id = Some(user_id);
        user_name.clone_into(&mut notes.user_name);
    });
}

/// Notes the name that somebody gave who is not signed in.
pub fn note_user_name(typed: &str) {
    edit(|notes| notes.user_name = typed.chars().take(100).collect());
}

/// Notes what was changed, from what and to what. Fields whose names sound secret are masked.
pub fn note_change(
    kind: &str,
    id: &dyn ToString,
    before: Option<&impl Serialize>,
    after: Option<&impl Serialize>,
) {
    edit(|notes| {
        kind.clone_into(&mut notes.object_kind);
        notes.object_id = Some(id.to_string());
        notes.before = before.and_then(masked);
        notes.after = after.and_then(masked);
    });
}

fn edit(change: impl FnOnce(&mut Notes)) {
    // Nobody collects outside of a changing request.
    let _ = SHEET.try_with(|sheet| change(&mut sheet.borrow_mut()));
}

const SECRET_WORDS: [&str; 5] = ["password", "secret", "token", "sealed", "hash"];

fn masked(thing: &impl Serialize) -> Option<Value> {
    let mut value = serde_json::to_value(thing).ok()?;
    mask(&mut value);
    Some(value)
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let is_secret = SECRET_WORDS.iter().any(|word| name.contains(word));
                match value {
                    // Flags such as must_change_password and "is it set" are no secrets.
                    Value::Null | Value::Bool(_) => {}
                    _ if is_secret => *value = Value::from("***"),
                    _ => mask(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn notes_of_a_request_are_collected_and_secrets_masked() {
        let ((), notes) = collect(async {
            note_user(7, "li.na");
            let before = json!({ "name": "a", "sip": { "password": "hunter2", "password_set": true } });
            note_change("extension", &3, Some(&before), None::<&()>);
        })
        .await;
        assert_eq!((notes.user_id, notes.user_name.as_str()), (Some(7), "li.na"));
        assert_eq!(notes.object_id.as_deref(), Some("3"));
        let expected = json!({ "name": "a", "sip": { "password": "***", "password_set": true } });
        assert_eq!(notes.before, Some(expected));
    }

    #[test]
    fn a_note_outside_of_a_request_is_no_error() {
        note_user(1, "cron");
    }
}
