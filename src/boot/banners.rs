//! The health board as rows of the topic `system`: what does not work, for every console.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::health::{HealthBoard, Part};
use crate::{
    ports::PartStatus,
    realtime::{
        hub::{Hub, Row},
        topic::Topic,
    },
};

/// One banner.
#[derive(Serialize)]
struct Banner<'a> {
    id: &'a str,
    level: &'static str,
    code: &'static str,
    detail: &'a str,
    since: DateTime<Utc>,
}

/// Makes the topic's rows those of the parts that are not well; empty when all is.
pub(super) fn publish(board: &HealthBoard, hub: &Hub, now: DateTime<Utc>) {
    let rows = board.parts().iter().filter_map(row_of).collect();
    hub.replace(&Topic::System, now, rows);
}

fn row_of(part: &Part) -> Option<Row> {
    let (level, code, detail) = match &part.status {
        PartStatus::Ok => return None,
        PartStatus::Degraded { code, detail } => ("warning", *code, detail),
        PartStatus::Down { code, detail } => ("error", *code, detail),
    };
    let banner = Banner {
        id: &part.name,
        level,
        code,
        detail,
        since: part.since,
    };
    Row::new(part.name.clone(), &banner).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ports::{Clock as _, Health as _, SystemClock};

    #[test]
    fn only_what_is_not_well_is_a_banner() {
        let board = HealthBoard::new(Arc::new(SystemClock));
        board.report("database", PartStatus::Ok);
        board.report(
            "switch:1",
            PartStatus::Degraded {
                code: "switch.unreachable",
                detail: "away".into(),
            },
        );
        let ids: Vec<bool> = board.parts().iter().map(|part| row_of(part).is_some()).collect();
        assert_eq!(ids, [false, true]);
        publish(&board, &Hub::new(uuid::Uuid::nil()), SystemClock.now());
    }
}
