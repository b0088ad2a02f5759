//! Whether what was seen is what the file says and what was predicted.

use super::seen::Seen;
use crate::predict::Predicted;
use crate::scenario::{Backend, Expected};
use serde::Serialize;
use std::fmt::Debug;

/// Something that does not agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Fault {
    /// Who is wrong.
    pub kind: FaultKind,
    /// About what: `gets`, `backend`, `gate` …
    pub about: &'static str,
    /// What was wanted.
    pub wanted: String,
    /// What there was.
    pub got: String,
}

/// Whose word differs from what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The scenario's file says otherwise.
    Seen,
    /// The model predicted otherwise.
    Predicted,
}

/// Everything that does not agree.
pub(super) fn faults(
    predicted: &Predicted,
    seen: &Seen,
    expected: Option<&Expected>,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Some(expected) = expected {
        file(expected, seen, &mut faults);
    }
    model(predicted, seen, expected, &mut faults);
    faults
}

fn file(expected: &Expected, seen: &Seen, faults: &mut Vec<Fault>) {
    let kind = FaultKind::Seen;
    let mut check = Check { kind, faults };
    check.optional("gets", expected.gets.as_ref(), seen.gets.as_ref());
    check.optional("status", expected.status.as_ref(), seen.status.as_ref());
    if let Some(words) = &expected.backend {
        let mut wanted = words.list();
        wanted.sort_unstable();
        check.same("backend", &wanted, &seen.backend);
    }
    if let Some(cookies) = &expected.cookies {
        let mut wanted = cookies.clone();
        wanted.sort();
        check.same("cookies", &wanted, &seen.cookies);
    }
    if expected.origin.is_some() {
        check.same("origin", &expected.origin, &seen.origin);
    }
    if let Some(moved) = expected.moved {
        check.same("moved", &moved, &seen.moved);
    }
    if let Some(counted) = expected.executed
        && !counted.fits(seen.executed)
    {
        check.fault("executed", format!("{counted:?}"), seen.executed.to_string());
    }
    if expected.backend.is_some() || expected.gate.is_some() {
        check.same("gate", &expected.gate, &seen.gate);
    }
    check.same("from-cache", &expected.from_cache, &seen.from_cache);
    if let Some(shows) = expected.shows_key {
        check.same("shows-key", &shows, &seen.shows_key);
    }
    if let Some(words) = expected.reads.as_ref().filter(|words| !seen.body.contains(*words)) {
        check.fault("reads", words.clone(), seen.body.chars().take(80).collect());
    }
    let is_share = expected.gate.as_deref() == Some("quota/share");
    if is_share && !seen.retry_after {
        check.fault("retry-after", "a time".to_owned(), "none".to_owned());
    }
}

fn model(predicted: &Predicted, seen: &Seen, expected: Option<&Expected>, faults: &mut Vec<Fault>) {
    let kind = FaultKind::Predicted;
    let mut check = Check { kind, faults };
    check.optional("gets", predicted.gets.as_ref(), seen.gets.as_ref());
    check.same("backend", &predicted.backend, &seen.backend);
    check.same("gate", &predicted.gate, &seen.gate);
    check.same("cookies", &predicted.cookies, &seen.cookies);
    check.same("origin", &predicted.origin, &seen.origin);
    check.same("from-cache", &predicted.from_cache, &seen.from_cache);
    // What a share admits grows while a flood lasts: the model's is that of one moment.
    let ran = (predicted.executed, seen.executed);
    let fits = match expected.and_then(|expected| expected.executed) {
        Some(counted) => counted.fits(ran.0),
        None if predicted.gate.is_some() => ran.0 <= ran.1,
        None => ran.0 == ran.1,
    };
    if !fits && predicted.backend.contains(&Backend::Executed) {
        check.fault("executed", ran.0.to_string(), ran.1.to_string());
    }
}

struct Check<'a> {
    kind: FaultKind,
    faults: &'a mut Vec<Fault>,
}

impl Check<'_> {
    fn same<T: PartialEq + Debug>(&mut self, about: &'static str, wanted: &T, got: &T) {
        if wanted != got {
            self.fault(about, format!("{wanted:?}"), format!("{got:?}"));
        }
    }

    /// Only where something is wanted.
    fn optional<T: PartialEq + Debug>(
        &mut self,
        about: &'static str,
        wanted: Option<&T>,
        got: Option<&T>,
    ) {
        if wanted.is_some() {
            self.same(about, &wanted, &got);
        }
    }

    fn fault(&mut self, about: &'static str, wanted: String, got: String) {
        self.faults.push(Fault { kind: self.kind, about, wanted, got });
    }
}

#[cfg(test)]
mod tests {
    use super::{FaultKind, faults};
    use crate::predict::Predicted;
    use crate::run::Seen;
    use crate::scenario::{Backend, Expected, Gets};

    fn seen() -> Seen {
        Seen {
            gets: Some(Gets::Hidden),
            backend: vec![Backend::Executed],
            executed: 1,
            moved: 100,
            ..Seen::default()
        }
    }

    fn predicted() -> Predicted {
        Predicted {
            gets: Some(Gets::Hidden),
            backend: vec![Backend::Executed],
            executed: 1,
            ..Predicted::default()
        }
    }

    #[test]
    fn what_agrees_has_no_faults_and_what_does_not_has_its_own() {
        let want = |text: &str| toml::from_str::<Expected>(text).expect("TOML");
        let rows = [
            ("gets = \"hidden\"\nbackend = \"executed\"\nmoved = 100", ""),
            ("gets = \"read\"\nbackend = \"executed\"", "gets"),
            ("gets = \"hidden\"\nbackend = []", "backend"),
            ("gets = \"hidden\"\nbackend = [\"executed\", \"asked\"]", "backend"),
            ("gets = \"hidden\"\nmoved = 0", "moved"),
            ("backend = \"executed\"\ngate = \"site/cross-site\"", "gate"),
            ("backend = \"executed\"\ncookies = [\"session\"]", "cookies"),
            ("executed = [2, 3]", "executed executed"),
            ("backend = \"executed\"\nfrom-cache = true", "from-cache"),
            ("backend = \"executed\"\nshows-key = true", "shows-key"),
            ("backend = \"executed\"\nreads = \"secrets.\"", "reads"),
            ("backend = \"executed\"\nreads = \"\"\nshows-key = false", ""),
        ];
        for (text, about) in rows {
            let found = faults(&predicted(), &seen(), Some(&want(text)));
            let got: Vec<&str> = found.iter().map(|fault| fault.about).collect();
            assert_eq!(got.join(" "), about, "{text}");
        }
    }

    #[test]
    fn a_model_that_is_wrong_is_told() {
        let wrong = Predicted { gets: Some(Gets::Read), ..predicted() };
        let found = faults(&wrong, &seen(), None);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].kind, found[0].about), (FaultKind::Predicted, "gets"));
        let unknown = Predicted { gets: None, ..predicted() };
        assert_eq!(faults(&unknown, &seen(), None), []);
    }
}
