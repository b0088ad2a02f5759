//! What a shared cache keeps, and for whom. It reads no clock.

use crate::wire::Mark;
use bytes::Bytes;
use http::header::{AGE, HOST};
use http::request::Parts as Head;
use http::response::Parts as Answer;
use http::{HeaderValue, Method};
use http_cache_semantics::{BeforeRequest, CacheOptions, CachePolicy};
use std::time::SystemTime;

/// Answers kept, at most.
const ANSWERS_MAX: usize = 500;

/// The answers, newest last.
#[derive(Default)]
pub struct Shelf(Vec<Kept>);

struct Kept {
    key: String,
    policy: CachePolicy,
    answer: Answer,
    bytes: Bytes,
}

impl Shelf {
    /// A fresh answer that is there for this request.
    #[must_use]
    pub fn look_up(&self, head: &Head, now: SystemTime) -> Option<(Answer, Bytes)> {
        if head.method != Method::GET && head.method != Method::HEAD {
            return None;
        }
        let key = key(head);
        let head = unmarked(head);
        let mut own = self.0.iter().rev().filter(|kept| kept.key == key);
        own.find_map(|kept| match kept.policy.before_request(&head, now) {
            BeforeRequest::Fresh(_) => {
                let mut answer = kept.answer.clone();
                let age = HeaderValue::from(kept.policy.age(now).as_secs());
                answer.headers.insert(AGE, age);
                Some((answer, kept.bytes.clone()))
            }
            BeforeRequest::Stale { .. } => None,
        })
    }

    /// Whether an answer may be kept at all.
    #[must_use]
    pub fn may_keep(head: &Head, answer: &Answer) -> bool {
        head.method == Method::GET && policy(head, answer, SystemTime::UNIX_EPOCH).is_storable()
    }

    /// Keeps an answer.
    pub fn keep(&mut self, head: &Head, answer: &Answer, bytes: Bytes, now: SystemTime) {
        if !Self::may_keep(head, answer) {
            return;
        }
        if self.0.len() >= ANSWERS_MAX {
            self.0.remove(0);
        }
        let (key, policy) = (key(head), policy(head, answer, now));
        self.0.push(Kept { key, policy, answer: answer.clone(), bytes });
    }
}

fn policy(head: &Head, answer: &Answer, now: SystemTime) -> CachePolicy {
    let options = CacheOptions { shared: true, ..CacheOptions::default() };
    CachePolicy::new_options(&unmarked(head), answer, now, options)
}

fn key(head: &Head) -> String {
    let host = head.headers.get(HOST).map(HeaderValue::as_bytes).unwrap_or_default();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    format!("{} {}", String::from_utf8_lossy(host), Mark::off(target))
}

/// The request without the lab's mark, which is no part of what is asked for.
fn unmarked(head: &Head) -> Head {
    let mut head = head.clone();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    if let Ok(uri) = Mark::off(target).parse() {
        head.uri = uri;
    }
    head
}

#[cfg(test)]
mod tests {
    use super::Shelf;
    use http::request::Parts as Head;
    use http::response::Parts as Answer;
    use http::{Request, Response};
    use std::time::{Duration, SystemTime};

    fn head(target: &str, pairs: &[(&str, &str)]) -> Head {
        let mut request = Request::builder().uri(target).header("host", "cdn.test");
        for (name, value) in pairs {
            request = request.header(*name, *value);
        }
        request.body(()).expect("a request").into_parts().0
    }

    fn answer(pairs: &[(&str, &str)]) -> Answer {
        let mut response = Response::builder();
        for (name, value) in pairs {
            response = response.header(*name, *value);
        }
        response.body(()).expect("an answer").into_parts().0
    }

    const PUBLIC: (&str, &str) = ("cache-control", "public, max-age=0, s-maxage=60");
    const A: (&str, &str) = ("origin", "http://a.test");
    const B: (&str, &str) = ("origin", "http://b.test");

    type Row<'a> = (&'a [(&'a str, &'a str)], &'a Head, &'a Head, bool);

    #[test]
    fn what_is_handed_to_whom() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let vary = ("vary", "Origin");
        let rows: [Row<'_>; 8] = [
            (&[PUBLIC], &head("/x?lab=1.0", &[A]), &head("/x?lab=1.1", &[B]), true),
            (&[PUBLIC, vary], &head("/x", &[A]), &head("/x", &[B]), false),
            (&[PUBLIC, vary], &head("/x", &[A]), &head("/x?lab=1.1", &[A]), true),
            (&[PUBLIC, vary], &head("/x", &[]), &head("/x", &[A]), false),
            (&[PUBLIC, ("vary", "*")], &head("/x", &[A]), &head("/x", &[A]), false),
            (
                &[("cache-control", "private, max-age=60")],
                &head("/x", &[]),
                &head("/x", &[]),
                false,
            ),
            (&[("cache-control", "no-store")], &head("/x", &[]), &head("/x", &[]), false),
            (&[PUBLIC], &head("/x?a", &[]), &head("/x?b", &[]), false),
        ];
        for (pairs, first, second, want) in rows {
            let mut shelf = Shelf::default();
            shelf.keep(first, &answer(pairs), "a".into(), now);
            let found = shelf.look_up(second, now + Duration::from_secs(1));
            assert_eq!(found.is_some(), want, "{pairs:?}");
        }
    }

    #[test]
    fn what_is_kept_has_an_age_and_an_end() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let mut shelf = Shelf::default();
        shelf.keep(&head("/x", &[A]), &answer(&[PUBLIC]), "a".into(), now);
        let (found, _) =
            shelf.look_up(&head("/x", &[B]), now + Duration::from_secs(7)).expect("kept");
        assert_eq!(found.headers["age"], "7");
        assert!(shelf.look_up(&head("/x", &[B]), now + Duration::from_secs(61)).is_none());
        let asked = head("/x", &[("authorization", "Bearer x")]);
        let mut shelf = Shelf::default();
        shelf.keep(&asked, &answer(&[("cache-control", "max-age=60")]), "a".into(), now);
        assert!(shelf.look_up(&asked, now).is_none(), "RFC 9111 3.5");
    }
}
