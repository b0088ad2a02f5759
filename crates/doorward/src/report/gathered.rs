//! What the lines add up to. Every list is bounded, however long the log and whatever is in it.

use super::line::Line;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Reason × route × kind of caller that are told apart; the rest is only counted.
const GROUPS_MAX: usize = 2_000;
/// Addresses that one group tells apart.
const ADDRESSES_MAX: usize = 1_000;
/// Addresses that all groups tell apart together.
const ADDRESSES_IN_ALL_MAX: usize = 200_000;
/// Origins and methods that one group remembers.
const VALUES_MAX: usize = 32;
/// Bytes of a text that are kept.
const TEXT_BYTES_MAX: usize = 200;
/// Routes that are counted apart.
const ROUTES_MAX: usize = 2_000;
/// Broken lines that are named.
const BROKEN_NAMED_MAX: usize = 5;

/// Whether it was refused, or a monitored layer would have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Was {
    Refused,
    WouldBe,
}

/// What is told together.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) was: Was,
    pub(super) code: String,
    pub(super) route: String,
    pub(super) caller: String,
}

/// One request of a group.
#[derive(Clone, Debug, Default)]
pub(super) struct Example {
    pub(super) id: String,
    pub(super) time: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) origin: String,
}

/// One group's requests.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) times: u64,
    addresses: HashSet<String>,
    pub(super) addresses_are_more: bool,
    pub(super) example: Example,
    pub(super) origins: Frequent,
    pub(super) methods: Frequent,
}

impl Group {
    pub(super) fn addresses(&self) -> usize {
        self.addresses.len()
    }
}

/// The most frequent values of many (Metwally's "space saving"): when there is no more room, the
/// rarest gives its place. So a spray of different values does not push out a frequent one.
#[derive(Clone, Debug, Default)]
pub(super) struct Frequent(HashMap<String, u64>);

impl Frequent {
    fn add(&mut self, value: &str) {
        if value.is_empty() {
            return;
        }
        let value = cut(value);
        if let Some(times) = self.0.get_mut(&value) {
            *times += 1;
            return;
        }
        let mut times = 1;
        if self.0.len() >= VALUES_MAX
            && let Some((rarest, least)) = self.0.iter().min_by_key(|(_, times)| **times)
        {
            times += *least;
            let rarest = rarest.clone();
            self.0.remove(&rarest);
        }
        self.0.insert(value, times);
    }

    /// The values, the most frequent first.
    pub(super) fn all(&self) -> Vec<&str> {
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by(|(a, less), (b, more)| more.cmp(less).then(a.cmp(b)));
        all.into_iter().map(|(value, _)| value.as_str()).collect()
    }
}

/// How a route fared.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RouteCount {
    pub(super) admitted: u64,
    pub(super) would_refuse: u64,
}

/// All that was read.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) admitted: u64,
    pub(super) replied: u64,
    pub(super) refused: u64,
    /// Admitted requests that at least one monitored layer would have refused.
    pub(super) would_refuse: u64,
    /// Lines that the gate itself dropped: the log is not whole.
    pub(super) dropped: u64,
    pub(super) broken: u64,
    pub(super) broken_named: Vec<String>,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) groups: HashMap<Key, Group>,
    /// Refusals of groups that there was no room for.
    pub(super) rest: u64,
    addresses: usize,
    /// Would-be refusals by layer.
    pub(super) layers: BTreeMap<String, u64>,
    pub(super) routes: HashMap<String, RouteCount>,
}

impl Gathered {
    /// Takes in one line.
    pub(super) fn take(&mut self, bytes: &[u8], name: &str, number: u64) {
        if bytes.trim_ascii().is_empty() {
            return;
        }
        let line: Line<'_> = match serde_json::from_slice(bytes) {
            Ok(line) => line,
            Err(_) => return self.broken(name, number, "it is no JSON object of ours"),
        };
        if let Some(event) = &line.event {
            self.dropped += if event == "log_dropped" { line.lines } else { 0 };
            return;
        }
        match line.verdict.as_ref() {
            "admit" => self.admit(&line),
            "reply" => self.replied += 1,
            "refuse" if is_code(&line.code) => {
                self.refused += 1;
                self.add(Was::Refused, &line.code, &line);
            }
            _ => return self.broken(name, number, "it says no verdict"),
        }
        self.span(&line.time);
    }

    /// Counts a line that says nothing, and names the first ones.
    pub(super) fn broken(&mut self, name: &str, number: u64, why: &str) {
        self.broken += 1;
        if self.broken_named.len() < BROKEN_NAMED_MAX {
            self.broken_named.push(format!("{name}:{number}: {why}"));
        }
    }

    fn admit(&mut self, line: &Line<'_>) {
        self.admitted += 1;
        let would = !line.would_refuse.is_empty();
        if self.routes.len() < ROUTES_MAX || self.routes.contains_key(line.route.as_ref()) {
            let route = self.routes.entry(cut(&line.route)).or_default();
            route.admitted += 1;
            route.would_refuse += u64::from(would);
        }
        self.would_refuse += u64::from(would);
        for code in line.would_refuse.iter().filter(|code| is_code(code)).take(16) {
            let layer = code.split('/').next().unwrap_or_default();
            if self.layers.len() < 64 || self.layers.contains_key(layer) {
                *self.layers.entry(layer.to_owned()).or_default() += 1;
            }
            self.add(Was::WouldBe, code, line);
        }
    }

    fn add(&mut self, was: Was, code: &str, line: &Line<'_>) {
        let key = Key { was, code: cut(code), route: cut(&line.route), caller: cut(&line.caller) };
        if self.groups.len() >= GROUPS_MAX && !self.groups.contains_key(&key) {
            self.rest += 1;
            return;
        }
        let group = self.groups.entry(key).or_default();
        if group.times == 0 {
            group.example = Example {
                id: cut(&line.id),
                time: cut(&line.time),
                method: cut(&line.method),
                path: cut(&line.path),
                origin: cut(&line.origin),
            };
        }
        group.times += 1;
        group.origins.add(&line.origin);
        group.methods.add(&line.method);
        if group.addresses.contains(line.peer.as_ref()) {
            return;
        }
        if group.addresses.len() < ADDRESSES_MAX && self.addresses < ADDRESSES_IN_ALL_MAX {
            self.addresses += 1;
            group.addresses.insert(cut(&line.peer));
        } else {
            group.addresses_are_more = true;
        }
    }

    /// Times are written so that their texts have their order.
    fn span(&mut self, time: &str) {
        if time.is_empty() {
            return;
        }
        if self.from.is_empty() || time < self.from.as_str() {
            self.from = cut(time);
        }
        if time > self.to.as_str() {
            self.to = cut(time);
        }
    }
}

/// Whether a text has the shape of a code: `layer/what`.
fn is_code(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    text.len() <= 64
        && text.split_once('/').is_some_and(|(layer, what)| {
            !layer.is_empty()
                && !what.is_empty()
                && (layer.bytes().chain(what.bytes())).all(is_letter)
        })
}

/// The beginning of a text that is kept.
fn cut(text: &str) -> String {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}
