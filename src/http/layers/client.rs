//! Where a request comes from.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
};

use crate::boot::state::AppState;

/// Longest `User-Agent` that is kept.
const USER_AGENT_LIMIT: usize = 250;

/// Address and browser of the caller.
#[derive(Clone, Debug)]
pub struct Client {
    /// The caller's address; behind a trusted proxy, the one that it forwards.
    pub ip: IpAddr,
    /// What the browser says it is, shortened.
    pub user_agent: String,
}

impl FromRequestParts<AppState> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let peer = peer(parts.extensions.get::<ConnectInfo<SocketAddr>>());
        Ok(Self::new(
            peer,
            &parts.headers,
            &state.config.server.trusted_proxies,
        ))
    }
}

impl Client {
    /// Reads the caller from peer and headers.
    pub fn new(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> Self {
        let user_agent = headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("");
        Self {
            ip: forwarded(peer, headers, trusted).unwrap_or(peer),
            user_agent: user_agent
                .chars()
                .filter(|c| !c.is_control())
                .take(USER_AGENT_LIMIT)
                .collect(),
        }
    }
}

/// The other end of the connection.
pub fn peer(info: Option<&ConnectInfo<SocketAddr>>) -> IpAddr {
    info.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| {
        info.0.ip().to_canonical()
    })
}

/// Each proxy appends the address it was called from, so the list is believed from its end, as long as the
/// speaker is a proxy that we trust.
fn forwarded(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> Option<IpAddr> {
    if !trusted.contains(&peer) {
        return None;
    }
    let hops = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = hops.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut last = None;
    for hop in hops.iter().rev() {
        let ip: IpAddr = hop.parse().ok()?;
        last = Some(ip);
        if !trusted.contains(&ip) {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen_as(peer: &str, header: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", header.parse().expect("header"));
        let trusted = ["10.0.0.1".parse().expect("ip"), "10.0.0.2".parse().expect("ip")];
        Client::new(peer.parse().expect("ip"), &headers, &trusted)
            .ip
            .to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(seen_as("192.0.2.9", "198.51.100.1"), "192.0.2.9");
        assert_eq!(seen_as("10.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(
            seen_as("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2"),
            "198.51.100.1"
        );
        assert_eq!(seen_as("10.0.0.1", "nonsense"), "10.0.0.1");
    }
}
