//! mod_xml_curl as the engine sees it: a form goes out, later a document (or nothing) comes back.

use super::{Engine, Output, Waiting};
use crate::event::{Headers, Str};
use crate::sofia::Registering;
use crate::xml::{self, Node};

/// What a document was asked for.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// The dialplan of a leg.
    Dialplan { uuid: Str },
    /// The directory entry of a phone that calls.
    CallerAuth {
        uuid: Str,
        nonce: String,
        response: String,
    },
    /// The directory entry of a phone that registers.
    Register(Registering),
    /// `user/…` in a dial attempt.
    DialUser { dial: u64, slot: usize },
    /// A module's document; the number is the place in the boot order, `None` for `load`.
    Module {
        module: &'static str,
        boot: Option<usize>,
        waiting: Option<Waiting>,
    },
    /// callcenter.conf for `queue load|reload`, `agent reload`, `tier reload`.
    CallCenter {
        command: crate::callcenter::Reload,
        waiting: Waiting,
    },
    /// callcenter.conf because a leg entered an unknown queue.
    UnknownQueue { uuid: Str, queue: String },
    /// callcenter.conf because a tier was added to an unknown queue.
    UnknownQueueTier { queue: String, waiting: Waiting },
    /// sofia.conf for `rescan` and `restart`.
    Rescan { profile: String, waiting: Waiting },
    /// acl.conf.
    Acl { waiting: Waiting },
    /// ivr.conf.
    Ivr { uuid: Str, menu: String },
}

/// Documents of modules in boot order (facts.md §1), as far as the simulator uses them.
pub(crate) const BOOT: &[(&str, &str)] = &[
    ("mod_local_stream", "local_stream.conf"),
    ("mod_httapi", "httapi.conf"),
    ("mod_json_cdr", "json_cdr.conf"),
    ("mod_callcenter", "callcenter.conf"),
    ("mod_sofia", "sofia.conf"),
];

impl Engine {
    /// Loads the modules one after the other, each when the one before has its document.
    pub(crate) fn load_next_module(&mut self, place: usize) {
        if let Some((module, document)) = BOOT.get(place) {
            let wanted = Wanted::Module {
                module,
                boot: Some(place),
                waiting: None,
            };
            self.fetch_configuration(document, &[], wanted);
        } else {
            self.register_all_phones();
        }
    }

    pub(crate) fn fetch(&mut self, section: &str, tag: [&str; 3], fields: Headers, wanted: Wanted) {
        let mut form = vec![
            ("hostname".to_owned(), self.config.switchname.clone()),
            ("section".to_owned(), section.to_owned()),
            ("tag_name".to_owned(), tag[0].to_owned()),
            ("key_name".to_owned(), tag[1].to_owned()),
            ("key_value".to_owned(), tag[2].to_owned()),
        ];
        if !fields.is_empty() {
            let mut standard = Headers::new();
            self.standard_headers("REQUEST_PARAMS", None, &mut standard);
            form.extend(
                standard
                    .into_iter()
                    .chain(fields)
                    .map(|(name, value)| (name.into_owned(), value)),
            );
        }
        let id = self.id();
        self.fetches.insert(id, wanted);
        self.push(Output::Fetch { id, form });
    }

    pub(crate) fn fetch_configuration(
        &mut self,
        document: &str,
        fields: &[(&'static str, &str)],
        wanted: Wanted,
    ) {
        let fields = fields
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).to_owned()))
            .collect();
        self.fetch(
            "configuration",
            ["configuration", "name", document],
            fields,
            wanted,
        );
    }

    pub(crate) fn fetch_directory(&mut self, domain: &str, fields: Headers, wanted: Wanted) {
        self.fetch("directory", ["domain", "name", domain], fields, wanted);
    }

    /// The channel's own headers and variables, as they are posted with a lookup.
    pub(crate) fn leg_fields(&self, uuid: &str) -> Headers {
        let mut fields = Headers::new();
        if let Some(leg) = self.channels.get(uuid) {
            leg.headers(&mut fields);
            fields.extend(
                leg.vars
                    .iter()
                    .map(|(name, value)| (format!("variable_{name}").into(), value.to_string())),
            );
        }
        fields
    }

    /// The answer to a request: a document, or `None` for no answer, any status but 200, or bad XML.
    pub(crate) fn fetched(&mut self, id: u64, document: Option<&str>) {
        let Some(wanted) = self.fetches.remove(&id) else {
            return;
        };
        let root = document
            .map(|text| self.expand_globals(text))
            .and_then(|text| match xml::parse(&text) {
                Ok(root) => Some(root),
                Err(error) => {
                    tracing::warn!(%error, "served document was not usable");
                    None
                }
            })
            .filter(|root| !xml::is_not_found(root));
        self.use_document(wanted, root.as_ref());
    }

    fn use_document(&mut self, wanted: Wanted, root: Option<&Node>) {
        match wanted {
            Wanted::Dialplan { uuid } => self.routed(&uuid, root),
            Wanted::CallerAuth {
                uuid,
                nonce,
                response,
            } => self.caller_authorised(&uuid, &nonce, &response, root),
            Wanted::Register(registering) => self.registration_answered(&registering, root),
            Wanted::DialUser { dial, slot } => self.user_found(dial, slot, root),
            Wanted::Module {
                module,
                boot,
                waiting,
            } => self.module_document(module, boot, waiting, root),
            Wanted::CallCenter { command, waiting } => self.call_center_document(&command, &waiting, root),
            Wanted::UnknownQueue { uuid, queue } => {
                self.load_queue(&queue, root);
                self.enter_queue(&uuid, &queue);
            }
            Wanted::UnknownQueueTier { queue, waiting } => {
                self.load_queue(&queue, root);
                let text = self.call_center_command_after_load(&waiting.argument.clone());
                self.finish(&waiting, text);
            }
            Wanted::Rescan { profile, waiting } => self.profile_document(&profile, &waiting, root),
            Wanted::Acl { waiting } => self.finish(&waiting, "+OK acl reloaded\n"),
            Wanted::Ivr { uuid, menu } => self.ivr_document(&uuid, &menu, root),
        }
    }

    fn module_document(
        &mut self,
        module: &'static str,
        boot: Option<usize>,
        waiting: Option<Waiting>,
        root: Option<&Node>,
    ) {
        let configuration = root.and_then(|root| root.find("configuration"));
        let loaded = match (module, configuration) {
            ("mod_sofia", Some(node)) => {
                self.load_sofia(node);
                true
            }
            ("mod_callcenter", Some(node)) => {
                self.cc.load(node, None);
                true
            }
            ("mod_json_cdr", Some(node)) => {
                self.cdr_from_config = crate::cdr::target_from_config(node);
                true
            }
            (_, Some(_)) => true,
            (_, None) => false,
        };
        if loaded {
            self.modules.insert(module);
        }
        if let Some(waiting) = waiting {
            let text = if loaded {
                "+OK Reloading XML\n+OK\n"
            } else {
                "+OK Reloading XML\n-ERR [module load file routine returned an error]\n"
            };
            self.finish(&waiting, text);
        }
        match boot {
            Some(place) => self.load_next_module(place + 1),
            None if module == "mod_sofia" && loaded => self.register_all_phones(),
            None => {}
        }
    }

    /// `load <module>` and `reload <module>`.
    pub(crate) fn load_module(&mut self, module: &str, reload: bool, waiting: Waiting) {
        let Some((name, document)) = BOOT.iter().find(|(name, _)| *name == module) else {
            let text = if self.modules.contains(module) {
                "+OK Reloading XML\n-ERR [Module already loaded]\n"
            } else {
                "+OK Reloading XML\n-ERR [module load file routine returned an error]\n"
            };
            return self.finish(&waiting, text);
        };
        if self.modules.contains(name) && !reload {
            return self.finish(&waiting, "+OK Reloading XML\n-ERR [Module already loaded]\n");
        }
        let wanted = Wanted::Module {
            module: name,
            boot: None,
            waiting: Some(waiting),
        };
        self.fetch_configuration(document, &[], wanted);
    }
}
