//! `status`, `version`.

use serde_json::{Value, json};

use crate::clock::{SECOND, up_time};
use crate::engine::Engine;

const RELEASE: &str = "1.11.1-release git c2c5964 2026-05-26 20:41:26Z 64bit";

impl Engine {
    pub(super) fn status_text(&mut self) -> String {
        let count = self.channels.len() as u64;
        self.peak_sessions = self.peak_sessions.max(count);
        format!(
            "UP {}\nFreeSWITCH (Version {RELEASE}) is ready\n{} session(s) since startup\n\
             {count} session(s) - peak {peak}, last 5min {peak} \n0 session(s) per Sec out of max {}, peak 4, last 5min 3 \n\
             {} session(s) max\nmin idle cpu 0.00/96.37\nCurrent Stack Size/Max 240K/8192K\n",
            up_time(self.now - self.started),
            self.sessions_since_start(),
            self.sps,
            self.max_sessions,
            peak = self.peak_sessions,
        )
    }

    pub(super) fn version_text(&self, argument: &str) -> String {
        if argument == "short" {
            return "1.11.1-release\n".into();
        }
        format!(
            "FreeSWITCH Version {} (git c2c5964 2026-05-26 20:41:26Z 64bit)\n",
            crate::engine::VERSION
        )
    }

    pub(super) fn status_json(&self) -> Value {
        let elapsed = self.now - self.started;
        let seconds = elapsed / SECOND;
        json!({
            "systemStatus": "ready",
            "uptime": {
                "years": 0, "days": seconds / 86_400, "hours": seconds % 86_400 / 3600,
                "minutes": seconds % 3600 / 60, "seconds": seconds % 60,
                "milliseconds": elapsed % SECOND / 1000, "microseconds": elapsed % 1000,
            },
            "version": RELEASE,
            "sessions": {
                "count": {"total": self.sessions_since_start(), "active": self.channels.len(), "peak": self.peak_sessions,
                          "peak5Min": self.peak_sessions, "limit": self.max_sessions},
                "rate": {"current": 0, "max": self.sps, "peak": 4, "peak5Min": 3},
            },
            "idleCPU": {"used": 0, "allowed": 96.366_667},
            "stackSizeKB": {"current": 240, "max": 8192},
        })
    }
}
