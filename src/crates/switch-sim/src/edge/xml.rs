//! mod_xml_curl: one POST per lookup, Basic auth sent at once, no retry, a new connection each time.

use crate::config::{HttpTarget, XmlSource};

/// A client as the switch's own: no keep-alive, nothing followed.
pub(crate) fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .user_agent("freeswitch-xml/1.0")
        .pool_max_idle_per_host(0)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
}

/// Any status but 200, an error or a time-out is "no answer" (facts.md §1).
pub(crate) async fn lookup(
    source: XmlSource,
    client: reqwest::Client,
    form: Vec<(String, String)>,
) -> Option<String> {
    match source {
        XmlSource::Nobody => None,
        XmlSource::Local(answer) => answer(&form),
        XmlSource::Http(target) => post(&target, &client, &form).await,
    }
}

async fn post(target: &HttpTarget, client: &reqwest::Client, form: &[(String, String)]) -> Option<String> {
    let request = client
        .post(&target.url)
        .basic_auth(&target.user, Some(target.password.expose()))
        .timeout(target.timeout)
        .form(form);
    match request.send().await {
        Ok(response) if response.status() == reqwest::StatusCode::OK => response.text().await.ok(),
        Ok(response) => {
            tracing::warn!(status = response.status().as_u16(), "xml lookup refused");
            None
        }
        Err(error) => {
            tracing::warn!(error = %error.without_url(), "xml lookup failed");
            None
        }
    }
}
