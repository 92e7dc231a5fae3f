use domain::{ids::ServerId, plan::ServerPlan};
use serde_json::json;

use crate::{
    features::voice::testing::{Bench, from_json, refused},
    ports::ConfigPart,
};

testkit::on_both_databases! {
    async fn rules_line_up_behind_each_other_with_room_between(db: TestDb) {
        let bench = Bench::new(db);
        let server = bench.server("one").await;
        let mut positions = Vec::new();
        for name in ["first", "second"] {
            let form = json!({ "server_id": server.id, "name": name, "kind": "basic", "pattern": "^(\\d{3,4})$" });
            positions.push(bench.voice.create_route(from_json(&form)).await.unwrap().position);
        }
        assert_eq!(positions, [10, 20]);
        let form = json!({ "server_id": server.id, "name": "between", "kind": "basic", "pattern": "9", "position": 15 });
        bench.voice.create_route(from_json(&form)).await.unwrap();
        assert_eq!(bench.take_changes(), [(server.id, ConfigPart::Routes); 3]);
        let page = bench.voice.list_routes(from_json(&json!({ "server_id": server.id }))).await.unwrap();
        let names: Vec<&str> = page.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["first", "between", "second"]);
    }

    async fn a_pattern_that_the_switch_reads_otherwise_is_refused_with_the_reason(db: TestDb) {
        let bench = Bench::new(db);
        let server = bench.server("one").await;
        for pattern in ["", "^(?=0)\\d+$", "^[0-9", "^\\d++$", "${x}"] {
            let form = json!({ "server_id": server.id, "name": "r", "kind": "basic", "pattern": pattern });
            let error = bench.voice.create_route(from_json(&form)).await.unwrap_err();
            assert_eq!(refused(&error), [("/pattern", "pattern")], "{pattern}");
        }
    }

    async fn each_kind_needs_its_target(db: TestDb) {
        let bench = Bench::new(db);
        let server = bench.server("one").await;
        for (form, field) in [
            (json!({ "kind": "inbound" }), ("/target_number", "required")),
            (json!({ "kind": "queue" }), ("/queue_id", "required")),
            (json!({ "kind": "outbound", "context": "inbound" }), ("/context", "toll_fraud")),
            (json!({ "kind": "outbound", "gateway_id": 77 }), ("/gateway_id", "unknown")),
            (json!({ "kind": "inbound", "queue_id": 77 }), ("/queue_id", "unknown")),
        ] {
            let mut whole = json!({ "server_id": server.id, "name": "r", "pattern": "02812345" });
            whole.as_object_mut().unwrap().extend(form.as_object().unwrap().clone());
            let error = bench.voice.create_route(from_json(&whole)).await.unwrap_err();
            assert_eq!(refused(&error), [field], "{form}");
        }
    }

    async fn hours_survive_and_the_plan_has_no_problem_with_what_forms_accept(db: TestDb) {
        let bench = Bench::new(db);
        let server = bench.server("one").await;
        bench.extension(server.id, "101").await;
        let hours = json!({ "weekly": [{ "days": ["mon", "fri"], "from": "09:00", "to": "18:00" }],
            "holidays": [{ "on": "2026-10-01", "name": "国庆节" }], "extra": [] });
        let form = json!({ "server_id": server.id, "name": "Hotline", "kind": "inbound", "pattern": "02812345",
            "target_number": "101", "hours": hours });
        let made = bench.voice.create_route(from_json(&form)).await.unwrap();
        assert_eq!(made.hours.as_ref(), Some(&hours));
        let source = bench.voice.load_plan_source(ServerId(server.id)).await.unwrap();
        assert!(source.routes[0].hours.is_some());
        let (_, problems) = ServerPlan::build(source).unwrap();
        assert!(problems.is_empty(), "{problems:?}");
    }

    async fn a_changed_kind_drops_what_it_has_no_use_for(db: TestDb) {
        let bench = Bench::new(db);
        let server = bench.server("one").await;
        let form = json!({ "server_id": server.id, "name": "r", "kind": "inbound", "pattern": "02812345",
            "target_number": "101" });
        let made = bench.voice.create_route(from_json(&form)).await.unwrap();
        let form = json!({ "server_id": server.id, "name": "r", "kind": "basic", "pattern": "^(\\d{3})$",
            "target_number": "101", "version": 1 });
        let after = bench.voice.update_route(made.id, from_json(&form)).await.unwrap();
        assert_eq!((after.target_number, after.position), (None, made.position));
    }
}
