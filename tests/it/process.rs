//! What those who run the process see, and what HTTP itself refuses.

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn an_unknown_address_and_a_wrong_method_give_a_problem() {
    let app = TestApp::new().await;
    app.get("/api/v1/no/such/thing")
        .send()
        .await
        .expect_problem(404, "not_found");
    app.get("/switch/1/nothing")
        .send()
        .await
        .expect_problem(404, "not_found");
    app.get("/api/v1/auth/login")
        .send()
        .await
        .expect_problem(405, "http.method_not_allowed");
    app.post("/metrics", &json!({}))
        .send()
        .await
        .expect_problem(405, "http.method_not_allowed");
    app.post("/some/page", &json!({}))
        .send()
        .await
        .expect_problem(405, "http.method_not_allowed");
    app.get("/assets/missing.js")
        .send()
        .await
        .expect_problem(404, "not_found");
}

#[tokio::test]
async fn bodies_that_are_too_large_no_json_or_of_another_type_are_refused() {
    let app = TestApp::with(&[("server.body_limit_kib", "1")]).await;
    let login = || app.request(axum::http::Method::POST, "/api/v1/auth/login");
    let large = json!({ "user_name": "x".repeat(2000), "password": "x" });
    login()
        .json(&large)
        .send()
        .await
        .expect_problem(413, "http.body_too_large");
    login()
        .raw("{}")
        .send()
        .await
        .expect_problem(415, "http.not_json");
    let broken = login().header("content-type", "application/json").raw("{");
    broken.send().await.expect_problem(400, "http.bad_json");
    let problem = login()
        .json(&json!({ "user_name": 1, "password": "x" }))
        .send()
        .await;
    assert_eq!(
        problem.expect_problem(422, "invalid")["errors"][0]["pointer"],
        "/user_name"
    );
    let problem = login()
        .json(&json!({ "user_name": "a\u{0}b", "password": "x" }))
        .send()
        .await;
    assert_eq!(
        problem.expect_problem(422, "invalid")["errors"][0]["code"],
        "control_character"
    );
    app.get("/api/v1/me?q=%00")
        .send()
        .await
        .expect_problem(400, "http.bad_address");
}

#[tokio::test]
async fn a_request_id_of_a_proxy_is_kept_and_a_dangerous_one_is_not() {
    let app = TestApp::new().await;
    let kept = app.get("/healthz").header("x-request-id", "edge-42").send().await;
    assert_eq!(kept.header("x-request-id"), "edge-42");
    let made = app.get("/healthz").header("x-request-id", "a b").send().await;
    assert_ne!(made.header("x-request-id"), "a b");
}

#[tokio::test]
async fn browsers_are_told_to_run_our_scripts_only_and_to_frame_nothing() {
    let app = TestApp::new().await;
    let answer = app.get("/api/v1/me").send().await;
    let policy = answer.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'self'; ") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert!(
        !policy.contains("unsafe-eval") && !policy.contains("script-src"),
        "{policy}"
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn readiness_names_the_database_when_it_is_away_and_the_process_stays_alive() {
    let app = TestApp::new().await;
    let ready = app.get("/readyz").send().await.expect(200).json();
    assert_eq!(ready["parts"][0]["part"], "database");
    app.db.conn().clone().close().await.expect("closed");
    let away = app.get("/readyz").send().await.expect(503).json();
    assert_eq!(away["ready"], false);
    assert_eq!(away["parts"][0]["code"], "database.unreachable");
    app.get("/healthz").send().await.expect(200);
    app.login("real", "x").await.expect(503);
}

#[tokio::test]
async fn metrics_are_for_this_machine_unless_a_token_is_set() {
    let app = TestApp::new().await;
    app.get("/metrics").send().await.expect(200);
    app.get("/metrics")
        .from("192.0.2.1")
        .send()
        .await
        .expect_problem(404, "not_found");
    let through_a_proxy = app.get("/metrics").header("x-forwarded-for", "192.0.2.1");
    through_a_proxy.send().await.expect_problem(404, "not_found");

    let app = TestApp::with(&[("metrics.token", "0123456789abcdef")]).await;
    app.get("/metrics").send().await.expect(404);
    app.get("/metrics")
        .from("192.0.2.1")
        .bearer("0123456789abcdef")
        .send()
        .await
        .expect(200);
}
