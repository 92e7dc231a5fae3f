//! The agent's toolbar: which button may be pressed when, and why not.

use crate::agent::AgentStatus;
use crate::call::CallPhase;
use serde::Serialize;

/// What the toolbar shows of one agent's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, one per axis of the table"
)]
pub struct SeatView {
    /// Whether a person is signed in to the extension.
    pub signed_in: bool,
    /// Whether the phone is registered.
    pub registered: bool,
    /// Whether the switch can be reached.
    pub switch_live: bool,
    /// Whether the extension is in any queue.
    pub in_queue: bool,
    /// What the person chose.
    pub status: AgentStatus,
    /// Whether the rest after a call is running.
    pub wrapping_up: bool,
    /// The call on the extension: dialing, ringing, talking, held.
    pub phase: Option<CallPhase>,
    /// While dialing: whether the agent's own phone still rings first.
    pub own_phone_rings: bool,
    /// Whether the phone can be asked to pick up.
    pub remote_answer: bool,
}

/// One button.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Button {
    /// Whether it may be pressed.
    pub enabled: bool,
    /// Why not, as a code.
    pub reason: Option<&'static str>,
    /// What it does now, as a code; `None` = its own name.
    pub label: Option<&'static str>,
}

/// The buttons of the spine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Buttons {
    /// 登录.
    pub login: Button,
    /// 就绪.
    pub ready: Button,
    /// 接听.
    pub answer: Button,
    /// 挂断.
    pub hangup: Button,
    /// 保持.
    pub hold: Button,
    /// 拨打.
    pub dial: Button,
}
