//! The voice servers that are connected or being connected, and the `Switch` port over them.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use domain::{command::SwitchCommand, ids::ServerId};
use esl::{
    ApiReply, CommandError, JobOutcome, SwitchLink,
    command::{JobId, WireUuid},
};
use futures_util::future::BoxFuture;
use tokio::{sync::Notify, time::Instant};

use super::{commands, pump::PumpHandle};
use crate::ports::{ConfigPart, IdGen, Switch, SwitchError, SwitchReply};

/// One voice server with its connection.
pub struct Node {
    /// Which.
    pub server: ServerId,
    /// SIP domain, written literally into commands.
    pub sip_domain: String,
    /// Folder of call records that the switch could not post, as we see it.
    pub cdr_spool_dir: Option<String>,
    /// Its Event Socket.
    pub link: SwitchLink,
    /// Its pump.
    pub pump: PumpHandle,
    /// Wakes the session: compare and heal now.
    pub nudge: Notify,
    changed: RwLock<Vec<ConfigPart>>,
}

impl Node {
    /// A node with nothing changed yet.
    pub fn new(
        server: ServerId,
        sip_domain: String,
        cdr_spool_dir: Option<String>,
        link: SwitchLink,
        pump: PumpHandle,
    ) -> Self {
        Self {
            server,
            sip_domain,
            cdr_spool_dir,
            link,
            pump,
            nudge: Notify::new(),
            changed: RwLock::default(),
        }
    }

    /// A part of the configuration was edited and is in the plan: bring the switch to it.
    pub fn config_changed(&self, part: ConfigPart) {
        let mut changed = self.changed.write().unwrap_or_else(PoisonError::into_inner);
        if !changed.contains(&part) {
            changed.push(part);
        }
        drop(changed);
        self.nudge.notify_one();
    }

    /// What was edited since it was last asked.
    pub fn take_changed(&self) -> Vec<ConfigPart> {
        std::mem::take(&mut *self.changed.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// All nodes.
pub struct Nodes {
    ids: Arc<dyn IdGen>,
    nodes: RwLock<HashMap<ServerId, Arc<Node>>>,
}

impl Nodes {
    /// None yet.
    pub fn new(ids: Arc<dyn IdGen>) -> Self {
        Self {
            ids,
            nodes: RwLock::default(),
        }
    }

    /// The node of a server.
    pub fn get(&self, server: ServerId) -> Option<Arc<Node>> {
        self.nodes
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&server)
            .cloned()
    }

    /// All nodes.
    pub fn all(&self) -> Vec<Arc<Node>> {
        self.nodes
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }

    /// Adds or replaces a node.
    pub fn put(&self, node: Arc<Node>) {
        self.nodes
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(node.server, node);
    }

    /// Takes a node away; commands to it are refused from now on.
    pub fn remove(&self, server: ServerId) {
        self.nodes
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&server);
    }

    async fn carry_out(
        &self,
        server: ServerId,
        command: SwitchCommand,
        limit: Duration,
    ) -> Result<SwitchReply, SwitchError> {
        let node = self
            .get(server)
            .ok_or_else(|| SwitchError::Unreachable("there is no connection".into()))?;
        let lines = commands::lines(&command, &node.sip_domain)
            .map_err(|error| SwitchError::Rejected(format!("the command cannot be written: {error}")))?;
        let deadline = Instant::now() + limit;
        let mut reply = SwitchReply::default();
        for line in lines {
            let left = deadline.saturating_duration_since(Instant::now());
            reply.text = if line.background {
                let job: JobId = WireUuid::from_bytes(*self.ids.uuid().as_bytes());
                match node
                    .link
                    .bgapi(line.text.as_str(), &job, left)
                    .await
                    .map_err(refused)?
                {
                    JobOutcome::Done(text) => text,
                    JobOutcome::Failed(text) => return Err(SwitchError::Rejected(text)),
                    JobOutcome::Expired | JobOutcome::Unknown => return Err(SwitchError::UnknownOutcome),
                }
            } else {
                match node.link.api(line.text.as_str(), left).await.map_err(refused)? {
                    ApiReply::Ok(text) | ApiReply::Text(text) => text,
                    ApiReply::Error(text) | ApiReply::Usage(text) => return Err(SwitchError::Rejected(text)),
                }
            };
        }
        Ok(reply)
    }
}

impl Switch for Nodes {
    fn run(
        &self,
        server: ServerId,
        command: SwitchCommand,
        deadline: Duration,
    ) -> BoxFuture<'_, Result<SwitchReply, SwitchError>> {
        Box::pin(self.carry_out(server, command, deadline))
    }
}

/// The transport's answer in the words of the port.
pub fn refused(error: CommandError) -> SwitchError {
    match error {
        CommandError::Rejected(text) => SwitchError::Rejected(text),
        CommandError::Denied => SwitchError::Denied,
        CommandError::Unreachable(why) => SwitchError::Unreachable(why),
        CommandError::TimedOut(_) => SwitchError::UnknownOutcome,
        CommandError::Invalid(error) => SwitchError::Rejected(error.to_string()),
    }
}
