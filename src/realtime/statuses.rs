//! How the voice servers are, for those who ask instead of watching.

use domain::ids::ServerId;

use super::{hub::Hub, topic::Topic};
use crate::ports::SwitchStatuses;

impl SwitchStatuses for Hub {
    fn status(&self, server: ServerId) -> Option<serde_json::Value> {
        self.row(&Topic::Servers, &server.to_string())
    }
}
