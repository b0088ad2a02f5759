//! A shared cache, as RFC 9111 has it: what a CDN before an API does.
//!
//! It keeps what may be kept, for as long as it may, and tells answers apart by `Vary` and by
//! nothing else. Like many, it is told to leave one parameter out of its keys: the lab's mark.

mod shelf;

pub use shelf::Shelf;

use crate::net::{Body, Bound, Serving, empty, serve, whole};
use crate::wire::Tap;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Bytes of an answer that is kept, at most; nothing of the lab's that may be kept is larger.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// A running cache. Dropped, it stops.
pub(crate) struct Cache {
    address: SocketAddr,
    shelf: Arc<Mutex<Shelf>>,
    _serving: Serving,
}

impl Cache {
    /// Listens on a free port; what is not on the shelf is fetched through `behind`.
    pub(crate) async fn start(behind: Arc<Tap>) -> io::Result<Self> {
        let bound = Bound::near(0).await?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, bound.port()));
        let shelf = Arc::<Mutex<Shelf>>::default();
        let own = Arc::clone(&shelf);
        let serving = serve(bound, None, move |peer| {
            let (shelf, visitor) = (Arc::clone(&own), behind.visitor(peer));
            move |request| {
                let (shelf, visitor) = (Arc::clone(&shelf), visitor.clone());
                async move { answer(&shelf, request, |request| visitor.pass(request)).await }
            }
        });
        Ok(Self { address, shelf, _serving: serving })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.shelf.lock().unwrap_or_else(PoisonError::into_inner) = Shelf::default();
    }
}

async fn answer<F>(
    shelf: &Mutex<Shelf>,
    request: Request<Incoming>,
    fetch: impl FnOnce(Request<Incoming>) -> F,
) -> Response<Body>
where
    F: Future<Output = Response<Body>>,
{
    let (head, body) = request.into_parts();
    let found = {
        let shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.look_up(&head, SystemTime::now())
    };
    if let Some((answer, bytes)) = found {
        return Response::from_parts(answer, whole(bytes));
    }
    let response = fetch(Request::from_parts(head.clone(), body)).await;
    let (answer, body) = response.into_parts();
    if !Shelf::may_keep(&head, &answer) {
        return Response::from_parts(answer, body);
    }
    match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(collected) => {
            let bytes = collected.to_bytes();
            let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
            shelf.keep(&head, &answer, bytes.clone(), SystemTime::now());
            Response::from_parts(answer, whole(bytes))
        }
        Err(_) => {
            let mut broken = Response::new(empty());
            *broken.status_mut() = StatusCode::BAD_GATEWAY;
            broken
        }
    }
}
