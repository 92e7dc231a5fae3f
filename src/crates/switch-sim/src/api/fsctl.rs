//! `fsctl`.

use crate::causes::Cause;
use crate::engine::{Engine, Output, SocketFault};

const USAGE: &str = "-ERR Invalid command\nUSAGE: fsctl [hupall|pause [inbound|outbound]|resume [inbound|outbound]|\
shutdown [cancel|elegant|asap|now|restart]|sps|max_sessions|loglevel [level]]\n";

impl Engine {
    pub(super) fn fsctl(&mut self, argument: &str) -> String {
        let words: Vec<&str> = argument.split_whitespace().collect();
        match words.as_slice() {
            ["max_sessions"] => format!("+OK max sessions: {}\n", self.max_sessions),
            ["max_sessions", number] => {
                self.max_sessions = number.parse().unwrap_or(self.max_sessions);
                format!("+OK max sessions: {}\n", self.max_sessions)
            }
            ["sps"] => format!("+OK sessions per second: {}\n", self.sps),
            ["sps", number] => {
                self.sps = number.parse().unwrap_or(self.sps);
                format!("+OK sessions per second: {}\n", self.sps)
            }
            ["pause", ..] => {
                self.paused_inbound = true;
                "+OK\n".into()
            }
            ["resume", ..] => {
                self.paused_inbound = false;
                "+OK\n".into()
            }
            ["shutdown_check"] => "false".into(),
            ["hupall", ..] => {
                self.hangup_all(Cause::NORMAL_CLEARING);
                "+OK\n".into()
            }
            ["loglevel", ..] => "+OK log level: DISABLE [-1]\n".into(),
            ["verbose_events" | "sync_clock" | "reclaim_mem", ..] => "+OK\n".into(),
            ["shutdown", ..] => {
                // SHUTDOWN first, then all hang-ups, then the socket (surprises 75); the process comes back,
                // as a service manager would start it.
                self.emit_plain("SHUTDOWN", &[("Event-Info", "System Shutting Down")]);
                self.hangup_all(Cause::SYSTEM_SHUTDOWN);
                self.push(Output::Socket(SocketFault::Close(true)));
                self.restart();
                "+OK\n".into()
            }
            _ => USAGE.into(),
        }
    }
}
