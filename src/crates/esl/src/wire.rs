//! Text that may go onto the wire. A line break inside a command would end it and start another one
//! (`mod_event_socket.c` 1208-1345), so the commands of [`crate::command`] take these types and nothing else.

use std::fmt;

/// Longest line accepted, in bytes; the switch itself cuts a packet at 10 MiB.
const LONGEST: usize = 256 * 1024;

/// Why text may not go onto the wire. Says what, not the text itself, which may be personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// CR, LF or NUL, which end a line, a command or a C string.
    #[error("text with a line break or NUL cannot be sent to the switch")]
    LineBreak,
    /// Empty, where something is needed.
    #[error("empty where the switch needs a word")]
    Empty,
    /// A blank at the start or inside of a word, or a colon in a header name.
    #[error("{0:?} is not allowed in this place")]
    Character(char),
    /// Longer than anything sensible.
    #[error("longer than {LONGEST} bytes")]
    TooLong,
    /// Not a UUID in its 36-character form.
    #[error("not a 36-character UUID")]
    NotAUuid,
}

/// One line of text: any characters but CR, LF and NUL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WireText(String);

impl WireText {
    /// Checks the text.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidText> {
        let text = text.into();
        if text.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return Err(InvalidText::LineBreak);
        }
        if text.len() > LONGEST {
            return Err(InvalidText::TooLong);
        }
        Ok(WireText(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WireText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<&str> for WireText {
    type Error = InvalidText;

    fn try_from(text: &str) -> Result<Self, InvalidText> {
        WireText::new(text)
    }
}

/// One word: not empty, no blanks, no control characters, no colon. Event names, header names, causes.
/// Colons of a subclass such as `callcenter::info` are allowed by [`WireWord::subclass`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WireWord(String);

impl WireWord {
    /// Checks the word.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidText> {
        let word = Self::subclass(text)?;
        if word.0.contains(':') {
            Err(InvalidText::Character(':'))
        } else {
            Ok(word)
        }
    }

    /// Checks a word that may hold colons: a custom event's subclass, a host with a port.
    pub fn subclass(text: impl Into<String>) -> Result<Self, InvalidText> {
        let WireText(text) = WireText::new(text)?;
        if text.is_empty() {
            return Err(InvalidText::Empty);
        }
        match text.chars().find(|c| c.is_whitespace() || c.is_control()) {
            Some(bad) => Err(InvalidText::Character(bad)),
            None => Ok(WireWord(text)),
        }
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WireWord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<&str> for WireWord {
    type Error = InvalidText;

    fn try_from(text: &str) -> Result<Self, InvalidText> {
        WireWord::new(text)
    }
}

/// A UUID as the switch writes it: a channel, or a background job that we name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WireUuid(String);

/// The id of a background job, chosen by the caller before it is sent.
pub type JobId = WireUuid;

impl WireUuid {
    /// Checks the 36-character form; kept in lower case.
    pub fn new(text: &str) -> Result<Self, InvalidText> {
        let well_formed = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        if well_formed {
            Ok(WireUuid(text.to_ascii_lowercase()))
        } else {
            Err(InvalidText::NotAUuid)
        }
    }

    /// From the 16 bytes of a UUID, most significant first.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        use fmt::Write as _;
        let mut text = String::with_capacity(36);
        for (at, byte) in bytes.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        WireUuid(text)
    }

    /// The 36 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WireUuid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<&str> for WireUuid {
    type Error = InvalidText;

    fn try_from(text: &str) -> Result<Self, InvalidText> {
        WireUuid::new(text)
    }
}

/// One argument of an api command in single quotes, for commands that split at blanks such as
/// `callcenter_config`. Quotes and backslashes are refused: the splitter knows escapes, but applies them
/// before *and* after it removes quotes (`switch_utils.c` 2705-2871).
pub fn quoted(argument: &str) -> Result<String, InvalidText> {
    WireText::new(argument)?;
    match argument.chars().find(|c| matches!(c, '\'' | '\\')) {
        Some(bad) => Err(InvalidText::Character(bad)),
        None => Ok(format!("'{argument}'")),
    }
}

/// A block of channel variables in front of a dial string: `{^^;name=value;name=value}`.
///
/// The `^^;` form leaves commas alone (facts §11). Values may not hold the delimiter, quotes, backslashes,
/// braces, brackets of the other block forms, line breaks, a `$` that starts an expansion, or `:_:`, which
/// splits a dial string into enterprise legs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VariableBlock(Vec<(String, String)>);

impl VariableBlock {
    /// An empty block, which is written as nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a variable. An empty value is left out: the switch ignores `name=` (`switch_event.c` 1737).
    pub fn with(mut self, name: &str, value: &str) -> Result<Self, InvalidText> {
        if name.is_empty() {
            return Err(InvalidText::Empty);
        }
        if let Some(bad) = name
            .chars()
            .find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
        {
            return Err(InvalidText::Character(bad));
        }
        WireText::new(value)?;
        let forbidden = |c: &char| {
            matches!(
                c,
                ';' | '\'' | '"' | '\\' | '{' | '}' | '[' | ']' | '<' | '>' | '$'
            )
        };
        if let Some(bad) = value.chars().find(forbidden) {
            return Err(InvalidText::Character(bad));
        }
        if value.contains(":_:") {
            return Err(InvalidText::Character(':'));
        }
        // Blanks around a value are cut by the switch; cutting them here shows it in our own logs and tests.
        let value = value.trim_matches(' ');
        if !value.is_empty() {
            self.0.push((name.to_owned(), value.to_owned()));
        }
        Ok(self)
    }
}

impl fmt::Display for VariableBlock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        formatter.write_str("{^^")?;
        for (name, value) in &self.0 {
            write!(formatter, ";{name}={value}")?;
        }
        formatter.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_and_nul_are_refused_everywhere() {
        for bad in ["a\nb", "a\rb", "a\0b", "\n"] {
            assert_eq!(WireText::new(bad).unwrap_err(), InvalidText::LineBreak);
            assert_eq!(WireWord::new(bad).unwrap_err(), InvalidText::LineBreak);
            assert_eq!(quoted(bad).unwrap_err(), InvalidText::LineBreak);
            assert_eq!(
                VariableBlock::new().with("a", bad).unwrap_err(),
                InvalidText::LineBreak
            );
        }
    }

    #[test]
    fn a_word_has_no_blanks_and_only_a_subclass_has_colons() {
        assert_eq!(WireWord::new("a b").unwrap_err(), InvalidText::Character(' '));
        assert_eq!(WireWord::new("").unwrap_err(), InvalidText::Empty);
        assert_eq!(
            WireWord::new("callcenter::info").unwrap_err(),
            InvalidText::Character(':')
        );
        assert_eq!(
            WireWord::subclass("callcenter::info").unwrap().as_str(),
            "callcenter::info"
        );
    }

    #[test]
    fn only_well_formed_uuids_pass() {
        let text = "3CA35715-4765-4ec5-b6a4-89c7f8f6e56a";
        assert_eq!(WireUuid::new(text).unwrap().as_str(), text.to_ascii_lowercase());
        for bad in [
            "",
            "3ca35715-4765-4ec5-b6a4-89c7f8f6e56",
            "3ca35715_4765_4ec5_b6a4_89c7f8f6e56a",
            "x",
        ] {
            assert_eq!(WireUuid::new(bad).unwrap_err(), InvalidText::NotAUuid);
        }
        let bytes = [
            0x3c, 0xa3, 0x57, 0x15, 0x47, 0x65, 0x4e, 0xc5, 0xb6, 0xa4, 0x89, 0xc7, 0xf8, 0xf6, 0xe5, 0x6a,
        ];
        assert_eq!(WireUuid::from_bytes(bytes), WireUuid::new(text).unwrap());
    }

    #[test]
    fn arguments_are_quoted_and_cannot_leave_the_quotes() {
        assert_eq!(quoted("On Break").unwrap(), "'On Break'");
        assert_eq!(quoted("").unwrap(), "''");
        assert_eq!(quoted("it's").unwrap_err(), InvalidText::Character('\''));
        assert_eq!(quoted("a\\").unwrap_err(), InvalidText::Character('\\'));
    }

    #[test]
    fn a_variable_block_keeps_commas_and_refuses_what_would_end_it() {
        let block = VariableBlock::new()
            .with("origination_uuid", "u")
            .unwrap()
            .with("cc_export_vars", "a,b")
            .unwrap()
            .with("empty", " ")
            .unwrap();
        assert_eq!(block.to_string(), "{^^;origination_uuid=u;cc_export_vars=a,b}");
        for bad in [
            "a;b=c", "a'b", "a\"b", "a}b", "${x}", "a\\,b", "[x]", "<x>", "a:_:b",
        ] {
            assert!(VariableBlock::new().with("a", bad).is_err(), "{bad}");
        }
        assert!(VariableBlock::new().with("a b", "1").is_err());
        assert!(VariableBlock::new().with("", "1").is_err());
        assert_eq!(VariableBlock::new().to_string(), "");
    }
}
