//! What an agent does with his toolbar.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use domain::{
    agent::AgentStatus,
    call::CallPhase,
    command::{HangupCause, Originate, SwitchCommand},
    ids::{LegId, ServerId},
    live::AgentCall,
    seat::{self, Button, Buttons},
};
use entity::intent;
use sea_orm::DatabaseConnection;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    ExtensionFacts, Seat, Sitter,
    board::{Observed, SeatBoard},
    dto::{BreakReason, PhoneKind, SeatCall, SeatView},
    repo,
};
use crate::{
    error::{AppError, AppResult, FieldError},
    features::voice::{Voice, extensions::ProvenExtension},
    ports::{Clock, IdGen, Stage, Switch, SwitchError, Tasks, task},
    realtime::{
        hub::{Hub, Row},
        topic::Topic,
    },
};

/// How long a press of a button waits for the switch; the page says "unknown" a little later.
const COMMAND_LIMIT: Duration = Duration::from_secs(4);
/// How long the agent's own phone may ring after 拨打.
const OWN_RING_SECS: u32 = 20;
/// How long the outcome of a call to a number is awaited: own ring time and some more.
const DIAL_LIMIT: Duration = Duration::from_secs(30);

/// What [`Seats`] is made of.
#[expect(missing_docs, reason = "each is described at its type")]
pub struct SeatParts {
    pub db: DatabaseConnection,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    pub tasks: Arc<dyn Tasks>,
    pub hub: Hub,
    pub switch: Arc<dyn Switch>,
    pub voice: Arc<Voice>,
}

/// See the slice's text.
pub struct Seats {
    board: SeatBoard,
    parts: SeatParts,
}

impl Seats {
    /// Nobody sits anywhere until [`Seats::load`].
    pub fn new(parts: SeatParts) -> Self {
        Self {
            board: SeatBoard::default(),
            parts,
        }
    }

    /// Takes the seats back that were held when the process ended.
    pub async fn load(&self) -> AppResult<()> {
        for seat in repo::list_open(&self.parts.db).await? {
            let user_id = seat.user_id;
            self.board.put(seat);
            self.show(user_id);
        }
        Ok(())
    }

    /// Who sits at an extension.
    pub fn sitter(&self, server: ServerId, extension: &str) -> Option<Sitter> {
        self.board.sitter(server, extension)
    }

    /// What the agent at this extension wants to be; nobody there means logged out.
    pub fn wanted(&self, server: ServerId, extension: &str) -> AgentStatus {
        self.board.wanted(server, extension)
    }

    /// What the switch says about extensions, after it was committed.
    pub fn observe(self: &Arc<Self>, server: ServerId, facts: Vec<(String, ExtensionFacts)>) {
        for observed in self.board.take_facts(server, facts) {
            match observed {
                Observed::Changed(user_id) => self.show(user_id),
                Observed::TakenOut(user_id) => self.taken_out(user_id),
            }
        }
    }

    /// The connection to a switch came or went.
    pub fn switch_is_live(&self, server: ServerId, live: bool) {
        for user_id in self.board.set_live(server, live) {
            self.show(user_id);
        }
    }

    /// What the toolbar of this person shows.
    pub fn view(&self, user_id: i64) -> SeatView {
        let Some(seat) = self.board.seat_of(user_id) else {
            return SeatView {
                id: "seat",
                signed_in: false,
                server_id: None,
                extension: None,
                registered: false,
                link: "live",
                in_queue: false,
                status: "not_ready",
                reason: None,
                status_since: None,
                wrap_up_until: None,
                call: None,
                buttons: buttons(None, &ExtensionFacts::default(), true),
            };
        };
        let live = self.board.is_live(seat.server);
        let facts = self.board.facts(seat.server, &seat.extension);
        SeatView {
            id: "seat",
            signed_in: true,
            server_id: Some(seat.server.0),
            registered: facts.registered,
            link: if live { "live" } else { "switch_away" },
            in_queue: facts.in_queue,
            status: if seat.ready { "ready" } else { "not_ready" },
            reason: seat.reason.clone(),
            status_since: Some(seat.status_since),
            wrap_up_until: facts.wrap_up_until,
            buttons: buttons(Some(&seat), &facts, live),
            call: facts.call.map(|call| seat_call(call, facts.queue_name)),
            extension: Some(seat.extension),
        }
    }

    /// Takes a seat.
    ///
    /// # Errors
    /// `seat.already_signed_in`, `seat.wrong_password`, `seat.not_registered`, `seat.taken`, `seat.switch_away`.
    pub async fn sign_in(
        &self,
        (user_id, user_name): (i64, &str),
        extension: &str,
        password: &str,
        _phone: PhoneKind,
    ) -> AppResult<SeatView> {
        if self.board.seat_of(user_id).is_some() {
            return Err(AppError::conflict(
                "seat.already_signed_in",
                "You are signed in to an extension already.",
            ));
        }
        let Some(proven) = self.parts.voice.prove_extension(extension, password).await? else {
            return Err(AppError::invalid_field(
                "/password",
                "seat.wrong_password",
                "There is no such extension, or its password is another one.",
            ));
        };
        let ProvenExtension {
            server,
            extension_id,
            number,
        } = proven;
        if let Some(other) = self.board.sitter(server, &number) {
            let detail = format!("{} sits at extension {number} already.", other.user_name);
            return Err(AppError::conflict("seat.taken", detail));
        }
        if !self.board.is_live(server) {
            return Err(AppError::unavailable(
                "seat.switch_away",
                "The voice server cannot be reached at the moment.",
            ));
        }
        let facts = self.board.facts(server, &number);
        if !facts.registered {
            let detail =
                format!("The phone of extension {number} is not registered; switch it on and try again.");
            return Err(AppError::conflict("seat.not_registered", detail));
        }
        let now = self.parts.clock.now();
        let seat = Seat {
            id: self.parts.ids.uuid(),
            user_id,
            user_name: user_name.to_owned(),
            server,
            extension_id,
            extension: number,
            ready: false,
            reason: None,
            status_since: now,
            started_at: now,
        };
        repo::insert(&self.parts.db, &seat, "desk").await?;
        self.board.put(seat.clone());
        if facts.in_queue {
            // If it does not reach the switch, the next comparison brings it there.
            let _ = self.set_status(&seat, AgentStatus::OnBreak).await;
        }
        self.show(user_id);
        Ok(self.view(user_id))
    }

    /// Leaves the seat.
    ///
    /// # Errors
    /// `seat.wrong_state` during a call.
    pub async fn sign_out(&self, user_id: i64, why: &str) -> AppResult<SeatView> {
        let (seat, facts) = self.seat(user_id)?;
        if facts.call.is_some() {
            return Err(wrong_state("in_call"));
        }
        repo::end(&self.parts.db, seat.id, why, self.parts.clock.now()).await?;
        self.board.remove(user_id);
        if facts.in_queue {
            let _ = self.set_status(&seat, AgentStatus::LoggedOut).await;
        }
        self.show(user_id);
        Ok(self.view(user_id))
    }

    /// Ready for calls of the queues.
    ///
    /// # Errors
    /// `seat.wrong_state` with the reason that the button shows; errors of the switch.
    pub async fn ready(&self, user_id: i64) -> AppResult<SeatView> {
        self.want(user_id, true, None).await
    }

    /// Not ready, with a reason.
    ///
    /// # Errors
    /// As for [`Seats::ready`].
    pub async fn not_ready(&self, user_id: i64, reason: BreakReason) -> AppResult<SeatView> {
        self.want(user_id, false, Some(reason.as_str().to_owned())).await
    }

    async fn want(&self, user_id: i64, ready: bool, reason: Option<String>) -> AppResult<SeatView> {
        let (seat, facts) = self.seat(user_id)?;
        let live = self.board.is_live(seat.server);
        allowed(buttons(Some(&seat), &facts, live).ready)?;
        let status = if ready {
            AgentStatus::Available
        } else {
            AgentStatus::OnBreak
        };
        match self.set_status(&seat, status).await {
            // Unknown: it is stored, and the next comparison with the switch settles it.
            Ok(()) | Err(SwitchError::UnknownOutcome) => {}
            Err(error) => return Err(error.into()),
        }
        let now = self.parts.clock.now();
        repo::update_status(&self.parts.db, seat.id, ready, reason.clone()).await?;
        self.board.want(user_id, ready, reason, now);
        self.show(user_id);
        Ok(self.view(user_id))
    }

    /// Asks the phone to pick up.
    ///
    /// # Errors
    /// `seat.wrong_state`, errors of the switch.
    pub async fn answer(&self, user_id: i64) -> AppResult<SeatView> {
        self.press(
            user_id,
            |buttons| buttons.answer,
            |call| SwitchCommand::AnswerPhone { leg: call.leg_id },
        )
        .await
    }

    /// Ends, refuses or takes back the call.
    ///
    /// # Errors
    /// `seat.wrong_state`, errors of the switch.
    pub async fn hang_up(&self, user_id: i64) -> AppResult<SeatView> {
        let command = |call: &AgentCall| SwitchCommand::Hangup {
            leg: call.leg_id,
            cause: if call.phase == CallPhase::Ringing {
                HangupCause::CallRejected
            } else {
                HangupCause::NormalClearing
            },
        };
        self.press(user_id, |buttons| buttons.hangup, command).await
    }

    /// Puts the other party on hold.
    ///
    /// # Errors
    /// `seat.wrong_state`, errors of the switch.
    pub async fn hold(&self, user_id: i64) -> AppResult<SeatView> {
        self.press(
            user_id,
            |buttons| buttons.hold,
            |call| SwitchCommand::Hold { leg: call.leg_id },
        )
        .await
    }

    /// Takes the other party back.
    ///
    /// # Errors
    /// `seat.wrong_state`, errors of the switch.
    pub async fn retrieve(&self, user_id: i64) -> AppResult<SeatView> {
        self.press(
            user_id,
            |buttons| buttons.hold,
            |call| SwitchCommand::Retrieve { leg: call.leg_id },
        )
        .await
    }

    /// Calls a number: the agent's own phone first, then the number as if he had dialled it. Returns at once; the
    /// rest is told by the events. The same `key` twice is one call.
    ///
    /// # Errors
    /// `invalid` for the number, `seat.wrong_state`.
    pub async fn dial(
        self: &Arc<Self>,
        user_id: i64,
        number: &str,
        key: Option<&str>,
    ) -> AppResult<SeatView> {
        let number = dialable(number)?;
        let (seat, facts) = self.seat(user_id)?;
        let live = self.board.is_live(seat.server);
        allowed(buttons(Some(&seat), &facts, live).dial)?;
        let id = key.map_or_else(|| self.parts.ids.uuid(), |key| keyed(user_id, key));
        let call = Originate {
            // The leg has the intent's id: a repeated request cannot make a second one.
            leg: LegId(id),
            intent: id,
            extension: seat.extension.clone(),
            display_number: number.clone(),
            number,
            ring_secs: OWN_RING_SECS,
            auto_answer: true,
            user_id: Some(user_id),
        };
        let now = self.parts.clock.now();
        let row = intent::Model {
            id,
            kind: "dial".into(),
            server_id: seat.server.0,
            user_id: Some(user_id),
            payload: serde_json::to_value(&call).map_err(AppError::internal)?,
            state: "sent".into(),
            error: None,
            created_at: now,
            updated_at: now,
            expires_at: now + TimeDelta::from_std(DIAL_LIMIT).unwrap_or_default(),
        };
        if repo::insert_intent(&self.parts.db, row).await? {
            self.start_dialing(seat.server, call);
        }
        Ok(self.view(user_id))
    }

    /// The outcome of dialing arrives when the own phone was picked up, so nobody waits for it.
    fn start_dialing(self: &Arc<Self>, server: ServerId, call: Originate) {
        let (seats, name) = (Arc::clone(self), format!("dial {}", call.intent));
        let make = task(move |_stop| {
            let (seats, call) = (Arc::clone(&seats), call.clone());
            async move {
                let id = call.intent;
                let outcome = seats
                    .parts
                    .switch
                    .run(server, SwitchCommand::Originate(call), DIAL_LIMIT)
                    .await;
                let (state, error) = match outcome {
                    Ok(_) => ("done", None),
                    Err(SwitchError::UnknownOutcome) => ("unknown", None),
                    Err(error) => ("failed", Some(error.to_string())),
                };
                let now = seats.parts.clock.now();
                if let Err(error) = repo::settle_intent(&seats.parts.db, id, state, error, now).await {
                    tracing::warn!(intent.id = %id, error = %error, "the outcome of an intent was not written");
                }
                Ok(())
            }
        });
        self.parts.tasks.start(Stage::Outbox, name, make);
    }

    /// Presses a button that concerns the present call.
    async fn press(
        &self,
        user_id: i64,
        button: impl Fn(&Buttons) -> Button,
        command: impl Fn(&AgentCall) -> SwitchCommand,
    ) -> AppResult<SeatView> {
        let (seat, facts) = self.seat(user_id)?;
        let live = self.board.is_live(seat.server);
        allowed(button(&buttons(Some(&seat), &facts, live)))?;
        let call = facts.call.ok_or_else(|| wrong_state("no_call"))?;
        self.parts
            .switch
            .run(seat.server, command(&call), COMMAND_LIMIT)
            .await?;
        Ok(self.view(user_id))
    }

    fn seat(&self, user_id: i64) -> AppResult<(Seat, ExtensionFacts)> {
        let seat = self
            .board
            .seat_of(user_id)
            .ok_or_else(|| wrong_state("signed_out"))?;
        let facts = self.board.facts(seat.server, &seat.extension);
        Ok((seat, facts))
    }

    async fn set_status(&self, seat: &Seat, status: AgentStatus) -> Result<(), SwitchError> {
        let command = SwitchCommand::SetAgentStatus {
            agent: seat.extension.clone(),
            status,
        };
        self.parts
            .switch
            .run(seat.server, command, COMMAND_LIMIT)
            .await
            .map(|_| ())
    }

    /// The switch set him not ready after too many unanswered offers; the seat follows.
    fn taken_out(self: &Arc<Self>, user_id: i64) {
        let reason = Some("missed_calls".to_owned());
        let Some(seat) = self
            .board
            .want(user_id, false, reason.clone(), self.parts.clock.now())
        else {
            return;
        };
        self.show(user_id);
        let seats = Arc::clone(self);
        let make = task(move |_stop| {
            let (seats, reason) = (Arc::clone(&seats), reason.clone());
            async move { Ok(repo::update_status(&seats.parts.db, seat.id, false, reason).await?) }
        });
        self.parts
            .tasks
            .start(Stage::Outbox, format!("seat {}", seat.id), make);
    }

    /// Shows the seat of a person on the live pages; also that he has none.
    pub fn show(&self, user_id: i64) {
        match Row::new("seat", &self.view(user_id)) {
            Ok(row) => self
                .parts
                .hub
                .publish(&Topic::Seat(user_id), self.parts.clock.now(), vec![row], &[]),
            Err(error) => tracing::error!(error = %error, "a seat cannot be shown"),
        }
    }
}

fn buttons(seat: Option<&Seat>, facts: &ExtensionFacts, switch_live: bool) -> Buttons {
    let call = facts.call.as_ref();
    seat::buttons(&seat::SeatView {
        signed_in: seat.is_some(),
        registered: facts.registered,
        switch_live,
        in_queue: facts.in_queue,
        status: match seat {
            Some(seat) if seat.ready => AgentStatus::Available,
            _ => AgentStatus::OnBreak,
        },
        wrapping_up: facts.wrap_up_until.is_some(),
        phase: call.map(|call| call.phase),
        own_phone_rings: facts.own_phone_rings,
        remote_answer: true,
    })
}

fn seat_call(call: AgentCall, queue_name: Option<String>) -> SeatCall {
    SeatCall {
        id: call.id.0,
        leg_id: call.leg_id.0,
        direction: call.direction,
        phase: call.phase.as_str(),
        party_number: call.party_number,
        party_name: call.party_name,
        queue_name,
        waited_ms: call.waited_ms,
        since: call.since,
        held_since: call.held_since,
    }
}

fn allowed(button: Button) -> AppResult<()> {
    if button.enabled {
        Ok(())
    } else {
        Err(wrong_state(button.reason.unwrap_or("not_now")))
    }
}

fn wrong_state(reason: &str) -> AppError {
    AppError::invalid_transition("seat.wrong_state", format!("Not possible now: {reason}."))
}

/// Digits, `*`, `#` and a leading `+`; what people type between them is dropped.
fn dialable(number: &str) -> AppResult<String> {
    let cleaned: String = number
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '\u{3000}'))
        .collect();
    let body = cleaned.strip_prefix('+').unwrap_or(&cleaned);
    let good =
        (1..=32).contains(&body.len()) && body.chars().all(|c| c.is_ascii_digit() || matches!(c, '*' | '#'));
    if good {
        Ok(cleaned)
    } else {
        let detail = "A number has 1 to 32 digits; a plus sign may stand in front.";
        Err(AppError::invalid(vec![FieldError::new(
            "/number", "number", detail,
        )]))
    }
}

/// The id of the request that a client named by `key`: the same for the same person and key.
fn keyed(user_id: i64, key: &str) -> Uuid {
    let digest = Sha256::digest(format!("dial\0{user_id}\0{key}"));
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    #[test]
    fn numbers_are_cleaned_and_checked() {
        assert_eq!(dialable("010-1234 (5678)").unwrap(), "01012345678");
        assert_eq!(dialable("+86 138 0013 8000").unwrap(), "+8613800138000");
        for bad in ["", "+", "abc", "1;2", "1\n2", &"1".repeat(33)] {
            assert!(dialable(bad).is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn the_same_key_of_the_same_person_is_the_same_call() {
        assert_eq!(keyed(1, "a"), keyed(1, "a"));
        assert_ne!(keyed(1, "a"), keyed(2, "a"));
        assert_ne!(keyed(1, "a"), keyed(1, "b"));
    }

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn seat(ready: bool) -> Seat {
        Seat {
            id: Uuid::nil(),
            user_id: 7,
            user_name: "张三".into(),
            server: ServerId(1),
            extension_id: 1,
            extension: "1001".into(),
            ready,
            reason: None,
            status_since: now(),
            started_at: now(),
        }
    }

    fn said(status: AgentStatus) -> Vec<(String, ExtensionFacts)> {
        vec![(
            "1001".into(),
            ExtensionFacts {
                status: Some(status),
                ..ExtensionFacts::default()
            },
        )]
    }

    #[test]
    fn a_ready_agent_whom_the_switch_sends_on_a_break_was_taken_out() {
        let board = SeatBoard::default();
        board.put(seat(true));
        board.take_facts(ServerId(1), said(AgentStatus::Available));
        assert_eq!(
            board.take_facts(ServerId(1), said(AgentStatus::OnBreak)),
            [Observed::TakenOut(7)]
        );
    }

    #[test]
    fn a_break_that_the_agent_wanted_is_no_surprise() {
        let board = SeatBoard::default();
        board.put(seat(false));
        board.take_facts(ServerId(1), said(AgentStatus::Available));
        assert_eq!(
            board.take_facts(ServerId(1), said(AgentStatus::OnBreak)),
            [Observed::Changed(7)]
        );
        assert_eq!(board.take_facts(ServerId(1), said(AgentStatus::OnBreak)), []);
    }
}
