//! A small tree of the XML that is served to the switch.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// One element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Node>,
}

impl Node {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Direct children with this name.
    pub(crate) fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// First element with this name anywhere below, in document order.
    pub(crate) fn find(&self, name: &str) -> Option<&Node> {
        self.children.iter().find_map(|child| {
            if child.name == name {
                Some(child)
            } else {
                child.find(name)
            }
        })
    }

    /// All elements with this name anywhere below, in document order.
    pub(crate) fn find_all<'a>(&'a self, name: &str, out: &mut Vec<&'a Node>) {
        for child in &self.children {
            if child.name == name {
                out.push(child);
            }
            child.find_all(name, out);
        }
    }

    /// `<param name= value=>` children as pairs, also through a `<params>` or `<settings>` layer.
    pub(crate) fn params(&self, element: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        self.find_all(element, &mut found);
        found
            .into_iter()
            .filter_map(|node| {
                Some((
                    node.attribute("name")?.to_owned(),
                    node.attribute("value")?.to_owned(),
                ))
            })
            .collect()
    }
}

/// The answer could not be used; the switch goes on as if nobody had answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum XmlError {
    #[error("malformed XML: {0}")]
    Malformed(#[from] quick_xml::Error),
    #[error("malformed attribute: {0}")]
    Attribute(#[from] quick_xml::events::attributes::AttrError),
    #[error("the document does not end where it should")]
    Unbalanced,
}

/// Parses a document; comments and text are dropped, `$${…}` is left for the caller.
pub(crate) fn parse(text: &str) -> Result<Node, XmlError> {
    let mut reader = Reader::from_str(text);
    let mut stack = vec![Node::default()];
    loop {
        match reader.read_event()? {
            Event::Start(tag) => stack.push(element(&tag)?),
            Event::Empty(tag) => {
                let node = element(&tag)?;
                stack.last_mut().ok_or(XmlError::Unbalanced)?.children.push(node);
            }
            Event::End(_) => {
                let node = stack.pop().ok_or(XmlError::Unbalanced)?;
                stack.last_mut().ok_or(XmlError::Unbalanced)?.children.push(node);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    match (stack.pop(), stack.is_empty()) {
        (Some(root), true) => Ok(root),
        _ => Err(XmlError::Unbalanced),
    }
}

fn element(tag: &BytesStart<'_>) -> Result<Node, XmlError> {
    let mut node = Node {
        name: tag.name().as_ref().to_owned(),
        ..Node::default()
    };
    for attribute in tag.attributes() {
        let attribute = attribute?;
        let value = attribute.normalized_value(XmlVersion::Explicit1_0)?;
        node.attributes
            .push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(node)
}

/// True for `<result status="not found"/>`, which lets the next binding answer.
pub(crate) fn is_not_found(root: &Node) -> bool {
    root.find("result")
        .is_some_and(|result| result.attribute("status") == Some("not found"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_become_trees() {
        let root = parse(
            "<?xml version='1.0'?><document><section name='x'><!-- c --><param name='a' value='1 &lt; 2'/>\
             <b><param name='c' value='d'/></b></section></document>",
        )
        .unwrap();
        assert_eq!(
            root.params("param"),
            [("a".into(), "1 < 2".into()), ("c".into(), "d".into())]
        );
        assert!(parse("<a><b></a>").is_err());
        assert!(parse("<a>").is_err());
        assert!(is_not_found(
            &parse("<d><section><result status='not found'/></section></d>").unwrap()
        ));
    }
}
