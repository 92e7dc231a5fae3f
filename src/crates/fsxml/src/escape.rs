//! Escaping of values for attributes, with what is particular to FreeSWITCH.
//!
//! A served document goes through `preprocess` in `switch_xml.c` before it is parsed as XML. That step works
//! on text lines: `$${name}` is replaced wherever it stands, and a line that has `X-PRE-PROCESS` in it is
//! taken for a directive or dropped. Both therefore have to be hidden from it in values.

use std::fmt::{self, Write};

/// The word that `preprocess` looks for, in lower case.
const DIRECTIVE: &[u8] = b"x-pre-process";

/// A character that XML 1.0 cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Forbidden(pub(crate) char);

/// Writes `text` so that it stands for itself inside a double-quoted attribute.
pub(crate) fn attribute(out: &mut dyn Write, text: &str) -> Result<Result<(), Forbidden>, fmt::Error> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b" /:.,_+=@(){}%*;!|^~[]?\\".contains(&b);
    if text.bytes().all(plain) {
        out.write_str(text)?;
        return Ok(Ok(()));
    }
    let bytes = text.as_bytes();
    for (at, c) in text.char_indices() {
        match c {
            '&' => out.write_str("&amp;")?,
            '<' => out.write_str("&lt;")?,
            '>' => out.write_str("&gt;")?,
            '"' => out.write_str("&quot;")?,
            '\'' => out.write_str("&apos;")?,
            '\t' | '\n' | '\r' => write!(out, "&#{};", u32::from(c))?,
            '$' if bytes.get(at + 1) == Some(&b'$') => out.write_str("&#36;")?,
            '-' if is_directive(bytes, at) => out.write_str("&#45;")?,
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => return Ok(Err(Forbidden(c))),
            c => out.write_char(c)?,
        }
    }
    Ok(Ok(()))
}

/// Whether the dash at `at` is the first one of the directive.
fn is_directive(bytes: &[u8], at: usize) -> bool {
    at > 0
        && bytes
            .get(at - 1..at - 1 + DIRECTIVE.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(DIRECTIVE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = String::new();
        attribute(&mut out, text).unwrap().unwrap();
        out
    }

    #[test]
    fn quotes_brackets_and_line_breaks_are_entities() {
        assert_eq!(escaped("a<b>\"c'&\nd"), "a&lt;b&gt;&quot;c&apos;&amp;&#10;d");
    }

    #[test]
    fn globals_of_the_switch_are_not_expanded_in_values_and_channel_variables_stay() {
        assert_eq!(escaped("$${domain}"), "&#36;${domain}");
        assert_eq!(escaped("${uuid}"), "${uuid}");
        assert_eq!(escaped("$$$"), "&#36;&#36;$");
    }

    #[test]
    fn a_value_cannot_be_taken_for_a_directive_of_the_preprocessor() {
        assert_eq!(escaped("X-PRE-process"), "X&#45;PRE-process");
        assert_eq!(escaped("pre-process -x"), "pre-process -x");
    }

    #[test]
    fn what_xml_cannot_hold_is_refused() {
        let mut out = String::new();
        assert_eq!(attribute(&mut out, "a\0b").unwrap(), Err(Forbidden('\0')));
    }
}
