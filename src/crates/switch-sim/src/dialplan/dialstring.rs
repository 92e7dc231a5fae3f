//! Dial strings: `{a=1,b=2}[leg_timeout=8]user/1003@call.test,sofia/gateway/gw1/5|error/USER_BUSY`.

/// Where a leg goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TargetKind {
    /// `user/1003@domain`
    User { user: String, domain: String },
    /// `sofia/gateway/name/number`
    Gateway { name: String, number: String },
    /// `sofia/profile/sip:user@host` or `sofia/profile/user@host`
    Sip { profile: String, user: String },
    /// `error/CAUSE`
    Error(String),
    /// `null/x`: answers at once.
    Null(String),
    /// Endpoint that does not exist here.
    Unknown,
}

/// One destination with its `[…]` variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) kind: TargetKind,
    pub(crate) vars: Vec<(String, String)>,
}

/// The `{…}` variables, and groups (`|`) of targets that ring together (`,`).
pub(crate) fn parse_dial_string(
    text: &str,
    default_domain: &str,
) -> (Vec<(String, String)>, Vec<Vec<Target>>) {
    let mut rest = text.trim();
    let mut globals = Vec::new();
    while let Some((vars, after)) = bracketed(rest, '{', '}') {
        globals.extend(vars);
        rest = after;
    }
    let groups = split_outside_brackets(rest, '|')
        .into_iter()
        .map(|group| {
            split_outside_brackets(group, ',')
                .into_iter()
                .map(|leg| target(leg, default_domain))
                .collect()
        })
        .collect();
    (globals, groups)
}

fn target(text: &str, default_domain: &str) -> Target {
    let mut rest = text.trim();
    let mut vars = Vec::new();
    loop {
        let taken = bracketed(rest, '[', ']').or_else(|| bracketed(rest, '{', '}'));
        let Some((more, after)) = taken else { break };
        vars.extend(more);
        rest = after;
    }
    let kind = match rest.split_once('/') {
        Some(("user", address)) => {
            let (user, domain) = address.split_once('@').unwrap_or((address, default_domain));
            TargetKind::User {
                user: user.to_owned(),
                domain: domain.to_owned(),
            }
        }
        Some(("sofia", path)) => match path.split_once('/') {
            Some(("gateway", path)) => {
                let (name, number) = path.split_once('/').unwrap_or((path, ""));
                // `profile::name` names the same gateway.
                let name = name.rsplit("::").next().unwrap_or(name);
                TargetKind::Gateway {
                    name: name.to_owned(),
                    number: number.to_owned(),
                }
            }
            Some((profile, address)) => {
                let address = address.trim_start_matches("sip:");
                let user = address.split('@').next().unwrap_or(address);
                TargetKind::Sip {
                    profile: profile.to_owned(),
                    user: user.to_owned(),
                }
            }
            None => TargetKind::Unknown,
        },
        Some(("error", cause)) => TargetKind::Error(cause.to_owned()),
        Some(("null", name)) => TargetKind::Null(name.to_owned()),
        _ => TargetKind::Unknown,
    };
    Target { kind, vars }
}

/// Takes one `{…}` or `[…]` off the front and reads its variables.
fn bracketed(text: &str, open: char, close: char) -> Option<(Vec<(String, String)>, &str)> {
    let inner = text.strip_prefix(open)?;
    let mut depth = 0;
    let end = inner.char_indices().find_map(|(at, character)| {
        if character == open {
            depth += 1;
        } else if character == close {
            if depth == 0 {
                return Some(at);
            }
            depth -= 1;
        }
        None
    })?;
    Some((variables(&inner[..end]), inner[end + 1..].trim_start()))
}

/// `a=1,b=2`, or with `^^;` in front another delimiter; `\,` keeps a comma (facts.md §11).
fn variables(text: &str) -> Vec<(String, String)> {
    let (delimiter, text) = match text.strip_prefix("^^") {
        Some(rest) => {
            let mut characters = rest.chars();
            (characters.next().unwrap_or(','), characters.as_str())
        }
        None => (',', text),
    };
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for character in text.chars() {
        let last = parts.len() - 1;
        if escaped {
            if character != delimiter {
                parts[last].push('\\');
            }
            parts[last].push(character);
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if character == delimiter {
            parts.push(String::new());
        } else {
            parts[last].push(character);
        }
    }
    parts
        .iter()
        .filter_map(|part| part.split_once('='))
        .map(|(name, value)| {
            let value = value.trim();
            let value = value
                .strip_prefix('\'')
                .and_then(|v| v.strip_suffix('\''))
                .unwrap_or(value);
            (name.trim().to_owned(), value.to_owned())
        })
        .collect()
}

/// Splits at a delimiter that stands outside `{}`, `[]`, `()` and single quotes.
pub(crate) fn split_outside_brackets(text: &str, delimiter: char) -> Vec<&str> {
    let (mut parts, mut depth, mut quoted, mut from) = (Vec::new(), 0i32, false, 0);
    for (at, character) in text.char_indices() {
        match character {
            '\'' => quoted = !quoted,
            '{' | '[' | '(' if !quoted => depth += 1,
            '}' | ']' | ')' if !quoted => depth -= 1,
            _ if character == delimiter && depth == 0 && !quoted => {
                parts.push(&text[from..at]);
                from = at + character.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_and_lists_are_read_in_both_forms() {
        let (globals, groups) = parse_dial_string(
            "{^^;a=1;cc_export_vars=x,y}[leg_timeout=8]user/1003@call.test,user/1004|error/USER_BUSY",
            "d",
        );
        assert_eq!(
            globals,
            [("a".into(), "1".into()), ("cc_export_vars".into(), "x,y".into())]
        );
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[0][0].vars, [("leg_timeout".into(), "8".into())]);
        assert_eq!(
            groups[0][1].kind,
            TargetKind::User {
                user: "1004".into(),
                domain: "d".into()
            }
        );
        assert_eq!(groups[1][0].kind, TargetKind::Error("USER_BUSY".into()));
    }

    #[test]
    fn a_comma_survives_with_a_backslash_and_quotes_are_dropped() {
        let (globals, groups) = parse_dial_string(r"{l=a\,b,n='x y'}sofia/gateway/gw1/0100", "d");
        assert_eq!(globals, [("l".into(), "a,b".into()), ("n".into(), "x y".into())]);
        assert_eq!(
            groups[0][0].kind,
            TargetKind::Gateway {
                name: "gw1".into(),
                number: "0100".into()
            }
        );
    }
}
