//! The demo: a small call center in an empty database, and who plays it.
//!
//! Seeding happens once; what is there already is left alone, so a start that was cut off is made good by the next
//! one, and whatever people change afterwards stays as they made it. Only the played agents take their seats anew at
//! each start.

mod content;
mod seats;

use std::{net::SocketAddr, path::Path};

use domain::ids::ServerId;
use serde_json::{Value, json};

pub use content::ACCOUNT_PASSWORD;
use content::{AGENTS, BREAK_REASONS, DOMAIN, ESL_PASSWORD, GATEWAY, PHONES, QUEUES, SERVER, SUPERVISORS};

use crate::{
    error::{AppError, AppResult},
    features::{
        system::users::{NewAccount, Users},
        voice::{Voice, plan_source::Phone, queues::dto::QueueView, servers::dto::ServerView},
    },
    ports::{Clock, IdGen},
    store::pages::Page,
};

/// Setting that says that the demo has been made.
const MARK: &str = "demo.made";

/// Where the demo takes place.
pub struct Stage<'a> {
    /// Event Socket of the switch, or of the built-in one.
    pub esl: SocketAddr,
    /// How the switch reaches us.
    pub control_url: String,
    /// Folder of recordings on this machine; absolute.
    pub recordings: &'a Path,
}

/// Time and ids.
pub struct World<'a> {
    /// Time.
    pub clock: &'a dyn Clock,
    /// Ids.
    pub ids: &'a dyn IdGen,
}

/// Fills the database if that has not been done yet, and points the demo's voice server to this process.
///
/// # Errors
/// Any database error.
pub async fn prepare(
    db: &sea_orm::DatabaseConnection,
    users: &Users,
    voice: &Voice,
    world: &World<'_>,
    stage: &Stage<'_>,
) -> AppResult<()> {
    if is_made(db).await? {
        // The port may be another one than last time.
        if let Some(server) = find_server(voice).await? {
            voice
                .point_server(server.id, stage.esl, &stage.control_url)
                .await?;
        }
    } else {
        make_accounts(users).await?;
        make_voice(voice, stage).await?;
        mark_made(db, world.clock).await?;
        tracing::info!("made the demo data");
    }
    seats::take(db, world).await
}

/// Agents that the built-in switch plays; they sit there from the start.
fn robot_agents() -> impl Iterator<Item = &'static str> {
    AGENTS[1..].iter().map(|(number, _)| *number)
}

/// The phone that is left to the person in front of the browser, if the demo's voice server is still there.
///
/// # Errors
/// Any database error.
pub async fn find_human_phone(voice: &Voice) -> AppResult<Option<Phone>> {
    let Some(server) = find_server(voice).await? else {
        return Ok(None);
    };
    let phones = voice.list_phones(ServerId(server.id)).await?;
    Ok(phones.into_iter().find(|phone| phone.number == AGENTS[0].0))
}

async fn make_accounts(users: &Users) -> AppResult<()> {
    let hash = users.hash(ACCOUNT_PASSWORD).await?;
    let account = |user_name: String, full_name: &str, role, is_agent| NewAccount {
        user_name,
        full_name: full_name.to_owned(),
        password_hash: hash.clone(),
        must_change_password: false,
        is_agent,
        role,
    };
    for (number, name) in AGENTS {
        users
            .ensure_account(account(format!("agent{number}"), name, "agent", true))
            .await?;
    }
    for (user_name, name) in SUPERVISORS {
        users
            .ensure_account(account(user_name.to_owned(), name, "supervisor", false))
            .await?;
    }
    Ok(())
}

async fn make_voice(voice: &Voice, stage: &Stage<'_>) -> AppResult<()> {
    let server = match find_server(voice).await? {
        Some(server) => server,
        None => voice.create_server(request(server_form(stage))?).await?,
    };
    let gateway_id = ensure_gateway(voice, server.id).await?;
    let mut extension_ids = Vec::new();
    for (number, name) in AGENTS.into_iter().chain(PHONES) {
        extension_ids.push((
            number,
            ensure_extension(voice, server.id, gateway_id, number, name).await?,
        ));
    }
    for (index, queue) in QUEUES.iter().enumerate() {
        let view = ensure_queue(voice, server.id, queue).await?;
        if view.agents.is_empty() {
            let agents: Vec<Value> = queue
                .agents
                .iter()
                .enumerate()
                .filter_map(|(position, (number, level))| {
                    let (_, id) = extension_ids.iter().find(|(known, _)| known == number)?;
                    Some(json!({ "extension_id": id, "level": level, "position": position + 1, "wrap_up_secs": 5 }))
                })
                .collect();
            let form = json!({ "agents": agents, "version": view.version });
            voice.set_queue_agents(view.id, request(form)?).await?;
        }
        let place = 10 * (index as i64 + 1);
        ensure_route(voice, json!({
            "server_id": server.id, "name": format!("{}短号", queue.name), "position": place, "kind": "queue",
            "pattern": queue.short_number, "queue_id": view.id, "record": true
        }))
        .await?;
        ensure_route(
            voice,
            json!({
                "server_id": server.id, "name": format!("{}热线", queue.name), "position": 40 + place,
                "kind": "inbound", "pattern": queue.outside_number, "queue_id": view.id, "record": true
            }),
        )
        .await?;
    }
    ensure_route(voice, json!({
        "server_id": server.id, "name": "分机互拨", "position": 30, "kind": "basic", "pattern": r"^(\d{4})$"
    }))
    .await?;
    ensure_route(
        voice,
        json!({
            "server_id": server.id, "name": "外线呼出", "position": 40, "kind": "outbound",
            "pattern": r"^0(\d{7,12})$", "strip_digits": 1, "gateway_id": gateway_id, "record": true
        }),
    )
    .await
}

fn server_form(stage: &Stage<'_>) -> Value {
    json!({
        "name": SERVER, "switch_name": SERVER, "address": stage.esl.ip().to_string(), "esl_port": stage.esl.port(),
        "esl_password": ESL_PASSWORD, "sip_domain": DOMAIN, "control_url": stage.control_url,
        "record_dir_local": stage.recordings.to_str()
    })
}

async fn find_server(voice: &Voice) -> AppResult<Option<ServerView>> {
    let page = voice
        .list_servers(request(json!({ "q": SERVER, "page_size": 500 }))?)
        .await?;
    Ok(page.rows.into_iter().find(|row| row.switch_name == SERVER))
}

async fn ensure_gateway(voice: &Voice, server_id: i64) -> AppResult<i64> {
    let page = voice.list_gateways(request(all_of(server_id))?).await?;
    if let Some(found) = whole(page)?.into_iter().find(|row| row.name == GATEWAY) {
        return Ok(found.id);
    }
    let form = json!({
        "server_id": server_id, "name": GATEWAY, "remark": "演示中继", "kind": "nni", "proxy": "127.0.0.1",
        "port": 5090
    });
    Ok(voice.create_gateway(request(form)?).await?.id)
}

async fn ensure_extension(
    voice: &Voice,
    server_id: i64,
    gateway_id: i64,
    number: &str,
    name: &str,
) -> AppResult<i64> {
    let page = voice.list_extensions(request(all_of(server_id))?).await?;
    if let Some(found) = whole(page)?.into_iter().find(|row| row.number == number) {
        return Ok(found.id);
    }
    let form = json!({
        "server_id": server_id, "number": number, "display_name": name, "gateway_id": gateway_id,
        "may_dial_out": true, "caller_id_number": QUEUES[0].outside_number
    });
    Ok(voice.create_extension(request(form)?).await?.id)
}

async fn ensure_queue(voice: &Voice, server_id: i64, queue: &content::DemoQueue) -> AppResult<QueueView> {
    let page = voice.list_queues(request(all_of(server_id))?).await?;
    if let Some(found) = whole(page)?.into_iter().find(|row| row.code == queue.code) {
        return Ok(found);
    }
    let form = json!({
        "server_id": server_id, "code": queue.code, "name": queue.name, "record": true, "max_wait_secs": 600
    });
    voice.create_queue(request(form)?).await
}

async fn ensure_route(voice: &Voice, form: Value) -> AppResult<()> {
    let query = json!({ "server_id": form["server_id"], "page_size": 500 });
    let page = voice.list_routes(request(query)?).await?;
    if whole(page)?
        .into_iter()
        .any(|row| form["name"] == row.name.as_str())
    {
        return Ok(());
    }
    voice.create_route(request(form)?).await?;
    Ok(())
}

fn all_of(server_id: i64) -> Value {
    json!({ "server_id": server_id, "page_size": 500 })
}

/// The demo is small; a database that is not belongs to somebody and is not to be filled.
fn whole<T>(page: Page<T>) -> AppResult<Vec<T>> {
    if page.total > page.rows.len() as u64 {
        return Err(AppError::conflict(
            "demo.database_in_use",
            "This database is in use; the demo wants its own.",
        ));
    }
    Ok(page.rows)
}

/// The demo goes the way of a form, so that its data pass the same checks.
fn request<T: serde::de::DeserializeOwned>(form: Value) -> AppResult<T> {
    serde_json::from_value(form).map_err(AppError::internal)
}

async fn is_made(db: &sea_orm::DatabaseConnection) -> AppResult<bool> {
    use sea_orm::EntityTrait as _;
    Ok(entity::setting::Entity::find_by_id(MARK).one(db).await?.is_some())
}

/// Writes the break reasons and, last of all, the mark.
async fn mark_made(db: &sea_orm::DatabaseConnection, clock: &dyn Clock) -> AppResult<()> {
    let reasons: Vec<Value> = BREAK_REASONS
        .iter()
        .map(|(code, label)| json!({ "code": code, "label": label }))
        .collect();
    let row = |key: &str, value| entity::setting::Model {
        key: key.to_owned(),
        value,
        updated_at: clock.now(),
        updated_by: None,
    };
    let rows = vec![
        row("desk.break_reasons", Value::from(reasons)),
        row(MARK, Value::from(true)),
    ];
    crate::store::upsert::insert_missing::<entity::setting::Entity, _>(db, rows).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
