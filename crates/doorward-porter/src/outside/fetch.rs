//! One bounded look at an address: resolved once, checked, connected to what was checked, asked
//! once, and read up to a limit; no redirect, no proxy, no compression.

use super::address::{self, Kind, Meant};
use super::fetch_error::{FetchError, Why};
use super::roots::Roots;
use bytes::Bytes;
use doorward_core::layers::identity::{ANSWER_BYTES_MAX, AskUrl, KEY_SET_BYTES_MAX, KeysUrl};
use doorward_core::remote::RemoteAt;
use doorward_store::remote::Stream;
use http::request::Builder;
use http::{Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::ServerName;

/// Bytes of an answer's head at the most; also what is read ahead of its body.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Header lines of an answer at the most.
const HEADERS_MAX: usize = 64;
/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 4;
/// Milliseconds for one of several addresses.
const CONNECT_MS_MAX: u64 = 1_500;
/// Letters of another's text that are repeated in a message.
const REPEATED_LETTERS_MAX: usize = 120;

/// Where names lead.
#[derive(Clone, Debug, Default)]
pub enum Names {
    /// Where the machine's resolver says.
    #[default]
    System,
    /// Where this list says, in lower case, and nowhere else: for tests.
    Fixed(Vec<(String, Vec<IpAddr>)>),
}

impl Names {
    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<IpAddr>, Why> {
        match self {
            Self::System => {
                let found = tokio::net::lookup_host((host, port)).await;
                let found = found.map_err(|error| Why::Name(error.to_string()))?;
                Ok(found.map(|address| address.ip()).collect())
            }
            Self::Fixed(list) => {
                let found = list.iter().find(|(name, _)| name == host);
                let unknown = || Why::Name("it is not in the list".to_owned());
                found.map(|(_, addresses)| addresses.clone()).ok_or_else(unknown)
            }
        }
    }
}

/// Fetches. Keeps nothing between two fetches: the roots on disk may have changed.
#[derive(Clone, Debug)]
pub(super) struct Fetcher {
    pub(super) names: Names,
    pub(super) roots: Roots,
    pub(super) ms_max: u64,
}

impl Fetcher {
    /// The bytes of an issuer's keys.
    pub(super) async fn fetch(&self, url: &KeysUrl) -> Result<Vec<u8>, FetchError> {
        let deadline = Duration::from_millis(self.ms_max);
        let fetched = timeout(deadline, self.keys(url)).await;
        let fetched = fetched.unwrap_or(Err(Why::TooSlow(self.ms_max)));
        fetched.map_err(|why| FetchError { from: shown(&url.url), why })
    }

    async fn keys(&self, url: &KeysUrl) -> Result<Vec<u8>, Why> {
        let place = Place::parse(&url.url, url.is_private)?;
        let request = place.request(Request::get(place.target.as_str()));
        let request = request.header(header::ACCEPT, "application/jwk-set+json, application/json");
        let answer = self.look(&place, request.body(Full::default())).await?;
        if answer.status.is_redirection() {
            let to = answer.location.unwrap_or_else(|| "nowhere".to_owned());
            return Err(Why::Redirect(answer.status.as_u16(), to));
        }
        if answer.status != StatusCode::OK {
            return Err(Why::Status(answer.status.as_u16()));
        }
        Ok(answer.body)
    }

    /// What is answered to a question about a caller: its status, whatever that is, and its body.
    pub(super) async fn ask(
        &self,
        to: &AskUrl,
        headers: &[(&'static str, String)],
        form: Option<&str>,
    ) -> Result<(u16, Vec<u8>), FetchError> {
        let deadline = Duration::from_millis(self.ms_max);
        let answered = timeout(deadline, self.answer(to, headers, form)).await;
        let answered = answered.unwrap_or(Err(Why::TooSlow(self.ms_max)));
        answered.map_err(|why| FetchError { from: shown(&to.url), why })
    }

    async fn answer(
        &self,
        to: &AskUrl,
        headers: &[(&'static str, String)],
        form: Option<&str>,
    ) -> Result<(u16, Vec<u8>), Why> {
        let place = Place::parse(&to.url, to.is_private)?;
        let target = place.target.as_str();
        let method = if form.is_some() { Method::POST } else { Method::GET };
        let mut request = place.request(Request::builder().method(method).uri(target));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let body = form.map(|form| Bytes::copy_from_slice(form.as_bytes()));
        let body = body.map_or_else(Full::default, Full::new);
        let answer = self.look(&place, request.body(body)).await?;
        if answer.body.len() > ANSWER_BYTES_MAX {
            return Err(Why::TooLong);
        }
        Ok((answer.status.as_u16(), answer.body))
    }

    async fn look(
        &self,
        place: &Place,
        request: http::Result<Request<Full<Bytes>>>,
    ) -> Result<Answer, Why> {
        let request = request.map_err(|_| Why::Url("it cannot stand in a request"))?;
        ask(self.connection(place, &[b"http/1.1"]).await?, request).await
    }

    /// A connection to a server of keys and values.
    pub(super) async fn open(
        &self,
        at: &RemoteAt,
        is_private: bool,
    ) -> Result<Box<dyn Stream>, Why> {
        match at {
            RemoteAt::Socket(path) => {
                let connected = UnixStream::connect(path).await;
                connected
                    .map(|stream| Box::new(stream) as Box<dyn Stream>)
                    .map_err(|error| Why::Socket(path.clone(), error.to_string()))
            }
            RemoteAt::Port { host, port, is_tls } => {
                // Such servers know no ALPN.
                self.connection(&Place::of(host, *port, *is_tls, is_private), &[]).await
            }
        }
    }

    async fn connection(&self, place: &Place, alpn: &[&[u8]]) -> Result<Box<dyn Stream>, Why> {
        let addresses = self.addresses(place).await?;
        let stream = connect(&addresses, place.port).await?;
        if !place.is_tls {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(place.host.clone());
        let name = name.map_err(|_| Why::Url("its host is no name for TLS"))?;
        let connector = TlsConnector::from(self.roots.client(alpn).map_err(Why::Roots)?);
        let connected = connector.connect(name, stream).await;
        Ok(Box::new(connected.map_err(|error| tls(&error))?))
    }

    /// The addresses to connect to, every one of them checked: what is resolved again later may
    /// lead elsewhere.
    async fn addresses(&self, place: &Place) -> Result<Vec<IpAddr>, Why> {
        let found = match place.address {
            Some(address) => vec![address],
            None => self.names.resolve(&place.host, place.port).await?,
        };
        for address in &found {
            let kind = address::kind(*address);
            if kind == Kind::Never {
                return Err(Why::Never(*address));
            }
            if !place.meant.allows(kind) {
                return Err(Why::Inside(*address, kind));
            }
            if !place.is_tls && kind == Kind::Public {
                return Err(Why::Plain(*address));
            }
        }
        if found.is_empty() { Err(Why::NoAddress) } else { Ok(found) }
    }
}

/// An address that keys come from, in its parts.
struct Place {
    is_tls: bool,
    /// The name, or the address without brackets; in lower case.
    host: String,
    /// The host as an address.
    address: Option<IpAddr>,
    port: u16,
    /// As it stands in a `Host` line.
    authority: String,
    /// The path, with the query.
    target: String,
    meant: Meant,
}

impl Place {
    fn parse(url: &str, is_private: bool) -> Result<Self, Why> {
        let uri: Uri = url.parse().map_err(|_| Why::Url("this is no address"))?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) | None => return Err(Why::Url("only https and http can be asked")),
        };
        let authority = uri.authority().ok_or(Why::Url("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(Why::Url("it has a user's name in it"));
        }
        let host = authority.host().trim_matches(['[', ']']).to_ascii_lowercase();
        if host.is_empty() {
            return Err(Why::Url("it has no host"));
        }
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") if is_tls => 443,
            Some("") => 80,
            rest => {
                let digits = rest.and_then(|rest| rest.strip_prefix(':'));
                let port = digits.and_then(|digits| digits.parse().ok()).filter(|port| *port != 0);
                port.ok_or(Why::Url("its port is none"))?
            }
        };
        Ok(Self {
            authority: authority.as_str().to_owned(),
            target: uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
            ..Self::of(&host, port, is_tls, is_private)
        })
    }

    /// A host, in lower case and without brackets, and its port. Nothing is asked for there.
    fn of(host: &str, port: u16, is_tls: bool, is_private: bool) -> Self {
        let address = host.parse().ok();
        let name = host.trim_end_matches('.');
        let is_local = name == "localhost" || name.ends_with(".localhost");
        let meant = match (is_private || address.is_some(), is_local) {
            (true, _) => Meant::Anywhere,
            (false, true) => Meant::Loopback,
            (false, false) => Meant::Public,
        };
        let (authority, target) = (String::new(), String::new());
        Self { is_tls, host: host.to_owned(), address, port, authority, target, meant }
    }

    /// What every request to it says.
    fn request(&self, request: Builder) -> Builder {
        request
            .header(header::HOST, self.authority.as_str())
            .header(header::USER_AGENT, concat!("doorward/", env!("CARGO_PKG_VERSION")))
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::CONNECTION, "close")
    }
}

/// What was answered.
struct Answer {
    status: StatusCode,
    /// Where a redirect leads.
    location: Option<String>,
    body: Vec<u8>,
}

async fn connect(addresses: &[IpAddr], port: u16) -> Result<TcpStream, Why> {
    let mut failed = Why::NoAddress;
    for address in addresses.iter().take(ADDRESSES_MAX) {
        let connecting = TcpStream::connect(SocketAddr::new(*address, port));
        let connected = if addresses.len() == 1 {
            connecting.await
        } else {
            let limit = Duration::from_millis(CONNECT_MS_MAX);
            timeout(limit, connecting).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        };
        match connected {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = Why::Connect(*address, error.to_string()),
        }
    }
    Err(failed)
}

fn tls(error: &io::Error) -> Why {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(why)) => Why::Certificate(why.to_string()),
        Some(why) => Why::Tls(why.to_string()),
        None => Why::Tls(error.to_string()),
    }
}

/// Asks once and reads the answer.
async fn ask(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Answer, Why> {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
    let (mut sender, connection) =
        builder.handshake(TokioIo::new(stream)).await.map_err(no_http)?;
    let mut connection = pin!(connection);
    let mut answer = pin!(async move {
        let response = sender.send_request(request).await.map_err(no_http)?;
        read(response).await
    });
    let mut is_open = true;
    loop {
        tokio::select! {
            biased;
            answer = &mut answer => return answer,
            // What was read before the end is still to be had.
            _ = &mut connection, if is_open => is_open = false,
        }
    }
}

fn no_http(error: hyper::Error) -> Why {
    if error.is_parse_too_large() { Why::HeadTooLong } else { Why::Http(error.to_string()) }
}

async fn read(response: Response<Incoming>) -> Result<Answer, Why> {
    let status = response.status();
    let location = response.headers().get(header::LOCATION);
    let location = location.map(|to| repeated(to.as_bytes()));
    // What is refused anyway is not read.
    if status.is_redirection() {
        return Ok(Answer { status, location, body: Vec::new() });
    }
    for encoding in response.headers().get_all(header::CONTENT_ENCODING) {
        if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") {
            return Err(Why::Encoded(repeated(encoding.as_bytes())));
        }
    }
    let mut body = response.into_body();
    let mut out = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Why::CutOff(error.to_string()))?;
        let Ok(bytes) = frame.into_data() else { continue };
        if out.len() + bytes.len() > KEY_SET_BYTES_MAX {
            return Err(Why::TooLong);
        }
        out.extend_from_slice(&bytes);
    }
    Ok(Answer { status, location, body: out })
}

/// Another's text, shortened, with what could disturb a terminal or a log escaped.
fn repeated(text: &[u8]) -> String {
    let text = &text[..text.len().min(REPEATED_LETTERS_MAX)];
    format!("\"{}\"", text.escape_ascii())
}

/// An address without its query, which may hold a secret.
pub(super) fn shown(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str, is_private: bool) -> Result<(String, u16, String, Meant), Why> {
        Place::parse(url, is_private)
            .map(|place| (place.host, place.port, place.target, place.meant))
    }

    #[test]
    fn an_address_is_read_strictly() {
        let well = |host: &str, port, target: &str, meant| {
            Ok((host.to_owned(), port, target.to_owned(), meant))
        };
        for (url, want) in [
            ("https://id.example/k?a=b", well("id.example", 443, "/k?a=b", Meant::Public)),
            ("https://ID.example", well("id.example", 443, "/", Meant::Public)),
            ("http://id.example:8080/k", well("id.example", 8080, "/k", Meant::Public)),
            ("http://localhost/k", well("localhost", 80, "/k", Meant::Loopback)),
            ("http://id.localhost./k", well("id.localhost.", 80, "/k", Meant::Loopback)),
            ("http://127.0.0.1/k", well("127.0.0.1", 80, "/k", Meant::Anywhere)),
            ("http://[::1]:81/k", well("::1", 81, "/k", Meant::Anywhere)),
            // No address, but what resolvers read as one: it is judged by where it leads.
            ("http://127.1/k", well("127.1", 80, "/k", Meant::Public)),
            ("http://2130706433/k", well("2130706433", 80, "/k", Meant::Public)),
            ("https://localhost.example/k", well("localhost.example", 443, "/k", Meant::Public)),
            ("https://user@id.example/k", Err(Why::Url("it has a user's name in it"))),
            ("ftp://id.example/k", Err(Why::Url("only https and http can be asked"))),
            ("file:///etc/keys", Err(Why::Url("this is no address"))),
            ("/k", Err(Why::Url("only https and http can be asked"))),
            ("https://id.example:0/k", Err(Why::Url("its port is none"))),
            ("https://id.example:/k", Err(Why::Url("its port is none"))),
            ("https://id.example:99999/k", Err(Why::Url("its port is none"))),
            ("https://id example/k", Err(Why::Url("this is no address"))),
            ("", Err(Why::Url("this is no address"))),
        ] {
            assert_eq!(place(url, false), want, "{url}");
        }
        let (.., meant) = place("https://id.example", true).expect("an address");
        assert_eq!(meant, Meant::Anywhere);
    }
}
