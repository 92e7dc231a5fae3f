//! The scenarios of the recorded switch, played on the simulator with a virtual clock and compared event by
//! event (`support/compare.rs`, where every tolerance is named).

#![allow(clippy::unwrap_used, reason = "a panic is a failed test")]

mod support;

use esl::trace::{RecordKind, Trace};
use support::compare::{compare, replay, secs};
use support::{Client, world};

async fn status(client: &mut Client, agent: &str, status: &str) {
    let reply = client
        .command(&format!(
            "api callcenter_config agent set status {agent}@call.test {status}"
        ))
        .await;
    assert_eq!(reply, "+OK\n");
}

#[tokio::test]
async fn an_internal_call_that_the_caller_ends_looks_like_trace_03a() {
    let handle = world::start(|_| {}).await;
    compare("03a", handle, async |handle, _| {
        handle.phone("1001", "dial 1002").await;
        secs(handle, 3000).await;
        handle.phone("1001", "hangup").await;
        secs(handle, 200).await;
    })
    .await;
}

#[tokio::test]
async fn an_internal_call_that_the_callee_ends_looks_like_trace_03b() {
    let handle = world::start(|_| {}).await;
    compare("03b", handle, async |handle, _| {
        handle.phone("1001", "dial 1002").await;
        secs(handle, 3000).await;
        handle.phone("1002", "hangup").await;
        secs(handle, 200).await;
    })
    .await;
}

#[tokio::test]
async fn an_internal_call_without_answer_looks_like_trace_03c() {
    let handle = world::start(|_| {}).await;
    handle.phone("1002", "pickup noanswer").await;
    compare("03c", handle, async |handle, _| {
        handle.phone("1001", "dial 1002").await;
        secs(handle, 7000).await;
    })
    .await;
}

#[tokio::test]
async fn a_queue_call_that_the_caller_ends_looks_like_trace_04a() {
    let handle = world::start(|_| {}).await;
    handle.phone("1003", "pickup 2050").await;
    compare("04a", handle, async |handle, client| {
        status(client, "1003", "Available").await;
        let leg = handle.call("302101234567", "02810001").await.unwrap();
        secs(handle, 5100).await;
        handle.api(&format!("sim hangup {leg}")).await;
        secs(handle, 500).await;
    })
    .await;
}

#[tokio::test]
async fn a_queue_call_that_the_agent_ends_looks_like_trace_04b() {
    let handle = world::start(|_| {}).await;
    handle.phone("1003", "pickup 2050").await;
    compare("04b", handle, async |handle, client| {
        status(client, "1003", "Available").await;
        handle.call("302101234567", "02810001").await.unwrap();
        secs(handle, 5100).await;
        handle.phone("1003", "hangup").await;
        secs(handle, 500).await;
    })
    .await;
}

#[tokio::test]
async fn an_agent_who_does_not_answer_and_the_next_one_look_like_trace_05a() {
    let handle = world::start(|_| {}).await;
    handle.phone("1004", "pickup noanswer").await;
    compare("05a", handle, async |handle, client| {
        client
            .command("api callcenter_config tier set level support@default 1003@call.test 2")
            .await;
        status(client, "1004", "'Available'").await;
        status(client, "1003", "'Available'").await;
        let leg = handle.call("302101234567", "02810001").await.unwrap();
        secs(handle, 7800).await;
        handle.api(&format!("sim hangup {leg}")).await;
        secs(handle, 500).await;
        client.command("api callcenter_config agent list").await;
        client
            .command("api callcenter_config tier set level support@default 1003@call.test 1")
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_caller_who_gives_up_waiting_looks_like_trace_05b() {
    let handle = world::start(|_| {}).await;
    compare("05b", handle, async |handle, client| {
        status(client, "1003", "'On Break'").await;
        let leg = handle.call("302101234567", "02810001").await.unwrap();
        secs(handle, 4000).await;
        client
            .command("api callcenter_config queue list members support@default")
            .await;
        handle.api(&format!("sim hangup {leg}")).await;
        secs(handle, 500).await;
        client
            .command("api callcenter_config queue list members support@default")
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_caller_who_gives_up_while_the_agent_rings_looks_like_trace_05c() {
    let handle = world::start(|_| {}).await;
    handle.phone("1003", "pickup noanswer").await;
    compare("05c", handle, async |handle, client| {
        status(client, "1003", "'Available'").await;
        let leg = handle.call("302101234567", "02810001").await.unwrap();
        secs(handle, 2500).await;
        handle.api(&format!("sim hangup {leg}")).await;
        secs(handle, 500).await;
    })
    .await;
}

#[tokio::test]
async fn waiting_too_long_and_leaving_a_message_look_like_trace_05d() {
    let handle = world::start(|_| {}).await;
    compare("05d", handle, async |handle, client| {
        status(client, "1003", "'On Break'").await;
        let leg = handle.call("302101234567", "02810003").await.unwrap();
        secs(handle, 12_500).await;
        handle.api(&format!("sim dtmf {leg} #")).await;
        secs(handle, 3000).await;
    })
    .await;
}

#[tokio::test]
async fn two_callers_without_any_agent_look_like_trace_05e() {
    let handle = world::start(|_| {}).await;
    compare("05e", handle, async |handle, _| {
        handle.call("302101234567", "02810004").await.unwrap();
        secs(handle, 4000).await;
        handle.call("306971234567", "02810004").await.unwrap();
        secs(handle, 10_000).await;
    })
    .await;
}

#[tokio::test]
async fn an_agent_who_rejects_twice_looks_like_trace_05f() {
    let handle = world::start(|_| {}).await;
    handle.phone("1003", "pickup 603").await;
    compare("05f", handle, async |handle, client| {
        status(client, "1003", "'Available'").await;
        handle.call("302101234567", "02810001").await.unwrap();
        secs(handle, 1000).await;
        handle.phone("1003", "pickup 486").await;
        secs(handle, 3500).await;
        handle.phone("1003", "pickup 1000").await;
        secs(handle, 4300).await;
        handle.phone("1003", "hangup").await;
        secs(handle, 500).await;
    })
    .await;
}

#[tokio::test]
async fn a_second_caller_after_the_wrap_up_looks_like_trace_05g() {
    let handle = world::start(|_| {}).await;
    compare("05g", handle, async |handle, client| {
        status(client, "1004", "'Available'").await;
        handle.call("302101234567", "02810001").await.unwrap();
        secs(handle, 2300).await;
        let second = handle.call("306971234567", "02810001").await.unwrap();
        secs(handle, 1500).await;
        client
            .command("api callcenter_config queue list members support@default")
            .await;
        handle.phone("1004", "hangup").await;
        secs(handle, 1000).await;
        client.command("api callcenter_config agent list").await;
        secs(handle, 6500).await;
        handle.api(&format!("sim hangup {second}")).await;
        secs(handle, 500).await;
    })
    .await;
}

/// Repeats the commands that the recording sent on its connection.
#[tokio::test]
async fn all_agent_and_tier_commands_look_like_trace_06a() {
    let handle = world::start(|_| {}).await;
    let trace = Trace::fixture("06a").unwrap();
    let commands: Vec<String> = trace
        .records
        .iter()
        .filter(|record| record.kind == RecordKind::Sent)
        .map(|record| String::from_utf8_lossy(&record.payload).trim().to_owned())
        .filter(|command| command.starts_with("api "))
        .collect();
    assert!(commands.len() > 40);
    compare("06a", handle, async |handle, client| {
        for command in commands {
            client.command(&command).await;
            secs(handle, 100).await;
        }
    })
    .await;
}

async fn outbound(scenario: &str, number: &str, wait: u64, hangs_up: &str) {
    let handle = world::start(|_| {}).await;
    compare(scenario, handle, async |handle, _| {
        handle.phone("1001", &format!("dial {number}")).await;
        secs(handle, wait).await;
        match hangs_up {
            "" => {}
            "far" => {
                let legs = handle.api("show channels as json").await;
                let legs: serde_json::Value = serde_json::from_str(&legs).unwrap();
                let far = legs["rows"][1]["uuid"].as_str().unwrap().to_owned();
                handle.api(&format!("sim hangup {far}")).await;
            }
            phone => {
                handle.phone(phone, "hangup").await;
            }
        }
        secs(handle, 500).await;
    })
    .await;
}

#[tokio::test]
async fn an_answered_outbound_call_looks_like_trace_07a() {
    outbound("07a", "0100", 3000, "1001").await;
}

#[tokio::test]
async fn an_outbound_call_that_the_far_end_ends_looks_like_trace_07b() {
    outbound("07b", "0150", 3000, "far").await;
}

#[tokio::test]
async fn a_busy_far_end_looks_like_trace_07c() {
    outbound("07c", "0486", 500, "").await;
}

#[tokio::test]
async fn an_unavailable_far_end_looks_like_trace_07d() {
    outbound("07d", "0480", 500, "").await;
}

#[tokio::test]
async fn an_outbound_call_without_answer_looks_like_trace_07e() {
    outbound("07e", "9408", 6000, "").await;
}

#[tokio::test]
async fn failures_of_internal_calls_look_like_traces_03d_to_03i() {
    for (scenario, pickup, deeds) in [
        (
            "03d",
            "phone 1002 pickup 486:0",
            vec![(0, "phone 1001 dial 1002")],
        ),
        ("03e", "phone 1002 pickup 603", vec![(0, "phone 1001 dial 1002")]),
        (
            "03f",
            "phone 1002 pickup noanswer",
            vec![
                (0, "phone 1006 unregister"),
                (500, "phone 1001 dial 1006"),
                (2000, "phone 1006 register"),
            ],
        ),
        (
            "03g",
            "phone 1002 pickup noanswer",
            vec![(0, "phone 1001 dial 1002"), (1500, "phone 1001 hangup")],
        ),
        (
            "03i",
            "phone 1002 pickup noanswer",
            vec![(0, "phone 1001 dial 4444")],
        ),
    ] {
        let handle = world::start(|_| {}).await;
        handle.api(&format!("sim {pickup}")).await;
        replay(scenario, handle, &deeds, 3000).await;
    }
}

#[tokio::test]
async fn the_other_outcomes_of_a_gateway_look_like_traces_07f_to_07i() {
    for (scenario, deeds, until) in [
        ("07f", vec![(0, "phone 1001 dial 0404")], 1000),
        ("07g", vec![(0, "phone 1001 dial 0503")], 1000),
        (
            "07h",
            vec![(0, "phone 1001 dial 0408"), (2000, "phone 1001 hangup")],
            3000,
        ),
        (
            "07i",
            vec![(0, "phone 1001 dial 0183"), (4000, "phone 1001 hangup")],
            5000,
        ),
    ] {
        replay(scenario, world::start(|_| {}).await, &deeds, until).await;
    }
}

#[tokio::test]
async fn ring_all_looks_like_trace_05i() {
    let handle = world::start(|_| {}).await;
    handle.phone("1005", "pickup noanswer").await;
    handle.phone("1006", "pickup 2000").await;
    replay(
        "05i",
        handle,
        &[(40, "phone 1001 dial 7006"), (4000, "phone 1001 hangup")],
        6000,
    )
    .await;
}

#[tokio::test]
async fn an_agent_whose_phone_is_gone_looks_like_trace_05j() {
    let deeds = [
        (0, "phone 1005 unregister"),
        (520, "call from=302101234567 to=02810005 hangup=4000"),
        (6000, "phone 1005 register"),
    ];
    let handle = world::start(|_| {}).await;
    // The caller had abandoned this queue before (05h), so the switch resumed him.
    handle
        .api("sim call from=302101234567 to=02810005 hangup=500")
        .await;
    secs(&handle, 1000).await;
    replay("05j", handle, &deeds, 6500).await;
}

#[tokio::test]
async fn hold_by_api_looks_like_trace_09b() {
    let handle = world::start(|_| {}).await;
    handle.phone("1002", "pickup 720").await;
    replay(
        "09b",
        handle,
        &[(0, "phone 1001 dial 1002"), (5900, "phone 1001 hangup")],
        6500,
    )
    .await;
}

#[tokio::test]
async fn a_blind_transfer_by_api_looks_like_trace_09d() {
    let handle = world::start(|_| {}).await;
    handle.phone("1002", "pickup 720").await;
    replay(
        "09d",
        handle,
        &[(0, "phone 1001 dial 1002"), (4300, "phone 1002 hangup")],
        5000,
    )
    .await;
}

#[tokio::test]
async fn click_to_dial_looks_like_traces_10a_to_10d() {
    for (scenario, pickup, until) in [
        ("10b", "phone 1003 pickup noanswer", 6000),
        ("10c", "phone 1003 pickup 603", 3000),
        ("10d", "phone 1003 pickup 500", 3000),
    ] {
        let handle = world::start(|_| {}).await;
        handle.api(&format!("sim {pickup}")).await;
        replay(scenario, handle, &[], until).await;
    }
    let handle = world::start(|_| {}).await;
    handle.api("sim gateway gw1 rule 100 answer:1000:2000").await;
    replay("10a", handle, &[], 5000).await;
}

#[tokio::test]
async fn a_predictive_call_into_a_queue_looks_like_trace_10e() {
    let handle = world::start(|_| {}).await;
    replay("10e", handle, &[(4100, "phone 1003 hangup")], 8000).await;
}

#[tokio::test]
async fn a_killed_attempt_looks_like_trace_10k() {
    replay("10k", world::start(|_| {}).await, &[], 2000).await;
}

#[tokio::test]
async fn early_media_that_ends_busy_and_a_dead_gateway_look_like_traces_07j_and_07k() {
    let handle = world::start(|_| {}).await;
    handle.api("sim gateway gw1 rule 184 early:60000").await;
    replay(
        "07j",
        handle,
        &[(0, "phone 1001 dial 0184"), (2050, "hangup {B} 486")],
        3000,
    )
    .await;
    let handle = world::start(|_| {}).await;
    handle.api("sim gateway gw1 down").await;
    replay("07k", handle, &[(5000, "phone 1001 dial 0100")], 6000).await;
}

#[tokio::test]
async fn two_unanswered_offers_look_like_trace_05k() {
    let handle = world::start(|_| {}).await;
    handle.phone("1003", "pickup noanswer").await;
    replay(
        "05k",
        handle,
        &[(4, "call from=302101234567 to=02810001 hangup=11880")],
        16_000,
    )
    .await;
}

#[tokio::test]
async fn leaving_a_queue_by_a_key_looks_like_trace_05l() {
    let handle = world::start(|_| {}).await;
    replay(
        "05l",
        handle,
        &[
            (4, "call from=302101234567 to=02810007 dtmf=3000:5"),
            (4012, "dtmf {A} 1"),
        ],
        9000,
    )
    .await;
}

#[tokio::test]
async fn a_queue_call_moved_to_another_queue_looks_like_trace_09n() {
    let handle = world::start(|_| {}).await;
    replay(
        "09n",
        handle,
        &[(5, "call from=302101234567 to=02810001 hangup=8000")],
        12_000,
    )
    .await;
}
