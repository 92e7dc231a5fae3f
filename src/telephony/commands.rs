//! Our commands as the switch's words (`facts.md` §4, §5, §8). Pure: text in, text out.

use domain::command::{AgentLimits, Originate, SwitchCommand, Tier};
use esl::command::{InvalidText, VariableBlock, WireText, WireWord, quoted};

/// Context in which an extension's own calls are routed.
const INTERNAL_CONTEXT: &str = "default";

/// One api line for the switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The api command with its arguments.
    pub text: WireText,
    /// It may take long, so it runs as a background job and does not block its connection.
    pub background: bool,
}

/// The api lines of a command, in the order in which they have to be sent. `sip_domain` is written out
/// literally: `${domain_name}` is empty on legs that the switch makes (`facts.md` §0, item 9).
///
/// # Errors
/// When a text in the command could be read as something else by the switch.
pub fn lines(command: &SwitchCommand, sip_domain: &str) -> Result<Vec<Line>, InvalidText> {
    let one = |text: String| Ok(vec![quick(text)?]);
    match command {
        SwitchCommand::AddAgent { agent } => {
            one(format!("callcenter_config agent add {} callback", word(agent)?))
        }
        SwitchCommand::DelAgent { agent } => one(format!("callcenter_config agent del {}", word(agent)?)),
        SwitchCommand::SetAgentLimits(limits) => agent_limits(limits),
        SwitchCommand::SetAgentContact {
            agent,
            ring_secs,
            announce,
        } => one(agent_contact(agent, *ring_secs, announce.as_deref(), sip_domain)?),
        SwitchCommand::SetAgentStatus { agent, status } => one(format!(
            "callcenter_config agent set status {} {}",
            word(agent)?,
            quoted(status.switch_word())?
        )),
        SwitchCommand::SetAgentState { agent, state } => one(format!(
            "callcenter_config agent set state {} {}",
            word(agent)?,
            quoted(state.switch_word())?
        )),
        SwitchCommand::AddTier(tier) => one(tier_line("add", tier)?),
        SwitchCommand::SetTier(tier) => Ok(vec![
            quick(format!(
                "callcenter_config tier set level {} {}",
                tier_name(tier)?,
                tier.level
            ))?,
            quick(format!(
                "callcenter_config tier set position {} {}",
                tier_name(tier)?,
                tier.position
            ))?,
        ]),
        SwitchCommand::DelTier { queue, agent } => one(format!(
            "callcenter_config tier del {} {}",
            word(queue)?,
            word(agent)?
        )),
        SwitchCommand::LoadQueue { queue } => one(format!("callcenter_config queue load {}", word(queue)?)),
        SwitchCommand::ReloadQueue { queue } => {
            one(format!("callcenter_config queue reload {}", word(queue)?))
        }
        SwitchCommand::UnloadQueue { queue } => {
            one(format!("callcenter_config queue unload {}", word(queue)?))
        }
        SwitchCommand::Originate(call) => Ok(vec![originate(call, sip_domain)?]),
        SwitchCommand::Hangup { leg, cause } => one(format!("uuid_kill {leg} {}", cause.as_str())),
        SwitchCommand::Hold { leg } => one(format!("uuid_hold {leg}")),
        SwitchCommand::Retrieve { leg } => one(format!("uuid_hold off {leg}")),
        SwitchCommand::AnswerPhone { leg } => one(format!("uuid_phone_event {leg} talk")),
        SwitchCommand::RescanProfile { profile } => {
            Ok(vec![slow(format!("sofia profile {} rescan", word(profile)?))?])
        }
        SwitchCommand::KillGateway { profile, gateway } => one(format!(
            "sofia profile {} killgw {}",
            word(profile)?,
            word(gateway)?
        )),
        SwitchCommand::ReloadAcl => Ok(vec![slow("reloadacl".to_owned())?]),
        SwitchCommand::LoadModule { module } => Ok(vec![slow(format!("load {}", word(module)?))?]),
        SwitchCommand::FlushRegistration { extension } => one(format!(
            "sofia profile internal flush_inbound_reg {}@{}",
            word(extension)?,
            word(sip_domain)?
        )),
    }
}

fn quick(text: String) -> Result<Line, InvalidText> {
    Ok(Line {
        text: WireText::new(text)?,
        background: false,
    })
}

fn slow(text: String) -> Result<Line, InvalidText> {
    Ok(Line {
        text: WireText::new(text)?,
        background: true,
    })
}

/// One argument without blanks and without what the api's argument splitter would read as quotes.
fn word(text: &str) -> Result<&str, InvalidText> {
    WireWord::new(text)?;
    match text
        .chars()
        .find(|c| matches!(c, '\'' | '"' | '\\' | '{' | '}' | '[' | ']' | '$' | '^'))
    {
        Some(bad) => Err(InvalidText::Character(bad)),
        None => Ok(text),
    }
}

fn agent_limits(limits: &AgentLimits) -> Result<Vec<Line>, InvalidText> {
    let agent = word(&limits.agent)?;
    [
        ("max_no_answer", limits.max_no_answer),
        ("wrap_up_time", limits.wrap_up_secs),
        ("reject_delay_time", limits.reject_delay_secs),
        ("busy_delay_time", limits.busy_delay_secs),
        ("no_answer_delay_time", limits.no_answer_delay_secs),
    ]
    .into_iter()
    .map(|(key, value)| quick(format!("callcenter_config agent set {key} {agent} {value}")))
    .collect()
}

/// The contact carries the ring time: queues have none of their own (`facts.md` §4).
fn agent_contact(
    agent: &str,
    ring_secs: u32,
    announce: Option<&str>,
    sip_domain: &str,
) -> Result<String, InvalidText> {
    let (agent, domain) = (word(agent)?, word(sip_domain)?);
    let dial = format!("[leg_timeout={ring_secs}]user/{agent}@{domain}");
    let contact = match announce {
        None => dial,
        // A blank separates application and file, so the whole contact goes in single quotes.
        Some(file) => format!(
            "{{group_confirm_key=exec,group_confirm_file=playback {}}}{dial}",
            word(file)?
        ),
    };
    Ok(format!(
        "callcenter_config agent set contact {agent} {}",
        quoted(&contact)?
    ))
}

fn tier_name(tier: &Tier) -> Result<String, InvalidText> {
    Ok(format!("{} {}", word(&tier.queue)?, word(&tier.agent)?))
}

fn tier_line(verb: &str, tier: &Tier) -> Result<String, InvalidText> {
    Ok(format!(
        "callcenter_config tier {verb} {} {} {}",
        tier_name(tier)?,
        tier.level,
        tier.position
    ))
}

/// The agent's phone rings first; when it is picked up, the number is routed as if the phone had dialled it.
fn originate(call: &Originate, sip_domain: &str) -> Result<Line, InvalidText> {
    let leg = call.leg.to_string();
    let intent = call.intent.to_string();
    let user = call.user_id.map_or_else(String::new, |id| id.to_string());
    let ring = call.ring_secs.to_string();
    let variables = VariableBlock::new()
        .with("origination_uuid", &leg)?
        .with("originate_timeout", &ring)?
        .with("origination_caller_id_number", &call.display_number)?
        .with("origination_caller_id_name", &call.display_number)?
        .with("sip_auto_answer", if call.auto_answer { "true" } else { "" })?
        .with("cordboard_kind", "click")?
        // The rights of the call are those of this extension: a dialled leg has no directory variables.
        .with("cordboard_extension", &call.extension)?
        .with("cordboard_intent", &intent)?
        .with("cordboard_user", &user)?;
    slow(format!(
        "originate {variables}user/{}@{} {} XML {INTERNAL_CONTEXT}",
        word(&call.extension)?,
        word(sip_domain)?,
        word(&call.number)?
    ))
}

#[cfg(test)]
mod tests {
    use domain::{
        agent::{AgentStatus, CallcenterState},
        command::HangupCause,
        ids::LegId,
    };
    use uuid::Uuid;

    use super::*;

    fn text(command: &SwitchCommand) -> Vec<String> {
        lines(command, "call.test")
            .unwrap()
            .into_iter()
            .map(|line| line.text.as_str().to_owned())
            .collect()
    }

    fn leg() -> LegId {
        LegId(Uuid::from_u128(0x00bb_9737_a435_4e4a_31b0_f526_f428_1524))
    }

    #[test]
    fn a_status_with_a_blank_is_quoted() {
        let command = SwitchCommand::SetAgentStatus {
            agent: "1001".into(),
            status: AgentStatus::OnBreak,
        };
        assert_eq!(
            text(&command),
            ["callcenter_config agent set status 1001 'On Break'"]
        );
        let command = SwitchCommand::SetAgentState {
            agent: "1001".into(),
            state: CallcenterState::Waiting,
        };
        assert_eq!(
            text(&command),
            ["callcenter_config agent set state 1001 'Waiting'"]
        );
    }

    #[test]
    fn hold_is_never_a_toggle() {
        assert_eq!(
            text(&SwitchCommand::Hold { leg: leg() }),
            [format!("uuid_hold {}", leg())]
        );
        assert_eq!(
            text(&SwitchCommand::Retrieve { leg: leg() }),
            [format!("uuid_hold off {}", leg())]
        );
    }

    #[test]
    fn a_hang_up_names_its_cause() {
        let command = SwitchCommand::Hangup {
            leg: leg(),
            cause: HangupCause::CallRejected,
        };
        assert_eq!(text(&command), [format!("uuid_kill {} CALL_REJECTED", leg())]);
    }

    #[test]
    fn the_contact_carries_ring_time_and_literal_domain() {
        let command = SwitchCommand::SetAgentContact {
            agent: "1001".into(),
            ring_secs: 20,
            announce: None,
        };
        assert_eq!(
            text(&command),
            ["callcenter_config agent set contact 1001 '[leg_timeout=20]user/1001@call.test'"]
        );
    }

    #[test]
    fn a_click_to_dial_chooses_its_leg_and_runs_in_the_background() {
        let command = SwitchCommand::Originate(Originate {
            leg: leg(),
            intent: Uuid::nil(),
            extension: "1001".into(),
            number: "013800138000".into(),
            display_number: "013800138000".into(),
            ring_secs: 20,
            auto_answer: true,
            user_id: Some(7),
        });
        let sent = lines(&command, "call.test").unwrap();
        assert!(sent[0].background);
        assert_eq!(
            sent[0].text.as_str(),
            format!(
                "originate {{^^;origination_uuid={};originate_timeout=20;\
                 origination_caller_id_number=013800138000;origination_caller_id_name=013800138000;\
                 sip_auto_answer=true;cordboard_kind=click;cordboard_extension=1001;\
                 cordboard_intent=00000000-0000-0000-0000-000000000000;cordboard_user=7}}\
                 user/1001@call.test 013800138000 XML default",
                leg()
            )
        );
    }

    #[test]
    fn texts_that_would_become_other_commands_are_refused() {
        for bad in ["1001 del", "1001\napi fsctl", "10'01", "${x}", "", "{a=b}1001"] {
            assert!(
                lines(&SwitchCommand::AddAgent { agent: bad.into() }, "call.test").is_err(),
                "{bad:?} was accepted"
            );
        }
    }
}
