//! Who is in a queue.

use std::collections::{HashMap, HashSet};

use domain::{
    command::{AgentLimits, Tier},
    ids::ServerId,
};
use entity::{agent, extension, queue, tier};
use sea_orm::{ActiveModelTrait as _, ConnectionTrait, DatabaseTransaction, EntityTrait as _, Set};

use super::{
    dto::{QueueAgentInput, QueueView, SetQueueAgentsRequest},
    repo::{self, Place},
    service::load_view,
};
use crate::{
    error::{AppError, AppResult},
    features::system::audit,
    features::voice::{
        Voice, extensions,
        form::{Checks, check_version},
    },
    ports::{AgentPlace, AgentsChanged, ConfigPart},
    store::{edit, tx},
};

/// Most agents of a queue; mod_callcenter walks all of them for each offer.
const MAX_AGENTS: usize = 2_000;

impl Voice {
    /// Replaces the agents of a queue. The switch is told of the difference only, so that nobody who stays is
    /// disturbed.
    pub async fn set_queue_agents(&self, id: i64, request: SetQueueAgentsRequest) -> AppResult<QueueView> {
        let tx = tx::begin(&self.db).await?;
        let queue = repo::get(&tx, id).await?;
        check_version(request.version, queue.version)?;
        check(&tx, &queue, &request.agents).await?;
        let view_before = load_view(&tx, id).await?;
        let before = repo::list_places(&tx, [id]).await?;
        self.write_agents(&tx, &queue, &request.agents).await?;
        write_tiers(&tx, &queue, &before, &request.agents).await?;
        let row = <queue::ActiveModel as Default>::default();
        if !edit::update::<queue::Entity, _>(&tx, id, queue.version, self.clock.now(), row).await? {
            return Err(AppError::stale_version());
        }
        let after = repo::list_places(&tx, [id]).await?;
        let view = load_view(&tx, id).await?;
        tx.commit().await?;
        self.changed(queue.server_id, ConfigPart::Queues);
        audit::note_change("queue", &id, Some(&view_before), Some(&view));
        if let Some(change) = difference(&queue, &before, &after) {
            self.nudge.agents_changed(change);
        }
        Ok(view)
    }

    /// Makes agents of extensions that are none yet, and changes the limits of those that are.
    async fn write_agents(
        &self,
        tx: &DatabaseTransaction,
        queue: &queue::Model,
        inputs: &[QueueAgentInput],
    ) -> AppResult<()> {
        let agents = repo::list_agents_at(tx, inputs.iter().map(|input| input.extension_id)).await?;
        let mut known: HashMap<i64, agent::Model> = agents
            .into_iter()
            .map(|agent| (agent.extension_id, agent))
            .collect();
        let now = self.clock.now();
        for input in inputs {
            let Some(before) = known.remove(&input.extension_id) else {
                let mut row: agent::ActiveModel =
                    with_limits(new_agent(queue.server_id, input), input).into();
                row.id = sea_orm::NotSet;
                row.created_at = Set(now);
                row.updated_at = Set(now);
                row.insert(tx).await?;
                continue;
            };
            let after = with_limits(before.clone(), input);
            if after != before {
                let row = agent::ActiveModel::from(after).reset_all();
                agent::ActiveModel {
                    updated_at: Set(now),
                    version: Set(before.version + 1),
                    ..row
                }
                .update(tx)
                .await?;
            }
        }
        Ok(())
    }
}

async fn check<C: ConnectionTrait>(
    db: &C,
    queue: &queue::Model,
    inputs: &[QueueAgentInput],
) -> AppResult<()> {
    let mut checks = Checks::default();
    if inputs.len() > MAX_AGENTS {
        checks.refuse(
            "agents",
            "too_many",
            format!("At most {MAX_AGENTS} agents in a queue."),
        );
        return checks.finish();
    }
    let wanted = inputs.iter().map(|input| input.extension_id);
    let found = extensions::repo::list_by_ids(db, queue.server_id, wanted).await?;
    let found: HashMap<i64, extension::Model> = found.into_iter().map(|row| (row.id, row)).collect();
    let mut seen = HashSet::new();
    for (index, input) in inputs.iter().enumerate() {
        let field = |name: &str| format!("agents/{index}/{name}");
        let extension_id = field("extension_id");
        match found.get(&input.extension_id) {
            None => {
                let detail = "This voice server has no such extension; choose one of its own.";
                checks.refuse(&extension_id, "unknown", detail);
            }
            Some(row) if row.kind != "direct" => {
                checks.refuse(
                    &extension_id,
                    "no_phone",
                    "Only an extension with a phone can be an agent.",
                );
            }
            Some(_) => {}
        }
        if !seen.insert(input.extension_id) {
            checks.refuse(
                &extension_id,
                "twice",
                "This agent is named twice; leave one out.",
            );
        }
        checks.range(&field("level"), input.level, 1..=100);
        checks.range(&field("position"), input.position, 1..=10_000);
        checks.optional_range(&field("max_no_answer"), input.max_no_answer, 0..=100);
        checks.optional_range(&field("ring_secs"), input.ring_secs, 5..=600);
        for (name, value) in [
            ("wrap_up_secs", input.wrap_up_secs),
            ("reject_delay_secs", input.reject_delay_secs),
            ("busy_delay_secs", input.busy_delay_secs),
            ("no_answer_delay_secs", input.no_answer_delay_secs),
        ] {
            checks.optional_range(&field(name), value, 0..=3600);
        }
    }
    checks.finish()
}

/// The limits of an agent of whom nobody said anything.
fn new_agent(server_id: i64, input: &QueueAgentInput) -> agent::Model {
    agent::Model {
        id: 0,
        server_id,
        extension_id: input.extension_id,
        max_no_answer: 3,
        wrap_up_secs: 10,
        reject_delay_secs: 10,
        busy_delay_secs: 60,
        no_answer_delay_secs: 5,
        ring_secs: 20,
        created_at: chrono::DateTime::UNIX_EPOCH,
        updated_at: chrono::DateTime::UNIX_EPOCH,
        version: 1,
    }
}

fn with_limits(mut agent: agent::Model, input: &QueueAgentInput) -> agent::Model {
    for (limit, wanted) in [
        (&mut agent.max_no_answer, input.max_no_answer),
        (&mut agent.wrap_up_secs, input.wrap_up_secs),
        (&mut agent.reject_delay_secs, input.reject_delay_secs),
        (&mut agent.busy_delay_secs, input.busy_delay_secs),
        (&mut agent.no_answer_delay_secs, input.no_answer_delay_secs),
        (&mut agent.ring_secs, input.ring_secs),
    ] {
        *limit = wanted.unwrap_or(*limit);
    }
    agent
}

async fn write_tiers(
    tx: &DatabaseTransaction,
    queue: &queue::Model,
    before: &[Place],
    inputs: &[QueueAgentInput],
) -> AppResult<()> {
    let wanted: HashSet<i64> = inputs.iter().map(|input| input.extension_id).collect();
    let gone = before
        .iter()
        .filter(|place| !wanted.contains(&place.extension_id));
    repo::delete_tiers(tx, queue.id, Some(gone.map(|place| place.tier_id).collect())).await?;

    let agents = repo::list_agents_at(tx, wanted).await?;
    let agent_ids: HashMap<i64, i64> = agents
        .iter()
        .map(|agent| (agent.extension_id, agent.id))
        .collect();
    let known: HashMap<i64, &Place> = before.iter().map(|place| (place.extension_id, place)).collect();
    let mut fresh = Vec::new();
    for input in inputs {
        let row = tier::ActiveModel {
            queue_id: Set(queue.id),
            agent_id: Set(agent_ids[&input.extension_id]),
            level: Set(input.level),
            position: Set(input.position),
            ..Default::default()
        };
        match known.get(&input.extension_id) {
            None => fresh.push(row),
            Some(place) if (place.level, place.position) != (input.level, input.position) => {
                tier::ActiveModel {
                    id: Set(place.tier_id),
                    ..row
                }
                .update(tx)
                .await?;
            }
            Some(_) => {}
        }
    }
    for chunk in fresh.chunks(1_000) {
        tier::Entity::insert_many(chunk.to_vec())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// What the switch has to be told; `None` if nothing.
fn difference(queue: &queue::Model, before: &[Place], after: &[Place]) -> Option<AgentsChanged> {
    let was: HashMap<i64, &Place> = before.iter().map(|place| (place.agent_id, place)).collect();
    let is: HashSet<i64> = after.iter().map(|place| place.agent_id).collect();
    let mut change = AgentsChanged {
        server: ServerId(queue.server_id),
        queue: queue.code.clone(),
        added: Vec::new(),
        changed: Vec::new(),
        removed: Vec::new(),
    };
    for place in after {
        match was.get(&place.agent_id) {
            None => change.added.push(agent_place(queue, place)),
            Some(old) if *old != place => change.changed.push(agent_place(queue, place)),
            Some(_) => {}
        }
    }
    let gone = before.iter().filter(|place| !is.contains(&place.agent_id));
    change.removed = gone.map(|place| place.number.clone()).collect();
    let nothing = change.added.is_empty() && change.changed.is_empty() && change.removed.is_empty();
    (!nothing).then_some(change)
}

fn agent_place(queue: &queue::Model, place: &Place) -> AgentPlace {
    let count = |value: i32| value.max(0).unsigned_abs();
    AgentPlace {
        tier: Tier {
            queue: queue.code.clone(),
            agent: place.number.clone(),
            level: count(place.level),
            position: count(place.position),
        },
        limits: AgentLimits {
            agent: place.number.clone(),
            max_no_answer: count(place.max_no_answer),
            wrap_up_secs: count(place.wrap_up_secs),
            reject_delay_secs: count(place.reject_delay_secs),
            busy_delay_secs: count(place.busy_delay_secs),
            no_answer_delay_secs: count(place.no_answer_delay_secs),
        },
        ring_secs: count(place.ring_secs),
    }
}
