//! The dry run of routing rules.

use chrono_tz::Tz;
use cordboard::telephony::plan::Served;
use domain::ids::ServerId;
use serde_json::json;
use testkit::plans;

use crate::support::TestApp;

const ADDRESS: &str = "/api/v1/voice/routes/dry-run";

async fn app() -> (TestApp, String) {
    let app = TestApp::new().await;
    let (served, _) = Served::build(plans::small(), Tz::Asia__Shanghai).expect("the plan can be served");
    app.state.plans.put(ServerId(1), served);
    let token = app.admin().await;
    (app, token)
}

#[tokio::test]
async fn an_administrator_sees_which_rule_takes_a_call_and_why_not_the_others() {
    let (app, token) = app().await;
    let ask = |body| {
        let request = app.post(ADDRESS, &body).bearer(&token);
        async { request.send().await.expect(200).json() }
    };

    let call = json!({"server_id": 1, "context": "inbound", "caller_number": "138", "number": "0218 888 0000",
        "at": "2026-11-23T02:00:00Z"});
    let open = ask(call.clone()).await;
    assert_eq!(open["matched_route_id"], 30);
    assert_eq!(open["steps"][0]["reason"], "other_context");
    assert!(open["xml"].as_str().expect("xml").contains("callcenter"));

    let mut at_night = call;
    at_night["at"] = json!("2026-11-23T15:00:00Z");
    let closed = ask(at_night).await;
    assert_eq!(closed["steps"][2]["reason"], "closed_prompt");

    let refused =
        ask(json!({"server_id": 1, "context": "internal", "caller_number": "103", "number": "913800138000"}));
    let refused = refused.await;
    assert_eq!(refused["actions"], json!(["respond 403 Forbidden"]));
    assert_eq!(refused["steps"][1]["reason"], "may_not_dial_out");
}

#[tokio::test]
async fn an_unknown_server_and_a_number_that_cannot_be_dialled_are_problems() {
    let (app, token) = app().await;
    let ask = |body| app.post(ADDRESS, &body).bearer(&token).send();
    let call = |server, number| json!({"server_id": server, "context": "internal", "number": number});
    ask(call(9, "1")).await.expect_problem(404, "not_found");
    ask(call(1, "a}b")).await.expect_problem(422, "invalid");
}
