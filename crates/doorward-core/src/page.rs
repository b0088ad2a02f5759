//! The page that a person sees who opened a refused address. Every text in it is the gate's own;
//! of the request nothing is repeated.

/// The style of the page.
const STYLE: &str = include_str!("page.css");

/// Lets in nothing but that style, by its hash; a test computes it again.
pub(crate) const POLICY: &str = concat!(
    "default-src 'none'; style-src 'sha256-isU6gnYAkJJlwHCYDlXdo15gOize8FJxDN3MN5PwXAc='; ",
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
);

/// Lets in the gate's own script as well, and what it asks of the gate.
pub(crate) const POLICY_OF_PASSES: &str = concat!(
    "default-src 'none'; style-src 'sha256-isU6gnYAkJJlwHCYDlXdo15gOize8FJxDN3MN5PwXAc='; ",
    "script-src 'self'; connect-src 'self'; worker-src 'self' blob:; ",
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
);

/// What the page offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// Nothing but what happened.
    Nothing,
    /// To open the address from here: a click on the page is not another site's request.
    OpenHere,
    /// To load the form again, which was written for another session, or long ago. Where it stands
    /// at this very address, by a link.
    LoadAgain { is_here: bool },
    /// To ask for a pass, and to open the address with a ticket. It does so by itself, once.
    Pass,
}

impl Offer {
    /// What the page may load.
    pub(crate) const fn policy(self) -> &'static str {
        match self {
            Self::Nothing | Self::OpenHere | Self::LoadAgain { .. } => POLICY,
            Self::Pass => POLICY_OF_PASSES,
        }
    }
}

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
    pub(crate) offer: Offer,
    /// What the gate's own addresses begin with.
    pub(crate) endpoints: &'a str,
}

/// Writes the page.
pub(crate) fn write(said: &Said<'_>) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // An empty reference is this very address (RFC 3986 4.4).
    let action = match said.offer {
        Offer::Nothing => String::new(),
        Offer::OpenHere => "<p>This address was opened from another site.</p>\
             <p><a href=\"\">Open it here</a></p>"
            .to_owned(),
        Offer::LoadAgain { is_here: true } => "<p><a href=\"\">Load it again</a></p>".to_owned(),
        Offer::LoadAgain { is_here: false } => {
            "<p>Go back, and load that page again.</p>".to_owned()
        }
        Offer::Pass => format!(
            "<p role=\"status\" id=\"open\">This page needs JavaScript.</p>\
             <script src=\"{0}/auto.js\"></script><script src=\"{0}/open.js\"></script>",
            said.endpoints
        ),
    };
    // Whoever opens an address has sent nothing wrong, and what a client's author is told is not
    // for him.
    let (name, title, detail) = match said.offer {
        Offer::Pass => (
            "A moment",
            "This address needs a pass",
            "Your browser asks for one here, and opens the address with it.",
        ),
        Offer::LoadAgain { .. } => (
            "Not sent",
            "This form has to be loaded again",
            "Since it was loaded somebody has signed in or out here, its cookies were deleted, or \
             it stood open for too long. Nothing of it has run.",
        ),
        Offer::Nothing | Offer::OpenHere => ("Refused", said.title, said.detail),
    };
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{name}</title>\
         <style>{STYLE}</style><h1>{title}</h1><p>{detail}</p>{action}\
         <p class=\"id\"><code>{code}</code> <code>{id}</code></p></html>\n",
        title = escape(title),
        detail = escape(detail),
        code = said.code,
        id = said.id,
    )
}

#[cfg(test)]
mod tests {
    use super::{POLICY, POLICY_OF_PASSES, STYLE};

    #[test]
    fn the_policy_lets_in_the_style_of_the_page() {
        let mut text = Vec::new();
        crate::crypto::base64url(&crate::crypto::sha256(STYLE.as_bytes()), &mut text);
        let text = String::from_utf8(text).expect("base64url is ASCII");
        let text = text.replace('-', "+").replace('_', "/") + "=";
        for policy in [POLICY, POLICY_OF_PASSES] {
            assert!(policy.contains(&format!("'sha256-{text}'")), "the hash is {text}");
        }
    }
}
