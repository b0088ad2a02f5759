//! What passes cost: nanoseconds for checking a signed request and a ticket, and for what is
//! forged; a native solver's price for the work of a pass.

use doorward_core::mode::Mode;
use doorward_core::moment::Now;
use doorward_core::pass::{WORK_BITS, solve_work, work_seed};
use doorward_core::secret::Secret;
use doorward_core::settings::Settings;
use doorward_core::verdict::Verdict;
use doorward_core::view::BodyHint;
use doorward_test::passes::{Keys, Pass, Signing};
use doorward_test::sample::{self, ORIGIN, Request, Rig, begin};
use http::{HeaderName, HeaderValue, Method};
use std::hint::black_box;
use std::time::{Duration, Instant};

const HOST: &str = "api.shop.test";
/// How long each figure is measured.
const MEASURE: Duration = Duration::from_secs(1);
/// Forged tickets of the flood.
const FLOOD: u32 = 1_000_000;
/// Passes whose work is solved.
const SOLVED: u64 = 50;

fn main() {
    let rig = Rig::new(&settings(Mode::Enforce));
    let plain = Rig::new(&settings(Mode::Off));
    let now = begin();
    let pass = minted(&rig, now);
    let bare = Request::chrome();
    let signed = with(Request::chrome(), &pass.sign(&signing(&pass)));
    let ticket = ticket(&rig, &pass, now);
    let opened = |rig: &Rig, request: &Request| {
        measure(|| {
            black_box(rig.gate.open(black_box(request.view()), rig.at(now)));
        })
    };
    let base = opened(&plain, &bare);
    println!("{base:>8.0} ns to open a visit without a pass");
    println!("{:>8.0} ns more with a signed request", opened(&rig, &signed) - base);
    println!("{:>8.0} ns more with a ticket", opened(&rig, &ticket) - base);
    let begun = Instant::now();
    for number in 0..SOLVED {
        black_box(solve_work(&work_seed(HOST, ORIGIN, "key", number), WORK_BITS));
    }
    let each = begun.elapsed() / u32::try_from(SOLVED).unwrap_or(1);
    println!("{:>8.1} ms of one native core for the work of a pass", each.as_secs_f64() * 1e3);
    println!("{:>8.0} s of it for 10,000 calls at 60 a pass", each.as_secs_f64() * 10_000.0 / 60.0);
    flood(&rig, now);
}

/// A flood of forged tickets, from as many networks as there are.
fn flood(rig: &Rig, now: Now) {
    let (mut asked, mut refused) = (0_u32, 0_u32);
    let before = resident_kib();
    let begun = Instant::now();
    for number in 0..FLOOD {
        let mut request = Request::chrome();
        request.peer = std::net::Ipv4Addr::from(number.rotate_left(12)).into();
        request.query = Some(format!("doorward_ticket=dwt1.{number:08}AAAA.{}", "A".repeat(43)));
        let verdict = rig.judge_with(request.view(), b"", rig.at(now), |questions| {
            asked += 1;
            rig.store.answer(questions, now)
        });
        refused += u32::from(matches!(verdict, Verdict::Refuse(_)));
    }
    let grown = resident_kib().saturating_sub(before);
    let each = begun.elapsed() / FLOOD;
    println!("{refused:>8} of {FLOOD} forged tickets refused, the store asked {asked} times");
    println!("{:>8} ns each, {grown} KiB of memory more", each.as_nanos());
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let text = line.unwrap_or_default().trim().trim_end_matches(" kB");
    text.parse().unwrap_or_default()
}

fn settings(mode: Mode) -> Settings {
    let mut settings = sample::settings();
    settings.layer_modes = vec![("pass", mode)];
    settings.pass.secrets = vec![Secret::new([1; 32])];
    settings
}

fn signing(pass: &Pass) -> Signing<'static> {
    Signing::get(HOST, sample::PATH, pass.now, 1)
}

fn with(mut request: Request, headers: &[(&'static str, String)]) -> Request {
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).expect("a header's value");
        request.headers.insert(HeaderName::from_static(name), value);
    }
    request
}

fn answered(rig: &Rig, request: &Request, body: &[u8], now: Now) -> Vec<u8> {
    match rig.judge(request.view(), body, rig.at(now)) {
        Verdict::Reply(reply) => reply.body.to_vec(),
        other => panic!("{}", sample::spoken(&other)),
    }
}

fn posted(path: &str, body: &[u8]) -> Request {
    let mut request = Request { method: Method::POST, ..Request::chrome() };
    path.clone_into(&mut request.path);
    request.body = BodyHint::Length(body.len() as u64);
    request
}

fn minted(rig: &Rig, now: Now) -> Pass {
    let keys = Keys::new();
    let body = keys.ask(HOST, ORIGIN, now.unix_s, u32::from(WORK_BITS));
    keys.pass(&answered(rig, &posted("/.doorward/pass", body.as_bytes()), body.as_bytes(), now))
}

/// A request with a ticket.
fn ticket(rig: &Rig, pass: &Pass, now: Now) -> Request {
    let path = "/.doorward/ticket";
    let body = format!("{{\"url\":{:?}}}", sample::PATH);
    let headers = pass.sign(&Signing::post(HOST, path, body.as_bytes(), now.unix_s, 2));
    let request = with(posted(path, body.as_bytes()), &headers);
    let answer = answered(rig, &request, body.as_bytes(), now);
    let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
    let ticket = answer["ticket"].as_str().expect("a ticket");
    Request { query: Some(format!("doorward_ticket={ticket}")), ..Request::chrome() }
}

/// Nanoseconds that `what` takes: the median of many batches, since other processes take their
/// turns.
fn measure(mut what: impl FnMut()) -> f64 {
    let begun = Instant::now();
    let mut batches = Vec::new();
    while begun.elapsed() < MEASURE {
        let batch = Instant::now();
        for _ in 0..100 {
            what();
        }
        batches.push(batch.elapsed().as_nanos() as f64 / 100.0);
    }
    batches.sort_by(f64::total_cmp);
    batches.get(batches.len() / 2).copied().unwrap_or_default()
}
