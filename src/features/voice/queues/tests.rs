use domain::{ids::ServerId, plan::OverflowSpec};
use serde_json::json;

use crate::{
    error::ErrorKind,
    features::voice::testing::{Bench, from_json, refused},
    ports::ConfigPart,
};

async fn queue(bench: &Bench, server_id: i64, code: &str) -> super::dto::QueueView {
    let form = json!({ "server_id": server_id, "code": code, "name": code });
    let view = bench.voice.create_queue(from_json(&form)).await.unwrap();
    bench.take_changes();
    view
}

testkit::on_both_databases! {
    async fn a_queue_is_made_with_sensible_defaults(db: TestDb) {
        let bench = Bench::new(db);
        let server = bench.server("one").await;
        let form = json!({ "server_id": server.id, "code": "sales", "name": "售前咨询" });
        let made = bench.voice.create_queue(from_json(&form)).await.unwrap();
        assert_eq!(bench.take_changes(), [(server.id, ConfigPart::Queues)]);
        assert_eq!((made.service_level_secs, made.discard_abandoned_after_secs, made.agents.len()), (20, 60, 0));
        let source = bench.voice.load_plan_source(ServerId(server.id)).await.unwrap();
        assert_eq!(source.queues[0].strategy, "longest-idle-agent");
        assert_eq!(source.queues[0].overflow, OverflowSpec::Hangup);
    }

    async fn codes_are_unique_plain_and_fixed(db: TestDb) {
        let bench = Bench::new(db);
        let server = bench.server("one").await;
        let sales = queue(&bench, server.id, "sales").await;
        let again = json!({ "server_id": server.id, "code": "sales", "name": "x" });
        let error = bench.voice.create_queue(from_json(&again)).await.unwrap_err();
        assert_eq!((error.code(), refused(&error)), ("queue.code_taken", vec![("/code", "taken")]));
        let odd = json!({ "server_id": server.id, "code": "Sales 1", "name": "x", "max_wait_secs": -1,
            "announce_frequency_secs": 30 });
        let error = bench.voice.create_queue(from_json(&odd)).await.unwrap_err();
        assert_eq!(refused(&error), [
            ("/code", "malformed"), ("/max_wait_secs", "out_of_range"), ("/announce_sound", "required"),
        ]);
        let other = json!({ "server_id": server.id, "code": "other", "name": "x", "version": sales.version });
        let error = bench.voice.update_queue(sales.id, from_json(&other)).await.unwrap_err();
        assert_eq!(refused(&error), [("/code", "fixed")]);
    }

    async fn overflow_leads_to_something_that_exists_elsewhere(db: TestDb) {
        let bench = Bench::new(db);
        let server = bench.server("one").await;
        let sales = queue(&bench, server.id, "sales").await;
        bench.extension(server.id, "101").await;
        let with = |kind: &str, target: serde_json::Value| {
            json!({ "server_id": server.id, "code": "support", "name": "x", "overflow_kind": kind,
                "overflow_target": target })
        };
        for (kind, target, code) in [
            ("queue", json!(null), "required"), ("queue", json!("support"), "loop"),
            ("queue", json!("nowhere"), "unknown"), ("extension", json!("999"), "unknown"),
        ] {
            let error = bench.voice.create_queue(from_json(&with(kind, target))).await.unwrap_err();
            assert_eq!(refused(&error), [("/overflow_target", code)]);
        }
        bench.voice.create_queue(from_json(&with("queue", json!("sales")))).await.unwrap();
        let source = bench.voice.load_plan_source(ServerId(server.id)).await.unwrap();
        assert_eq!(source.queues[1].overflow, OverflowSpec::Queue(sales.id));
        let error = bench.voice.delete_queue(sales.id).await.unwrap_err();
        assert!(error.detail().contains("overflow of queue x"), "{}", error.detail());
    }

    async fn the_switch_is_told_the_difference_of_agents_and_nothing_else(db: TestDb) {
        let bench = Bench::new(db);
        let server = bench.server("one").await;
        let sales = queue(&bench, server.id, "sales").await;
        let mut ids = Vec::new();
        for number in ["101", "102", "103"] {
            ids.push(bench.extension(server.id, number).await.id);
        }
        let first = json!({ "version": 1, "agents": [
            { "extension_id": ids[0], "position": 1 }, { "extension_id": ids[1], "position": 2, "ring_secs": 15 },
        ]});
        let view = bench.voice.set_queue_agents(sales.id, from_json(&first)).await.unwrap();
        let order: Vec<(&str, i32)> = view.agents.iter().map(|a| (a.number.as_str(), a.ring_secs)).collect();
        assert_eq!((order, view.version), (vec![("101", 20), ("102", 15)], 2));
        let told = bench.take_agent_changes();
        assert_eq!((told.len(), told[0].added.len(), told[0].queue.as_str()), (1, 2, "sales"));
        assert_eq!(bench.take_changes(), [(server.id, ConfigPart::Queues)]);

        let second = json!({ "version": 2, "agents": [
            { "extension_id": ids[1], "position": 1 }, { "extension_id": ids[2], "position": 2, "wrap_up_secs": 0 },
        ]});
        let view = bench.voice.set_queue_agents(sales.id, from_json(&second)).await.unwrap();
        let told = bench.take_agent_changes().remove(0);
        assert_eq!(told.removed, ["101"]);
        assert_eq!((told.added[0].tier.agent.as_str(), told.added[0].limits.wrap_up_secs), ("103", 0));
        assert_eq!((told.changed[0].tier.agent.as_str(), told.changed[0].tier.position), ("102", 1));
        assert_eq!((told.changed[0].ring_secs, told.added.len(), told.changed.len()), (15, 1, 1));

        let same = json!({ "version": view.version, "agents": [
            { "extension_id": ids[1], "position": 1 }, { "extension_id": ids[2], "position": 2 },
        ]});
        bench.voice.set_queue_agents(sales.id, from_json(&same)).await.unwrap();
        assert!(bench.take_agent_changes().is_empty());
    }

    async fn agents_must_be_phones_of_the_same_server_named_once(db: TestDb) {
        let bench = Bench::new(db);
        let (one, two) = (bench.server("one").await, bench.server("two").await);
        let sales = queue(&bench, one.id, "sales").await;
        let phone = bench.extension(one.id, "101").await.id;
        let foreign = bench.extension(two.id, "101").await.id;
        let robot = json!({ "server_id": one.id, "number": "200", "kind": "robot" });
        let robot = bench.voice.create_extension(from_json(&robot)).await.unwrap().id;
        let form = json!({ "version": 1, "agents": [
            { "extension_id": phone }, { "extension_id": foreign }, { "extension_id": robot },
            { "extension_id": phone, "level": 0 },
        ]});
        let error = bench.voice.set_queue_agents(sales.id, from_json(&form)).await.unwrap_err();
        assert_eq!(refused(&error), [
            ("/agents/1/extension_id", "unknown"), ("/agents/2/extension_id", "no_phone"),
            ("/agents/3/extension_id", "twice"), ("/agents/3/level", "out_of_range"),
        ]);
        assert!(bench.voice.get_queue(sales.id).await.unwrap().agents.is_empty());
    }

    async fn the_number_of_an_agent_is_fixed_until_it_leaves_its_queues(db: TestDb) {
        let bench = Bench::new(db);
        let server = bench.server("one").await;
        let sales = queue(&bench, server.id, "sales").await;
        let phone = bench.extension(server.id, "101").await;
        let agents = json!({ "version": 1, "agents": [{ "extension_id": phone.id }] });
        bench.voice.set_queue_agents(sales.id, from_json(&agents)).await.unwrap();
        let renumber = json!({ "server_id": server.id, "number": "102", "version": 1 });
        let error = bench.voice.update_extension(phone.id, from_json(&renumber)).await.unwrap_err();
        assert_eq!(refused(&error), [("/number", "fixed")]);
        assert!(error.detail().contains("sales"));
        let error = bench.voice.delete_extension(phone.id).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, "extension.in_use"));

        bench.take_agent_changes();
        bench.voice.delete_queue(sales.id).await.unwrap();
        assert_eq!(bench.take_agent_changes()[0].removed, ["101"]);
        bench.voice.update_extension(phone.id, from_json(&renumber)).await.unwrap();
        bench.voice.delete_extension(phone.id).await.unwrap();
    }

    async fn lists_bring_the_agents_of_each_queue(db: TestDb) {
        let bench = Bench::new(db);
        let server = bench.server("one").await;
        let (a, b) = (queue(&bench, server.id, "a").await, queue(&bench, server.id, "b").await);
        let phone = bench.extension(server.id, "101").await;
        let agents = json!({ "version": 1, "agents": [{ "extension_id": phone.id }] });
        bench.voice.set_queue_agents(b.id, from_json(&agents)).await.unwrap();
        let page = bench.voice.list_queues(from_json(&json!({ "server_id": server.id }))).await.unwrap();
        let sizes: Vec<(i64, usize)> = page.rows.iter().map(|row| (row.id, row.agents.len())).collect();
        assert_eq!(sizes, [(a.id, 0), (b.id, 1)]);
        let source = bench.voice.load_plan_source(ServerId(server.id)).await.unwrap();
        assert_eq!((source.agents.len(), source.tiers.len(), source.tiers[0].queue_id), (1, 1, b.id));
    }
}
