//! CPU time per event: our codec and lazy event, our whole link, and `freeswitch-esl-tokio`, on recorded events.
//!
//! `cargo bench -p cordboard-esl --bench codec [-- EVENTS ROUNDS]`. A thread plays the switch over loopback;
//! each client lives on one thread of its own, and what is counted is that thread's time on a CPU, user and
//! system, as the kernel tells it in `/proc/thread-self/schedstat`. Wall-clock time would measure the machine's
//! other work. Each event gets four look-ups.

use std::{
    fs,
    io::Write as _,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use esl::{
    Event, Item, LinkConfig, Password, Policy, SwitchLink,
    codec::{Caps, FrameCodec, FrameKind},
    command::Interest,
    conn::Wire,
    dial,
    fanout::Limits,
    trace::Trace,
};
use freeswitch_esl_tokio::{EslClient, EslConnectOptions, EventOverflow};
use tokio_util::codec::Decoder as _;

/// Looked up in each event: two that channel events have early, one late, one variable.
const LOOK_UPS: [&str; 4] = ["Event-Name", "Unique-ID", "Hangup-Cause", "variable_sip_call_id"];

/// What is wanted, see the issue of the spine.
const MICROS_WANTED: f64 = 6.0;
const RATIO_WANTED: f64 = 10.0;

/// One client's turn.
struct Outcome {
    cpu: Duration,
    wall: Duration,
    /// So that no look-up can be left out by the compiler, and so that all clients are seen to read the same.
    found: usize,
}

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<usize>().ok());
    // Without `--bench` we are run as a test: a short turn shows that everything works.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let events = numbers.next().unwrap_or(if is_bench { 100_000 } else { 2_000 });
    let rounds = numbers.next().unwrap_or(if is_bench { 3 } else { 1 });

    let frames = Arc::new(recorded_frames());
    let bytes: usize = frames.iter().map(Vec::len).sum();
    println!(
        "{events} events a turn, {} different, {} bytes on average",
        frames.len(),
        bytes / frames.len()
    );
    println!(
        "{:<38} {:>12} {:>12} {:>10}",
        "client", "CPU us/event", "events/s", "found"
    );

    let clients: [(&str, Client); 3] = [
        ("codec and lazy event", read_with_codec),
        ("whole link with one subscriber", read_with_link),
        ("freeswitch-esl-tokio 2.8.0", read_with_peer),
    ];
    let mut best = [f64::MAX; 3];
    for _ in 0..rounds {
        for ((name, client), best) in clients.iter().zip(&mut best) {
            let outcome = turn(*client, &frames, events);
            let micros = outcome.cpu.as_secs_f64() * 1e6 / events as f64;
            let rate = events as f64 / outcome.wall.as_secs_f64();
            println!("{name:<38} {micros:>12.2} {rate:>12.0} {:>10}", outcome.found);
            *best = best.min(micros);
        }
    }
    let ratio = best[2] / best[0];
    println!(
        "best: codec {:.2} us (wanted: at most {MICROS_WANTED}), ",
        best[0]
    );
    println!("      {ratio:.1} times less CPU than freeswitch-esl-tokio (wanted: at least {RATIO_WANTED})");
    println!(
        "      whole link {:.2} us, {:.1} times less",
        best[1],
        best[2] / best[1]
    );
}

type Client = fn(SocketAddr, usize) -> Outcome;

/// Every recorded plain event of a channel or a queue, as it was on the wire.
fn recorded_frames() -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    for trace in Trace::all_fixtures().expect("the recorded traces are readable") {
        for connection in trace.connections() {
            let mut codec = FrameCodec::default();
            let mut bytes = BytesMut::from(trace.received(connection));
            while let Some(frame) = codec.decode(&mut bytes).expect("a recorded stream") {
                // Small system events would only flatter the average.
                if frame.kind == FrameKind::EventPlain && frame.body.len() > 2_000 {
                    frames.push([&frame.head[..], b"\n", &frame.body[..]].concat());
                }
            }
        }
    }
    frames
}

/// A switch that lets everybody in and then streams `events` frames; and a client on a thread of its own.
fn turn(client: Client, frames: &Arc<Vec<Vec<u8>>>, events: usize) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let frames = Arc::clone(frames);
    let switch = thread::spawn(move || play_switch(&listener, &frames, events));
    let outcome = thread::spawn(move || client(address, events))
        .join()
        .expect("the client ends");
    switch.join().expect("the switch ends");
    outcome
}

/// The first connection gets the events as soon as it has subscribed; further ones only answers.
fn play_switch(listener: &TcpListener, frames: &[Vec<u8>], events: usize) {
    use std::io::{BufRead as _, BufReader};
    let mut answering = Vec::new();
    let (mut stream, _) = listener.accept().expect("a client");
    let mut lines = BufReader::new(stream.try_clone().expect("a second handle"));
    stream
        .write_all(b"Content-Type: auth/request\n\n")
        .expect("the client reads");
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).expect("the client writes") == 0 {
            return;
        }
        match line.trim_end() {
            "" => continue,
            line if line.starts_with("event ") => break,
            _ => stream
                .write_all(b"Content-Type: command/reply\nReply-Text: +OK\n\n")
                .expect("the client reads"),
        }
        if line.starts_with("auth ") {
            // A link dials its command socket before it subscribes; the others subscribe at once.
            let listener = listener.try_clone().expect("a second handle");
            answering.push(thread::spawn(move || answer_commands(&listener)));
        }
    }
    stream
        .write_all(b"Content-Type: command/reply\nReply-Text: +OK\n\n")
        .expect("the client reads");
    let mut chunk = Vec::with_capacity(80 * 1024);
    for frame in frames.iter().cycle().take(events) {
        chunk.extend_from_slice(frame);
        if chunk.len() > 64 * 1024 {
            stream.write_all(&chunk).expect("the client reads");
            chunk.clear();
        }
    }
    stream.write_all(&chunk).expect("the client reads");
    // Until the client has everything and leaves.
    let mut rest = String::new();
    while lines.read_line(&mut rest).is_ok_and(|read| read > 0) {
        rest.clear();
    }
    drop(stream);
    // Wakes the thread that waits for a second connection, if no client came for it.
    let _ = std::net::TcpStream::connect(listener.local_addr().expect("an address"));
}

fn answer_commands(listener: &TcpListener) {
    use std::io::{BufRead as _, BufReader};
    let Ok((mut stream, _)) = listener.accept() else {
        return;
    };
    let lines = BufReader::new(stream.try_clone().expect("a second handle")).lines();
    let _ = stream.write_all(b"Content-Type: auth/request\n\n");
    for line in lines.map_while(Result::ok).filter(|line| !line.is_empty()) {
        let answer = if line.starts_with("api ") {
            "Content-Type: api/response\nContent-Length: 4\n\ncore"
        } else {
            "Content-Type: command/reply\nReply-Text: +OK\n\n"
        };
        let _ = stream.write_all(answer.as_bytes());
    }
}

/// Time that this thread has spent on a CPU.
fn thread_cpu() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux with scheduler statistics");
    let nanos = text
        .split(' ')
        .next()
        .and_then(|word| word.parse().ok())
        .expect("a number");
    Duration::from_nanos(nanos)
}

/// Runs `work` on this thread alone and measures it from the first event on, connecting left out.
fn measured(work: impl AsyncFnOnce() -> (Duration, Instant, usize)) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (cpu, wall, found) = runtime.block_on(work());
    Outcome {
        cpu: thread_cpu().saturating_sub(cpu),
        wall: wall.elapsed(),
        found,
    }
}

fn look_up(event: &Event) -> usize {
    LOOK_UPS.iter().filter(|name| event.get(name).is_some()).count()
}

fn read_with_codec(address: SocketAddr, events: usize) -> Outcome {
    measured(async || {
        let stream = dial::tcp(address.to_string())().await.expect("a connection");
        let mut wire = Wire::new(stream, Caps::default());
        let limit = Duration::from_secs(5);
        esl::handshake::banner(&mut wire, limit).await.expect("a banner");
        let interest = Interest::of(&["ALL"], &[]).expect("words");
        esl::handshake::subscribe(&mut wire, &interest, limit)
            .await
            .expect("a subscription");
        let start = (thread_cpu(), Instant::now());
        let mut found = 0;
        for _ in 0..events {
            let frame = wire.next().await.expect("the switch streams").expect("a frame");
            found += look_up(&Event::from_frame(&frame).expect("an event"));
        }
        (start.0, start.1, found)
    })
}

fn read_with_link(address: SocketAddr, events: usize) -> Outcome {
    measured(async || {
        let config = LinkConfig::new(
            "fs1",
            Password::new("x").expect("text"),
            Interest::of(&["ALL"], &[]).expect("words"),
        );
        let (link, driver) =
            SwitchLink::new(config, dial::tcp(address.to_string())).expect("a valid interest");
        let mut items = link.subscribe("bench", Policy::Lossless(Limits::default()));
        let start = (thread_cpu(), Instant::now());
        let read = async {
            let mut found = 0;
            let mut read = 0;
            while read < events {
                match items.recv().await.expect("the link lives") {
                    Item::Event { event, .. } => {
                        found += look_up(&event);
                        read += 1;
                    }
                    Item::Up { .. } | Item::Resynced { .. } => {}
                    lost @ (Item::Gap { .. } | Item::Down { .. }) => panic!("{lost:?}"),
                }
            }
            found
        };
        let found = tokio::select! {
            found = read => found,
            () = driver.run() => panic!("the link ended"),
        };
        (start.0, start.1, found)
    })
}

fn read_with_peer(address: SocketAddr, events: usize) -> Outcome {
    measured(async || {
        let options =
            EslConnectOptions::default().with_event_overflow(EventOverflow::BlockFor(Duration::from_mins(5)));
        let (client, mut stream) = Box::pin(EslClient::connect_with_options(
            &address.ip().to_string(),
            address.port(),
            "x",
            options,
        ))
        .await
        .expect("a connection");
        client
            .subscribe_events_raw(freeswitch_esl_tokio::EventFormat::Plain, "ALL")
            .await
            .expect("a subscription");
        let start = (thread_cpu(), Instant::now());
        let mut found = 0;
        for _ in 0..events {
            let event = stream
                .recv()
                .await
                .expect("the switch streams")
                .expect("an event");
            found += LOOK_UPS
                .iter()
                .filter(|name| event.header_str(name).is_some())
                .count();
        }
        (start.0, start.1, found)
    })
}
