//! mod_json_cdr: the record of a leg (structure of the recorded `cdr/` documents).

use serde_json::{Map, Value, json};

use crate::clock::Micros;
use crate::config::{HttpTarget, Secret};
use crate::dialplan::Action;
use crate::engine::channel::{Channel, OtherLeg, Profile, Times};
use crate::xml::Node;

/// Where json_cdr.conf says that records go, if it says so.
pub(crate) fn target_from_config(node: &Node) -> Option<HttpTarget> {
    let params = node.params("param");
    let get = |key: &str| {
        params
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    };
    let (user, password) = get("cred")
        .and_then(|cred| cred.split_once(':'))
        .unwrap_or_default();
    Some(HttpTarget {
        url: get("url")?.to_owned(),
        user: user.to_owned(),
        password: Secret::new(password),
        timeout: std::time::Duration::from_secs(5),
    })
}

/// The whole document of a leg that has hung up.
pub(crate) fn document(leg: &Channel, core_uuid: &str, switchname: &str) -> Value {
    let variables: Map<String, Value> = leg
        .vars
        .iter()
        .map(|(name, value)| (name.to_string(), Value::from(value.to_string())))
        .collect();
    let mut document = json!({
        "core-uuid": core_uuid,
        "switchname": switchname,
        "channel_data": {
            "state": "CS_REPORTING",
            "direction": leg.direction.word(),
            "state_number": "11",
            "flags": "0=1;1=1;39=1;40=1",
            "caps": "1=1;2=1;3=1;4=1;5=1;6=1;8=1;9=1;10=1",
        },
        "callStats": call_stats(&leg.times),
        "variables": variables,
    });
    if !leg.app_log.is_empty() {
        let applications: Vec<Value> = leg
            .app_log
            .iter()
            .map(|(name, data, at)| json!({"app_name": name, "app_data": data, "app_stamp": at.to_string()}))
            .collect();
        document["app_log"] = json!({"applications": applications});
    }
    let mut flow = vec![flow(
        leg,
        leg.profile_index,
        &leg.profile,
        &leg.times,
        leg.extension.as_ref(),
        leg.other.as_ref(),
    )];
    for (at, past) in leg.past.iter().enumerate().rev() {
        let mut times = past.times;
        times.hangup = 0;
        flow.push(self::flow(
            leg,
            at as u32 + 1,
            &past.profile,
            &times,
            past.extension.as_ref(),
            None,
        ));
    }
    document["callflow"] = Value::Array(flow);
    document
}

fn call_stats(times: &Times) -> Value {
    // 50 packets of 160 bytes a second, from the answer on.
    let talked = if times.answered > 0 {
        times.hangup.saturating_sub(times.answered)
    } else {
        0
    };
    let packets = talked / 20_000;
    let stream = json!({"raw_bytes": packets * 172, "media_bytes": packets * 172, "packet_count": packets,
                        "media_packet_count": packets, "skip_packet_count": 0});
    json!({"audio": {"inbound": stream.clone(), "outbound": stream}})
}

fn flow(
    leg: &Channel,
    index: u32,
    profile: &Profile,
    times: &Times,
    extension: Option<&(String, Vec<Action>)>,
    other: Option<&OtherLeg>,
) -> Value {
    let mut out = Map::new();
    if !profile.dialplan.is_empty() {
        out.insert("dialplan".into(), profile.dialplan.clone().into());
    }
    out.insert("profile_index".into(), index.to_string().into());
    if let Some((name, actions)) = extension {
        let applications: Vec<Value> = actions
            .iter()
            .map(|action| json!({"app_name": action.app, "app_data": action.data}))
            .collect();
        let extension = json!({"name": name, "number": profile.destination, "applications": applications});
        out.insert("extension".into(), extension);
    }
    let mut caller = caller(profile, &leg.uuid, &leg.name);
    if let Some(other) = other {
        let theirs = self::caller(&other.profile, &other.uuid, &other.channel_name);
        if other.is_originator {
            caller["originator"] = json!({"originator_caller_profiles": [theirs]});
        } else {
            caller["originatee"] = json!({"originatee_caller_profiles": [theirs]});
        }
    }
    out.insert("caller_profile".into(), caller);
    let text = |at: Micros| at.to_string();
    out.insert(
        "times".into(),
        json!({
            "created_time": text(times.created),
            "profile_created_time": text(times.profile_created),
            "progress_time": text(times.progress),
            "progress_media_time": text(times.progress_media),
            "answered_time": text(times.answered),
            "bridged_time": text(times.bridged),
            "last_hold_time": text(times.last_hold),
            "hold_accum_time": text(times.hold_accum),
            "hangup_time": text(times.hangup),
            "resurrect_time": "0",
            "transfer_time": text(times.transfer),
        }),
    );
    Value::Object(out)
}

fn caller(profile: &Profile, uuid: &str, name: &str) -> Value {
    json!({
        "username": profile.username, "dialplan": profile.dialplan, "caller_id_name": profile.cid_name,
        "ani": profile.ani, "aniii": "", "caller_id_number": profile.cid_number,
        "network_addr": profile.network_addr, "rdnis": profile.rdnis, "destination_number": profile.destination,
        "uuid": uuid, "source": profile.source, "context": profile.context, "chan_name": name,
    })
}
