//! The live connection over a real port, as a browser uses it. What is said on it is tested beside the code, with a
//! clock that stands still.

use std::net::SocketAddr;

use cordboard::realtime::{hub::Row, topic::Topic};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _},
};

use crate::support::TestApp;

struct Browser(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Browser {
    async fn open(address: SocketAddr, origin: Option<&str>) -> Result<Self, Error> {
        let mut request = format!("ws://{address}/api/v1/ws").into_client_request()?;
        if let Some(origin) = origin {
            request
                .headers_mut()
                .insert("origin", origin.parse().expect("a header"));
        }
        Ok(Self(connect_async(request).await?.0))
    }

    async fn say(&mut self, frame: &Value) {
        self.0.send(Message::text(frame.to_string())).await.expect("sent");
    }

    /// The next text frame; `None` when the server has closed.
    async fn hear(&mut self) -> Option<Value> {
        loop {
            match self.0.next().await?.ok()? {
                Message::Text(text) => return Some(serde_json::from_str(&text).expect("JSON")),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }
}

/// Serves the application on a free port of the loopback.
async fn serve(app: &TestApp) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let service = app.router().into_make_service_with_connect_info::<SocketAddr>();
    #[expect(clippy::disallowed_methods, reason = "a test has no supervisor")]
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

#[tokio::test]
async fn a_console_says_hello_follows_a_topic_and_is_told_when_the_server_stops() {
    let app = TestApp::new().await;
    let token = app.agent().await;
    let address = serve(&app).await;
    let mut browser = Browser::open(address, Some(&format!("http://{address}")))
        .await
        .expect("open");
    browser.say(&json!({"type": "hello", "token": token})).await;
    let welcome = browser.hear().await.expect("a welcome");
    assert_eq!(welcome["type"], "welcome");
    assert_eq!(welcome["epoch"], app.state.hub.epoch().to_string());

    browser.say(&json!({"type": "subscribe", "topic": "calls"})).await;
    assert_eq!(browser.hear().await.expect("a refusal")["code"], "auth.forbidden");
    browser
        .say(&json!({"type": "subscribe", "topic": "system"}))
        .await;
    let snapshot = browser.hear().await.expect("a snapshot");
    assert_eq!(snapshot["type"], "snapshot");
    let row = Row::new("x", &json!({"id": "x"})).expect("serialises");
    let at = chrono::DateTime::UNIX_EPOCH;
    app.state.hub.publish(&Topic::System, at, vec![row], &[]);
    let delta = browser.hear().await.expect("a delta");
    assert_eq!(delta["seq"].as_u64(), snapshot["seq"].as_u64().map(|seq| seq + 1));

    let listening = async {
        let goodbye = browser.hear().await.expect("a goodbye");
        assert_eq!(
            (goodbye["type"].as_str(), goodbye["code"].as_str()),
            (Some("goodbye"), Some("going_away"))
        );
        assert!(browser.hear().await.is_none());
    };
    tokio::join!(app.state.sockets.close_all(), listening);
}

#[tokio::test]
async fn a_wrong_token_and_one_that_must_change_the_password_are_sent_away() {
    let app = TestApp::new().await;
    app.add_user("new", |user| user.must_change_password = sea_orm::Set(true))
        .await;
    let new = app.sign_in("new").await;
    let address = serve(&app).await;
    for (token, code) in [
        ("forged", "auth.invalid_token"),
        (&new, "auth.password_change_required"),
    ] {
        let mut browser = Browser::open(address, None).await.expect("open");
        browser.say(&json!({"type": "hello", "token": token})).await;
        assert_eq!(browser.hear().await.expect("a goodbye")["code"], code);
        assert!(browser.hear().await.is_none());
    }
}

#[tokio::test]
async fn pages_of_others_and_one_console_too_many_are_not_let_in() {
    let app = TestApp::with(&[("server.max_sockets", "1")]).await;
    let address = serve(&app).await;
    let refused = async |origin| match Browser::open(address, origin).await {
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
        Ok(_) => 101,
    };
    assert_eq!(refused(Some("http://evil.example")).await, 403);
    let _first = Browser::open(address, None).await.expect("open");
    assert_eq!(refused(None).await, 503);
}
