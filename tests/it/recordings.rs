//! Listening: tickets, parts of a file, what must never be heard.

use chrono::TimeDelta;
use cordboard::ports::Clock as _;
use entity::{audit, recording, role, role_permission, secret::Sealed, voice_server};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, Set,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::{Answer, TestApp};

/// An application whose voice server records into a folder that the switch knows as `/rec`.
struct Ground {
    app: TestApp,
    folder: TempDir,
    server: i64,
}

impl Ground {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let folder = tempfile::tempdir().expect("a folder");
        let now = app.clock.now();
        let server = voice_server::ActiveModel {
            name: Set("one".into()),
            switch_name: Set("one".into()),
            address: Set("127.0.0.1".into()),
            esl_port: Set(8021),
            esl_password_sealed: Set(Sealed("x".into())),
            sip_domain: Set("one.example".into()),
            http_user: Set("one".into()),
            http_password_sealed: Set(Sealed("x".into())),
            internal_port: Set(5060),
            external_port: Set(5080),
            codecs: Set("PCMA".into()),
            record_dir: Set("/rec".into()),
            record_dir_local: Set(Some(folder.path().display().to_string())),
            control_url: Set("http://127.0.0.1:8088".into()),
            is_enabled: Set(true),
            created_at: Set(now),
            updated_at: Set(now),
            version: Set(1),
            ..Default::default()
        };
        let server = server.insert(app.db.conn()).await.expect("a server").id;
        Self { app, folder, server }
    }

    /// A recording of a call, under a path as the switch reports it.
    async fn add(&self, number: u128, call: Uuid, path: &str) -> String {
        let now = self.app.clock.now();
        let row = recording::Model {
            id: Uuid::from_u128(number),
            call_id: call,
            leg_id: Uuid::from_u128(1),
            server_id: self.server,
            path: path.into(),
            started_at: now,
            ended_at: Some(now),
            duration_ms: None,
            size_bytes: None,
            state: "ready".into(),
        };
        let added = row.into_active_model().insert(self.app.db.conn()).await;
        format!("/api/v1/recordings/{}", added.expect("a recording").id)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("written");
    }

    async fn ticket(&self, at: &str, token: &str) -> Answer {
        self.app
            .post(&format!("{at}/ticket"), &serde_json::json!({}))
            .bearer(token)
            .send()
            .await
    }

    async fn state_of(&self, number: u128) -> String {
        let row = recording::Entity::find_by_id(Uuid::from_u128(number)).one(self.app.db.conn());
        row.await.expect("read").expect("there").state
    }

    async fn heard(&self) -> usize {
        let rows = audit::Entity::find()
            .filter(audit::Column::Action.eq("listen_to_recording"))
            .filter(audit::Column::Result.eq("ok"))
            .all(self.app.db.conn());
        rows.await.expect("read").len()
    }
}

#[tokio::test]
async fn a_player_gets_the_parts_it_asks_for() {
    let ground = Ground::new().await;
    let boss = ground.app.admin().await;
    let call = ground.app.add_call(1, None).await;
    let at = ground.add(1, call, "/rec/a.wav").await;
    ground.write("a.wav", "0123456789");
    let get = async |headers: &[(&str, &str)]| {
        let mut request = ground.app.get(&format!("{at}/audio")).bearer(&boss);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.send().await
    };

    let whole = get(&[]).await.expect(200);
    assert_eq!(
        (whole.text.as_str(), whole.header("content-type")),
        ("0123456789", "audio/wav")
    );
    assert_eq!(
        (whole.header("accept-ranges"), whole.header("content-length")),
        ("bytes", "10")
    );
    for (range, text, content_range) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
    ] {
        let part = get(&[("range", range)]).await.expect(206);
        assert_eq!(
            (part.text.as_str(), part.header("content-range")),
            (text, content_range)
        );
    }
    let beyond = get(&[("range", "bytes=10-")]).await;
    assert_eq!(beyond.header("content-range"), "bytes */10");
    beyond.expect_problem(416, "http.range_not_satisfiable");

    let tag = whole.header("etag");
    get(&[("if-none-match", tag)]).await.expect(304);
    get(&[("range", "bytes=2-4"), ("if-range", tag)])
        .await
        .expect(206);
    get(&[("range", "bytes=2-4"), ("if-range", "\"older\"")])
        .await
        .expect(200);
}

#[tokio::test]
async fn a_ticket_plays_its_recording_for_its_owner_for_five_minutes_and_leaves_a_trace() {
    let ground = Ground::new().await;
    let boss = ground.app.admin().await;
    let call = ground.app.add_call(1, None).await;
    let at = ground.add(1, call, "/rec/a.wav").await;
    let other = ground.add(2, call, "/rec/a.wav").await;
    ground.write("a.wav", "0123456789");
    let ticket = ground.ticket(&at, &boss).await.expect(200).json();
    let url = ticket["url"].as_str().expect("an address");
    assert_eq!(ground.heard().await, 1);

    let played = ground
        .app
        .get(url)
        .header("range", "bytes=0-3")
        .send()
        .await
        .expect(206);
    assert_eq!(played.text, "0123");
    let elsewhere = url.replace(&at, &other);
    ground
        .app
        .get(&elsewhere)
        .send()
        .await
        .expect_problem(401, "recording.invalid_ticket");
    ground
        .app
        .get(&format!("{url}x"))
        .send()
        .await
        .expect_problem(401, "recording.invalid_ticket");

    let chief = ground.app.add_user("chief", |_| {}).await;
    ground.app.give_role(chief, "supervisor").await;
    let chief = ground.app.sign_in("chief").await;
    let foreign = ground.app.get(url).bearer(&chief).send().await;
    foreign.expect_problem(403, "recording.foreign_ticket");

    ground.app.clock.advance(TimeDelta::minutes(5));
    ground
        .app
        .get(url)
        .send()
        .await
        .expect_problem(401, "recording.ticket_expired");
    ground
        .app
        .get(&format!("{at}/audio"))
        .send()
        .await
        .expect_problem(401, "auth.not_signed_in");
    // Without a ticket each listening from the begin is noted, jumps in the sound are not.
    ground
        .app
        .get(&format!("{at}/audio"))
        .bearer(&chief)
        .send()
        .await
        .expect(200);
    let jump = ground
        .app
        .get(&format!("{at}/audio"))
        .bearer(&chief)
        .header("range", "bytes=5-");
    jump.send().await.expect(206);
    assert_eq!(ground.heard().await, 2);
}

#[tokio::test]
async fn a_ticket_ends_with_the_session_that_it_was_made_in() {
    let ground = Ground::new().await;
    let boss = ground.app.admin().await;
    let call = ground.app.add_call(1, None).await;
    let at = ground.add(1, call, "/rec/a.wav").await;
    ground.write("a.wav", "0123456789");
    let ticket = ground.ticket(&at, &boss).await.expect(200).json();
    let owner = ground.app.get("/api/v1/me").bearer(&boss).send().await.json()["id"]
        .as_i64()
        .expect("an id");
    ground
        .app
        .state
        .sessions
        .revoke_all(owner, "test")
        .await
        .expect("revoked");
    ground.app.state.guard.forget_user(owner);
    let refused = ground
        .app
        .get(ticket["url"].as_str().expect("an address"))
        .send()
        .await;
    refused.expect_problem(401, "auth.session_over");
}

#[tokio::test]
async fn paths_out_of_the_folder_are_never_followed() {
    let ground = Ground::new().await;
    let boss = ground.app.admin().await;
    let call = ground.app.add_call(1, None).await;
    ground.write("secret.key", "secret");
    let outside = ground.folder.path().with_extension("wav");
    std::fs::write(&outside, "secret").expect("written");
    let name = outside
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    for (number, path) in [
        "/etc/hosts".to_owned(),
        format!("/rec/../{name}"),
        format!("../{name}"),
        "/rec/secret.key".to_owned(),
        outside.display().to_string(),
    ]
    .iter()
    .enumerate()
    {
        let at = ground.add(number as u128 + 10, call, path).await;
        let answer = ground.app.get(&format!("{at}/audio")).bearer(&boss).send().await;
        answer.expect_problem(404, "not_found");
    }
    std::fs::remove_file(outside).expect("removed");
}

#[tokio::test]
async fn a_file_that_is_gone_is_called_missing_until_it_is_back() {
    let ground = Ground::new().await;
    let boss = ground.app.admin().await;
    let call = ground.app.add_call(1, None).await;
    let at = ground.add(1, call, "/rec/a.wav").await;
    ground
        .ticket(&at, &boss)
        .await
        .expect_problem(404, "recording.missing");
    assert_eq!(ground.state_of(1).await, "missing");
    assert_eq!(ground.heard().await, 0);
    ground.write("a.wav", "0123456789");
    ground.ticket(&at, &boss).await.expect(200);
    assert_eq!(ground.state_of(1).await, "ready");

    // A folder that is away is no reason to call its files lost.
    std::fs::remove_dir_all(ground.folder.path()).expect("removed");
    ground
        .ticket(&at, &boss)
        .await
        .expect_problem(503, "recording.folder_away");
    assert_eq!(ground.state_of(1).await, "ready");
}

#[tokio::test]
async fn the_shape_is_drawn_and_a_damaged_file_is_a_problem() {
    let ground = Ground::new().await;
    let boss = ground.app.admin().await;
    let call = ground.app.add_call(1, None).await;
    let at = ground.add(1, call, "/rec/a.wav").await;
    ground.write("a.wav", "RIFF, but not really");
    let peaks = async || ground.app.get(&format!("{at}/peaks")).bearer(&boss).send().await;
    peaks().await.expect_problem(409, "recording.unreadable");

    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(ground.folder.path().join("a.wav"), spec).expect("made");
    for _ in 0..8000 {
        writer.write_sample(16_384_i16).expect("written");
        writer.write_sample(0_i16).expect("written");
    }
    writer.finalize().expect("closed");
    let shape = peaks().await.expect(200).json();
    assert_eq!(
        (shape["channels"].as_i64(), shape["duration_ms"].as_i64()),
        (Some(2), Some(1000))
    );
    let sides = shape["peaks"].as_array().expect("sides");
    assert_eq!(
        (sides[0].as_array().map(Vec::len), &sides[0][0]),
        (Some(4000), &serde_json::json!(0.5))
    );
}

#[tokio::test]
async fn who_may_listen_to_own_calls_hears_no_others() {
    let ground = Ground::new().await;
    let agent = ground.app.agent().await;
    let role = role::Entity::find()
        .filter(role::Column::Code.eq("agent"))
        .one(ground.app.db.conn());
    let grant = role_permission::ActiveModel {
        role_id: Set(role.await.expect("read").expect("there").id),
        permission: Set("recordings.listen".into()),
    };
    grant.insert(ground.app.db.conn()).await.expect("granted");
    let own_id = ground.app.get("/api/v1/me").bearer(&agent).send().await.json()["id"].as_i64();
    ground.app.state.guard.forget_user(own_id.expect("an id"));
    let own = ground.app.add_call(1, own_id).await;
    let foreign = ground.app.add_call(2, None).await;
    ground.write("a.wav", "0123456789");
    let (own, foreign) = (
        ground.add(1, own, "/rec/a.wav").await,
        ground.add(2, foreign, "/rec/a.wav").await,
    );
    ground.ticket(&own, &agent).await.expect(200);
    ground
        .ticket(&foreign, &agent)
        .await
        .expect_problem(404, "not_found");
}
