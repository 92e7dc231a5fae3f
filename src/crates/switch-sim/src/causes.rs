//! Hang-up causes: the names, their Q.850 numbers, and how SIP answers map to them (traces README,
//! facts.md §11, surprises 30).

/// A cause name and its number; causes of the switch itself have numbers above 127.
const CAUSES: &[(&str, u16)] = &[
    ("NONE", 0),
    ("UNALLOCATED_NUMBER", 1),
    ("NO_ROUTE_TRANSIT_NET", 2),
    ("NO_ROUTE_DESTINATION", 3),
    ("NORMAL_CLEARING", 16),
    ("USER_BUSY", 17),
    ("NO_USER_RESPONSE", 18),
    ("NO_ANSWER", 19),
    ("SUBSCRIBER_ABSENT", 20),
    ("CALL_REJECTED", 21),
    ("NUMBER_CHANGED", 22),
    ("DESTINATION_OUT_OF_ORDER", 27),
    ("INVALID_NUMBER_FORMAT", 28),
    ("FACILITY_REJECTED", 29),
    ("NORMAL_UNSPECIFIED", 31),
    ("NORMAL_CIRCUIT_CONGESTION", 34),
    ("NETWORK_OUT_OF_ORDER", 38),
    ("NORMAL_TEMPORARY_FAILURE", 41),
    ("SWITCH_CONGESTION", 42),
    ("BEARERCAPABILITY_NOTAVAIL", 58),
    ("INCOMPATIBLE_DESTINATION", 88),
    ("RECOVERY_ON_TIMER_EXPIRE", 102),
    ("PROTOCOL_ERROR", 111),
    ("INTERWORKING", 127),
    ("SUCCESS", 142),
    ("ORIGINATOR_CANCEL", 487),
    ("LOSE_RACE", 502),
    ("MANAGER_REQUEST", 503),
    ("BLIND_TRANSFER", 600),
    ("ATTENDED_TRANSFER", 601),
    ("ALLOTTED_TIMEOUT", 602),
    ("PICKED_OFF", 605),
    ("USER_NOT_REGISTERED", 606),
    ("PROGRESS_TIMEOUT", 607),
    ("INVALID_GATEWAY", 608),
    ("GATEWAY_DOWN", 609),
    ("INVALID_URL", 610),
    ("INVALID_PROFILE", 611),
    ("SYSTEM_SHUTDOWN", 501),
];

/// A hang-up cause, always one of the known names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cause(&'static str);

impl Cause {
    pub(crate) const NORMAL_CLEARING: Self = Self("NORMAL_CLEARING");
    pub(crate) const NO_ANSWER: Self = Self("NO_ANSWER");
    pub(crate) const NO_USER_RESPONSE: Self = Self("NO_USER_RESPONSE");
    pub(crate) const ORIGINATOR_CANCEL: Self = Self("ORIGINATOR_CANCEL");
    pub(crate) const LOSE_RACE: Self = Self("LOSE_RACE");
    pub(crate) const CALL_REJECTED: Self = Self("CALL_REJECTED");
    pub(crate) const USER_NOT_REGISTERED: Self = Self("USER_NOT_REGISTERED");
    pub(crate) const SUBSCRIBER_ABSENT: Self = Self("SUBSCRIBER_ABSENT");
    pub(crate) const INVALID_GATEWAY: Self = Self("INVALID_GATEWAY");
    pub(crate) const GATEWAY_DOWN: Self = Self("GATEWAY_DOWN");
    pub(crate) const NO_ROUTE_DESTINATION: Self = Self("NO_ROUTE_DESTINATION");
    pub(crate) const DESTINATION_OUT_OF_ORDER: Self = Self("DESTINATION_OUT_OF_ORDER");
    pub(crate) const SYSTEM_SHUTDOWN: Self = Self("SYSTEM_SHUTDOWN");
    pub(crate) const SUCCESS: Self = Self("SUCCESS");
    pub(crate) const CHAN_NOT_IMPLEMENTED: Self = Self("FACILITY_REJECTED");

    /// `NORMAL_CLEARING`, …
    pub(crate) fn name(self) -> &'static str {
        self.0
    }

    /// By name, any case.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        CAUSES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(known, _)| Self(known))
    }

    /// `hangup_cause_q850`: causes of the switch itself count as 16 (surprises 30).
    pub(crate) fn q850(self) -> u16 {
        let number = CAUSES
            .iter()
            .find(|(known, _)| *known == self.0)
            .map_or(16, |(_, number)| *number);
        if number > 127 { 16 } else { number }
    }

    /// What a SIP refusal becomes.
    pub(crate) fn from_sip(status: u16) -> Self {
        Self(match status {
            403 | 603 => "CALL_REJECTED",
            404 => "UNALLOCATED_NUMBER",
            408 => "RECOVERY_ON_TIMER_EXPIRE",
            480 => "NO_USER_RESPONSE",
            484 => "INVALID_NUMBER_FORMAT",
            486 => "USER_BUSY",
            487 => "ORIGINATOR_CANCEL",
            488 => "INCOMPATIBLE_DESTINATION",
            _ => "NORMAL_TEMPORARY_FAILURE",
        })
    }

    /// `DIALSTATUS` as mod_dptools names it.
    pub(crate) fn dial_status(self) -> &'static str {
        match self.0 {
            "SUCCESS" => "SUCCESS",
            "USER_BUSY" => "BUSY",
            "NO_ANSWER" => "NOANSWER",
            "ORIGINATOR_CANCEL" => "CANCEL",
            "UNALLOCATED_NUMBER" | "SUBSCRIBER_ABSENT" | "INVALID_GATEWAY" => "INVALIDARGS",
            "CALL_REJECTED" => "DONTCALL",
            other => other,
        }
    }
}

/// Reason phrase of a SIP refusal.
pub(crate) fn sip_phrase(status: u16) -> &'static str {
    match status {
        403 => "Forbidden",
        404 => "Not Found",
        480 => "Temporarily Unavailable",
        486 => "Busy Here",
        487 => "Request Terminated",
        503 => "Service Unavailable",
        603 => "Decline",
        _ => "Error",
    }
}

#[cfg(test)]
mod tests {
    use super::Cause;

    #[test]
    fn sip_answers_become_the_causes_of_the_traces() {
        let named = |status: u16| (Cause::from_sip(status).name(), Cause::from_sip(status).q850());
        assert_eq!(named(486), ("USER_BUSY", 17));
        assert_eq!(named(480), ("NO_USER_RESPONSE", 18));
        assert_eq!(named(603), ("CALL_REJECTED", 21));
        assert_eq!(named(404), ("UNALLOCATED_NUMBER", 1));
        assert_eq!(named(503), ("NORMAL_TEMPORARY_FAILURE", 41));
        assert_eq!(Cause::GATEWAY_DOWN.q850(), 16);
        assert_eq!(Cause::parse("user_busy"), Some(Cause("USER_BUSY")));
        assert_eq!(Cause::parse("nonsense"), None);
    }
}
