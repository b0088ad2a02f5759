//! DNS rebinding, as a browser sees it: a name and a port that answer as one server, then as
//! another, while the page of the first is still open.

use super::Outcome;
use std::net::SocketAddr;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A listener that hands its connections on to the target of the moment.
pub struct Rebinding {
    address: SocketAddr,
    target: watch::Sender<SocketAddr>,
    task: JoinHandle<()>,
}

impl Rebinding {
    /// Listens on a free port of 127.0.0.1, for now in front of `first`.
    ///
    /// # Errors
    ///
    /// When no port is free.
    pub async fn start(first: SocketAddr) -> Outcome<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (target, targets) = watch::channel(first);
        let task = tokio::spawn(accept(listener, targets));
        Ok(Self { address, target, task })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The name points elsewhere from now on: connections to the old target are cut.
    pub fn rebind(&self, second: SocketAddr) {
        self.target.send_replace(second);
    }
}

impl Drop for Rebinding {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, targets: watch::Receiver<SocketAddr>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(splice(stream, targets.clone()));
    }
}

async fn splice(mut outer: TcpStream, mut targets: watch::Receiver<SocketAddr>) {
    let target = *targets.borrow_and_update();
    let Ok(mut inner) = TcpStream::connect(target).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut outer, &mut inner) => {}
        _ = targets.changed() => {}
    }
}
