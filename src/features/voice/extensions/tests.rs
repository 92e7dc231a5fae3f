use domain::ids::ServerId;
use serde_json::json;

use crate::{
    error::ErrorKind,
    features::voice::{
        plan_source::a1_hash,
        testing::{Bench, from_json, refused},
    },
    ports::ConfigPart,
};

testkit::on_both_databases! {
    async fn a_password_is_made_and_shown_once_and_the_plan_gets_only_its_digest(db: TestDb) {
        let bench = Bench::new(db);
        let server = bench.server("one").await;
        let form = json!({ "server_id": server.id, "number": " 101 ", "display_name": "前台" });
        let made = bench.voice.create_extension(from_json(&form)).await.unwrap();
        assert_eq!(bench.take_changes(), [(server.id, ConfigPart::Extensions)]);
        let password = made.generated_password.clone().unwrap();
        assert_eq!((made.number.as_str(), password.len()), ("101", 16));
        assert_eq!(bench.voice.get_extension(made.id).await.unwrap().generated_password, None);

        let source = bench.voice.load_plan_source(ServerId(server.id)).await.unwrap();
        assert_eq!(source.extensions[0].a1_hash, a1_hash("101", "voice.example", &password));
    }

    async fn a_number_is_taken_only_on_its_own_server_and_only_by_the_living(db: TestDb) {
        let bench = Bench::new(db);
        let (one, two) = (bench.server("one").await, bench.server("two").await);
        let first = bench.extension(one.id, "101").await;
        bench.extension(two.id, "101").await;
        let form = json!({ "server_id": one.id, "number": "101" });
        let error = bench.voice.create_extension(from_json(&form)).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, "extension.number_taken"));
        assert_eq!(refused(&error), [("/number", "taken")]);
        bench.voice.delete_extension(first.id).await.unwrap();
        bench.voice.create_extension(from_json(&form)).await.unwrap();
    }

    async fn weak_passwords_and_foreign_references_are_refused(db: TestDb) {
        let bench = Bench::new(db);
        let (one, two) = (bench.server("one").await, bench.server("two").await);
        let gateway = json!({ "server_id": two.id, "name": "g", "kind": "nni", "proxy": "10.0.0.9" });
        let gateway = bench.voice.create_gateway(from_json(&gateway)).await.unwrap();
        let form = json!({ "server_id": one.id, "number": "10a", "password": "1234", "gateway_id": gateway.id,
            "kind": "queue", "ring_secs": 1, "caller_id_number": "hello world" });
        let error = bench.voice.create_extension(from_json(&form)).await.unwrap_err();
        assert_eq!(refused(&error), [
            ("/number", "malformed"), ("/password", "weak"), ("/caller_id_number", "malformed"),
            ("/ring_secs", "out_of_range"), ("/gateway_id", "unknown"), ("/queue_id", "required"),
        ]);
    }

    async fn what_others_lead_to_stays(db: TestDb) {
        let bench = Bench::new(db);
        let server = bench.server("one").await;
        let phone = bench.extension(server.id, "101").await;
        let route = json!({ "server_id": server.id, "name": "Hotline", "kind": "inbound", "pattern": "02812345",
            "target_number": "101" });
        bench.voice.create_route(from_json(&route)).await.unwrap();
        let error = bench.voice.delete_extension(phone.id).await.unwrap_err();
        assert_eq!(error.code(), "extension.in_use");
        assert!(error.detail().contains("route Hotline"), "{}", error.detail());
    }

    async fn a_server_that_does_not_exist_is_not_found(db: TestDb) {
        let bench = Bench::new(db);
        let form = json!({ "server_id": 99, "number": "101" });
        let error = bench.voice.create_extension(from_json(&form)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}
