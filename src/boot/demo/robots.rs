//! The agents that the built-in switch plays.

use std::time::Duration;

use switch_sim::Handle;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::robot_agents;

/// How often it is looked after them. They become known to the switch when its session has healed it, and leave when
/// they missed a call.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Keeps every played agent ready until `stop`: nobody sits there who could press the button.
pub async fn keep_ready(switch: &Handle, stop: &CancellationToken) {
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => look(switch).await,
        }
    }
}

async fn look(switch: &Handle) {
    for agent in robot_agents() {
        let status = switch
            .api(&format!("callcenter_config agent get status {agent}"))
            .await;
        if status.trim() != "Available" && !status.starts_with("-ERR") {
            switch
                .api(&format!("callcenter_config agent set status {agent} Available"))
                .await;
        }
    }
}
