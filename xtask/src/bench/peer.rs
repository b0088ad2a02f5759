//! A started peer, and how it is shown to do its work before it is measured.

use std::path::Path;

use anyhow::{Context, ensure};

use super::cpu;
use super::credentials::{self, Shown, bearer};
use super::hits::Hits;
use super::kind::{Caller, Kind, Place, Program};
use super::load::PATH;
use super::message::{Answer, Connection, Request};
use super::server::{self, Server, free_port};

const BODY: &[u8] = br#"{"ok":true,"data":[1,2,3,4,5,6,7,8]}"#;
const FOREIGN_ORIGIN: &str = "https://evil.example";

/// A started peer.
pub(super) struct Peer {
    pub(super) kind: &'static Kind,
    pub(super) shown: Shown,
    /// Where a gate has its metrics.
    admin: u16,
    server: Server,
    /// Ended behind the gate that asks it.
    _store: Option<Server>,
}

impl Peer {
    pub(super) fn start(
        kind: &'static Kind,
        backend: &Server,
        folder: &Path,
        gate: &Path,
    ) -> anyhow::Result<Peer> {
        let (port, admin) = (free_port()?, free_port()?);
        let store = kind.has_store().then(|| server::store(folder)).transpose()?;
        let store_port = store.as_ref().map_or(0, |store| store.port);
        let place = Place { port, admin, backend: backend.port, store: store_port, folder };
        let command = kind.command(place, gate)?;
        let shown = Shown::of(kind, port, folder)?;
        let server = Server::start(kind.name, command, port, folder)?;
        Ok(Peer { kind, shown, admin, server, _store: store })
    }

    pub(super) fn port(&self) -> u16 {
        self.server.port
    }

    /// The peer's processes: the one that was started and all below it.
    pub(super) fn processes(&self) -> Vec<u32> {
        cpu::tree(self.server.id())
    }

    /// The good request is answered by the backend, and each bad one as this peer has to.
    pub(super) fn check(&self, folder: &Path) -> anyhow::Result<()> {
        let answer = self.expect("the load's request", good(&self.own()?), 200)?;
        ensure!(answer.body == BODY, "the body is not the backend's:\n{answer:?}");
        match &self.shown {
            Shown::Nothing => self.check_sites("")?,
            Shown::Token(token) | Shown::Tokens(token, ..) => {
                self.check_sites(&bearer(token))?;
                self.check_tokens(folder)?;
            }
            Shown::Session => self.check_session()?,
            Shown::Signed(_) if self.kind.program == Program::Nginx => {}
            Shown::Signed(_) => self.check_signatures()?,
        }
        if self.kind.caller != Caller::Anybody && self.kind.program != Program::Nginx {
            let origin = answer.head.to_ascii_lowercase();
            let allows = origin.contains("access-control-allow-origin: https://app.example.com");
            ensure!(allows, "the answer does not allow its origin:\n{}", answer.head);
        }
        self.expect("the load's request, after the bad ones", good(&self.own()?), 200)?;
        Ok(())
    }

    fn check_sites(&self, own: &str) -> anyhow::Result<()> {
        let post = Request { method: "POST", ..good(own) };
        self.expect("the page's POST", post, 200)?;
        let foreign = Request { origin: Some(FOREIGN_ORIGIN), ..post };
        let status = if self.kind.refuses_other_sites() { 403 } else { 200 };
        self.expect("another site's POST", foreign, status)?;
        Ok(())
    }

    fn check_tokens(&self, folder: &Path) -> anyhow::Result<()> {
        let Some(algorithm) = self.kind.algorithm() else { return Ok(()) };
        self.expect("a request without a token", good(""), 401)?;
        for wrong in credentials::WRONG {
            let token = bearer(&credentials::read(folder, algorithm, wrong)?);
            let status = if wrong == "audience" { self.kind.audience_status() } else { 401 };
            self.expect(&format!("a token that is wrong ({wrong})"), good(&token), status)?;
        }
        Ok(())
    }

    fn check_session(&self) -> anyhow::Result<()> {
        self.expect("a request without a session", good(""), 401)?;
        let own = self.own()?;
        let post = Request { method: "POST", ..good(&own) };
        self.expect("the page's POST without a CSRF token", post, 403)?;
        let foreign = Request { origin: Some(FOREIGN_ORIGIN), ..post };
        self.expect("another site's POST", foreign, 403)?;
        Ok(())
    }

    fn check_signatures(&self) -> anyhow::Result<()> {
        self.expect("a request without a signature", good(""), 403)?;
        let own = self.own()?;
        self.expect("a signed request", good(&own), 200)?;
        self.expect("the same signed request again", good(&own), 409)?;
        let elsewhere = Request { path: "/api/other", ..good(&own) };
        self.expect("its signature at another path", elsewhere, 403)?;
        let own = self.own()?;
        let foreign = Request { origin: Some(FOREIGN_ORIGIN), ..good(&own) };
        self.expect("a signed request of another site", foreign, 403)?;
        Ok(())
    }

    /// The headers of one good request.
    fn own(&self) -> anyhow::Result<String> {
        self.shown.lines(1)?.pop().context("no request could be made")
    }

    /// Whether it is a gate that remembers tokens.
    pub(super) fn remembers(&self) -> bool {
        self.kind.is_gate() && self.kind.algorithm().is_some()
    }

    /// What such a gate says of the tokens that it was shown.
    pub(super) fn hits(&self) -> anyhow::Result<Option<Hits>> {
        if self.remembers() { Hits::of(self.admin) } else { Ok(None) }
    }

    /// The requests of a fixed rate: the one, or as many as are to be different.
    pub(super) fn requests(&self, count: usize) -> anyhow::Result<Vec<Vec<u8>>> {
        let lines = self.shown.lines(count)?;
        Ok(lines.iter().map(|own| good(own).bytes(self.port())).collect())
    }

    fn expect(&self, what: &str, request: Request<'_>, status: u16) -> anyhow::Result<Answer> {
        // A connection each: some close it after a refusal.
        let mut connection = Connection::open(self.port())?;
        let answer =
            connection.ask(&request.bytes(self.port())).with_context(|| what.to_owned())?;
        ensure!(
            answer.status == status,
            "{what} is to be answered with {status}, and got\n{}{}",
            answer.head,
            String::from_utf8_lossy(&answer.body)
        );
        Ok(answer)
    }
}

/// The load's request, with these headers more.
fn good(own: &str) -> Request<'_> {
    Request { method: "GET", path: PATH, own, origin: None }
}
