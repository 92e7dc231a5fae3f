use std::sync::Arc;

use chrono::NaiveDateTime;
use domain::{
    plan::{RouteContext, ServerPlan},
    routing::{self, CallRequest, Marks},
};
use entity::seat;
use futures_util::future::BoxFuture;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, PaginatorTrait as _,
    QueryFilter as _, Set,
};
use testkit::db::TestDb;

use super::*;
use crate::{
    boot::nudges::Nudges,
    features::{
        system::users::{
            LockoutPolicy,
            password::{HashCost, Passwords},
        },
        voice::VoiceParts,
    },
    ports::{ProbeReport, ProbeTarget, SwitchProbe, SystemClock, SystemIds},
    realtime::hub::Hub,
    store::{key::MasterKey, secrets::Sealer},
};

struct NoProbe;

impl SwitchProbe for NoProbe {
    fn probe(&self, _: ProbeTarget) -> BoxFuture<'_, ProbeReport> {
        unreachable!("the demo probes nobody")
    }
}

fn services(db: &TestDb) -> (Users, Voice) {
    let cost = HashCost {
        memory_kib: 64,
        passes: 1,
        at_once: 1,
    };
    let lockout = LockoutPolicy {
        after: 5,
        first: std::time::Duration::from_secs(1),
        longest: std::time::Duration::from_secs(1),
    };
    let users = Users::new(
        db.conn().clone(),
        Arc::new(SystemClock),
        Passwords::new(cost).unwrap(),
        lockout,
    );
    let voice = Voice::new(VoiceParts {
        db: db.conn().clone(),
        sealer: Sealer::new(&MasterKey::new([5; 32])),
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
        nudge: Arc::new(Nudges::default()),
        probe: Arc::new(NoProbe),
        statuses: Arc::new(Hub::new(uuid::Uuid::nil())),
    });
    (users, voice)
}

async fn prepare_at(db: &TestDb, port: u16) -> (Users, Voice) {
    let (users, voice) = services(db);
    let stage = Stage {
        esl: SocketAddr::from(([127, 0, 0, 1], 8021)),
        control_url: format!("http://127.0.0.1:{port}"),
        recordings: Path::new("/var/lib/cordboard/recordings"),
    };
    prepare(
        db.conn(),
        &users,
        &voice,
        &World {
            clock: &SystemClock,
            ids: &SystemIds,
        },
        &stage,
    )
    .await
    .unwrap();
    (users, voice)
}

async fn counts(db: &TestDb) -> [u64; 7] {
    let db = db.conn();
    [
        entity::user::Entity::find().count(db).await.unwrap(),
        entity::voice_server::Entity::find().count(db).await.unwrap(),
        entity::gateway::Entity::find().count(db).await.unwrap(),
        entity::extension::Entity::find().count(db).await.unwrap(),
        entity::queue::Entity::find().count(db).await.unwrap(),
        entity::tier::Entity::find().count(db).await.unwrap(),
        entity::route::Entity::find().count(db).await.unwrap(),
    ]
}

/// Name of the rule that takes the call.
fn call(plan: &ServerPlan, context: RouteContext, from: &str, to: &str) -> Option<String> {
    let at = NaiveDateTime::parse_from_str("2026-11-22 03:00:00", "%Y-%m-%d %H:%M:%S").unwrap();
    let extension = (context == RouteContext::Internal).then(|| from.to_owned());
    let request = CallRequest {
        context,
        caller_number: from.to_owned(),
        destination: to.to_owned(),
        extension,
        gateway: None,
        marks: Marks::default(),
        at,
    };
    let steps = routing::dry_run(plan, &request).steps;
    steps.into_iter().find(|step| step.matched).map(|step| step.name)
}

testkit::on_both_databases! {
    async fn the_demo_is_made_once_and_follows_its_port(db: TestDb) {
        prepare_at(db, 8088).await;
        let made = counts(db).await;
        assert_eq!(made, [12, 1, 1, 13, 2, 12, 6]);
        let (_, voice) = prepare_at(db, 9000).await;
        assert_eq!(counts(db).await, made);
        let server = find_server(&voice).await.unwrap().unwrap();
        assert_eq!(server.control_url, "http://127.0.0.1:9000");
        assert_eq!(find_human_phone(&voice).await.unwrap().unwrap().number, "1001");
    }

    async fn every_agent_but_the_first_sits_ready_and_again_at_the_next_start(db: TestDb) {
        prepare_at(db, 8088).await;
        let open = || seat::Entity::find().filter(seat::Column::EndedAt.is_null());
        let seats = open().all(db.conn()).await.unwrap();
        assert_eq!(seats.len(), 9);
        assert!(seats.iter().all(|seat| seat.status == "ready"));

        let mut ended = seats[0].clone().into_active_model();
        ended.ended_at = Set(Some(seats[0].started_at));
        ended.update(db.conn()).await.unwrap();
        prepare_at(db, 8088).await;
        assert_eq!(open().count(db.conn()).await.unwrap(), 9);
    }

    async fn a_start_that_was_cut_off_is_made_good(db: TestDb) {
        prepare_at(db, 8088).await;
        entity::setting::Entity::delete_many().exec(db.conn()).await.unwrap();
        prepare_at(db, 8088).await;
        assert_eq!(counts(db).await, [12, 1, 1, 13, 2, 12, 6]);
    }

    async fn the_plan_of_the_demo_serves_what_the_handbook_says(db: TestDb) {
        let (_, voice) = prepare_at(db, 8088).await;
        let server = find_server(&voice).await.unwrap().unwrap();
        let source = voice.load_plan_source(ServerId(server.id)).await.unwrap();
        let (plan, problems) = ServerPlan::build(source).unwrap();
        // The built-in music is added where sounds are served.
        assert!(problems.iter().all(|problem| problem.field == "moh_sound"), "{problems:?}");
        let called = voice.list_called_numbers(ServerId(server.id)).await.unwrap();
        assert_eq!(called, ["02888880001", "02888880002"], "what invented callers dial");
        assert_eq!((plan.extensions().count(), plan.agents().count(), plan.tiers().len()), (13, 10, 12));
        for (context, from, to, route) in [
            (RouteContext::Inbound, "13800138000", "02888880001", "售前咨询热线"),
            (RouteContext::Inbound, "13800138000", "02888880002", "售后支持热线"),
            (RouteContext::Internal, "1001", "7001", "售前咨询短号"),
            (RouteContext::Internal, "1001", "1100", "分机互拨"),
            (RouteContext::Internal, "1001", "013800138000", "外线呼出"),
        ] {
            assert_eq!(call(&plan, context, from, to).as_deref(), Some(route), "{to}");
        }
        assert_eq!(call(&plan, RouteContext::Inbound, "13800138000", "013800138000"), None, "toll fraud");
    }

    async fn agents_sign_in_with_the_password_of_the_demo(db: TestDb) {
        let (users, _) = prepare_at(db, 8088).await;
        let proof = users.prove("agent1001", ACCOUNT_PASSWORD).await.unwrap();
        assert!(proof.0.is_agent && !proof.0.must_change_password);
        assert!(proof.0.permissions.iter().any(|code| code == "desk.use"));
    }
}

#[test]
fn the_human_is_no_robot() {
    assert_eq!(robot_agents().count(), AGENTS.len() - 1);
    assert!(robot_agents().all(|number| number != AGENTS[0].0));
}
