//! What a page of HTML has: forms that post, and the tokens in them.

use lol_html::{RewriteStrSettings, element, rewrite_str};

/// Whether a page has a form that posts.
#[must_use]
pub(crate) fn has_post_form(page: &[u8]) -> bool {
    let mut is_there = false;
    let form = element!("form[method]", |form| {
        is_there |= form.get_attribute("method").is_some_and(|m| m.eq_ignore_ascii_case("post"));
        Ok(())
    });
    let settings = RewriteStrSettings::new().append_element_content_handler(form);
    // A page that cannot be read to its end has had what was seen.
    let _ = rewrite_str(&String::from_utf8_lossy(page), settings);
    is_there
}

/// The value of the first field or `<meta>` by such a name.
#[must_use]
pub(crate) fn value_of(page: &[u8], is_it: impl Fn(&str) -> bool) -> Option<String> {
    let mut value = None;
    let field = element!("input[name], meta[name]", |element| {
        let is_named = element.get_attribute("name").is_some_and(|name| is_it(&name));
        if is_named && value.is_none() {
            value = element.get_attribute("value").or_else(|| element.get_attribute("content"));
        }
        Ok(())
    });
    let settings = RewriteStrSettings::new().append_element_content_handler(field);
    let _ = rewrite_str(&String::from_utf8_lossy(page), settings);
    value.map(|value| plain(&value))
}

/// What stands for letters that tokens have, as frameworks write them into attributes.
fn plain(text: &str) -> String {
    let letters = [
        ("&quot;", "\""),
        ("&#x2B;", "+"),
        ("&#43;", "+"),
        ("&#x2F;", "/"),
        ("&#x3D;", "="),
        ("&#61;", "="),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    letters.iter().fold(text.to_owned(), |text, (written, letter)| text.replace(written, letter))
}

#[cfg(test)]
mod tests {
    use super::{has_post_form, value_of};

    #[test]
    fn forms() {
        assert!(has_post_form(b"<p><form action=/a METHOD=Post><input></form>"));
        for other in [
            &b"<form action=/a>"[..],
            b"<form method=get>",
            b"<!-- <form method=post> -->",
            b"<script>'<form method=post>'</script>",
            b"",
        ] {
            assert!(!has_post_form(other));
        }
    }

    #[test]
    fn values() {
        let page = b"<meta name=csrf-token content=m><form><input name='_csrf' value=\"a&amp;b\">";
        let value = |name: &str| value_of(page, |own| own == name);
        assert_eq!(value("csrf-token").as_deref(), Some("m"));
        assert_eq!(value("_csrf").as_deref(), Some("a&b"));
        assert_eq!(value("other"), None);
        assert_eq!(value_of(page, crate::token::is_token_name).as_deref(), Some("m"));
    }
}
