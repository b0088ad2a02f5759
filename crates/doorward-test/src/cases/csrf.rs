//! CSRF tokens for a case's requests: `csrf: sub=ann` asks the case's own gate for one, as a page
//! does of somebody whose session is the cookie `session`. Then `{csrf}` is the token and
//! `{anchor}` the value of the gate's own cookie; with `csrf2:` it is `{csrf2}` and `{anchor2}`.

use super::{MEMORY_SEED, gate};
use crate::tokens;
use doorward_core::certificate::Certificate;
use doorward_core::fingerprint::shown::Shown;
use doorward_core::layers::identity::Told;
use doorward_core::memory::Memory;
use doorward_core::moment::{Moment, Now, RequestId};
use doorward_core::turn::Turn;
use doorward_core::verdict::{Reply, Verdict};
use doorward_core::view::{BodyHint, Fidelity, Target, View};
use doorward_porter::chance::SystemChance;
use doorward_store::{MemoryStore, Sizes};
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};

/// What the gate gave out.
pub(super) struct Asked {
    pub(super) token: String,
    /// Where it set one.
    pub(super) anchor: Option<String>,
}

/// Asks for a token. Words of the line:
///
/// | word | says |
/// | --- | --- |
/// | `anonymous`, `sub=ann` | nobody asks; somebody who is signed in |
/// | `anchor=kept` | the anchor that there is comes along |
/// | `gate=staging` | another gate is asked, of the same secret |
/// | `secret=old` | the gate is asked as it was before a new secret came first |
/// | `host=shop.localhost` | by this name of the gate |
/// | `certificate` | the connection has the case's certificate |
pub(super) fn ask(
    config: &str,
    line: &str,
    anchor: Option<&str>,
    certificate: Option<&Certificate>,
    now_unix_s: u64,
) -> Result<Asked, String> {
    let mut config = config.to_owned();
    let (mut host, mut cookies, mut shown) = ("shop.test", Vec::new(), None);
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        match word.split_once('=') {
            None if word == "anonymous" => {}
            None if word == "certificate" => shown = certificate,
            Some(("sub", name)) => {
                let token = tokens::of_line(&format!("es256 sub={name}"), now_unix_s)?;
                cookies.push(format!("session={token}"));
            }
            Some(("anchor", "kept")) => {
                let anchor = anchor.ok_or("there is no anchor yet")?;
                cookies.push(format!("__Host-doorward={anchor}"));
            }
            Some(("gate", name)) => config = format!("gate_id = \"{name}\"\n{config}"),
            Some(("secret", "old")) => config = config.replace("\"env:DOORWARD_SECRET\", ", ""),
            Some(("host", name)) => host = name,
            _ => return Err(format!("{word} says nothing")),
        }
    }
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (header::HOST, host.to_owned()),
        (header::HeaderName::from_static("sec-fetch-site"), "same-origin".to_owned()),
        (header::COOKIE, cookies.join("; ")),
    ] {
        let value = HeaderValue::try_from(value).map_err(|error| error.to_string())?;
        headers.insert(name, value);
    }
    let reply = answer(&config, &headers, shown, now_unix_s)?;
    let said: Value = serde_json::from_slice(&reply.body).map_err(|error| error.to_string())?;
    let token = said["token"].as_str().ok_or("no token")?.to_owned();
    let set = reply.headers.get_all(header::SET_COOKIE).into_iter().next();
    let set = set.and_then(|line| line.to_str().ok()?.split(';').next()?.split_once('='));
    Ok(Asked { token, anchor: set.map(|(_, value)| value.to_owned()) })
}

fn answer(
    config: &str,
    headers: &HeaderMap,
    certificate: Option<&Certificate>,
    now_unix_s: u64,
) -> Result<Reply, String> {
    let gate = gate::make(config)?.gate;
    let memory = Memory::new(10, MEMORY_SEED);
    let sizes = Sizes { strangers_max: 10, known_max: 10, claims_max: 10 };
    let store = MemoryStore::new(sizes, [4; 16]);
    let at = Moment {
        now: Now { steady_ns: now_unix_s * 1_000_000_000, unix_s: now_unix_s },
        id: RequestId::draw(&SystemChance),
        chance: &SystemChance,
        memory: &memory,
    };
    let view = View {
        method: &Method::GET,
        target: Target { authority: None, path: "/.doorward/csrf", query: None },
        headers,
        peer: IpAddr::from(Ipv4Addr::LOCALHOST),
        certificate,
        shown: Shown::NOTHING,
        body: BodyHint::Empty,
        fidelity: Fidelity::PROXY,
    };
    let mut turn = gate.open(view, at);
    loop {
        turn = match turn {
            Turn::Done(Verdict::Reply(reply)) => return Ok(reply),
            Turn::Done(Verdict::Refuse(refused)) => {
                return Err(format!("the gate says {}", refused.reason().code()));
            }
            Turn::Done(Verdict::Admit(_)) | Turn::Keys(_) => {
                return Err("the gate gives no token by itself here".to_owned());
            }
            // Whoever is asked knows one person.
            Turn::Caller(awaiting) => {
                awaiting.with(&Told::Answer(200, br#"{"id":"ann"}"#.to_vec()), at.now.steady_ns, at)
            }
            Turn::Body(awaiting) => awaiting.with(&[], at),
            Turn::Ask(pending) => {
                let answers = store.answer(&pending.questions(), at.now);
                pending.answer(&answers, at)
            }
        };
    }
}
