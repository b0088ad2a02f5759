//! A real process that takes and settles is killed, again and again: what was settled is never
//! lost, and of the rest at most what was admitted within the last moments is given back. Then how
//! long a large file takes to open.
//!
//! The process is this file's own program, told by a variable to be the one that is killed.

use doorward_core::address::Prefix;
use doorward_core::moment::Now;
use doorward_core::question::{Answer, Ask, Key, Question, Questions, Subject};
use doorward_store::file::{FileSettings, WhenAway};
use doorward_store::{FileStore, Sizes};
use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::Ipv6Addr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Names the file to the process that is killed.
const VICTIM: &str = "DOORWARD_KILLED_STORE";
const DAY: u32 = 86_400;
/// The clock stands in the middle of a day: no window ends.
const NOW: Now = Now { steady_ns: 5_000_000_000, unix_s: 20_000 * 86_400 + 40_000 };
const LIMIT: u32 = 4_000_000_000;
const BUDGET: Key = Key { limit: 1, subject: Subject::Known([1; 16]) };
const PLAIN: Key = Key { limit: 2, subject: Subject::Known([1; 16]) };
/// What a request reserves of the budget.
const RESERVED: u32 = 10;
/// What is promised, and what a machine that does other things too may make of it.
const BEHIND_MS: u64 = 50;
const BEHIND_MS_WORST: u64 = 2_000;
/// Plain requests between two reports of the victim's.
const REPORT_EVERY: u64 = 10;

/// How many kills; a small number in every run.
fn campaign() -> u64 {
    let number = std::env::var("DOORWARD_CAMPAIGN").ok();
    number.map_or(25, |number| number.parse().expect("DOORWARD_CAMPAIGN is a number"))
}

/// So many kills are the whole campaign, with a large file.
const WHOLE: u64 = 500;

fn open(path: &Path, sizes: Sizes) -> FileStore {
    let settings = FileSettings {
        path: path.to_owned(),
        sizes,
        seed: *b"a seed for tests",
        when_away: WhenAway::Refuse,
        talk: Box::new(|line| panic!("{line}")),
    };
    FileStore::open(settings, NOW).expect("the store opens")
}

const SMALL: Sizes = Sizes { strangers_max: 1_000, known_max: 1_000, claims_max: 1_000 };

fn batch(ask: Ask) -> Questions {
    std::iter::once(Question { ask, always: false, watch: false }).collect()
}

const fn take(key: Key, cost: u32) -> Ask {
    Ask::TakeFromWindow { key, window_s: DAY, limit: LIMIT, cost }
}

const fn settle(used: u32) -> Ask {
    Ask::Settle { key: BUDGET, window_s: DAY, taken: RESERVED, used, age_s: 0 }
}

/// What a request of this number comes to: less than was reserved, as much, or more.
const fn used(number: u64) -> u32 {
    (number * 7 % 20) as u32
}

/// What was taken from a window so far.
async fn taken(store: &FileStore, key: Key) -> u64 {
    match store.answer(&batch(take(key, 0)), NOW).await[0] {
        Answer::Yes { left, .. } => u64::from(LIMIT - left),
        other => panic!("{other:?}"),
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("@{line}\n").as_bytes()).and_then(|()| out.flush()).expect("it is heard");
}

/// Two requests at a time that reserve and settle, and a crowd of plain ones.
fn be_the_victim(path: &Path, mode: &str) {
    let store = open(path, SMALL);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        if mode != "budgets" {
            scope.spawn(|| {
                for number in 1.. {
                    let taken = store.at_once(&batch(take(PLAIN, 1)), NOW);
                    assert!(taken.is_some(), "a plain window never waits");
                    if number % REPORT_EVERY == 0 {
                        say(&format!("p {number} {}", begun.elapsed().as_micros()));
                    }
                }
            });
        }
        for thread in 0..2_u64 {
            if mode == "plain" {
                continue;
            }
            let store = &store;
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
                runtime.expect("a runtime").block_on(async {
                    for number in (thread..).step_by(2) {
                        reserve_and_settle(store, number).await;
                    }
                });
            });
        }
    });
}

async fn reserve_and_settle(store: &FileStore, number: u64) {
    let reserved = store.answer(&batch(take(BUDGET, RESERVED)), NOW).await;
    assert!(matches!(reserved[0], Answer::Yes { .. }), "{reserved:?}");
    say(&format!("r {number}"));
    let settled = store.answer(&batch(settle(used(number))), NOW).await;
    assert!(matches!(settled[0], Answer::Yes { .. }), "{settled:?}");
    say(&format!("s {number}"));
}

/// What was heard of a victim.
#[derive(Default)]
struct Heard {
    /// Requests that reserved, and whether they were settled.
    requests: HashMap<u64, bool>,
    /// Plain requests, and microseconds.
    plain: Vec<(u64, u64)>,
}

impl Heard {
    fn hear(&mut self, line: &str) -> Option<()> {
        let mut words = line.strip_prefix('@')?.split(' ');
        match (words.next()?, words.next()?.parse().ok()?) {
            ("r", number) => drop(self.requests.insert(number, false)),
            ("s", number) => drop(self.requests.insert(number, true)),
            ("p", number) => self.plain.push((number, words.next()?.parse().ok()?)),
            _ => return None,
        }
        Some(())
    }

    /// What the budget has lost at the least and at the most. A request in flight is either.
    fn budget(&self) -> (u64, u64) {
        let (mut least, mut most) = (0, 0);
        for (number, is_settled) in &self.requests {
            let (used, reserved) = (used(*number), RESERVED);
            least += u64::from(if *is_settled { used } else { used.min(reserved) });
            most += u64::from(if *is_settled { used } else { used.max(reserved) });
        }
        // Two may have reserved and not said so yet.
        (least, most + 2 * u64::from(RESERVED))
    }
}

/// Starts a victim, lets it say so many lines, and kills it.
fn kill_one(path: &Path, mode: &str, lines: u64) -> Heard {
    let mut victim = Command::new(std::env::current_exe().expect("this program"))
        .args(["what_is_killed_counts_right_when_it_is_not", "--exact", "--nocapture"])
        .env(VICTIM, format!("{mode} {}", path.display()))
        .stdout(Stdio::piped())
        .spawn()
        .expect("a victim");
    let mut out = BufReader::new(victim.stdout.take().expect("its output"));
    let (mut heard, mut count, mut line) = (Heard::default(), 0, String::new());
    loop {
        line.clear();
        if out.read_line(&mut line).expect("its lines") == 0 {
            break;
        }
        // The last line may be half of one.
        let is_whole = line.ends_with('\n');
        if is_whole && heard.hear(line.trim_end()).is_some() {
            count += 1;
            if count == lines {
                victim.kill().expect("it is killed");
            }
        }
    }
    let ended = victim.wait().expect("it ends");
    assert_eq!(ended.code(), None, "it was killed, and did not end by itself: {ended}");
    heard
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

#[tokio::test]
async fn a_kill_loses_no_settled_budget() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("store.redb");
    let store = open(&path, SMALL);
    // It is known for a budget from its first settlement on.
    reserve_and_settle(&store, 0).await;
    let (mut budget, mut plain) = (taken(&store, BUDGET).await, taken(&store, PLAIN).await);
    drop(store);
    let mut random = Random(campaign() + 77);
    let (mut settled, mut behind, mut opening) = (0, Vec::new(), Duration::ZERO);
    for kill in 0..campaign() {
        let mode = ["both", "budgets", "plain"][(kill % 3) as usize];
        let lines = 1 + random.below(if mode == "plain" { 20_000 } else { 300 });
        let heard = kill_one(&path, mode, lines);
        let begun = Instant::now();
        let store = open(&path, SMALL);
        opening = opening.max(begun.elapsed());
        let now = (taken(&store, BUDGET).await, taken(&store, PLAIN).await);
        let (least, most) = heard.budget();
        let spent = now.0 - budget;
        assert!((least..=most).contains(&spent), "kill {kill}: {spent} of {least} to {most}");
        settled += heard.requests.values().filter(|is_settled| **is_settled).count();
        let kept = now.1 - plain;
        if let Some((last, last_us)) = heard.plain.last() {
            // Who was admitted last of all may not have been reported yet.
            let lost_from = heard.plain.iter().find(|(number, _)| *number > kept);
            let lost_us = lost_from.map_or(0, |(_, at_us)| last_us - at_us);
            assert!(lost_us / 1_000 <= BEHIND_MS_WORST, "kill {kill}: {lost_us} us of {last}");
            behind.push(lost_us);
        }
        (budget, plain) = now;
        drop(store);
    }
    behind.sort_unstable();
    let late = behind.iter().filter(|us| **us > BEHIND_MS * 1_000).count();
    println!(
        "kills: {}, settled and kept: {settled}; plain windows were behind by {} us in the middle, \
         {} us at most, {late} of {} times by more than {BEHIND_MS} ms; opened within {} ms",
        campaign(),
        behind[behind.len() / 2],
        behind[behind.len() - 1],
        behind.len(),
        opening.as_millis(),
    );
    assert!(behind[behind.len() / 2] <= BEHIND_MS * 1_000, "{behind:?}");
    assert!(settled as u64 > campaign(), "requests were settled");
}

/// The victim itself; and what it does, to its end and not killed.
#[tokio::test]
async fn what_is_killed_counts_right_when_it_is_not() {
    if let Ok(told) = std::env::var(VICTIM) {
        let (mode, path) = told.split_once(' ').expect("a mode and a path");
        be_the_victim(Path::new(path), mode);
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("store.redb");
    let store = open(&path, SMALL);
    for number in 0..20 {
        reserve_and_settle(&store, number).await;
    }
    drop(store);
    let store = open(&path, SMALL);
    let used: u64 = (0..20).map(|number| u64::from(used(number))).sum();
    assert_eq!(taken(&store, BUDGET).await, used);
}

/// A large file that nobody has closed is open within a second.
#[tokio::test]
async fn a_large_file_is_open_soon() {
    let is_whole = campaign() >= WHOLE;
    let rows: u64 = if is_whole { 1_000_000 } else { 20_000 };
    let folder = TempDir::new().expect("a folder");
    let (path, copy) = (folder.path().join("store.redb"), folder.path().join("copy.redb"));
    let sizes = Sizes { strangers_max: 2 * rows as usize, ..SMALL };
    let store = open(&path, sizes);
    let key = |number: u64| {
        let address = Ipv6Addr::from((0x2001_0db8_u128 << 96) | (u128::from(number) << 64));
        Key { limit: 3, subject: Subject::Address(Prefix::subscriber(address.into())) }
    };
    let begun = Instant::now();
    for number in 0..rows {
        let taken = store.at_once(&batch(take(key(number), 1)), NOW);
        assert!(taken.is_some());
    }
    assert!(store.flush().await);
    let written = begun.elapsed();
    assert_eq!(store.figures().rows, rows);
    fs::copy(&path, &copy).expect("the file as a kill leaves it");
    drop(store);
    let begun = Instant::now();
    let store = open(&copy, sizes);
    let opened = begun.elapsed();
    let bytes = fs::metadata(&copy).expect("the file").len();
    println!(
        "{rows} rows: written behind in {} ms, {} MB, open {} ms after a kill",
        written.as_millis(),
        bytes >> 20,
        opened.as_millis()
    );
    assert_eq!(taken(&store, key(rows / 2)).await, 1);
    assert!(!is_whole || opened <= Duration::from_secs(1), "{opened:?}");
}
