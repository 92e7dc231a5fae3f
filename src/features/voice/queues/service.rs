//! Use cases of queues; those of their agents are in [`super::agents`].

use std::collections::HashMap;

use domain::{ids::ServerId, plan::words};
use entity::queue;
use sea_orm::{ActiveModelTrait as _, ConnectionTrait, Set};

use super::{
    dto::{OverflowKind, QueueAgentView, QueueQuery, QueueView, SaveQueueRequest, Strategy, TimeBaseScore},
    repo::{self, Place},
};
use crate::{
    error::{AppError, AppResult},
    features::system::audit,
    features::voice::{
        Voice, extensions,
        form::{Checks, check_version, trimmed},
        servers,
    },
    ports::{AgentsChanged, ConfigPart},
    store::{
        edit,
        pages::{Page, PageRequest},
        tx,
    },
};

impl Voice {
    /// A page of queues with their agents.
    pub async fn list_queues(&self, query: QueueQuery) -> AppResult<Page<QueueView>> {
        let page = PageRequest::new(query.page, query.page_size)?;
        let text = query.q.as_deref().unwrap_or_default();
        let rows = repo::list(&self.db, query.server_id, text, page).await?;
        let mut places: HashMap<i64, Vec<Place>> = HashMap::new();
        for place in repo::list_places(&self.db, rows.rows.iter().map(|row| row.id)).await? {
            places.entry(place.queue_id).or_default().push(place);
        }
        rows.try_map(|row| {
            let places = places.remove(&row.id).unwrap_or_default();
            view(row, places)
        })
    }

    /// One queue with its agents.
    pub async fn get_queue(&self, id: i64) -> AppResult<QueueView> {
        load_view(&self.db, id).await
    }

    /// Makes a queue without agents.
    pub async fn create_queue(&self, request: SaveQueueRequest) -> AppResult<QueueView> {
        let request = tidy(request);
        let tx = tx::begin(&self.db).await?;
        servers::repo::get(&tx, request.server_id).await?;
        check(&tx, &request).await?.finish()?;
        let now = self.clock.now();
        let mut row = fill(&request);
        row.created_at = Set(now);
        row.updated_at = Set(now);
        row.version = Set(1);
        let row = row.insert(&tx).await?;
        tx.commit().await?;
        self.changed(row.server_id, ConfigPart::Queues);
        let view = view(row, Vec::new())?;
        audit::note_change("queue", &view.id, None::<&QueueView>, Some(&view));
        Ok(view)
    }

    /// Changes a queue, not its agents.
    pub async fn update_queue(&self, id: i64, request: SaveQueueRequest) -> AppResult<QueueView> {
        let request = tidy(request);
        let tx = tx::begin(&self.db).await?;
        let before = repo::get(&tx, id).await?;
        check_version(request.version, before.version)?;
        let mut checks = check(&tx, &request).await?;
        checks.fixed(
            "server_id",
            &before.server_id,
            &request.server_id,
            "A queue stays on its server; make a new one.",
        );
        checks.fixed(
            "code",
            &before.code,
            &request.code,
            "The switch knows the queue by its code; make a new one.",
        );
        checks.finish()?;
        let row = fill(&request);
        if !edit::update::<queue::Entity, _>(&tx, id, before.version, self.clock.now(), row).await? {
            return Err(AppError::stale_version());
        }
        let after = load_view(&tx, id).await?;
        tx.commit().await?;
        self.changed(after.server_id, ConfigPart::Queues);
        // An edit of the queue leaves its agents alone.
        let before = QueueView {
            agents: after.agents.clone(),
            ..view(before, Vec::new())?
        };
        audit::note_change("queue", &id, Some(&before), Some(&after));
        Ok(after)
    }

    /// Deletes a queue that nothing leads into any more. Its agents stay agents.
    pub async fn delete_queue(&self, id: i64) -> AppResult<()> {
        let tx = tx::begin(&self.db).await?;
        let row = repo::get(&tx, id).await?;
        let uses = repo::list_uses(&tx, &row).await?;
        if !uses.is_empty() {
            let detail = format!("This queue is used by {}; change those first.", uses.join(", "));
            return Err(AppError::conflict("queue.in_use", detail));
        }
        let places = repo::list_places(&tx, [id]).await?;
        repo::delete_tiers(&tx, id, None).await?;
        edit::delete::<queue::Entity, _>(&tx, id, self.clock.now()).await?;
        tx.commit().await?;
        self.changed(row.server_id, ConfigPart::Queues);
        let before = view(row.clone(), places.clone())?;
        audit::note_change("queue", &id, Some(&before), None::<&QueueView>);
        if !places.is_empty() {
            self.nudge.agents_changed(AgentsChanged {
                server: ServerId(row.server_id),
                queue: row.code,
                added: Vec::new(),
                changed: Vec::new(),
                removed: places.into_iter().map(|place| place.number).collect(),
            });
        }
        Ok(())
    }
}

/// A queue with its agents.
pub(super) async fn load_view<C: ConnectionTrait>(db: &C, id: i64) -> AppResult<QueueView> {
    let row = repo::get(db, id).await?;
    let places = repo::list_places(db, [id]).await?;
    view(row, places)
}

fn tidy(mut request: SaveQueueRequest) -> SaveQueueRequest {
    for text in [&mut request.code, &mut request.name, &mut request.moh_sound] {
        *text = text.trim().to_owned();
    }
    request.announce_sound = trimmed(request.announce_sound.take());
    request.overflow_target = match request.overflow_kind {
        OverflowKind::Queue | OverflowKind::Extension => trimmed(request.overflow_target.take()),
        OverflowKind::None | OverflowKind::Hangup => None,
    };
    request
}

/// A day, as the longest sensible time to wait, in seconds.
const DAY: i32 = 86_400;

async fn check<C: ConnectionTrait>(db: &C, request: &SaveQueueRequest) -> AppResult<Checks> {
    let mut checks = Checks::default();
    let code = "Lower case letters, digits, _ and -; at most 64.";
    checks.word("code", &request.code, words::is_queue_code, code);
    checks.name("name", &request.name);
    let sound = "A prompt's name, a path, a stream or a URL, without blanks.";
    checks.word("moh_sound", &request.moh_sound, words::is_sound, sound);
    checks.optional_word(
        "announce_sound",
        request.announce_sound.as_deref(),
        words::is_sound,
        sound,
    );
    for (field, value) in [
        ("announce_frequency_secs", request.announce_frequency_secs),
        ("max_wait_secs", request.max_wait_secs),
        ("max_wait_no_agent_secs", request.max_wait_no_agent_secs),
        (
            "max_wait_no_agent_reached_secs",
            request.max_wait_no_agent_reached_secs,
        ),
        ("tier_rule_wait_secs", request.tier_rule_wait_secs),
        (
            "discard_abandoned_after_secs",
            request.discard_abandoned_after_secs,
        ),
        ("service_level_secs", request.service_level_secs),
    ] {
        checks.range(field, value, 0..=DAY);
    }
    if request.announce_frequency_secs > 0 {
        let detail = "Choose what is announced, or set the frequency to 0.";
        checks.ensure(
            request.announce_sound.is_some(),
            "announce_sound",
            "required",
            detail,
        );
    }
    check_overflow(db, request, &mut checks).await?;
    Ok(checks)
}

async fn check_overflow<C: ConnectionTrait>(
    db: &C,
    request: &SaveQueueRequest,
    checks: &mut Checks,
) -> AppResult<()> {
    const FIELD: &str = "overflow_target";
    let target = request.overflow_target.as_deref();
    match (request.overflow_kind, target) {
        (OverflowKind::None | OverflowKind::Hangup, _) => {}
        (OverflowKind::Queue | OverflowKind::Extension, None) => {
            checks.refuse(
                FIELD,
                "required",
                "Say where callers go who have waited too long.",
            );
        }
        (OverflowKind::Queue, Some(code)) if code == request.code => {
            checks.refuse(
                FIELD,
                "loop",
                "A queue cannot overflow into itself; choose another one.",
            );
        }
        (OverflowKind::Queue, Some(code)) => {
            let found = repo::find_by_code(db, request.server_id, code).await?.is_some();
            checks.ensure(
                found,
                FIELD,
                "unknown",
                "This voice server has no queue with this code.",
            );
        }
        (OverflowKind::Extension, Some(number)) => {
            let found = extensions::repo::find_by_number(db, request.server_id, number)
                .await?
                .is_some();
            checks.ensure(
                found,
                FIELD,
                "unknown",
                "This voice server has no extension with this number.",
            );
        }
    }
    Ok(())
}

fn fill(request: &SaveQueueRequest) -> queue::ActiveModel {
    queue::ActiveModel {
        server_id: Set(request.server_id),
        code: Set(request.code.clone()),
        name: Set(request.name.clone()),
        strategy: Set(request.strategy.word().to_owned()),
        moh_sound: Set(request.moh_sound.clone()),
        announce_sound: Set(request.announce_sound.clone()),
        announce_frequency_secs: Set(request.announce_frequency_secs),
        record: Set(request.record),
        time_base_score: Set(request.time_base_score.word().to_owned()),
        max_wait_secs: Set(request.max_wait_secs),
        max_wait_no_agent_secs: Set(request.max_wait_no_agent_secs),
        max_wait_no_agent_reached_secs: Set(request.max_wait_no_agent_reached_secs),
        tier_rules_apply: Set(request.tier_rules_apply),
        tier_rule_wait_secs: Set(request.tier_rule_wait_secs),
        tier_rule_wait_multiply_level: Set(request.tier_rule_wait_multiply_level),
        tier_rule_no_agent_no_wait: Set(request.tier_rule_no_agent_no_wait),
        abandoned_resume_allowed: Set(request.abandoned_resume_allowed),
        discard_abandoned_after_secs: Set(request.discard_abandoned_after_secs),
        service_level_secs: Set(request.service_level_secs),
        overflow_kind: Set(request.overflow_kind.word().to_owned()),
        overflow_target: Set(request.overflow_target.clone()),
        is_enabled: Set(request.is_enabled),
        ..Default::default()
    }
}

fn view(row: queue::Model, places: Vec<Place>) -> AppResult<QueueView> {
    Ok(QueueView {
        strategy: Strategy::from_word(&row.strategy)?,
        time_base_score: TimeBaseScore::from_word(&row.time_base_score)?,
        overflow_kind: OverflowKind::from_word(&row.overflow_kind)?,
        id: row.id,
        server_id: row.server_id,
        code: row.code,
        name: row.name,
        moh_sound: row.moh_sound,
        announce_sound: row.announce_sound,
        announce_frequency_secs: row.announce_frequency_secs,
        record: row.record,
        max_wait_secs: row.max_wait_secs,
        max_wait_no_agent_secs: row.max_wait_no_agent_secs,
        max_wait_no_agent_reached_secs: row.max_wait_no_agent_reached_secs,
        tier_rules_apply: row.tier_rules_apply,
        tier_rule_wait_secs: row.tier_rule_wait_secs,
        tier_rule_wait_multiply_level: row.tier_rule_wait_multiply_level,
        tier_rule_no_agent_no_wait: row.tier_rule_no_agent_no_wait,
        abandoned_resume_allowed: row.abandoned_resume_allowed,
        discard_abandoned_after_secs: row.discard_abandoned_after_secs,
        service_level_secs: row.service_level_secs,
        overflow_target: row.overflow_target,
        is_enabled: row.is_enabled,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
        agents: places.into_iter().map(agent_view).collect(),
    })
}

fn agent_view(place: Place) -> QueueAgentView {
    QueueAgentView {
        agent_id: place.agent_id,
        extension_id: place.extension_id,
        number: place.number,
        display_name: place.display_name,
        level: place.level,
        position: place.position,
        max_no_answer: place.max_no_answer,
        wrap_up_secs: place.wrap_up_secs,
        reject_delay_secs: place.reject_delay_secs,
        busy_delay_secs: place.busy_delay_secs,
        no_answer_delay_secs: place.no_answer_delay_secs,
        ring_secs: place.ring_secs,
    }
}
