//! What of a request does not have its shape.

use std::borrow::Cow;
use std::fmt;

/// Breaches that are told of one request at the most.
pub const BREACHES_MAX: usize = 10;
/// Letters of a member's name that is repeated, at the most: keys and tokens are longer.
#[cfg(feature = "schema")]
const NAME_LETTERS_MAX: usize = 40;

/// What does not have its shape, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Where in the body (RFC 6901); of what is no body, its name behind `query`, `path`, `header`
    /// or `cookie`.
    pub pointer: String,
    /// The word of the declaration that it breaks.
    pub keyword: Cow<'static, str>,
    /// What was declared, in one sentence. Never what stood there.
    pub detail: String,
}

/// At least one breach, and [`BREACHES_MAX`] at the most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaches(Vec<Breach>);

#[cfg(feature = "schema")]
impl Breach {
    pub(super) fn new(
        pointer: impl Into<String>,
        keyword: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self { pointer: pointer.into(), keyword: keyword.into(), detail: detail.into() }
    }
}

impl Breaches {
    /// The first of them; of none, nothing is broken.
    #[cfg(feature = "schema")]
    pub(super) fn of(mut list: Vec<Breach>) -> Result<(), Self> {
        list.truncate(BREACHES_MAX);
        if list.is_empty() { Ok(()) } else { Err(Self(list)) }
    }

    /// The breaches, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Breach> {
        self.0.iter()
    }
}

impl From<Breach> for Breaches {
    fn from(breach: Breach) -> Self {
        Self(vec![breach])
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => write!(f, "the body: {}", self.detail),
            pointer => write!(f, "{pointer}: {}", self.detail),
        }
    }
}

/// Whether a name that a client has chosen may be repeated: it is short, and steers nothing.
#[cfg(feature = "schema")]
pub(super) fn is_plain(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_.$@:-".contains(letter);
    !name.is_empty() && name.len() <= NAME_LETTERS_MAX && name.chars().all(plain)
}

/// A pointer as far as its names are plain: to the member, or to what holds it.
#[cfg(feature = "schema")]
pub(super) fn plain_pointer(pointer: &str) -> &str {
    let mut end = 0;
    for name in pointer.split('/').skip(1) {
        if !is_plain(name) {
            break;
        }
        end += 1 + name.len();
    }
    &pointer[..end]
}

#[cfg(all(test, feature = "schema"))]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_ends_before_a_name_that_is_not_to_be_repeated() {
        let token = "x".repeat(41);
        for (pointer, want) in [
            ("", ""),
            ("/a", "/a"),
            ("/a/0/b-c", "/a/0/b-c"),
            ("/a~1b/c", ""),
            ("/a/b c/d", "/a"),
            ("/a//d", "/a"),
            ("/a/\u{1b}[2J", "/a"),
            (&format!("/a/{token}/b"), "/a"),
            (&format!("/a/{}", &token[1..]), &format!("/a/{}", &token[1..])),
        ] {
            assert_eq!(plain_pointer(pointer), want, "{pointer}");
        }
    }
}
