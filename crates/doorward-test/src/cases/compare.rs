//! What was seen of a request, against what its case wants.

use super::proof::ProofKey;
use super::{Step, Verdict, WantedHeader};
use doorward_core::reason::Reason;

/// Who saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saw {
    /// The core alone: no headers that belong to a connection or to forwarding.
    Core,
    /// A client and a backend, at their sockets.
    Proxy,
}

/// What came of a request.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Who saw it.
    pub saw: Saw,
    /// The verdict.
    pub verdict: Verdict,
    /// The status that came back.
    pub status: u16,
    /// The headers that came back.
    pub headers: Vec<(String, String)>,
    /// The body that came back.
    pub body: Vec<u8>,
    /// What reached the backend.
    pub contacts: Vec<Contact>,
    /// What monitored layers noted, where it can be seen.
    pub would_refuse: Option<Vec<String>>,
}

/// A request as it reached the backend.
#[derive(Clone, Debug)]
pub struct Contact {
    /// Its method.
    pub method: String,
    /// Its target.
    pub target: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Contact {
    /// The values of all lines of a name.
    pub(super) fn values<'c>(&'c self, name: &'c str) -> impl Iterator<Item = &'c str> {
        values(&self.headers, name)
    }
}

fn values<'h>(
    headers: &'h [(String, String)],
    name: &'h str,
) -> impl Iterator<Item = &'h str> + use<'h> {
    let same = move |(other, _): &&(String, String)| other.eq_ignore_ascii_case(name);
    headers.iter().filter(same).map(|(_, value)| value.as_str())
}

/// Every difference between what was seen and what is wanted, each a line.
pub(super) fn differences(step: &Step, seen: &Seen, key: &ProofKey) -> Vec<String> {
    let mut out = Vec::new();
    let want = &step.want;
    if seen.verdict != want.verdict {
        out.push(format!("want {}, got {}", said(&want.verdict), said(&seen.verdict)));
        // What follows would only repeat this.
        return out;
    }
    let status = want.status.unwrap_or_else(|| match &want.verdict {
        Verdict::Admit => step.given.backend.status,
        Verdict::Reply(status) => *status,
        Verdict::Refuse(code) => {
            Reason::find(code).map_or(0, |reason| reason.words().status.as_u16())
        }
    });
    if seen.status != status {
        out.push(format!("want status {status}, got {}", seen.status));
    }
    if let Verdict::Refuse(code) = &want.verdict {
        wants(&mut out, "back", &seen.headers, &("Doorward-Refusal".into(), Some(code.clone())));
        wants(&mut out, "back", &seen.headers, &("Cache-Control".into(), Some("no-store".into())));
    } else {
        wants_none(&mut out, "back", &seen.headers, "Doorward-Refusal");
    }
    if seen.status == 401 {
        wants(&mut out, "back", &seen.headers, &("WWW-Authenticate".into(), None));
    }
    came_back(&mut out, step, seen);
    match &want.verdict {
        Verdict::Admit => went_up(&mut out, step, seen, key),
        Verdict::Refuse(_) | Verdict::Reply(_) => {
            for contact in &seen.contacts {
                let Contact { method, target, .. } = contact;
                out.push(format!("the backend was contacted: {method} {target}"));
            }
        }
    }
    if let Some(noted) = &seen.would_refuse
        && *noted != want.would_refuse
    {
        out.push(format!("want would-refuse {:?}, got {noted:?}", want.would_refuse));
    }
    out
}

fn said(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Admit => "admit".to_owned(),
        Verdict::Refuse(code) => format!("refuse {code}"),
        Verdict::Reply(status) => format!("reply {status}"),
    }
}

fn came_back(out: &mut Vec<String>, step: &Step, seen: &Seen) {
    for header in grouped(&step.want.headers) {
        wants_all(out, "back", &seen.headers, &header);
    }
    for name in &step.want.no_headers {
        wants_none(out, "back", &seen.headers, name);
    }
    let body = String::from_utf8_lossy(&seen.body);
    for text in &step.want.body {
        if !body.contains(text) {
            out.push(format!("want {text:?} in the body, got {body:?}"));
        }
    }
    for text in &step.want.no_body {
        if body.contains(text) {
            out.push(format!("want no {text:?} in the body, got {body:?}"));
        }
    }
}

fn went_up(out: &mut Vec<String>, step: &Step, seen: &Seen, key: &ProofKey) {
    let [contact] = seen.contacts.as_slice() else {
        out.push(format!("want one contact, got {}", seen.contacts.len()));
        return;
    };
    let sent = format!("{} {}", contact.method, contact.target);
    let (asked, body) = asked(&step.request);
    let wanted = step.want.sent.as_ref().unwrap_or(&asked);
    if sent != *wanted {
        out.push(format!("want sent {wanted}, got {sent}"));
    }
    if body.is_some_and(|body| body != contact.body) {
        let body = String::from_utf8_lossy(&contact.body);
        out.push(format!("the body changed on its way: {body:?}"));
    }
    let is_seen = |name: &str| seen.saw == Saw::Proxy || !is_mountings(name);
    for header in grouped(&step.want.sent_headers) {
        if is_seen(&header.0) {
            wants_all(out, "sent", &contact.headers, &header);
        }
    }
    for name in step.want.sent_no_headers.iter().filter(|name| is_seen(name)) {
        wants_none(out, "sent", &contact.headers, name);
    }
    let unix_s = step.given.unix_ns / 1_000_000_000;
    out.extend(key.doubt(contact, unix_s, step.want.proves_body));
}

/// `METHOD target` of a request, and its body where it is not in chunks.
fn asked(request: &[u8]) -> (String, Option<&[u8]>) {
    let end = request.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(request.len());
    let head = String::from_utf8_lossy(&request[..end]);
    let line = head.lines().next().unwrap_or_default();
    let asked = line.rsplit_once(' ').map_or(line, |(asked, _)| asked).to_owned();
    let chunked = head.to_ascii_lowercase().contains("\ntransfer-encoding:");
    (asked, if chunked { None } else { request.get(end + 4..) })
}

/// Headers that belong to a connection or to forwarding: the mounting's business.
fn is_mountings(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("x-forwarded-")
        || name.starts_with("proxy-")
        || matches!(
            name.as_str(),
            "forwarded"
                | "connection"
                | "keep-alive"
                | "te"
                | "trailer"
                | "transfer-encoding"
                | "upgrade"
                | "http2-settings"
                | "expect"
                | "host"
                | "content-length"
        )
}

/// One entry for each name, with all values that are wanted of it.
fn grouped(wanted: &[WantedHeader]) -> Vec<(String, Option<Vec<String>>)> {
    let mut out: Vec<(String, Option<Vec<String>>)> = Vec::new();
    for (name, value) in wanted {
        let found = out.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name));
        match (found, value) {
            (Some((_, Some(values))), Some(value)) => values.push(value.clone()),
            (Some(_), _) => {}
            (None, value) => out.push((name.clone(), value.clone().map(|value| vec![value]))),
        }
    }
    out
}

fn wants(
    out: &mut Vec<String>,
    way: &str,
    headers: &[(String, String)],
    (name, value): &WantedHeader,
) {
    let values = value.clone().map(|value| vec![value]);
    wants_all(out, way, headers, &(name.clone(), values));
}

fn wants_all(
    out: &mut Vec<String>,
    way: &str,
    headers: &[(String, String)],
    (name, wanted): &(String, Option<Vec<String>>),
) {
    let got: Vec<&str> = values(headers, name).collect();
    match wanted {
        None if got.is_empty() => out.push(format!("{way}: want {name}, got none")),
        Some(wanted) if !fits(&got, wanted) => {
            out.push(format!("{way}: want {name} {wanted:?}, got {got:?}"));
        }
        None | Some(_) => {}
    }
}

/// Whether the values are those that are wanted; `10..11` is any number from one to the other.
fn fits(got: &[&str], wanted: &[String]) -> bool {
    let fits = |got: &str, wanted: &str| {
        let (least, most) = wanted.split_once("..")?;
        let range = least.parse::<u64>().ok()?..=most.parse::<u64>().ok()?;
        got.parse().ok().map(|got| range.contains(&got))
    };
    got.len() == wanted.len()
        && got
            .iter()
            .zip(wanted)
            .all(|(got, wanted)| got == wanted || fits(got, wanted) == Some(true))
}

fn wants_none(out: &mut Vec<String>, way: &str, headers: &[(String, String)], name: &str) {
    let got: Vec<&str> = values(headers, name).collect();
    if !got.is_empty() {
        out.push(format!("{way}: want no {name}, got {got:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::{Contact, Saw, Seen, differences};
    use crate::cases::proof::ProofKey;
    use crate::cases::{Step, Verdict, parse};

    fn step(verdict: &str) -> Step {
        let text = format!(
            "why: a test\n---\n---\nPOST /a HTTP/1.1\nHost: shop.test\n\nhi\n---\n{verdict}\n"
        );
        let case = parse("site/a", &text).unwrap_or_else(|error| panic!("{error}"));
        case.steps.into_iter().next().expect("a step")
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn refused() -> Seen {
        Seen {
            saw: Saw::Proxy,
            verdict: Verdict::Refuse("site/cross-site".into()),
            status: 403,
            headers: pairs(&[
                ("doorward-refusal", "site/cross-site"),
                ("cache-control", "no-store"),
                ("retry-after", "10"),
                ("vary", "Accept"),
                ("vary", "Origin"),
            ]),
            body: b"why not".to_vec(),
            contacts: Vec::new(),
            would_refuse: None,
        }
    }

    fn found(verdict: &str, seen: &Seen) -> String {
        differences(&step(verdict), seen, &ProofKey::of_text("a key", "gate")).join("; ")
    }

    #[test]
    fn a_refusal_is_compared_in_every_part() {
        let refusal = "refuse site/cross-site";
        let contact = Contact {
            method: "GET".into(),
            target: "/".into(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let without = |name: &str| {
            let mut seen = refused();
            seen.headers.retain(|(other, _)| other != name);
            seen
        };
        let vary = "header: Vary: Accept\nheader: vary: Origin";
        for (lines, seen, want) in [
            ("", refused(), ""),
            (vary, refused(), ""),
            ("no-header: Allow\nheader: Vary\nbody: why\nno-body: because", refused(), ""),
            ("header: Retry-After: 9..10", refused(), ""),
            ("header: Retry-After: 10", refused(), ""),
            ("header: Retry-After: 8..9", refused(), "want Retry-After"),
            ("header: Retry-After: 11..19", refused(), "want Retry-After"),
            ("header: Vary: Origin", refused(), "want Vary"),
            ("header: Allow", refused(), "want Allow, got none"),
            ("no-header: Vary", refused(), "want no Vary"),
            ("body: because", refused(), "in the body"),
            ("no-body: why", refused(), "in the body"),
            ("status: 404", refused(), "want status 404"),
            ("", Seen { status: 404, ..refused() }, "want status 403"),
            ("", Seen { verdict: Verdict::Admit, ..refused() }, "got admit"),
            ("", without("doorward-refusal"), "want Doorward-Refusal"),
            ("", without("cache-control"), "want Cache-Control"),
            ("", Seen { contacts: vec![contact], ..refused() }, "the backend was contacted"),
            ("", Seen { would_refuse: Some(vec!["a/b".into()]), ..refused() }, "would-refuse"),
        ] {
            let got = found(&format!("{refusal}\n{lines}"), &seen);
            assert!(got.contains(want) && got.is_empty() == want.is_empty(), "{lines}: {got}");
        }
        assert!(found("refuse site/same-site", &refused()).contains("want refuse site/same-site"));
        assert!(found("reply 403", &refused()).contains("want reply 403"));
    }

    #[test]
    fn an_admission_is_compared_in_every_part() {
        let contact = |target: &str, body: &str| Contact {
            method: "POST".into(),
            target: target.into(),
            headers: pairs(&[("Host", "shop.test")]),
            body: body.into(),
        };
        let seen = |contacts: &[Contact]| Seen {
            verdict: Verdict::Admit,
            status: 200,
            headers: Vec::new(),
            contacts: contacts.to_vec(),
            ..refused()
        };
        let same = contact("/a", "hi");
        for (lines, contacts, want) in [
            ("", vec![], "want one contact, got 0"),
            ("", vec![same.clone(), same.clone()], "want one contact, got 2"),
            ("", vec![contact("/b", "hi")], "want sent POST /a, got POST /b"),
            ("", vec![contact("/a", "ho")], "the body changed"),
            ("sent: POST /c", vec![same.clone()], "want sent POST /c"),
            ("sent-header: Host: a", vec![same.clone()], "sent: want Host"),
            ("sent-no-header: Host", vec![same.clone()], "sent: want no Host"),
            ("", vec![same], "no proof"),
        ] {
            let got = found(&format!("admit\n{lines}"), &seen(&contacts));
            assert!(got.contains(want), "{lines}: {got}");
        }
    }
}
