//! The CORS check (Fetch 4.10): may the page read this answer?

use crate::origin::Origin;
use crate::request::Credentials;
use crate::rule::{self, Rule};
use crate::verdict::Answer;

/// Whether the check passes, and the rule that decides.
pub(crate) fn check(answer: &Answer, origin: &Origin, credentials: Credentials) -> (bool, Rule) {
    let with_credentials = credentials == Credentials::Include;
    let allowed: Vec<&str> = answer.headers.all("access-control-allow-origin").collect();
    let [allowed] = allowed.as_slice() else {
        let none = allowed.is_empty();
        return (false, if none { rule::ORIGIN_MISSING } else { rule::ORIGIN_REPEATED });
    };
    if *allowed == "*" {
        return match with_credentials {
            true => (false, rule::STAR_WITH_CREDENTIALS),
            false => (true, rule::STAR_ALLOWED),
        };
    }
    if *allowed != origin.to_string() {
        return (false, rule::ORIGIN_OTHER);
    }
    let says_true = answer.headers.joined("access-control-allow-credentials");
    if with_credentials && says_true.as_deref() != Some("true") {
        return (false, rule::CREDENTIALS_MISSING);
    }
    (true, rule::ORIGIN_ALLOWED)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::origin::Origin;
    use crate::request::Credentials::{self, Include, Omit, SameOrigin};
    use crate::verdict::Answer;

    const ORIGIN: &str = "https://foo.example.com";

    fn decided(
        allowed: &[&str],
        said: Option<&str>,
        credentials: Credentials,
    ) -> (bool, &'static str) {
        let allow = allowed.iter().map(|value| ("Access-Control-Allow-Origin", *value));
        let said = said.map(|value| ("Access-Control-Allow-Credentials", value));
        let answer = Answer { headers: allow.chain(said).collect(), ..Answer::default() };
        let origin = Origin::parse(ORIGIN).expect("an origin");
        let (passes, rule) = check(&answer, &origin, credentials);
        (passes, rule.id)
    }

    /// The table of Fetch 3.3.5.
    #[test]
    fn the_specifications_own_table() {
        let rows: [(&[&str], Option<&str>, Credentials, bool); 9] = [
            (&["*"], None, Omit, true),
            (&["*"], Some("true"), Omit, true),
            (&["https://foo.example.com/"], None, Omit, false),
            (&["https://foo.example.com"], None, Omit, true),
            (&["https://foo.example.com"], Some("true"), SameOrigin, true),
            (&["*"], Some("true"), Include, false),
            (&["https://foo.example.com"], Some("true"), Include, true),
            (&["https://foo.example.com"], Some("True"), Include, false),
            (&["https://foo.example.com"], None, Include, false),
        ];
        for (allowed, said, credentials, want) in rows {
            assert_eq!(decided(allowed, said, credentials).0, want, "{allowed:?} {said:?}");
        }
    }

    #[test]
    fn why_not() {
        let rows: [(&[&str], Option<&str>, Credentials, &str); 8] = [
            (&[], None, Omit, "origin-missing"),
            (&["*", "*"], None, Omit, "origin-repeated"),
            (
                &["https://foo.example.com", "https://foo.example.com"],
                None,
                Omit,
                "origin-repeated",
            ),
            (&["null"], None, Omit, "origin-other"),
            (&["HTTPS://foo.example.com"], None, Omit, "origin-other"),
            (&["https://foo.example.com:443"], None, Omit, "origin-other"),
            (&["*"], None, Include, "star-with-credentials"),
            (&[ORIGIN], Some("1"), Include, "credentials-missing"),
        ];
        for (allowed, said, credentials, want) in rows {
            assert_eq!(decided(allowed, said, credentials), (false, want), "{allowed:?}");
        }
    }
}
