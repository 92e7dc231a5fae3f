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

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use esl::trace::{RecordKind, Trace};
use switch_sim::Handle;

use super::{Client, Event, Frame, take_frame, world};

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

pub(crate) fn recorded(scenario: &str) -> Vec<Event> {
    let trace = Trace::fixture(scenario).unwrap();
    let mut bytes: Vec<u8> = trace
        .records
        .iter()
        .filter(|record| record.kind == RecordKind::Received && record.connection == 1)
        .flat_map(|record| record.payload.to_vec())
        .collect();
    std::iter::from_fn(|| take_frame(&mut bytes))
        .filter(Frame::is_event)
        .map(|frame| frame.event())
        .collect()
}

/// Runs a scenario and compares. `leave_out` are `api` arguments that the recording's helper sent on another
/// connection.
pub(crate) async fn compare(scenario: &str, handle: Handle, play: impl AsyncFnOnce(&Handle, &mut Client)) {
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

pub(crate) async fn secs(handle: &Handle, millis: u64) {
    handle.advance(Duration::from_millis(millis)).await;
}

/// Repeats the commands that a recording sent (uuids of legs replaced by those of the run) at their times, and
/// does what `deeds` say at theirs, in milliseconds.
pub(crate) async fn replay(scenario: &str, handle: Handle, deeds: &[(u64, &str)], until: u64) {
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
