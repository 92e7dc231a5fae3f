//! The same scenarios on the simulator, with a virtual clock, and on the recorded switch: what a client sees
//! of each leg, of the call center and of the api must be the same events with the same key headers.
//!
//! Tolerances, all of them:
//! 1. CHANNEL_STATE is left out: it tells nothing that CALLSTATE, ANSWER and HANGUP do not (surprises 74).
//! 2. HEARTBEAT, RE_SCHEDULE and the states of gateways are left out: they are not caused by the scenario.
//! 3. Order is compared per stream – each leg, events of mod_callcenter without a leg, API, the rest – because
//!    the order between the legs varies from recording to recording (README, "The common skeleton").
//! 4. Ports and addresses of phones, uuids (as letters of the legs), ids of members and stamps are normalised;
//!    epoch times count as present or absent.
//! 5. `variable_duration` and `variable_billsec` may differ by one: they are differences of whole seconds.
//! 6. `variable_call_uuid` at the end of a B leg is its own uuid or A's, whichever thread was first (04a, 05g).
//! 7. CHANNEL_UNHOLD may come before or after the CALLSTATE that ends the hold (surprises 35).
//! 8. Offers that begin together may begin in either order (05i).
//! 9. Lists (`show`, `sofia xmlstatus`) were asked for by helpers of the recording and of these tests.
//! 10. Lengths of sound files (`playback_ms`) are not compared: the simulator does not read files.

#![allow(clippy::unwrap_used, reason = "a panic is a failed test")]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use esl::trace::{RecordKind, Trace};
use support::{Client, Event, take_frame, world};
use switch_sim::Handle;

/// Compared wherever they occur.
const KEYS: &[&str] = &[
    "Call-Direction",
    "Channel-Name",
    "Caller-Caller-ID-Number",
    "Caller-Destination-Number",
    "Caller-Context",
    "Answer-State",
    "Channel-Call-State",
    "Original-Channel-Call-State",
    "Hangup-Cause",
    "Application",
    "Application-Data",
    "Application-Response",
    "Bridge-A-Unique-ID",
    "Bridge-B-Unique-ID",
    "Other-Type",
    "Other-Leg-Unique-ID",
    "Direction",
    "Bridged-To",
    "Playback-File-Path",
    "Playback-Status",
    "Record-File-Path",
    "Record-Completion-Cause",
    "DTMF-Digit",
    "DTMF-Duration",
    "DTMF-Source",
    "API-Command",
    "API-Command-Argument",
    "CC-Action",
    "CC-Queue",
    "CC-Agent",
    "CC-Agent-Status",
    "CC-Agent-State",
    "CC-Agent-Type",
    "CC-Agent-System",
    "CC-Agent-UUID",
    "CC-Agent-Bridged",
    "CC-Count",
    "CC-Selection",
    "CC-Cause",
    "CC-Cancel-Reason",
    "CC-Hangup-Cause",
    "CC-Member-UUID",
    "CC-Member-Session-UUID",
    "CC-Member-CID-Name",
    "CC-Member-CID-Number",
    "CC-Agent-No-Answer-Count",
    "CC-Agent-No-Answer-Status",
    "CC-Agent-Contact",
    "CC-Agent-Called-Time",
    "CC-Agent-Answered-Time",
    "CC-Agent-Aborted-Time",
    "CC-Member-Joined-Time",
    "CC-Member-Leaving-Time",
    "CC-Bridge-Terminated-Time",
    "profile-name",
    "from-user",
    "from-host",
    "to-user",
    "status",
    "expires",
];

/// Compared in CHANNEL_HANGUP_COMPLETE.
const FINAL: &[&str] = &[
    "variable_hangup_cause_q850",
    "variable_sip_term_status",
    "variable_sip_hangup_disposition",
    "variable_endpoint_disposition",
    "variable_originate_disposition",
    "variable_last_bridge_hangup_cause",
    "variable_cc_cause",
    "variable_cc_cancel_reason",
    "variable_bridge_uuid",
    "variable_cc_agent",
    "variable_cc_side",
    "variable_direction",
];

struct Reader {
    letters: BTreeMap<String, char>,
}

impl Reader {
    /// Letters in the order of creation; legs that ring together are named by number, since threads decide
    /// which of them is first (05i).
    fn new(events: &[Event]) -> Self {
        let mut letters = BTreeMap::new();
        let mut ringing: Vec<&Event> = Vec::new();
        let mut name = |legs: &mut Vec<&Event>| {
            legs.sort_by_key(|event| event.get("Caller-Destination-Number").to_owned());
            for event in legs.drain(..) {
                let next = char::from(b'A' + letters.len() as u8);
                letters.entry(event.get("Unique-ID").to_owned()).or_insert(next);
            }
        };
        for event in events {
            match event.name() {
                "CHANNEL_CREATE" if event.get("Call-Direction") == "outbound" => ringing.push(event),
                "CHANNEL_CREATE" => {
                    name(&mut ringing);
                    name(&mut vec![event]);
                }
                "CHANNEL_ANSWER" | "CHANNEL_HANGUP" => name(&mut ringing),
                _ => {}
            }
        }
        name(&mut ringing);
        Self { letters }
    }

    fn normal(&self, name: &str, value: &str) -> String {
        if name.ends_with("-Time") {
            return if value == "0" { "0".into() } else { "time".into() };
        }
        let mut value = value.to_owned();
        for (uuid, letter) in &self.letters {
            value = value.replace(uuid.as_str(), &format!("{{{letter}}}"));
        }
        if name == "CC-Member-UUID" && value.len() == 36 {
            return "member".into();
        }
        if name == "Channel-Name" {
            return value.split(':').next().unwrap_or_default().to_owned();
        }
        if name == "Record-File-Path" && !value.contains("vm-") {
            return "recording".into();
        }
        value
    }

    fn line(&self, event: &Event) -> String {
        let mut line = event.name().to_owned();
        let is_leg = !event.get("Unique-ID").is_empty();
        for key in KEYS {
            let value = event.get(key);
            // Without a leg `Direction` and the like do not exist; `status` belongs to sofia events only.
            if !value.is_empty() && (is_leg || !key.starts_with("Caller-")) {
                let _ = write!(line, " {key}={}", self.normal(key, value));
            }
        }
        if event.name() == "CHANNEL_HANGUP_COMPLETE" {
            for key in FINAL {
                let value = event.get(key);
                if !value.is_empty() {
                    let _ = write!(line, " {key}={}", self.normal(key, value));
                }
            }
        }
        line
    }

    fn stream(&self, event: &Event) -> String {
        match self.letters.get(event.get("Unique-ID")) {
            Some(letter) => letter.to_string(),
            None => match event.name() {
                "callcenter::info" => "callcenter".into(),
                "API" => "api".into(),
                _ => "other".into(),
            },
        }
    }
}

fn counts(event: &Event) -> bool {
    !matches!(
        event.name(),
        "CHANNEL_STATE" | "HEARTBEAT" | "RE_SCHEDULE" | "sofia::gateway_state"
    ) && !matches!(event.get("API-Command"), "sofia" | "show")
}

/// Stream → its events as lines.
type Streams = BTreeMap<String, Vec<String>>;
/// Leg → duration and billed seconds.
type Durations = BTreeMap<String, (i64, i64)>;

/// What a client saw, per stream, and the durations of the legs.
fn seen(events: &[Event]) -> (Streams, Durations) {
    let reader = Reader::new(events);
    let mut streams: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut durations = BTreeMap::new();
    for event in events.iter().filter(|event| counts(event)) {
        let stream = reader.stream(event);
        if event.name() == "CHANNEL_HANGUP_COMPLETE" {
            let number = |name: &str| event.get(name).parse().unwrap_or(-1);
            durations.insert(
                stream.clone(),
                (number("variable_duration"), number("variable_billsec")),
            );
        }
        let lines = streams.entry(stream).or_default();
        lines.push(reader.line(event));
        order_unhold(lines);
        order_threads(lines);
    }
    (streams, durations)
}

/// CHANNEL_UNHOLD comes before or after the second CALLSTATE (surprises 35): put it in front.
fn order_unhold(lines: &mut [String]) {
    if let [.., state, unhold] = lines
        && unhold.starts_with("CHANNEL_UNHOLD")
        && state.contains("Original-Channel-Call-State=UNHELD")
    {
        std::mem::swap(state, unhold);
    }
    if let [.., unhold, _] = lines
        && unhold.starts_with("CHANNEL_UNHOLD")
    {
        *unhold = unhold.replace("Channel-Call-State=ACTIVE", "Channel-Call-State=UNHELD");
    }
}

/// Offers that begin together are begun by threads: put them in the order of the agents (05i).
fn order_threads(lines: &mut [String]) {
    if let [.., first, second] = lines {
        let offers = [&*first, &*second]
            .iter()
            .all(|line| line.contains("CC-Action=agent-offering"));
        let contacts = [&*first, &*second]
            .iter()
            .all(|line| line.contains("API-Command=sofia_contact"));
        if (offers || contacts) && first > second {
            std::mem::swap(first, second);
        }
    }
}

fn recorded(scenario: &str) -> Vec<Event> {
    let trace = Trace::fixture(scenario).unwrap();
    let mut bytes: Vec<u8> = trace
        .records
        .iter()
        .filter(|record| record.kind == RecordKind::Received && record.connection == 1)
        .flat_map(|record| record.payload.to_vec())
        .collect();
    std::iter::from_fn(|| take_frame(&mut bytes))
        .filter(support::Frame::is_event)
        .map(|frame| frame.event())
        .collect()
}

/// Runs a scenario and compares. `leave_out` are `api` arguments that the recording's helper sent on another
/// connection.
async fn compare(scenario: &str, handle: Handle, play: impl AsyncFnOnce(&Handle, &mut Client)) {
    let mut client = Client::login(handle.addr()).await;
    client.command(world::SUBSCRIBE).await;
    play(&handle, &mut client).await;
    client.settle().await;
    let (wanted, wanted_durations) = seen(&recorded(scenario));
    let own: Vec<Event> = client
        .events
        .into_iter()
        .filter(|event| {
            !matches!(event.get("API-Command"), "sim" | "show" | "sofia")
                && event.get("Event-Subclass") != "sim::marker"
        })
        .collect();
    let (got, got_durations) = seen(&own);
    let mut report = String::new();
    for stream in wanted
        .keys()
        .chain(got.keys())
        .collect::<std::collections::BTreeSet<_>>()
    {
        let (empty_w, empty_g) = (Vec::new(), Vec::new());
        let (want, have) = (
            wanted.get(stream).unwrap_or(&empty_w),
            got.get(stream).unwrap_or(&empty_g),
        );
        if want != have {
            let _ = writeln!(report, "--- {scenario}, stream {stream}:");
            for at in 0..want.len().max(have.len()) {
                let (w, h) = (
                    want.get(at).map_or("(nothing)", |s| s),
                    have.get(at).map_or("(nothing)", |s| s),
                );
                if w == h {
                    let _ = writeln!(report, "  = {w}");
                } else {
                    let _ = writeln!(report, "  switch    {w}\n  simulator {h}");
                }
            }
        }
    }
    for (leg, (duration, billsec)) in &wanted_durations {
        let (own_duration, own_billsec) = got_durations.get(leg).copied().unwrap_or((-9, -9));
        if (own_duration - duration).abs() > 1 || (own_billsec - billsec).abs() > 1 {
            let _ = writeln!(
                report,
                "leg {leg}: {own_duration}/{own_billsec} s instead of {duration}/{billsec} s"
            );
        }
    }
    assert!(report.is_empty(), "\n{report}");
    handle.shutdown().await;
}

async fn secs(handle: &Handle, millis: u64) {
    handle.advance(Duration::from_millis(millis)).await;
}

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

/// Repeats the commands that a recording sent (uuids of legs replaced by those of the run) at their times, and
/// does what `deeds` say at theirs, in milliseconds.
async fn replay(scenario: &str, handle: Handle, deeds: &[(u64, &str)], until: u64) {
    let trace = Trace::fixture(scenario).unwrap();
    let letters = Reader::new(&recorded(scenario)).letters;
    let mut steps: Vec<(u64, String)> = trace
        .records
        .iter()
        .filter(|record| record.kind == RecordKind::Sent)
        .map(|record| {
            (
                record.at.as_millis() as u64,
                String::from_utf8_lossy(&record.payload).trim().to_owned(),
            )
        })
        .filter(|(_, command)| command.starts_with("api ") || command.starts_with("bgapi "))
        .collect();
    steps.extend(deeds.iter().map(|(at, deed)| (*at, format!("sim {deed}"))));
    steps.sort_by_key(|(at, _)| *at);
    compare(scenario, handle, async |handle, client| {
        let mut now = 0;
        for (at, step) in steps {
            secs(handle, at.saturating_sub(now)).await;
            now = now.max(at);
            let mut step = step.clone();
            if step.contains("{A}")
                || step.contains("{B}")
                || letters.keys().any(|uuid| step.contains(uuid.as_str()))
            {
                client.settle().await;
                let own = Reader::new(&client.events).letters;
                for (recorded, letter) in &letters {
                    let mine = own.iter().find(|(_, own)| *own == letter).map(|(uuid, _)| uuid);
                    let mine = mine.unwrap_or(recorded);
                    step = step
                        .replace(recorded.as_str(), mine)
                        .replace(&format!("{{{letter}}}"), mine);
                }
            }
            if step.starts_with("sim ") {
                let reply = handle.api(&step).await;
                assert!(reply.starts_with("+OK"), "{step}: {reply}");
            } else {
                client.command(&step).await;
            }
        }
        secs(handle, until - now).await;
    })
    .await;
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
