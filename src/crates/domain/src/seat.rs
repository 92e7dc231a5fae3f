//! The agent's toolbar: which button may be pressed when, why not, and what it is called then.
//!
//! The table of the console's design (states 1 to 8 and 12 of its rows; consultation, three-way and supervision come
//! with their features). The server sends the buttons and refuses by the same rule; the page paints what it gets.

use crate::agent::AgentStatus;
use crate::call::CallPhase;
use serde::Serialize;

/// What the toolbar knows of one agent's place: independent axes, never one enum.
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
    /// The call on the extension: dialing, ringing, talking, held; anything else counts as none.
    pub phase: Option<CallPhase>,
    /// While dialing: whether the agent's own phone still rings first.
    pub own_phone_rings: bool,
    /// Whether the phone can be asked to pick up.
    pub remote_answer: bool,
}

/// Why a button cannot be pressed. The words are stable: the console translates them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Nobody is signed in.
    SignedOut,
    /// Somebody is.
    SignedIn,
    /// The switch cannot be reached.
    SwitchAway,
    /// The phone is not registered.
    PhoneOffline,
    /// The extension is in no queue.
    NotInQueue,
    /// It is so already.
    AlreadySo,
    /// There is no call.
    NoCall,
    /// A call is going on.
    InCall,
    /// Nothing rings.
    NotRinging,
    /// Nobody has answered yet.
    NotAnswered,
    /// It was answered already.
    AlreadyAnswered,
    /// The other party is on hold already.
    OnHold,
    /// The other party is not on hold.
    NotOnHold,
    /// The phone cannot be asked: pick up by hand.
    AnswerOnPhone,
}

impl Reason {
    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::SignedIn => "signed_in",
            Self::SwitchAway => "switch_away",
            Self::PhoneOffline => "phone_offline",
            Self::NotInQueue => "not_in_queue",
            Self::AlreadySo => "already_so",
            Self::NoCall => "no_call",
            Self::InCall => "in_call",
            Self::NotRinging => "not_ringing",
            Self::NotAnswered => "not_answered",
            Self::AlreadyAnswered => "already_answered",
            Self::OnHold => "on_hold",
            Self::NotOnHold => "not_on_hold",
            Self::AnswerOnPhone => "answer_on_phone",
        }
    }
}

/// What a button does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    /// Sign in.
    Login,
    /// Sign out; while ready it asks first.
    Logout,
    /// Become ready.
    Ready,
    /// Become not ready.
    NotReady,
    /// Become ready after this call.
    NextReady,
    /// Become not ready after this call.
    NextNotReady,
    /// Pick up.
    Answer,
    /// End the call.
    Hangup,
    /// Take back what is being dialled.
    Cancel,
    /// Refuse what rings.
    Reject,
    /// Put the other party on hold.
    Hold,
    /// Take the other party back.
    Retrieve,
    /// Dial a number.
    Dial,
}

impl Label {
    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Logout => "logout",
            Self::Ready => "ready",
            Self::NotReady => "not_ready",
            Self::NextReady => "next_ready",
            Self::NextNotReady => "next_not_ready",
            Self::Answer => "answer",
            Self::Hangup => "hangup",
            Self::Cancel => "cancel",
            Self::Reject => "reject",
            Self::Hold => "hold",
            Self::Retrieve => "retrieve",
            Self::Dial => "dial",
        }
    }
}

/// One button.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Button {
    /// Whether it may be pressed.
    pub enabled: bool,
    /// Why not: the word of a [`Reason`].
    pub reason: Option<&'static str>,
    /// What it does now: the word of a [`Label`].
    pub label: &'static str,
}

/// The buttons of the toolbar.
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

/// What an agent may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeskCommand {
    /// Sign in to an extension.
    Login,
    /// Sign out.
    Logout,
    /// Become ready, after the call if there is one.
    Ready,
    /// Become not ready, after the call if there is one.
    NotReady,
    /// Pick up what rings.
    Answer,
    /// End, take back or refuse the call.
    Hangup,
    /// Put the other party on hold.
    Hold,
    /// Take the other party back.
    Retrieve,
    /// Dial a number.
    Dial,
}

impl SeatView {
    fn is_ready(&self) -> bool {
        matches!(
            self.status,
            AgentStatus::Available | AgentStatus::AvailableOnDemand
        )
    }

    /// The call, if it is one that the toolbar acts on.
    fn call(&self) -> Option<CallPhase> {
        let busy = [
            CallPhase::Dialing,
            CallPhase::Ringing,
            CallPhase::Talking,
            CallPhase::Held,
        ];
        self.phase.filter(|phase| busy.contains(phase))
    }

    /// Whether a command may be sent, and if not why. Every path that acts for an agent asks here, whatever the
    /// page painted.
    pub fn may(&self, command: DeskCommand) -> Result<(), Reason> {
        match command {
            DeskCommand::Login => self.may_log_in(),
            DeskCommand::Logout => self.may_log_out(),
            DeskCommand::Ready => self.may_change(true),
            DeskCommand::NotReady => self.may_change(false),
            DeskCommand::Answer => self.may_answer(),
            DeskCommand::Hangup => self
                .with_switch()
                .and_then(|()| self.call().map(drop).ok_or(Reason::NoCall)),
            DeskCommand::Hold => self.may_hold(CallPhase::Talking),
            DeskCommand::Retrieve => self.may_hold(CallPhase::Held),
            DeskCommand::Dial => self.may_dial(),
        }
    }

    fn may_log_in(&self) -> Result<(), Reason> {
        match (self.signed_in, self.switch_live) {
            (true, _) => Err(Reason::SignedIn),
            (false, false) => Err(Reason::SwitchAway),
            (false, true) => Ok(()),
        }
    }

    /// Also while the switch is away: the seat is ours, and the switch is told when it comes back.
    fn may_log_out(&self) -> Result<(), Reason> {
        match (self.signed_in, self.call()) {
            (false, _) => Err(Reason::SignedOut),
            (true, Some(_)) => Err(Reason::InCall),
            (true, None) => Ok(()),
        }
    }

    /// During a call it acts after the call. The wrap-up is ended by becoming ready although that is so already.
    fn may_change(&self, to_ready: bool) -> Result<(), Reason> {
        self.with_switch()?;
        if self.call().is_none() && self.is_ready() == to_ready && !(to_ready && self.wrapping_up) {
            return Err(Reason::AlreadySo);
        }
        if to_ready && !self.in_queue {
            return Err(Reason::NotInQueue);
        }
        if to_ready && !self.registered && self.call().is_none() {
            return Err(Reason::PhoneOffline);
        }
        Ok(())
    }

    fn may_answer(&self) -> Result<(), Reason> {
        self.with_switch()?;
        match self.call() {
            None if !self.registered => Err(Reason::PhoneOffline),
            None => Err(Reason::NoCall),
            Some(CallPhase::Ringing) if self.remote_answer => Ok(()),
            Some(CallPhase::Dialing) if self.own_phone_rings && self.remote_answer => Ok(()),
            Some(CallPhase::Ringing) => Err(Reason::AnswerOnPhone),
            Some(CallPhase::Dialing) if self.own_phone_rings => Err(Reason::AnswerOnPhone),
            Some(CallPhase::Dialing) => Err(Reason::NotRinging),
            Some(_) => Err(Reason::AlreadyAnswered),
        }
    }

    fn may_hold(&self, from: CallPhase) -> Result<(), Reason> {
        self.with_switch()?;
        match self.call() {
            None => Err(Reason::NoCall),
            Some(phase) if phase == from => Ok(()),
            Some(CallPhase::Held) => Err(Reason::OnHold),
            Some(CallPhase::Talking) => Err(Reason::NotOnHold),
            Some(_) => Err(Reason::NotAnswered),
        }
    }

    fn may_dial(&self) -> Result<(), Reason> {
        self.with_switch()?;
        if self.call().is_some() {
            return Err(Reason::InCall);
        }
        if self.registered {
            Ok(())
        } else {
            Err(Reason::PhoneOffline)
        }
    }

    fn with_switch(&self) -> Result<(), Reason> {
        match (self.signed_in, self.switch_live) {
            (false, _) => Err(Reason::SignedOut),
            (true, false) => Err(Reason::SwitchAway),
            (true, true) => Ok(()),
        }
    }
}

/// The buttons of a toolbar.
pub fn buttons(view: &SeatView) -> Buttons {
    let button = |command: DeskCommand, label: Label| {
        let reason = view.may(command).err();
        Button {
            enabled: reason.is_none(),
            reason: reason.map(Reason::as_str),
            label: label.as_str(),
        }
    };
    let in_call = view.call().is_some();
    let login = if view.signed_in {
        button(DeskCommand::Logout, Label::Logout)
    } else {
        button(DeskCommand::Login, Label::Login)
    };
    // Ready while the rest is running: the button ends the rest.
    let wants_ready = !view.is_ready() || (view.wrapping_up && !in_call);
    let ready = match (wants_ready, in_call) {
        (true, false) => button(DeskCommand::Ready, Label::Ready),
        (true, true) => button(DeskCommand::Ready, Label::NextReady),
        (false, false) => button(DeskCommand::NotReady, Label::NotReady),
        (false, true) => button(DeskCommand::NotReady, Label::NextNotReady),
    };
    let hangup = match view.call() {
        Some(CallPhase::Dialing) => Label::Cancel,
        Some(CallPhase::Ringing) => Label::Reject,
        _ => Label::Hangup,
    };
    let hold = if view.call() == Some(CallPhase::Held) {
        button(DeskCommand::Retrieve, Label::Retrieve)
    } else {
        button(DeskCommand::Hold, Label::Hold)
    };
    Buttons {
        login,
        ready,
        answer: button(DeskCommand::Answer, Label::Answer),
        hangup: button(DeskCommand::Hangup, hangup),
        hold,
        dial: button(DeskCommand::Dial, Label::Dial),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Signed in, not ready, in a queue, everything at hand.
    const AT_REST: SeatView = SeatView {
        signed_in: true,
        registered: true,
        switch_live: true,
        in_queue: true,
        status: AgentStatus::OnBreak,
        wrapping_up: false,
        phase: None,
        own_phone_rings: false,
        remote_answer: true,
    };

    fn every_view() -> impl Iterator<Item = SeatView> {
        let statuses = [
            AgentStatus::LoggedOut,
            AgentStatus::Available,
            AgentStatus::AvailableOnDemand,
            AgentStatus::OnBreak,
        ];
        let phases = [
            None,
            Some(CallPhase::Dialing),
            Some(CallPhase::Ringing),
            Some(CallPhase::Talking),
            Some(CallPhase::Held),
            Some(CallPhase::Ended),
        ];
        (0..128_u32).flat_map(move |bits| {
            let bit = move |place: u32| bits & (1 << place) != 0;
            statuses.into_iter().flat_map(move |status| {
                phases.into_iter().map(move |phase| SeatView {
                    signed_in: bit(0),
                    registered: bit(1),
                    switch_live: bit(2),
                    in_queue: bit(3),
                    status,
                    wrapping_up: bit(4),
                    phase,
                    own_phone_rings: bit(5),
                    remote_answer: bit(6),
                })
            })
        })
    }

    /// One line per button: `*` = enabled, else the reason, then the label if it is not the button's own.
    fn line(view: &SeatView) -> String {
        let b = buttons(view);
        let word = |name: &str, button: Button| {
            let shown = if button.label == name {
                String::new()
            } else {
                format!("({})", button.label)
            };
            format!("{name}{shown} {}", button.reason.unwrap_or("*"))
        };
        [
            word("login", b.login),
            word("ready", b.ready),
            word("answer", b.answer),
            word("hangup", b.hangup),
            word("hold", b.hold),
            word("dial", b.dial),
        ]
        .join(", ")
    }

    #[test]
    fn the_table_of_the_design_is_the_rule() {
        let ready = AgentStatus::Available;
        let call = |phase| SeatView {
            status: ready,
            phase: Some(phase),
            ..AT_REST
        };
        let rows = [
            (
                "1 signed out",
                SeatView {
                    signed_in: false,
                    status: AgentStatus::LoggedOut,
                    ..AT_REST
                },
            ),
            (
                "2 phone offline, not ready",
                SeatView {
                    registered: false,
                    ..AT_REST
                },
            ),
            (
                "2 phone offline, ready",
                SeatView {
                    registered: false,
                    status: ready,
                    ..AT_REST
                },
            ),
            ("3 not ready", AT_REST),
            (
                "3 not ready, in no queue",
                SeatView {
                    in_queue: false,
                    ..AT_REST
                },
            ),
            (
                "4 ready",
                SeatView {
                    status: ready,
                    ..AT_REST
                },
            ),
            (
                "4 ready on demand",
                SeatView {
                    status: AgentStatus::AvailableOnDemand,
                    ..AT_REST
                },
            ),
            ("5 dialing", call(CallPhase::Dialing)),
            (
                "5 dialing, own phone rings",
                SeatView {
                    own_phone_rings: true,
                    ..call(CallPhase::Dialing)
                },
            ),
            ("6 ringing", call(CallPhase::Ringing)),
            (
                "6 ringing, not ready",
                SeatView {
                    status: AgentStatus::OnBreak,
                    ..call(CallPhase::Ringing)
                },
            ),
            (
                "6 ringing, desk phone",
                SeatView {
                    remote_answer: false,
                    ..call(CallPhase::Ringing)
                },
            ),
            ("7 talking", call(CallPhase::Talking)),
            (
                "7 talking, phone offline",
                SeatView {
                    registered: false,
                    ..call(CallPhase::Talking)
                },
            ),
            ("8 held", call(CallPhase::Held)),
            (
                "12 after-call work",
                SeatView {
                    status: ready,
                    wrapping_up: true,
                    ..AT_REST
                },
            ),
            (
                "12 after-call work, not ready",
                SeatView {
                    wrapping_up: true,
                    ..AT_REST
                },
            ),
            (
                "switch away, ready",
                SeatView {
                    switch_live: false,
                    status: ready,
                    ..AT_REST
                },
            ),
            (
                "switch away, talking",
                SeatView {
                    switch_live: false,
                    ..call(CallPhase::Talking)
                },
            ),
            (
                "switch away, signed out",
                SeatView {
                    switch_live: false,
                    signed_in: false,
                    ..AT_REST
                },
            ),
        ];
        let table: Vec<String> = rows
            .iter()
            .map(|(name, view)| format!("{name}: {}", line(view)))
            .collect();
        insta::assert_snapshot!(table.join("\n"));
    }

    #[test]
    fn a_disabled_button_always_says_why_and_an_enabled_one_never() {
        for view in every_view() {
            let b = buttons(&view);
            for button in [b.login, b.ready, b.answer, b.hangup, b.hold, b.dial] {
                assert_eq!(button.enabled, button.reason.is_none(), "{view:?}");
            }
        }
    }

    #[test]
    fn a_call_can_always_be_ended_while_the_switch_is_there() {
        for view in every_view().filter(|view| view.signed_in && view.switch_live) {
            assert_eq!(buttons(&view).hangup.enabled, view.call().is_some(), "{view:?}");
        }
    }

    #[test]
    fn nobody_signs_out_or_dials_during_a_call() {
        for view in every_view().filter(|view| view.call().is_some()) {
            assert!(
                view.may(DeskCommand::Logout).is_err() && view.may(DeskCommand::Dial).is_err(),
                "{view:?}"
            );
        }
    }

    #[test]
    fn without_a_seat_or_a_switch_only_signing_in_or_out_is_left() {
        for view in every_view().filter(|view| !view.signed_in || !view.switch_live) {
            let b = buttons(&view);
            let others = [b.ready, b.answer, b.hangup, b.hold, b.dial];
            assert!(others.iter().all(|button| !button.enabled), "{view:?}");
        }
    }

    #[test]
    fn what_a_button_shows_is_what_may_be_sent() {
        for view in every_view() {
            let b = buttons(&view);
            let held = view.call() == Some(CallPhase::Held);
            let hold = if held {
                DeskCommand::Retrieve
            } else {
                DeskCommand::Hold
            };
            assert_eq!(b.hold.enabled, view.may(hold).is_ok(), "{view:?}");
            assert_eq!(
                b.answer.enabled,
                view.may(DeskCommand::Answer).is_ok(),
                "{view:?}"
            );
            let ready = matches!(b.ready.label, "ready" | "next_ready");
            let command = if ready {
                DeskCommand::Ready
            } else {
                DeskCommand::NotReady
            };
            assert_eq!(b.ready.enabled, view.may(command).is_ok(), "{view:?}");
        }
    }
}
