//! Requests at random: mostly what browsers and programs send, with a fact or two changed.

use super::dice::Dice;
use super::facts::{Facts, Host, Path, Said, Second, Whose};
use super::world::{GoesBy, ROUTES, World};
use crate::sample::Request;
use doorward_core::view::BodyHint;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const METHODS: [&str; 12] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "track",
    "BREW", "get",
];

/// Spellings, and what they are.
const PATHS: [(&str, Path); 33] = [
    ("/other", Path::Route(0)),
    ("/other/x.y/..z", Path::Route(0)),
    ("/o%20ther;v=1//x", Path::Route(0)),
    ("/write/x", Path::Route(0)),
    ("/a/..", Path::Bad),
    ("/a/../write", Path::Bad),
    ("/./write", Path::Bad),
    ("/%2e%2e/write", Path::Bad),
    ("/a/..;/write", Path::Bad),
    ("/a%2f..%2Fwrite", Path::Bad),
    ("/%252e%252e/write", Path::Bad),
    ("/a\\..\\write", Path::Bad),
    ("/a%5cwrite", Path::Bad),
    ("/write%00", Path::Bad),
    ("/%c0%ae%c0%ae/write", Path::Bad),
    ("/write%", Path::Bad),
    ("/write%zz", Path::Bad),
    ("*", Path::Bad),
    ("", Path::Bad),
    ("write", Path::Bad),
    ("/WRITE", Path::Near),
    ("/write/", Path::Near),
    ("/write;x=1", Path::Near),
    ("//write", Path::Near),
    ("/%77rite", Path::Near),
    ("/%2577rite", Path::Near),
    ("/write%2f", Path::Near),
    ("/write%20", Path::Near),
    ("/write.", Path::Near),
    ("/.doorward/healthz", Path::Health),
    ("/.doorward/readyz", Path::Health),
    ("/.doorward/else", Path::Nothing),
    ("/.doorward", Path::Nothing),
];

const FOREIGN: [&str; 8] = [
    "evil.test",
    "gate.test.evil.test",
    "evilgate.test",
    "gate.test.",
    "gate.test:80",
    "10.0.0.1",
    "rebind.test:8080",
    "gate.test@evil.test",
];

const STRANGERS: [&str; 12] = [
    "https://evil.test",
    "http://shop.test",
    "https://shop.test:8443",
    "https://evilshop.test",
    "https://shop.test.evil.test",
    "https://shop.test.",
    "https://SHOP.test",
    "https://shop.test/",
    "https://shop.test, https://evil.test",
    "https://pr-x.shop.test",
    "https://pr-1.shop.test.evil.test",
    "shop.test",
];

const SITES: [Said; 8] = [
    Said::Nothing,
    Said::Word("same-origin"),
    Said::Word("same-site"),
    Said::Word("cross-site"),
    Said::Word("none"),
    Said::Word("Same-Origin"),
    Said::Twice,
    Said::Bytes,
];
const MODES: [Said; 8] = [
    Said::Nothing,
    Said::Word("navigate"),
    Said::Word("no-cors"),
    Said::Word("cors"),
    Said::Word("same-origin"),
    Said::Word("websocket"),
    Said::Twice,
    Said::Bytes,
];
const DESTS: [Said; 7] = [
    Said::Nothing,
    Said::Word("document"),
    Said::Word("empty"),
    Said::Word("image"),
    Said::Word("iframe"),
    Said::Twice,
    Said::Bytes,
];

/// What usual callers say: method, origin, site, mode, destination.
const USUAL: [(&str, Whose, &str, &str, &str); 14] = [
    ("GET", Whose::Shop, "cross-site", "cors", "empty"),
    ("POST", Whose::Shop, "cross-site", "cors", "empty"),
    ("PUT", Whose::Preview, "cross-site", "cors", "empty"),
    ("GET", Whose::Partner, "cross-site", "cors", "empty"),
    ("OPTIONS", Whose::Shop, "cross-site", "cors", "empty"),
    ("OPTIONS", Whose::Stranger("https://evil.test"), "cross-site", "cors", "empty"),
    ("GET", Whose::Nobody, "same-origin", "no-cors", "image"),
    ("POST", Whose::Own, "same-origin", "cors", "empty"),
    ("POST", Whose::Null, "same-origin", "navigate", "document"),
    ("GET", Whose::Nobody, "none", "navigate", "document"),
    ("GET", Whose::Nobody, "cross-site", "navigate", "document"),
    ("GET", Whose::Nobody, "cross-site", "no-cors", "image"),
    ("GET", Whose::Nobody, "same-site", "no-cors", "image"),
    ("POST", Whose::Stranger("https://evil.test"), "cross-site", "navigate", "document"),
];

/// Draws a request: its facts, and the bytes that say them.
pub(super) fn draw(world: &World, dice: &mut Dice) -> (Facts, Request) {
    let mut facts = usual(dice);
    caller(&mut facts, world, dice);
    let changes = dice.below(3);
    for _ in 0..changes {
        change(&mut facts, dice);
    }
    let request = spell(&facts, world, dice);
    (facts, request)
}

fn usual(dice: &mut Dice) -> Facts {
    let (method, origin, site, mode, dest) = dice.pick(&USUAL);
    // A quarter are programs, which say none of it.
    let program = dice.one_in(4);
    let said = |word| if program { Said::Nothing } else { Said::Word(word) };
    let place = usize::try_from(dice.below(ROUTES.len() as u64)).unwrap_or(0);
    let path_text = if place == 0 { "/other" } else { ROUTES[place].path };
    Facts {
        method,
        host: Host::Gate,
        forwarded_host: None,
        path: Path::Route(place),
        path_text,
        origin: if program { Whose::Nobody } else { origin },
        referer: Whose::Nobody,
        site: said(site),
        mode: said(mode),
        dest: said(dest),
        cookie: dice.one_in(3),
        asks: if method == "OPTIONS" && !program { Said::Word("POST") } else { Said::Nothing },
        second: Second::None,
        upgrade: Said::Nothing,
        connection: Said::Nothing,
        body_bytes: if method == "GET" { 0 } else { dice.below(120) },
        over_proxy: false,
        network: String::new(),
        subscriber: String::new(),
        is_denied: false,
        address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    }
}

/// Who calls: one of four subscribers of three networks, by an address in any spelling.
fn caller(facts: &mut Facts, world: &World, dice: &mut Dice) {
    let (network, last) = (dice.below(3), dice.below(4));
    let (number, part) = (network as u8, last as u8);
    if network == 2 {
        facts.network = "six".to_owned();
        let low = dice.roll();
        let head = u64::from(part) | 0x2001_0db8_0007_0000;
        facts.address = IpAddr::V6(Ipv6Addr::from(u128::from(head) << 64 | u128::from(low)));
    } else {
        facts.network = format!("four-{network}");
        let v4 = Ipv4Addr::new(203, 0, 100 + number, part);
        facts.is_denied = network == 0 && world.denied == Some(part);
        let nat64 = Ipv6Addr::from(0x0064_ff9b_u128 << 96 | u128::from(u32::from(v4)));
        facts.address = dice.pick(&[IpAddr::V4(v4), v4.to_ipv6_mapped().into(), IpAddr::V6(nat64)]);
    }
    facts.subscriber = format!("{} {last}", facts.network);
    facts.over_proxy = world.proxied && dice.one_in(2);
    if facts.over_proxy && dice.one_in(6) {
        facts.forwarded_host = Some(dice.one_in(2));
    }
}

/// Changes one fact.
fn change(facts: &mut Facts, dice: &mut Dice) {
    match dice.below(15) {
        0 => facts.method = dice.pick(&METHODS),
        1 => {
            facts.host = dice.pick(&[Host::Plain, Host::Plain, Host::Twice, Host::Missing]);
            if dice.one_in(2) {
                facts.host = Host::Foreign(dice.pick(&FOREIGN));
            }
        }
        2 | 3 => (facts.path_text, facts.path) = dice.pick(&PATHS),
        4 | 5 => facts.origin = whose(dice),
        6 => {
            facts.referer = whose(dice);
            // What a page's address begins with ends before the slash.
            if facts.referer == Whose::Stranger("https://shop.test/") {
                facts.referer = Whose::Shop;
            }
        }
        7 | 8 => facts.site = dice.pick(&SITES),
        9 => {
            facts.mode = dice.pick(&MODES);
            facts.dest = dice.pick(&DESTS);
        }
        10 => facts.cookie = !facts.cookie,
        11 => {
            let words = [Said::Word("PUT"), Said::Word("no token"), Said::Twice, Said::Nothing];
            facts.asks = dice.pick(&words);
        }
        12 => {
            let named = dice.pick(&["GET", "post", "DELETE", "TRACE", "@", ""]);
            facts.second = dice.pick(&[Second::Header(named), Second::Query(named), Second::Twice]);
        }
        13 => {
            let words = [
                Said::Word("websocket"),
                Said::Word("h2c, WebSocket"),
                Said::Word("h2c"),
                Said::Twice,
                Said::Bytes,
            ];
            facts.upgrade = dice.pick(&words);
        }
        _ => {
            let words = [
                Said::Word("keep-alive"),
                Said::Word("close, Origin"),
                Said::Word("x-api-key"),
                Said::Twice,
                Said::Bytes,
            ];
            facts.connection = dice.pick(&words);
        }
    }
}

fn whose(dice: &mut Dice) -> Whose {
    let stranger = Whose::Stranger(dice.pick(&STRANGERS));
    dice.pick(&[
        Whose::Nobody,
        Whose::Own,
        Whose::Shop,
        Whose::Preview,
        Whose::Partner,
        stranger,
        stranger,
        Whose::Null,
        Whose::Twice,
        Whose::Bytes,
    ])
}

/// Spells the facts out.
fn spell(facts: &Facts, world: &World, dice: &mut Dice) -> Request {
    let mut lines: Vec<(&str, Vec<u8>)> = Vec::new();
    let gate = host_text(world, dice);
    match facts.host {
        Host::Gate => lines.push(("host", gate.into())),
        Host::Plain => lines.push(("host", b"plain.test:8080".into())),
        Host::Foreign(text) => lines.push(("host", text.into())),
        Host::Twice => lines.extend([("host", gate.into()), ("host", gate.into())]),
        Host::Missing => {}
    }
    let own = match world.goes_by {
        GoesBy::One | GoesBy::Two => "https://gate.test".to_owned(),
        GoesBy::Local => format!("http://{gate}"),
    };
    page(&mut lines, "origin", facts.origin, &own, "");
    page(&mut lines, "referer", facts.referer, &own, "/a/page?with=https://shop.test");
    said(&mut lines, "sec-fetch-site", facts.site);
    said(&mut lines, "sec-fetch-mode", facts.mode);
    said(&mut lines, "sec-fetch-dest", facts.dest);
    said(&mut lines, "access-control-request-method", facts.asks);
    said(&mut lines, "upgrade", facts.upgrade);
    said(&mut lines, "connection", facts.connection);
    if facts.cookie {
        lines.push(("cookie", b"session=1".into()));
    }
    let mut query = dice.one_in(2).then(|| "a=b&c".to_owned());
    match facts.second {
        Second::None => {}
        Second::Header(named) => lines.push(("x-http-method-override", named.into())),
        Second::Query(named) => query = Some(format!("a=b&_%6dethod={named}&c=d")),
        Second::Twice => {
            lines.push(("x-http-method", b"POST".into()));
            lines.push(("x-method-override", b"POST".into()));
        }
    }
    let mut peer = facts.address;
    if facts.over_proxy {
        peer = IpAddr::from([10, 0, 0, 1]);
        let chain = dice.pick(&["", "1.1.1.1, ", "rubbish, ::1,"]);
        let more = dice.pick(&["", ", 10.0.0.9"]);
        lines.push(("x-forwarded-for", format!("{chain}{}{more}", facts.address).into()));
    } else if dice.one_in(3) {
        lines.push(("x-forwarded-for", b"1.1.1.1".into()));
        lines.push(("x-forwarded-host", b"gate.test".into()));
    }
    if let Some(ours) = facts.forwarded_host {
        let text = if ours { "plain.test:8080" } else { "evil.test" };
        lines.push(("x-forwarded-host", text.into()));
    }
    lines.push(("user-agent", b"story/1".into()));
    Request {
        method: Method::from_bytes(facts.method.as_bytes()).expect("a token"),
        path: facts.path_text.to_owned(),
        query,
        headers: shuffled(lines, dice),
        peer,
        body: match facts.body_bytes {
            0 => BodyHint::Empty,
            bytes => BodyHint::Length(bytes),
        },
    }
}

fn host_text(world: &World, dice: &mut Dice) -> &'static str {
    match world.goes_by {
        GoesBy::One | GoesBy::Two => dice.pick(&["gate.test", "gate.test:443", "GATE.test"]),
        GoesBy::Local => {
            dice.pick(&["localhost:8080", "api.localhost:8080", "127.0.0.1:9", "[::1]:9"])
        }
    }
}

fn said(lines: &mut Vec<(&str, Vec<u8>)>, name: &'static str, said: Said) {
    match said {
        Said::Nothing => {}
        Said::Word(word) => lines.push((name, word.into())),
        Said::Twice => lines.extend([(name, b"same-origin".into()), (name, b"same-origin".into())]),
        Said::Bytes => lines.push((name, b"same-origin\xff".into())),
    }
}

fn page(
    lines: &mut Vec<(&str, Vec<u8>)>,
    name: &'static str,
    whose: Whose,
    own: &str,
    behind: &str,
) {
    let text = match whose {
        Whose::Nobody => return,
        Whose::Own => own,
        Whose::Shop => "https://shop.test",
        Whose::Preview => "https://pr-17.shop.test",
        Whose::Partner => "https://partner.test",
        Whose::Stranger(text) => text,
        Whose::Null => "null",
        Whose::Twice => {
            lines
                .extend([(name, b"https://shop.test".into()), (name, b"https://shop.test".into())]);
            return;
        }
        Whose::Bytes => "https://shop.test\u{e9}",
    };
    let behind = if matches!(whose, Whose::Null | Whose::Bytes) { "" } else { behind };
    lines.push((name, format!("{text}{behind}").into()));
}

/// The lines in any order; those of one name keep theirs.
fn shuffled(mut lines: Vec<(&str, Vec<u8>)>, dice: &mut Dice) -> HeaderMap {
    let mut map = HeaderMap::new();
    while !lines.is_empty() {
        let place = usize::try_from(dice.below(lines.len() as u64)).unwrap_or(0);
        let (name, value) = lines.swap_remove(place);
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        map.append(name, HeaderValue::from_bytes(&value).expect("a value"));
    }
    map
}
