//! Rows: what the senders publish, and what an attacker does to it.

mod custom;
mod samples;

use super::*;
use crate::header::tests::headers;
use crate::secret::Secret;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};
use samples::{Sample, github, samples, shopify, slack, standard};

fn scheme(kind: &Kind, secrets: &[&str]) -> Scheme {
    let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
    Scheme::new(kind, &secrets).expect("a scheme")
}

fn judge(scheme: &Scheme, lines: &[(&str, &str)], now: u64, body: &str) -> Result<Claim, Fault> {
    scheme.head(&headers(lines), now)?.body(scheme, body.as_bytes())
}

/// Some moment, where none is signed.
const NOW: u64 = 1_800_000_000;

#[test]
fn what_senders_publish_fits_and_nothing_else_does() {
    for sample in samples() {
        let Sample { kind, secret, lines, signed_at, body } = &sample;
        let own = scheme(kind, &[secret]);
        let now = signed_at.unwrap_or(NOW);
        let claim = judge(&own, lines, now, body).expect("the published example");
        let until = signed_at.map_or(NOW + REMEMBERED_S, |at| at + WINDOW_S + 1);
        assert_eq!(claim.until_unix_s, until, "{kind:?}");
        assert_eq!(claim.is_signed, signed_at.is_some(), "{kind:?}");
        // The twins: another body, another secret, another one beside it.
        let longer = format!("{body} ");
        assert_eq!(judge(&own, lines, now, &longer), Err(Fault::Forged), "{kind:?}");
        assert_eq!(judge(&own, lines, now, ""), Err(Fault::Forged), "{kind:?}");
        let other = if *kind == Kind::StandardWebhooks {
            "whsec_AAAAAAAAAAAAAAAAAAAAAAAA"
        } else {
            "another secret!"
        };
        assert_eq!(judge(&scheme(kind, &[other]), lines, now, body), Err(Fault::Forged));
        assert_eq!(judge(&scheme(kind, &[other, secret]), lines, now, body), Ok(claim));
        // Each header is needed, once, and as text.
        for (index, (name, value)) in lines.iter().enumerate() {
            let mut less = lines.clone();
            less.remove(index);
            assert_eq!(judge(&own, &less, now, body), Err(Fault::Missing), "{name}");
            let more = [lines.as_slice(), &[(*name, *value)]].concat();
            assert_eq!(judge(&own, &more, now, body), Err(Fault::Repeated), "{name}");
            let mut bytes = headers(lines);
            bytes.insert(*name, HeaderValue::from_bytes(b"\xff").expect("a value"));
            assert_eq!(own.head(&bytes, now).map(|_| ()), Err(Fault::Malformed), "{name}");
            let long = "a".repeat(HEADER_BYTES_MAX + 1);
            for bad in ["", "-", &long] {
                let mut lines = lines.clone();
                lines[index].1 = bad;
                let outcome = judge(&own, &lines, now, body);
                let is_id = name.ends_with("id") || name.ends_with("delivery");
                // A dash is an id; it is another one than what was signed.
                let want = match (is_id, bad, claim.is_signed) {
                    (true, "-", true) => Some(Fault::Forged),
                    (true, "-", false) => None,
                    (_, _, _) => Some(Fault::Malformed),
                };
                assert_eq!(outcome.err(), want, "{name}: {bad}");
            }
        }
    }
}

#[test]
fn signed_times_are_within_the_window() {
    for sample in samples() {
        let Some(at) = sample.signed_at else { continue };
        let scheme = scheme(&sample.kind, &[sample.secret]);
        for (now, want) in [
            (at, Ok(())),
            (at + 300, Ok(())),
            (at + 301, Err(Fault::Stale)),
            (at - 300, Ok(())),
            (at - 301, Err(Fault::FromTheFuture)),
            (0, Err(Fault::FromTheFuture)),
            (u64::MAX, Err(Fault::Stale)),
        ] {
            let outcome = judge(&scheme, &sample.lines, now, sample.body).map(|_| ());
            assert_eq!(outcome, want, "{:?} {now}", sample.kind);
        }
    }
    let slack = slack();
    let scheme = scheme(&slack.kind, &[slack.secret]);
    for time in ["+1531420618", "1531420618.0", " 1531420618", "0x5b47a04a", "9999999999999"] {
        let lines = [slack.lines[0], ("x-slack-request-timestamp", time)];
        let outcome = judge(&scheme, &lines, 1_531_420_618, slack.body);
        assert_eq!(outcome, Err(Fault::Malformed), "{time}");
    }
    // The time as it was sent is what was signed.
    let lines = [slack.lines[0], ("x-slack-request-timestamp", "01531420618")];
    assert_eq!(judge(&scheme, &lines, 1_531_420_618, slack.body), Err(Fault::Forged));
}

#[test]
fn signatures_are_read_as_their_scheme_writes_them() {
    let hex = |digit: &str| digit.repeat(64);
    let (a, b) = (hex("a"), hex("b"));
    let base = |byte: u8| STANDARD.encode([byte; 32]);
    let (c, d) = (base(1), base(2));
    let nine = vec![format!("v1={a}"); 9].join(",");
    let eight = vec![format!("v1={a}"); 8].join(",");
    let entries = "v9=0,".repeat(20);
    let github = |value: String| (Kind::GitHub, value);
    let stripe = |value: String| (Kind::Stripe, value);
    let standard = |value: String| (Kind::StandardWebhooks, value);
    let rows = [
        (github(format!("sha256={a}")), Ok(1)),
        (github(format!("sha256={}", a.to_uppercase())), Ok(1)),
        (github(a.clone()), Err(Fault::Malformed)),
        (github(format!("SHA256={a}")), Err(Fault::Malformed)),
        (github(format!("sha1={a}")), Err(Fault::Malformed)),
        (github(format!("sha256={a}, sha256={b}")), Err(Fault::Malformed)),
        (github(format!("sha256={}", &a[..40])), Err(Fault::Malformed)),
        (github(format!("sha256={}", &a[..63])), Err(Fault::Malformed)),
        (github(format!("sha256={a}aa")), Err(Fault::Malformed)),
        (github(format!("sha256={}", hex("g"))), Err(Fault::Malformed)),
        (github("sha256=".to_owned()), Err(Fault::Malformed)),
        (stripe(format!("t=1,v1={a}")), Ok(1)),
        (stripe(format!("t=1,v1={a},v1={b},v0=zz")), Ok(2)),
        (stripe(format!("v1={a},t=1")), Ok(1)),
        (stripe(format!("t=1,{eight}")), Ok(8)),
        (stripe(format!("t=1,{nine}")), Err(Fault::Malformed)),
        (stripe(format!("t=1,{entries}v1={a}")), Err(Fault::Malformed)),
        (stripe(format!("t=1,t=1,v1={a}")), Err(Fault::Repeated)),
        (stripe(format!("v1={a}")), Err(Fault::Missing)),
        (stripe(format!("t=1,v0={a}")), Err(Fault::Missing)),
        (stripe(format!("t=1, v1={a}")), Err(Fault::Missing)),
        (stripe(format!("t=1,v1={a},")), Err(Fault::Malformed)),
        (stripe(format!("t=1;v1={a}")), Err(Fault::Missing)),
        (stripe("t=1,v1=".to_owned()), Err(Fault::Malformed)),
        (standard(format!("v1,{c}")), Ok(1)),
        (standard(format!("v1,{c} v1a,zz v1,{d}")), Ok(2)),
        (standard(format!("v1a,{c}")), Err(Fault::Missing)),
        (standard(format!("v1,{c}  v1,{d}")), Err(Fault::Malformed)),
        (standard(format!("v1,{c} {d}")), Err(Fault::Malformed)),
        (standard(format!("v1,{}", c.trim_end_matches('='))), Err(Fault::Malformed)),
        (standard(format!("v1,{}", c.replace("E=", "F="))), Err(Fault::Malformed)),
        (standard(c.clone()), Err(Fault::Malformed)),
    ];
    for ((kind, value), want) in rows {
        let name = match &kind {
            Kind::GitHub => "x-hub-signature-256",
            Kind::Stripe => "stripe-signature",
            Kind::Slack | Kind::Shopify | Kind::StandardWebhooks | Kind::Custom(_) => {
                "webhook-signature"
            }
        };
        let lines = [
            (name, value.as_str()),
            ("x-github-delivery", "1"),
            ("webhook-id", "1"),
            ("webhook-timestamp", "1"),
        ];
        let scheme = scheme(&kind, &["c2VjcmV0IHNlY3JldCBzZWNyZXQ="]);
        let outcome = scheme.head(&headers(&lines), 1).map(|delivery| delivery.signatures.len());
        assert_eq!(outcome, want, "{value}");
    }
}

#[test]
fn a_claim_names_the_delivery_and_not_its_signature() {
    let sign = |secret: &str, text: &str| {
        let tag =
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), text.as_bytes());
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let (old, new) = ("the old secret", "the new secret");
    let stripe = scheme(&Kind::Stripe, &[old, new]);
    let claim = |value: &str, body: &str| judge(&stripe, &[("stripe-signature", value)], 9, body);
    let (by_old, by_new) = (sign(old, "9.body"), sign(new, "9.body"));
    let first = claim(&format!("t=9,v1={by_old},v1={by_new}"), "body").expect("good");
    // Whoever repeats it shows one signature of two, or one more, or another order.
    for value in [
        format!("t=9,v1={by_old}"),
        format!("t=9,v1={by_new}"),
        format!("v1={by_new},v1={},t=9", "0".repeat(64)),
        format!("t=9,v1={}", by_new.to_uppercase()),
    ] {
        assert_eq!(claim(&value, "body"), Ok(first), "{value}");
    }
    let other = claim(&format!("t=8,v1={}", sign(old, "8.body")), "body").expect("good");
    assert_ne!(other.key, first.key);

    // Another id is another delivery, and the same id the same one.
    let sample = shopify();
    let shopify = scheme(&sample.kind, &[sample.secret]);
    let by_id =
        |id| judge(&shopify, &[sample.lines[0], ("x-shopify-webhook-id", id)], NOW, sample.body);
    assert_ne!(by_id("1"), by_id("2"));
    assert_eq!(by_id("1"), by_id("1"));
    // The same id of another sender is another delivery.
    let sample = github();
    let github = scheme(&sample.kind, &[sample.secret]);
    let lines = [sample.lines[0], ("x-github-delivery", "1")];
    let elsewhere = judge(&github, &lines, NOW, sample.body);
    assert_ne!(elsewhere.map(|claim| claim.key), by_id("1").map(|claim| claim.key));
}

#[test]
fn an_id_ends_where_its_sender_meant() {
    // `msg.1` at 2 and `msg` at `1.2`, or with a body that begins with a time, sign alike.
    let sample = standard();
    let scheme = scheme(&sample.kind, &[sample.secret]);
    for (id, want) in [
        ("msg_loFOjxBNrRLzqYUf", Ok(())),
        ("msg_loFOjxBNrRLzqYUf.1731705121", Err(Fault::Malformed)),
        ("msg_loFOjxBNrRLzqYU f", Err(Fault::Malformed)),
        ("msg_loFOjxBNrRLzqYUg", Err(Fault::Forged)),
        (&"a".repeat(ID_BYTES_MAX), Err(Fault::Forged)),
        (&"a".repeat(ID_BYTES_MAX + 1), Err(Fault::Malformed)),
    ] {
        let lines = [("webhook-id", id), sample.lines[1], sample.lines[2]];
        let outcome = judge(&scheme, &lines, 1_731_705_121, sample.body).map(|_| ());
        assert_eq!(outcome, want, "{id}");
    }
}

#[test]
fn no_head_makes_it_panic_or_fit() {
    let mut state = 1_u64;
    for sample in samples() {
        let scheme = scheme(&sample.kind, &[sample.secret]);
        let now = sample.signed_at.unwrap_or(NOW);
        for _ in 0..500 {
            let mut changed = HeaderMap::new();
            for (name, value) in &sample.lines {
                let mut bytes = value.as_bytes().to_vec();
                // Numerical Recipes' generator: any one does, as long as it is always the same.
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = usize::try_from(state >> 40).unwrap_or_default() % bytes.len();
                bytes[at] =
                    b" ,=.:v1t0a\xff"[usize::try_from(state >> 60).unwrap_or_default() % 11];
                changed.insert(*name, HeaderValue::from_bytes(&bytes).expect("a value"));
            }
            let outcome = scheme.head(&changed, now).map(|head| head.body(&scheme, b"another"));
            assert_ne!(outcome.map(|outcome| outcome.is_ok()), Ok(true));
        }
    }
}
