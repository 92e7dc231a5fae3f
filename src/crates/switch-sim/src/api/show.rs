//! `show channels|calls|registrations|modules … [as json]`.

use serde_json::{Map, Value, json};

use crate::clock::{SECOND, stamp};
use crate::engine::{Channel, Engine};

type Row = Vec<(&'static str, String)>;

const USAGE: &str = "-USAGE: codec|endpoint|application|api|dialplan|file|timer|calls [count]|channels \
[count|like <match string>]|calls|detailed_calls|bridged_calls|detailed_bridged_calls|aliases|complete|chat|\
management|modules|nat_map|say|interfaces|interface_types|tasks|limits|status\n";

fn channel_row(leg: &Channel, hostname: &str) -> Row {
    let (application, data) = leg
        .app
        .as_ref()
        .map_or(("", ""), |(app, data, _)| (app.as_str(), data.as_str()));
    let codec = if leg.has_codec {
        ("PCMU", "8000", "64000")
    } else {
        ("", "", "")
    };
    let bridged = leg.partner.is_some();
    let call_uuid = if bridged || *leg.call_uuid != *leg.uuid {
        leg.call_uuid.to_string()
    } else {
        String::new()
    };
    let sent = |name: &str| leg.var(name).unwrap_or_default().to_owned();
    let profile = &leg.profile;
    let first = leg.past.first().map_or(profile, |past| &past.profile);
    vec![
        ("uuid", leg.uuid.to_string()),
        ("direction", leg.direction.word().into()),
        ("created", stamp(leg.times.created)),
        ("created_epoch", (leg.times.created / SECOND).to_string()),
        ("name", leg.name.clone()),
        ("state", leg.cs.word_and_number().0.into()),
        ("cid_name", profile.cid_name.clone()),
        ("cid_num", profile.cid_number.clone()),
        ("ip_addr", profile.network_addr.clone()),
        ("dest", profile.destination.clone()),
        ("application", application.into()),
        ("application_data", data.into()),
        ("dialplan", profile.dialplan.clone()),
        ("context", profile.context.clone()),
        ("read_codec", codec.0.into()),
        ("read_rate", codec.1.into()),
        ("read_bit_rate", codec.2.into()),
        ("write_codec", codec.0.into()),
        ("write_rate", codec.1.into()),
        ("write_bit_rate", codec.2.into()),
        ("secure", String::new()),
        ("hostname", hostname.into()),
        ("presence_id", leg.presence_id.clone()),
        ("presence_data", String::new()),
        ("accountcode", String::new()),
        ("callstate", leg.call_state.word_and_number().0.into()),
        ("callee_name", profile.callee_name.clone()),
        ("callee_num", profile.callee_number.clone()),
        (
            "callee_direction",
            if bridged { "SEND".into() } else { String::new() },
        ),
        ("call_uuid", call_uuid),
        ("sent_callee_name", sent("last_sent_callee_id_name")),
        ("sent_callee_num", sent("last_sent_callee_id_number")),
        ("initial_cid_name", first.cid_name.clone()),
        ("initial_cid_num", first.cid_number.clone()),
        ("initial_ip_addr", first.network_addr.clone()),
        ("initial_dest", first.destination.clone()),
        ("initial_dialplan", first.dialplan.clone()),
        ("initial_context", first.context.clone()),
    ]
}

/// The columns that both halves of a `show calls` row have.
const HALF: [&str; 18] = [
    "uuid",
    "direction",
    "created",
    "created_epoch",
    "name",
    "state",
    "cid_name",
    "cid_num",
    "ip_addr",
    "dest",
    "presence_id",
    "presence_data",
    "accountcode",
    "callstate",
    "callee_name",
    "callee_num",
    "callee_direction",
    "sent_callee_name",
];

fn objects(rows: Vec<Row>) -> String {
    if rows.is_empty() {
        // Without rows the key is missing altogether (surprises 15).
        return "{\"row_count\": 0}\n".into();
    }
    let rows: Vec<Value> = rows
        .into_iter()
        .map(|row| {
            Value::Object(
                row.into_iter()
                    .map(|(name, value)| (name.to_owned(), value.into()))
                    .collect(),
            )
        })
        .collect();
    values(rows)
}

fn values(rows: Vec<Value>) -> String {
    if rows.is_empty() {
        return "{\"row_count\": 0}\n".into();
    }
    json!({"row_count": rows.len(), "rows": rows}).to_string()
}

fn csv(rows: &[Row]) -> String {
    let mut out = String::new();
    if let Some(first) = rows.first() {
        out.push_str(&first.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(","));
        out.push('\n');
    }
    for row in rows {
        out.push_str(
            &row.iter()
                .map(|(_, value)| value.as_str())
                .collect::<Vec<_>>()
                .join(","),
        );
        out.push('\n');
    }
    format!("{out}\n{} total.\n", rows.len())
}

impl Engine {
    pub(super) fn show(&mut self, argument: &str) -> String {
        let words: Vec<&str> = argument.split_whitespace().collect();
        let (words, as_json) = match words.as_slice() {
            [rest @ .., "as", "json"] => (rest, true),
            rest => (rest, false),
        };
        let render = |rows: Vec<Row>| if as_json { objects(rows) } else { csv(&rows) };
        let count = |number: usize| {
            if as_json {
                json!({"row_count": number, "rows": []}).to_string()
            } else {
                format!("\n{number} total.\n")
            }
        };
        match words {
            ["channels", "count"] => count(self.channels.len()),
            ["channels"] => render(self.channel_rows("")),
            ["channels", "like", text] => render(self.channel_rows(text)),
            ["calls", "count"] => count(self.call_rows(false).len()),
            ["calls" | "detailed_calls"] => render(self.call_rows(false)),
            ["bridged_calls" | "detailed_bridged_calls"] => render(self.call_rows(true)),
            ["registrations"] if as_json => values(self.registration_rows()),
            ["registrations"] => render(
                self.registration_rows()
                    .iter()
                    .map(|row| {
                        [
                            "reg_user",
                            "realm",
                            "token",
                            "url",
                            "expires",
                            "network_ip",
                            "network_port",
                            "network_proto",
                            "hostname",
                            "metadata",
                        ]
                        .map(|name| (name, row[name].as_str().unwrap_or_default().to_owned()))
                        .into()
                    })
                    .collect(),
            ),
            ["registrations", "count"] => count(self.sofia.registrations.len()),
            ["modules", ..] => render(
                self.modules
                    .iter()
                    .map(|name| {
                        vec![
                            ("type", "generic".to_owned()),
                            ("name", (*name).to_owned()),
                            ("ikey", (*name).to_owned()),
                        ]
                    })
                    .collect(),
            ),
            ["status"] => self.status_text(),
            ["tasks", ..] => render(Vec::new()),
            _ => USAGE.into(),
        }
    }

    fn channel_rows(&self, like: &str) -> Vec<Row> {
        self.legs()
            .into_iter()
            .map(|leg| channel_row(leg, &self.config.switchname))
            .filter(|row| like.is_empty() || row.iter().any(|(_, value)| value.contains(like)))
            .collect()
    }

    fn call_rows(&self, only_bridged: bool) -> Vec<Row> {
        let mut rows = Vec::new();
        for leg in self.legs() {
            let partner = leg.partner.as_ref().and_then(|uuid| self.channels.get(uuid));
            if (partner.is_some() && !leg.bridge_a) || (partner.is_none() && only_bridged) {
                continue;
            }
            let full = channel_row(leg, &self.config.switchname);
            let find = |row: &Row, name: &str| {
                row.iter()
                    .find(|(key, _)| *key == name)
                    .map_or(String::new(), |(_, value)| value.clone())
            };
            let mut row: Row = HALF[..17].iter().map(|name| (*name, find(&full, name))).collect();
            row.push(("call_uuid", find(&full, "call_uuid")));
            row.push(("hostname", find(&full, "hostname")));
            row.push(("sent_callee_name", find(&full, "sent_callee_name")));
            row.push(("sent_callee_num", find(&full, "sent_callee_num")));
            let other = partner
                .map(|leg| channel_row(leg, &self.config.switchname))
                .unwrap_or_default();
            for (name, b_name) in [
                ("uuid", "b_uuid"),
                ("direction", "b_direction"),
                ("created", "b_created"),
                ("created_epoch", "b_created_epoch"),
                ("name", "b_name"),
                ("state", "b_state"),
                ("cid_name", "b_cid_name"),
                ("cid_num", "b_cid_num"),
                ("ip_addr", "b_ip_addr"),
                ("dest", "b_dest"),
                ("presence_id", "b_presence_id"),
                ("presence_data", "b_presence_data"),
                ("accountcode", "b_accountcode"),
                ("callstate", "b_callstate"),
                ("callee_name", "b_callee_name"),
                ("callee_num", "b_callee_num"),
                ("callee_direction", "b_callee_direction"),
                ("sent_callee_name", "b_sent_callee_name"),
                ("sent_callee_num", "b_sent_callee_num"),
            ] {
                row.push((b_name, find(&other, name)));
            }
            let created = partner.map_or(String::new(), |_| (leg.times.bridged / SECOND).to_string());
            row.push(("call_created_epoch", created));
            rows.push(row);
        }
        rows
    }

    /// `uuid_dump <uuid> [json]`.
    pub(super) fn dump(&mut self, uuid: &str, as_json: bool) -> String {
        let mut head = crate::event::Headers::new();
        self.standard_headers("CHANNEL_DATA", None, &mut head);
        head.extend(self.leg_fields(uuid));
        if as_json {
            let object: Map<String, Value> = head
                .into_iter()
                .map(|(name, value)| (name.into_owned(), value.into()))
                .collect();
            return Value::Object(object).to_string();
        }
        let mut out = String::new();
        for (name, value) in head {
            out.push_str(&name);
            out.push_str(": ");
            crate::event::percent(&value, &mut out);
            out.push('\n');
        }
        out + "\n"
    }
}
