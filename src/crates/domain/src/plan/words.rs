//! Which texts may reach the switch.
//!
//! A value lands in up to three languages at once: XML (escaped by `fsxml`), the dialplan's own
//! quoting (`{a=b,c=d}`, `${var}`, `'…'`, split at blanks and commas) and api commands. Escaping all
//! three correctly is not possible in FreeSWITCH, so what goes beyond XML is a closed alphabet.

/// Longest number that is dialled or matched.
pub const MAX_NUMBER: usize = 40;

fn all(text: &str, longest: usize, allowed: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.len() <= longest && text.chars().all(allowed)
}

/// A short number: digits only.
pub fn is_short_number(text: &str) -> bool {
    all(text, 20, |c| c.is_ascii_digit())
}

/// A number as it may stand in a dial string: digits, letters, `* # + . _ -`.
pub fn is_dialable(text: &str) -> bool {
    all(text, MAX_NUMBER, |c| {
        c.is_ascii_alphanumeric() || "*#+._-".contains(c)
    })
}

/// Digits to put before a number; may be empty.
pub fn is_prefix(text: &str) -> bool {
    text.len() <= 20 && text.chars().all(|c| c.is_ascii_digit() || "*#+".contains(c))
}

/// Name of a gateway on the switch.
pub fn is_gateway_name(text: &str) -> bool {
    all(text, 64, |c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

/// Name of a queue on the switch: lower case letters, digits, `_`, `-`.
pub fn is_queue_code(text: &str) -> bool {
    all(text, 64, |c| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c)
    })
}

/// Host name or address without a port.
pub fn is_host(text: &str) -> bool {
    all(text, 253, |c| c.is_ascii_alphanumeric() || ".-:[]".contains(c))
}

/// SIP user part of gateways (`+86512X@ims.example` is one).
pub fn is_sip_user(text: &str) -> bool {
    all(text, 128, |c| {
        c.is_ascii_alphanumeric() || "+._-@*#~!".contains(c)
    })
}

/// A codec list such as `OPUS,PCMA,PCMU` or `G722@16000h@20i`.
pub fn is_codec_list(text: &str) -> bool {
    all(text, 200, |c| c.is_ascii_alphanumeric() || ",@.-".contains(c))
}

/// A password: anything printable that fits one line. It only ever stands in an XML attribute.
pub fn is_secret(text: &str) -> bool {
    all(text, 128, |c| {
        !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')
    })
}

/// An md5 in lower-case hex.
pub fn is_a1_hash(text: &str) -> bool {
    text.len() == 32
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// `http://…` or `https://…` made of characters that no quoting on the way changes.
pub fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| {
        all(rest, 400, |c| {
            c.is_ascii_alphanumeric() || "-._~:/[]?&=%+@".contains(c)
        })
    })
}

/// What `playback` and `moh-sound` may name: a path, a stream or a URL.
pub fn is_sound(text: &str) -> bool {
    all(text, 400, |c| {
        c.is_ascii_alphanumeric() || "-._~:/[]?&=%+@(),;*".contains(c)
    }) && !text.contains("..")
}

/// A folder on the switch: absolute, or below `${recordings_dir}`.
pub fn is_folder(text: &str) -> bool {
    let rest = text.strip_prefix("${recordings_dir}").unwrap_or(text);
    let rooted = rest.len() < text.len() || rest.starts_with('/');
    rooted
        && text.len() <= 300
        && rest
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-._/".contains(c))
        && !rest.contains("..")
}

/// A queue strategy that mod_callcenter knows; an unknown one would silently mean another
/// (facts.md §4).
pub fn is_strategy(text: &str) -> bool {
    [
        "ring-all",
        "longest-idle-agent",
        "round-robin",
        "top-down",
        "agent-with-least-talk-time",
        "agent-with-fewest-calls",
        "sequentially-by-agent-order",
        "random",
        "ring-progressively",
    ]
    .contains(&text)
}

/// A display name made harmless: letters of any script, digits, blanks and a little punctuation stay,
/// all else becomes a blank; at most 60 characters. Names are decoration, so they are cleaned rather
/// than refused.
pub fn label(text: &str) -> String {
    let kept: String = text
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "-_.()".contains(c) {
                c
            } else {
                ' '
            }
        })
        .collect();
    kept.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(60)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_breaks_a_dial_string_is_dialable() {
        for bad in [
            "", "12 3", "1,2", "a}b", "{x", "${uuid}", "1'2", "1\"2", "1\n2", "1|2", "a/b", "a@b", "１２",
        ] {
            assert!(!is_dialable(bad), "{bad:?}");
        }
        assert!(is_dialable("+8651212345678") && is_dialable("*97") && is_dialable("9#1"));
    }

    #[test]
    fn a_folder_is_absolute_or_below_the_recordings_of_the_switch() {
        assert!(is_folder("/srv/rec") && is_folder("${recordings_dir}") && is_folder("${recordings_dir}/a"));
        for bad in ["rec", "", "/a/../b", "/a b", "/a$b", "${other}/x"] {
            assert!(!is_folder(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_label_keeps_names_and_drops_quoting() {
        assert_eq!(label("王 \"小明\" <${uuid}>\r\n"), "王 小明 uuid");
        assert_eq!(label("O'Neil, Ann"), "O Neil Ann");
    }
}
