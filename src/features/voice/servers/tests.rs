use serde_json::json;

use crate::{
    error::ErrorKind,
    features::voice::testing::{Bench, from_json, refused, server_json},
    ports::ConfigPart,
};

testkit::on_both_databases! {
    async fn a_server_is_made_with_defaults_and_its_generated_password_is_shown_once(db: TestDb) {
        let bench = Bench::new(db);
        let made = bench.voice.create_server(from_json(&server_json("one"))).await.unwrap();
        assert_eq!((made.esl_port, made.internal_port, made.external_port), (8021, 5060, 5080));
        assert_eq!(made.generated_http_password.as_ref().map(String::len), Some(16));
        assert_eq!(bench.take_changes(), [(made.id, ConfigPart::Server)]);

        let read = bench.voice.get_server(made.id).await.unwrap();
        assert_eq!(read.generated_http_password, None);
        assert_eq!(read.status, Some(json!({ "id": made.id.to_string() })));
        let shown = serde_json::to_string(&read).unwrap();
        assert!(!shown.contains("ClueCon") && !shown.contains("sealed"), "{shown}");

        let access = &bench.voice.list_server_access().await.unwrap()[0];
        assert_eq!(access.esl_password, "ClueCon");
        assert_eq!(Some(&access.http_password), made.generated_http_password.as_ref());
        assert!(!format!("{access:?}").contains("ClueCon"));
    }

    async fn every_mistake_of_a_form_is_named_with_its_field(db: TestDb) {
        let bench = Bench::new(db);
        let mut form = server_json("");
        for (field, value) in [
            ("switch_name", json!("a b")), ("address", json!("http://x")), ("esl_port", json!(0)),
            ("esl_password", json!("")), ("sip_domain", json!("a/b")), ("http_user", json!("a:b")),
            ("external_port", json!(5060)), ("codecs", json!("PCMA; rm")), ("record_dir", json!("../x")),
            ("control_url", json!("ftp://x")), ("snapshot_path", json!("/etc/passwd")),
            ("cdr_spool_dir", json!("/var/../etc")),
        ] {
            form[field] = value;
        }
        let error = bench.voice.create_server(from_json(&form)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let mut fields = refused(&error);
        fields.sort_unstable();
        assert_eq!(fields, [
            ("/address", "malformed"), ("/cdr_spool_dir", "malformed"), ("/codecs", "malformed"),
            ("/control_url", "malformed"), ("/esl_password", "required"), ("/esl_port", "out_of_range"),
            ("/external_port", "taken"), ("/http_user", "malformed"), ("/name", "required"),
            ("/record_dir", "malformed"), ("/sip_domain", "malformed"), ("/snapshot_path", "malformed"),
            ("/switch_name", "malformed"),
        ]);
        assert!(bench.take_changes().is_empty());
    }

    async fn two_servers_must_not_answer_to_one_name(db: TestDb) {
        let bench = Bench::new(db);
        bench.server("one").await;
        let mut form = server_json("two");
        form["switch_name"] = json!("one");
        let error = bench.voice.create_server(from_json(&form)).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, "server.switch_name_taken"));
        assert_eq!(refused(&error), [("/switch_name", "taken")]);
    }

    async fn an_edit_keeps_passwords_that_are_not_sent_and_needs_the_present_version(db: TestDb) {
        let bench = Bench::new(db);
        let server = bench.server("one").await;
        let mut form = server_json("renamed");
        form["esl_password"] = json!(null);
        form["version"] = json!(1);
        let after = bench.voice.update_server(server.id, from_json(&form)).await.unwrap();
        assert_eq!((after.name.as_str(), after.version), ("renamed", 2));
        assert_eq!(bench.voice.list_server_access().await.unwrap()[0].esl_password, "ClueCon");

        let error = bench.voice.update_server(server.id, from_json(&form)).await.unwrap_err();
        assert_eq!(error.code(), "conflict.stale_version");
        assert_eq!(bench.take_changes().len(), 1);
    }

    async fn a_server_goes_only_when_nothing_is_left_on_it_and_its_name_is_free_again(db: TestDb) {
        let bench = Bench::new(db);
        let server = bench.server("one").await;
        let phone = bench.extension(server.id, "101").await;
        let error = bench.voice.delete_server(server.id).await.unwrap_err();
        assert_eq!(error.code(), "server.in_use");
        assert!(error.detail().contains("1 extensions"), "{}", error.detail());

        bench.voice.delete_extension(phone.id).await.unwrap();
        bench.voice.delete_server(server.id).await.unwrap();
        assert_eq!(bench.voice.get_server(server.id).await.unwrap_err().kind(), ErrorKind::NotFound);
        bench.server("one").await;
    }

    async fn a_test_uses_the_stored_password(db: TestDb) {
        let bench = Bench::new(db);
        let server = bench.server("one").await;
        bench.voice.test_server(server.id).await.unwrap();
        let probes = bench.take_probes();
        assert_eq!((probes[0].address.as_str(), probes[0].port, probes[0].password.as_str()),
            ("127.0.0.1", 8021, "ClueCon"));
    }

    async fn lists_are_paged_and_searched(db: TestDb) {
        let bench = Bench::new(db);
        for name in ["c", "a", "b"] {
            bench.server(name).await;
        }
        let query = |json| bench.voice.list_servers(from_json(&json));
        let page = query(json!({ "page": 2, "page_size": 2 })).await.unwrap();
        assert_eq!((page.total, page.rows[0].name.as_str()), (3, "c"));
        assert_eq!(query(json!({ "q": "B" })).await.unwrap().total, 1);
        assert_eq!(query(json!({ "page": 0 })).await.unwrap_err().kind(), ErrorKind::Invalid);
    }
}
