//! A leg looks for its dialplan, at the start and after every transfer.

use super::channel::{CallState, Cs, Direction};
use super::run::Run;
use super::{Engine, Wanted};
use crate::causes::Cause;
use crate::dialplan::{Action, hunt, split_outside_brackets};
use crate::event::Headers;
use crate::xml::Node;

impl Engine {
    /// Asks for the dialplan of the leg's context and number.
    pub(crate) fn route(&mut self, uuid: &str) {
        self.set_cs(uuid, Cs::Routing);
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        leg.hit_dialplan = true;
        leg.run = Run::Routing;
        leg.generation += 1;
        let uuid = leg.uuid.clone();
        let mut fields = self.leg_fields(&uuid);
        let hunt_fields: Headers = fields
            .iter()
            .filter_map(|(name, value)| {
                Some((
                    format!("Hunt-{}", name.strip_prefix("Caller-")?).into(),
                    value.clone(),
                ))
            })
            .collect();
        fields.extend(hunt_fields);
        self.fetch("dialplan", ["", "", ""], fields, Wanted::Dialplan { uuid });
    }

    /// The dialplan has come (or not).
    pub(crate) fn routed(&mut self, uuid: &str, root: Option<&Node>) {
        let Some(leg) = self.channels.get(uuid) else {
            return;
        };
        if leg.ended || !matches!(leg.run, Run::Routing) {
            return;
        }
        let context = leg.profile.context.clone();
        let field = |name: &str| match name {
            "destination_number" => leg.profile.destination.clone(),
            "caller_id_number" => leg.profile.cid_number.clone(),
            "caller_id_name" => leg.profile.cid_name.clone(),
            "context" => leg.profile.context.clone(),
            "network_addr" => leg.profile.network_addr.clone(),
            other => {
                let name = other
                    .strip_prefix("${")
                    .and_then(|n| n.strip_suffix('}'))
                    .unwrap_or(other);
                leg.var(name).unwrap_or_default().to_owned()
            }
        };
        let route = root
            .and_then(|root| hunt(root, &context, &field))
            .unwrap_or_default();
        if route.actions.is_empty() {
            self.hangup_by_switch(uuid, Cause::NO_ROUTE_DESTINATION);
            return;
        }
        if let Some(leg) = self.channels.get_mut(uuid) {
            leg.extension = Some((route.extension, route.actions.clone()));
            leg.plan = route.actions.into();
            leg.run = Run::Idle;
        }
        self.set_cs(uuid, Cs::Execute);
        self.run_next(uuid);
    }

    /// `transfer`, `uuid_transfer`: the leg leaves what it does and hunts again. `arguments` is
    /// `<number> [<dialplan> [<context>]]`.
    pub(crate) fn transfer(&mut self, uuid: &str, arguments: &str) {
        let (number, dialplan, context) = split_transfer(arguments);
        let source = format!("{}:{}:bl_xfer:", self.now / crate::clock::SECOND, self.rng.uuid());
        let now = self.now;
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        leg.plan.clear();
        leg.run = Run::Idle;
        leg.generation += 1;
        if dialplan.eq_ignore_ascii_case("inline") {
            leg.plan = split_outside_brackets(number, ',')
                .into_iter()
                .map(inline_action)
                .collect();
            leg.new_profile(now, format!("{source}{number}/{context}/inline"));
            number.clone_into(&mut leg.profile.destination);
            self.complete_app(uuid, "_none_");
            self.set_cs(uuid, Cs::Execute);
            self.run_next(uuid);
            return;
        }
        let context = if context.is_empty() {
            leg.profile.context.clone()
        } else {
            context.to_owned()
        };
        leg.new_profile(now, format!("{source}{number}/{context}/XML"));
        leg.other = None;
        let flipped = leg.flip_caller();
        number.clone_into(&mut leg.profile.destination);
        leg.profile.context = context;
        leg.profile.dialplan = "XML".into();
        // The profile changes first: EXECUTE_COMPLETE of `transfer` already shows the new number (trace 05d).
        self.complete_app(uuid, "_none_");
        if flipped {
            self.emit_with(uuid, "CALL_UPDATE", &[("Direction", "RECV")], &[]);
        }
        self.route(uuid);
    }

    /// The profile of a leg that is moved out of a bridge it leads changes before the bridge ends: UNBRIDGE shows
    /// the new number and no other leg (trace 09n).
    pub(crate) fn retarget(&mut self, uuid: &str, arguments: &str) {
        let (number, dialplan, context) = split_transfer(arguments);
        let Some(leg) = self.channels.get_mut(uuid).filter(|leg| leg.bridge_a) else {
            return;
        };
        if dialplan.eq_ignore_ascii_case("inline") {
            return;
        }
        leg.other = None;
        number.clone_into(&mut leg.profile.destination);
        if !context.is_empty() {
            context.clone_into(&mut leg.profile.context);
        }
    }

    /// A caller who was talking passes through RINGING although he stays answered (surprises 36).
    pub(crate) fn ring_again(&mut self, uuid: &str) {
        let answered_caller = self
            .channels
            .get(uuid)
            .is_some_and(|leg| leg.is_answered() && leg.direction == Direction::Inbound);
        if answered_caller {
            self.set_call_state(uuid, CallState::Ringing);
            self.set_call_state(uuid, CallState::Active);
        }
    }
}

fn inline_action(text: &str) -> Action {
    let (app, data) = text.split_once(':').unwrap_or((text, ""));
    Action::new(app.trim(), data.trim_matches('\''))
}

fn split_transfer(arguments: &str) -> (&str, &str, &str) {
    let arguments = arguments.trim();
    // `'app:arg with blanks' inline`
    if let Some(rest) = arguments.strip_prefix('\'')
        && let Some((number, after)) = rest.split_once('\'')
    {
        let mut words = after.split_whitespace();
        return (
            number,
            words.next().unwrap_or("XML"),
            words.next().unwrap_or_default(),
        );
    }
    let mut words = arguments.split_whitespace();
    let number = words.next().unwrap_or_default();
    (
        number,
        words.next().unwrap_or("XML"),
        words.next().unwrap_or_default(),
    )
}
