//! Finding the sound of a recording, for those who may hear it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::UNIX_EPOCH,
};

use chrono::{DateTime, Utc};
use entity::recording;
use sea_orm::DatabaseConnection;
use serde_json::json;
use tokio::fs::File;
use uuid::Uuid;

use super::{
    dto::PeaksView,
    folder::{self, FolderError},
    peaks::Shapes,
    repo,
    tickets::{Holder, TicketKey},
};
use crate::{
    error::{AppError, AppResult, ErrorKind},
    features::{calls::ledger, system::audit},
    ports::Clock,
    store::scope::DataScope,
};

/// An opened recording.
pub struct Sound {
    /// At its begin.
    pub file: File,
    /// Bytes.
    pub size: u64,
    /// Changes when the file does; with quotes, as in the header `ETag`.
    pub tag: String,
}

/// Recordings on folders that we see.
pub struct Recordings {
    db: DatabaseConnection,
    clock: Arc<dyn Clock>,
    tickets: TicketKey,
    /// Where to look when the server does not say.
    folder: PathBuf,
    shapes: Shapes,
}

impl Recordings {
    /// Recordings of the servers in this database.
    pub fn new(db: DatabaseConnection, clock: Arc<dyn Clock>, tickets: TicketKey, folder: PathBuf) -> Self {
        Self {
            db,
            clock,
            tickets,
            folder,
            shapes: Shapes::new(),
        }
    }

    /// A ticket to listen, and until when. Refused at once when there is nothing to hear.
    ///
    /// # Errors
    /// `not_found`, `recording.missing`, `recording.still_running`, `recording.folder_away`.
    pub async fn issue_ticket(
        &self,
        scope: DataScope,
        holder: Holder,
        id: Uuid,
    ) -> AppResult<(String, DateTime<Utc>)> {
        let (row, _) = self.locate(scope, id).await?;
        let heard = json!({ "call_id": row.call_id, "started_at": row.started_at });
        audit::note_change("recording", &id, None::<&()>, Some(&heard));
        self.tickets.sign(holder, id, self.clock.now())
    }

    /// For whom this ticket was made.
    ///
    /// # Errors
    /// `recording.invalid_ticket`, `recording.ticket_expired`.
    pub fn read_ticket(&self, ticket: &str, id: Uuid) -> AppResult<Holder> {
        self.tickets.verify(ticket, id, self.clock.now())
    }

    /// Opens the sound.
    ///
    /// # Errors
    /// As [`Recordings::issue_ticket`].
    pub async fn open(&self, scope: DataScope, id: Uuid) -> AppResult<Sound> {
        let (row, path) = self.locate(scope, id).await?;
        let sound = open(&path).await;
        sound.map_err(|error| broken(&row, &FolderError::Away(error)))
    }

    /// The shape of the sound.
    ///
    /// # Errors
    /// As [`Recordings::issue_ticket`], and `recording.unreadable`.
    pub async fn peaks(&self, scope: DataScope, id: Uuid) -> AppResult<Arc<PeaksView>> {
        let (row, path) = self.locate(scope, id).await?;
        let sound = open(&path)
            .await
            .map_err(|error| broken(&row, &FolderError::Away(error)))?;
        self.shapes.get(&format!("{id} {}", sound.tag), path).await
    }

    async fn locate(&self, scope: DataScope, id: Uuid) -> AppResult<(recording::Model, PathBuf)> {
        let row = repo::find(&self.db, id).await?;
        let row = row.ok_or_else(|| AppError::not_found("recording"))?;
        if !ledger::reader::is_visible(&self.db, scope, row.call_id).await? {
            return Err(AppError::not_found("recording"));
        }
        if row.state == "recording" && row.ended_at.is_none() {
            let detail = "The call is still being recorded; listen when it is over.";
            return Err(AppError::invalid_transition("recording.still_running", detail));
        }
        let folders = repo::find_folders(&self.db, row.server_id).await?;
        let (record_dir, local) = folders.ok_or_else(|| AppError::not_found("recording"))?;
        let local = local
            .filter(|local| !local.is_empty())
            .map_or_else(|| self.folder.clone(), PathBuf::from);
        match folder::locate(&record_dir, &local, &row.path).await {
            Ok(path) => {
                if row.state == "missing" {
                    repo::update_state(&self.db, id, "missing", "ready").await?;
                }
                Ok((row, path))
            }
            Err(error) => {
                if matches!(error, FolderError::Missing) && row.state == "ready" {
                    repo::update_state(&self.db, id, "ready", "missing").await?;
                }
                Err(broken(&row, &error))
            }
        }
    }
}

/// What is said about a file that cannot be had. Paths go to the log only.
fn broken(row: &recording::Model, error: &FolderError) -> AppError {
    tracing::warn!(recording.id = %row.id, server.id = row.server_id, path = row.path, %error, "no sound");
    match error {
        FolderError::Outside => AppError::not_found("recording"),
        FolderError::Missing => {
            let detail = "The file of this recording is gone.";
            AppError::new(ErrorKind::NotFound, "recording.missing", detail)
        }
        FolderError::Away(_) => {
            let detail = "The folder of the recordings cannot be read at the moment.";
            AppError::unavailable("recording.folder_away", detail)
        }
    }
}

async fn open(path: &Path) -> std::io::Result<Sound> {
    let file = File::open(path).await?;
    let known = file.metadata().await?;
    if !known.is_file() {
        return Err(std::io::Error::other("no plain file"));
    }
    let changed = known.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Sound {
        tag: format!("\"{:x}-{:x}\"", known.len(), changed.as_nanos()),
        size: known.len(),
        file,
    })
}
