//! The ledger over HTTP. What each filter keeps and how pages hang together is tested beside the queries, on both
//! databases.

use chrono::TimeDelta;

use crate::support::TestApp;

#[tokio::test]
async fn an_agent_sees_and_opens_only_own_calls_and_a_supervisor_sees_all() {
    let app = TestApp::new().await;
    let agent = app.agent().await;
    let own_id = app.get("/api/v1/me").bearer(&agent).send().await.json()["id"].as_i64();
    let (own, other) = (app.add_call(1, own_id).await, app.add_call(2, None).await);

    let list = app
        .get("/api/v1/calls")
        .bearer(&agent)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(
        (list["total"].as_u64(), list["total_is_exact"].as_bool()),
        (Some(1), Some(true))
    );
    assert_eq!(list["rows"][0]["id"], own.to_string());
    assert_eq!(list["rows"][0]["user_name"], "LI.NA");

    let detail = |id| format!("/api/v1/calls/{id}");
    app.get(&detail(own)).bearer(&agent).send().await.expect(200);
    app.get(&detail(other))
        .bearer(&agent)
        .send()
        .await
        .expect_problem(404, "not_found");

    let id = app.add_user("chief", |_| {}).await;
    app.give_role(id, "supervisor").await;
    let chief = app.sign_in("chief").await;
    let list = app
        .get("/api/v1/calls")
        .bearer(&chief)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(list["total"], 2);
    app.get(&detail(other)).bearer(&chief).send().await.expect(200);
}

#[tokio::test]
async fn pages_follow_their_cursors_and_a_made_up_one_is_refused_by_name() {
    let app = TestApp::new().await;
    let boss = app.admin().await;
    for number in 1..=5 {
        app.add_call(number, None).await;
        app.clock.advance(TimeDelta::seconds(1));
    }
    let get = async |query: String| {
        app.get(&format!("/api/v1/calls?limit=2{query}"))
            .bearer(&boss)
            .send()
            .await
    };
    let first = get(String::new()).await.expect(200).json();
    let cursor = first["next_cursor"].as_str().expect("more");
    app.add_call(6, None).await;
    let second = get(format!("&cursor={cursor}")).await.expect(200).json();
    let ids: Vec<&str> = [&first, &second]
        .iter()
        .flat_map(|page| page["rows"].as_array().expect("rows"))
        .map(|row| row["id"].as_str().expect("an id"))
        .map(|id| &id[id.len() - 1..])
        .collect();
    assert_eq!(ids, ["5", "4", "3", "2"]);

    for (query, pointer) in [
        ("&cursor=made-up", "/cursor"),
        ("&direction=sideways", "/direction"),
        ("&from=2020-01-01T00:00:00Z", "/from"),
    ] {
        let problem = get(query.into()).await.expect_problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
}
