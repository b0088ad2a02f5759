//! `doorward explain --request FILE`: a request, walked through all layers of a configuration.

use super::{answer, paragraph};
use crate::args::Explain;
use crate::{EXIT_USAGE, guard, machine};
use anyhow::{Context, bail};
use doorward_config::{Given, Machine};
use doorward_core::explained::{End, Look, Said, Walk, escaped, query_names};
use doorward_core::fingerprint::shown::Shown;
use doorward_core::memory::Memory;
use doorward_core::mode::Force;
use doorward_core::moment::{Moment, RequestId};
use doorward_core::reason::Reason;
use doorward_core::view::{BodyHint, Fidelity, Target, View};
use doorward_porter::chance::SystemChance;
use doorward_porter::clock::{Clock, SystemClock};
use doorward_proxy::scan::{Found, Scan, ScanLimits, Standing};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::ExitCode;

/// Bytes of a file that are read.
const REQUEST_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// A request as it was read.
struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: BodyHint,
    /// The body's bytes, where the file has all of them, as they are.
    bytes: Option<Vec<u8>>,
    /// What the strict scan under the proxy says.
    scan: Option<Reason>,
}

/// Walks the request, and prints what each layer said.
pub(super) fn run(asked: &Explain) -> ExitCode {
    let given = match &asked.config {
        Some(file) => Given { file: Some(file.clone()), ..Given::default() },
        None => Given { upstream: Some("http://127.0.0.1:3000".to_owned()), ..Given::default() },
    };
    let config = match doorward_config::load(&given, &Machine, guard::random_secret()) {
        Ok(config) => config,
        Err(report) => {
            machine::talk(&report.render(machine::talk_has_colour()));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let limits = crate::mounting::bounds(&config).scan;
    let file = asked.request.as_deref().unwrap_or(Path::new("-"));
    let read = read(file).and_then(|bytes| parse(&bytes, limits)).and_then(|request| {
        let answer = asked.answer.as_deref().map(answer::read).transpose()?;
        Ok((request, answer, peer(asked.from.as_deref())?))
    });
    let (request, answer, peer) = match read {
        Ok(read) => read,
        Err(error) => {
            machine::talk(&format!("error: {error:#}\n"));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let mut now = SystemClock::new().now();
    now.unix_s = asked.at.unwrap_or(now.unix_s);
    let at = Moment {
        now,
        id: RequestId::draw(&SystemChance),
        chance: &SystemChance,
        memory: &Memory::new(1, [0; 16]),
    };
    let (view, body) = (view(&request, peer), request.bytes.as_deref());
    machine::output(&text(&request, &config.gate.walk(view, body, at)));
    if let Some(headers) = answer {
        machine::output(&answer::text(&config.gate.walk_answer(view, body, &headers, at)));
    }
    ExitCode::SUCCESS
}

/// The address that a request comes from.
fn peer(said: Option<&str>) -> anyhow::Result<IpAddr> {
    let Some(said) = said else { return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)) };
    said.parse().with_context(|| format!("`--from {said}` is no IP address, as in 203.0.113.7"))
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file.as_os_str() == "-" {
        io::stdin().lock().take(REQUEST_BYTES_MAX).read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    let opened = File::open(file);
    let opened = opened.with_context(|| format!("cannot read {}", file.display()))?;
    opened.take(REQUEST_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The bytes as they are on the wire: an editor's line ends become CR LF, what a verbose client
/// printed loses its marks (`> `), and a head without its last empty line gets it.
fn wire(bytes: &[u8]) -> Vec<u8> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let is_marked = |line: &&[u8]| line.starts_with(b">");
    if text.split(|byte| *byte == b'\n').any(|line| is_marked(&line)) {
        let mut out = Vec::new();
        for line in text.split(|byte| *byte == b'\n').filter(is_marked) {
            let line = line.strip_prefix(b">").unwrap_or(line);
            out.extend_from_slice(line.strip_prefix(b" ").unwrap_or(line).trim_ascii_end());
            out.extend_from_slice(b"\r\n");
        }
        return ended(out);
    }
    if text.windows(2).any(|pair| pair == b"\r\n") {
        // Whoever wrote one CR LF means every byte.
        return ended(text.to_vec());
    }
    let end = text.windows(2).position(|pair| pair == b"\n\n").map_or(text.len(), |at| at + 2);
    let (head, body) = text.split_at(end);
    let mut out = Vec::new();
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        out.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
        out.extend_from_slice(b"\r\n");
    }
    let mut out = ended(out);
    out.extend_from_slice(body);
    out
}

fn ended(mut head: Vec<u8>) -> Vec<u8> {
    if !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let is_line = head.ends_with(b"\r\n");
        head.extend_from_slice(if is_line { b"\r\n" } else { b"\r\n\r\n" });
    }
    head
}

fn parse(bytes: &[u8], limits: ScanLimits) -> anyhow::Result<Asked> {
    let mut wire = wire(bytes);
    // What a client prints of HTTP/2 is judged as HTTP/1.1.
    for version in [&b" HTTP/2\r\n"[..], b" HTTP/3\r\n"] {
        let first = wire.windows(2).position(|pair| pair == b"\r\n").unwrap_or(0) + 2;
        if wire[..first.min(wire.len())].ends_with(version) {
            wire.splice(first - version.len()..first, b" HTTP/1.1\r\n".iter().copied());
        }
    }
    let mut scan = Scan::new(limits);
    let found = scan.feed(&wire).found;
    // What an editor left behind the message is no second one.
    let is_behind = |found: &Found| scan.heads() > 0 && found.standing == Standing::Between;
    let found = found.filter(|found| !is_behind(found));
    let end = wire.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(wire.len());
    let mut lines = wire[..end].split(|byte| *byte == b'\n');
    let mut words = lines.next().unwrap_or_default().trim_ascii().split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(_)) = (words.next(), words.next(), words.next()) else {
        bail!("the file does not begin with a request line, as in GET /path HTTP/1.1");
    };
    let mut headers = HeaderMap::new();
    for line in lines {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = HeaderName::from_bytes(line[..colon].trim_ascii());
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        // A line that is none was found by the scan.
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let body = match length.and_then(|text| text.parse().ok()) {
        _ if headers.contains_key(header::TRANSFER_ENCODING) => BodyHint::Stream,
        Some(0) | None => BodyHint::Empty,
        Some(bytes) => BodyHint::Length(bytes),
    };
    let behind = wire.get(end + 4..).unwrap_or_default();
    let bytes = match body {
        BodyHint::Empty => Some(&[][..]),
        BodyHint::Length(bytes) => usize::try_from(bytes).ok().and_then(|end| behind.get(..end)),
        BodyHint::Stream => None,
    };
    let bytes = bytes.map(<[u8]>::to_vec);
    Ok(Asked {
        bytes,
        method: Method::from_bytes(method).context("the method is none")?,
        uri: Uri::try_from(target).context("the target is none")?,
        headers,
        body,
        scan: found.map(|found| Reason::Fault(found.fault)),
    })
}

fn view(asked: &Asked, peer: IpAddr) -> View<'_> {
    View {
        method: &asked.method,
        target: Target {
            authority: asked.uri.authority().map(http::uri::Authority::as_str),
            path: asked.uri.path(),
            query: asked.uri.query(),
        },
        headers: &asked.headers,
        peer,
        certificate: None,
        shown: Shown::NOTHING,
        body: asked.body,
        fidelity: Fidelity::PROXY,
    }
}

/// The walk in words. Writing to a string does not fail.
fn text(asked: &Asked, walk: &Walk) -> String {
    let path = escaped(asked.uri.path().as_bytes());
    let query = asked.uri.query().map_or(String::new(), |query| format!("?{}", query_names(query)));
    let mut out = format!("{} {path}{query}\n", escaped(asked.method.as_str().as_bytes()));
    let route = if walk.route.is_empty() { "(no route)" } else { walk.route.as_str() };
    let _ = writeln!(
        out,
        "  route {route}, from {}, taken for a {} caller\n",
        walk.client,
        walk.caller.word()
    );
    if let Some(reason) = asked.scan {
        let _ = writeln!(out, "before all layers, the bytes  refuse: {}", reason.code());
        out.push_str(&indented(reason.words().title));
        out.push_str(&indented(reason.words().advice));
    }
    for (place, look) in walk.looks.iter().enumerate() {
        layer(place + 1, look, &mut out);
    }
    if !walk.shares.is_empty() {
        out.push_str("\nthe store would be asked for one of each, all or none\n");
        for share in &walk.shares {
            let _ = writeln!(
                out,
                "  {}: {} requests in {} s",
                share.limit, share.count, share.window_s
            );
        }
    }
    let verdict = match (asked.scan, walk.end) {
        (Some(reason), _) | (None, End::Refuse(reason)) => {
            format!("refused: {}  {}", reason.code(), reason.words().status)
        }
        (None, End::Admit) if walk.shares.is_empty() => "admitted".to_owned(),
        (None, End::Admit) => "admitted, as long as its shares last".to_owned(),
        (None, End::Reply(status)) => format!("answered by the gate itself: {status}"),
        (None, End::Caller) => {
            "open: the running gate would ask who the caller is, and judge then".to_owned()
        }
        (None, End::Body) => {
            "open: the running gate would read the body, and judge then; the file does not have \
             it whole"
                .to_owned()
        }
        (None, End::Keys) => "open: the running gate would ask the token's issuer for its keys, \
                              and judge then"
            .to_owned(),
    };
    let _ = writeln!(out, "\nverdict  {verdict}");
    out
}

fn layer(place: usize, look: &Look, out: &mut String) {
    let force = match look.force {
        Force::Enforce => "",
        Force::Monitor => "  (monitored: only noted)",
        Force::Off => "  (off: not asked)",
    };
    let said = match &look.said {
        Said::Next => "nothing against it".to_owned(),
        Said::Refuse(reason) => format!("refuse: {}", reason.code()),
        Said::Reply(status) => format!("answer by itself: {status}"),
        Said::Skipped(why) => format!("not asked: {why}"),
    };
    let _ = writeln!(out, "{place} {:<12} {said}{force}", look.layer);
    for (name, value) in &look.saw {
        let _ = writeln!(out, "    {}: {value}", escaped(name.as_bytes()));
    }
    if let Said::Refuse(reason) = &look.said {
        out.push_str(&indented(reason.words().title));
        out.push_str(&indented(reason.words().advice));
    }
}

fn indented(text: &str) -> String {
    let lines = paragraph(text);
    lines.lines().fold(String::new(), |out, line| out + "    " + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_core::gate::Gate;
    use doorward_core::layers::quota::{Account, Counts, SignIn};
    use doorward_core::question::Rate;
    use doorward_core::settings::Settings;

    fn explained(text_of_request: &str, edit: impl FnOnce(&mut Settings)) -> String {
        let mut settings = Settings::public();
        settings.origins = vec!["https://page.test".to_owned()];
        edit(&mut settings);
        let gate = Gate::new(&settings).expect("the test's settings are right");
        let asked = parse(text_of_request.as_bytes(), ScanLimits::default()).expect("a request");
        let at = Moment {
            now: SystemClock::new().now(),
            id: RequestId::draw(&SystemChance),
            chance: &SystemChance,
            memory: &Memory::new(1, [0; 16]),
        };
        let walk = gate.walk(view(&asked, Ipv4Addr::LOCALHOST.into()), asked.bytes.as_deref(), at);
        text(&asked, &walk)
    }

    #[test]
    fn what_leaves_of_an_answer_stands_below_what_was_set() {
        let mut settings = Settings::public();
        settings.external = vec!["https://shop.test".to_owned()];
        settings.origins = vec!["https://page.test".to_owned()];
        settings.cookie.protect = vec!["sid".to_owned()];
        let gate = Gate::new(&settings).expect("the test's settings are right");
        let at = Moment {
            now: SystemClock::new().now(),
            id: RequestId::draw(&SystemChance),
            chance: &SystemChance,
            memory: &Memory::new(1, [0; 16]),
        };
        let set = "HTTP/1.1 200 OK\nSet-Cookie: sid=hunter2; Path=/app\nSet-Cookie: theme=dark\n\
                   Access-Control-Allow-Origin: *\nContent-Type: text/plain\n";
        let headers = answer::headers(set.as_bytes()).expect("an answer");
        let request = "GET /a HTTP/1.1\nHost: shop.test\nOrigin: https://page.test\n";
        let asked = parse(request.as_bytes(), ScanLimits::default()).expect("a request");
        let view = view(&asked, Ipv4Addr::LOCALHOST.into());
        let text = answer::text(&gate.walk_answer(view, Some(&[]), &headers, at));
        for part in [
            "  set      set-cookie: sid=...; Path=/app\n  leaves   set-cookie: __Host-sid=...",
            "  set      set-cookie: theme=...\n  leaves   set-cookie: theme=...; Secure\n",
            "  set      access-control-allow-origin: *\n  leaves   ",
            "  as set   content-type: text/plain\n",
        ] {
            assert!(text.contains(part), "{part:?} in {text}");
        }
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn every_layer_is_walked_and_the_first_no_is_the_verdict() {
        let request = "TRACE /a?key=hunter2 HTTP/1.1\nHost: localhost\n\
                       Origin: https://evil.test\nCookie: session=hunter3\n\n";
        let text = explained(request, |_| {});
        for part in [
            "TRACE /a?key=...\n",
            "1 message      nothing against it",
            "2 cookie       nothing against it",
            "4 site         refuse: site/cross-site",
            "5 method       refuse: method/never",
            "    origin: https://evil.test",
            "    cookie: session (values left out)",
            "credential",
            "verdict  refused: site/cross-site  403 Forbidden",
        ] {
            assert!(text.contains(part), "{part:?} in {text}");
        }
        assert!(!text.contains("hunter"), "{text}");
    }

    #[test]
    fn the_honest_twin_is_admitted_as_long_as_its_shares_last() {
        let request = "GET /a HTTP/1.1\r\nHost: localhost\r\nOrigin: https://page.test\r\n\r\n";
        let text = explained(request, |_| {});
        assert!(text.contains("taken for a page caller"), "{text}");
        assert!(text.contains("  address: 400 requests in 20 s"), "{text}");
        assert!(!text.contains("programs:"), "{text}");
        assert!(text.ends_with("verdict  admitted, as long as its shares last\n"), "{text}");
        let text = explained(request, |settings| settings.quota.limits.clear());
        assert!(text.ends_with("verdict  admitted\n"), "{text}");
    }

    #[test]
    fn a_monitored_layer_only_notes() {
        let request = "GET / HTTP/1.1\nHost: localhost\nOrigin: https://evil.test\n";
        let text = explained(request, |settings| {
            settings.mode = doorward_core::mode::Mode::Monitor;
        });
        let want = "refuse: site/cross-site  (monitored: only noted)";
        assert!(text.contains(want), "{text}");
        assert!(text.contains("verdict  admitted"), "{text}");
    }

    #[test]
    fn a_preflight_is_answered_and_what_the_scan_refuses_is_said_first() {
        let request = "OPTIONS / HTTP/1.1\nHost: localhost\nOrigin: https://page.test\n\
                       Access-Control-Request-Method: PUT\n";
        let text = explained(request, |_| {});
        assert!(text.ends_with("verdict  answered by the gate itself: 204 No Content\n"), "{text}");
        let request = "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n";
        let text = explained(request, |_| {});
        assert!(text.contains("the bytes  refuse: message/host-repeated"), "{text}");
        assert!(text.contains("verdict  refused: message/host-repeated  400"), "{text}");
    }

    #[test]
    fn an_attempt_to_sign_in_is_judged_by_its_body() {
        let counts = |settings: &mut Settings| {
            settings.routes = vec![doorward_core::route::Settings {
                path: "/login".to_owned(),
                sign_in: Some(SignIn {
                    account: Account::parse("email").expect("a field"),
                    counts: Counts::Failures,
                    per_account: Rate::per_minute(3, 3),
                    per_address: Rate::per_minute(60, 60),
                    success: None,
                }),
                ..Default::default()
            }];
        };
        let post = |target: &str, body: &str| {
            let request = format!(
                "POST {target} HTTP/1.1\r\nHost: localhost\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\n{body}"
            );
            explained(&request, counts)
        };
        let text = post("/login", "email[]");
        assert!(text.contains("6 quota        refuse: quota/account-unclear"), "{text}");
        assert!(text.contains("verdict  refused: quota/account-unclear  400"), "{text}");
        let text = post("/login?email=a", "email=a");
        assert!(text.contains("verdict  refused: quota/account-unclear  400"), "{text}");
        let text = post("/login", "email=a");
        assert!(text.contains("  sign-in by account: 3 requests in 60 s"), "{text}");
        assert!(text.ends_with("verdict  admitted, as long as its shares last\n"), "{text}");
        let text = post("/login", "");
        assert!(text.contains("not asked: the account that signs in"), "{text}");
        assert!(text.contains("verdict  open: the running gate would read the body"), "{text}");
    }

    #[test]
    fn what_a_client_printed_is_read() {
        let request =
            "* Connected\n> GET /x HTTP/2\n> Host: localhost\n> Accept: */*\n>\n< HTTP/2 200\n";
        let text = explained(request, |_| {});
        assert!(text.starts_with("GET /x\n") && text.contains("verdict  admitted"), "{text}");
        let request = "POST /x HTTP/1.1\nHost: localhost\nContent-Length: 2\n\nhi\n";
        let text = explained(request, |_| {});
        assert!(text.contains("verdict  admitted"), "an editor's last line end: {text}");
        for bad in ["", "hello", "GET\n", "\u{1}"] {
            assert!(parse(bad.as_bytes(), ScanLimits::default()).is_err(), "{bad:?}");
        }
    }
}
