//! The API's description.

use std::collections::HashSet;

use cordboard::http::{openapi::to_json, router::description};

use crate::support::TestApp;

#[test]
fn the_committed_description_is_the_one_of_the_code() {
    let committed = include_str!("../../docs/openapi.json");
    let actual = to_json(&description()).expect("serialises");
    assert!(
        committed == actual,
        "docs/openapi.json is out of date; run `cargo run -- openapi > docs/openapi.json` and regenerate the \
         console's client"
    );
}

#[test]
fn operation_ids_are_unique_because_the_operation_log_names_actions_by_them() {
    let api = serde_json::to_value(description()).expect("serialises");
    let mut seen = HashSet::new();
    for (path, item) in api["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let id = operation["operationId"]
                .as_str()
                .unwrap_or_else(|| panic!("{method} {path} has no id"));
            assert!(seen.insert(id.to_owned()), "{id} is used twice");
        }
    }
}

#[tokio::test]
async fn the_description_is_served() {
    let app = TestApp::new().await;
    let api = app.get("/api/v1/openapi.json").send().await.expect(200).json();
    assert!(api["paths"]["/api/v1/auth/login"]["post"].is_object());
}
