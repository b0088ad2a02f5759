//! What travelled: every message that passed one of the lab's taps, in the order of time.
//!
//! A message belongs to a run and a step by the mark in its address: the parameter `lab=RUN.STEP`,
//! which no route knows and every route lets be.

mod record;
mod tap;

pub(crate) use record::shown;
pub use record::{Message, Node, What, Wire};
pub(crate) use tap::{Behind, Peers, Tap};

use http::HeaderMap;
use serde::Serialize;
use std::fmt;

/// The parameter that carries the mark.
const PARAMETER: &str = "lab=";
/// The header that carries it in place of the parameter: what is copied keeps its address.
pub(crate) const HEADER: &str = "lab-mark";

/// Which run and which of its steps a request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Mark {
    /// The run.
    pub run: u64,
    /// The step, from 0.
    pub step: u32,
}

impl Mark {
    /// The mark of a request: what its header says, or else its query.
    #[must_use]
    pub fn of(headers: &HeaderMap, query: Option<&str>) -> Option<Self> {
        let own = headers.get(HEADER).and_then(|value| value.to_str().ok());
        own.and_then(Self::of_query).or_else(|| Self::of_query(query?))
    }

    /// The mark in a query; none where there is none.
    #[must_use]
    pub fn of_query(query: &str) -> Option<Self> {
        let text = query.split('&').find_map(|pair| pair.strip_prefix(PARAMETER))?;
        let (run, step) = text.split_once('.')?;
        Some(Self { run: run.parse().ok()?, step: step.parse().ok()? })
    }

    /// The address with the mark in its query.
    #[must_use]
    pub fn on(self, target: &str) -> String {
        let (target, fragment) = match target.split_once('#') {
            Some((target, fragment)) => (target, format!("#{fragment}")),
            None => (target, String::new()),
        };
        let join = if target.contains('?') { '&' } else { '?' };
        format!("{target}{join}{self}{fragment}")
    }

    /// The address without any mark, as people are shown it.
    #[must_use]
    pub fn off(target: &str) -> String {
        let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
        let pairs = query.split('&').filter(|pair| !pair.starts_with(PARAMETER));
        let query = pairs.collect::<Vec<_>>().join("&");
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

/// A text without any mark in it: for addresses within sentences.
pub(crate) fn unmarked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(PARAMETER) {
        let is_parameter = rest[..at].ends_with(['?', '&']);
        let end = at + PARAMETER.len();
        let digits = |c: char| c.is_ascii_digit() || c == '.';
        let length = rest[end..].chars().take_while(|c| digits(*c)).count();
        if is_parameter && length > 0 {
            out.push_str(&rest[..at - 1]);
            rest = &rest[end + length..];
        } else {
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    out.push_str(rest);
    out
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PARAMETER}{}.{}", self.run, self.step)
    }
}

#[cfg(test)]
mod tests {
    use super::Mark;

    #[test]
    fn marks_are_taken_out_of_sentences() {
        let rows = [
            ("Access to 'http://a/b?lab=2.0' was", "Access to 'http://a/b' was"),
            ("http://a/b?c=1&lab=2.10.", "http://a/b?c=1"),
            ("collab=1 and ?lab=x", "collab=1 and ?lab=x"),
        ];
        for (text, want) in rows {
            assert_eq!(super::unmarked(text), want);
        }
    }

    #[test]
    fn marks_go_on_and_off() {
        let mark = Mark { run: 3, step: 1 };
        let rows = [("/a", "/a?lab=3.1"), ("/a?b=1", "/a?b=1&lab=3.1"), ("/a#c", "/a?lab=3.1#c")];
        for (plain, marked) in rows {
            assert_eq!(mark.on(plain), marked);
            let query = marked.split(['?', '#']).nth(1).expect("a query");
            assert_eq!(Mark::of_query(query), Some(mark));
        }
        let mut headers = http::HeaderMap::new();
        assert_eq!(Mark::of(&headers, Some("lab=3.1")), Some(mark));
        headers.insert(super::HEADER, "lab=4.2".parse().expect("a value"));
        let other = Some(Mark { run: 4, step: 2 });
        assert_eq!(Mark::of(&headers, Some("lab=3.1")), other, "a copy has its own");
        assert_eq!(Mark::off("/a?b=1&lab=3.1"), "/a?b=1");
        assert_eq!(Mark::off("/a?lab=3.1"), "/a");
        for query in ["", "lab=", "lab=1", "lab=a.b", "collab=1.2", "lab=1.2.3"] {
            assert_eq!(Mark::of_query(query), None, "{query}");
        }
    }
}
