//! Use cases of gateways.

use domain::plan::words;
use entity::gateway;
use sea_orm::{ActiveModelTrait as _, Set};

use super::{
    dto::{GatewayKind, GatewayQuery, GatewayView, SaveGatewayRequest, Transport},
    repo,
};
use crate::{
    error::{AppError, AppResult},
    features::system::audit,
    features::voice::{
        Voice,
        form::{Checks, check_version, trimmed},
        servers,
    },
    ports::ConfigPart,
    store::{
        edit,
        pages::{Page, PageRequest},
        secrets::Purpose,
        tx,
    },
};

impl Voice {
    /// A page of gateways.
    pub async fn list_gateways(&self, query: GatewayQuery) -> AppResult<Page<GatewayView>> {
        let page = PageRequest::new(query.page, query.page_size)?;
        let text = query.q.as_deref().unwrap_or_default();
        repo::list(&self.db, query.server_id, text, page)
            .await?
            .try_map(view)
    }

    /// One gateway.
    pub async fn get_gateway(&self, id: i64) -> AppResult<GatewayView> {
        view(repo::get(&self.db, id).await?)
    }

    /// Makes a gateway.
    pub async fn create_gateway(&self, request: SaveGatewayRequest) -> AppResult<GatewayView> {
        let request = tidy(request);
        let tx = tx::begin(&self.db).await?;
        servers::repo::get(&tx, request.server_id).await?;
        check(
            &request,
            request
                .password
                .as_deref()
                .is_some_and(|password| !password.is_empty()),
        )
        .finish()?;
        let now = self.clock.now();
        let mut row = self.fill_gateway(&request);
        row.created_at = Set(now);
        row.updated_at = Set(now);
        row.version = Set(1);
        let row = row.insert(&tx).await?;
        tx.commit().await?;
        self.changed(row.server_id, ConfigPart::Gateways);
        let view = view(row)?;
        audit::note_change("gateway", &view.id, None::<&GatewayView>, Some(&view));
        Ok(view)
    }

    /// Changes a gateway.
    pub async fn update_gateway(&self, id: i64, request: SaveGatewayRequest) -> AppResult<GatewayView> {
        let request = tidy(request);
        let tx = tx::begin(&self.db).await?;
        let before = repo::get(&tx, id).await?;
        check_version(request.version, before.version)?;
        let has_password = match request.password.as_deref() {
            Some(password) => !password.is_empty(),
            None => before.password_sealed.is_some(),
        };
        let mut checks = check(&request, has_password);
        checks.fixed(
            "server_id",
            &before.server_id,
            &request.server_id,
            "A gateway stays on its server; make a new one.",
        );
        checks.fixed(
            "name",
            &before.name,
            &request.name,
            "The switch knows the gateway by its name; make a new one.",
        );
        checks.finish()?;
        let row = self.fill_gateway(&request);
        if !edit::update::<gateway::Entity, _>(&tx, id, before.version, self.clock.now(), row).await? {
            return Err(AppError::stale_version());
        }
        let after = repo::get(&tx, id).await?;
        tx.commit().await?;
        self.changed(after.server_id, ConfigPart::Gateways);
        let (before, after) = (view(before)?, view(after)?);
        audit::note_change("gateway", &id, Some(&before), Some(&after));
        Ok(after)
    }

    /// Deletes a gateway that nothing uses any more.
    pub async fn delete_gateway(&self, id: i64) -> AppResult<()> {
        let tx = tx::begin(&self.db).await?;
        let row = repo::get(&tx, id).await?;
        let uses = repo::list_uses(&tx, id).await?;
        if !uses.is_empty() {
            let detail = format!("This gateway is used by {}; change those first.", uses.join(", "));
            return Err(AppError::conflict("gateway.in_use", detail));
        }
        edit::delete::<gateway::Entity, _>(&tx, id, self.clock.now()).await?;
        tx.commit().await?;
        self.changed(row.server_id, ConfigPart::Gateways);
        audit::note_change("gateway", &id, Some(&view(row)?), None::<&GatewayView>);
        Ok(())
    }

    fn fill_gateway(&self, request: &SaveGatewayRequest) -> gateway::ActiveModel {
        let mut row = fill(request);
        // Absent: what is stored stays. Empty: it goes.
        if let Some(password) = request.password.as_deref() {
            let sealed =
                (!password.is_empty()).then(|| self.sealer.seal(Purpose::Gateway, password, &*self.ids));
            row.password_sealed = Set(sealed);
        }
        row
    }
}

fn tidy(mut request: SaveGatewayRequest) -> SaveGatewayRequest {
    for text in [
        &mut request.name,
        &mut request.remark,
        &mut request.proxy,
        &mut request.add_prefix,
    ] {
        *text = text.trim().to_owned();
    }
    for text in [
        &mut request.realm,
        &mut request.user_name,
        &mut request.from_user,
        &mut request.from_domain,
        &mut request.outbound_proxy,
        &mut request.register_proxy,
        &mut request.extension,
        &mut request.codecs,
    ] {
        *text = trimmed(text.take());
    }
    request
}

fn registers(request: &SaveGatewayRequest) -> bool {
    request.register.unwrap_or(request.kind != GatewayKind::Nni)
}

fn check(request: &SaveGatewayRequest, has_password: bool) -> Checks {
    let mut checks = Checks::default();
    let host = "A host name or an address, with :port if need be.";
    let user = "A SIP user: letters, digits and + . _ - @ * # ~ !";
    checks.word(
        "name",
        &request.name,
        words::is_gateway_name,
        "Letters, digits, _ . - (at most 64).",
    );
    checks.remark("remark", &request.remark);
    checks.word(
        "proxy",
        &request.proxy,
        words::is_host,
        "A host name or an address; the port has its own field.",
    );
    checks.optional_range("port", request.port, 1..=65_535);
    checks.optional_word("realm", request.realm.as_deref(), words::is_host, "A host name.");
    checks.optional_word(
        "user_name",
        request.user_name.as_deref(),
        words::is_sip_user,
        user,
    );
    checks.optional_word(
        "from_user",
        request.from_user.as_deref(),
        words::is_sip_user,
        user,
    );
    checks.optional_word(
        "from_domain",
        request.from_domain.as_deref(),
        words::is_host,
        "A host name.",
    );
    checks.optional_word(
        "outbound_proxy",
        request.outbound_proxy.as_deref(),
        words::is_host,
        host,
    );
    checks.optional_word(
        "register_proxy",
        request.register_proxy.as_deref(),
        words::is_host,
        host,
    );
    checks.optional_word(
        "extension",
        request.extension.as_deref(),
        words::is_dialable,
        "A number.",
    );
    let password = request
        .password
        .as_deref()
        .filter(|password| !password.is_empty());
    checks.optional_word(
        "password",
        password,
        words::is_secret,
        "Printable characters, at most 128.",
    );
    checks.optional_range("ping_secs", request.ping_secs, 5..=3600);
    checks.range("expire_secs", request.expire_secs, 30..=86_400);
    checks.range("retry_secs", request.retry_secs, 5..=3600);
    checks.ensure(
        words::is_prefix(&request.add_prefix),
        "add_prefix",
        "malformed",
        "Digits, *, # or +; at most 20.",
    );
    checks.optional_range("max_channels", request.max_channels, 1..=100_000);
    let codecs = "Codec names separated by commas: PCMA,PCMU.";
    checks.optional_word("codecs", request.codecs.as_deref(), words::is_codec_list, codecs);
    if registers(request) {
        let detail = "A gateway that registers needs a user; fill it in or switch registration off.";
        checks.ensure(request.user_name.is_some(), "user_name", "required", detail);
        let detail = "A gateway that registers needs a password; fill it in or switch registration off.";
        checks.ensure(has_password, "password", "required", detail);
    }
    checks
}

fn fill(request: &SaveGatewayRequest) -> gateway::ActiveModel {
    gateway::ActiveModel {
        server_id: Set(request.server_id),
        name: Set(request.name.clone()),
        remark: Set(request.remark.clone()),
        kind: Set(request.kind.word().to_owned()),
        proxy: Set(request.proxy.clone()),
        port: Set(request.port),
        realm: Set(request.realm.clone()),
        user_name: Set(request.user_name.clone()),
        register: Set(registers(request)),
        transport: Set(request.transport.word().to_owned()),
        from_user: Set(request.from_user.clone()),
        from_domain: Set(request.from_domain.clone()),
        outbound_proxy: Set(request.outbound_proxy.clone()),
        register_proxy: Set(request.register_proxy.clone()),
        extension: Set(request.extension.clone()),
        caller_id_in_from: Set(request.caller_id_in_from),
        ping_secs: Set(request.ping_secs),
        expire_secs: Set(request.expire_secs),
        retry_secs: Set(request.retry_secs),
        add_prefix: Set(request.add_prefix.clone()),
        max_channels: Set(request.max_channels),
        codecs: Set(request.codecs.clone()),
        is_enabled: Set(request.is_enabled),
        ..Default::default()
    }
}

fn view(row: gateway::Model) -> AppResult<GatewayView> {
    Ok(GatewayView {
        kind: GatewayKind::from_word(&row.kind)?,
        transport: Transport::from_word(&row.transport)?,
        id: row.id,
        server_id: row.server_id,
        name: row.name,
        remark: row.remark,
        proxy: row.proxy,
        port: row.port,
        realm: row.realm,
        user_name: row.user_name,
        has_password: row.password_sealed.is_some(),
        register: row.register,
        from_user: row.from_user,
        from_domain: row.from_domain,
        outbound_proxy: row.outbound_proxy,
        register_proxy: row.register_proxy,
        extension: row.extension,
        caller_id_in_from: row.caller_id_in_from,
        ping_secs: row.ping_secs,
        expire_secs: row.expire_secs,
        retry_secs: row.retry_secs,
        add_prefix: row.add_prefix,
        max_channels: row.max_channels,
        codecs: row.codecs,
        is_enabled: row.is_enabled,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    })
}
