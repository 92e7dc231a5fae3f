use serde_json::json;

use crate::{
    features::voice::testing::{Bench, from_json, refused},
    ports::ConfigPart,
};

testkit::on_both_databases! {
    async fn a_gateway_that_registers_needs_user_and_password(db: TestDb) {
        let bench = Bench::new(db);
        let server = bench.server("one").await;
        let form = json!({ "server_id": server.id, "name": "carrier", "kind": "uni", "proxy": "sip.example" });
        let error = bench.voice.create_gateway(from_json(&form)).await.unwrap_err();
        assert_eq!(refused(&error), [("/user_name", "required"), ("/password", "required")]);
        assert!(error.detail().contains("switch registration off"));

        let peer = json!({ "server_id": server.id, "name": "carrier", "kind": "nni", "proxy": "10.0.0.9" });
        let peer = bench.voice.create_gateway(from_json(&peer)).await.unwrap();
        assert!(!peer.register && !peer.has_password && peer.caller_id_in_from);
        assert_eq!(bench.take_changes(), [(server.id, ConfigPart::Gateways)]);
    }

    async fn a_password_is_kept_replaced_or_removed_but_never_shown(db: TestDb) {
        let bench = Bench::new(db);
        let server = bench.server("one").await;
        let mut form = json!({ "server_id": server.id, "name": "carrier", "kind": "uni", "proxy": "sip.example",
            "user_name": "0281234", "password": "trunk-secret" });
        let made = bench.voice.create_gateway(from_json(&form)).await.unwrap();
        assert!(made.has_password);
        let stored = async || {
            let source = bench.voice.load_plan_source(domain::ids::ServerId(server.id)).await.unwrap();
            source.gateways[0].password.clone()
        };
        assert_eq!(stored().await.as_deref(), Some("trunk-secret"));

        form["password"] = json!(null);
        form["version"] = json!(1);
        bench.voice.update_gateway(made.id, from_json(&form)).await.unwrap();
        assert_eq!(stored().await.as_deref(), Some("trunk-secret"));

        form["password"] = json!("");
        form["register"] = json!(false);
        form["version"] = json!(2);
        let after = bench.voice.update_gateway(made.id, from_json(&form)).await.unwrap();
        assert!(!after.has_password);
        assert_eq!(stored().await, None);
    }

    async fn name_and_server_are_fixed(db: TestDb) {
        let bench = Bench::new(db);
        let (one, two) = (bench.server("one").await, bench.server("two").await);
        let mut form = json!({ "server_id": one.id, "name": "carrier", "kind": "nni", "proxy": "10.0.0.9" });
        let made = bench.voice.create_gateway(from_json(&form)).await.unwrap();
        form["name"] = json!("other");
        form["server_id"] = json!(two.id);
        form["version"] = json!(1);
        let error = bench.voice.update_gateway(made.id, from_json(&form)).await.unwrap_err();
        assert_eq!(refused(&error), [("/server_id", "fixed"), ("/name", "fixed")]);
    }

    async fn a_gateway_in_use_stays(db: TestDb) {
        let bench = Bench::new(db);
        let server = bench.server("one").await;
        let form = json!({ "server_id": server.id, "name": "carrier", "kind": "nni", "proxy": "10.0.0.9" });
        let made = bench.voice.create_gateway(from_json(&form)).await.unwrap();
        let route = json!({ "server_id": server.id, "name": "Out", "kind": "outbound", "pattern": "^0(\\d+)$",
            "gateway_id": made.id });
        let route = bench.voice.create_route(from_json(&route)).await.unwrap();
        let error = bench.voice.delete_gateway(made.id).await.unwrap_err();
        assert_eq!(error.code(), "gateway.in_use");
        assert!(error.detail().contains("route Out"), "{}", error.detail());
        bench.voice.delete_route(route.id).await.unwrap();
        bench.voice.delete_gateway(made.id).await.unwrap();
        bench.voice.create_gateway(from_json(&form)).await.unwrap();
    }
}
