//! Starting and steering a simulator from Rust.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::SimConfig;
use crate::driver::{self, EngineLink};
use crate::protocol::{Hub, Server, serve};

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The Event Socket port could not be taken.
    #[error("event socket address {address}: {source}")]
    Listen {
        /// The wanted address.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The HTTP client could not be made.
    #[error("http client: {0}")]
    Http(#[from] reqwest::Error),
}

/// A simulated switch.
pub struct SwitchSim;

impl SwitchSim {
    /// Starts a switch; it runs until [`Handle::shutdown`] or until the handle is dropped.
    pub async fn start(config: SimConfig) -> Result<Handle, StartError> {
        let address = config.listen;
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| StartError::Listen { address, source })?;
        let addr = listener
            .local_addr()
            .map_err(|source| StartError::Listen { address, source })?;
        let config = Arc::new(config);
        let hub = Arc::new(Hub::new());
        let (driver, engine) = driver::new(config.clone(), hub.clone())?;
        let server = Arc::new(Server {
            hub: hub.clone(),
            engine: engine.clone(),
            password: config.password.expose().to_owned(),
            flush_every: config.flush_every,
        });
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(driver.run(stop.clone()));
        tasks.spawn(accept(listener, server, stop.clone()));
        Ok(Handle {
            addr,
            hub,
            engine,
            stop,
            tasks,
        })
    }
}

async fn accept(listener: TcpListener, server: Arc<Server>, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => {
                    connections.spawn(serve(server.clone(), socket));
                }
                Err(error) => {
                    tracing::warn!(%error, "event socket accept failed");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
    // Clients read their notice; then the rest is cut.
    let _ = tokio::time::timeout(Duration::from_secs(1), async {
        while connections.join_next().await.is_some() {}
    })
    .await;
}

/// A running switch. Dropping it stops the switch without a word, like a kill.
pub struct Handle {
    addr: SocketAddr,
    hub: Arc<Hub>,
    engine: EngineLink,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Handle {
    /// The Event Socket address, with the real port.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Runs an api command inside the switch, `sim …` included, and waits for the answer. With a virtual clock
    /// a command that needs time (originate) answers only after [`Handle::advance`].
    pub async fn api(&self, command: &str) -> String {
        let (name, argument) = command.split_once(' ').unwrap_or((command, ""));
        self.engine.api(name, argument).await
    }

    /// An outside caller calls `number`; returns the leg's uuid.
    pub async fn call(&self, from: &str, number: &str) -> Option<String> {
        let answer = self.api(&format!("sim call from={from} to={number}")).await;
        answer.strip_prefix("+OK ").map(|uuid| uuid.trim().to_owned())
    }

    /// Does something with a phone: `register`, `answer`, `hangup`, `dial 1002`, … (see the `sim` command).
    pub async fn phone(&self, user: &str, deed: &str) -> String {
        self.api(&format!("sim phone {user} {deed}")).await
    }

    /// Switches a fault on or off: `stall on`, `close`, `crash`, `lose 5`, `delay 500`, `refuse-auth on`,
    /// `reject-access on`, `silent on`, `reorder on`, `clear`.
    pub async fn fault(&self, fault: &str) -> String {
        self.api(&format!("sim fault {fault}")).await
    }

    /// Kills the switch and starts it anew with another Core-UUID; clients get no notice.
    pub async fn restart(&self) {
        self.api("sim restart").await;
    }

    /// Moves a virtual clock; returns when everything that is due by then has happened, documents included.
    /// Does nothing useful with a real clock.
    pub async fn advance(&self, by: Duration) {
        self.engine
            .advance(u64::try_from(by.as_micros()).unwrap_or(u64::MAX))
            .await;
    }

    /// Clients connected now.
    pub fn connections(&self) -> usize {
        self.hub.connections()
    }

    /// Events that slow clients have lost since the start.
    pub fn lost_events(&self) -> u64 {
        self.hub.lost()
    }

    /// Stops the switch; clients get the shutdown notice. Waits until everything has ended.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
