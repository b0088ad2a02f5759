//! Who can send a value as `Origin`: a browser writes an origin in one way only.

use crate::finding::Engines;
use doorward_browser::{EngineId, Origin};
use url::Url;

/// Who can send a value as `Origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Emitter {
    /// A page in these engines.
    Browser(Engines),
    /// A page of an application or an extension with a scheme of its own.
    Application,
    /// No page: a program that writes the header itself.
    Nobody,
}

/// Schemes of applications and extensions, whose pages have origins of their own.
const APPLICATIONS: &[&str] = &[
    "app",
    "capacitor",
    "chrome-extension",
    "ionic",
    "moz-extension",
    "safari-web-extension",
    "tauri",
    "vscode-webview",
];

impl Emitter {
    /// Who can send this value. An address that is written otherwise after it was read is one
    /// that no page has (HTML 7.1.1, serialization of an origin).
    #[must_use]
    pub fn of(value: &str) -> Self {
        if value == "null" {
            return Self::Browser(Engines::all());
        }
        let Ok(url) = Url::parse(value) else { return Self::Nobody };
        match url.scheme() {
            "http" | "https" if Origin::of(&url).to_string() == value => {
                let host = url.host_str().unwrap_or_default();
                let engines = Engines::which(|engine| writes(engine, host));
                if engines.is_empty() { Self::Nobody } else { Self::Browser(engines) }
            }
            scheme if APPLICATIONS.contains(&scheme) && !value.ends_with('/') => Self::Application,
            _ => Self::Nobody,
        }
    }

    /// The engines; empty where it is no browser's.
    #[must_use]
    pub fn engines(&self) -> Engines {
        match self {
            Self::Browser(engines) => engines.clone(),
            Self::Application | Self::Nobody => Engines::default(),
        }
    }
}

/// Whether an engine loads pages of such a host. All take the punctuation that the URL standard
/// lets a host have, but for the asterisk, which WebKit alone takes.
fn writes(engine: EngineId, host: &str) -> bool {
    match engine {
        EngineId::WebKit => true,
        EngineId::Chromium | EngineId::Firefox => !host.contains('*'),
    }
}

#[cfg(test)]
mod tests {
    use super::Emitter;
    use crate::finding::Engines;
    use doorward_browser::EngineId;

    #[test]
    fn who_sends_what() {
        let all = Emitter::Browser(Engines::all());
        let webkit = Emitter::Browser(Engines::which(|engine| engine == EngineId::WebKit));
        let rows = [
            ("null", all.clone()),
            ("Null", Emitter::Nobody),
            ("https://shop.test", all.clone()),
            ("https://shop.test:8443", all.clone()),
            ("https://shop.test:443", Emitter::Nobody),
            ("https://shop.test/", Emitter::Nobody),
            ("https://Shop.test", Emitter::Nobody),
            ("HTTPS://shop.test", Emitter::Nobody),
            ("https://shop.test.", all.clone()),
            ("https://shop.test_.evil.test", all.clone()),
            ("https://shop.test!.evil.test", all.clone()),
            ("https://shop.test{.evil.test", all.clone()),
            ("https://shop.test*.evil.test", webkit),
            ("https://shop.test%60.evil.test", Emitter::Nobody),
            ("https://shop.test^.evil.test", Emitter::Nobody),
            ("https://shop.test@evil.test", Emitter::Nobody),
            ("http://[::1]", all.clone()),
            ("http://127.1", Emitter::Nobody),
            ("https://xn--shp-uqc.test", all),
            ("https://shop\u{ff0e}test", Emitter::Nobody),
            ("ftp://shop.test", Emitter::Nobody),
            ("file://", Emitter::Nobody),
            ("capacitor://localhost", Emitter::Application),
            ("capacitor://localhost/", Emitter::Nobody),
            ("", Emitter::Nobody),
        ];
        for (value, want) in rows {
            assert_eq!(Emitter::of(value), want, "{value}");
        }
    }
}
