//! The variables that a leg gets when it has hung up: stamps, epochs, durations
//! (`switch_channel_set_timestamps`).

use super::Engine;
use crate::clock::{Micros, stamp};

impl Engine {
    pub(crate) fn set_hangup_variables(&mut self, uuid: &str, disposition: &str) {
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        let cause = leg.cause.unwrap_or(crate::causes::Cause::NORMAL_CLEARING);
        let mut set = |name: &str, value: &str| leg.set(name, value);
        set("hangup_cause", cause.name());
        set("hangup_cause_q850", &cause.q850().to_string());
        set("digits_dialed", "none");
        let times = leg.times;
        for (name, at) in [
            ("start", times.created),
            ("profile_start", times.profile_created),
            ("answer", times.answered),
            ("bridge", times.bridged),
            ("progress", times.progress),
            ("progress_media", times.progress_media),
            ("end", times.hangup),
        ] {
            if at > 0 {
                leg.set(&format!("{name}_stamp"), &stamp(at));
            }
        }
        for (name, at) in [
            ("start", times.created),
            ("profile_start", times.profile_created),
            ("answer", times.answered),
            ("bridge", times.bridged),
            ("last_hold", times.last_hold),
            ("resurrect", 0),
            ("progress", times.progress),
            ("progress_media", times.progress_media),
            ("end", times.hangup),
        ] {
            leg.set(&format!("{name}_epoch"), &(at / 1_000_000).to_string());
            leg.set(&format!("{name}_uepoch"), &at.to_string());
        }
        leg.set("hold_accum_seconds", &(times.hold_accum / 1_000_000).to_string());
        leg.set("hold_accum_usec", &times.hold_accum.to_string());
        leg.set("hold_accum_ms", &(times.hold_accum / 1000).to_string());
        if let Some((app, data, _)) = leg.app_log.last().cloned() {
            leg.set("last_app", &app);
            leg.set("last_arg", &data);
        }
        let caller_id = format!("\"{}\" <{}>", leg.profile.cid_name, leg.profile.cid_number);
        leg.set("caller_id", &caller_id);
        let between = |from: Micros, to: Micros| if from == 0 || to < from { 0 } else { to - from };
        let durations = [
            ("duration", between(times.created, times.hangup)),
            ("bill", between(times.answered, times.hangup)),
            ("progress", between(times.created, times.progress)),
            ("answer", between(times.created, times.answered)),
            ("wait", between(times.created, times.bridged)),
            ("progress_media", between(times.created, times.progress_media)),
            (
                "flow_bill",
                if times.answered > 0 {
                    between(times.created, times.hangup)
                } else {
                    0
                },
            ),
        ];
        for (unit, part) in [("sec", 1_000_000), ("msec", 1000), ("usec", 1)] {
            for (name, span) in durations {
                let name = match (name, unit) {
                    ("duration", "sec") => "duration".to_owned(),
                    ("duration", "msec") => "mduration".to_owned(),
                    ("duration", _) => "uduration".to_owned(),
                    (other, unit) => format!("{other}{unit}"),
                };
                // Whole seconds are the difference of whole epochs, as the switch rounds them.
                let value = if part == 1_000_000 {
                    seconds(span, &name, &times)
                } else {
                    span / part
                };
                leg.set(&name, &value.to_string());
            }
        }
        leg.set("sip_hangup_disposition", disposition);
    }
}

fn seconds(span: Micros, name: &str, times: &super::channel::Times) -> u64 {
    let epoch = |at: Micros| at / 1_000_000;
    match name {
        "duration" => epoch(times.hangup) - epoch(times.created),
        "billsec" if times.answered > 0 => epoch(times.hangup) - epoch(times.answered),
        _ => span / 1_000_000,
    }
}
