//! A few hundred calls, read back on both databases.

use chrono::{DateTime, TimeDelta, Utc};
use entity::user;
use sea_orm::{ActiveModelTrait as _, Set};
use serde_json::json;
use testkit::db::TestDb;

use super::*;
use crate::{features::calls::ledger::dto::CallsQuery, store::upsert::upsert_all};

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number)
}

/// The call number `n`: one a minute before noon, every third at the same instant as the one before it.
fn call(n: u32) -> call::Model {
    let minutes = i64::from(n - u32::from(n.is_multiple_of(3)));
    let started_at = noon() - TimeDelta::minutes(minutes);
    let is_inbound = n.is_multiple_of(2);
    call::Model {
        id: id(n.into()),
        server_id: 1,
        direction: if is_inbound { "inbound" } else { "outbound" }.into(),
        state: "ended".into(),
        result: Some(
            if n.is_multiple_of(5) {
                "abandoned"
            } else {
                "answered"
            }
            .into(),
        ),
        caller_number: format!("138{n:05}"),
        caller_name: String::new(),
        callee_number: if is_inbound {
            "4001".into()
        } else {
            format!("9{n}")
        },
        gateway: None,
        queue_id: n.is_multiple_of(4).then_some(1),
        queue_code: n.is_multiple_of(4).then(|| "sales".into()),
        agent_extension: Some(if n.is_multiple_of(7) { "1007" } else { "1001" }.into()),
        user_id: n.is_multiple_of(10).then_some(1),
        route_id: None,
        started_at,
        answered_at: Some(started_at),
        talk_started_at: Some(started_at),
        ended_at: Some(started_at + TimeDelta::seconds(30)),
        wait_ms: 0,
        ring_ms: 0,
        talk_ms: 30_000,
        hold_ms: 0,
        hangup_cause: Some("NORMAL_CLEARING".into()),
        hangup_side: Some("caller".into()),
        end_mark: None,
        leg_count: 2,
        has_recording: n.is_multiple_of(6),
        merged_into: None,
        version: 1,
        updated_at: noon(),
    }
}

fn leg(number: u128, call: u32, extension: &str, user_id: Option<i64>) -> leg::Model {
    leg::Model {
        id: Uuid::from_u128(number),
        call_id: id(call.into()),
        server_id: 1,
        role: "agent".into(),
        direction: "outbound".into(),
        number: extension.into(),
        name: String::new(),
        extension: Some(extension.into()),
        user_id,
        gateway: None,
        channel_name: format!("sofia/internal/{extension}"),
        created_at: noon() - TimeDelta::minutes(call.into()),
        ringing_at: None,
        answered_at: None,
        first_bridged_at: None,
        ended_at: None,
        hold_ms: 0,
        talk_ms: 0,
        hangup_cause: None,
        q850: None,
        sip_status: None,
        hangup_by: None,
        originate_disposition: None,
        from_events: true,
        from_cdr: false,
        end_mark: None,
    }
}

async fn fill(db: &TestDb, calls: impl IntoIterator<Item = call::Model>) {
    upsert_all::<call::Entity, _>(db.conn(), calls.into_iter().collect())
        .await
        .unwrap();
}

async fn page(db: &TestDb, scope: DataScope, query: CallsQuery) -> CallsPage {
    let wish = CallsWish::new(&query, noon()).unwrap();
    list(db.conn(), scope, &wish).await.unwrap()
}

fn ids(page: &CallsPage) -> Vec<Uuid> {
    page.rows.iter().map(|row| row.id).collect()
}

/// What matches, in the order of the list.
fn expected(keep: impl Fn(&call::Model) -> bool) -> Vec<Uuid> {
    let mut calls: Vec<call::Model> = (1..=300).map(call).filter(keep).collect();
    calls.sort_by_key(|call| std::cmp::Reverse((call.started_at, call.id)));
    calls.into_iter().map(|call| call.id).collect()
}

fn query(cursor: Option<String>) -> CallsQuery {
    CallsQuery {
        limit: Some(37),
        cursor,
        ..CallsQuery::default()
    }
}

testkit::on_both_databases! {
    async fn paging_forth_and_back_shows_every_call_once_even_while_new_ones_arrive(db: TestDb) {
        fill(db, (1..=300).map(call)).await;
        let everything = expected(|_| true);

        let mut forth = Vec::new();
        let mut pages = vec![page(db, DataScope::All, query(None)).await];
        assert!(pages[0].prev_cursor.is_none() && pages[0].total_is_exact && pages[0].total == 300);
        while let Some(cursor) = pages.last().unwrap().next_cursor.clone() {
            // A newer call comes in before each page.
            let number = 1000 + pages.len() as u32;
            let newer = call::Model { started_at: noon(), id: id(number.into()), ..call(number) };
            fill(db, [newer]).await;
            pages.push(page(db, DataScope::All, query(Some(cursor))).await);
        }
        for page in &pages {
            forth.extend(ids(page));
        }
        assert_eq!(forth, everything);

        for (at, seen) in pages.iter().enumerate().skip(1) {
            let back = page(db, DataScope::All, query(seen.prev_cursor.clone())).await;
            assert_eq!(ids(&back), ids(&pages[at - 1]), "page {at}");
            assert!(back.next_cursor.is_some());
        }
        // Before the first page of then are the calls that came meanwhile.
        let back = page(db, DataScope::All, query(pages[1].prev_cursor.clone())).await;
        let newest = page(db, DataScope::All, query(back.prev_cursor)).await;
        assert_eq!(newest.rows.len(), pages.len() - 1);
        assert!(newest.prev_cursor.is_none());
    }
}

testkit::on_both_databases! {
    async fn each_filter_keeps_what_it_names(db: TestDb) {
        fill(db, (1..=300).map(call)).await;
        let cases: Vec<(CallsQuery, Vec<Uuid>)> = vec![
            (CallsQuery { direction: Some("inbound".into()), ..CallsQuery::default() },
                expected(|call| call.direction == "inbound")),
            (CallsQuery { result: Some("abandoned".into()), ..CallsQuery::default() },
                expected(|call| call.result.as_deref() == Some("abandoned"))),
            (CallsQuery { number: Some("1380002".into()), ..CallsQuery::default() },
                expected(|call| call.caller_number.starts_with("1380002"))),
            (CallsQuery { number: Some("92".into()), ..CallsQuery::default() },
                expected(|call| call.callee_number.starts_with("92"))),
            (CallsQuery { number: Some("%".into()), ..CallsQuery::default() }, Vec::new()),
            (CallsQuery { agent: Some("1007".into()), ..CallsQuery::default() },
                expected(|call| call.agent_extension.as_deref() == Some("1007"))),
            (CallsQuery { user: Some(1), ..CallsQuery::default() }, expected(|call| call.user_id == Some(1))),
            (CallsQuery { queue_id: Some(1), ..CallsQuery::default() }, expected(|call| call.queue_id == Some(1))),
            (CallsQuery { has_recording: Some(true), ..CallsQuery::default() },
                expected(|call| call.has_recording)),
        ];
        for (query, expected) in cases {
            let text = format!("{query:?}");
            let found = page(db, DataScope::All, CallsQuery { limit: Some(500), ..query }).await;
            assert_eq!(ids(&found), expected, "{text}");
            assert_eq!(found.total, expected.len() as u64, "{text}");
        }
    }
}

testkit::on_both_databases! {
    async fn the_time_is_half_open(db: TestDb) {
        fill(db, (1..=300).map(call)).await;
        let (from, to) = (noon() - TimeDelta::minutes(20), noon() - TimeDelta::minutes(10));
        let found = page(db, DataScope::All, CallsQuery { from: Some(from), to: Some(to), ..CallsQuery::default() });
        let expected = expected(|call| call.started_at >= from && call.started_at < to);
        assert_eq!(ids(&found.await), expected);
    }
}

testkit::on_both_databases! {
    async fn own_calls_are_those_answered_dialed_or_taken_part_in(db: TestDb) {
        fill(db, (1..=300).map(call)).await;
        let legs = vec![leg(1, 33, "1033", Some(1)), leg(2, 30, "1030", Some(1)), leg(3, 31, "1031", Some(2))];
        upsert_all::<leg::Entity, _>(db.conn(), legs).await.unwrap();
        let own = page(db, DataScope::Own(1), CallsQuery { limit: Some(500), ..CallsQuery::default() }).await;
        assert_eq!(ids(&own), expected(|call| call.user_id == Some(1) || call.id == id(33)));
        assert_eq!(own.total, 31);

        for (call, is_own) in [(10, true), (33, true), (31, false), (9999, false)] {
            let found = get(db.conn(), DataScope::Own(1), id(call)).await;
            assert_eq!(found.is_ok(), is_own, "{call}");
            if let Err(error) = found {
                assert_eq!(error.code(), "not_found");
            }
        }
    }
}

testkit::on_both_databases! {
    async fn a_call_that_was_taken_over_is_in_no_list_and_its_story_is_told_with_the_other(db: TestDb) {
        let merged = call::Model { merged_into: Some(id(1)), ..call(2) };
        fill(db, [call(1), merged]).await;
        upsert_all::<leg::Entity, _>(db.conn(), vec![leg(1, 1, "1001", None)]).await.unwrap();
        let event = |call: u32, seq: i32, kind: &str| call_event::Model {
            id: id(u128::from(call) * 1000 + seq as u128),
            call_id: id(call.into()),
            leg_id: None,
            at: noon() + TimeDelta::seconds(seq.into()),
            seq,
            kind: kind.into(),
            detail: json!({}),
        };
        let events = vec![event(1, 1, "leg_created"), event(1, 3, "merged_from"), event(2, 2, "ringing")];
        upsert_all::<call_event::Entity, _>(db.conn(), events).await.unwrap();

        let listed = page(db, DataScope::All, CallsQuery::default()).await;
        assert_eq!((ids(&listed), listed.total), (vec![id(1)], 1));
        for asked in [1, 2] {
            let detail = get(db.conn(), DataScope::All, id(asked)).await.unwrap();
            assert_eq!(detail.call.id, id(1));
            let kinds: Vec<&str> = detail.events.iter().map(|event| event.kind.as_str()).collect();
            assert_eq!(kinds, ["leg_created", "ringing", "merged_from"]);
        }
    }
}

testkit::on_both_databases! {
    async fn a_call_is_told_with_names_visits_and_offers(db: TestDb) {
        let now = noon();
        let person = user::ActiveModel {
            user_name: Set("li.na".into()),
            full_name: Set("李娜".into()),
            password_hash: Set(entity::secret::Hidden("x".into())),
            must_change_password: Set(false),
            is_admin: Set(false),
            is_agent: Set(true),
            is_enabled: Set(true),
            failed_logins: Set(0),
            password_changed_at: Set(now),
            created_at: Set(now),
            updated_at: Set(now),
            version: Set(1),
            ..Default::default()
        };
        let person = person.insert(db.conn()).await.unwrap().id;
        fill(db, [call::Model { user_id: Some(person), ..call(4) }]).await;
        upsert_all::<leg::Entity, _>(db.conn(), vec![leg(1, 4, "1001", Some(person))]).await.unwrap();
        let visit = queue_visit::Model {
            id: Uuid::from_u128(7),
            call_id: id(4),
            leg_id: Uuid::from_u128(9),
            server_id: 1,
            queue_id: None,
            queue_code: "sales".into(),
            member_uuid: Uuid::from_u128(8),
            joined_at: now,
            answered_at: Some(now),
            left_at: Some(now),
            outcome: "answered".into(),
            agent_extension: Some("1001".into()),
            agent_leg_id: Some(Uuid::from_u128(1)),
            offers: 1,
            wait_ms: 1,
            talk_ms: 2,
        };
        upsert_all::<queue_visit::Entity, _>(db.conn(), vec![visit]).await.unwrap();
        let offer = queue_offer::Model {
            id: Uuid::from_u128(70),
            visit_id: Uuid::from_u128(7),
            agent_extension: "1001".into(),
            offered_at: now,
            ended_at: None,
            result: Some("answered".into()),
        };
        upsert_all::<queue_offer::Entity, _>(db.conn(), vec![offer]).await.unwrap();

        let detail = get(db.conn(), DataScope::Own(person), id(4)).await.unwrap();
        assert_eq!(detail.call.user_name.as_deref(), Some("李娜"));
        assert_eq!(detail.legs[0].user_name.as_deref(), Some("李娜"));
        assert_eq!(detail.visits[0].agent_name.as_deref(), Some("李娜"));
        assert_eq!(detail.visits[0].offers[0].agent_name.as_deref(), Some("李娜"));
    }
}

testkit::on_both_databases! {
    async fn above_ten_thousand_the_total_is_a_floor(db: TestDb) {
        let many = (0..10_001_u32).map(|n| call::Model {
            id: id(u128::from(n)),
            started_at: noon() - TimeDelta::seconds(n.into()),
            ..call(1)
        });
        fill(db, many).await;
        let found = page(db, DataScope::All, CallsQuery::default()).await;
        assert_eq!((found.total, found.total_is_exact), (10_000, false));
        let fewer = CallsQuery { from: Some(noon() - TimeDelta::seconds(9_999)), ..CallsQuery::default() };
        let found = page(db, DataScope::All, fewer).await;
        assert_eq!((found.total, found.total_is_exact), (10_000, true));
    }
}
