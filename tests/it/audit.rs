//! The operation log.

use sea_orm::{ConnectionTrait as _, EntityTrait as _, QueryOrder as _};
use serde_json::json;

use crate::support::{TestApp, people::PASSWORD};

#[tokio::test]
async fn every_change_that_is_asked_for_leaves_a_row_with_who_what_and_how_it_ended() {
    let app = TestApp::new().await;
    app.add_user("real", |_| {}).await;
    app.login("nobody", "wrong").await.expect(401);
    let token = app.sign_in("real").await;
    let body = json!({ "current": "wrong", "new": "a better one" });
    let refused = app
        .post("/api/v1/auth/password", &body)
        .bearer(&token)
        .from("192.0.2.7")
        .send()
        .await;
    let request_id = refused.header("x-request-id").to_owned();

    let rows = entity::audit::Entity::find().order_by_asc(entity::audit::Column::Id);
    let rows = rows.all(app.db.conn()).await.expect("the log can be read");
    let seen: Vec<_> = rows
        .iter()
        .map(|r| (r.action.as_str(), r.user_name.as_str(), r.result.as_str()))
        .collect();
    let expected = [
        ("login", "nobody", "denied"),
        ("login", "real", "ok"),
        ("change_password", "real", "failed"),
    ];
    assert_eq!(seen, expected);
    let last = &rows[2];
    assert_eq!(
        (last.ip.as_str(), last.status, last.request_id.clone()),
        ("192.0.2.7", 422, request_id)
    );
    let text = format!("{rows:?}");
    assert!(
        !text.contains(PASSWORD) && !text.contains("a better one"),
        "{text}"
    );
}

#[tokio::test]
async fn the_log_is_read_page_by_page_and_newest_first() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    for _ in 0..3 {
        app.login("ghost", "wrong").await;
    }
    let page = app
        .get("/api/v1/system/audit?page_size=2&page=2")
        .bearer(&token)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(
        (page["total"].as_u64(), page["page"].as_u64()),
        (Some(4), Some(2))
    );
    assert_eq!(page["rows"][1]["user_name"], "boss");
    let page = app
        .get("/api/v1/system/audit?user_name=gho")
        .bearer(&token)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(page["total"], 3);
    let refused = app.get("/api/v1/system/audit?page=0").bearer(&token).send().await;
    refused.expect_problem(422, "invalid");
}

#[tokio::test]
async fn a_log_that_cannot_be_written_does_not_fail_the_request() {
    let app = TestApp::new().await;
    app.add_user("real", |_| {}).await;
    app.db
        .conn()
        .execute_unprepared("drop table audit")
        .await
        .expect("dropped");
    app.login("real", PASSWORD).await.expect(200);
}
