//! What must hold for any bytes: one function a fuzz target. Each panics where something does not
//! hold, and else says whether it accepted what it was given.
//!
//! The targets in `fuzz/` include this file, so it uses the core and the configuration alone.

use doorward_config::{Config, Given, Outside, load, print_effective};
use doorward_core::client_ip::{ClientIp, From};
use doorward_core::crypto::base64url;
use doorward_core::fingerprint::shown::Shown;
use doorward_core::gate::Gate;
use doorward_core::header::One;
use doorward_core::layers::identity::{Algorithm, IssuerSettings, KEY_SET_BYTES_MAX, KeysFrom};
use doorward_core::memory::Memory;
use doorward_core::mode::Mode;
use doorward_core::moment::{Chance, Moment, Now, RequestId};
use doorward_core::names::{External, Names, authority};
use doorward_core::origin::{Origin, Origins};
use doorward_core::path;
use doorward_core::question::Rate;
use doorward_core::route::{self, Effect};
use doorward_core::settings::Settings;
use doorward_core::turn::Turn;
use doorward_core::verdict::Verdict;
use doorward_core::view::{BodyHint, Fidelity, Target, View};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// An entry of `origins`, and on a second line an `Origin` that is sent: whether it is allowed.
/// With one line alone: whether it is an origin.
#[must_use]
pub fn origin(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let (entry, sent) = match text.split_once('\n') {
        Some((entry, sent)) => (entry, Some(sent)),
        None => (text, None),
    };
    let exact = Origin::parse(entry).ok();
    if let Some(origin) = &exact {
        origin_is_its_own_serialisation(origin, entry);
    }
    let Some(sent) = sent else { return exact.is_some() };
    let Ok(origins) = Origins::parse(&[entry.to_owned()]) else { return false };
    let allowed = origins.allows(sent);
    assert_eq!(origins.mirror(sent).is_some(), allowed, "only what is allowed is mirrored");
    if let Some(origin) = &exact {
        assert_eq!(allowed, sent == origin.as_str(), "an exact origin allows itself alone");
        for twin in twins(origin.as_str()) {
            assert!(!origins.allows(&twin), "{twin} is not {entry}");
        }
    } else if allowed {
        // A variable part stands for a part of one label: as many labels, and an origin all over.
        let sent = Origin::parse(sent).expect("what a pattern allows is an origin");
        let dots = |text: &str| text.matches('.').count();
        assert_eq!(dots(sent.as_str()), dots(entry), "{entry} allows another depth");
        assert!(!origins.allows(&format!("{}.evil.test", sent.as_str())));
    }
    allowed
}

fn origin_is_its_own_serialisation(origin: &Origin, text: &str) {
    assert_eq!(origin.as_str(), text);
    let (scheme, rest) = text.split_once("://").expect("an origin has a scheme");
    assert_eq!(scheme, origin.scheme());
    let known = match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    };
    let again = match origin.port() {
        Some(port) if Some(port) != known => format!("{}:{port}", origin.host()),
        _ => origin.host().to_owned(),
    };
    assert_eq!(again, rest, "host and port are the whole rest");
    if known.is_some() {
        let uri: Uri = text.parse().expect("another reader reads it too");
        assert_eq!(uri.host(), Some(origin.host()));
        assert_eq!(uri.port_u16().or(known), origin.port());
        assert!(uri.query().is_none() && matches!(uri.path(), "" | "/"));
    }
}

/// What is not an origin, though it looks like it.
fn twins(origin: &str) -> [String; 8] {
    let (scheme, rest) = origin.split_once("://").unwrap_or(("", origin));
    [
        format!("{origin}."),
        format!("{origin}/"),
        format!("{origin}.evil.test"),
        format!("{origin}:1x"),
        format!("{scheme}://evil{rest}"),
        format!("{scheme}://evil.{rest}"),
        format!("{scheme}://{rest}@evil.test"),
        format!("{scheme}x://{rest}"),
    ]
}

/// A path: whether a GET is admitted, where `/v1/transfer` moves money and `/files/**` does not.
#[must_use]
pub fn path(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    if path::inspect(text).is_ok() {
        nothing_in_it_climbs(text);
    }
    let admitted = gets(text);
    if admitted {
        assert!(text.starts_with('/'));
        for reading in naive_readings(text) {
            let reading = String::from_utf8_lossy(&reading);
            assert_ne!(reading, "/v1/transfer", "{text} is read as the route that moves money");
        }
    }
    admitted
}

/// However often a backend decodes it, it has no dot segment, control byte or backslash.
fn nothing_in_it_climbs(text: &str) {
    let mut reading = text.as_bytes().to_vec();
    for _ in 0..3 {
        for segment in reading.split(|byte| *byte == b'/') {
            let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
            assert!(name != b"." && name != b"..", "{text} has a dot segment");
        }
        assert!(!reading.contains(&b'\\'), "{text} has a backslash");
        let decoded = naive_decode(&reading);
        if decoded != reading {
            assert!(decoded.iter().all(|byte| *byte >= 0x20), "{text} has a control byte");
        }
        reading = decoded;
    }
}

/// Decodes what it can, and leaves the rest as it is, as lenient backends do.
fn naive_decode(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).filter(|two| two.iter().all(u8::is_ascii_hexdigit));
        let value = digits.and_then(|two| std::str::from_utf8(two).ok());
        match value.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(value) if *byte == b'%' => {
                out.push(value);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

/// Readings of sloppy backends: decoded up to twice, parameters cut, slashes merged, lower case, no
/// slash, dot or space at the end; each step or not.
fn naive_readings(text: &str) -> Vec<Vec<u8>> {
    let mut bases = vec![text.as_bytes().to_vec()];
    for _ in 0..2 {
        bases.push(naive_decode(bases.last().map_or(&[][..], Vec::as_slice)));
    }
    let mut out = Vec::new();
    for base in bases {
        for steps in 0..16_u8 {
            let mut reading = base.clone();
            if steps & 1 != 0 {
                let segments = reading.split(|byte| *byte == b'/');
                let cut = segments
                    .map(|segment| segment.split(|byte| *byte == b';').next().unwrap_or_default());
                reading = cut.collect::<Vec<_>>().join(&b'/');
            }
            if steps & 2 != 0 {
                reading.dedup_by(|next, before| *next == b'/' && *before == b'/');
            }
            if steps & 4 != 0 {
                reading.make_ascii_lowercase();
            }
            while steps & 8 != 0 && matches!(reading.last(), Some(b'/' | b'.' | b' ')) {
                reading.pop();
            }
            out.push(reading);
        }
    }
    out
}

/// Whether a GET by a program is admitted.
fn gets(path: &str) -> bool {
    static GATE: OnceLock<(Arc<Gate>, Memory)> = OnceLock::new();
    let (gate, memory) = GATE.get_or_init(|| {
        let mut settings = Settings::public();
        settings.quota.limits.clear();
        let route = |path: &str, effect| route::Settings {
            path: path.to_owned(),
            effect,
            ..route::Settings::default()
        };
        settings.routes =
            vec![route("/v1/transfer", Effect::Write), route("/files/**", Effect::Read)];
        let gate = Gate::new(&settings).unwrap_or_else(|errors| panic!("{errors:?}"));
        (gate, Memory::new(100, [1; 16]))
    });
    let mut headers = HeaderMap::new();
    headers.insert(http::header::HOST, HeaderValue::from_static("localhost"));
    matches!(opened(gate, memory, &headers, path), Verdict::Admit(_))
}

/// The verdict about a GET, by a gate that asks nothing.
fn opened(gate: &Arc<Gate>, memory: &Memory, headers: &HeaderMap, path: &str) -> Verdict {
    struct Same;
    impl Chance for Same {
        fn fill(&self, out: &mut [u8]) {
            out.fill(1);
        }
    }
    let view = View {
        method: &Method::GET,
        target: Target { authority: None, path, query: None },
        headers,
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        certificate: None,
        shown: Shown::NOTHING,
        body: BodyHint::Empty,
        fidelity: Fidelity::PROXY,
    };
    let now = Now { steady_ns: 1, unix_s: 1 };
    let at = Moment { now, id: RequestId::draw(&Same), chance: &Same, memory };
    match gate.open(view, at) {
        Turn::Done(verdict) => verdict,
        Turn::Body(_) | Turn::Ask(_) | Turn::Keys(_) | Turn::Caller(_) => {
            panic!("this gate asks nothing")
        }
    }
}

/// A `Host`, and on a second line the target's authority: whether the gate is meant, by the names
/// `https://shop.example/api` and `http://intern.test:8080`, or by a local one while trying out.
#[must_use]
pub fn host(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let (host, target) = match text.split_once('\n') {
        Some((host, target)) => (host, Some(target)),
        None => (text, None),
    };
    if authority(target, One::Repeated).is_ok() || authority(target, One::Unreadable).is_ok() {
        panic!("an unclear Host is taken for a clear one");
    }
    let Ok(found) = authority(target, One::Value(host)) else {
        assert!(target.is_some(), "one Host alone is an authority");
        return false;
    };
    assert!(target.is_none_or(|target| target.eq_ignore_ascii_case(host)));
    let folded = found.to_ascii_lowercase();
    let listed = by_listed_names(found, &folded);
    let local = by_local_names(found, &folded);
    listed || local
}

fn by_listed_names(found: &str, folded: &str) -> bool {
    let listed = ["https://shop.example/api", "http://intern.test:8080"];
    let listed = listed.map(|name| External::parse(name).expect("a name"));
    let names = Names::new(listed.into(), vec!["192.168.1.9".to_owned()]);
    let named = names.find(found);
    let ours = matches!(folded, "shop.example" | "shop.example:443" | "intern.test:8080");
    assert_eq!(named.is_some(), ours, "{found}");
    if let Some(named) = named {
        assert_eq!(named.trustworthy, folded.starts_with("shop"));
        assert!(names.is_own("https://shop.example", named), "its own page is its own");
        assert!(!names.is_own("http://shop.example", named) && !names.is_own("null", named));
    }
    ours
}

fn by_local_names(found: &str, folded: &str) -> bool {
    let names = Names::new(Vec::new(), vec!["192.168.1.9".to_owned()]);
    let Some(named) = names.find(found) else { return false };
    // In the words of RFC 3986: names of plain labels, or one of three addresses; and a port.
    let (host, port) = match folded.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (folded, None),
    };
    let digits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|n| n.to_string() == port));
    assert!(digits && port != Some("0"), "{found} has no port like this");
    let address = matches!(host, "127.0.0.1" | "[::1]" | "192.168.1.9");
    let labels: Vec<&str> = host.split('.').collect();
    let plain = |label: &&str| {
        let of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.bytes().all(of_name)
    };
    let name = labels.last() == Some(&"localhost") && labels.iter().all(plain);
    assert!(address || name, "{found} is not this machine");
    assert!(!names.is_own("http://evil.test", named) && !names.is_own("null", named));
    true
}

/// A peer, the name of a forwarding header, and lines of it, each on a line of its own: whether the
/// header is believed, so that the client is somebody else than the peer.
#[must_use]
pub fn addresses(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let peer = lines.next().and_then(|line| std::str::from_utf8(line).ok());
    let Some(peer) = peer.and_then(|text| text.parse::<IpAddr>().ok()) else { return false };
    let (name, from) = match lines.next() {
        Some(b"forwarded") => ("forwarded", From::Forwarded),
        Some(b"x-real-ip") => ("x-real-ip", From::XRealIp),
        _ => ("x-forwarded-for", From::XForwardedFor),
    };
    let name = HeaderName::from_static(name);
    let values: Vec<_> = lines.filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
    let trusted = ["10.0.0.0/8", "fd00::/8"].map(|text| text.parse().expect("a network"));
    let rule = ClientIp { trusted: trusted.into(), from };
    let with = |values: &[HeaderValue]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(&name, value.clone());
        }
        rule.client(peer, &headers)
    };
    let (client, peer) = (with(&values), doorward_core::address::unwrap(peer));
    assert_eq!(doorward_core::address::unwrap(client), client, "addresses are judged unwrapped");
    if !rule.trusts(peer) {
        assert_eq!(client, peer, "a stranger chooses his own address");
    }
    let text: Vec<&str> = values.iter().filter_map(|value| value.to_str().ok()).collect();
    assert!(client == peer || is_written(client, &text.join(",")), "{client} stands nowhere");
    if !rule.trusts(client) {
        // What a client writes before it comes to the left of what proxies add.
        let mut more = vec![
            HeaderValue::from_static("6.6.6.6, for=6.6.6.6"),
            "6.6.6.7".parse().expect("a value"),
        ];
        more.extend(values);
        assert_eq!(with(&more), client, "an address is chosen by what a client wrote");
    }
    client != peer
}

/// Whether an address stands somewhere in a list, in any spelling.
fn is_written(address: IpAddr, list: &str) -> bool {
    list.split([',', ';', '=', '"', ' ', '\t']).any(|piece| {
        let bare = piece.trim_start_matches('[');
        let cut = |text: &str| text.rsplit_once(':').map(|(head, _)| head.to_owned());
        let candidates = [
            Some(piece.to_owned()),
            Some(bare.trim_end_matches(']').to_owned()),
            cut(piece),
            bare.split_once(']').map(|(inner, _)| inner.to_owned()),
            piece.parse::<SocketAddr>().ok().map(|socket| socket.ip().to_string()),
        ];
        candidates
            .into_iter()
            .flatten()
            .filter_map(|text| text.parse().ok())
            .any(|read: IpAddr| doorward_core::address::unwrap(read) == address)
    })
}

/// A token: whether it is admitted, which none can be: its issuer's key was thrown away, so that
/// nobody can sign one. With `!` before it, it stands behind `Bearer` as it is; else its parts are
/// encoded first: header, claims and signature, each on a line of its own.
#[must_use]
pub fn token(bytes: &[u8]) -> bool {
    let text = match bytes.strip_prefix(b"!") {
        Some(text) => text.to_vec(),
        None => {
            let mut out = Vec::new();
            for (place, part) in bytes.split(|byte| *byte == b'\n').enumerate() {
                if place > 0 {
                    out.push(b'.');
                }
                base64url(part, &mut out);
            }
            out
        }
    };
    let Ok(value) = HeaderValue::from_bytes(&[b"Bearer ", text.as_slice()].concat()) else {
        return false;
    };
    static GATE: OnceLock<(Arc<Gate>, Memory)> = OnceLock::new();
    let (gate, memory) = GATE.get_or_init(|| {
        let mut settings = Settings::public();
        settings.requires_identity = true;
        settings.quota.limits.clear();
        // So many that there are never too many: each token is judged.
        settings.quota.strikes = Rate { every_ns: 1, burst: u32::MAX };
        let keys = KeysFrom::Set(NOBODYS_KEYS.to_vec());
        let algorithms = [Algorithm::Es256, Algorithm::EdDsa];
        let issuer = IssuerSettings::new("https://id.test", "api", keys, &algorithms);
        settings.identity.issuers = vec![issuer];
        let gate = Gate::new(&settings).unwrap_or_else(|errors| panic!("{errors:?}"));
        (gate, Memory::new(100, [1; 16]))
    });
    let mut headers = HeaderMap::new();
    headers.insert(http::header::HOST, HeaderValue::from_static("localhost"));
    headers.insert(http::header::AUTHORIZATION, value);
    match opened(gate, memory, &headers, "/") {
        Verdict::Admit(_) => panic!("a token that nobody signed is admitted"),
        Verdict::Reply(_) => panic!("nothing was asked"),
        Verdict::Refuse(refused) => {
            let reason = refused.reason();
            assert!(matches!(reason.layer(), "identity" | "message"), "{}", reason.code());
            // All that can be told without its key was told: the signature alone is wrong.
            reason.code() == "identity/forged"
        }
    }
}

/// Public keys whose private halves were thrown away.
const NOBODYS_KEYS: &[u8] = br#"{"keys":[
{"kty":"EC","crv":"P-256","kid":"a",
"x":"RVTMCX80ydOBg0WUcoP6VPKe8Xw9riKnM7EMlMfSRFo",
"y":"-0IwaNJn5MIj_TBTh06fJz_UbEyzuOk6PnJQWwmG9z0"},
{"kty":"OKP","crv":"Ed25519","kid":"b","x":"KpBbK13oW_nBOq_7-WygMbZ8_zMREsoVn_ZqF0uJM_4"}]}"#;

/// A set of keys: whether it is one from which an issuer could be known.
#[must_use]
pub fn key_set(bytes: &[u8]) -> bool {
    let gate_with = |keys: &[u8]| {
        let mut settings = Settings::public();
        let all = Algorithm::NAMES.iter().map(|(_, algorithm)| *algorithm);
        let algorithms: Vec<_> = all.filter(|algorithm| !algorithm.is_symmetric()).collect();
        let keys = KeysFrom::Set(keys.to_vec());
        let issuer = IssuerSettings::new("https://id.test", "api", keys, &algorithms);
        settings.identity.issuers = vec![issuer];
        Gate::new(&settings)
    };
    let Ok(gate) = gate_with(bytes) else { return false };
    assert!(bytes.len() <= KEY_SET_BYTES_MAX, "it is longer than any that is fetched");
    let now = Now { steady_ns: 1, unix_s: 1 };
    let [issuer] = gate.issuers() else { panic!("one issuer") };
    // The same bytes are the same keys, however they come; others' are not.
    assert_eq!(issuer.learn(bytes, now), Ok(false));
    let generation = issuer.generation();
    assert_eq!(issuer.learn(NOBODYS_KEYS, now), Ok(bytes != NOBODYS_KEYS));
    assert_eq!(issuer.generation() > generation, bytes != NOBODYS_KEYS);
    let text = std::str::from_utf8(bytes).expect("JSON is UTF-8");
    assert!(!text.contains("\"d\":\""), "a private key is taken for a public one");
    true
}

/// A configuration: whether it is one.
#[must_use]
pub fn configuration(bytes: &[u8]) -> bool {
    // The configuration's own entry renders whatever is wrong with it.
    assert!(doorward_config::fuzz_one(bytes) > 0, "neither a configuration nor a word about it");
    let Ok(config) = read(bytes) else { return false };
    let effective = print_effective(&config);
    for secret in &config.signing {
        let shown = effective.as_bytes().windows(secret.expose().len().max(16));
        assert!(shown.into_iter().all(|window| window != secret.expose()), "a secret is shown");
    }
    if effective.contains('…') {
        return true;
    }
    // Read again it comes to the same.
    let again = read(effective.as_bytes()).unwrap_or_else(|said| panic!("{said}\n{effective}"));
    let settings = |config: &Config| {
        let mut settings = config.settings.clone();
        // A layer that is enforced in so many words is one that is enforced by default.
        settings.layer_modes.retain(|(_, mode)| *mode != Mode::Enforce);
        format!("{settings:?}")
    };
    assert_eq!(settings(&again), settings(&config));
    assert_eq!(format!("{:?}", again.bounds), format!("{:?}", config.bounds));
    assert_eq!(format!("{:?}", again.upstreams), format!("{:?}", config.upstreams));
    assert_eq!((again.listen, again.threads), (config.listen, config.threads));
    true
}

fn read(bytes: &[u8]) -> Result<Config, String> {
    struct Lent<'b>(&'b [u8]);
    impl Outside for Lent<'_> {
        fn variable(&self, name: &str) -> Option<String> {
            (name != "UNSET").then(|| format!("{name}-0123456789abcdef0123456789abcdef"))
        }

        fn file(&self, path: &Path) -> std::io::Result<Vec<u8>> {
            match path.to_str() {
                Some("doorward.toml") => Ok(self.0.to_vec()),
                _ => Err(std::io::ErrorKind::NotFound.into()),
            }
        }
    }
    let given = Given { file: Some("doorward.toml".into()), ..Given::default() };
    load(&given, &Lent(bytes), [7; 32]).map_err(|report| report.render(false))
}
