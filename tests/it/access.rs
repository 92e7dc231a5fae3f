//! Every operation of the API, called as nobody, as an agent, as somebody with a new password, as an administrator.
//!
//! The list comes from the API's description, so an operation cannot be forgotten here; which permission it needs
//! is declared there and must be what the handler enforces.

use axum::http::Method;
use cordboard::http::{
    guard::{Permission, PermissionSet},
    router::description,
};
use sea_orm::Set;
use serde_json::{Value, json};

use crate::support::TestApp;

/// Open to everybody, on purpose; the socket asks for the token in its first frame.
const PUBLIC: [&str; 4] = ["login", "refresh_token", "logout", "open_socket"];
/// Allowed while the password must be changed.
const BEFORE_CHANGE: [&str; 2] = ["change_password", "get_me"];

struct Operation {
    id: String,
    method: Method,
    path: String,
    /// `None` when public, else the permissions that are needed.
    needs: Option<Vec<String>>,
}

#[test]
fn every_operation_declares_what_it_needs_and_only_known_permissions() {
    for operation in operations() {
        assert_eq!(
            operation.needs.is_none(),
            PUBLIC.contains(&operation.id.as_str()),
            "{}",
            operation.id
        );
        for code in operation.needs.unwrap_or_default() {
            assert!(
                Permission::ALL.iter().any(|known| known.code() == code),
                "{}: {code}",
                operation.id
            );
        }
    }
}

#[tokio::test]
async fn nobody_is_asked_to_sign_in() {
    let app = TestApp::new().await;
    for operation in operations() {
        let answer = operation.call(&app, None).await;
        let refused = answer.code() == "auth.not_signed_in";
        assert_eq!(refused, operation.needs.is_some(), "{}: {answer:?}", operation.id);
    }
}

#[tokio::test]
async fn an_agent_reaches_exactly_what_the_role_grants() {
    let app = TestApp::new().await;
    let token = app.agent().await;
    let held = PermissionSet::from_codes(["desk.use", "calls.view_own"]).codes();
    for operation in operations() {
        let Some(needs) = operation.needs.clone() else {
            continue;
        };
        let answer = operation.call(&app, Some(&token)).await;
        let allowed = needs.is_empty() || needs.iter().any(|code| held.contains(&code.as_str()));
        assert_eq!(
            answer.code() != "auth.forbidden",
            allowed,
            "{}: {answer:?}",
            operation.id
        );
    }
}

#[tokio::test]
async fn an_administrator_is_never_refused_for_a_missing_permission() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    for operation in operations() {
        let answer = operation.call(&app, Some(&token)).await;
        assert!(
            !answer.code().starts_with("auth.") || operation.needs.is_none(),
            "{}: {answer:?}",
            operation.id
        );
        assert!(answer.status != 500, "{}: {answer:?}", operation.id);
    }
}

#[tokio::test]
async fn who_must_change_the_password_can_do_nothing_else() {
    let app = TestApp::new().await;
    let change = |user: &mut entity::user::ActiveModel| {
        user.is_admin = Set(true);
        user.must_change_password = Set(true);
    };
    app.add_user("new", change).await;
    let token = app.sign_in("new").await;
    for operation in operations()
        .into_iter()
        .filter(|operation| operation.needs.is_some())
    {
        let answer = operation.call(&app, Some(&token)).await;
        let refused = answer.code() == "auth.password_change_required";
        assert_eq!(
            refused,
            !BEFORE_CHANGE.contains(&operation.id.as_str()),
            "{}: {answer:?}",
            operation.id
        );
    }
}

impl Operation {
    async fn call(&self, app: &TestApp, token: Option<&str>) -> crate::support::Answer {
        let mut call = app.request(self.method.clone(), &self.path);
        if let Some(token) = token {
            call = call.bearer(token);
        }
        if self.method != Method::GET {
            call = call.json(&json!({}));
        }
        call.send().await
    }
}

fn operations() -> Vec<Operation> {
    let api = serde_json::to_value(description()).expect("serialises");
    let mut operations = Vec::new();
    for (path, item) in api["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            operations.push(Operation {
                id: operation["operationId"].as_str().expect("an id").to_owned(),
                method: method.to_uppercase().parse().expect("a method"),
                path: fill(path, operation),
                needs: needs(operation),
            });
        }
    }
    assert!(!operations.is_empty());
    operations
}

/// Puts something of the right type in place of each variable.
fn fill(path: &str, operation: &Value) -> String {
    let mut filled = path.to_owned();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = format!("{{{}}}", parameter["name"].as_str().unwrap_or_default());
        let is_uuid = parameter["schema"]["format"] == "uuid";
        filled = filled.replace(
            &name,
            if is_uuid {
                "01900000-0000-7000-8000-000000000001"
            } else {
                "1"
            },
        );
    }
    filled
}

fn needs(operation: &Value) -> Option<Vec<String>> {
    let bearer = operation["security"]
        .as_array()?
        .iter()
        .find_map(|scheme| scheme.get("bearer"))?;
    let codes = bearer.as_array()?.iter().filter_map(Value::as_str);
    Some(codes.map(str::to_owned).collect())
}
