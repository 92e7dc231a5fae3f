//! Commands to the switch. A [`Command`] is one complete packet made of checked words and lines, so that no
//! text from outside can end it early. Syntax: `mod_event_socket.c` 1737-2623.

use std::{
    borrow::Cow,
    fmt::{self, Write as _}, // writing to a String cannot fail
};

use bytes::Bytes;

pub use crate::wire::{InvalidText, JobId, VariableBlock, WireText, WireUuid, WireWord, quoted};

/// In which form events are wanted; it holds for everything subscribed on a connection (surprises 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EventFormat {
    /// `text/event-plain`: the cheapest to read.
    #[default]
    Plain,
    /// `text/event-json`: exact values, needs the feature `json`.
    Json,
}

/// What a connection wants to hear: data, so that it can be applied once per connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interest {
    /// Form of the events.
    pub format: EventFormat,
    /// Names such as `CHANNEL_ANSWER`.
    pub events: Vec<WireWord>,
    /// Subclasses of CUSTOM events such as `callcenter::info`; made by [`WireWord::subclass`].
    pub subclasses: Vec<WireWord>,
    /// Filters, or-ed by the switch (surprises 19); they hold for the whole connection.
    pub filters: Vec<(WireWord, WireText)>,
}

impl Interest {
    /// Plain events of these names and custom subclasses, without filters.
    pub fn of(events: &[&str], subclasses: &[&str]) -> Result<Self, InvalidText> {
        Ok(Interest {
            events: events
                .iter()
                .map(|name| WireWord::new(*name))
                .collect::<Result<_, _>>()?,
            subclasses: subclasses
                .iter()
                .map(|name| WireWord::subclass(*name))
                .collect::<Result<_, _>>()?,
            ..Interest::default()
        })
    }

    /// Whether an event of this name is asked for already.
    pub fn has_event(&self, name: &str) -> bool {
        self.events
            .iter()
            .any(|word| word.as_str().eq_ignore_ascii_case(name))
    }

    /// The commands that subscribe a fresh connection: filters first, then one `event` command.
    pub fn commands(&self) -> Vec<Command> {
        let mut commands: Vec<Command> = self
            .filters
            .iter()
            .map(|(header, value)| Command::filter_add(header, value))
            .collect();
        if !self.events.is_empty() || !self.subclasses.is_empty() {
            commands.push(Command::subscribe(self));
        }
        commands
    }

    /// Names, then CUSTOM and its subclasses last: every word after CUSTOM is taken for a subclass.
    fn names(&self) -> String {
        let mut names: Vec<&str> = self.events.iter().map(WireWord::as_str).collect();
        if !self.subclasses.is_empty() {
            names.push("CUSTOM");
            names.extend(self.subclasses.iter().map(WireWord::as_str));
        }
        names.join(" ")
    }
}

/// An application to run on a channel by `sendmsg`. The reply says only that it was queued (surprises 17).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execute {
    /// Application, such as `playback`.
    pub app: WireWord,
    /// Its argument, empty for none.
    pub argument: WireText,
    /// How often; 1 if left alone.
    pub loops: u32,
    /// Comes back as `Application-UUID` in CHANNEL_EXECUTE and CHANNEL_EXECUTE_COMPLETE.
    pub event_uuid: Option<WireUuid>,
    /// Wait until what was queued before has ended.
    pub event_lock: bool,
}

impl Execute {
    /// Run `app` once.
    pub fn new(app: WireWord, argument: WireText) -> Self {
        Execute {
            app,
            argument,
            loops: 1,
            event_uuid: None,
            event_lock: false,
        }
    }
}

/// One packet for the switch.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    wire: Bytes,
    verb: Cow<'static, str>,
    secret: bool,
}

impl Command {
    /// `auth <password>`.
    pub fn auth(password: &WireText) -> Result<Self, InvalidText> {
        if password.as_str().trim().is_empty() {
            return Err(InvalidText::Empty); // `auth` alone is an unknown command (surprises 8)
        }
        Ok(Command {
            secret: true,
            ..Self::line("auth", &format!("auth {password}"))
        })
    }

    /// `userauth <user@domain>:<password>`.
    pub fn userauth(user: &WireWord, password: &WireText) -> Self {
        Command {
            secret: true,
            ..Self::line("userauth", &format!("userauth {user}:{password}"))
        }
    }

    /// `api <command> [arguments]`, executed at once: nothing else of the connection is served meanwhile.
    pub fn api(line: &WireText) -> Result<Self, InvalidText> {
        let verb = api_verb("api", line)?;
        Ok(Command {
            verb,
            ..Self::line("api", &format!("api {line}"))
        })
    }

    /// `bgapi` under a job id of our own; the outcome comes as a BACKGROUND_JOB event on every connection.
    pub fn bgapi(line: &WireText, job: &JobId) -> Result<Self, InvalidText> {
        let verb = api_verb("bgapi", line)?;
        Ok(Command {
            verb,
            ..Self::line("bgapi", &format!("bgapi {line}\nJob-UUID: {job}"))
        })
    }

    /// `event plain|json NAMES… [CUSTOM subclasses…]`.
    pub fn subscribe(interest: &Interest) -> Self {
        let format = match interest.format {
            EventFormat::Plain => "plain",
            EventFormat::Json => "json",
        };
        Self::line("event", &format!("event {format} {}", interest.names()))
    }

    /// `nixevent`: takes names of the list; custom subclasses one by one (surprises 20).
    pub fn nixevent(interest: &Interest) -> Self {
        Self::line("nixevent", &format!("nixevent {}", interest.names()))
    }

    /// `noevents`.
    pub fn noevents() -> Self {
        Self::line("noevents", "noevents")
    }

    /// `filter <header> <value>`; a value in slashes is a regular expression.
    pub fn filter_add(header: &WireWord, value: &WireText) -> Self {
        Self::line("filter", &format!("filter {header} {value}"))
    }

    /// `filter delete <header> [value]`.
    pub fn filter_delete(header: &WireWord, value: Option<&WireText>) -> Self {
        match value {
            Some(value) => Self::line("filter", &format!("filter delete {header} {value}")),
            None => Self::line("filter", &format!("filter delete {header}")),
        }
    }

    /// `filter delete all`.
    pub fn filter_delete_all() -> Self {
        Self::line("filter", "filter delete all")
    }

    /// `sendmsg` that runs an application on a channel; without a channel, on the one of an outbound socket.
    pub fn execute(channel: Option<&WireUuid>, what: &Execute) -> Self {
        let mut text = sendmsg(channel, "execute");
        let _ = write!(text, "\nexecute-app-name: {}", what.app);
        if !what.argument.as_str().is_empty() {
            let _ = write!(text, "\nexecute-app-arg: {}", what.argument);
        }
        if what.loops != 1 {
            let _ = write!(text, "\nloops: {}", what.loops);
        }
        if let Some(id) = &what.event_uuid {
            let _ = write!(text, "\nEvent-UUID: {id}");
        }
        if what.event_lock {
            text += "\nevent-lock: true";
        }
        Self::line("sendmsg", &text)
    }

    /// `sendmsg` that hangs a channel up with a cause such as `NORMAL_CLEARING`.
    pub fn hangup(channel: Option<&WireUuid>, cause: &WireWord) -> Self {
        Self::line(
            "sendmsg",
            &format!("{}\nhangup-cause: {cause}", sendmsg(channel, "hangup")),
        )
    }

    /// `sendevent <name>` with headers and perhaps a body. A header called `Content-Length` is refused: it
    /// would make the switch read following commands as a body.
    pub fn sendevent(
        name: &WireWord,
        headers: &[(WireWord, WireText)],
        body: Option<&[u8]>,
    ) -> Result<Self, InvalidText> {
        let mut text = format!("sendevent {name}");
        for (header, value) in headers {
            if header.as_str().eq_ignore_ascii_case("content-length") {
                return Err(InvalidText::Character('-'));
            }
            let _ = write!(text, "\n{header}: {value}");
        }
        let Some(body) = body else {
            return Ok(Self::line("sendevent", &text));
        };
        let _ = write!(text, "\nContent-Length: {}\n\n", body.len());
        let mut wire = text.into_bytes();
        wire.extend_from_slice(body);
        Ok(Command {
            wire: wire.into(),
            verb: "sendevent".into(),
            secret: false,
        })
    }

    /// `log <level>`, 0 (console) to 7 (debug).
    pub fn log(level: u8) -> Self {
        Self::line("log", &format!("log {}", level.min(7)))
    }

    /// `nolog`.
    pub fn nolog() -> Self {
        Self::line("nolog", "nolog")
    }

    /// `linger [seconds]`: keep an outbound socket open after the hang-up.
    pub fn linger(seconds: Option<u32>) -> Self {
        match seconds {
            Some(seconds) => Self::line("linger", &format!("linger {seconds}")),
            None => Self::line("linger", "linger"),
        }
    }

    /// `nolinger`.
    pub fn nolinger() -> Self {
        Self::line("nolinger", "nolinger")
    }

    /// `connect`: the first command on an outbound socket, answered by the whole channel.
    pub fn connect() -> Self {
        Self::line("connect", "connect")
    }

    /// `myevents`: events of the own channel, for outbound sockets only.
    pub fn myevents() -> Self {
        Self::line("myevents", "myevents")
    }

    /// `divert_events on|off`, for outbound sockets only.
    pub fn divert_events(on: bool) -> Self {
        Self::line(
            "divert_events",
            if on {
                "divert_events on"
            } else {
                "divert_events off"
            },
        )
    }

    /// `resume`: an outbound socket goes on with the dial plan when it is closed.
    pub fn resume() -> Self {
        Self::line("resume", "resume")
    }

    /// `exit`: `+OK bye`, a notice, and the end.
    pub fn exit() -> Self {
        Self::line("exit", "exit")
    }

    /// The packet, to be written whole.
    pub fn wire(&self) -> &Bytes {
        &self.wire
    }

    /// For counters: the command word, and for api commands the api's name: `api uuid_kill`.
    pub fn verb(&self) -> &str {
        &self.verb
    }

    fn line(verb: &'static str, text: &str) -> Self {
        Command {
            wire: Bytes::from(format!("{text}\n\n")),
            verb: verb.into(),
            secret: false,
        }
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if self.secret {
            Cow::Borrowed("<secret>")
        } else {
            String::from_utf8_lossy(&self.wire)
        };
        formatter
            .debug_struct("Command")
            .field("verb", &self.verb)
            .field("wire", &shown)
            .finish()
    }
}

fn sendmsg(channel: Option<&WireUuid>, call_command: &str) -> String {
    match channel {
        Some(channel) => format!("sendmsg {channel}\ncall-command: {call_command}"),
        None => format!("sendmsg\ncall-command: {call_command}"),
    }
}

/// The name of an api command must start at once: ` status` is another, unknown command (surprises 7).
fn api_verb(kind: &str, line: &WireText) -> Result<Cow<'static, str>, InvalidText> {
    if line.as_str().is_empty() {
        return Err(InvalidText::Empty);
    }
    match line.as_str().split(' ').next() {
        Some(name) if !name.is_empty() => Ok(Cow::Owned(format!("{kind} {name}"))),
        _ => Err(InvalidText::Character(' ')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(command: &Command) -> &str {
        std::str::from_utf8(command.wire()).unwrap()
    }

    fn line(text: &str) -> WireText {
        WireText::new(text).unwrap()
    }

    fn word(text: &str) -> WireWord {
        WireWord::new(text).unwrap()
    }

    const ID: &str = "3ca35715-4765-4ec5-b6a4-89c7f8f6e56a";

    #[test]
    fn the_password_is_sent_but_never_shown() {
        let command = Command::auth(&line("ClueCon")).unwrap();
        assert_eq!(text(&command), "auth ClueCon\n\n");
        assert!(!format!("{command:?}").contains("ClueCon"));
        let command = Command::userauth(&WireWord::new("1@d").unwrap(), &line("ClueCon"));
        assert!(!format!("{command:?}").contains("ClueCon"));
        assert!(Command::auth(&line(" ")).is_err());
    }

    #[test]
    fn api_commands_name_their_verb_and_refuse_a_leading_blank() {
        let command = Command::api(&line("uuid_kill x")).unwrap();
        assert_eq!(
            (text(&command), command.verb()),
            ("api uuid_kill x\n\n", "api uuid_kill")
        );
        assert_eq!(Command::api(&line("")).unwrap_err(), InvalidText::Empty);
        assert_eq!(
            Command::api(&line(" status")).unwrap_err(),
            InvalidText::Character(' ')
        );
    }

    #[test]
    fn a_job_carries_its_own_id() {
        let job = JobId::new(ID).unwrap();
        let command = Command::bgapi(&line("version"), &job).unwrap();
        assert_eq!(text(&command), format!("bgapi version\nJob-UUID: {ID}\n\n"));
    }

    #[test]
    fn subscriptions_put_filters_first_and_custom_last() {
        let mut interest = Interest::of(&["CHANNEL_ANSWER", "DTMF"], &["callcenter::info"]).unwrap();
        interest.filters.push((word("Unique-ID"), line("x")));
        let commands = interest.commands();
        let texts: Vec<&str> = commands.iter().map(text).collect();
        assert_eq!(
            texts,
            [
                "filter Unique-ID x\n\n",
                "event plain CHANNEL_ANSWER DTMF CUSTOM callcenter::info\n\n"
            ]
        );
        assert!(Interest::default().commands().is_empty());
    }

    #[test]
    fn sendmsg_names_the_headers_that_the_switch_reads() {
        let channel = WireUuid::new(ID).unwrap();
        let mut what = Execute::new(word("playback"), line("x.wav"));
        assert_eq!(
            text(&Command::execute(Some(&channel), &what)),
            format!(
                "sendmsg {ID}\ncall-command: execute\nexecute-app-name: playback\nexecute-app-arg: x.wav\n\n"
            )
        );
        what.loops = 2;
        what.event_lock = true;
        what.event_uuid = Some(channel.clone());
        let full = Command::execute(None, &what);
        assert!(text(&full).ends_with(&format!("loops: 2\nEvent-UUID: {ID}\nevent-lock: true\n\n")));
        assert_eq!(
            text(&Command::hangup(Some(&channel), &word("USER_BUSY"))),
            format!("sendmsg {ID}\ncall-command: hangup\nhangup-cause: USER_BUSY\n\n")
        );
    }

    #[test]
    fn a_body_follows_its_length_and_no_one_else_may_state_one() {
        let command =
            Command::sendevent(&word("CUSTOM"), &[(word("A"), line("b"))], Some(b"x\n\ny")).unwrap();
        assert_eq!(
            text(&command),
            "sendevent CUSTOM\nA: b\nContent-Length: 4\n\nx\n\ny"
        );
        assert!(Command::sendevent(&word("CUSTOM"), &[(word("content-length"), line("9"))], None).is_err());
        assert_eq!(
            text(&Command::sendevent(&word("X"), &[], None).unwrap()),
            "sendevent X\n\n"
        );
    }
}
