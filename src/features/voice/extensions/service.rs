//! Use cases of extensions.

use domain::plan::words;
use entity::extension;
use sea_orm::{ActiveModelTrait as _, ConnectionTrait, Set};

use super::{
    dto::{ExtensionKind, ExtensionQuery, ExtensionView, SaveExtensionRequest},
    repo,
};
use crate::{
    error::{AppError, AppResult},
    features::system::audit,
    features::voice::{
        Voice,
        form::{Checks, check_version, trimmed},
        gateways, queues, servers,
    },
    ports::ConfigPart,
    store::{
        edit,
        pages::{Page, PageRequest},
        secrets::{Purpose, generate_password},
        tx,
    },
};

impl Voice {
    /// A page of extensions.
    pub async fn list_extensions(&self, query: ExtensionQuery) -> AppResult<Page<ExtensionView>> {
        let page = PageRequest::new(query.page, query.page_size)?;
        let text = query.q.as_deref().unwrap_or_default();
        repo::list(&self.db, query.server_id, text, page)
            .await?
            .try_map(view)
    }

    /// One extension.
    pub async fn get_extension(&self, id: i64) -> AppResult<ExtensionView> {
        view(repo::get(&self.db, id).await?)
    }

    /// Makes an extension. The answer holds the SIP password when it was made here.
    pub async fn create_extension(&self, request: SaveExtensionRequest) -> AppResult<ExtensionView> {
        let request = tidy(request);
        let tx = tx::begin(&self.db).await?;
        servers::repo::get(&tx, request.server_id).await?;
        check(&tx, &request).await?.finish()?;
        let generated = request.password.is_none().then(|| generate_password(&*self.ids));
        let now = self.clock.now();
        let mut row = self.fill_extension(&request, request.password.as_ref().or(generated.as_ref()));
        row.created_at = Set(now);
        row.updated_at = Set(now);
        row.version = Set(1);
        let row = row.insert(&tx).await?;
        tx.commit().await?;
        self.changed(row.server_id, ConfigPart::Extensions);
        let view = view(row)?;
        audit::note_change("extension", &view.id, None::<&ExtensionView>, Some(&view));
        Ok(ExtensionView {
            generated_password: generated,
            ..view
        })
    }

    /// Changes an extension.
    pub async fn update_extension(&self, id: i64, request: SaveExtensionRequest) -> AppResult<ExtensionView> {
        let request = tidy(request);
        let tx = tx::begin(&self.db).await?;
        let before = repo::get(&tx, id).await?;
        check_version(request.version, before.version)?;
        let mut checks = check(&tx, &request).await?;
        checks.fixed(
            "server_id",
            &before.server_id,
            &request.server_id,
            "An extension stays on its server; make a new one.",
        );
        let queues = repo::list_queues(&tx, id).await?;
        if !queues.is_empty() {
            let queues = queues.join(", ");
            let remedy = format!("It is an agent in {queues}; take it out of there first.");
            checks.fixed("number", &before.number, &request.number, &remedy);
            checks.fixed("kind", &before.kind.as_str(), &request.kind.word(), &remedy);
        }
        checks.finish()?;
        let row = self.fill_extension(&request, request.password.as_ref());
        if !edit::update::<extension::Entity, _>(&tx, id, before.version, self.clock.now(), row).await? {
            return Err(AppError::stale_version());
        }
        let after = repo::get(&tx, id).await?;
        tx.commit().await?;
        self.changed(after.server_id, ConfigPart::Extensions);
        let (before, after) = (view(before)?, view(after)?);
        audit::note_change("extension", &id, Some(&before), Some(&after));
        Ok(after)
    }

    /// Deletes an extension that nothing uses any more.
    pub async fn delete_extension(&self, id: i64) -> AppResult<()> {
        let tx = tx::begin(&self.db).await?;
        let row = repo::get(&tx, id).await?;
        let queues = repo::list_queues(&tx, id).await?;
        let mut uses: Vec<String> = queues.into_iter().map(|name| format!("queue {name}")).collect();
        uses.extend(repo::list_uses(&tx, &row).await?);
        if !uses.is_empty() {
            let detail = format!(
                "This extension is used by {}; change that first.",
                uses.join(", ")
            );
            return Err(AppError::conflict("extension.in_use", detail));
        }
        repo::delete_agent(&tx, id).await?;
        edit::delete::<extension::Entity, _>(&tx, id, self.clock.now()).await?;
        tx.commit().await?;
        self.changed(row.server_id, ConfigPart::Extensions);
        audit::note_change("extension", &id, Some(&view(row)?), None::<&ExtensionView>);
        Ok(())
    }

    fn fill_extension(
        &self,
        request: &SaveExtensionRequest,
        password: Option<&String>,
    ) -> extension::ActiveModel {
        let mut row = extension::ActiveModel {
            server_id: Set(request.server_id),
            number: Set(request.number.clone()),
            display_name: Set(request.display_name.clone()),
            kind: Set(request.kind.word().to_owned()),
            gateway_id: Set(request.gateway_id),
            queue_id: Set(request.queue_id),
            announce_work_number: Set(request.announce_work_number),
            may_dial_out: Set(request.may_dial_out),
            record: Set(request.record),
            caller_id_number: Set(request.caller_id_number.clone()),
            webrtc_allowed: Set(request.webrtc_allowed),
            ring_secs: Set(request.ring_secs),
            is_enabled: Set(request.is_enabled),
            ..Default::default()
        };
        if let Some(password) = password {
            row.password_sealed = Set(self.sealer.seal(Purpose::Extension, password, &*self.ids));
        }
        row
    }
}

fn tidy(mut request: SaveExtensionRequest) -> SaveExtensionRequest {
    for text in [&mut request.number, &mut request.display_name] {
        *text = text.trim().to_owned();
    }
    request.caller_id_number = trimmed(request.caller_id_number.take());
    request.password = request.password.take().filter(|password| !password.is_empty());
    if request.kind != ExtensionKind::Queue {
        request.queue_id = None;
    }
    request
}

async fn check<C: ConnectionTrait>(db: &C, request: &SaveExtensionRequest) -> AppResult<Checks> {
    let mut checks = Checks::default();
    checks.word(
        "number",
        &request.number,
        words::is_short_number,
        "Digits only, at most 20.",
    );
    if !request.display_name.is_empty() {
        checks.name("display_name", &request.display_name);
    }
    if let Some(password) = &request.password {
        // Guessed SIP passwords are how toll fraud begins.
        let good = words::is_secret(password) && password.len() >= 8 && !password.contains(&request.number);
        let detail = "8 to 128 printable characters that do not contain the number; or leave it empty to have one made.";
        checks.ensure(good, "password", "weak", detail);
    }
    let number = "A number: digits, or + * # and digits.";
    checks.optional_word(
        "caller_id_number",
        request.caller_id_number.as_deref(),
        words::is_dialable,
        number,
    );
    checks.range("ring_secs", request.ring_secs, 5..=600);
    if let Some(id) = request.gateway_id
        && !gateways::repo::is_on_server(db, id, request.server_id).await?
    {
        checks.refuse(
            "gateway_id",
            "unknown",
            "This voice server has no such gateway; choose one of its own.",
        );
    }
    match request.queue_id {
        None if request.kind == ExtensionKind::Queue => {
            checks.refuse("queue_id", "required", "Choose the queue behind this number.");
        }
        Some(id) if !queues::repo::is_on_server(db, id, request.server_id).await? => {
            checks.refuse(
                "queue_id",
                "unknown",
                "This voice server has no such queue; choose one of its own.",
            );
        }
        _ => {}
    }
    Ok(checks)
}

fn view(row: extension::Model) -> AppResult<ExtensionView> {
    Ok(ExtensionView {
        kind: ExtensionKind::from_word(&row.kind)?,
        id: row.id,
        server_id: row.server_id,
        number: row.number,
        display_name: row.display_name,
        gateway_id: row.gateway_id,
        queue_id: row.queue_id,
        announce_work_number: row.announce_work_number,
        may_dial_out: row.may_dial_out,
        record: row.record,
        caller_id_number: row.caller_id_number,
        webrtc_allowed: row.webrtc_allowed,
        ring_secs: row.ring_secs,
        is_enabled: row.is_enabled,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
        generated_password: None,
    })
}
