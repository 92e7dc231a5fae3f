//! `sim …`: control of the simulated world over the same socket, for browser tests and demos. No real switch
//! knows this command.

use crate::causes::Cause;
use crate::config::{Outcome, PhoneConfig, Pickup};
use crate::engine::{Deed, EndedBy, Engine, Output, SocketFault};

const USAGE: &str = "-USAGE: sim call from=<number> to=<number> [gateway=<name>] [hangup=<ms>] [giveup=<ms>] [talk=<ms>] [dtmf=<ms>:<digits>]\n\
sim phone <user> register|unregister|answer|hangup|reject [<status>]|dial <number>|pickup manual|noanswer|<ms until it answers>|<status>[:<ms>]|dtmf <digits>|add <password>\n\
sim hangup <uuid> [<SIP status of a refusal>]\nsim dtmf <uuid> <digits>\nsim gateway <name> up|down|rule <suffix> answer:<ring ms>:<talk ms>|early:<media ms>:<talk ms>|noanswer|<status>\nsim generator off|<calls per hour>\n\
sim fault stall|refuse-auth|reject-access|silent|reorder on|off\nsim fault lose <n>|delay <ms>|close|crash|clear\n\
sim restart\nsim state\nsim advance <ms> (virtual clock only)\n";

impl Engine {
    pub(super) fn sim_command(&mut self, argument: &str) -> String {
        let words: Vec<&str> = argument.split_whitespace().collect();
        match words.as_slice() {
            ["call", options @ ..] => self.sim_call(options),
            ["phone", user, rest @ ..] => self.sim_phone(user, rest),
            ["hangup", uuid] => {
                self.far_hangs_up(uuid);
                "+OK\n".into()
            }
            ["hangup", uuid, status] => {
                let status = status.parse().unwrap_or(603);
                self.hangup(uuid, Cause::from_sip(status), EndedBy::Refusal(status));
                "+OK\n".into()
            }
            ["dtmf", uuid, digits] => {
                self.press(uuid, digits, "RTP");
                "+OK\n".into()
            }
            ["run", uuid, app, data @ ..] => {
                self.run_action(uuid, app, &data.join(" "));
                "+OK\n".into()
            }
            ["gateway", name, state @ ("up" | "down")] => {
                self.set_gateway_up(name, *state == "up");
                "+OK\n".into()
            }
            ["gateway", name, "rule", suffix, outcome] => match outcome_of(outcome) {
                Some(outcome) => {
                    self.sofia.set_rule(name, suffix, outcome);
                    "+OK\n".into()
                }
                None => USAGE.into(),
            },
            ["generator", "off"] => {
                self.set_call_rate(0);
                "+OK\n".into()
            }
            ["generator", rate] => match rate.parse() {
                Ok(rate) => {
                    self.set_call_rate(rate);
                    "+OK\n".into()
                }
                Err(_) => USAGE.into(),
            },
            ["fault", rest @ ..] => self.sim_fault(rest),
            ["restart"] => {
                self.push(Output::Socket(SocketFault::Close(false)));
                self.restart();
                "+OK\n".into()
            }
            ["state"] => format!(
                "channels={} dials={} waiting={} registrations={} sleeping={}\n",
                self.channels.len(),
                self.dial_count(),
                self.cc
                    .members
                    .iter()
                    .filter(|member| matches!(member.state, "Waiting" | "Trying"))
                    .count(),
                self.sofia.registrations.len(),
                self.waiting.len()
            ),
            _ => USAGE.into(),
        }
    }

    fn sim_call(&mut self, options: &[&str]) -> String {
        let get = |name: &str| {
            options
                .iter()
                .find_map(|o| o.strip_prefix(name)?.strip_prefix('='))
        };
        let (Some(from), Some(to)) = (get("from"), get("to")) else {
            return USAGE.into();
        };
        let leg = match self.sofia.phone(from).map(|phone| phone.user.clone()) {
            Some(user) => self.call_from_phone(&user, to),
            None => self.call_from_outside(from, to, get("gateway")),
        };
        let Some(leg) = leg else {
            return "-ERR the switch takes no calls\n".into();
        };
        let millis = |name: &str| get(name).and_then(|value| value.parse::<u64>().ok());
        let mut deeds = Vec::new();
        if let Some(after) = millis("hangup") {
            deeds.push((after, Deed::Hangup));
        }
        if let Some(after) = millis("giveup") {
            deeds.push((after, Deed::GiveUp));
        }
        if let Some(talk) = millis("talk") {
            deeds.push((0, Deed::TalkFor(talk)));
        }
        if let Some((after, digits)) = get("dtmf").and_then(|value| value.split_once(':')) {
            deeds.push((after.parse().unwrap_or(0), Deed::Press(digits.to_owned())));
        }
        self.script(&leg, deeds);
        format!("+OK {leg}\n")
    }

    fn sim_phone(&mut self, user: &str, rest: &[&str]) -> String {
        if let ["add", password] = rest {
            let mut phone = PhoneConfig::new(user, *password);
            phone.register = false;
            self.sofia.add_phone(phone);
            return "+OK\n".into();
        }
        if self.sofia.phone(user).is_none() {
            return "-ERR no such phone\n".into();
        }
        match rest {
            ["register"] => {
                let expires = self.sofia.phone_mut(user).map(|phone| {
                    phone.register = true;
                    phone.expires
                });
                self.register_phone(user, expires);
            }
            ["unregister"] => {
                if let Some(phone) = self.sofia.phone_mut(user) {
                    phone.register = false;
                }
                self.register_phone(user, Some(0));
            }
            ["answer"] => match self.leg_of_phone(user, true) {
                Some(leg) => self.far_answers(&leg),
                None => return "-ERR nothing rings\n".into(),
            },
            ["hangup"] => match self.leg_of_phone(user, false) {
                Some(leg) => self.far_hangs_up(&leg),
                None => return "-ERR no call\n".into(),
            },
            ["reject", status @ ..] => match self.leg_of_phone(user, true) {
                Some(leg) => {
                    let status = status.first().and_then(|word| word.parse().ok()).unwrap_or(603);
                    self.hangup(&leg, Cause::from_sip(status), EndedBy::Refusal(status));
                }
                None => return "-ERR nothing rings\n".into(),
            },
            ["dial", number] => return self.phone_dials(user, number),
            ["dtmf", digits] => match self.leg_of_phone(user, false) {
                Some(leg) => self.press(&leg, digits, "RTP"),
                None => return "-ERR no call\n".into(),
            },
            ["pickup", how] => {
                let Some(pickup) = pickup_of(how) else {
                    return USAGE.into();
                };
                if let Some(phone) = self.sofia.phone_mut(user) {
                    phone.pickup = pickup;
                }
            }
            _ => return USAGE.into(),
        }
        "+OK\n".into()
    }

    fn sim_fault(&mut self, words: &[&str]) -> String {
        let on = words.get(1) != Some(&"off");
        let number = || {
            words
                .get(1)
                .and_then(|word| word.parse::<u64>().ok())
                .unwrap_or(0)
        };
        let fault = match words.first().copied() {
            Some("stall") => SocketFault::Stall(on),
            Some("refuse-auth") => SocketFault::RefuseAuth(on),
            Some("reject-access") => SocketFault::RejectAccess(on),
            Some("silent") => SocketFault::Silent(on),
            Some("reorder") => SocketFault::Reorder(on),
            Some("lose") => SocketFault::Lose(number() as u32),
            Some("delay") => SocketFault::Delay(number()),
            Some("close") => SocketFault::Close(true),
            Some("crash") => SocketFault::Close(false),
            Some("clear") => SocketFault::Clear,
            _ => return USAGE.into(),
        };
        self.push(Output::Socket(fault));
        "+OK\n".into()
    }
}

/// `answer:<ring ms>[:<talk ms>]`, `early:<media ms>[:<talk ms>]`, `noanswer`, or a SIP status.
fn outcome_of(text: &str) -> Option<Outcome> {
    let mut parts = text.split(':');
    let word = parts.next()?;
    let mut millis = || parts.next().map_or(Some(0), |part| part.parse::<u64>().ok());
    match word {
        "answer" => Some(Outcome::Answer {
            ring: millis()?,
            talk: millis()?,
        }),
        "early" => Some(Outcome::EarlyAnswer {
            media: millis()?,
            talk: millis()?,
        }),
        "noanswer" => Some(Outcome::NoAnswer),
        status => Some(Outcome::Refuse {
            after: 0,
            status: status.parse().ok()?,
        }),
    }
}

/// A phone's behaviour: `manual`, `noanswer`, milliseconds until it answers, or a refusal `486[:<ms>]`.
fn pickup_of(text: &str) -> Option<Pickup> {
    let (word, millis) = text.split_once(':').unwrap_or((text, "100"));
    match (word, word.parse::<u64>()) {
        ("manual", _) => Some(Pickup::Manual),
        ("noanswer", _) => Some(Pickup::NoAnswer),
        (_, Ok(status @ (480 | 486 | 603))) => Some(Pickup::Refuse {
            after: millis.parse().ok()?,
            status: status as u16,
        }),
        (_, Ok(millis)) => Some(Pickup::after(millis)),
        _ => None,
    }
}
