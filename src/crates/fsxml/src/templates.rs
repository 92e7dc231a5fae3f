//! The template engine: built-in templates, overrides from a folder, strict and escaping.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use minijinja::value::{Serde, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value};
use serde::Serialize;

use crate::check::{CheckError, check};
use crate::document::{Configuration, Document, Snapshot};
use crate::escape;

/// Largest template file that is read from the folder, in bytes.
const MAX_TEMPLATE: u64 = 256 * 1024;

const BUILT_IN: [(&str, &str); 11] = [
    (
        "directory.xml.j2",
        include_str!("../../../../xml-templates/directory.xml.j2"),
    ),
    (
        "dialplan.xml.j2",
        include_str!("../../../../xml-templates/dialplan.xml.j2"),
    ),
    (
        "sofia.conf.xml.j2",
        include_str!("../../../../xml-templates/sofia.conf.xml.j2"),
    ),
    (
        "callcenter.conf.xml.j2",
        include_str!("../../../../xml-templates/callcenter.conf.xml.j2"),
    ),
    (
        "acl.conf.xml.j2",
        include_str!("../../../../xml-templates/acl.conf.xml.j2"),
    ),
    (
        "json_cdr.conf.xml.j2",
        include_str!("../../../../xml-templates/json_cdr.conf.xml.j2"),
    ),
    (
        "httapi.conf.xml.j2",
        include_str!("../../../../xml-templates/httapi.conf.xml.j2"),
    ),
    (
        "conference.conf.xml.j2",
        include_str!("../../../../xml-templates/conference.conf.xml.j2"),
    ),
    (
        "local_stream.conf.xml.j2",
        include_str!("../../../../xml-templates/local_stream.conf.xml.j2"),
    ),
    (
        "ivr.conf.xml.j2",
        include_str!("../../../../xml-templates/ivr.conf.xml.j2"),
    ),
    (
        "empty.conf.xml.j2",
        include_str!("../../../../xml-templates/empty.conf.xml.j2"),
    ),
];

const NOT_FOUND: &str = concat!(
    r#"<document type="freeswitch/xml"><section name="result"><result status="not found"/></section></document>"#,
    "\n"
);

/// A document could not be written. Nothing is served then, and the switch goes on with what it has.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template is broken or asks for something that is not there.
    #[error("template {name}: {source}")]
    Template {
        /// Name of the template.
        name: String,
        /// What is wrong.
        source: Error,
    },
    /// The template wrote something that is no XML.
    #[error("template {name}: {source}")]
    Output {
        /// Name of the template.
        name: String,
        /// What is wrong.
        source: CheckError,
    },
    /// The folder of overrides holds a file that cannot be read.
    #[error("{path}: {reason}")]
    Override {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// All templates, compiled.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// The built-in templates.
    pub fn built_in() -> Result<Self, RenderError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_recursion_limit(50);
        // Debug errors quote the values in scope, passwords among them.
        environment.set_debug(false);
        environment.set_formatter(format_value);
        for (name, text) in BUILT_IN {
            environment
                .add_template(name, text)
                .map_err(|source| template_error(name, source))?;
        }
        Ok(Self { environment })
    }

    /// The built-in templates, with those replaced that lie in `folder` under the same name. A file that
    /// does not compile is an error: maintenance staff must hear of it, not the callers.
    pub fn with_overrides(folder: &Path) -> Result<Self, RenderError> {
        let mut templates = Self::built_in()?;
        for (name, _) in BUILT_IN {
            let path = folder.join(name);
            let failed = |reason: String| RenderError::Override {
                path: path.clone(),
                reason,
            };
            match std::fs::metadata(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(failed(error.to_string())),
                Ok(found) if found.len() > MAX_TEMPLATE => return Err(failed("too large".to_owned())),
                Ok(_) => {}
            }
            let text = std::fs::read_to_string(&path).map_err(|error| failed(error.to_string()))?;
            templates
                .environment
                .add_template_owned(name, text)
                .map_err(|source| template_error(name, source))?;
        }
        Ok(templates)
    }

    /// Writes a document and checks it.
    pub fn render(&self, document: &Document) -> Result<String, RenderError> {
        let (name, xml) = match document {
            Document::NotFound => return Ok(NOT_FOUND.to_owned()),
            Document::Directory(view) => (
                "directory.xml.j2",
                wrap("directory", &self.fragment("directory.xml.j2", view)?),
            ),
            Document::Dialplan(view) => (
                "dialplan.xml.j2",
                wrap("dialplan", &self.fragment("dialplan.xml.j2", view)?),
            ),
            Document::Configuration(view) => (
                template_of(view),
                wrap("configuration", &self.configuration(view)?),
            ),
            Document::Snapshot(view) => ("snapshot", self.snapshot(view)?),
        };
        check(&xml).map_err(|source| RenderError::Output {
            name: name.to_owned(),
            source,
        })?;
        Ok(xml)
    }

    fn configuration(&self, view: &Configuration) -> Result<String, RenderError> {
        let name = template_of(view);
        match view {
            Configuration::Sofia(view) => self.fragment(name, view),
            Configuration::Callcenter(view) => self.fragment(name, view),
            Configuration::Acl(view) => self.fragment(name, view),
            Configuration::JsonCdr(view) => self.fragment(name, view),
            Configuration::Httapi(view) => self.fragment(name, view),
            Configuration::Conference | Configuration::Ivr | Configuration::LocalStream => {
                self.fragment(name, ())
            }
            Configuration::Empty(conf) => self.fragment(name, minijinja::context! { name => *conf }),
        }
    }

    fn snapshot(&self, view: &Snapshot) -> Result<String, RenderError> {
        let mut sections = Vec::new();
        let mut configurations = String::new();
        for configuration in &view.configurations {
            configurations.push_str(&self.configuration(configuration)?);
            configurations.push('\n');
        }
        if !configurations.is_empty() {
            sections.push(("configuration", configurations));
        }
        if let Some(directory) = &view.directory {
            sections.push(("directory", self.fragment("directory.xml.j2", directory)?));
        }
        let mut contexts = String::new();
        for context in view
            .contexts
            .iter()
            .filter(|context| !context.extensions.is_empty())
        {
            contexts.push_str(&self.fragment("dialplan.xml.j2", context)?);
            contexts.push('\n');
        }
        if !contexts.is_empty() {
            sections.push(("dialplan", contexts));
        }
        let mut xml = String::from("<document type=\"freeswitch/xml\">\n");
        for (name, body) in sections {
            let _ = write!(
                xml,
                "<section name=\"{name}\">\n{}\n</section>\n",
                body.trim_end()
            );
        }
        xml.push_str("</document>\n");
        Ok(xml)
    }

    fn fragment(&self, name: &str, view: impl Serialize) -> Result<String, RenderError> {
        let template = self
            .environment
            .get_template(name)
            .map_err(|source| template_error(name, source))?;
        template
            .render(Value::from(Serde(view)))
            .map_err(|source| template_error(name, source))
    }
}

fn wrap(section: &str, body: &str) -> String {
    format!("<document type=\"freeswitch/xml\"><section name=\"{section}\">\n{body}\n</section></document>\n")
}

fn template_of(view: &Configuration) -> &'static str {
    match view {
        Configuration::Sofia(_) => "sofia.conf.xml.j2",
        Configuration::Callcenter(_) => "callcenter.conf.xml.j2",
        Configuration::Acl(_) => "acl.conf.xml.j2",
        Configuration::JsonCdr(_) => "json_cdr.conf.xml.j2",
        Configuration::Httapi(_) => "httapi.conf.xml.j2",
        Configuration::Conference => "conference.conf.xml.j2",
        Configuration::Ivr => "ivr.conf.xml.j2",
        Configuration::LocalStream => "local_stream.conf.xml.j2",
        Configuration::Empty(_) => "empty.conf.xml.j2",
    }
}

fn template_error(name: &str, source: Error) -> RenderError {
    RenderError::Template {
        name: name.to_owned(),
        source,
    }
}

/// Writes a value escaped. There is no way around it: `|safe` is honoured by nobody here.
fn format_value(out: &mut Output<'_>, _state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let broken = |message: String| Error::new(ErrorKind::InvalidOperation, message);
    match value.kind() {
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            match escape::attribute(out, text).map_err(|_| ErrorKind::WriteFailure)? {
                Ok(()) => Ok(()),
                Err(escape::Forbidden(c)) => Err(broken(format!("{c:?} cannot be written in XML"))),
            }
        }
        ValueKind::Number | ValueKind::Bool => {
            write!(out, "{value}").map_err(|_| ErrorKind::WriteFailure.into())
        }
        ValueKind::Undefined => Err(ErrorKind::UndefinedError.into()),
        kind => Err(broken(format!("a {kind} cannot be written as text"))),
    }
}
