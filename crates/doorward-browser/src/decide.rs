//! The walk of a request through a browser, from the page's call to what the page gets.

mod asking;
mod exchange;
mod reading;

use crate::blocked::{self, Stop};
use crate::body::Body;
use crate::call;
use crate::chain::{self, Chain};
use crate::document::Document;
use crate::engine::Engine;
use crate::headers::Headers;
use crate::origin::Origin;
use crate::referrer::Telling;
use crate::request::{Credentials, Mode, Redirect, Request};
use crate::rule::{self, Rule};
use crate::state::State;
use crate::verdict::{Answer, Because, Event, Hop, Reading, Sent, Tainting, Thrown, Verdict};
use crate::way::Way;
use url::Url;

/// What a browser does with a request of `from`'s; nobody's page asks for an address that a person
/// typed. `server` answers whatever is sent, preflights as well. `now_s` is in seconds.
pub fn decide(
    engine: &Engine,
    from: Option<&Document>,
    request: &Request,
    server: &mut dyn FnMut(&Sent) -> Answer,
    state: &State,
    now_s: u64,
) -> Verdict {
    let mut walk = Walk::new(engine, from, request, state, now_s);
    let end = walk.go(server).unwrap_or_else(|Thrown(because)| {
        let silent = !request.way.is_scripted() && request.way != Way::Beacon;
        End {
            reading: if silent { Reading::Silent } else { Reading::Throws },
            because,
            event: None,
        }
    });
    let last = walk.hops.last();
    let answered = walk.hops.iter().rev().find(|hop| hop.answer.is_some());
    Verdict {
        dropped: walk.dropped,
        asking: walk.asking,
        preflight: last.and_then(|hop| hop.preflight.clone()),
        sent: answered.and_then(|hop| hop.sent.clone()),
        answer: answered.and_then(|hop| hop.answer.clone()),
        cookies: last.map(|hop| hop.cookies.clone()).unwrap_or_default(),
        kept: walk.hops.iter().flat_map(|hop| hop.kept.iter().cloned()).collect(),
        hops: walk.hops,
        event: end.event,
        reading: end.reading,
        because: end.because,
        after: walk.after,
    }
}

/// A walk, as far as it has come.
struct Walk<'a> {
    engine: &'a Engine,
    /// The page; a redirect may change its referrer policy for what follows.
    from: Option<Document>,
    request: &'a Request,
    now_s: u64,
    mode: Mode,
    credentials: Credentials,
    method: String,
    body: Body,
    /// The headers that count as the script's.
    said: Headers,
    tainting: Tainting,
    chain: Chain,
    /// How much of the page's address may still be told.
    telling: Telling,
    /// It asked at an address before this one.
    has_asked: bool,
    dropped: Vec<String>,
    asking: Option<Rule>,
    hops: Vec<Hop>,
    after: State,
}

/// How a walk ends.
struct End {
    reading: Reading,
    because: Because,
    event: Option<Event>,
}

/// Where a request goes on from an address (Fetch 4.1, 12).
enum Route {
    /// It is sent, as this asks first or does not.
    Send {
        /// It is in CORS mode to another origin.
        is_cors: bool,
    },
    End(End),
}

impl<'a> Walk<'a> {
    fn new(
        engine: &'a Engine,
        from: Option<&Document>,
        request: &'a Request,
        state: &State,
        now_s: u64,
    ) -> Self {
        let mode = request.effective_mode();
        Self {
            engine,
            from: from.cloned(),
            request,
            now_s,
            mode,
            credentials: request.way.credentials(mode, request.credentials),
            method: String::new(),
            body: Body::Empty,
            said: Headers::new(),
            tainting: Tainting::Basic,
            chain: Chain::new(request.url.clone()),
            telling: from.map(|from| Telling::of(engine, from, request.way)).unwrap_or_default(),
            has_asked: false,
            dropped: Vec::new(),
            asking: None,
            hops: Vec::new(),
            after: state.clone(),
        }
    }

    fn go(&mut self, server: &mut dyn FnMut(&Sent) -> Answer) -> Result<End, Thrown> {
        let said = call::said(self.engine, self.request, self.mode)?;
        (self.method, self.body) = (said.method, said.body);
        (self.said, self.dropped) = (said.headers, said.dropped);
        if self.request.way == Way::Prefetch && !self.engine.prefetches {
            let because = Because::of(rule::NOT_FOLLOWED);
            return Ok(End { reading: Reading::Silent, because, event: None });
        }
        loop {
            if let Some(end) = self.hop(server) {
                return Ok(end);
            }
        }
    }

    /// One address (Fetch 4.1 to 4.5); none: a redirect leads on.
    fn hop(&mut self, server: &mut dyn FnMut(&Sent) -> Answer) -> Option<End> {
        let (engine, way) = (self.engine, self.request.way);
        if let Some(url) = blocked::upgraded(engine, self.from.as_ref(), way, self.chain.url()) {
            self.chain.replace(url);
        }
        match blocked::stop(engine, self.from.as_ref(), self.request, self.chain.url()) {
            None => {}
            Some(Stop::Never(because)) => return Some(self.fails(because)),
            Some(Stop::Prompts(because)) => {
                return Some(End { reading: Reading::Prompts, because, event: None });
            }
        }
        let is_cors = match self.route() {
            Route::Send { is_cors } => is_cors,
            Route::End(end) => return Some(end),
        };
        self.hops.push(Hop::at(self.chain.url().clone(), self.tainting));
        let asks = is_cors && self.asks();
        if asks && let Some(no) = self.ask(server) {
            self.forget();
            return Some(self.fails(no));
        }
        let answer = match self.exchange(server) {
            Ok(answer) => answer,
            Err(no) => return Some(self.fails(no)),
        };
        if let Some(no) = self.doubt(&answer) {
            if asks && engine.forgets_after_failure {
                self.forget();
            }
            return Some(self.fails(no));
        }
        self.follow(&answer)
    }

    fn is_own(&self) -> bool {
        let url = self.chain.url();
        self.from.as_ref().is_some_and(|from| from.origin().is_same(&Origin::of(url)))
    }

    /// Whose the answer is going to be; the first that fits (Fetch 4.1, 12).
    fn route(&mut self) -> Route {
        let scheme = self.chain.url().scheme();
        let is_socket = self.mode == Mode::WebSocket;
        match scheme {
            "http" | "https" => {}
            "ws" | "wss" if is_socket => {}
            "data" if self.mode != Mode::Navigate => return Route::End(self.holds_content()),
            "data" | "about" | "blob" | "filesystem" | "javascript" => {
                let because = Because::on(rule::NOT_MODELLED, scheme);
                return Route::End(End { reading: Reading::NotModelled, because, event: None });
            }
            _ => return Route::End(self.fails(Because::of(rule::SCHEME))),
        }
        let is_basic = self.is_own() && self.tainting == Tainting::Basic;
        match self.mode {
            Mode::Navigate | Mode::WebSocket => Route::Send { is_cors: false },
            Mode::Cors | Mode::NoCors | Mode::SameOrigin if is_basic => {
                Route::Send { is_cors: false }
            }
            Mode::SameOrigin => Route::End(self.fails(Because::of(rule::SAME_ORIGIN_ONLY))),
            Mode::NoCors if self.redirect() != Redirect::Follow => {
                Route::End(self.fails(Because::of(rule::NO_CORS_REDIRECT)))
            }
            Mode::NoCors => {
                self.tainting = Tainting::Opaque;
                Route::Send { is_cors: false }
            }
            Mode::Cors => {
                self.tainting = Tainting::Cors;
                Route::Send { is_cors: true }
            }
        }
    }

    /// An address of `data:` is its own answer, and counts as one's own origin's (Fetch 4.1, 12).
    fn holds_content(&self) -> End {
        let scripted = self.request.way.is_scripted();
        let names = vec!["content-type".to_owned()];
        let reading = if scripted { Reading::Reads(names) } else { Reading::Silent };
        let event = self.request.way.is_watched().then_some(Event::Load);
        End { reading, because: Because::of(rule::NO_NETWORK), event }
    }

    /// The redirect mode; only `fetch` chooses.
    fn redirect(&self) -> Redirect {
        if self.request.way == Way::Fetch {
            self.request.options.redirect
        } else if self.request.way == Way::WebSocket {
            Redirect::Error
        } else {
            Redirect::Follow
        }
    }

    /// Goes on to where an answer leads; how it ends, if it leads nowhere.
    fn follow(&mut self, answer: &Answer) -> Option<End> {
        if !chain::is_redirect(answer) {
            return Some(self.read(answer));
        }
        match self.redirect() {
            Redirect::Error => return Some(self.fails(Because::of(rule::REDIRECT_ERROR))),
            Redirect::Manual => {
                let because = Because::of(rule::REDIRECT_MANUAL);
                return Some(End { reading: Reading::OpaqueRedirect, because, event: None });
            }
            Redirect::Follow => {}
        }
        let flow = (self.mode, self.tainting);
        match chain::next(&self.chain, answer, self.from.as_ref(), flow, &self.body) {
            Ok(None) => Some(self.read(answer)),
            Err(no) => Some(self.fails(no)),
            Ok(Some(url)) => {
                self.carry(answer, url);
                None
            }
        }
    }

    fn carry(&mut self, answer: &Answer, url: Url) {
        let here = self.chain.url().clone();
        let what = (&mut self.method, &mut self.body, &mut self.said);
        chain::carry(self.engine, answer.status, (&here, &url), what);
        if let (Some(from), Some(policy)) = (&mut self.from, chain::policy(answer)) {
            from.referrer_policy = policy;
        }
        self.chain.push(url);
    }

    /// A network error: no script learns more of it.
    fn fails(&self, because: Because) -> End {
        let way = self.request.way;
        let reading = if way.is_scripted() { Reading::Hidden } else { Reading::Silent };
        let event = way.is_watched().then_some(Event::Error);
        End { reading, because, event }
    }
}

impl Hop {
    const fn at(url: Url, tainting: Tainting) -> Self {
        Self {
            url,
            tainting,
            preflight: None,
            sent: None,
            answer: None,
            is_from_cache: false,
            cookies: Vec::new(),
            kept: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
