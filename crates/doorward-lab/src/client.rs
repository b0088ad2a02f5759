//! The lab's own client: programs of scenarios and the attacker's desk.
//!
//! It calls the scenarios' listeners and nobody else: an address is looked up in the lab's own
//! table, no resolver is asked, and no redirect is followed.

use crate::net::Authority;
use crate::sites::Sites;
use crate::wire::Peers;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpSocket;
use tokio_rustls::TlsConnector;
use url::Url;

/// Bytes of an answer that are read, at most.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there was no answer.
#[derive(Debug, Error)]
pub enum CallError {
    /// Somebody else's address.
    #[error("{0} is none of the lab's own sites: the lab calls nobody else")]
    NotOurs(String),
    /// Something that is no request.
    #[error("this cannot be sent: {0}")]
    NotARequest(String),
    /// The connection broke.
    #[error("there was no answer")]
    Broken(#[source] io::Error),
    /// It took too long.
    #[error("there was no answer in time")]
    TooSlow,
}

/// What is to be sent.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// The method.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// The headers, in their order, each as often as it stands here.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The headers, in their order.
    pub headers: Vec<(String, String)>,
    /// The body, as far as it is read.
    pub body: Vec<u8>,
}

/// A client. One is enough for all calls; each connection is used by one caller alone.
#[derive(Clone)]
pub(crate) struct Client {
    peers: Arc<Peers>,
    tls: Option<TlsConnector>,
}

/// A connection to one of the sites.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    port: u16,
    peers: Arc<Peers>,
}

impl Client {
    pub(crate) fn new(
        peers: Arc<Peers>,
        authority: Option<&Authority>,
    ) -> Result<Self, rustls::Error> {
        let tls = authority.map(connector).transpose()?;
        Ok(Self { peers, tls })
    }

    /// Sends one request from this machine's own address.
    pub(crate) async fn call(&self, sites: &Sites, call: &Call) -> Result<Answered, CallError> {
        let called = async {
            let mut connection = self.connect(sites, &call.url, None).await?;
            connection.send(call).await
        };
        tokio::time::timeout(PATIENCE, called).await.unwrap_or(Err(CallError::TooSlow))
    }

    /// Opens a connection to the site of an address; whoever is called takes it for one from
    /// `pretend`.
    pub(crate) async fn connect(
        &self,
        sites: &Sites,
        url: &str,
        pretend: Option<IpAddr>,
    ) -> Result<Connection, CallError> {
        let not_ours = || CallError::NotOurs(url.to_owned());
        let parsed = Url::parse(url).map_err(|_| not_ours())?;
        let port = parsed.port_or_known_default().ok_or_else(not_ours)?;
        let host = parsed.host_str().ok_or_else(not_ours)?;
        let scheme = if sites.tls { "https" } else { "http" };
        let to = sites.socket(host, port).filter(|_| parsed.scheme() == scheme);
        let to = to.ok_or_else(not_ours)?;
        let (port, stream) = self.dial(to, pretend).await.map_err(CallError::Broken)?;
        let sender = match &self.tls {
            None => handshake(stream).await,
            Some(tls) => match ServerName::try_from(host.to_owned()) {
                Ok(name) => match tls.connect(name, stream).await {
                    Ok(stream) => handshake(stream).await,
                    Err(error) => Err(error),
                },
                Err(_) => return Err(not_ours()),
            },
        };
        let sender = sender.map_err(CallError::Broken)?;
        Ok(Connection { sender, port, peers: Arc::clone(&self.peers) })
    }

    async fn dial(
        &self,
        to: SocketAddr,
        pretend: Option<IpAddr>,
    ) -> io::Result<(u16, tokio::net::TcpStream)> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let port = socket.local_addr()?.port();
        if let Some(address) = pretend {
            // Said before anybody can ask.
            self.peers.put(port, address);
        }
        let stream = socket.connect(to).await?;
        stream.set_nodelay(true)?;
        Ok((port, stream))
    }
}

impl Connection {
    /// Sends a request and reads its answer.
    pub(crate) async fn send(&mut self, call: &Call) -> Result<Answered, CallError> {
        let request = request(call)?;
        let broken = |error| CallError::Broken(io::Error::other(error));
        self.sender.ready().await.map_err(broken)?;
        let response = self.sender.send_request(request).await.map_err(broken)?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        // What is longer is not read on.
        let body = body.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
        let headers = crate::wire::shown(&head.headers);
        Ok(Answered { status: head.status.as_u16(), headers, body })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.peers.remove(self.port);
    }
}

async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> io::Result<SendRequest<Full<Bytes>>> {
    let mut builder = http1::Builder::new();
    builder.preserve_header_case(true);
    let (sender, connection) =
        builder.handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    // It ends with its sender, or when the other side closes it.
    tokio::spawn(connection);
    Ok(sender)
}

fn request(call: &Call) -> Result<Request<Full<Bytes>>, CallError> {
    let no = |what: &str| CallError::NotARequest(what.to_owned());
    let url = Url::parse(&call.url).map_err(|_| no("the address"))?;
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let uri: Uri = target.parse().map_err(|_| no("the path"))?;
    let method = Method::from_bytes(call.method.as_bytes()).map_err(|_| no("the method"))?;
    let mut headers = HeaderMap::new();
    for (name, value) in &call.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| no(name))?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| no(name.as_str()))?;
        headers.append(name, value);
    }
    if !headers.contains_key("host") {
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        headers.insert("host", HeaderValue::from_str(host).map_err(|_| no("the host"))?);
    }
    let mut request = Request::new(Full::new(Bytes::from(call.body.clone())));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(request)
}

fn connector(authority: &Authority) -> Result<TlsConnector, rustls::Error> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.certificate())?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
