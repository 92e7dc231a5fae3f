//! Calls in the ledger.

use cordboard::ports::Clock as _;
use entity::call;
use sea_orm::{ActiveModelTrait as _, IntoActiveModel as _};
use uuid::Uuid;

use super::TestApp;

impl TestApp {
    /// Adds a call that was answered by `user_id` just now, and returns its id.
    pub(crate) async fn add_call(&self, number: u128, user_id: Option<i64>) -> Uuid {
        let now = self.clock.now();
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number);
        let row = call::Model {
            id,
            server_id: 1,
            direction: "inbound".into(),
            state: "ended".into(),
            result: Some("answered".into()),
            caller_number: "13800138000".into(),
            caller_name: String::new(),
            callee_number: "4001".into(),
            gateway: None,
            queue_id: None,
            queue_code: None,
            agent_extension: Some("1001".into()),
            user_id,
            route_id: None,
            started_at: now,
            answered_at: None,
            talk_started_at: None,
            ended_at: Some(now),
            wait_ms: 0,
            ring_ms: 0,
            talk_ms: 0,
            hold_ms: 0,
            hangup_cause: None,
            hangup_side: None,
            end_mark: None,
            leg_count: 1,
            has_recording: true,
            merged_into: None,
            version: 1,
            updated_at: now,
        };
        let added = row.into_active_model().insert(self.db.conn()).await;
        added.expect("the call is added").id
    }
}
