//! A flood of forged tokens from one address costs little, and costs nobody else anything.
//!
//! `DOORWARD_CAMPAIGN` is the number of tokens; with it the figures are held to their bounds, which
//! is of use in an optimised build on a quiet machine alone.

use doorward_core::verdict::Verdict;
use doorward_lab::backend::{Backend, BackendOptions};
use doorward_test::running_gate::{GateOptions, RunningGate};
use doorward_test::sample::{Request, Rig, begin, identity_settings, spoken, token};
use doorward_test::tokens;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use socket2::{Domain, SockAddr, Socket, Type};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tokens when nobody says how many.
const TOKENS: u32 = 3_000;
/// Strikes that an address may make, by default.
const STRIKES: u32 = 60;
/// A struck address's request, in the core: the bound of a campaign.
const STRUCK_NS_MAX: f64 = 1_000.0;
/// Connections of the flood, with a forged token each before every request of the valid caller.
const FLOODERS: usize = 4;

fn campaign() -> Option<u32> {
    std::env::var("DOORWARD_CAMPAIGN").ok()?.parse().ok()
}

#[test]
fn behind_its_strikes_a_forged_token_costs_next_to_nothing() {
    let count = campaign().unwrap_or(TOKENS);
    let rig = Rig::new(&identity_settings());
    let honest = Request::chrome().bearing(&token("es256"));
    let judge = |request: &Request| match judge(&rig, request) {
        Verdict::Admit(_) => "admit",
        Verdict::Refuse(refused) => refused.reason().code(),
        Verdict::Reply(_) => "reply",
    };
    assert_eq!(judge(&honest), "admit");
    let forged: Vec<HeaderValue> = (0..count)
        .map(|number| token(&format!("es256 by=stranger jti=t{number}")))
        .map(|token| HeaderValue::try_from(format!("Bearer {token}")).expect("a value"))
        .collect();
    // The clock stands still, so that no strike is forgotten: as many signatures are checked as
    // there are strikes, and not one more.
    let (strikes, behind) = forged.split_at(STRIKES as usize);
    // One request, as a connection's buffer would hold it, with each token in its turn.
    let mut request = honest.clone();
    let mut ns_each = |tokens: &[HeaderValue], code: &str| {
        let begun = Instant::now();
        for token in tokens {
            request.headers.insert(AUTHORIZATION, token.clone());
            assert_eq!(judge(&request), code);
        }
        ns_each(begun, tokens.len())
    };
    let checked_ns = ns_each(strikes, "identity/forged");
    // The least of ten parts: a busy machine can only add to it.
    let parts = behind.chunks(behind.len().div_ceil(10));
    let struck_ns = parts.map(|part| ns_each(part, "quota/strikes")).fold(f64::INFINITY, f64::min);
    assert_eq!(judge(&honest), "admit", "who is known behind the same address");
    let mut elsewhere = Request::chrome().bearing(&token("es256 sub=bob"));
    elsewhere.peer = IpAddr::from([203, 0, 113, 8]);
    assert_eq!(judge(&elsewhere), "admit", "who comes from another");
    assert!(rig.memory.tokens.count() <= 2, "what is forged is not remembered");
    println!("{checked_ns:.0} ns with a signature, {struck_ns:.0} ns behind the strikes ({count})");
    assert!(struck_ns * 4.0 < checked_ns, "{struck_ns:.0} ns of {checked_ns:.0} ns");
    if campaign().is_some() {
        assert!(struck_ns <= STRUCK_NS_MAX, "{struck_ns:.0} ns");
    }
}

fn ns_each(begun: Instant, count: usize) -> f64 {
    begun.elapsed().as_secs_f64() * 1e9 / count as f64
}

/// What is no strike can come as often as it likes, so it must cost little by itself.
#[test]
fn what_is_no_strike_costs_less_than_a_forged_token() {
    let rig = Rig::new(&identity_settings());
    // The least of some rounds: a busy machine can only add to it.
    let least = |rounds: u8, round: &mut dyn FnMut(u8)| {
        let mut best = f64::INFINITY;
        for number in 0..rounds {
            let begun = Instant::now();
            round(number);
            best = best.min(ns_each(begun, 1));
        }
        best
    };
    let forged = Request::chrome().bearing(&token("es256 by=stranger"));
    let signature_ns = least(50, &mut |number| {
        let request = Request { peer: IpAddr::from([198, 51, 100, number]), ..forged.clone() };
        assert_eq!(spoken(&judge(&rig, &request)), "refuse identity/forged");
    });
    println!("{signature_ns:>8.0} ns identity/forged");
    let list = |values: usize| format!("es256 exp=-60 a=[{}]", vec!["0"; values].join(","));
    for (text, code) in [
        ("null".to_owned(), "malformed"),
        ("x".repeat(8_192), "malformed"),
        ("x".repeat(60_000), "too-long"),
        (token("es256 exp=-60"), "expired"),
        (token("es256 aud=other"), "audience"),
        (token("es256 iss=other"), "issuer"),
        // As much of anything as fits, as many values as may be, and more.
        (token("es256 exp=-60 long=5800"), "expired"),
        (token(&list(1_000)), "expired"),
        (token(&list(2_800)), "malformed"),
    ] {
        let request = Request::chrome().bearing(&text);
        let each = least(100, &mut |_| {
            let want = format!("refuse identity/{code}");
            assert_eq!(spoken(&judge(&rig, &request)), want);
        });
        println!("{each:>8.0} ns identity/{code} ({} bytes)", text.len());
        if campaign().is_some() {
            assert!(each < signature_ns, "{code}: {each:.0} ns of {signature_ns:.0} ns");
        }
    }
}

fn judge(rig: &Rig, request: &Request) -> Verdict {
    rig.judge(request.view(), b"", rig.at(begin()))
}

/// A connection from an address of loopback.
struct Caller {
    reader: BufReader<TcpStream>,
    from: IpAddr,
    to: SocketAddr,
}

impl Caller {
    fn connect(from: IpAddr, to: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SockAddr::from(SocketAddr::new(from, 0)))?;
        socket.connect(&SockAddr::from(to))?;
        socket.set_tcp_nodelay(true)?;
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Self { reader: BufReader::new(stream), from, to })
    }

    /// Sends a request.
    fn send(&mut self, token: &str) -> io::Result<()> {
        let head = format!(
            "GET /api/data HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        self.reader.get_mut().write_all(head.as_bytes())
    }

    /// Reads an answer whole: its status.
    fn receive(&mut self) -> io::Result<u16> {
        let (mut status, mut bytes, mut ends) = (0, 0, false);
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0);
            } else if let Some(length) = line.strip_prefix("content-length: ") {
                bytes = length.parse().unwrap_or(0);
            } else if line == "connection: close" {
                ends = true;
            } else if line.is_empty() {
                break;
            }
        }
        self.reader.read_exact(&mut vec![0; bytes])?;
        if ends {
            *self = Self::connect(self.from, self.to)?;
        }
        Ok(status)
    }
}

/// A gate's configuration: the kit's issuer, and shares that no test uses up.
fn configuration() -> String {
    let here = std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where");
    let jwks = format!("{here}/keys/kit.json");
    let (issuer, audience) = (tokens::ISSUER, tokens::AUDIENCE);
    format!(
        "profile = \"authenticated\"\n\
         [layers.quota]\n\
         limits = [{{ name = \"user\", by = [\"user\"], rate = \"1000000/sec\" }}]\n\
         [[layers.identity.jwt]]\n\
         issuer = \"{issuer}\"\n\
         audience = \"{audience}\"\n\
         algorithms = [\"ES256\"]\n\
         jwks = \"{jwks}\"\n"
    )
}

#[tokio::test]
async fn a_flood_of_forged_tokens_slows_down_nobody_who_is_known() {
    let count = campaign().unwrap_or(TOKENS);
    let backend = Backend::start(BackendOptions::default()).await.expect("a backend");
    let upstream = format!("http://{}", backend.address());
    let config = configuration();
    let options = GateOptions { upstream: &upstream, config: &config, ..GateOptions::default() };
    let gate = RunningGate::start(options).await.unwrap_or_else(|error| panic!("{error}"));
    let to = gate.address();
    let figures = tokio::task::spawn_blocking(move || measure(to, count));
    let (rest_us, beside_us) = figures.await.expect("it runs").expect("every answer is read");
    println!(
        "p99 of a valid caller: {rest_us:.0} µs at rest, {beside_us:.0} µs with {FLOODERS} forged \
         tokens before each of its requests ({count})"
    );
    if campaign().is_some() {
        assert!(beside_us < 2.0 * rest_us, "{beside_us:.0} µs of {rest_us:.0} µs");
    }
}

/// The valid caller's 99th percentile at rest and beside the flood, in microseconds. The two take
/// turns, so that whatever else the machine does is in both.
fn measure(to: SocketAddr, count: u32) -> io::Result<(f64, f64)> {
    let unix_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let sign = |line: &str| tokens::of_line(line, unix_s).expect("a token");
    let good = sign("es256 exp=+3600");
    let forged: Vec<String> =
        (0..count).map(|number| sign(&format!("es256 by=stranger jti=t{number}"))).collect();
    let mut valid = Caller::connect(IpAddr::from([127, 0, 0, 1]), to)?;
    let flooder = |_| Caller::connect(IpAddr::from([127, 0, 0, 2]), to);
    let mut flooders = (0..FLOODERS).map(flooder).collect::<io::Result<Vec<_>>>()?;
    let (mut rest, mut beside) = (Vec::new(), Vec::new());
    let mut checked = 0;
    let begun = Instant::now();
    for tokens in forged.chunks(FLOODERS) {
        rest.push(timed(&mut valid, &good)?);
        for (flooder, token) in flooders.iter_mut().zip(tokens) {
            flooder.send(token)?;
        }
        beside.push(timed(&mut valid, &good)?);
        for flooder in flooders.iter_mut().take(tokens.len()) {
            match flooder.receive()? {
                401 => checked += 1,
                status => assert_eq!(status, 429),
            }
        }
    }
    // One strike is forgotten a second, and each connection may have one on its way just then.
    let most = f64::from(STRIKES) + (begun.elapsed().as_secs_f64() + 1.0) * FLOODERS as f64;
    assert!(f64::from(checked) <= most, "{checked} signatures were checked");
    Ok((p99(rest), p99(beside)))
}

fn timed(caller: &mut Caller, token: &str) -> io::Result<Duration> {
    let begun = Instant::now();
    caller.send(token)?;
    assert_eq!(caller.receive()?, 200);
    Ok(begun.elapsed())
}

fn p99(mut took: Vec<Duration>) -> f64 {
    took.sort();
    took.get(took.len() * 99 / 100).map_or(0.0, |time| time.as_secs_f64() * 1e6)
}
