//! A fleet at random: three gates of two versions before one store, whose lines are cut and whose
//! answers come late, while clocks jump and gates start anew. Nobody is ever admitted beyond his
//! limits, and whoever is known is refused nothing that he has, whatever strangers do to the table.
//!
//! `DOORWARD_CAMPAIGN` is the number of worlds; `DOORWARD_SEED` plays one alone.

use doorward_core::layers::quota::{By, Limit, Measure, Who};
use doorward_core::moment::Now;
use doorward_core::question::{Answer, Answers, Questions, Rate};
use doorward_core::settings::Settings;
use doorward_core::verdict::{Admitted, Outcome, Verdict};
use doorward_store::{MemoryStore, Sizes};
use doorward_test::sample::{self, Request, Rig, begin, spoken};
use doorward_test::simulation::Dice;
use std::collections::BTreeMap;
use std::net::IpAddr;

const EVERY_MS: u64 = 200;
const BURST: u32 = 10;
const HOUR_S: u32 = 3_600;
const HOURLY: u32 = 400;
const CALLERS: [&str; 3] = ["ann", "ben", "cem"];
const GATES: usize = 3;
const STEPS: u64 = 3_000;
const WORLDS: u64 = 12;
/// The store's table for strangers: small, so that sprays fill it.
const STRANGERS_MAX: usize = 20;

/// How the line between a gate and the store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Well,
    /// Nothing goes through until this time.
    CutUntil(u64),
}

struct Gate {
    rig: Rig,
    line: Line,
    /// Its wall clock is ahead of the store's by so much.
    ahead_s: u64,
    /// Its steady clock began so much earlier.
    older_ms: u64,
}

/// What one caller has by the store's clock, counted apart and plainly.
#[derive(Default)]
struct Shadow {
    /// When the bucket is whole again, in milliseconds.
    whole_ms: u64,
    hours: BTreeMap<u64, u32>,
    admitted_ms: Vec<u64>,
    given_ms: Vec<u64>,
}

#[derive(Debug, Default)]
struct Tally {
    admitted: u64,
    beyond: u64,
    cut: u64,
    late: u64,
    restarts: u64,
    given_back: u64,
    strangers_refused: u64,
}

struct World {
    dice: Dice,
    now_ms: u64,
    store: MemoryStore,
    gates: Vec<Gate>,
    shadows: BTreeMap<&'static str, Shadow>,
    tokens: BTreeMap<&'static str, String>,
    tally: Tally,
}

/// The two versions of the gate that stand side by side: the newer one has its limits in another
/// order, and one more.
fn settings(is_newer: bool) -> Settings {
    let rate = Rate { every_ns: EVERY_MS * 1_000_000, burst: BURST };
    // A stranger's entry lives for a minute at the least, so that the table is full of them.
    let slow = Rate { every_ns: 60_000_000_000, burst: 3 };
    let known = |limit| Limit { who: Who::Known, ..limit };
    let mut limits = vec![
        known(Limit::new("per-user", &[By::User], Measure::Rate(rate))),
        known(Limit::new("hour", &[By::User], Measure::Window { window_s: HOUR_S, limit: HOURLY })),
        Limit {
            who: Who::Strangers,
            ..Limit::new("per-address", &[By::Address], Measure::Rate(slow))
        },
    ];
    if is_newer {
        limits.reverse();
        let plenty = Rate { every_ns: 1_000, burst: 1_000_000 };
        let own = Limit::new("newer", &[By::User, By::Route], Measure::Rate(plenty));
        limits.push(known(own));
    }
    let mut settings = sample::identity_settings();
    settings.requires_identity = false;
    settings.quota.limits = limits;
    settings
}

fn gate(place: usize) -> Gate {
    let rig = Rig::new(&settings(place == 1));
    Gate { rig, line: Line::Well, ahead_s: 0, older_ms: 0 }
}

impl World {
    fn new(seed: u64) -> Self {
        let sizes = Sizes { strangers_max: STRANGERS_MAX, known_max: 1_000, claims_max: 100 };
        let token =
            |name: &&'static str| (*name, sample::token(&format!("es256 sub={name} exp=+400000")));
        Self {
            dice: Dice::new(seed),
            now_ms: 0,
            store: MemoryStore::new(sizes, *b"the fleet's seed"),
            gates: (0..GATES).map(gate).collect(),
            shadows: CALLERS.iter().map(|name| (*name, Shadow::default())).collect(),
            tokens: CALLERS.iter().map(token).collect(),
            tally: Tally::default(),
        }
    }

    /// The store's own time: its server's, whatever gates think.
    fn store_now(&self) -> Now {
        begin().later_ns(self.now_ms * 1_000_000)
    }

    fn unix_s(&self) -> u64 {
        self.store_now().unix_s
    }

    fn step(&mut self) -> Result<(), String> {
        self.now_ms +=
            if self.dice.one_in(800) { self.dice.below(900_000) } else { self.dice.below(50) };
        let place = self.dice.below(GATES as u64) as usize;
        match self.dice.below(60) {
            0 => {
                let ms = self.dice.below(5_000);
                self.gates[place].line = Line::CutUntil(self.now_ms + ms);
            }
            1 => self.gates[place].ahead_s = self.dice.below(3_000),
            2 => {
                self.gates[place] = gate(place);
                self.gates[place].older_ms = self.dice.below(1_000_000);
                self.tally.restarts += 1;
            }
            3..20 => self.spray(place),
            _ => {
                let name = self.dice.pick(&CALLERS);
                self.call(place, name)?;
            }
        }
        Ok(())
    }

    /// The moment as a gate sees it.
    fn seen_by(&self, place: usize) -> Now {
        let gate = &self.gates[place];
        let now = self.store_now();
        let steady_ns = now.steady_ns + gate.older_ms * 1_000_000;
        Now { steady_ns, unix_s: now.unix_s + gate.ahead_s }
    }

    fn judge(&mut self, place: usize, request: &Request) -> (Verdict, bool, bool) {
        let is_late = self.dice.one_in(40);
        let is_cut = match self.gates[place].line {
            Line::CutUntil(until) if self.now_ms < until => true,
            Line::CutUntil(_) | Line::Well => false,
        };
        let (now, seen) = (self.store_now(), self.seen_by(place));
        let rig = &self.gates[place].rig;
        let away = |questions: &Questions| -> Answers {
            questions.iter().map(|_| Answer::Unavailable).collect()
        };
        let verdict = rig.judge_with(request.view(), b"", rig.at(seen), |questions| {
            if is_cut {
                return away(questions);
            }
            let answers = self.store.answer(questions, now);
            // It was done, and its answer came too late.
            if is_late { away(questions) } else { answers }
        });
        (verdict, is_cut, is_late)
    }

    /// A stranger from one of very many addresses: the table is full of such.
    fn spray(&mut self, place: usize) {
        let address = self.dice.below(1 << 24).to_be_bytes();
        let peer = IpAddr::from([198, address[5], address[6], address[7]]);
        let request = Request { peer, ..Request::chrome() };
        let (verdict, is_cut, is_late) = self.judge(place, &request);
        if matches!(verdict, Verdict::Refuse(_)) && !is_cut && !is_late {
            self.tally.strangers_refused += 1;
        }
    }

    fn call(&mut self, place: usize, name: &'static str) -> Result<(), String> {
        let request = Request::chrome().bearing(&self.tokens[name]);
        let (verdict, is_cut, is_late) = self.judge(place, &request);
        let (now_ms, hour) = (self.now_ms, self.unix_s() / u64::from(HOUR_S));
        let shadow = self.shadows.get_mut(name).expect("a caller");
        let fits = shadow.fits(now_ms, hour);
        if !is_cut && fits {
            shadow.take(now_ms, hour);
        }
        let want = if !is_cut && !is_late && fits { "admit" } else { "refuse" };
        let said = spoken(&verdict);
        if !said.starts_with(want) {
            return Err(format!("{name} at gate {place}: wanted {want}, got {said}"));
        }
        self.tally.cut += u64::from(is_cut);
        self.tally.late += u64::from(is_late);
        self.tally.beyond += u64::from(!fits && !is_cut);
        let Verdict::Admit(admitted) = verdict else { return Ok(()) };
        self.tally.admitted += 1;
        shadow.admitted_ms.push(now_ms);
        shadow.check(now_ms)?;
        if self.dice.one_in(15) {
            self.give_back(name, &admitted);
        }
        Ok(())
    }

    /// What never left for the backend. Of a window only what is old goes back, and this is not.
    fn give_back(&mut self, name: &'static str, admitted: &Admitted) {
        let now = self.store_now();
        let _ = self.store.answer(&admitted.settle(Outcome::NeverSent), now);
        let now_ms = self.now_ms;
        let shadow = self.shadows.get_mut(name).expect("a caller");
        shadow.whole_ms = shadow.whole_ms.saturating_sub(EVERY_MS).max(now_ms);
        shadow.given_ms.push(now_ms);
        self.tally.given_back += 1;
    }
}

impl Shadow {
    fn fits(&self, now_ms: u64, hour: u64) -> bool {
        let next = self.whole_ms.max(now_ms) + EVERY_MS;
        let taken = self.hours.get(&hour).copied().unwrap_or(0);
        next <= now_ms + EVERY_MS * u64::from(BURST) && taken < HOURLY
    }

    fn take(&mut self, now_ms: u64, hour: u64) {
        self.whole_ms = self.whole_ms.max(now_ms) + EVERY_MS;
        *self.hours.entry(hour).or_default() += 1;
    }

    /// Whatever the buckets say: in no time was more admitted than the limit grants in it.
    fn check(&self, now_ms: u64) -> Result<(), String> {
        for (place, since_ms) in self.admitted_ms.iter().enumerate().rev().take(60) {
            let count = (self.admitted_ms.len() - place) as u64;
            let given = self.given_ms.iter().filter(|ms| *ms >= since_ms).count() as u64;
            let most = u64::from(BURST) + (now_ms - since_ms) / EVERY_MS + given;
            if count > most {
                return Err(format!("{count} in {} ms, at most {most}", now_ms - since_ms));
            }
        }
        Ok(())
    }
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}

#[test]
fn simulation_of_a_fleet() {
    let seeds = match number("DOORWARD_SEED") {
        Some(seed) => seed..=seed,
        None => 1..=number("DOORWARD_CAMPAIGN").unwrap_or(WORLDS),
    };
    for seed in seeds {
        let mut world = World::new(seed);
        for step in 0..STEPS {
            world.step().unwrap_or_else(|what| panic!("seed {seed}, step {step}: {what}"));
        }
        let tally = &world.tally;
        println!("seed {seed}: {tally:?}");
        let least = [
            tally.admitted,
            tally.beyond,
            tally.cut,
            tally.late,
            tally.restarts,
            tally.given_back,
            tally.strangers_refused,
        ];
        // A world in which something never happens shows nothing of it.
        assert!(least.iter().all(|count| *count > 5), "seed {seed}: {tally:?}");
    }
}
