//! What passes cost: nanoseconds for checking a signed request and a ticket, and for what is
//! forged; a native solver's price for the work of a pass.

use doorward_core::mode::Mode;
use doorward_core::pass::{WORK_BITS, solve_work, work_seed};
use doorward_core::settings::Settings;
use doorward_test::pass_visits::Forger;
use doorward_test::pass_visits::{HOST, at, chrome, minted, settings, ticket, with, with_ticket};
use doorward_test::passes::Signing;
use doorward_test::sample::{ORIGIN, PATH, Request, Rig};
use http::Method;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long each figure is measured.
const MEASURE: Duration = Duration::from_secs(1);
/// Passes whose work is solved.
const SOLVED: u64 = 200;

fn main() {
    let rig = Rig::new(&settings());
    let plain = Rig::new(&Settings { layer_modes: vec![("pass", Mode::Off)], ..settings() });
    let now = at(0);
    let pass = minted(&rig, now);
    let bare = chrome(Method::GET, PATH);
    let signed = with(bare.clone(), &pass.sign(&Signing::get(HOST, PATH, pass.now, 1)));
    let ticket = ticket(&rig, &pass, now);
    let forged = with_ticket(&Forger::new(&ticket).with_mac(1));
    let opened = |rig: &Rig, request: &Request| {
        measure(|| {
            black_box(rig.gate.open(black_box(request.view()), rig.at(now)));
        })
    };
    let base = opened(&plain, &bare);
    println!("{base:>8.0} ns to open a visit without a pass");
    println!("{:>8.0} ns more with a signed request", opened(&rig, &signed) - base);
    println!("{:>8.0} ns more with a ticket", opened(&rig, &with_ticket(&ticket)) - base);
    println!("{:>8.0} ns for a whole visit with a forged ticket", opened(&rig, &forged));
    let begun = on_a_core();
    for number in 0..SOLVED {
        black_box(solve_work(&work_seed(HOST, ORIGIN, "key", number), WORK_BITS));
    }
    let each_s = (on_a_core() - begun).as_secs_f64() / SOLVED as f64;
    println!("{:>8.1} ms of one native core for the work of a pass", each_s * 1e3);
    println!("{:>8.2} s of it for 10,000 calls at 60 a pass", each_s * 10_000.0 / 60.0);
}

/// How long this program has had a core: what its neighbours take is not the price of the work.
fn on_a_core() -> Duration {
    let said = std::fs::read_to_string("/proc/self/schedstat").expect("Linux's own account");
    let ns = said.split(' ').next().and_then(|text| text.parse().ok());
    Duration::from_nanos(ns.expect("nanoseconds on a core"))
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
