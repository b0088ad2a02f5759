//! The fields of a query.

use memchr::{memchr, memchr2_iter};
use std::iter::once;

/// The fields, whichever of `&` and `;` a backend splits at. A ticket makes queries long, and every
/// request's is looked through.
pub(crate) fn fields(query: &str) -> impl Iterator<Item = &str> {
    let ends = memchr2_iter(b'&', b';', query.as_bytes()).chain(once(query.len()));
    let mut begin = 0;
    ends.map(move |end| {
        let field = query.get(begin..end).unwrap_or_default();
        begin = end + 1;
        field
    })
}

/// A field's name and value.
pub(crate) fn pair(field: &str) -> (&str, &str) {
    match memchr(b'=', field.as_bytes()) {
        Some(end) => (&field[..end], &field[end + 1..]),
        None => (field, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_those_of_a_split() {
        for query in ["", "a", "a=1", "a=1&b", "&", "a;b&c=;=", "é=ü&ö", "a==b"] {
            let want: Vec<&str> = query.split(['&', ';']).collect();
            assert_eq!(fields(query).collect::<Vec<_>>(), want, "{query}");
            for field in want {
                assert_eq!(pair(field), field.split_once('=').unwrap_or((field, "")), "{field}");
            }
        }
    }
}
