//! Reader of recorded traces (`tests/fixtures/traces`, format in the README there).
//!
//! A trace holds the raw bytes of one or more connections with a real FreeSWITCH, in both directions, and
//! notes on what happened outside. For tests only.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::{Bytes, BytesMut};

/// Direction of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// One `recv()`: bytes of the switch.
    Received,
    /// Bytes sent to the switch.
    Sent,
    /// A note, UTF-8, on what happened outside; its connection is 0.
    Note,
}

/// One line of a trace with its payload.
#[derive(Debug, Clone)]
pub struct Record {
    /// Direction.
    pub kind: RecordKind,
    /// Number of the connection within the scenario; 0 for notes.
    pub connection: u32,
    /// Time since the start of the scenario.
    pub at: Duration,
    /// The bytes.
    pub payload: Bytes,
}

/// Why a trace could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The file could not be read or unpacked.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The bytes at this offset are not in the format.
    #[error("not a trace record at byte {0}")]
    Malformed(usize),
}

/// A recorded scenario.
#[derive(Debug, Clone)]
pub struct Trace {
    /// File name without `.esl` or `.esl.gz`, such as `04a-queue-caller-hangup`.
    pub name: String,
    /// All records in the order of time.
    pub records: Vec<Record>,
}

impl Trace {
    /// Reads a `.esl` or `.esl.gz` file.
    pub fn open(path: &Path) -> Result<Self, TraceError> {
        let mut bytes = fs::read(path)?;
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        if file_name.ends_with(".gz") {
            let mut unpacked = Vec::new();
            flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut unpacked)?;
            bytes = unpacked;
        }
        let name = file_name.trim_end_matches(".gz").trim_end_matches(".esl");
        Self::parse(name, &Bytes::from(bytes))
    }

    /// Reads the recorded fixture of this name, such as `04a-queue-caller-hangup`, or of this scenario, `04a`.
    pub fn fixture(name: &str) -> Result<Self, TraceError> {
        let found = fixture_paths()?.into_iter().find(|path| {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            file.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(['.', '-']))
        });
        match found {
            Some(path) => Self::open(&path),
            None => Err(std::io::Error::new(std::io::ErrorKind::NotFound, format!("no trace {name}")).into()),
        }
    }

    /// All recorded fixtures, sorted by name.
    pub fn all_fixtures() -> Result<Vec<Self>, TraceError> {
        fixture_paths()?.iter().map(|path| Self::open(path)).collect()
    }

    /// Reads the unpacked bytes of a trace.
    pub fn parse(name: &str, bytes: &Bytes) -> Result<Self, TraceError> {
        const MAGIC: &[u8] = b"ESLTRACE 1\n";
        if !bytes.starts_with(MAGIC) {
            return Err(TraceError::Malformed(0));
        }
        let mut records = Vec::new();
        let mut at = MAGIC.len();
        while at < bytes.len() {
            let (record, next) = parse_record(bytes, at).ok_or(TraceError::Malformed(at))?;
            records.push(record);
            at = next;
        }
        Ok(Trace {
            name: name.to_owned(),
            records,
        })
    }

    /// Numbers of the connections, ascending.
    pub fn connections(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = self
            .records
            .iter()
            .map(|record| record.connection)
            .filter(|n| *n > 0)
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// All bytes that the switch sent on this connection.
    pub fn received(&self, connection: u32) -> Bytes {
        self.joined(RecordKind::Received, connection)
    }

    /// All bytes that were sent to the switch on this connection.
    pub fn sent(&self, connection: u32) -> Bytes {
        self.joined(RecordKind::Sent, connection)
    }

    /// The notes with their times.
    pub fn notes(&self) -> impl Iterator<Item = (Duration, String)> + '_ {
        self.records
            .iter()
            .filter(|record| record.kind == RecordKind::Note)
            .map(|record| (record.at, String::from_utf8_lossy(&record.payload).into_owned()))
    }

    fn joined(&self, kind: RecordKind, connection: u32) -> Bytes {
        let mut joined = BytesMut::new();
        for record in &self.records {
            if record.kind == kind && record.connection == connection {
                joined.extend_from_slice(&record.payload);
            }
        }
        joined.freeze()
    }
}

/// Folder of the recorded event socket traces in the working copy.
pub fn fixture_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/traces/esl")
}

fn fixture_paths() -> Result<Vec<PathBuf>, std::io::Error> {
    let mut paths: Vec<PathBuf> = fs::read_dir(fixture_folder())?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    paths.retain(|path| path.to_string_lossy().contains(".esl"));
    paths.sort();
    Ok(paths)
}

/// `<TYPE> <CONN> <SECONDS> <LEN>\n<LEN bytes>\n`.
fn parse_record(bytes: &Bytes, start: usize) -> Option<(Record, usize)> {
    let line_end = start + memchr::memchr(b'\n', &bytes[start..])?;
    let line = std::str::from_utf8(&bytes[start..line_end]).ok()?;
    let mut words = line.split(' ');
    let kind = match words.next()? {
        "<" => RecordKind::Received,
        ">" => RecordKind::Sent,
        "N" => RecordKind::Note,
        _ => return None,
    };
    let connection = words.next()?.parse().ok()?;
    let at = Duration::try_from_secs_f64(words.next()?.parse().ok()?).ok()?;
    let length: usize = words.next()?.parse().ok()?;
    let body = line_end + 1;
    let end = body.checked_add(length)?;
    if words.next().is_some() || bytes.get(end) != Some(&b'\n') {
        return None;
    }
    Some((
        Record {
            kind,
            connection,
            at,
            payload: bytes.slice(body..end),
        },
        end + 1,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_keeps_connections_and_directions_apart() {
        let text = "ESLTRACE 1\nN 0 0.1 3\nhey\n< 1 0.2 2\na\n\n> 1 0.3 1\nx\n< 2 0.4 1\nb\n< 1 0.5 1\nc\n";
        let trace = Trace::parse("t", &Bytes::from(text)).unwrap();
        assert_eq!(trace.connections(), [1, 2]);
        assert_eq!(&trace.received(1)[..], b"a\nc");
        assert_eq!(&trace.sent(1)[..], b"x");
        assert_eq!(
            trace.notes().next(),
            Some((Duration::from_millis(100), "hey".to_owned()))
        );
    }

    #[test]
    fn a_cut_trace_is_refused() {
        let error = Trace::parse("t", &Bytes::from("ESLTRACE 1\n< 1 0.2 9\nabc\n")).unwrap_err();
        assert!(matches!(error, TraceError::Malformed(11)));
    }

    #[test]
    fn every_fixture_can_be_read() {
        let traces = Trace::all_fixtures().unwrap();
        assert!(traces.len() > 100, "{}", traces.len());
        assert!(traces.iter().all(|trace| !trace.connections().is_empty()));
        assert_eq!(Trace::fixture("04a").unwrap().name, "04a-queue-caller-hangup");
    }
}
