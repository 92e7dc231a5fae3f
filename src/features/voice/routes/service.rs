//! Use cases of routing rules.

use domain::{pattern::Pattern, plan::words};
use entity::route;
use sea_orm::{ActiveModelTrait as _, ConnectionTrait, Set};

use super::{
    dto::{RouteContext, RouteKind, RouteQuery, RouteView, SaveRouteRequest},
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
        tx,
    },
};

/// Largest position that people type; new rules are put behind it by steps.
const MAX_POSITION: i32 = 1_000_000;
/// Room between positions, so that a rule can be put between two others.
const POSITION_STEP: i32 = 10;

impl Voice {
    /// A page of rules.
    pub async fn list_routes(&self, query: RouteQuery) -> AppResult<Page<RouteView>> {
        let page = PageRequest::new(query.page, query.page_size)?;
        let text = query.q.as_deref().unwrap_or_default();
        repo::list(&self.db, query.server_id, text, page)
            .await?
            .try_map(view)
    }

    /// One rule.
    pub async fn get_route(&self, id: i64) -> AppResult<RouteView> {
        view(repo::get(&self.db, id).await?)
    }

    /// Makes a rule.
    pub async fn create_route(&self, request: SaveRouteRequest) -> AppResult<RouteView> {
        let request = tidy(request);
        let tx = tx::begin(&self.db).await?;
        servers::repo::get(&tx, request.server_id).await?;
        check(&tx, &request).await?.finish()?;
        let position = match request.position {
            Some(position) => position,
            None => {
                repo::find_last_position(&tx, request.server_id)
                    .await?
                    .unwrap_or(0)
                    + POSITION_STEP
            }
        };
        let now = self.clock.now();
        let mut row = fill(&request, position)?;
        row.created_at = Set(now);
        row.updated_at = Set(now);
        row.version = Set(1);
        let row = row.insert(&tx).await?;
        tx.commit().await?;
        self.changed(row.server_id, ConfigPart::Routes);
        let view = view(row)?;
        audit::note_change("route", &view.id, None::<&RouteView>, Some(&view));
        Ok(view)
    }

    /// Changes a rule.
    pub async fn update_route(&self, id: i64, request: SaveRouteRequest) -> AppResult<RouteView> {
        let request = tidy(request);
        let tx = tx::begin(&self.db).await?;
        let before = repo::get(&tx, id).await?;
        check_version(request.version, before.version)?;
        let mut checks = check(&tx, &request).await?;
        let remedy = "A rule stays on its server; make a new one.";
        checks.fixed("server_id", &before.server_id, &request.server_id, remedy);
        checks.finish()?;
        let row = fill(&request, request.position.unwrap_or(before.position))?;
        if !edit::update::<route::Entity, _>(&tx, id, before.version, self.clock.now(), row).await? {
            return Err(AppError::stale_version());
        }
        let after = repo::get(&tx, id).await?;
        tx.commit().await?;
        self.changed(after.server_id, ConfigPart::Routes);
        let (before, after) = (view(before)?, view(after)?);
        audit::note_change("route", &id, Some(&before), Some(&after));
        Ok(after)
    }

    /// Deletes a rule.
    pub async fn delete_route(&self, id: i64) -> AppResult<()> {
        let tx = tx::begin(&self.db).await?;
        let row = repo::get(&tx, id).await?;
        edit::delete::<route::Entity, _>(&tx, id, self.clock.now()).await?;
        tx.commit().await?;
        self.changed(row.server_id, ConfigPart::Routes);
        audit::note_change("route", &id, Some(&view(row)?), None::<&RouteView>);
        Ok(())
    }
}

/// Trims the texts and drops what the kind of rule has no use for.
fn tidy(mut request: SaveRouteRequest) -> SaveRouteRequest {
    for text in [&mut request.name, &mut request.pattern, &mut request.add_prefix] {
        *text = text.trim().to_owned();
    }
    request.target_number = trimmed(request.target_number.take());
    request.off_hours_prompt = trimmed(request.off_hours_prompt.take());
    if request.kind != RouteKind::Outbound {
        request.gateway_id = None;
        request.fallback_gateway_id = None;
        request.strip_digits = 0;
        request.add_prefix.clear();
    }
    if request.kind != RouteKind::Inbound {
        request.target_number = None;
    }
    if !matches!(request.kind, RouteKind::Inbound | RouteKind::Queue) {
        request.queue_id = None;
        request.hours = None;
        request.off_hours_prompt = None;
    }
    request
}

fn context(request: &SaveRouteRequest) -> RouteContext {
    request.context.unwrap_or(match request.kind {
        RouteKind::Inbound => RouteContext::Inbound,
        RouteKind::Basic | RouteKind::Outbound | RouteKind::Queue => RouteContext::Internal,
    })
}

async fn check<C: ConnectionTrait>(db: &C, request: &SaveRouteRequest) -> AppResult<Checks> {
    let mut checks = Checks::default();
    checks.name("name", &request.name);
    checks.optional_range("position", request.position, 0..=MAX_POSITION);
    if let Err(error) = Pattern::parse(&request.pattern) {
        checks.refuse(
            "pattern",
            "pattern",
            format!("{error}. A number, or an expression such as ^0(\\d{{7,12}})$."),
        );
    }
    checks.range("strip_digits", request.strip_digits, 0..=20);
    let prefix = "Digits, *, # or +; at most 20.";
    checks.ensure(
        words::is_prefix(&request.add_prefix),
        "add_prefix",
        "malformed",
        prefix,
    );
    checks.range("ring_secs", request.ring_secs, 5..=600);
    let target = request.target_number.as_deref();
    checks.optional_word(
        "target_number",
        target,
        words::is_short_number,
        "A short number: digits, at most 20.",
    );
    let sound = "A prompt's name, a path, a stream or a URL, without blanks.";
    checks.optional_word(
        "off_hours_prompt",
        request.off_hours_prompt.as_deref(),
        words::is_sound,
        sound,
    );
    check_kind(request, &mut checks);
    check_references(db, request, &mut checks).await?;
    Ok(checks)
}

/// What the kinds need.
fn check_kind(request: &SaveRouteRequest, checks: &mut Checks) {
    match request.kind {
        RouteKind::Basic => {}
        RouteKind::Outbound => {
            let detail = "Calls from outside must not go out again; choose the context internal.";
            checks.ensure(
                context(request) == RouteContext::Internal,
                "context",
                "toll_fraud",
                detail,
            );
            if request.fallback_gateway_id.is_some() {
                let detail = "The second gateway must be another one than the first.";
                let differ = request.fallback_gateway_id != request.gateway_id;
                checks.ensure(differ, "fallback_gateway_id", "twice", detail);
            }
        }
        RouteKind::Inbound => {
            let targets =
                usize::from(request.target_number.is_some()) + usize::from(request.queue_id.is_some());
            let detail = "Give either a short number or a queue to go to.";
            checks.ensure(targets == 1, "target_number", "required", detail);
        }
        RouteKind::Queue => {
            checks.ensure(
                request.queue_id.is_some(),
                "queue_id",
                "required",
                "Choose the queue to go to.",
            );
        }
    }
}

async fn check_references<C: ConnectionTrait>(
    db: &C,
    request: &SaveRouteRequest,
    checks: &mut Checks,
) -> AppResult<()> {
    for (field, id) in [
        ("gateway_id", request.gateway_id),
        ("fallback_gateway_id", request.fallback_gateway_id),
    ] {
        if let Some(id) = id
            && !gateways::repo::is_on_server(db, id, request.server_id).await?
        {
            checks.refuse(
                field,
                "unknown",
                "This voice server has no such gateway; choose one of its own.",
            );
        }
    }
    if let Some(id) = request.queue_id
        && !queues::repo::is_on_server(db, id, request.server_id).await?
    {
        checks.refuse(
            "queue_id",
            "unknown",
            "This voice server has no such queue; choose one of its own.",
        );
    }
    Ok(())
}

fn fill(request: &SaveRouteRequest, position: i32) -> AppResult<route::ActiveModel> {
    let hours = request.hours.as_ref().map(serde_json::to_value).transpose();
    Ok(route::ActiveModel {
        server_id: Set(request.server_id),
        name: Set(request.name.clone()),
        position: Set(position),
        kind: Set(request.kind.word().to_owned()),
        context: Set(context(request).word().to_owned()),
        pattern: Set(request.pattern.clone()),
        gateway_id: Set(request.gateway_id),
        fallback_gateway_id: Set(request.fallback_gateway_id),
        strip_digits: Set(request.strip_digits),
        add_prefix: Set(request.add_prefix.clone()),
        ring_secs: Set(request.ring_secs),
        record: Set(request.record),
        target_number: Set(request.target_number.clone()),
        queue_id: Set(request.queue_id),
        hours: Set(hours.map_err(AppError::internal)?),
        off_hours_prompt: Set(request.off_hours_prompt.clone()),
        is_enabled: Set(request.is_enabled),
        ..Default::default()
    })
}

fn view(row: route::Model) -> AppResult<RouteView> {
    Ok(RouteView {
        kind: RouteKind::from_word(&row.kind)?,
        context: RouteContext::from_word(&row.context)?,
        id: row.id,
        server_id: row.server_id,
        name: row.name,
        position: row.position,
        pattern: row.pattern,
        gateway_id: row.gateway_id,
        fallback_gateway_id: row.fallback_gateway_id,
        strip_digits: row.strip_digits,
        add_prefix: row.add_prefix,
        ring_secs: row.ring_secs,
        record: row.record,
        target_number: row.target_number,
        queue_id: row.queue_id,
        hours: row.hours,
        off_hours_prompt: row.off_hours_prompt,
        is_enabled: row.is_enabled,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    })
}
