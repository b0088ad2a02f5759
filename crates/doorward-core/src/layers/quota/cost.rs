//! What a request costs of a share: mostly one, or what is said, or what shows only with its
//! answer.

use super::limit::Counted;
use crate::header::{One, single};
use crate::layers::method;
use crate::view::BodyHint;
use http::{HeaderMap, HeaderName, Method, StatusCode};
use std::fmt;
use std::str::FromStr;

/// What a request costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cost {
    /// As much as any other.
    Each(u32),
    /// By its method. HEAD runs what GET runs, and costs as much where nothing else is said.
    ByMethod {
        /// Methods with a cost of their own; 0: none.
        named: Vec<(Method, u32)>,
        /// What all others cost.
        others: u32,
    },
    /// One for each piece of its body that is begun, and one without a body.
    ByBody {
        /// Bytes of a piece; at least 1.
        per_bytes: u64,
        /// What a body costs whose length nobody says. It may not be longer.
        most: u32,
    },
    /// What the backend says in a header of its answer. As much as can be is taken before.
    ByAnswer {
        /// The header; it stays between gate and backend.
        header: HeaderName,
        /// The most that it can cost, and what it costs where the backend says nothing clear.
        most: u32,
    },
}

impl Default for Cost {
    fn default() -> Self {
        Self::Each(1)
    }
}

impl Cost {
    /// The most that is taken of a share without a body's length having been said.
    #[must_use]
    pub fn most(&self) -> u32 {
        match self {
            Self::Each(cost) => *cost,
            Self::ByMethod { named, others } => dearest(named, *others),
            Self::ByBody { most, .. } | Self::ByAnswer { most, .. } => *most,
        }
    }

    /// Whether it can be told only while the request is there, or with its answer.
    pub(super) const fn asks_the_request(&self) -> bool {
        !matches!(self, Self::Each(_))
    }

    /// Whether only its answer tells.
    pub(super) const fn is_by_answer(&self) -> bool {
        matches!(self, Self::ByAnswer { .. })
    }

    /// What is taken before the request is let through.
    pub(super) fn before(&self, counted: Counted<'_>) -> u32 {
        // Most limits take one of each, and look at nothing.
        if let Self::Each(cost) = self {
            return *cost;
        }
        let Some(visit) = counted.asked.map(|asked| asked.0) else { return self.most() };
        match self {
            Self::Each(_) | Self::ByAnswer { .. } => self.most(),
            // Which of them a backend takes is not known.
            Self::ByMethod { .. } if method::is_overridden(visit) => self.most(),
            Self::ByMethod { named, others } => of_method(visit.view.method, named, *others),
            Self::ByBody { per_bytes, most } => match visit.view.body {
                BodyHint::Empty => 1,
                BodyHint::Length(bytes) => pieces(bytes, *per_bytes),
                BodyHint::Stream => *most,
            },
        }
    }

    /// Bytes that a body may have whose length nobody has said: as many as were paid for.
    pub(super) fn stream_bytes_max(&self, counted: Counted<'_>) -> Option<u64> {
        let is_stream = |body| matches!(body, BodyHint::Stream);
        match self {
            Self::ByBody { per_bytes, most } => {
                let body = counted.asked.map(|asked| asked.0.view.body);
                body.is_some_and(is_stream).then(|| per_bytes.saturating_mul(u64::from(*most)))
            }
            Self::Each(_) | Self::ByMethod { .. } | Self::ByAnswer { .. } => None,
        }
    }

    /// What it came to, of what was taken before: never more.
    pub(super) fn after(&self, taken: u32, headers: &HeaderMap, body_bytes: Option<u64>) -> u32 {
        let used = match self {
            Self::Each(_) | Self::ByMethod { .. } => taken,
            Self::ByBody { per_bytes, .. } => {
                body_bytes.map_or(taken, |bytes| pieces(bytes, *per_bytes))
            }
            Self::ByAnswer { header, .. } => said(headers, header).unwrap_or(taken),
        };
        used.min(taken)
    }
}

fn dearest(named: &[(Method, u32)], others: u32) -> u32 {
    named.iter().map(|(_, cost)| *cost).fold(others, u32::max)
}

fn of_method(method: &Method, named: &[(Method, u32)], others: u32) -> u32 {
    let cost = |method: &Method| named.iter().find(|(own, _)| own == method).map(|(_, cost)| *cost);
    let as_get = (*method == Method::HEAD).then_some(Method::GET);
    cost(method).or_else(|| cost(&as_get?)).unwrap_or(others)
}

/// Pieces that a body begins, and one without a body: nothing is free that was not said to be.
fn pieces(bytes: u64, per_bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(per_bytes.max(1))).unwrap_or(u32::MAX).max(1)
}

/// What the backend says: a whole number and nothing else.
fn said(headers: &HeaderMap, name: &HeaderName) -> Option<u32> {
    let One::Value(text) = single(headers, name) else { return None };
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // A number that does not fit is more than whatever was taken.
    is_number.then(|| text.parse().unwrap_or(u32::MAX))
}

/// Answers that a limit counts: one status, or all of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerIs {
    /// This status.
    Status(StatusCode),
    /// All whose first digit is this one.
    Class(u8),
}

impl AnswerIs {
    /// Whether an answer is one of them.
    #[must_use]
    pub fn fits(self, status: StatusCode) -> bool {
        match self {
            Self::Status(own) => own == status,
            Self::Class(first) => status.as_u16() / 100 == u16::from(first),
        }
    }
}

/// A text that says no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no status of an answer")]
pub struct AnswerError;

impl FromStr for AnswerIs {
    type Err = AnswerError;

    fn from_str(text: &str) -> Result<Self, AnswerError> {
        match text.as_bytes() {
            [first @ b'2'..=b'5', b'x', b'x'] => Ok(Self::Class(first - b'0')),
            [b'2'..=b'5', ..] if text.len() == 3 => {
                text.parse().map(Self::Status).map_err(|_| AnswerError)
            }
            _ => Err(AnswerError),
        }
    }
}

impl fmt::Display for AnswerIs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => f.write_str(status.as_str()),
            Self::Class(first) => write!(f, "{first}xx"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn methods_cost_what_is_said_and_others_what_others_cost() {
        let named = [(Method::GET, 1), (Method::POST, 5), (Method::OPTIONS, 0)];
        for (method, want) in [
            (Method::GET, 1),
            (Method::HEAD, 1),
            (Method::POST, 5),
            (Method::OPTIONS, 0),
            (Method::DELETE, 7),
        ] {
            assert_eq!(of_method(&method, &named, 7), want, "{method}");
        }
        assert_eq!(of_method(&Method::HEAD, &[(Method::GET, 3), (Method::HEAD, 2)], 7), 2);
        assert_eq!(of_method(&Method::HEAD, &[(Method::POST, 3)], 7), 7);
        let cost = Cost::ByMethod { named: named.to_vec(), others: 2 };
        assert_eq!(cost.most(), 5);
    }

    #[test]
    fn a_body_costs_one_for_each_piece_that_it_begins() {
        for (bytes, want) in [(0, 1), (1, 1), (10, 1), (11, 2), (u64::MAX, u32::MAX)] {
            assert_eq!(pieces(bytes, 10), want, "{bytes}");
        }
        let cost = Cost::ByBody { per_bytes: 10, most: 4 };
        for (taken, bytes, want) in [(4, Some(15), 2), (4, Some(99), 4), (4, None, 4)] {
            assert_eq!(cost.after(taken, &HeaderMap::new(), bytes), want, "{bytes:?}");
        }
    }

    #[test]
    fn what_a_backend_says_unclearly_costs_the_most() {
        let name = HeaderName::from_static("x-cost");
        let cost = Cost::ByAnswer { header: name.clone(), most: 100 };
        for (lines, want) in [
            (&["3"][..], 3),
            (&["0"], 0),
            (&["007"], 7),
            (&["100"], 100),
            (&["101"], 100),
            (&["99999999999999999999"], 100),
            (&[], 100),
            (&[""], 100),
            (&["-1"], 100),
            (&["+1"], 100),
            (&["1.5"], 100),
            (&["1e1"], 100),
            (&[" 1"], 100),
            (&["1, 1"], 100),
            (&["one"], 100),
            (&["0x1"], 100),
            (&["1", "1"], 100),
            (&["\u{663}"], 100),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                let value = HeaderValue::from_bytes(line.as_bytes()).expect("a value");
                headers.append(name.clone(), value);
            }
            assert_eq!(cost.after(100, &headers, None), want, "{lines:?}");
        }
    }

    #[test]
    fn statuses_are_three_digits_or_a_class() {
        for text in ["401", "4xx", "200", "599", "5xx"] {
            let answer: AnswerIs = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(answer.to_string(), text);
        }
        for text in ["", "4", "4x", "40x", "xxx", "4XX", "0xx", "1xx", "101", "600", "4011", "+40"]
        {
            assert_eq!(text.parse::<AnswerIs>(), Err(AnswerError), "{text}");
        }
        let (class, one) = (AnswerIs::Class(4), AnswerIs::Status(StatusCode::NOT_FOUND));
        assert!(class.fits(StatusCode::NOT_FOUND) && one.fits(StatusCode::NOT_FOUND));
        assert!(class.fits(StatusCode::IM_A_TEAPOT) && !one.fits(StatusCode::IM_A_TEAPOT));
        assert!(!class.fits(StatusCode::OK) && !class.fits(StatusCode::BAD_GATEWAY));
    }
}
