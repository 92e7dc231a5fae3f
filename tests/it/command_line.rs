//! The real binary: start, stop, and what it says when it cannot start.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// Far above what a start takes even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn cordboard(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cordboard"));
    command.current_dir(folder).args(arguments).env_clear();
    // Hashing as cheap as argon2 allows, and no guessing about switches on this machine.
    command
        .env("CORDBOARD_AUTH_ARGON2_MEMORY_KIB", "8")
        .env("CORDBOARD_SIMULATOR_MODE", "off");
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    cordboard(folder, arguments).output().expect("the binary runs")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A server that has said that it is ready; killed when a test fails.
struct Server {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let mut command = cordboard(folder, &["serve", "--port", "0"]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let stdout = BufReader::new(child.stdout.take().expect("its output"));
        let (sender, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let server = Self { child, lines };
        let ready = server.lines.recv_timeout(PATIENCE).expect("it gets ready");
        assert!(
            ready.starts_with("Cordboard is ready: http://127.0.0.1:"),
            "{ready}"
        );
        server
    }

    /// As a service manager does it.
    fn terminate(mut self) -> i32 {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .expect("kill runs")
                .success()
        );
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("its state") {
                return status.code().expect("it ended by itself");
            }
            assert!(begun.elapsed() < PATIENCE, "it does not stop");
            std::thread::yield_now();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_first_start_makes_everything_and_stops_cleanly_and_so_does_the_second() {
    let folder = TempDir::new().expect("a folder");
    for _ in 0..2 {
        assert_eq!(Server::start(folder.path()).terminate(), 0);
    }
    for made in ["data/cordboard.db", "data/secret.key", "data/recordings"] {
        assert!(folder.path().join(made).exists(), "{made}");
    }
    let check = run(folder.path(), &["check"]);
    assert!(check.status.success(), "{}", stdout(&check));
}

#[test]
fn a_misspelt_setting_stops_the_start_with_a_hint() {
    let folder = TempDir::new().expect("a folder");
    std::fs::write(
        folder.path().join("cordboard.toml"),
        "[server]\nlisten_at = \"x\"\n",
    )
    .expect("written");
    let output = run(folder.path(), &["serve"]);
    assert!(!output.status.success());
    let text = stderr(&output);
    assert!(
        text.contains("cordboard.toml: there is no setting `server.listen_at`"),
        "{text}"
    );
    assert!(text.contains("did you mean `server.listen`?"), "{text}");
}

#[test]
fn an_old_database_is_not_touched_by_serve_but_by_migrate() {
    let folder = TempDir::new().expect("a folder");
    assert_eq!(Server::start(folder.path()).terminate(), 0);
    assert!(run(folder.path(), &["migrate", "down"]).status.success());
    let refused = run(folder.path(), &["serve", "--port", "0"]);
    assert!(!refused.status.success());
    assert!(
        stderr(&refused).contains("run `cordboard migrate`"),
        "{}",
        stderr(&refused)
    );
    assert!(stdout(&run(folder.path(), &["migrate", "status"])).contains("missing "));
    assert!(run(folder.path(), &["migrate"]).status.success());
    assert_eq!(Server::start(folder.path()).terminate(), 0);
}

#[test]
fn a_lost_key_is_noticed_before_anything_is_sealed_with_another_one() {
    let folder = TempDir::new().expect("a folder");
    assert_eq!(Server::start(folder.path()).terminate(), 0);
    std::fs::remove_file(folder.path().join("data/secret.key")).expect("removed");
    let refused = run(folder.path(), &["serve", "--port", "0"]);
    assert!(!refused.status.success());
    assert!(
        stderr(&refused).contains("not the key of this database"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn a_locked_out_administrator_gets_a_new_password_at_the_command_line() {
    let folder = TempDir::new().expect("a folder");
    assert_eq!(Server::start(folder.path()).terminate(), 0);
    let output = run(folder.path(), &["user", "reset-password", "admin"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("admin signs in with "));
    let unknown = run(folder.path(), &["user", "reset-password", "nobody"]);
    assert!(
        stderr(&unknown).contains("There is no such user"),
        "{}",
        stderr(&unknown)
    );
}
