//! Rules that a single value's type cannot express; all of them are reported at once.

use super::Config;

impl Config {
    /// One line per violated rule, each beginning with the setting's name.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut rule = |holds: bool, text: &str| {
            if !holds {
                problems.push(text.to_owned());
            }
        };

        let url = self.database.url.expose();
        rule(
            url.starts_with("sqlite:") || url.starts_with("postgres://") || url.starts_with("postgresql://"),
            "database.url must begin with sqlite: or postgres://",
        );
        rule(
            (1..=1000).contains(&self.database.max_connections),
            "database.max_connections must be 1 to 1000",
        );
        rule(
            (1..=60).contains(&self.database.acquire_timeout_secs),
            "database.acquire_timeout_secs must be 1 to 60",
        );

        rule(
            self.organisation.time_zone.parse::<chrono_tz::Tz>().is_ok(),
            "organisation.time_zone must be an IANA name such as Asia/Shanghai",
        );
        let public = &self.server.public_url;
        rule(
            public.is_empty() || public.starts_with("http://") || public.starts_with("https://"),
            "server.public_url must begin with http:// or https://",
        );
        rule(
            (1..=600).contains(&self.server.request_timeout_secs),
            "server.request_timeout_secs must be 1 to 600",
        );
        rule(
            (1..=65_536).contains(&self.server.body_limit_kib),
            "server.body_limit_kib must be 1 to 65536",
        );
        rule(
            (1..=100_000).contains(&self.server.max_sockets),
            "server.max_sockets must be 1 to 100000",
        );

        let auth = &self.auth;
        rule(
            (1..=1440).contains(&auth.access_token_minutes),
            "auth.access_token_minutes must be 1 to 1440",
        );
        rule(
            (1..=365).contains(&auth.refresh_days),
            "auth.refresh_days must be 1 to 365",
        );
        rule(
            (1..=100).contains(&auth.lockout_after),
            "auth.lockout_after must be 1 to 100",
        );
        rule(
            auth.lockout_first_secs >= 1,
            "auth.lockout_first_secs must be at least 1",
        );
        rule(
            auth.lockout_longest_secs >= auth.lockout_first_secs,
            "auth.lockout_longest_secs must not be below auth.lockout_first_secs",
        );
        // Argon2 itself refuses less than 8 KiB per lane; more than 1 GiB is a typing error.
        rule(
            (8..=1_048_576).contains(&auth.argon2_memory_kib),
            "auth.argon2_memory_kib must be 8 to 1048576",
        );
        rule(
            (1..=100).contains(&auth.argon2_passes),
            "auth.argon2_passes must be 1 to 100",
        );
        rule(
            (1..=64).contains(&auth.argon2_at_once),
            "auth.argon2_at_once must be 1 to 64",
        );

        rule(
            self.simulator.calls_per_hour <= 360_000,
            "simulator.calls_per_hour must be at most 360000",
        );
        rule(!self.log.level.trim().is_empty(), "log.level must not be empty");
        let token = self.metrics.token.expose().len();
        rule(
            token == 0 || token >= 16,
            "metrics.token must have at least 16 characters",
        );
        rule(
            !self.secrets.key.is_empty() || !self.secrets.key_file.as_os_str().is_empty(),
            "secrets.key_file or secrets.key must be set",
        );
        rule(
            !self.recordings.dir.as_os_str().is_empty(),
            "recordings.dir must not be empty",
        );
        problems
    }
}
