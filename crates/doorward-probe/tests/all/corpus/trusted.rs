//! Which origins a server means to allow, where that is not the shop's page alone.

use super::{SHOP, Server};

/// By the server's name.
const TRUSTED: &[(&str, &[&str])] = &[
    ("unescaped-dots", &["http://www.shop.localhost:5173"]),
    ("http-for-https", &["https://app.shop.example"]),
    ("platform-suffix", &["https://shop.vercel.app"]),
    ("letters-from-the-end", &["https://foo.example", "https://bar.example"]),
    ("public-suffix", &["https://shop.co.uk"]),
    ("list-of-two", &["https://app.shop.example", "https://admin.shop.example"]),
    ("previews-of-one-account", &["https://deploy-preview-7--shop.netlify.app"]),
    ("any-port-of-this-machine", &["http://localhost:5173"]),
    ("one-port-of-this-machine", &["http://localhost:5173"]),
    ("one-deployment", &["https://shop.vercel.app"]),
];

/// The origins that the probe is given for a server.
pub(crate) fn trusted(server: &Server) -> Vec<String> {
    let named = TRUSTED.iter().find(|(name, _)| *name == server.name);
    let origins = named.map_or(&[SHOP] as &[&str], |(_, origins)| origins);
    origins.iter().map(|origin| (*origin).to_owned()).collect()
}
