//! Number patterns of routing rules.
//!
//! The switch matches with PCRE (in the snapshot), we match with the `regex` crate (live). A pattern is
//! accepted only if both read it alike; everything else is refused with the reason. The accepted subset
//! is written down in `docs/decisions/number-patterns.md`.

use regex::bytes::{Regex, RegexBuilder};

/// Longest accepted pattern, in bytes.
pub const MAX_PATTERN: usize = 200;
/// Largest accepted count in `{n,m}`.
pub const MAX_REPEAT: u32 = 64;
/// Memory that a compiled pattern may take, in bytes.
const MAX_COMPILED: usize = 256 * 1024;

/// Why a pattern is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing there.
    #[error("the pattern is empty")]
    Empty,
    /// More than [`MAX_PATTERN`] bytes.
    #[error("the pattern is longer than {MAX_PATTERN} characters")]
    TooLong,
    /// A character that numbers never need.
    #[error("the character {0:?} is not allowed in a pattern")]
    Character(char),
    /// The switch reads a leading slash as a delimiter.
    #[error("a pattern must not start with a slash")]
    Slash,
    /// An escape that is not in the subset.
    #[error("\\{0} is not allowed; use \\d, \\D, \\w, \\W or an escaped punctuation character")]
    Escape(char),
    /// The pattern ends in a backslash.
    #[error("the pattern ends with a backslash")]
    TrailingBackslash,
    /// `(?…` other than `(?:`.
    #[error("only (?: ) may follow an opening bracket; look-around, names and flags are not allowed")]
    Group,
    /// A quantifier on a quantifier, which the two engines read differently.
    #[error("a quantifier must not be followed by another one")]
    Possessive,
    /// A quantifier on an anchor or on nothing, which the switch refuses.
    #[error("there is nothing that the quantifier could repeat")]
    Nothing,
    /// `[` or a doubled operator within `[…]`.
    #[error("{0:?} is not allowed inside [ ]")]
    Class(String),
    /// `${` would be expanded by the switch.
    #[error("a dollar sign must not be followed by a brace")]
    Variable,
    /// Repetition count above [`MAX_REPEAT`].
    #[error("a repetition count may be at most {MAX_REPEAT}")]
    Repeat,
    /// What is left is no regular expression.
    #[error("this is not a valid regular expression: {0}")]
    Syntax(String),
}

/// A checked and compiled pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    compiled: Regex,
    pcre: String,
}

impl Pattern {
    /// Reads a pattern. Plain digits (with `*`, `#` or a leading `+`) mean exactly this number.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if text.len() > MAX_PATTERN {
            return Err(PatternError::TooLong);
        }
        let pcre = if is_plain_number(text) {
            format!("^{}$", text.replace('*', r"\*").replace('+', r"\+"))
        } else {
            check_subset(text)?;
            text.to_owned()
        };
        let compiled = RegexBuilder::new(&pcre)
            .unicode(false)
            .size_limit(MAX_COMPILED)
            .nest_limit(20)
            .build()
            .map_err(|error| PatternError::Syntax(last_line(&error.to_string())))?;
        Ok(Self { compiled, pcre })
    }

    /// Whether the number matches. As on the switch the pattern may match anywhere unless it is anchored.
    pub fn matches(&self, number: &str) -> bool {
        self.compiled.is_match(number.as_bytes())
    }

    /// The pattern as the switch gets it.
    pub fn as_pcre(&self) -> &str {
        &self.pcre
    }
}

fn last_line(text: &str) -> String {
    text.lines()
        .last()
        .unwrap_or_default()
        .trim_start_matches("error:")
        .trim()
        .to_owned()
}

fn is_plain_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    digits.bytes().any(|b| b.is_ascii_digit()) && digits.bytes().all(|b| b.is_ascii_digit() || b == b'#')
        || (digits.starts_with('*') && digits[1..].bytes().all(|b| b.is_ascii_digit() || b == b'#'))
}

/// What stands before the present character, as far as a quantifier is concerned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Start, anchor, opening bracket, bar.
    Nothing,
    /// Something that can be repeated.
    Atom,
    /// A quantifier that may become lazy.
    Quantifier,
    /// A lazy quantifier.
    Lazy,
}

fn check_subset(text: &str) -> Result<(), PatternError> {
    if text.starts_with('/') {
        return Err(PatternError::Slash);
    }
    if let Some(bad) = text
        .chars()
        .find(|c| !c.is_ascii_graphic() || "'\"`<>&;%@~".contains(*c))
    {
        return Err(PatternError::Character(bad));
    }
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut before = Before::Nothing;
    while at < bytes.len() {
        let next = bytes.get(at + 1).copied();
        match bytes[at] {
            b'\\' => {
                let escaped = next.ok_or(PatternError::TrailingBackslash)?;
                check_escape(escaped)?;
                at += 1;
                before = Before::Atom;
            }
            b'[' => {
                at = check_class(bytes, at)?;
                before = Before::Atom;
            }
            b'(' => {
                if next == Some(b'*') || next == Some(b'?') && bytes.get(at + 2) != Some(&b':') {
                    return Err(PatternError::Group);
                }
                at += if next == Some(b'?') { 2 } else { 0 };
                before = Before::Nothing;
            }
            b'$' if next == Some(b'{') => return Err(PatternError::Variable),
            b'^' | b'$' | b'|' => before = Before::Nothing,
            b'?' if before == Before::Quantifier => before = Before::Lazy,
            b'+' | b'*' | b'?' | b'{' => {
                match before {
                    Before::Atom => before = Before::Quantifier,
                    Before::Nothing => return Err(PatternError::Nothing),
                    Before::Quantifier | Before::Lazy => return Err(PatternError::Possessive),
                }
                if bytes[at] == b'{' {
                    at = check_counts(text, at)?;
                }
            }
            _ => before = Before::Atom,
        }
        at += 1;
    }
    Ok(())
}

fn check_escape(escaped: u8) -> Result<(), PatternError> {
    if b"dDwW".contains(&escaped) || escaped.is_ascii_punctuation() {
        Ok(())
    } else {
        Err(PatternError::Escape(char::from(escaped)))
    }
}

/// Checks the class that begins at `at`; returns where it ends. An open end is left to the compiler.
fn check_class(bytes: &[u8], at: usize) -> Result<usize, PatternError> {
    let mut at = if bytes.get(at + 1) == Some(&b'^') {
        at + 2
    } else {
        at + 1
    };
    // A bracket that closes at once is a literal in both engines, but nobody reads it so.
    if bytes.get(at) == Some(&b']') {
        return Err(PatternError::Class("]".to_owned()));
    }
    while let Some(this) = bytes.get(at) {
        match this {
            b']' => return Ok(at),
            b'[' => return Err(PatternError::Class("[".to_owned())),
            b'-' if bytes.get(at + 1) == Some(&b'-') => return Err(PatternError::Class("--".to_owned())),
            b'\\' => {
                check_escape(*bytes.get(at + 1).ok_or(PatternError::TrailingBackslash)?)?;
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
    Ok(bytes.len())
}

/// Checks `{n}`, `{n,}`, `{n,m}` at `at`; returns where it ends.
fn check_counts(text: &str, at: usize) -> Result<usize, PatternError> {
    let end = text[at..].find('}').map_or(text.len(), |found| at + found);
    let counts = text.get(at + 1..end).unwrap_or_default();
    let fits = |count: &str| count.is_empty() || count.parse().is_ok_and(|n: u32| n <= MAX_REPEAT);
    if counts.split(',').all(fits) {
        Ok(end)
    } else {
        Err(PatternError::Repeat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_number_means_exactly_this_number() {
        let pattern = Pattern::parse(" 301 ").unwrap();
        assert!(pattern.matches("301") && !pattern.matches("3010") && !pattern.matches("1301"));
        assert_eq!(pattern.as_pcre(), "^301$");
        assert_eq!(Pattern::parse("+8610").unwrap().as_pcre(), r"^\+8610$");
        assert_eq!(Pattern::parse("*97").unwrap().as_pcre(), r"^\*97$");
        assert!(Pattern::parse("*97").unwrap().matches("*97"));
    }

    #[test]
    fn the_patterns_of_the_manual_are_accepted() {
        for (text, yes, no) in [
            (r"^(\d{3,4})$", "301", "12"),
            (r"^9(\d+)$", "9138", "8138"),
            (r"^(?:0|\+86)1[3-9]\d{9}$", "+8613800138000", "12800138000"),
            (r"^[^0]\d*$", "12", "02"),
            (r"^5\d\d.*?$", "5001", "4001"),
            ("^(1|2)?00$", "00", "300"),
            ("", "", ""),
        ] {
            if text.is_empty() {
                assert_eq!(Pattern::parse(text).unwrap_err(), PatternError::Empty);
                continue;
            }
            let pattern = Pattern::parse(text).unwrap();
            assert!(pattern.matches(yes), "{text} {yes}");
            assert!(!pattern.matches(no), "{text} {no}");
        }
    }

    #[test]
    fn what_the_two_engines_read_differently_is_refused_with_the_reason() {
        use PatternError as E;
        for (text, wanted) in [
            (r"^(?i)a$", E::Group),
            (r"^(?=1)\d+$", E::Group),
            (r"^(?<n>1)$", E::Character('<')),
            (r"^(?P1)$", E::Group),
            (r"^(*UTF8)1$", E::Group),
            (r"^(\d)\1$", E::Escape('1')),
            (r"^\bx$", E::Escape('b')),
            (r"^\s$", E::Escape('s')),
            (r"^\pL$", E::Escape('p')),
            (r"^\d++$", E::Possessive),
            (r"^\d*+$", E::Possessive),
            (r"^\d{2}+$", E::Possessive),
            (r"^\d*?+$", E::Possessive),
            (r"^\d??{2}$", E::Possessive),
            (r"^*1$", E::Nothing),
            (r"^1$?", E::Nothing),
            (r"^(+1)$", E::Nothing),
            (r"^(1|{2})$", E::Nothing),
            (r"^{,3}", E::Nothing),
            (r"^[a[bc]$", E::Class("[".into())),
            (r"^[1--2]$", E::Class("--".into())),
            (r"^[[:digit:]]$", E::Class("[".into())),
            (r"^[]1]$", E::Class("]".into())),
            (r"^1${2}", E::Variable),
            (r"^\d{1,100}$", E::Repeat),
            ("/^1$/", E::Slash),
            ("^1 2$", E::Character(' ')),
            ("^１$", E::Character('１')),
            ("^1\n$", E::Character('\n')),
            (r"^1\", E::TrailingBackslash),
        ] {
            assert_eq!(Pattern::parse(text).unwrap_err(), wanted, "{text}");
        }
        assert!(matches!(Pattern::parse("^(1"), Err(E::Syntax(_))));
        assert!(matches!(Pattern::parse("^1{,3}"), Err(E::Syntax(_))));
        assert!(matches!(Pattern::parse("^[1"), Err(E::Syntax(_))));
        assert_eq!(Pattern::parse(&"1".repeat(300)).unwrap_err(), E::TooLong);
    }

    #[test]
    fn a_pattern_that_would_take_much_memory_is_refused() {
        assert!(matches!(
            Pattern::parse(r"^((((\w{64}){64}){64}){64})$"),
            Err(PatternError::Syntax(_))
        ));
    }
}
