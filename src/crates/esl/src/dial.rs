//! Where a connection comes from: TCP, or whatever a test hands in.

use std::{io, net::SocketAddr, sync::Arc};

use futures_util::future::BoxFuture;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpSocket, TcpStream, lookup_host},
};

/// A byte stream to a switch.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Any such stream.
pub type BoxedStream = Box<dyn Stream>;

/// Makes a new connection each time it is called. The caller applies the time-out.
pub type Dialer = Arc<dyn Fn() -> BoxFuture<'static, io::Result<BoxedStream>> + Send + Sync>;

/// Connections to `host:port`, resolved each time: the address of a switch may change while it is away.
pub fn tcp(address: String) -> Dialer {
    Arc::new(move || {
        let address = address.clone();
        Box::pin(async move {
            let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
            for candidate in lookup_host(&address).await? {
                match connect(candidate).await {
                    Ok(stream) => return Ok(Box::new(stream) as BoxedStream),
                    Err(error) => last = error,
                }
            }
            Err(last)
        })
    })
}

/// Without delay, because commands are small; with keep-alive, because the switch sets none on inbound
/// sockets (`mod_event_socket.c` 2671-2672). HEARTBEAT and pings notice a dead peer long before it does.
async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_keepalive(true)?;
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
