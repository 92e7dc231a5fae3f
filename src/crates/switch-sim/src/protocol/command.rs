//! One client command, recognised but not yet carried out.

use super::packet::Packet;

/// What the client asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    Auth(&'a str),
    UserAuth,
    Api { name: &'a str, argument: &'a str },
    BgApi { name: &'a str, argument: &'a str },
    Event(&'a str),
    NixEvent(&'a str),
    NoEvents,
    Filter(&'a str),
    MyEvents(&'a str),
    DivertEvents,
    Log(&'a str),
    NoLog,
    Linger,
    SendMsg(&'a str),
    SendEvent(&'a str),
    Exit,
    Unknown,
}

impl<'a> Command<'a> {
    /// Commands are case-insensitive, but a leading blank makes them unknown (surprises 7).
    pub(super) fn parse(packet: &'a Packet) -> Self {
        let line = packet.line.trim_end();
        let (word, argument) = line
            .split_once(' ')
            .map_or((line, ""), |(word, rest)| (word, rest.trim_start()));
        let call = |argument: &'a str| argument.split_once(' ').unwrap_or((argument, ""));
        match (word.to_ascii_lowercase().as_str(), argument) {
            (word, _) if word.starts_with("exit") || word.starts_with("...") => Self::Exit,
            ("auth", password) if !password.is_empty() => Self::Auth(password),
            ("userauth", name) if !name.is_empty() => Self::UserAuth,
            ("api", rest) if !rest.is_empty() => {
                let (name, argument) = call(rest);
                Self::Api { name, argument }
            }
            ("bgapi", rest) if !rest.is_empty() => {
                let (name, argument) = call(rest);
                Self::BgApi { name, argument }
            }
            ("event", names) => Self::Event(names),
            ("nixevent", names) => Self::NixEvent(names),
            ("noevents", _) => Self::NoEvents,
            ("filter", rest) if !rest.is_empty() => Self::Filter(rest),
            ("myevents", rest) if !rest.is_empty() => {
                Self::MyEvents(rest.split(' ').next().unwrap_or_default())
            }
            ("divert_events", _) => Self::DivertEvents,
            ("log", level) => Self::Log(level),
            ("nolog", _) => Self::NoLog,
            ("linger" | "nolinger", _) => Self::Linger,
            ("sendmsg", uuid) => Self::SendMsg(uuid),
            ("sendevent", name) => Self::SendEvent(name),
            _ => Self::Unknown,
        }
    }
}

/// `console 0 … debug 7`, by name or number (switch_log.c `switch_log_str2level`).
pub(super) fn log_level(word: &str) -> Option<u8> {
    const LEVELS: [&str; 8] = [
        "console", "alert", "crit", "err", "warning", "notice", "info", "debug",
    ];
    if let Ok(number) = word.parse::<u8>() {
        return Some(number.min(7));
    }
    LEVELS
        .iter()
        .position(|level| level.eq_ignore_ascii_case(word))
        .map(|at| at as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_recognised_as_in_traces_01d_and_01k() {
        let parse = |line: &str| {
            let packet = Packet {
                line: line.into(),
                ..Packet::default()
            };
            format!("{:?}", Command::parse(&packet))
        };
        assert_eq!(parse(" api echo sp"), "Unknown");
        assert_eq!(
            parse("API echo upper"),
            r#"Api { name: "echo", argument: "upper" }"#
        );
        assert_eq!(parse("api"), "Unknown");
        assert_eq!(parse("auth"), "Unknown");
        assert_eq!(parse("..."), "Exit");
        assert_eq!(parse("sendmsg"), r#"SendMsg("")"#);
        assert_eq!(log_level("warning"), Some(4));
        assert_eq!(log_level("nosuch"), None);
    }
}
