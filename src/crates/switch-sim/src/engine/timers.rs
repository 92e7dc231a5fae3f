//! The ordered timer queue: what is due first happens first, equal times in the order of arming.

use super::Engine;
use crate::clock::{Micros, SECOND};
use crate::event::Str;

/// Something that happens later.
#[derive(Debug)]
pub(crate) enum Timer {
    Heartbeat,
    RegistrationSweep,
    Generator,
    /// The running application of a leg has had its time; the number is its generation.
    App {
        uuid: Str,
        generation: u64,
    },
    /// Far end of a leg.
    Far {
        uuid: Str,
        step: super::far::Step,
    },
    /// Caller A hears that B rings.
    RingBack {
        uuid: Str,
        early: bool,
    },
    /// `originate_timeout`, `call_timeout`.
    DialTimeout {
        dial: u64,
    },
    /// `[leg_timeout=]`.
    LegTimeout {
        uuid: Str,
    },
    /// mod_callcenter looks for agents.
    QueueTick,
    /// mod_callcenter looks after a waiting member.
    MemberCheck {
        member: String,
    },
    /// mod_callcenter notices that the agent's leg has ended.
    OfferEnd {
        offer: u64,
    },
    /// Hold music or a broadcast starts.
    OverlayStart {
        uuid: Str,
        file: String,
        is_hold_music: bool,
        application: String,
    },
    /// A broadcast file has been played.
    OverlayEnd {
        uuid: Str,
        ticket: u64,
    },
    /// A phone registers (again).
    Register {
        user: String,
    },
    /// A gateway is pinged or registers.
    GatewayState {
        name: String,
        step: u8,
    },
    /// `uuid_kill`.
    Kill {
        uuid: Str,
        cause: crate::causes::Cause,
    },
    /// `msleep`, by waiting command.
    Reply {
        waiting: u64,
        text: String,
    },
    /// A scripted digit or hang-up of an outside caller.
    Script {
        uuid: Str,
        step: usize,
    },
    /// IVR or digit collection waits for a key.
    DigitTimeout {
        uuid: Str,
        generation: u64,
    },
}

impl Engine {
    /// Arms a timer `delay` µs from now.
    pub(crate) fn after(&mut self, delay: Micros, timer: Timer) {
        let key = (self.now + delay, self.id());
        self.timers.insert(key, timer);
    }

    /// When the next timer is due.
    pub(crate) fn next_timer(&self) -> Option<Micros> {
        self.timers.keys().next().map(|(at, _)| *at)
    }

    /// Runs the earliest timer that is due at `now`; false when none is.
    pub(crate) fn fire_one(&mut self) -> bool {
        let Some(entry) = self.timers.first_entry() else {
            return false;
        };
        if entry.key().0 > self.now {
            return false;
        }
        let timer = entry.remove();
        self.fire_timer(timer);
        true
    }

    fn fire_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Heartbeat => {
                self.emit_heartbeat();
                self.after(self.config.heartbeat.as_micros() as Micros, Timer::Heartbeat);
            }
            Timer::RegistrationSweep => {
                self.sweep_registrations();
                self.after(30 * SECOND, Timer::RegistrationSweep);
            }
            Timer::Generator => self.generate_call(),
            Timer::App { uuid, generation } => {
                if self
                    .channels
                    .get(&uuid)
                    .is_some_and(|leg| leg.generation == generation && !leg.ended)
                {
                    self.app_time_is_up(&uuid);
                }
            }
            Timer::DigitTimeout { uuid, generation } => {
                if self
                    .channels
                    .get(&uuid)
                    .is_some_and(|leg| leg.generation == generation && !leg.ended)
                {
                    self.digit_timeout(&uuid);
                }
            }
            Timer::Far { uuid, step } => self.far_step(&uuid, step),
            Timer::RingBack { uuid, early } => self.ring_back(&uuid, early),
            Timer::DialTimeout { dial } => self.dial_timed_out(dial),
            Timer::LegTimeout { uuid } => self.leg_timed_out(&uuid),
            Timer::QueueTick => self.queue_tick(),
            Timer::MemberCheck { member } => self.check_member(&member),
            Timer::OfferEnd { offer } => self.offer_ended(offer),
            Timer::OverlayStart {
                uuid,
                file,
                is_hold_music,
                application,
            } => {
                self.start_overlay(&uuid, file, is_hold_music, application);
            }
            Timer::OverlayEnd { uuid, ticket } => self.overlay_time_is_up(&uuid, ticket),
            Timer::Register { user } => self.register_phone(&user, None),
            Timer::GatewayState { name, step } => self.gateway_step(&name, step),
            Timer::Reply { waiting, text } => {
                if let Some(waiting) = self.waiting.remove(&waiting) {
                    self.finish(&waiting, text);
                }
            }
            Timer::Kill { uuid, cause } => self.hangup_by_switch(&uuid, cause),
            Timer::Script { uuid, step } => self.script_step(&uuid, step),
        }
    }
}
