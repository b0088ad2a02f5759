//! A case's text to a case.

use super::certificate;
use super::passes::{self, Kit};
use super::{
    Answer, Case, DEFAULT_FROM, DEFAULT_UNIX_NS, Given, Need, Step, Verdict, Want, WantedHeader,
    bytes, csrf, gate, nonce, stamp,
};
use crate::tokens;
use doorward_core::layers::identity::{LookedUp, Told};
use std::fmt;

/// What is wrong with a case's text, on which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseError {
    /// The line, from 1.
    pub line: usize,
    /// What.
    pub what: String,
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.what)
    }
}

/// Tokens by their names.
type Tokens = Vec<(String, String)>;

/// A section of a case: its lines, and the number of the first.
struct Section<'t> {
    first: usize,
    lines: Vec<&'t str>,
}

/// Reads a case.
///
/// # Errors
/// The first thing that is wrong.
pub fn parse(name: &str, text: &str) -> Result<Case, CaseError> {
    let sections = sections(text);
    let at = |line, what: &str| CaseError { line, what: what.to_owned() };
    let [head, config, pairs @ ..] = sections.as_slice() else {
        return Err(at(1, "a case has a head, a configuration, and requests with verdicts"));
    };
    let why = head.lines.first().and_then(|line| line.strip_prefix("why: "));
    let why = why.ok_or_else(|| at(1, "a case begins with `why: `"))?.to_owned();
    for (place, line) in head.lines.iter().enumerate().skip(1) {
        if !line.starts_with("see: ") {
            return Err(at(head.first + place, "behind `why:` stand `see:` lines only"));
        }
    }
    if pairs.is_empty() || pairs.len() % 2 == 1 {
        let line = sections.last().map_or(1, |section| section.first);
        return Err(at(line, "requests and verdicts come in pairs"));
    }
    let mut given = Given {
        unix_ns: DEFAULT_UNIX_NS,
        from: DEFAULT_FROM,
        store_is_away: false,
        keys: None,
        told: None,
        certificate: None,
        told_of_new: None,
        backend: Answer { status: 200, headers: Vec::new() },
        needs: None,
        times: 1,
    };
    let mut tokens = Vec::new();
    let mut kit = None;
    let config = config.lines.join("\n") + "\n";
    let mut steps = Vec::new();
    for pair in pairs.chunks_exact(2) {
        given.needs = None;
        given.times = 1;
        given.keys = None;
        given.told = None;
        given.told_of_new = None;
        let (line, request) = request(
            &pair[0],
            &mut given,
            &mut Made { tokens: &mut tokens, kit: &mut kit, config: &config },
        )?;
        steps.push(Step { line, given: given.clone(), request, want: want(&pair[1])? });
    }
    Ok(Case { name: name.to_owned(), why, config, steps })
}

fn sections(text: &str) -> Vec<Section<'_>> {
    let mut out = vec![Section { first: 1, lines: Vec::new() }];
    for (place, line) in text.lines().enumerate() {
        if line == "---" {
            out.push(Section { first: place + 2, lines: Vec::new() });
        } else if let Some(section) = out.last_mut() {
            section.lines.push(line);
        }
    }
    out
}

/// The lines before the request change what is given; the rest is the request.
fn request(
    section: &Section<'_>,
    given: &mut Given,
    made: &mut Made<'_>,
) -> Result<(usize, Vec<u8>), CaseError> {
    let mut begun_answer = false;
    let mut sign = None;
    for (place, line) in section.lines.iter().enumerate() {
        let number = section.first + place;
        let error = |what: String| CaseError { line: number, what };
        if line.starts_with('#') || line.is_empty() {
            continue;
        }
        let (key, value) = line.split_once(": ").unwrap_or((line, ""));
        let bad = || error(format!("{value:?} is nothing that `{key}:` can be"));
        match key {
            "now" => given.unix_ns = stamp::unix_ns(value).ok_or_else(bad)?,
            "from" => given.from = value.parse().map_err(|_| bad())?,
            "times" => given.times = value.parse().map_err(|_| bad())?,
            "store" if value == "there" => given.store_is_away = false,
            "store" if value == "away" || value == "slow" => given.store_is_away = true,
            "needs" if value == "raw-head" => given.needs = Some(Need::RawHead),
            "needs" if value == "no-scan" => given.needs = Some(Need::NoScan),
            "keys" if value == "away" => given.keys = Some(LookedUp::Away),
            "keys" if value == "busy" => given.keys = Some(LookedUp::Busy),
            "told" => given.told = Some(told(value).ok_or_else(bad)?),
            "told-of-new" => given.told_of_new = Some(told(value).ok_or_else(bad)?),
            "store" | "needs" | "keys" => return Err(bad()),
            "certificate" => {
                given.certificate =
                    certificate::read(value, given.unix_ns / 1_000_000_000).map_err(error)?;
            }
            "token" | "token2" | "nonce" => made.of_token(key, value, given).map_err(error)?,
            "csrf" | "csrf2" => made.of_csrf(key, value, given).map_err(error)?,
            "pass" | "ticket" | "work" => {
                made.of_pass(key, value, given.unix_ns / 1_000_000_000).map_err(error)?;
            }
            "sign" => sign = Some(value),
            "backend" => {
                let status = value.parse().map_err(|_| bad())?;
                given.backend = Answer { status, headers: Vec::new() };
                begun_answer = true;
            }
            "backend-header" => {
                if !begun_answer {
                    given.backend.headers.clear();
                    begun_answer = true;
                }
                let (name, value) = value.split_once(':').ok_or_else(bad)?;
                given.backend.headers.push((name.to_owned(), value.trim().to_owned()));
            }
            _ => {
                let lines = section.lines[place..].iter();
                let lines: Vec<String> = lines.map(|line| filled(line, made.tokens)).collect();
                let lines = made.signed(lines, sign, given.unix_ns / 1_000_000_000);
                let lines = lines.map_err(error)?;
                let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
                let request = bytes::request(&lines).map_err(error)?;
                return Ok((number, request));
            }
        }
    }
    Err(CaseError { line: section.first, what: "here is no request".to_owned() })
}

/// What was made for a case's requests.
struct Made<'c> {
    tokens: &'c mut Tokens,
    kit: &'c mut Option<Kit>,
    config: &'c str,
}

impl Made<'_> {
    fn keep(&mut self, name: &str, text: String) {
        self.tokens.retain(|(known, _)| known != name);
        self.tokens.push((name.to_owned(), text));
    }

    /// Makes a token, or a nonce for one.
    fn of_token(&mut self, key: &str, line: &str, given: &Given) -> Result<(), String> {
        let now_unix_s = given.unix_ns / 1_000_000_000;
        if key == "nonce" {
            self.keep(key, nonce::of_line(line, gate::SECRET, now_unix_s)?);
            return Ok(());
        }
        let token = self.tokens.iter().find(|(name, _)| name == "token");
        let token = token.map(|(_, token)| token.as_str());
        let own = given.certificate.as_ref().map(certificate::thumbprint);
        let line = line.replace("{x5t}", own.as_deref().unwrap_or_default());
        let line = tokens::with_keys(&filled(&line, self.tokens), token)?;
        self.keep(key, tokens::of_line(&line, now_unix_s)?);
        Ok(())
    }

    /// Asks the case's gate for what a line says.
    fn of_pass(&mut self, key: &str, line: &str, now_unix_s: u64) -> Result<(), String> {
        if key == "work" {
            self.keep(key, passes::work(line, now_unix_s)?);
            return Ok(());
        }
        if self.kit.is_none() {
            *self.kit = Some(Kit::new(self.config)?);
        }
        let kit = self.kit.as_mut().ok_or("there is no gate")?;
        if key == "pass" {
            return kit.pass(line, now_unix_s);
        }
        let ticket = kit.ticket(line, now_unix_s)?;
        self.keep(key, ticket);
        Ok(())
    }

    /// Asks for a token, and keeps it with its anchor: `{csrf}` and `{anchor}`.
    fn of_csrf(&mut self, key: &str, line: &str, given: &Given) -> Result<(), String> {
        let number = key.strip_prefix("csrf").unwrap_or_default();
        let anchor = format!("anchor{number}");
        let known = |wanted: &str| {
            let found = self.tokens.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, text)| text.as_str())
        };
        let known = known(&anchor).or_else(|| known("anchor"));
        let (shown, now_unix_s) = (given.certificate.as_ref(), given.unix_ns / 1_000_000_000);
        let asked = csrf::ask(self.config, line, known, shown, now_unix_s)?;
        self.keep(key, asked.token);
        if let Some(text) = asked.anchor {
            self.keep(&anchor, text);
        }
        Ok(())
    }

    /// The lines with the signature in place of `{signed}`.
    fn signed(
        &self,
        lines: Vec<String>,
        sign: Option<&str>,
        now_unix_s: u64,
    ) -> Result<Vec<String>, String> {
        let Some(sign) = sign else { return Ok(lines) };
        let place = lines.iter().position(|line| line == "{signed}");
        let place = place.ok_or("a request that is signed has a line {signed}")?;
        let mut lines = lines;
        lines.remove(place);
        let plain: Vec<&str> = lines.iter().map(String::as_str).collect();
        let kit = self.kit.as_ref().ok_or("there is no pass yet: `pass:` comes first")?;
        let signed = kit.sign(sign, &bytes::request(&plain)?, now_unix_s)?;
        lines.splice(place..place, signed);
        Ok(lines)
    }
}

/// What whoever is asked says.
fn told(value: &str) -> Option<Told> {
    match value {
        "away" => Some(Told::Away),
        "busy" => Some(Told::Busy),
        _ => {
            let (status, body) = value.split_once(' ').unwrap_or((value, ""));
            Some(Told::Answer(status.parse().ok()?, body.as_bytes().to_vec()))
        }
    }
}

/// A request's line with tokens and keys in the place of their names.
fn filled(line: &str, tokens: &Tokens) -> String {
    let mut out = line.to_owned();
    for (name, token) in tokens {
        out = out.replace(&format!("{{{name}}}"), token);
    }
    while let Some((before, rest)) = out.split_once("{key:")
        && let Some((name, behind)) = rest.split_once('}')
    {
        out = format!("{before}{}{behind}", tokens::api_key(name));
    }
    out
}

fn want(section: &Section<'_>) -> Result<Want, CaseError> {
    let mut want = Want {
        verdict: Verdict::Admit,
        sent: None,
        sent_headers: Vec::new(),
        sent_no_headers: Vec::new(),
        headers: Vec::new(),
        no_headers: Vec::new(),
        status: None,
        body: Vec::new(),
        no_body: Vec::new(),
        would_refuse: Vec::new(),
        proves_body: false,
    };
    let mut has_verdict = false;
    for (place, line) in section.lines.iter().enumerate() {
        let error = |what: String| CaseError { line: section.first + place, what };
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if !has_verdict {
            want.verdict = verdict(line).ok_or_else(|| error(format!("{line:?}: no verdict")))?;
            has_verdict = true;
            continue;
        }
        let (key, value) = line.split_once(": ").unwrap_or((line, ""));
        let value = value.trim();
        if value.is_empty() {
            return Err(error(format!("`{key}` says nothing")));
        }
        match key {
            "sent" => want.sent = Some(value.to_owned()),
            "sent-header" => want.sent_headers.push(header(value)),
            "sent-no-header" => want.sent_no_headers.push(value.to_owned()),
            "header" => want.headers.push(header(value)),
            "no-header" => want.no_headers.push(value.to_owned()),
            "body" => want.body.push(value.to_owned()),
            "no-body" => want.no_body.push(value.to_owned()),
            "would-refuse" => want.would_refuse.push(value.to_owned()),
            "proof" if value == "digest" => want.proves_body = true,
            "status" => {
                let status = value.parse().map_err(|_| error(format!("{value}: no status")))?;
                want.status = Some(status);
            }
            _ => return Err(error(format!("a verdict has no line `{key}`"))),
        }
    }
    let none = || CaseError { line: section.first, what: "here is no verdict".to_owned() };
    has_verdict.then_some(want).ok_or_else(none)
}

fn verdict(line: &str) -> Option<Verdict> {
    match line.split_once(' ') {
        None if line == "admit" => Some(Verdict::Admit),
        Some(("refuse", code)) if code.contains('/') => Some(Verdict::Refuse(code.to_owned())),
        Some(("reply", status)) => status.parse().ok().map(Verdict::Reply),
        _ => None,
    }
}

fn header(text: &str) -> WantedHeader {
    match text.split_once(':') {
        Some((name, value)) => (name.to_owned(), Some(value.trim().to_owned())),
        None => (text.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::{Need, Verdict, parse};

    const TEXT: &str = "why: a reason\nsee: https://shop.test\n---\norigins = []\n---\n\
        # a remark\nnow: 2026-01-01T00:00:01Z\nneeds: raw-head\nbackend: 304\n\
        backend-header: Vary: Accept\nGET /a HTTP/1.1\nHost: shop.test\n---\n\
        refuse site/cross-site\nheader: Vary: Origin\nno-header: Allow\n---\n\
        GET /b HTTP/1.1\n---\nreply 204\n";

    #[test]
    fn a_case_is_read() {
        let case = parse("site/a", TEXT).expect("a case");
        assert_eq!((case.why.as_str(), case.config.as_str()), ("a reason", "origins = []\n"));
        let [first, second] = case.steps.as_slice() else { panic!("two steps") };
        assert_eq!(first.line, 11);
        assert_eq!(first.request, b"GET /a HTTP/1.1\r\nHost: shop.test\r\n\r\n");
        assert_eq!(first.given.needs, Some(Need::RawHead));
        assert_eq!(first.given.unix_ns, super::DEFAULT_UNIX_NS + 1_000_000_000);
        assert_eq!(first.want.verdict, Verdict::Refuse("site/cross-site".into()));
        assert_eq!(first.want.headers, [("Vary".to_owned(), Some("Origin".to_owned()))]);
        assert_eq!(first.want.no_headers, ["Allow"]);
        // The time and the backend stay; what is needed does not.
        assert_eq!(second.given.unix_ns, first.given.unix_ns);
        assert_eq!((second.given.backend.status, second.given.needs), (304, None));
        assert_eq!(second.want.verdict, Verdict::Reply(204));
    }

    #[test]
    fn what_is_no_case_is_told_with_its_line() {
        for (from, to, line) in [
            ("why: ", "what: ", 1),
            ("see: ", "also: ", 2),
            ("refuse site/cross-site", "refuse", 14),
            ("no-header", "not-header", 16),
            ("needs: raw-head", "needs: luck", 8),
            ("now: 2026", "now: 26", 7),
            ("---\nreply 204\n", "", 18),
        ] {
            let error = parse("site/a", &TEXT.replace(from, to)).expect_err(from);
            assert_eq!(error.line, line, "{from}: {error}");
        }
    }
}
