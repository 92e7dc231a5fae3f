//! How fast a switch is answered: directory, dialplan and configuration over real loopback sockets.
//!
//! Run with `cargo bench --bench xml`. Wanted with 2,000 extensions, 300 routes and 50 queues: p99 at most 5 ms at
//! 500 requests a second, at least 3,000 a second at saturation. Client and server share the machine's cores.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use cordboard::ports::Clock;
use cordboard::telephony::documents::document;
use cordboard::telephony::documents_http::{SwitchFacing, routes};
use cordboard::telephony::form::Form;
use cordboard::telephony::media::Media;
use cordboard::telephony::plan::{Plans, Served};
use domain::ids::ServerId;
use fsxml::Templates;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const EXTENSIONS: i64 = 2000;
const ROUTES: i64 = 300;
const QUEUES: i64 = 50;

struct Fixed(DateTime<Utc>);

impl Clock for Fixed {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

/// A question of the switch, as posted.
struct Question {
    name: &'static str,
    body: String,
}

/// As the switch asks: a lookup of 1.2 kB, a dialplan request of 9 kB with all its variables, and the same cut to
/// the fields of our bootstrap.
fn questions() -> Vec<Question> {
    let directory = "hostname=cordboard-1&section=directory&tag_name=domain&key_name=name&key_value=voice.example&\
        Event-Name=REQUEST_PARAMS&action=sip_auth&user=11999&domain=voice.example&ip=192.0.2.10&\
        sip_user_agent=Example%20Phone%201.0&";
    let call = "hostname=cordboard-1&section=dialplan&tag_name=&key_name=&key_value=&Caller-Context=default&\
        Hunt-Context=default&variable_sip_authorized=true&variable_user_name=11999&\
        variable_cordboard_extension=11999&Caller-Caller-ID-Number=11999&";
    let padding = |count: usize| -> String {
        let field = |n| format!("variable_filler_{n}=some%20value%20of%20usual%20length%20{n}&");
        (0..count).map(field).collect()
    };
    vec![
        Question {
            name: "directory",
            body: format!("{directory}{}", padding(18)),
        },
        Question {
            name: "dialplan, last of 302 rules, 9 kB",
            body: format!("{call}Caller-Destination-Number=013800138000&{}", padding(170)),
        },
        Question {
            name: "dialplan, last of 302 rules, cut",
            body: format!("{call}Caller-Destination-Number=013800138000"),
        },
        Question {
            name: "dialplan, short number",
            body: format!("{call}Caller-Destination-Number=10500"),
        },
    ]
}

fn configurations() -> Vec<Question> {
    let names = ["callcenter.conf", "sofia.conf"];
    let question = |name| Question {
        name,
        body: format!("section=configuration&key_value={name}&key_name=name"),
    };
    names.into_iter().map(question).collect()
}

/// The request as bytes, with or without keeping the connection.
fn request(body: &str, keep: bool) -> Vec<u8> {
    let token = base64::engine::general_purpose::STANDARD.encode("switch:its-secret");
    let connection = if keep { "keep-alive" } else { "close" };
    format!(
        "POST /switch/1/xml HTTP/1.1\r\nHost: cordboard\r\nAuthorization: Basic {token}\r\nConnection: {connection}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Reads one answer; true if it is a 200 with its whole body.
async fn read_answer(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> bool {
    buffer.clear();
    loop {
        if let Some(head) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
            let length = text
                .split("content-length:")
                .nth(1)
                .and_then(|rest| rest.lines().next()?.trim().parse().ok());
            let whole = head + 4 + length.unwrap_or(usize::MAX / 2);
            if buffer.len() >= whole {
                return text.starts_with("http/1.1 200");
            }
        }
        if socket.read_buf(buffer).await.unwrap_or(0) == 0 {
            return false;
        }
    }
}

/// Asks once on a connection of its own, as mod_xml_curl does.
async fn ask_once(port: u16, request: &[u8]) -> Option<Duration> {
    let begun = Instant::now();
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    socket.set_nodelay(true).ok()?;
    socket.write_all(request).await.ok()?;
    let answered = read_answer(&mut socket, &mut Vec::with_capacity(8192)).await;
    answered.then(|| begun.elapsed())
}

fn quantile(sorted: &[Duration], of: f64) -> f64 {
    let at = ((sorted.len() as f64 - 1.0) * of).round() as usize;
    sorted.get(at).map_or(f64::NAN, Duration::as_secs_f64) * 1000.0
}

fn print_row(name: &str, how: &str, took: Duration, mut times: Vec<Duration>, failed: usize) {
    times.sort_unstable();
    println!(
        "| {name:<34} | {how:<28} | {:>8.0} | {:>7.2} | {:>7.2} | {:>7.2} | {failed:>6} |",
        times.len() as f64 / took.as_secs_f64(),
        quantile(&times, 0.5),
        quantile(&times, 0.99),
        quantile(&times, 1.0),
    );
}

/// A steady rate, a new connection for each request. Late answers do not delay the next question.
#[expect(clippy::disallowed_methods, reason = "a bench has no supervisor")]
async fn steady(port: u16, question: &Question, rate: u32, seconds: u32) {
    let request: Arc<[u8]> = request(&question.body, false).into();
    let begun = Instant::now();
    let mut tick = tokio::time::interval(Duration::from_secs(1) / rate);
    let mut asked = Vec::new();
    for _ in 0..rate * seconds {
        tick.tick().await;
        let request = Arc::clone(&request);
        asked.push(tokio::spawn(async move { ask_once(port, &request).await }));
    }
    let mut times = Vec::with_capacity(asked.len());
    let mut failed = 0;
    for answer in asked {
        match answer.await {
            Ok(Some(time)) => times.push(time),
            _ => failed += 1,
        }
    }
    print_row(
        question.name,
        &format!("{rate}/s, new connections"),
        begun.elapsed(),
        times,
        failed,
    );
}

/// As fast as it goes, from a few askers at once.
#[expect(clippy::disallowed_methods, reason = "a bench has no supervisor")]
async fn saturate(port: u16, question: &Question, keep: bool, askers: usize, seconds: u64) {
    let request: Arc<[u8]> = request(&question.body, keep).into();
    let begun = Instant::now();
    let end = begun + Duration::from_secs(seconds);
    let mut running = Vec::new();
    for _ in 0..askers {
        let request = Arc::clone(&request);
        running.push(tokio::spawn(async move {
            let (mut times, mut failed) = (Vec::new(), 0);
            let mut kept = TcpStream::connect(("127.0.0.1", port)).await.ok();
            let mut buffer = Vec::with_capacity(8192);
            while Instant::now() < end {
                let time = if keep {
                    let Some(socket) = kept.as_mut() else { break };
                    let asked = Instant::now();
                    let sent = socket.write_all(&request).await.is_ok();
                    (sent && read_answer(socket, &mut buffer).await).then(|| asked.elapsed())
                } else {
                    ask_once(port, &request).await
                };
                match time {
                    Some(time) => times.push(time),
                    None => failed += 1,
                }
            }
            (times, failed)
        }));
    }
    let (mut times, mut failed) = (Vec::new(), 0);
    for asker in running {
        if let Ok((its, lost)) = asker.await {
            times.extend(its);
            failed += lost;
        }
    }
    let how = if keep {
        "full speed, kept connections"
    } else {
        "full speed, new connections"
    };
    print_row(question.name, how, begun.elapsed(), times, failed);
}

/// Decision and template alone, on one core.
fn alone(served: &Served, templates: &Templates, question: &Question, now: DateTime<Utc>) {
    let rounds = 2000;
    let mut times = Vec::with_capacity(rounds);
    let begun = Instant::now();
    for _ in 0..rounds {
        let one = Instant::now();
        let form = Form::parse(question.body.as_bytes()).expect("the question is a form");
        let xml = templates
            .render(&document(served, &form, now))
            .expect("the document can be written");
        std::hint::black_box(xml);
        times.push(one.elapsed());
        if begun.elapsed() > Duration::from_secs(2) {
            break;
        }
    }
    print_row(question.name, "no network, one core", begun.elapsed(), times, 0);
}

#[expect(clippy::disallowed_methods, reason = "a bench has no supervisor")]
#[tokio::main]
async fn main() {
    let now = DateTime::<Utc>::UNIX_EPOCH;
    let build = || {
        Served::build(
            testkit::plans::large(EXTENSIONS, ROUTES, QUEUES),
            Tz::Asia__Shanghai,
        )
    };
    let begun = Instant::now();
    let (served, problems) = build().expect("the plan can be served");
    let built = begun.elapsed();
    assert!(problems.is_empty(), "{problems:?}");
    let state = SwitchFacing {
        plans: Arc::new(Plans::default()),
        templates: Arc::new(Templates::built_in().expect("the templates compile")),
        media: Arc::new(Media::built_in().expect("the sounds can be made")),
        clock: Arc::new(Fixed(now)),
    };
    println!("{EXTENSIONS} extensions, {ROUTES} routes, {QUEUES} queues; plan built in {built:.1?}\n");
    println!(
        "| {:<34} | {:<28} | {:>8} | {:>7} | {:>7} | {:>7} | {:>6} |",
        "question", "how", "per s", "p50 ms", "p99 ms", "max ms", "failed"
    );
    println!(
        "|{:-<36}|{:-<30}|{:->10}|{:->9}|{:->9}|{:->9}|{:->8}|",
        "", "", "", "", "", "", ""
    );
    for question in questions().iter().chain(&configurations()) {
        alone(&served, &state.templates, question, now);
    }
    state.plans.put(ServerId(1), served);

    // Without `--bench` we are run as a test: a short turn shows that everything works.
    let (steady_secs, full_secs) = if std::env::args().any(|argument| argument == "--bench") {
        (5, 3)
    } else {
        (1, 1)
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let port = listener.local_addr().expect("a bound address").port();
    let app: axum::Router = routes(state);
    tokio::spawn(async move { axum::serve(listener, app).await });
    for question in &questions() {
        steady(port, question, 500, steady_secs).await;
    }
    for question in &questions() {
        saturate(port, question, false, 16, full_secs).await;
        saturate(port, question, true, 16, full_secs).await;
    }
}
