//! Use cases of voice servers.

use std::net::SocketAddr;

use domain::{ids::ServerId, plan::words};
use entity::voice_server;
use sea_orm::{ActiveModelTrait as _, Set};

use super::{
    dto::{SaveServerRequest, ServerQuery, ServerView},
    repo,
};
use crate::{
    error::{AppError, AppResult},
    features::system::audit,
    features::voice::{
        Voice,
        form::{Checks, check_version, trimmed},
    },
    ports::{ConfigPart, ProbeReport, ProbeTarget},
    store::{
        edit,
        pages::{Page, PageRequest},
        secrets::{Purpose, generate_password},
        tx,
    },
};

impl Voice {
    /// A page of servers.
    pub async fn list_servers(&self, query: ServerQuery) -> AppResult<Page<ServerView>> {
        let page = PageRequest::new(query.page, query.page_size)?;
        let rows = repo::list(&self.db, query.q.as_deref().unwrap_or_default(), page).await?;
        Ok(rows.map(|row| self.server_view(row)))
    }

    /// One server.
    pub async fn get_server(&self, id: i64) -> AppResult<ServerView> {
        Ok(self.server_view(repo::get(&self.db, id).await?))
    }

    /// Makes a server. The answer holds the password for the switch when it was made here.
    pub async fn create_server(&self, request: SaveServerRequest) -> AppResult<ServerView> {
        let request = tidy(request);
        let mut checks = check(&request);
        checks.ensure(
            request.esl_password.is_some(),
            "esl_password",
            "required",
            "Give the password of the Event Socket (event_socket.conf).",
        );
        checks.finish()?;
        let generated = request
            .http_password
            .is_none()
            .then(|| generate_password(&*self.ids));
        let http_password = request.http_password.as_ref().or(generated.as_ref());
        let now = self.clock.now();
        let mut row = self.fill_server(&request, http_password);
        row.created_at = Set(now);
        row.updated_at = Set(now);
        row.version = Set(1);
        let row = row.insert(&self.db).await?;
        self.changed(row.id, ConfigPart::Server);
        let view = self.server_view(row);
        audit::note_change("voice_server", &view.id, None::<&ServerView>, Some(&view));
        Ok(ServerView {
            generated_http_password: generated,
            ..view
        })
    }

    /// Changes a server.
    pub async fn update_server(&self, id: i64, request: SaveServerRequest) -> AppResult<ServerView> {
        let request = tidy(request);
        let tx = tx::begin(&self.db).await?;
        let before = repo::get(&tx, id).await?;
        check_version(request.version, before.version)?;
        check(&request).finish()?;
        let row = self.fill_server(&request, request.http_password.as_ref());
        if !edit::update::<voice_server::Entity, _>(&tx, id, before.version, self.clock.now(), row).await? {
            return Err(AppError::stale_version());
        }
        let after = repo::get(&tx, id).await?;
        tx.commit().await?;
        self.changed(id, ConfigPart::Server);
        let (before, after) = (self.server_view(before), self.server_view(after));
        audit::note_change("voice_server", &id, Some(&before), Some(&after));
        Ok(after)
    }

    /// Deletes a server on which nothing is configured any more.
    pub async fn delete_server(&self, id: i64) -> AppResult<()> {
        let tx = tx::begin(&self.db).await?;
        let row = repo::get(&tx, id).await?;
        let uses = repo::list_uses(&tx, id).await?;
        if !uses.is_empty() {
            let detail = format!("This server still has {}; delete those first.", uses.join(", "));
            return Err(AppError::conflict("server.in_use", detail));
        }
        edit::delete::<voice_server::Entity, _>(&tx, id, self.clock.now()).await?;
        tx.commit().await?;
        self.changed(id, ConfigPart::Server);
        audit::note_change(
            "voice_server",
            &id,
            Some(&self.server_view(row)),
            None::<&ServerView>,
        );
        Ok(())
    }

    /// Tries whether the server can be steered with what is stored.
    pub async fn test_server(&self, id: i64) -> AppResult<ProbeReport> {
        let row = repo::get(&self.db, id).await?;
        let target = ProbeTarget {
            address: row.address,
            port: u16::try_from(row.esl_port).map_err(AppError::internal)?,
            password: self.sealer.open(Purpose::Esl, &row.esl_password_sealed)?,
        };
        Ok(self.probe.probe(target).await)
    }

    /// Points a server to another Event Socket and tells it another way to reach us, if they are others than before.
    /// For the demo, whose switch runs inside this process.
    pub async fn point_server(&self, id: i64, esl: SocketAddr, control_url: &str) -> AppResult<()> {
        let tx = tx::begin(&self.db).await?;
        let before = repo::get(&tx, id).await?;
        let (address, port) = (esl.ip().to_string(), i32::from(esl.port()));
        if before.address == address && before.esl_port == port && before.control_url == control_url {
            return Ok(());
        }
        let row = voice_server::ActiveModel {
            address: Set(address),
            esl_port: Set(port),
            control_url: Set(control_url.to_owned()),
            ..Default::default()
        };
        edit::update::<voice_server::Entity, _>(&tx, id, before.version, self.clock.now(), row).await?;
        tx.commit().await?;
        self.changed(id, ConfigPart::Server);
        Ok(())
    }

    fn fill_server(
        &self,
        request: &SaveServerRequest,
        http_password: Option<&String>,
    ) -> voice_server::ActiveModel {
        let mut row = voice_server::ActiveModel {
            name: Set(request.name.clone()),
            switch_name: Set(request.switch_name.clone()),
            address: Set(request.address.clone()),
            esl_port: Set(request.esl_port),
            sip_domain: Set(request.sip_domain.clone()),
            http_user: Set(request.http_user.clone()),
            internal_port: Set(request.internal_port),
            external_port: Set(request.external_port),
            ws_port: Set(request.ws_port),
            wss_port: Set(request.wss_port),
            codecs: Set(request.codecs.clone()),
            record_dir: Set(request.record_dir.clone()),
            record_dir_local: Set(request.record_dir_local.clone()),
            control_url: Set(request.control_url.clone()),
            snapshot_path: Set(request.snapshot_path.clone()),
            cdr_spool_dir: Set(request.cdr_spool_dir.clone()),
            is_enabled: Set(request.is_enabled),
            ..Default::default()
        };
        if let Some(password) = &request.esl_password {
            row.esl_password_sealed = Set(self.sealer.seal(Purpose::Esl, password, &*self.ids));
        }
        if let Some(password) = http_password {
            row.http_password_sealed = Set(self.sealer.seal(Purpose::SwitchHttp, password, &*self.ids));
        }
        row
    }

    fn server_view(&self, row: voice_server::Model) -> ServerView {
        ServerView {
            status: self.statuses.status(ServerId(row.id)),
            id: row.id,
            name: row.name,
            switch_name: row.switch_name,
            address: row.address,
            esl_port: row.esl_port,
            sip_domain: row.sip_domain,
            http_user: row.http_user,
            internal_port: row.internal_port,
            external_port: row.external_port,
            ws_port: row.ws_port,
            wss_port: row.wss_port,
            codecs: row.codecs,
            record_dir: row.record_dir,
            record_dir_local: row.record_dir_local,
            control_url: row.control_url,
            snapshot_path: row.snapshot_path,
            cdr_spool_dir: row.cdr_spool_dir,
            is_enabled: row.is_enabled,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
            generated_http_password: None,
        }
    }
}

fn tidy(mut request: SaveServerRequest) -> SaveServerRequest {
    for text in [
        &mut request.name,
        &mut request.switch_name,
        &mut request.address,
        &mut request.sip_domain,
        &mut request.http_user,
        &mut request.codecs,
        &mut request.record_dir,
        &mut request.control_url,
    ] {
        *text = text.trim().to_owned();
    }
    for text in [
        &mut request.record_dir_local,
        &mut request.snapshot_path,
        &mut request.cdr_spool_dir,
    ] {
        *text = trimmed(text.take());
    }
    // An empty password field of a form means "leave it", and no switch has an empty password.
    for password in [&mut request.esl_password, &mut request.http_password] {
        *password = password.take().filter(|password| !password.is_empty());
    }
    request
}

const PORTS: std::ops::RangeInclusive<i32> = 1..=65_535;

fn check(request: &SaveServerRequest) -> Checks {
    let mut checks = Checks::default();
    checks.name("name", &request.name);
    checks.word(
        "switch_name",
        &request.switch_name,
        is_switch_name,
        "Letters, digits, _ . - (as in switch.conf).",
    );
    checks.word(
        "address",
        &request.address,
        words::is_host,
        "A host name or an address, without a port.",
    );
    checks.range("esl_port", request.esl_port, PORTS);
    checks.word(
        "sip_domain",
        &request.sip_domain,
        words::is_host,
        "A host name or an address, without a port.",
    );
    checks.word(
        "http_user",
        &request.http_user,
        is_http_user,
        "Printable characters without a colon.",
    );
    checks.range("internal_port", request.internal_port, PORTS);
    checks.range("external_port", request.external_port, PORTS);
    checks.optional_range("ws_port", request.ws_port, PORTS);
    checks.optional_range("wss_port", request.wss_port, PORTS);
    check_ports_differ(&mut checks, request);
    checks.word(
        "codecs",
        &request.codecs,
        words::is_codec_list,
        "Codec names separated by commas: OPUS,PCMA,PCMU.",
    );
    checks.word(
        "record_dir",
        &request.record_dir,
        words::is_folder,
        "An absolute folder on the switch, or one below ${recordings_dir}.",
    );
    checks.word(
        "control_url",
        &request.control_url,
        words::is_url,
        "A URL such as http://10.0.0.5:8088.",
    );
    let secret = "Printable characters, at most 128.";
    checks.optional_word(
        "esl_password",
        request.esl_password.as_deref(),
        words::is_secret,
        secret,
    );
    checks.optional_word(
        "http_password",
        request.http_password.as_deref(),
        words::is_secret,
        secret,
    );
    let folder = "An absolute folder on this machine.";
    checks.optional_word(
        "record_dir_local",
        request.record_dir_local.as_deref(),
        is_local_path,
        folder,
    );
    checks.optional_word(
        "cdr_spool_dir",
        request.cdr_spool_dir.as_deref(),
        is_local_path,
        folder,
    );
    checks.optional_word(
        "snapshot_path",
        request.snapshot_path.as_deref(),
        |path| {
            is_local_path(path)
                && std::path::Path::new(path)
                    .extension()
                    .is_some_and(|end| end == "xml")
        },
        "An absolute file name on this machine that ends in .xml.",
    );
    checks
}

fn check_ports_differ(checks: &mut Checks, request: &SaveServerRequest) {
    let ports = [
        ("internal_port", Some(request.internal_port)),
        ("external_port", Some(request.external_port)),
        ("ws_port", request.ws_port),
        ("wss_port", request.wss_port),
    ];
    for (index, (field, port)) in ports.iter().enumerate() {
        if port.is_some() && ports[..index].iter().any(|(_, other)| other == port) {
            checks.refuse(
                field,
                "taken",
                "Another field has this port already; each needs its own.",
            );
        }
    }
}

fn is_switch_name(text: &str) -> bool {
    text.len() <= 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// Basic authentication splits at the first colon.
fn is_http_user(text: &str) -> bool {
    words::is_secret(text) && !text.contains(':')
}

/// An absolute path without steps back.
fn is_local_path(text: &str) -> bool {
    let path = std::path::Path::new(text);
    let steps_back = path
        .components()
        .any(|part| matches!(part, std::path::Component::ParentDir));
    text.len() <= 300 && path.is_absolute() && !steps_back && !text.chars().any(char::is_control)
}
