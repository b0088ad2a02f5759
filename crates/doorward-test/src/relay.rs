//! A network between a gate and its store that can be made slow, or cut.

use crate::browser::Outcome;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

/// What becomes of bytes on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// They arrive.
    Whole,
    /// They arrive later by so much, on their way back.
    Slow(Duration),
    /// They never arrive, and nobody is told: connections stay open.
    Cut,
}

/// A free port whose connections lead to a server.
pub struct Relay {
    /// The port.
    pub port: u16,
    network: Arc<watch::Sender<Network>>,
}

impl Relay {
    /// To the server at a socket.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn to(socket: &Path) -> Outcome<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let network = Arc::new(watch::Sender::new(Network::Whole));
        let (seen, socket) = (Arc::clone(&network), socket.to_owned());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass_on(stream, socket.clone(), seen.subscribe()));
            }
        });
        Ok(Self { port, network })
    }

    /// Makes it so, for connections that stand too.
    pub fn make(&self, network: Network) {
        self.network.send_replace(network);
    }
}

async fn pass_on(
    stream: tokio::net::TcpStream,
    socket: PathBuf,
    network: watch::Receiver<Network>,
) {
    let (from_client, to_client) = stream.into_split();
    if flows(&mut network.clone()).await.is_none() {
        return;
    }
    let Ok(server) = UnixStream::connect(socket).await else { return };
    let (from_server, to_server) = server.into_split();
    tokio::join!(
        one_way(from_client, to_server, network.clone(), false),
        one_way(from_server, to_client, network, true),
    );
}

/// Passes bytes on in one direction, until either end is gone.
async fn one_way(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    network: watch::Receiver<Network>,
    is_back: bool,
) {
    // What is on its way: each part with the time at which it was sent.
    let (send, mut arrive) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let sending = async move {
        let mut bytes = [0; 16 * 1024];
        while let Ok(read @ 1..) = from.read(&mut bytes).await {
            if send.send((Instant::now(), bytes[..read].to_vec())).is_err() {
                return;
            }
        }
    };
    let mut now = network.clone();
    let arriving = async move {
        while let Some((sent, bytes)) = arrive.recv().await {
            let Some(network) = flows(&mut now).await else { return };
            if let (Network::Slow(by), true) = (network, is_back) {
                sleep_until(sent + by).await;
            }
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        // Either of them may go.
        let _ = to.shutdown().await;
    };
    tokio::join!(sending, arriving);
}

/// Waits until bytes arrive at all; none where nobody is left to say so.
async fn flows(network: &mut watch::Receiver<Network>) -> Option<Network> {
    let flowing = network.wait_for(|network| *network != Network::Cut).await;
    flowing.ok().map(|network| *network)
}
