//! The real application on a database of its own, with a clock and ids that tests decide.

mod answer;
mod calls;
mod clock;
pub(crate) mod people;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, header},
};
use cordboard::{
    boot::{
        config::{Config, Sources},
        lifecycle::Lifecycle,
        state::{AppState, Ground},
        supervisor::Supervisor,
        telemetry,
        voice::switch_routes,
    },
    http::router::router,
    store::key::MasterKey,
};
use serde_json::Value;
use testkit::db::TestDb;
use tower::ServiceExt as _;

pub(crate) use answer::Answer;
pub(crate) use clock::{ManualClock, SeededIds};

/// The whole application without a socket: requests go straight into the router.
pub(crate) struct TestApp {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) db: TestDb,
    pub(crate) state: AppState,
    router: Router,
}

impl TestApp {
    /// An application with default settings and nobody in its database.
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// An application with some settings changed.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        // Hashing as cheap as argon2 allows: the tests are about what happens around it.
        let cheap = [("auth.argon2_memory_kib", "8"), ("auth.argon2_passes", "1")];
        let overrides = cheap
            .iter()
            .chain(settings)
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let sources = Sources {
            overrides: overrides.collect(),
            ..Sources::default()
        };
        let config = Arc::new(Config::load(&sources).expect("the settings of the test are valid"));
        let db = TestDb::sqlite().await;
        let clock = Arc::new(ManualClock::default());
        let tasks = Arc::new(Supervisor::new(Arc::new(Lifecycle::new()), clock.clone()));
        let state = AppState::new(Ground {
            config,
            clock: clock.clone(),
            ids: Arc::new(SeededIds::default()),
            tasks,
            db: db.conn().clone(),
            key: MasterKey::new([7; 32]),
            metrics: telemetry::silent_metrics(),
        })
        .expect("the state is wired");
        Self {
            clock,
            db,
            router: router(state.clone(), switch_routes(&state)),
            state,
        }
    }

    /// The routes, for a test that needs a real port.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// Begins a request from this machine.
    pub(crate) fn request(&self, method: Method, path: &str) -> Call<'_> {
        Call {
            app: self,
            request: Request::builder().method(method).uri(path),
            body: Body::empty(),
            peer: LOOPBACK,
        }
    }

    /// Begins a GET.
    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.request(Method::GET, path)
    }

    /// Begins a POST with a JSON body.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Call<'_> {
        self.request(Method::POST, path).json(body)
    }
}

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 40_000);

/// A request in the making.
pub(crate) struct Call<'a> {
    app: &'a TestApp,
    request: axum::http::request::Builder,
    body: Body,
    peer: SocketAddr,
}

impl Call<'_> {
    /// With an access token.
    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header(header::AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    /// With a cookie.
    pub(crate) fn cookie(self, cookie: &str) -> Self {
        self.header(header::COOKIE.as_str(), cookie)
    }

    /// With a header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// With a JSON body.
    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = Body::from(body.to_string());
        self.header(header::CONTENT_TYPE.as_str(), "application/json")
    }

    /// With a body as it is.
    pub(crate) fn raw(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// From another address.
    pub(crate) fn from(mut self, ip: &str) -> Self {
        self.peer = SocketAddr::new(ip.parse().expect("an address"), 40_000);
        self
    }

    /// Sends it.
    pub(crate) async fn send(self) -> Answer {
        let mut request = self.request.body(self.body).expect("a valid request");
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let response = self
            .app
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("the router never fails");
        Answer::read(response).await
    }
}
