//! Reads a document back before it leaves: what does not parse would take a switch down.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Deepest nesting that any document of ours has, with room to spare.
const MAX_DEPTH: usize = 32;

/// Why a document must not leave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// Not well-formed.
    #[error("the XML is not well-formed near byte {position}: {reason}")]
    Malformed {
        /// Byte offset.
        position: u64,
        /// What the parser says.
        reason: String,
    },
    /// Another root than `<document type="freeswitch/xml">`, or none, or two.
    #[error("the document element is missing, repeated or of another type")]
    Root,
    /// `<?…?>`, `<!…>` or stray text, which the switch's own parser treats in its own way.
    #[error("declarations, comments and text outside of attributes are not allowed")]
    Markup,
    /// Nested too deeply.
    #[error("nested more than {MAX_DEPTH} deep")]
    Depth,
}

/// Checks a whole document.
pub fn check(xml: &str) -> Result<(), CheckError> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    let mut depth = 0_usize;
    let mut roots = 0;
    loop {
        let event = reader.read_event();
        let position = reader.buffer_position();
        let malformed = |reason: String| CheckError::Malformed { position, reason };
        match event.map_err(|error| malformed(error.to_string()))? {
            Event::Start(start) => {
                if depth == 0 {
                    roots += 1;
                    if start.name().as_ref() != "document" {
                        return Err(CheckError::Root);
                    }
                }
                attributes(&start).map_err(malformed)?;
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(CheckError::Depth);
                }
            }
            Event::Empty(empty) => {
                if depth == 0 {
                    return Err(CheckError::Root);
                }
                attributes(&empty).map_err(malformed)?;
            }
            Event::End(_) => depth -= 1,
            Event::Text(text) => {
                if !text.chars().all(|c| c.is_ascii_whitespace()) {
                    return Err(CheckError::Markup);
                }
            }
            Event::Eof => break,
            _ => return Err(CheckError::Markup),
        }
    }
    if roots == 1 && depth == 0 {
        Ok(())
    } else {
        Err(CheckError::Root)
    }
}

fn attributes(element: &quick_xml::events::BytesStart<'_>) -> Result<(), String> {
    // The iterator itself refuses duplicates and missing quotes.
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attribute.value.contains('<') {
            return Err("a bracket inside an attribute".to_owned());
        }
        if attribute.value.contains('&') {
            quick_xml::escape::unescape(&attribute.value).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_whole_document_passes() {
        assert_eq!(
            check(r#"<document type="freeswitch/xml"><section name="a"/></document>"#),
            Ok(())
        );
        for bad in [
            "",
            "text",
            "<document>",
            "<a/>",
            "<document/><document/>",
            "<document></document><document></document>",
            "<document><a></b></document>",
            "<document><a b=\"1\" b=\"2\"/></document>",
            "<document><a b=\"&bogus;\"/></document>",
            "<document><a b=\"<\"/></document>",
            "<document><a b=c/></document>",
            "<?xml version=\"1.0\"?><document></document>",
            "<document><!-- x --></document>",
            "<document>text</document>",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert_eq!(
            check(&format!("<document>{}", "<a>".repeat(100))),
            Err(CheckError::Depth)
        );
    }
}
