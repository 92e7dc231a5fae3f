//! Frames that are no events: replies, notices, log lines.

use super::hub::LogLine;

/// First frame of every connection.
pub(super) const AUTH_REQUEST: &str = "Content-Type: auth/request\n\n";
const GOODBYE: &str = "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n";
const SHUTDOWN: &str = "The system is being shut down.\n";
const RUDE: &str = "Access Denied, go away.\n";

/// `command/reply`. The switch cuts the text at 511 bytes.
pub(super) fn reply(text: &str) -> String {
    let mut end = text.len().min(511);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("Content-Type: command/reply\nReply-Text: {}\n\n", &text[..end])
}

/// Reply to `bgapi`, which repeats the id as a header.
pub(super) fn job_reply(job: &str) -> String {
    format!("Content-Type: command/reply\nReply-Text: +OK Job-UUID: {job}\nJob-UUID: {job}\n\n")
}

/// `api/response`; an empty answer becomes `-ERR no reply`.
pub(super) fn api(text: &str) -> String {
    let text = if text.is_empty() { "-ERR no reply\n" } else { text };
    format!(
        "Content-Type: api/response\nContent-Length: {}\n\n{text}",
        text.len()
    )
}

/// The notice after `exit`, a failed auth or an access refusal.
pub(super) fn goodbye() -> String {
    notice(GOODBYE)
}

/// The notice when the switch stops (surprises 75).
pub(super) fn shutdown() -> String {
    notice(SHUTDOWN)
}

fn notice(text: &str) -> String {
    format!(
        "Content-Type: text/disconnect-notice\nContent-Length: {}\n\n{text}",
        text.len()
    )
}

/// What a client outside the access list gets instead of `auth/request` (surprises 9).
pub(super) fn rude_rejection() -> String {
    format!(
        "Content-Type: text/rude-rejection\nContent-Length: {}\n\n{RUDE}{}",
        RUDE.len(),
        goodbye()
    )
}

/// `log/data`.
pub(super) fn log(line: &LogLine) -> String {
    format!(
        "Content-Type: log/data\nContent-Length: {}\nLog-Level: {}\nText-Channel: 3\nLog-File: mod_commands.c\n\
         Log-Func: log_function\nLog-Line: 7227\nUser-Data: \n\n{}",
        line.text.len(),
        line.level,
        line.text
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_have_the_lengths_of_the_traces() {
        assert!(goodbye().contains("Content-Length: 67\n"));
        assert!(rude_rejection().starts_with("Content-Type: text/rude-rejection\nContent-Length: 24\n\n"));
        assert_eq!(
            api(""),
            "Content-Type: api/response\nContent-Length: 14\n\n-ERR no reply\n"
        );
    }
}
