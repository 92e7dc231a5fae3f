//! Identifiers. All of them can be computed from what the switch says, so that an event, a call record, a resync and
//! a restarted process arrive at the same id without asking anybody.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Declares a transparent uuid newtype.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

uuid_id!(
    /// A leg: the switch's own `Unique-ID` of the channel.
    LegId
);
uuid_id!(
    /// A call: a version 7 uuid computed from its first leg, see [`CallId::derive`].
    CallId
);
uuid_id!(
    /// One stay of one caller in one queue, see [`VisitId::derive`].
    VisitId
);
uuid_id!(
    /// One offer of a waiting caller to one agent, see [`OfferId::derive`].
    OfferId
);
uuid_id!(
    /// One recording file of one leg, see [`RecordingId::derive`].
    RecordingId
);
uuid_id!(
    /// One entry of a call's time line, see [`EntryId::derive`].
    EntryId
);

/// A voice server; the key of the row in `voice_servers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerId(pub i64);

impl std::fmt::Display for ServerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl LegId {
    /// Reads the name of a channel. `None` for a name that is no uuid: `origination_uuid` is not checked by the
    /// switch, so a channel may be called `bad` (surprises 40).
    pub fn parse(name: &str) -> Option<Self> {
        // The hyphenated form only: the switch writes no other, and the other forms would let `uuid_kill` miss.
        (name.len() == 36)
            .then(|| Uuid::try_parse(name).ok())
            .flatten()
            .map(Self)
    }
}

impl CallId {
    /// The id of the call that begins with `first_leg`, created at `created_at` by the switch's clock
    /// (`Caller-Channel-Created-Time`, `start_uepoch`). Sorts by time to the millisecond.
    pub fn derive(first_leg: LegId, created_at: DateTime<Utc>) -> Self {
        let millis = (created_at.timestamp_millis().max(0) as u128) & 0xffff_ffff_ffff;
        let hash = Hash128::new("call").uuid(first_leg.0).finish();
        Self(stamp((millis << 80) | (hash & 0xffff_ffff_ffff_ffff_ffff), 7))
    }
}

impl VisitId {
    /// Of the member *and* the session: a resumed visit reuses the member uuid of the abandoned one
    /// (surprises 66), and a transferred caller has two members with one session (surprises 67).
    pub fn derive(member: Uuid, session: LegId) -> Self {
        Self(stamp(
            Hash128::new("visit").uuid(member).uuid(session.0).finish(),
            8,
        ))
    }
}

impl OfferId {
    /// Of the visit, the agent and the second at which the switch offered.
    pub fn derive(visit: VisitId, agent: &str, at: DateTime<Utc>) -> Self {
        let hash = Hash128::new("offer")
            .uuid(visit.0)
            .text(agent)
            .number(at.timestamp_micros());
        Self(stamp(hash.finish(), 8))
    }
}

impl RecordingId {
    /// Of the leg that records and the path of the file as the switch sees it.
    pub fn derive(leg: LegId, path: &str) -> Self {
        Self(stamp(
            Hash128::new("recording").uuid(leg.0).text(path).finish(),
            8,
        ))
    }
}

impl EntryId {
    /// Of the subject (leg or call), the kind and the instant: the same fact told twice is the same entry.
    pub fn derive(subject: Uuid, kind: &str, at: DateTime<Utc>, discriminator: &str) -> Self {
        let hash = Hash128::new("entry")
            .uuid(subject)
            .text(kind)
            .number(at.timestamp_micros());
        Self(stamp(hash.text(discriminator).finish(), 8))
    }
}

/// Stamps version and RFC 9562 variant over whatever bits are there.
fn stamp(bits: u128, version: u8) -> Uuid {
    let mut bytes = bits.to_be_bytes();
    bytes[6] = (bytes[6] & 0x0f) | (version << 4);
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    Uuid::from_bytes(bytes)
}

/// FNV-1a over 128 bits: stable for ever, which `std::hash` does not promise. Not a secret, only a name.
struct Hash128(u128);

impl Hash128 {
    fn new(domain: &str) -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d).text(domain)
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        for byte in bytes {
            self.0 ^= u128::from(*byte);
            self.0 = self.0.wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
        self
    }

    fn uuid(self, id: Uuid) -> Self {
        self.bytes(id.as_bytes())
    }

    /// Length first, so that neighbouring texts cannot run into each other.
    fn text(self, text: &str) -> Self {
        self.number(text.len() as i64).bytes(text.as_bytes())
    }

    fn number(self, number: i64) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    fn finish(self) -> u128 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(micros).unwrap()
    }

    #[test]
    fn a_call_id_sorts_by_time_and_is_a_version_7_uuid() {
        let leg = LegId::parse("bb9737a4-354e-4a31-b0f5-26f428152499").unwrap();
        let early = CallId::derive(leg, at(1_795_366_168_871_285));
        let late = CallId::derive(leg, at(1_795_366_168_872_285));
        assert_eq!(early.0.get_version_num(), 7);
        assert!(early < late);
        assert_eq!(
            early,
            CallId::derive(leg, at(1_795_366_168_871_999)),
            "microseconds do not matter"
        );
    }

    #[test]
    fn ids_are_stable_for_ever() {
        let leg = LegId::parse("bb9737a4-354e-4a31-b0f5-26f428152499").unwrap();
        let call = CallId::derive(leg, at(1_795_366_168_871_285));
        assert_eq!(call.to_string(), "01a20429-a927-745b-b5f0-d59082f56ef3");
    }

    #[test]
    fn a_resumed_member_is_another_visit() {
        let member = Uuid::from_u128(1);
        let (first, second) = (LegId(Uuid::from_u128(2)), LegId(Uuid::from_u128(3)));
        assert_ne!(VisitId::derive(member, first), VisitId::derive(member, second));
    }

    #[test]
    fn a_channel_whose_name_is_no_uuid_has_no_leg_id() {
        assert_eq!(LegId::parse("bad"), None);
        assert_eq!(LegId::parse("bb9737a4354e4a31b0f526f428152499"), None);
    }
}
