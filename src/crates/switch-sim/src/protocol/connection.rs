//! One client connection: banner, auth, then commands and events until somebody leaves.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::command::{Command, log_level};
use super::frames;
use super::hub::{Feed, Hub, Member};
use super::packet::{self, Packet};
use super::subscription::Subscription;
use crate::driver::EngineLink;

/// At most so many events are joined into one write.
const BURST: usize = 256;

/// What a connection needs to know of the switch.
pub(crate) struct Server {
    pub(crate) hub: Arc<Hub>,
    pub(crate) engine: EngineLink,
    pub(crate) password: String,
    /// The switch polls its event queue every 20 ms; zero sends at once.
    pub(crate) flush_every: Duration,
}

enum Step {
    Go,
    Leave,
}

struct Connection {
    server: Arc<Server>,
    socket: TcpStream,
    input: BytesMut,
    subscription: Subscription,
    member: Member,
    authorised: bool,
}

/// Serves one client until it leaves, is killed, or the switch stops.
pub(crate) async fn serve(server: Arc<Server>, socket: TcpStream) {
    // Without it every small reply waits for the client's acknowledgement.
    let _ = socket.set_nodelay(true);
    let member = server.hub.join();
    let id = member.id;
    let kill = member.kill.clone();
    let hub = server.hub.clone();
    let mut connection = Connection {
        server,
        socket,
        input: BytesMut::with_capacity(4096),
        subscription: Subscription::default(),
        member,
        authorised: false,
    };
    tokio::select! {
        () = kill.cancelled() => {}
        result = connection.run() => if let Err(error) = result {
            tracing::debug!(connection.id = id, %error, "event socket client gone");
        }
    }
    hub.leave(id);
}

impl Connection {
    async fn run(&mut self) -> std::io::Result<()> {
        let faults = &self.server.hub.faults;
        if faults.silent.load(Ordering::Relaxed) {
            return std::future::pending().await;
        }
        if faults.reject_access.load(Ordering::Relaxed) {
            return self.socket.write_all(frames::rude_rejection().as_bytes()).await;
        }
        self.socket.write_all(frames::AUTH_REQUEST.as_bytes()).await?;
        let hub = self.server.hub.clone();
        loop {
            hub.faults.until_not_stalled().await;
            match packet::take(&mut self.input) {
                Err(packet::TooLarge) => return Ok(()),
                Ok(Some(packet)) => {
                    let (answer, step) = self.answer(&packet).await;
                    let delay = hub.faults.reply_delay_ms.load(Ordering::Relaxed);
                    if delay > 0 {
                        tokio::time::sleep(Duration::from_millis(delay)).await;
                    }
                    self.socket.write_all(answer.as_bytes()).await?;
                    if matches!(step, Step::Leave) {
                        return self.socket.shutdown().await;
                    }
                    continue;
                }
                Ok(None) => {}
            }
            tokio::select! {
                biased;
                read = self.socket.read_buf(&mut self.input) => if read? == 0 {
                    return Ok(());
                },
                feed = self.member.feed.recv() => match feed {
                    Some(feed) => if let Step::Leave = self.deliver(feed).await? {
                        return self.socket.shutdown().await;
                    },
                    None => return Ok(()),
                },
            }
        }
    }

    /// Sends one event and what else is already waiting behind it.
    async fn deliver(&mut self, first: Feed) -> std::io::Result<Step> {
        if !self.server.flush_every.is_zero() {
            tokio::time::sleep(self.server.flush_every).await;
        }
        let hub = self.server.hub.clone();
        hub.faults.until_not_stalled().await;
        let mut frames_out = Vec::new();
        let mut step = Step::Go;
        let mut next = Some(first);
        while let Some(feed) = next {
            match feed {
                Feed::Event(event) => {
                    if self.subscription.wants(&event) && !hub.faults.take_lost() {
                        frames_out.push(event.frame(self.subscription.format));
                    }
                }
                Feed::Log(line) => {
                    if self
                        .subscription
                        .log_level
                        .is_some_and(|level| line.level <= level)
                    {
                        frames_out.push(frames::log(&line).into());
                    }
                }
                Feed::Shutdown => {
                    frames_out.push(frames::shutdown().into());
                    step = Step::Leave;
                    break;
                }
            }
            next = if frames_out.len() < BURST {
                self.member.feed.try_recv().ok()
            } else {
                None
            };
        }
        if hub.faults.reorder.load(Ordering::Relaxed) {
            frames_out.reverse();
        }
        match frames_out.as_slice() {
            [] => {}
            [frame] => self.socket.write_all(frame).await?,
            many => {
                let joined = many.concat();
                self.socket.write_all(&joined).await?;
            }
        }
        Ok(step)
    }

    async fn answer(&mut self, packet: &Packet) -> (String, Step) {
        let command = Command::parse(packet);
        if !self.authorised {
            return self.before_auth(&command);
        }
        let text = match command {
            Command::Exit => return (frames::reply("+OK bye") + &frames::goodbye(), Step::Leave),
            Command::Api { name, argument } => {
                let text = self.server.engine.api(name, argument).await;
                return (frames::api(&text), Step::Go);
            }
            Command::BgApi { name, argument } => {
                let job = self
                    .server
                    .engine
                    .bgapi(packet.header("Job-UUID"), name, argument)
                    .await;
                return (frames::job_reply(&job), Step::Go);
            }
            Command::SendMsg(uuid) => self.server.engine.send_msg(uuid, packet).await,
            Command::SendEvent(name) => self.server.engine.send_event(name, packet).await,
            other => self.local(&other),
        };
        self.member
            .wants
            .store(self.subscription.is_active(), Ordering::Relaxed);
        (frames::reply(&text), Step::Go)
    }

    /// Before auth every command but `auth`, `userauth` and `exit` is unknown (surprises 8).
    fn before_auth(&mut self, command: &Command<'_>) -> (String, Step) {
        let refuse = self.server.hub.faults.refuse_auth.load(Ordering::Relaxed);
        match command {
            Command::Exit => (frames::reply("+OK bye") + &frames::goodbye(), Step::Leave),
            Command::Auth(password) if *password == self.server.password && !refuse => {
                self.authorised = true;
                (frames::reply("+OK accepted"), Step::Go)
            }
            // No directory user has an esl-password, so userauth is always refused, as in trace 01b.
            Command::Auth(_) | Command::UserAuth => {
                (frames::reply("-ERR invalid") + &frames::goodbye(), Step::Leave)
            }
            _ => (frames::reply("-ERR command not found"), Step::Go),
        }
    }

    /// Commands that concern only this connection.
    fn local(&mut self, command: &Command<'_>) -> String {
        let subscription = &mut self.subscription;
        match command {
            Command::Event(names) => subscription.subscribe(names),
            Command::NixEvent(names) => subscription.nix(names).into(),
            Command::NoEvents => subscription.clear().into(),
            Command::Filter(argument) => subscription.filter(argument),
            Command::MyEvents(uuid) => subscription.my_events(uuid).into(),
            Command::DivertEvents => "-ERR not controlling a session.".into(),
            Command::Linger => "-ERR not controlling a session".into(),
            Command::Log(word) => {
                let level = if word.is_empty() { Some(7) } else { log_level(word) };
                let Some(level) = level else {
                    return "-ERR invalid log level".into();
                };
                subscription.log_level = Some(level);
                format!("+OK log level {word} [{level}]")
            }
            Command::NoLog => match subscription.log_level.take() {
                Some(_) => "+OK no longer logging".into(),
                None => "-ERR not loging".into(),
            },
            _ => "-ERR command not found".into(),
        }
    }
}
