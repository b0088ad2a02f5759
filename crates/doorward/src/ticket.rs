//! `doorward ticket`: asks a running gate for a ticket, and tells what one says.

use crate::args::{Form, Ticket, TicketMint, TicketShow};
use crate::{EXIT_FINDINGS, EXIT_UNREACHED, EXIT_USAGE, guard, machine};
use bytes::Bytes;
use doorward_config::key_file::write_moment;
use doorward_config::{Given, Machine, read_duration, read_secret};
use doorward_core::pass::{ShowError, show};
use doorward_porter::clock::{Clock, SystemClock};
use http::{HeaderName, HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use url::Url;

/// Bytes of the gate's answer that are read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// How long the gate may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is wrong, and the exit code.
struct Fault(u8, String);

fn usage(what: impl Into<String>) -> Fault {
    Fault(EXIT_USAGE, what.into())
}

fn unreached(what: impl ToString) -> Fault {
    Fault(EXIT_UNREACHED, what.to_string())
}

/// Runs one of the commands.
pub(crate) fn run(ticket: &Ticket) -> ExitCode {
    let done = match ticket {
        Ticket::Mint(mint) => self::mint(mint),
        Ticket::Show(show) => tell(show),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Fault(code, what)) => {
            machine::talk(&format!("error: {}\n", what.trim_end()));
            ExitCode::from(code)
        }
    }
}

fn tell(asked: &TicketShow) -> Result<(), Fault> {
    let given = match &asked.config {
        Some(file) => Given { file: Some(file.clone()), ..Given::default() },
        None => Given { upstream: Some("http://127.0.0.1:3000".to_owned()), ..Given::default() },
    };
    let config = doorward_config::load(&given, &Machine, guard::random_secret())
        .map_err(|report| usage(report.render(machine::talk_has_colour())))?;
    // Somebody may have the whole address at hand.
    let text = asked.text.rsplit("doorward_ticket=").next().unwrap_or_default().trim();
    let shown = show(text, &config.signing, &config.settings.gate_id).map_err(|error| {
        let hint = match (error, &asked.config) {
            (ShowError::Sealed, None) => {
                "\n  name the gate's configuration: --config doorward.toml"
            }
            (ShowError::Sealed, Some(_)) => {
                "\n  its [secrets] must be those of the gate that made it"
            }
            (ShowError::Neither, _) => "\n  copy it whole, with its beginning",
        };
        usage(format!("{error}{hint}"))
    })?;
    let now = SystemClock::new().now().unix_s;
    let state = match now {
        now if now > shown.expires_unix_s => "has ended",
        now if now < shown.issued_unix_s => "has not begun by this machine's clock",
        _ => "holds, unless it was used, or its gate has restarted",
    };
    let ours = match (&asked.config, shown.is_ours) {
        (_, true) => "yes",
        (Some(_), false) => "no: with these secrets it is forged",
        (None, false) => "cannot be told without --config",
    };
    if matches!(asked.format, Form::Json) {
        let rows: serde_json::Map<String, Value> =
            shown.rows.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let whole = json!({ "says": rows, "issued": write_moment(shown.issued_unix_s),
            "expires": write_moment(shown.expires_unix_s), "state": state, "ours": ours });
        machine::output(&format!("{whole}\n"));
        return Ok(());
    }
    let mut out = String::new();
    let times = [
        ("made", write_moment(shown.issued_unix_s)),
        ("ends", write_moment(shown.expires_unix_s)),
        ("state", state.to_owned()),
        ("made by this gate", ours.to_owned()),
    ];
    for (name, value) in shown.rows.into_iter().chain(times) {
        let _ = writeln!(out, "{name:<18} {value}");
    }
    machine::output(&out);
    Ok(())
}

fn mint(asked: &TicketMint) -> Result<(), Fault> {
    let url = Url::parse(&asked.url).map_err(|error| usage(format!("{}: {error}", asked.url)))?;
    let window_s = asked.window.as_deref().map(|text| {
        let hint = "a time is written like 90s, 10m or 1h";
        read_duration(text).ok_or_else(|| usage(format!("--for {text}: {hint}")))
    });
    let window_s = window_s.transpose()?.map(|time| time.as_secs());
    let key = read_secret(&asked.key, &Machine).map_err(|what| usage(format!("--key: {what}")))?;
    let ask = Ask { asked, url: &url, window_s, key };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(unreached)?;
    let (status, answer) = runtime
        .block_on(async { tokio::time::timeout(PATIENCE, ask.send()).await })
        .map_err(|_| unreached("the gate did not answer in time"))??;
    let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    let Some(ticket) = answer["ticket"].as_str() else {
        let word = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        let said = format!("the gate says {status} {}: {}", word("code"), word("detail"));
        return Err(Fault(EXIT_FINDINGS, said));
    };
    let mut whole = url.clone();
    let query = match url.query() {
        Some(query) if !query.is_empty() => format!("{query}&doorward_ticket={ticket}"),
        _ => format!("doorward_ticket={ticket}"),
    };
    whole.set_query(Some(&query));
    let ends = write_moment(answer["expires"].as_u64().unwrap_or_default());
    machine::output(&match asked.format {
        Form::Json => {
            format!("{}\n", json!({ "ticket": ticket, "url": whole.as_str(), "expires": ends }))
        }
        Form::Table => format!("{whole}\n"),
    });
    if matches!(asked.format, Form::Table) {
        let good = if asked.window.is_some() { "good" } else { "good once," };
        machine::talk(&format!("{good} until {ends}, for whoever has it\n"));
    }
    Ok(())
}

/// What is asked of the gate.
struct Ask<'a> {
    asked: &'a TicketMint,
    url: &'a Url,
    window_s: Option<u64>,
    key: Vec<u8>,
}

impl Ask<'_> {
    async fn send(&self) -> Result<(StatusCode, Bytes), Fault> {
        let endpoints = match &self.asked.endpoints {
            Some(said) => Url::parse(said).map_err(|error| usage(format!("{said}: {error}")))?,
            None => {
                let mut own = self.url.clone();
                own.set_path("/.doorward");
                own.set_query(None);
                own
            }
        };
        let host = endpoints.host_str().ok_or_else(|| usage("the address names no host"))?;
        let port = endpoints.port_or_known_default().unwrap_or(80);
        // Names below localhost are this machine (RFC 6761), whether its resolver knows it or not.
        let is_local = host == "localhost" || host.ends_with(".localhost");
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let place = if is_local { "127.0.0.1" } else { name };
        let stream = TcpStream::connect((place, port)).await;
        let stream = stream.map_err(|error| unreached(format!("{host}:{port}: {error}")))?;
        match endpoints.scheme() {
            "http" => self.over(stream, &endpoints).await,
            "https" => {
                let config = doorward_porter::outside::client_tls().map_err(unreached)?;
                let server = ServerName::try_from(name.to_owned()).map_err(unreached)?;
                let stream = TlsConnector::from(config).connect(server, stream).await;
                self.over(stream.map_err(unreached)?, &endpoints).await
            }
            other => Err(usage(format!("{other}: a gate is called by http or https"))),
        }
    }

    async fn over<S>(&self, stream: S, endpoints: &Url) -> Result<(StatusCode, Bytes), Fault>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let request = self.request(endpoints)?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(unreached)?;
        // Its end is told by the answer's.
        tokio::spawn(connection);
        let answer = sender.send_request(request).await.map_err(unreached)?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        Ok((status, body.map_err(unreached)?.to_bytes()))
    }

    fn request(&self, endpoints: &Url) -> Result<Request<Full<Bytes>>, Fault> {
        let target = match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        };
        let mut body = json!({ "method": self.asked.method, "url": target });
        if let Some(seconds) = self.window_s {
            body["for"] = seconds.into();
        }
        let host = endpoints.authority().to_owned();
        let name = HeaderName::try_from(self.asked.header.as_str());
        let name = name.map_err(|error| usage(format!("--header: {error}")))?;
        let mut key = HeaderValue::from_bytes(&self.key)
            .map_err(|_| usage("--key: this cannot stand in a header"))?;
        if name == header::AUTHORIZATION {
            let whole = [b"Bearer ", key.as_bytes()].concat();
            key = HeaderValue::from_bytes(&whole).map_err(unreached)?;
        }
        key.set_sensitive(true);
        Request::post(format!("{}/ticket", endpoints.path().trim_end_matches('/')))
            .header(header::HOST, host)
            .header(header::CONTENT_TYPE, "application/json")
            .header(name, key)
            .body(Full::new(Bytes::from(body.to_string())))
            .map_err(unreached)
    }
}
