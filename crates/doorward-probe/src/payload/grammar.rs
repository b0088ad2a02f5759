//! The templates: what each class sends for one trusted origin, the most telling first.

use crate::payload::class::Class;
use crate::payload::trusted::{Canary, Trusted, written};

/// Where anybody may publish under a name of his own. All but the last three are of the public
/// suffix list's private section; a test says so.
pub(crate) const PLATFORMS: &[&str] = &[
    "github.io",
    "vercel.app",
    "netlify.app",
    "pages.dev",
    "workers.dev",
    "web.app",
    "herokuapp.com",
    "azurewebsites.net",
    "gitlab.io",
    "s3.amazonaws.com",
    "cloudfront.net",
    "onrender.com",
    "ngrok-free.app",
    "trycloudflare.com",
];

/// Sites that show anybody's scripts under their own name.
const PLAYGROUNDS: &[&str] = &["codepen.io", "jsfiddle.net", "jsbin.com"];

/// Endings under which anybody may register, and few own their name twice.
const ENDINGS: &[&str] = &["icu", "click", "monster", "cyou"];

/// Punctuation that hosts may have. `_` and `-` are in names that resolve everywhere.
const PUNCTUATION: &[char] =
    &['_', '-', '!', '*', ',', ';', '\'', '"', '(', ')', '{', '}', '&', '`', '+', '=', '~', '$'];

/// What no browser writes into a host, or reads as its end.
const UNWRITTEN: &[&str] =
    &["^", "|", "%", "%60", "%0b", "@", "#", "?", "/", "\\", ":", " ", "%00", "\t"];

/// Letters of the Latin alphabet, and others that look like them.
const LOOKALIKES: &[(char, char)] =
    &[('a', 'а'), ('e', 'е'), ('o', 'о'), ('p', 'р'), ('c', 'с'), ('x', 'х'), ('s', 'ѕ')];

/// The values of a class for one trusted origin; `others` are the other trusted ones.
pub(crate) fn values(
    class: Class,
    own: &Trusted,
    others: &[Trusted],
    canaries: [Canary<'_>; 2],
) -> Vec<String> {
    let [first, second] = canaries;
    let host = own.host.as_str();
    let (word, evil) = (first.word, second.host);
    match class {
        Class::Any => vec![first.origin.to_owned(), second.origin.to_owned()],
        Class::Null => vec!["null".to_owned()],
        Class::Before => vec![own.with_host(&format!("{host}.{evil}"))],
        Class::GluedBehind => vec![own.with_host(&format!("{host}{evil}"))],
        Class::GluedBefore => names(own, |name| format!("{word}{name}")),
        Class::Below => {
            let mut values = names(own, |name| format!("{word}.{name}"));
            values.extend(names(own, |name| format!("a.{word}.{name}")));
            values
        }
        // A name of this machine is on nobody's path.
        Class::Downgrade if own.scheme == "https" && !own.is_local() => {
            let mut values = vec![written("http", host, own.port)];
            values.extend(own.domain.iter().map(|name| format!("http://{word}.{name}")));
            values
        }
        Class::Downgrade => Vec::new(),
        Class::Dot => dots(own),
        Class::Part => parts(own, word, evil),
        Class::Ending => endings(own, &first),
        Class::Punctuation => punctuation(own, evil),
        Class::Unwritten => {
            UNWRITTEN.iter().map(|mark| own.with_host(&format!("{host}{mark}.{evil}"))).collect()
        }
        Class::Port => ports(own, &first),
        Class::Scheme => schemes(&first),
        Class::Local => local(evil),
        Class::Private => ["192.168.0.1", "10.0.0.1", "169.254.169.254"]
            .map(|address| written("http", address, None))
            .to_vec(),
        Class::Platform => platforms(own, word),
        Class::Form => forms(own, evil),
        Class::Joined => joined(own, others),
        Class::Lookalike => lookalikes(own),
        Class::Suffix => {
            // Under a platform's own suffix, that is the platform's finding.
            let suffix = own.suffix.iter().filter(|_| !own.is_platform);
            suffix.map(|suffix| own.with_host(&format!("{word}.{suffix}"))).collect()
        }
        Class::Line => ["%0d%0a", "%0a", "\u{b}"]
            .map(|end| format!("{}{end}X-{word}: 1", own.with_host(host)))
            .to_vec(),
    }
}

/// What is made of the registrable domain and of the host, each once.
fn names(own: &Trusted, made: impl Fn(&str) -> String) -> Vec<String> {
    if !own.is_name {
        return Vec::new();
    }
    let mut values = Vec::new();
    for name in own.domain.iter().chain([&own.host]) {
        let value = own.with_host(&made(name));
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// Each dot alone, and all: only what somebody could register counts.
fn dots(own: &Trusted) -> Vec<String> {
    if !own.is_name {
        return Vec::new();
    }
    let at = |wanted: Option<usize>| -> String {
        let dotted = own.host.char_indices();
        dotted
            .map(|(at, c)| if c == '.' && wanted.is_none_or(|own| own == at) { 'x' } else { c })
            .collect()
    };
    let dots = own.host.match_indices('.').map(|(at, _)| Some(at));
    let hosts = dots.chain([None]).map(at);
    let registrable = hosts.filter(|host| own.is_registrable(host));
    registrable.map(|host| own.with_host(&host)).collect()
}

/// Without the first letter, without the last, and inside of another name.
fn parts(own: &Trusted, word: &str, evil: &str) -> Vec<String> {
    let Some(domain) = &own.domain else { return Vec::new() };
    let mut hosts = vec![format!("{word}-{}-x.{evil}", own.host)];
    let shorter = [domain.get(1..), domain.get(..domain.len() - 1)];
    // A whole label less is the ending alone, which nobody registers.
    let shorter = shorter.into_iter().flatten().filter(|host| own.is_registrable(host));
    hosts.extend(shorter.map(str::to_owned));
    hosts.iter().map(|host| own.with_host(host)).collect()
}

/// The name under another ending.
fn endings(own: &Trusted, canary: &Canary<'_>) -> Vec<String> {
    let (Some(domain), Some(suffix)) = (&own.domain, &own.suffix) else { return Vec::new() };
    let Some(label) = domain.strip_suffix(suffix.as_str()) else { return Vec::new() };
    // Which one comes first is drawn: an owner may have the name under one of them.
    let first = canary.number as usize % ENDINGS.len();
    let drawn = ENDINGS.iter().cycle().skip(first).take(ENDINGS.len());
    drawn
        .filter(|ending| **ending != suffix)
        .map(|ending| own.with_host(&format!("{label}{ending}")))
        .collect()
}

fn punctuation(own: &Trusted, evil: &str) -> Vec<String> {
    let host = &own.host;
    let behind = PUNCTUATION.iter().map(|mark| own.with_host(&format!("{host}{mark}.{evil}")));
    let between = PUNCTUATION.iter().map(|mark| own.with_host(&format!("{host}.{mark}.{evil}")));
    let mut values: Vec<String> = behind.chain(between).collect();
    // No authority certifies such names: without TLS they can be had.
    let plain: Vec<String> = values
        .iter()
        .filter_map(|value| value.strip_prefix("https:").map(|rest| format!("http:{rest}")))
        .collect();
    values.extend(plain);
    values
}

/// A port of nobody's, and the trusted one with a digit more.
fn ports(own: &Trusted, canary: &Canary<'_>) -> Vec<String> {
    let port = |port| written(&own.scheme, &own.host, Some(port));
    let mut values = vec![port(canary.port())];
    values.extend(own.port.and_then(|own| own.checked_mul(10)).map(port));
    // These two are no origins: the scheme's own port is left out.
    let usual = if own.scheme == "https" { 443 } else { 80 };
    values.push(port(usual));
    values
}

/// An extension's id is thirty-two letters from `a` to `p`.
fn schemes(canary: &Canary<'_>) -> Vec<String> {
    let letter = |at: u32| char::from(b'a' + ((canary.number >> (at % 28)) & 15) as u8);
    let id: String = (0..32).map(letter).collect();
    let word = canary.word;
    vec![
        format!("chrome-extension://{id}"),
        format!("moz-extension://{word}"),
        "capacitor://localhost".to_owned(),
        "ionic://localhost".to_owned(),
        format!("app://{word}"),
        format!("vscode-webview://{word}"),
        format!("ftp://{}", canary.host),
        "file://".to_owned(),
    ]
}

fn local(evil: &str) -> Vec<String> {
    let hosts = ["localhost:3000", "localhost", "127.0.0.1"].map(|host| format!("http://{host}"));
    let mut values = hosts.to_vec();
    values.push(format!("http://localhost.{evil}"));
    values.push("http://x.localhost".to_owned());
    values.push("http://[::1]".to_owned());
    values.push(format!("https://localhost.{evil}"));
    values
}

/// A neighbour on the trusted origin's own platform first.
fn platforms(own: &Trusted, word: &str) -> Vec<String> {
    let neighbour = own.suffix.iter().filter(|_| own.is_platform).map(String::as_str);
    let platforms = neighbour.chain(PLATFORMS.iter().copied()).map(|at| format!("{word}.{at}"));
    let playgrounds = PLAYGROUNDS.iter().map(|site| (*site).to_owned());
    platforms.chain(playgrounds).map(|host| written("https", &host, None)).collect()
}

fn forms(own: &Trusted, evil: &str) -> Vec<String> {
    let whole = own.with_host(&own.host);
    let mut values = vec![
        own.with_host(&own.host.to_ascii_uppercase()),
        whole.to_ascii_uppercase(),
        format!("{whole}/"),
        format!("{whole}/x"),
        format!("{}://{}@{evil}", own.scheme, own.host),
        format!("{whole}, https://{evil}"),
        format!("{whole} https://{evil}"),
    ];
    if own.is_name {
        values.push(own.with_host(&format!("{}.", own.host)));
    }
    values
}

/// `foo.test` and `bar.test` as `barfoo.test`: lists that are kept as a tree of letters from the
/// end may take it for one of them.
fn joined(own: &Trusted, others: &[Trusted]) -> Vec<String> {
    let Some(domain) = &own.domain else { return Vec::new() };
    let before = others.iter().filter_map(|other| {
        let (domain, suffix) = (other.domain.as_ref()?, other.suffix.as_ref()?);
        domain.strip_suffix(suffix.as_str())?.strip_suffix('.')
    });
    before.map(|label| own.with_host(&format!("{label}{domain}"))).collect()
}

fn lookalikes(own: &Trusted) -> Vec<String> {
    let (Some(domain), Some(suffix)) = (&own.domain, &own.suffix) else { return Vec::new() };
    let Some(label) = domain.strip_suffix(suffix.as_str()) else { return Vec::new() };
    let mut values = Vec::new();
    for (plain, other) in LOOKALIKES.iter().filter(|(plain, _)| label.contains(*plain)) {
        let name = format!("{}{suffix}", label.replacen(*plain, &other.to_string(), 1));
        if let Ok(url) = url::Url::parse(&own.with_host(&name)) {
            values.push(doorward_browser::Origin::of(&url).to_string());
        }
        values.push(own.with_host(&name));
    }
    values.push(own.with_host(&domain.replace('.', "\u{ff0e}")));
    values.push(own.with_host(&domain.replace('s', "\u{17f}").replace('k', "\u{212a}")));
    values
}
