//! Media servers: `voice_servers`.

use sea_orm::entity::prelude::*;

use crate::secret::Sealed;

/// One row of `voice_servers`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "voice_servers")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Name for people.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// `switchname` of switch.conf: what the switch calls itself.
    #[sea_orm(column_type = "Text")]
    pub switch_name: String,
    /// Host name or address of the Event Socket.
    #[sea_orm(column_type = "Text")]
    pub address: String,
    /// Port of the Event Socket.
    pub esl_port: i32,
    /// Password of the Event Socket.
    pub esl_password_sealed: Sealed,
    /// SIP domain, written literally wherever the switch needs it.
    #[sea_orm(column_type = "Text")]
    pub sip_domain: String,
    /// User name that the switch presents to us.
    #[sea_orm(column_type = "Text")]
    pub http_user: String,
    /// Password that the switch presents to us.
    pub http_password_sealed: Sealed,
    /// SIP port for phones.
    pub internal_port: i32,
    /// SIP port for gateways.
    pub external_port: i32,
    /// SIP over WebSocket.
    pub ws_port: Option<i32>,
    /// SIP over secure WebSocket.
    pub wss_port: Option<i32>,
    /// Codecs in order of preference, separated by commas.
    #[sea_orm(column_type = "Text")]
    pub codecs: String,
    /// Folder of recordings as the switch sees it.
    #[sea_orm(column_type = "Text")]
    pub record_dir: String,
    /// The same folder as we see it; empty if we do not.
    #[sea_orm(column_type = "Text", nullable)]
    pub record_dir_local: Option<String>,
    /// Base URL under which the switch reaches us.
    #[sea_orm(column_type = "Text")]
    pub control_url: String,
    /// Where we write the file the switch falls back on.
    #[sea_orm(column_type = "Text", nullable)]
    pub snapshot_path: Option<String>,
    /// Where the switch leaves records it could not post, as we see it.
    #[sea_orm(column_type = "Text", nullable)]
    pub cdr_spool_dir: Option<String>,
    /// Switched off things are kept but not used.
    pub is_enabled: bool,
    /// When the row was made.
    pub created_at: DateTimeUtc,
    /// When the row was last edited.
    pub updated_at: DateTimeUtc,
    /// Grows by one with each edit; an edit based on an older one is refused.
    pub version: i32,
    /// Set when deleted; the row stays because history refers to it.
    pub deleted_at: Option<DateTimeUtc>,
}

/// What it refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
