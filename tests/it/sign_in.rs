//! Signing in, staying signed in, being locked out.

use chrono::TimeDelta;
use sea_orm::Set;
use serde_json::json;

use crate::support::{TestApp, people::PASSWORD};

#[tokio::test]
async fn the_first_account_must_change_its_password_before_anything_else() {
    let app = TestApp::new().await;
    assert!(app.state.users.ensure_first_account().await.expect("made"));
    let grant = app.login("admin", "123456").await.expect(200).json();
    assert_eq!(grant["must_change_password"], true);
    let token = grant["access_token"].as_str().expect("token");

    let refused = app.get("/api/v1/system/audit").bearer(token).send().await;
    refused.expect_problem(403, "auth.password_change_required");
    let me = app
        .get("/api/v1/me")
        .bearer(token)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(me["must_change_password"], true);

    let change = |current: &str, new: &str| {
        let body = json!({ "current": current, "new": new });
        app.post("/api/v1/auth/password", &body).bearer(token).send()
    };
    let problem = change("123456", "123456").await.expect_problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/new");
    let problem = change("wrong", "a better one")
        .await
        .expect_problem(422, "invalid");
    assert_eq!(problem["errors"][0]["code"], "auth.wrong_password");
    change("123456", "a better one").await.expect(204);
    app.get("/api/v1/system/audit")
        .bearer(token)
        .send()
        .await
        .expect(200);
    app.login("admin", "123456")
        .await
        .expect_problem(401, "auth.wrong_credentials");
    app.login("ADMIN", "a better one").await.expect(200);
}

#[tokio::test]
async fn the_old_password_is_no_new_password() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let body = json!({ "current": PASSWORD, "new": PASSWORD });
    let answer = app
        .post("/api/v1/auth/password", &body)
        .bearer(&token)
        .send()
        .await;
    assert_eq!(
        answer.expect_problem(422, "invalid")["errors"][0]["code"],
        "same_as_old"
    );
}

#[tokio::test]
async fn changing_the_password_ends_the_other_sessions_at_once() {
    let app = TestApp::new().await;
    let here = app.admin().await;
    let elsewhere = app.sign_in("boss").await;
    app.get("/api/v1/me").bearer(&elsewhere).send().await.expect(200);
    let body = json!({ "current": PASSWORD, "new": "a better one" });
    app.post("/api/v1/auth/password", &body)
        .bearer(&here)
        .send()
        .await
        .expect(204);
    app.get("/api/v1/me").bearer(&here).send().await.expect(200);
    app.get("/api/v1/me")
        .bearer(&elsewhere)
        .send()
        .await
        .expect_problem(401, "auth.session_over");
}

#[tokio::test]
async fn a_name_that_does_not_exist_looks_like_a_wrong_password_even_when_it_locks() {
    let app = TestApp::new().await;
    app.add_user("real", |_| {}).await;
    for name in ["real", "ghost"] {
        for _ in 0..4 {
            let problem = app
                .login(name, "wrong")
                .await
                .expect_problem(401, "auth.wrong_credentials");
            assert_eq!(problem["detail"], "User name or password is wrong.");
        }
        let problem = app.login(name, "wrong").await.expect_problem(429, "auth.locked");
        assert_eq!(problem["retry_after_secs"], 30);
        let problem = app.login(name, PASSWORD).await.expect_problem(429, "auth.locked");
        assert_eq!(problem["retry_after_secs"], 30);
    }
}

#[tokio::test]
async fn a_lock_ends_by_itself_grows_with_each_failure_and_is_lifted_by_success() {
    let app = TestApp::new().await;
    app.add_user("real", |_| {}).await;
    for _ in 0..5 {
        app.login("real", "wrong").await;
    }
    app.clock.advance(TimeDelta::seconds(30));
    let problem = app
        .login("real", "wrong")
        .await
        .expect_problem(429, "auth.locked");
    assert_eq!(problem["retry_after_secs"], 60);
    app.clock.advance(TimeDelta::seconds(60));
    app.login("real", PASSWORD).await.expect(200);
    app.login("real", "wrong")
        .await
        .expect_problem(401, "auth.wrong_credentials");
}

#[tokio::test]
async fn an_account_that_is_switched_off_is_only_named_to_who_knows_its_password() {
    let app = TestApp::new().await;
    app.add_user("gone", |user| user.is_enabled = Set(false)).await;
    app.login("gone", "wrong")
        .await
        .expect_problem(401, "auth.wrong_credentials");
    app.login("gone", PASSWORD)
        .await
        .expect_problem(403, "auth.disabled");
}

#[tokio::test]
async fn the_refresh_cookie_is_kept_from_scripts_and_from_other_addresses() {
    let app = TestApp::with(&[("server.public_url", "https://calls.example.org")]).await;
    app.add_user("real", |_| {}).await;
    let answer = app.login("real", PASSWORD).await.expect(200);
    let set = answer.header("set-cookie");
    for part in [
        "HttpOnly",
        "SameSite=Strict",
        "Path=/api/v1/auth",
        "Secure",
        "Max-Age=1209600",
    ] {
        assert!(set.contains(part), "{part} is missing in {set}");
    }
}

#[tokio::test]
async fn a_refresh_token_works_once_and_its_second_use_ends_the_session() {
    let app = TestApp::new().await;
    app.add_user("real", |_| {}).await;
    let first = app.login("real", PASSWORD).await.expect(200).refresh_cookie();
    let refresh = async |cookie: &str| app.request_refresh(cookie).await;

    app.clock.advance(TimeDelta::minutes(10));
    let second = refresh(&first).await.expect(200).refresh_cookie();
    assert_ne!(first, second);

    app.clock.advance(TimeDelta::minutes(10));
    refresh(&first).await.expect_problem(401, "auth.session_over");
    // The thief and the owner are both out: nobody can tell which of them is which.
    refresh(&second).await.expect_problem(401, "auth.session_over");
}

#[tokio::test]
async fn two_tabs_that_refresh_at_the_same_moment_both_stay_signed_in() {
    let app = TestApp::new().await;
    app.add_user("real", |_| {}).await;
    let cookie = app.login("real", PASSWORD).await.expect(200).refresh_cookie();
    let next = app.request_refresh(&cookie).await.expect(200).refresh_cookie();
    let late = app.request_refresh(&cookie).await.expect(200);
    assert_eq!(late.header("set-cookie"), "", "only one token is in force");
    let token = late.json()["access_token"].as_str().expect("token").to_owned();
    app.get("/api/v1/me").bearer(&token).send().await.expect(200);
    app.request_refresh(&next).await.expect(200);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_takes_the_cookie_away() {
    let app = TestApp::new().await;
    app.add_user("real", |_| {}).await;
    let answer = app.login("real", PASSWORD).await.expect(200);
    let (cookie, token) = (answer.refresh_cookie(), answer.json()["access_token"].clone());
    let token = token.as_str().expect("token");
    app.get("/api/v1/me").bearer(token).send().await.expect(200);

    let out = app
        .post("/api/v1/auth/logout", &json!({}))
        .cookie(&cookie)
        .send()
        .await
        .expect(204);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    app.get("/api/v1/me")
        .bearer(token)
        .send()
        .await
        .expect_problem(401, "auth.session_over");
    app.request_refresh(&cookie)
        .await
        .expect_problem(401, "auth.session_over");
}

#[tokio::test]
async fn an_unused_session_ends_after_its_days() {
    let app = TestApp::new().await;
    app.add_user("real", |_| {}).await;
    let cookie = app.login("real", PASSWORD).await.expect(200).refresh_cookie();
    app.clock.advance(TimeDelta::days(14));
    app.request_refresh(&cookie)
        .await
        .expect_problem(401, "auth.session_over");
}

#[tokio::test]
async fn expired_altered_and_invented_tokens_are_refused() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let me = async |token: &str| app.get("/api/v1/me").bearer(token).send().await;

    let (head, signature) = token.rsplit_once('.').expect("three parts");
    let altered: String = signature.chars().rev().collect();
    me(&format!("{head}.{altered}"))
        .await
        .expect_problem(401, "auth.invalid_token");
    me("nonsense").await.expect_problem(401, "auth.invalid_token");
    app.get("/api/v1/me")
        .send()
        .await
        .expect_problem(401, "auth.not_signed_in");
    app.clock.advance(TimeDelta::minutes(15));
    me(&token).await.expect_problem(401, "auth.token_expired");
}

#[tokio::test]
async fn a_page_of_another_site_cannot_refresh() {
    let app = TestApp::new().await;
    app.add_user("real", |_| {}).await;
    let cookie = app.login("real", PASSWORD).await.expect(200).refresh_cookie();
    let call = app.post("/api/v1/auth/refresh", &json!({})).cookie(&cookie);
    call.header("sec-fetch-site", "cross-site")
        .send()
        .await
        .expect_problem(403, "auth.foreign_page");
}

#[tokio::test]
async fn a_reset_password_must_be_changed_and_lifts_the_lock() {
    let app = TestApp::new().await;
    app.add_user("real", |_| {}).await;
    for _ in 0..5 {
        app.login("real", "wrong").await;
    }
    app.state
        .users
        .reset_password("real", "handed over 1")
        .await
        .expect("reset");
    let grant = app.login("real", "handed over 1").await.expect(200).json();
    assert_eq!(grant["must_change_password"], true);
}

impl TestApp {
    async fn request_refresh(&self, cookie: &str) -> crate::support::Answer {
        self.post("/api/v1/auth/refresh", &json!({}))
            .cookie(cookie)
            .send()
            .await
    }
}
