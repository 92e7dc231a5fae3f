//! What the switch is told to do, as data. `fsxml` writes it in the switch's words.

/// One step of a call's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Sets a variable on this leg.
    Set {
        /// Variable.
        name: &'static str,
        /// Value; `${…}` in it is meant.
        value: String,
    },
    /// Sets a variable on this leg and on those it creates.
    Export {
        /// Variable.
        name: &'static str,
        /// Value; `${…}` in it is meant.
        value: String,
    },
    /// Answers the call.
    Answer,
    /// Waits, in milliseconds.
    Sleep(u32),
    /// Plays a sound.
    Playback(String),
    /// Rings somebody and connects.
    Bridge(Bridge),
    /// Waits in a queue, by its code.
    JoinQueue(String),
    /// Marks an agent as busy for queues while this leg lives (mod_callcenter offers calls to agents on
    /// calls of their own otherwise, surprises.md 70).
    TrackAgent(String),
    /// Records this leg's conversation into a file.
    Record(String),
    /// Refuses or ends the call with a SIP status, for instance `403 Forbidden`.
    Respond(String),
    /// Ends the call with a cause; `${…}` in it is meant.
    Hangup(&'static str),
}

/// A connection to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridge {
    /// Whom to ring.
    pub endpoint: Endpoint,
    /// Agent to be marked busy on the far leg once it answers.
    pub track: Option<String>,
}

/// Whom a bridge rings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A registered phone.
    Extension {
        /// Short number.
        number: String,
        /// Literal SIP domain: `${domain_name}` is empty on outbound legs (facts.md §0.9).
        domain: String,
    },
    /// A number behind a gateway.
    Gateway {
        /// Gateway name.
        name: String,
        /// Number to dial, prefixes included.
        number: String,
        /// Most calls at once through this gateway; further ones go on to the next action.
        limit: Option<u32>,
    },
}
