//! The page that a person sees who opened a refused address. Every text in it is the gate's own;
//! of the request nothing is repeated.

/// The style of the page.
const STYLE: &str = include_str!("page.css");

/// Lets in nothing but that style, by its hash; a test computes it again.
pub(crate) const POLICY: &str = concat!(
    "default-src 'none'; style-src 'sha256-isU6gnYAkJJlwHCYDlXdo15gOize8FJxDN3MN5PwXAc='; ",
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
);

/// What the page says.
pub(crate) struct Said<'a> {
    /// What happened.
    pub(crate) title: &'a str,
    /// What to do.
    pub(crate) detail: &'a str,
    /// The reason's code.
    pub(crate) code: &'a str,
    /// The visit's id.
    pub(crate) id: &'a str,
    /// Offer to open the address from here: a click on the page is not another site's request.
    pub(crate) open_here: bool,
}

/// Writes the page.
pub(crate) fn write(said: &Said<'_>) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let action = if said.open_here {
        // An empty reference is this very address (RFC 3986 4.4).
        "<p>This address was opened from another site.</p><p><a href=\"\">Open it here</a></p>"
    } else {
        ""
    };
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Refused</title>\
         <style>{STYLE}</style><h1>{title}</h1><p>{detail}</p>{action}\
         <p class=\"id\"><code>{code}</code> <code>{id}</code></p></html>\n",
        title = escape(said.title),
        detail = escape(said.detail),
        code = said.code,
        id = said.id,
    )
}

#[cfg(test)]
mod tests {
    use super::{POLICY, STYLE};

    #[test]
    fn the_policy_lets_in_the_style_of_the_page() {
        let mut text = Vec::new();
        crate::crypto::base64url(&crate::crypto::sha256(STYLE.as_bytes()), &mut text);
        let text = String::from_utf8(text).expect("base64url is ASCII");
        let text = text.replace('-', "+").replace('_', "/") + "=";
        assert!(POLICY.contains(&format!("'sha256-{text}'")), "the hash is {text}");
    }
}
