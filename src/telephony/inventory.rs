//! The switch's own lists: asked for after each connect and now and then, compared with our book.
//!
//! A list that could not be had or read is `None` and corrects nothing: half a list would end calls that live.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use domain::{
    agent::{AgentStatus, CallcenterState, TierState},
    ids::LegId,
    snapshot::{
        MemberState, SnapshotAgent, SnapshotChannel, SnapshotGateway, SnapshotMember, SnapshotRegistration,
        SwitchSnapshot,
    },
};
use esl::{ApiReply, SwitchLink};
use serde::{Deserialize, de::DeserializeOwned};
use uuid::Uuid;

/// A list of ten thousand channels takes about a second on a busy switch.
const LIST_LIMIT: Duration = Duration::from_secs(10);

/// Asks for all lists. `asked_at` is the switch's time at which the first one was asked for.
pub async fn take(link: &SwitchLink, asked_at: DateTime<Utc>) -> SwitchSnapshot {
    let ask = async |line: &str| match link.snapshot_api(line, LIST_LIMIT).await {
        Ok(ApiReply::Text(text) | ApiReply::Ok(text)) => Some(text),
        Ok(ApiReply::Error(text) | ApiReply::Usage(text)) => {
            tracing::warn!(command = line, answer = %text, "the switch refuses a list");
            None
        }
        Err(error) => {
            tracing::warn!(command = line, error = %error, "a list of the switch could not be had");
            None
        }
    };
    let channels = ask("show channels as json").await;
    let agents = ask(&callcenter("agent list")).await;
    let tiers = ask(&callcenter("tier list")).await;
    let members = ask(&callcenter("member list")).await;
    let registrations = ask("show registrations as json").await;
    let gateways = ask("sofia xmlstatus gateway").await;
    SwitchSnapshot {
        asked_at: Some(asked_at),
        channels: channels.as_deref().and_then(read_channels),
        members: members.as_deref().and_then(read_members),
        agents: agents
            .as_deref()
            .zip(tiers.as_deref())
            .and_then(|(agents, tiers)| read_agents(agents, tiers)),
        registrations: registrations.as_deref().and_then(read_registrations),
        gateways: gateways.as_deref().and_then(read_gateways),
    }
}

/// The JSON form of mod_callcenter's lists: the pipe form does not escape its separator (mod_callcenter.c 3456).
fn callcenter(arguments: &str) -> String {
    format!(r#"json {{"command":"callcenter_config","data":{{"arguments":"{arguments}"}}}}"#)
}

/// `show … as json`; without rows the key is missing (surprises 15).
#[derive(Deserialize)]
struct Shown<T> {
    row_count: i64,
    #[serde(default = "Vec::new")]
    rows: Vec<T>,
}

/// The answer of the `json` api.
#[derive(Deserialize)]
struct Answer<T> {
    status: String,
    response: Option<Vec<T>>,
}

fn shown<T: DeserializeOwned>(text: &str) -> Option<Vec<T>> {
    let list: Shown<T> = serde_json::from_str(text.trim())
        .inspect_err(|error| tracing::warn!(error = %error, "a list of the switch cannot be read"))
        .ok()?;
    (usize::try_from(list.row_count) == Ok(list.rows.len())).then_some(list.rows)
}

fn answered<T: DeserializeOwned>(text: &str) -> Option<Vec<T>> {
    let answer: Answer<T> = serde_json::from_str(text.trim())
        .inspect_err(|error| tracing::warn!(error = %error, "a list of mod_callcenter cannot be read"))
        .ok()?;
    (answer.status == "success").then(|| answer.response.unwrap_or_default())
}

fn read_channels(text: &str) -> Option<Vec<SnapshotChannel>> {
    #[derive(Deserialize)]
    struct Row {
        uuid: String,
        callstate: String,
        #[serde(default)]
        call_uuid: String,
    }
    let rows: Vec<Row> = shown(text)?;
    Some(
        rows.into_iter()
            .filter_map(|row| {
                Some(SnapshotChannel {
                    leg: LegId::parse(&row.uuid)?,
                    callstate: row.callstate,
                    call_uuid: LegId::parse(&row.call_uuid),
                })
            })
            .collect(),
    )
}

fn read_registrations(text: &str) -> Option<Vec<SnapshotRegistration>> {
    #[derive(Deserialize)]
    struct Row {
        reg_user: String,
        url: String,
        expires: String,
        network_ip: String,
        network_port: String,
    }
    let rows: Vec<Row> = shown(text)?;
    Some(
        rows.into_iter()
            .map(|row| SnapshotRegistration {
                extension: row.reg_user,
                contact: row.url,
                address: format!("{}:{}", row.network_ip, row.network_port),
                expires_at: epoch(&row.expires),
            })
            .collect(),
    )
}

fn read_agents(agents: &str, tiers: &str) -> Option<Vec<SnapshotAgent>> {
    #[derive(Deserialize)]
    struct AgentRow {
        name: String,
        status: String,
        state: String,
        #[serde(default)]
        wrap_up_time: String,
        #[serde(default)]
        last_bridge_end: String,
        #[serde(default)]
        last_status_change: String,
    }
    #[derive(Deserialize)]
    struct TierRow {
        queue: String,
        agent: String,
        state: String,
    }
    let mut places: HashMap<String, Vec<(String, TierState)>> = HashMap::new();
    for row in answered::<TierRow>(tiers)? {
        let place = (
            local_part(&row.queue).to_owned(),
            TierState::from_switch(&row.state),
        );
        places
            .entry(local_part(&row.agent).to_owned())
            .or_default()
            .push(place);
    }
    let rows: Vec<AgentRow> = answered(agents)?;
    Some(
        rows.into_iter()
            .map(|row| {
                let extension = local_part(&row.name).to_owned();
                SnapshotAgent {
                    tiers: places.remove(&extension).unwrap_or_default(),
                    extension,
                    status: AgentStatus::from_switch(&row.status).unwrap_or_default(),
                    state: CallcenterState::from_switch(&row.state).unwrap_or_default(),
                    last_status_change: epoch(&row.last_status_change),
                    last_bridge_end: epoch(&row.last_bridge_end),
                    wrap_up_secs: row.wrap_up_time.parse().unwrap_or_default(),
                }
            })
            .collect(),
    )
}

fn read_members(text: &str) -> Option<Vec<SnapshotMember>> {
    #[derive(Deserialize)]
    struct Row {
        queue: String,
        uuid: String,
        session_uuid: String,
        cid_number: String,
        cid_name: String,
        joined_epoch: String,
        rejoined_epoch: String,
        serving_agent: String,
        #[serde(default)]
        bridge_epoch: String,
        state: String,
    }
    let rows: Vec<Row> = answered(text)?;
    Some(
        rows.into_iter()
            .filter_map(|row| {
                Some(SnapshotMember {
                    queue: local_part(&row.queue).to_owned(),
                    member: Uuid::try_parse(&row.uuid).ok()?,
                    session: LegId::parse(&row.session_uuid),
                    joined_at: epoch(&row.rejoined_epoch).or_else(|| epoch(&row.joined_epoch))?,
                    caller_number: row.cid_number,
                    caller_name: row.cid_name,
                    serving_agent: Some(local_part(&row.serving_agent).to_owned())
                        .filter(|agent| !agent.is_empty()),
                    served_at: epoch(&row.bridge_epoch),
                    state: match row.state.as_str() {
                        "Waiting" => MemberState::Waiting,
                        "Trying" => MemberState::Trying,
                        "Answered" => MemberState::Answered,
                        _ => MemberState::Abandoned,
                    },
                })
            })
            .collect(),
    )
}

/// Reads the answer of `sofia xmlstatus gateway`.
pub(super) fn read_gateways(text: &str) -> Option<Vec<SnapshotGateway>> {
    let gateways = fsxml::read::gateways(text)
        .inspect_err(|error| tracing::warn!(error = %error, "the list of gateways cannot be read"))
        .ok()?;
    Some(
        gateways
            .into_iter()
            .map(|gateway| SnapshotGateway {
                name: gateway.name,
                state: gateway.state,
                up: match gateway.status.as_str() {
                    "UP" => Some(true),
                    "DOWN" => Some(false),
                    _ => None,
                },
            })
            .collect(),
    )
}

/// Names of queues and agents may carry a domain (`support@default`); ours do not.
fn local_part(name: &str) -> &str {
    name.split_once('@').map_or(name, |(local, _)| local)
}

/// Epoch seconds as text; 0 and nothing mean never.
fn epoch(text: &str) -> Option<DateTime<Utc>> {
    text.parse()
        .ok()
        .filter(|seconds| *seconds > 0)
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(name: &str) -> String {
        let path = format!("{}/tests/fixtures/traces/api/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn recorded_channels_are_read() {
        let channels = read_channels(&recorded("show-channels.json")).unwrap();
        assert_eq!(channels.len(), 7);
        assert_eq!(channels[0].callstate, "ACTIVE");
        assert_eq!(channels[0].call_uuid, Some(channels[0].leg));
    }

    #[test]
    fn an_empty_list_is_not_a_missing_one() {
        assert_eq!(
            read_channels(&recorded("show-channels-empty.json")),
            Some(Vec::new())
        );
        assert_eq!(read_channels("-ERR SQL error"), None);
        assert_eq!(read_channels(r#"{"row_count": 3, "rows": []}"#), None);
    }

    #[test]
    fn recorded_registrations_are_read() {
        let registrations = read_registrations(&recorded("show-registrations.json")).unwrap();
        assert_eq!(registrations[0].extension, "1001");
        assert_eq!(registrations[0].address, "127.0.0.1:5301");
        assert_eq!(
            registrations[0].expires_at,
            DateTime::from_timestamp(1_795_370_655, 0)
        );
    }

    #[test]
    fn recorded_agents_are_read_with_their_tiers() {
        let tiers = r#"{"status":"success","response":[
            {"queue":"support@default","agent":"1003@call.test","state":"Active Inbound","level":"1","position":"1"}]}"#;
        let agents = read_agents(&recorded("json-api-callcenter-agents.json"), tiers).unwrap();
        assert_eq!(agents[0].extension, "1003");
        assert_eq!(
            (agents[0].status, agents[0].state),
            (AgentStatus::Available, CallcenterState::InAQueueCall)
        );
        assert_eq!(
            agents[0].tiers,
            [("support".to_owned(), TierState::ActiveInbound)]
        );
        assert_eq!(agents[0].wrap_up_secs, 2);
    }

    #[test]
    fn a_refused_list_corrects_nothing() {
        assert_eq!(read_members(r#"{"status":"error","message":"no"}"#), None);
        assert_eq!(
            read_members(r#"{"status":"success","response":[]}"#),
            Some(Vec::new())
        );
    }
}
