//! Readers for XML answers of the switch.

use quick_xml::Reader;
use quick_xml::events::Event;

/// A gateway as `sofia xmlstatus gateway` shows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GatewayStatus {
    /// Name.
    pub name: String,
    /// Registration state: `NOREG`, `REGED`, `FAIL_WAIT`, …
    pub state: String,
    /// `UP` or `DOWN`; of a gateway without registration only this tells its health (surprises.md 54).
    pub status: String,
    /// Milliseconds of the last ping, 0 without.
    pub ping_ms: f64,
    /// Calls in.
    pub calls_in: u64,
    /// Calls out.
    pub calls_out: u64,
    /// Failed calls in.
    pub failed_in: u64,
    /// Failed calls out.
    pub failed_out: u64,
}

/// The answer is no status document, for instance `Invalid Gateway!` (surprises.md 55).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no gateway status: {0}")]
pub struct ReadError(String);

/// Reads the gateways out of `sofia xmlstatus gateway` or `sofia xmlstatus gateway NAME`. Unknown elements
/// are skipped.
pub fn gateways(xml: &str) -> Result<Vec<GatewayStatus>, ReadError> {
    let mut reader = Reader::from_str(xml.trim_start());
    let mut found = Vec::new();
    let mut current: Option<GatewayStatus> = None;
    let mut field = String::new();
    let mut text = String::new();
    let mut is_xml = false;
    loop {
        match reader
            .read_event()
            .map_err(|error| ReadError(error.to_string()))?
        {
            Event::Start(start) => {
                is_xml = true;
                start.name().as_ref().clone_into(&mut field);
                text.clear();
                if field == "gateway" {
                    current = Some(GatewayStatus::default());
                }
            }
            Event::Text(piece) => text.push_str(&piece),
            Event::End(end) if end.name().as_ref() == "gateway" => found.extend(current.take()),
            Event::End(end) => {
                if let Some(gateway) = current.as_mut().filter(|_| end.name().as_ref() == field) {
                    set(gateway, &field, text.trim());
                }
                text.clear();
            }
            Event::Eof if is_xml => return Ok(found),
            Event::Eof => return Err(ReadError(xml.chars().take(80).collect())),
            _ => {}
        }
    }
}

fn set(gateway: &mut GatewayStatus, field: &str, text: &str) {
    let number = || text.parse().unwrap_or_default();
    match field {
        "name" => text.clone_into(&mut gateway.name),
        "state" => text.clone_into(&mut gateway.state),
        "status" => text.clone_into(&mut gateway.status),
        "pingtime" => gateway.ping_ms = text.parse().unwrap_or_default(),
        "calls-in" => gateway.calls_in = number(),
        "calls-out" => gateway.calls_out = number(),
        "failed-calls-in" => gateway.failed_in = number(),
        "failed-calls-out" => gateway.failed_out = number(),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GW1: &str = include_str!("../../../../tests/fixtures/traces/api/sofia-xmlstatus-gateway-gw1.xml");
    const GW2: &str = include_str!("../../../../tests/fixtures/traces/api/sofia-xmlstatus-gateway-gw2.xml");

    #[test]
    fn the_recorded_answers_are_read() {
        let gw1 = &gateways(GW1).unwrap()[0];
        assert_eq!(
            (gw1.name.as_str(), gw1.state.as_str(), gw1.status.as_str()),
            ("gw1", "NOREG", "UP")
        );
        assert_eq!((gw1.calls_out, gw1.failed_out), (22, 12));
        assert!((gw1.ping_ms - 0.49).abs() < 1e-9);
        assert_eq!(gateways(GW2).unwrap()[0].state, "REGED");
    }

    #[test]
    fn a_text_answer_is_an_error_and_not_an_empty_list() {
        assert!(gateways("Invalid Gateway!\n").is_err());
        assert!(gateways("").is_err());
        assert_eq!(gateways("<gateways>\n</gateways>").unwrap(), []);
    }
}
