//! Digest authentication (RFC 2617 without qop), as phones and the directory use it.

use md5::{Digest, Md5};

fn md5(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(32);
    for byte in Md5::digest(text.as_bytes()) {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// `a1-hash` of the directory.
pub(crate) fn a1(user: &str, realm: &str, password: &str) -> String {
    md5(&format!("{user}:{realm}:{password}"))
}

/// The response to a challenge.
pub(crate) fn response(a1: &str, method: &str, uri: &str, nonce: &str) -> String {
    let a2 = md5(&format!("{method}:{uri}"));
    md5(&format!("{a1}:{nonce}:{a2}"))
}

/// The response that a phone with this password sends.
pub(crate) fn response_of_password(
    user: &str,
    realm: &str,
    password: &str,
    method: &str,
    uri: &str,
    nonce: &str,
) -> String {
    response(&a1(user, realm, password), method, uri, nonce)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_hash_is_that_of_the_rfc() {
        assert_eq!(
            super::a1("Mufasa", "testrealm@host.com", "Circle Of Life"),
            "939e7578ed9e3c518a452acee763bce9"
        );
    }
}
