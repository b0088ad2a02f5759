//! What an attacker does to a good signature, each beside its legitimate twin.

use super::*;
use crate::http_signature::{COMPONENTS_MAX, Missing, fresh};

const ALL: &str = concat!(
    r#"("@method" "@authority" "@path" "@query" "content-digest" "x-note");created=1618884473"#,
    r#";nonce="n";keyid="k";alg="hmac-sha256";tag="app""#,
);

fn good() -> HeaderMap {
    sign(&TARGET, request(&[("x-note", "a  b")]), ALL)
}

fn set(headers: &mut HeaderMap, name: &'static str, change: impl Fn(&str) -> String) {
    let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let value = HeaderValue::from_str(&change(value)).expect("a value");
    headers.insert(name, value);
}

fn outcome(headers: &HeaderMap, target: &Target<'_>) -> Result<(), Fault> {
    match find(headers, Some("app"))? {
        Some(signed) => signed.check(&shared(), target, headers),
        None => Err(Fault::Missing),
    }
}

#[test]
fn a_good_signature_is_read_whole() {
    let headers = good();
    let signed = only(&headers).expect("readable");
    assert_eq!(signed.nonce(), Some("n"));
    assert_eq!(signed.key_id(), Some("k"));
    assert_eq!(signed.algorithm(), Some("hmac-sha256"));
    assert_eq!(signed.tag(), Some("app"));
    assert_eq!(signed.expires(), None);
    assert_eq!(signed.fresh(1_618_884_500, 60, 30), Ok(()));
    assert_eq!(outcome(&headers, &TARGET), Ok(()));
    // The same host and scheme, otherwise written (RFC 9110 4.2.3).
    let same = Target { authority: "EXAMPLE.com:443", ..TARGET };
    assert_eq!(outcome(&headers, &same), Ok(()));
}

#[test]
fn a_changed_request_is_forged() {
    let headers = good();
    for target in [
        Target { method: "post", ..TARGET },
        Target { authority: "example.com:8443", ..TARGET },
        Target { authority: "example.com.evil.test", ..TARGET },
        Target { path: "/foo/", ..TARGET },
        Target { path: "/Foo", ..TARGET },
        Target { path: "/f%6fo", ..TARGET },
        Target { query: Some("param=Value&pet=dog"), ..TARGET },
        Target { query: Some(""), ..TARGET },
        Target { query: None, ..TARGET },
    ] {
        assert_eq!(outcome(&headers, &target), Err(Fault::Forged), "{target:?}");
    }
}

#[test]
fn changed_headers_are_forged_or_refused() {
    type Change = fn(&mut HeaderMap);
    let rows: &[(&str, Change, Result<(), Fault>)] = &[
        ("what is not covered", |h| set(h, "date", |_| "now".to_owned()), Ok(())),
        ("space around", |h| set(h, "x-note", |v| format!(" {v}\t")), Ok(())),
        ("the label", |h| relabel(h, "other"), Ok(())),
        ("one space less", |h| set(h, "x-note", |_| "a b".to_owned()), Err(Fault::Forged)),
        ("a tab", |h| set(h, "x-note", |_| "a \tb".to_owned()), Err(Fault::Forged)),
        ("case", |h| set(h, "x-note", |_| "A  b".to_owned()), Err(Fault::Forged)),
        ("one more line", |h| append(h, "x-note", "c"), Err(Fault::Forged)),
        ("no line", |h| drop(h.remove("x-note")), Err(Fault::Absent)),
        ("a byte that is no text", |h| append_bytes(h, "x-note", b"\xff"), Err(Fault::Malformed)),
        ("a shorter list", |h| input(h, r#" "content-digest""#, ""), Err(Fault::Forged)),
        ("another order", |h| input(h, r#"path" "@query"#, r#"query" "@path"#), Err(Fault::Forged)),
        ("a later time", |h| input(h, "1618884473", "1618884474"), Err(Fault::Forged)),
        ("another nonce", |h| input(h, r#"nonce="n""#, r#"nonce="m""#), Err(Fault::Forged)),
        ("no algorithm", |h| input(h, r#";alg="hmac-sha256""#, ""), Err(Fault::Forged)),
        ("another algorithm", |h| input(h, "hmac-sha256", "ed25519"), Err(Fault::Algorithm)),
        ("its case", |h| input(h, "hmac-sha256", "HMAC-SHA256"), Err(Fault::Algorithm)),
        ("an algorithm twice", |h| input(h, ";tag", r#";alg="x";tag"#), Err(Fault::Repeated)),
        ("a time twice", |h| input(h, ";nonce", ";created=9;nonce"), Err(Fault::Repeated)),
        ("a time with a dot", |h| input(h, "73;", "73.0;"), Err(Fault::Malformed)),
        ("a time as text", |h| input(h, "1618884473", "\"1618884473\""), Err(Fault::Malformed)),
        ("a time below nought", |h| input(h, "=1618884473", "=-1"), Err(Fault::Malformed)),
        ("a date", |h| input(h, "=1618884473", "=@1618884473"), Err(Fault::Malformed)),
        ("a nonce as token", |h| input(h, r#""n""#, "n"), Err(Fault::Malformed)),
        ("another tag", |h| input(h, r#""app""#, r#""App""#), Err(Fault::Missing)),
        ("no list", |h| set(h, "signature-input", |_| "sig=1".to_owned()), Err(Fault::Malformed)),
        ("a truncated MAC", |h| signature(h, 16), Err(Fault::Forged)),
        ("one byte of it", |h| signature(h, 1), Err(Fault::Forged)),
        ("no byte of it", |h| signature(h, 0), Err(Fault::Malformed)),
        ("a text", |h| set(h, "signature", |_| "sig=\"a\"".to_owned()), Err(Fault::Malformed)),
        (
            "a list",
            |h| set(h, "signature", |v| v.replace("=:", "=(:") + ")"),
            Err(Fault::Malformed),
        ),
        ("half a header", |h| drop(h.remove("signature")), Err(Fault::Missing)),
        ("the other half", |h| drop(h.remove("signature-input")), Err(Fault::Missing)),
        ("a label of its own", |h| append(h, "signature", "b=:AAAA:"), Err(Fault::Missing)),
        ("a signature twice", |h| append(h, "signature", "sig=:AAAA:"), Err(Fault::Repeated)),
        ("an input twice", |h| append(h, "signature-input", "sig=()"), Err(Fault::Repeated)),
        ("a line that is none", |h| append(h, "signature-input", "=)"), Err(Fault::Malformed)),
    ];
    for (what, change, want) in rows {
        let mut headers = good();
        change(&mut headers);
        assert_eq!(outcome(&headers, &TARGET), *want, "{what}");
    }
}

fn append(headers: &mut HeaderMap, name: &'static str, value: &'static str) {
    headers.append(name, HeaderValue::from_static(value));
}

fn append_bytes(headers: &mut HeaderMap, name: &'static str, value: &[u8]) {
    headers.append(name, HeaderValue::from_bytes(value).expect("a value"));
}

fn input(headers: &mut HeaderMap, from: &str, to: &str) {
    set(headers, "signature-input", |value| value.replacen(from, to, 1));
}

fn relabel(headers: &mut HeaderMap, label: &str) {
    for name in ["signature", "signature-input"] {
        set(headers, name, |value| value.replacen("sig=", &format!("{label}="), 1));
    }
}

/// Cuts the signature to so many bytes.
fn signature(headers: &mut HeaderMap, bytes: usize) {
    set(headers, "signature", |value| {
        let mac = STANDARD.decode(value.trim_start_matches("sig=").trim_matches(':'));
        let mac: Vec<u8> = mac.expect("base64").into_iter().take(bytes).collect();
        format!("sig=:{}:", STANDARD.encode(mac))
    });
}

#[test]
fn one_signature_is_chosen_by_its_tag_or_none() {
    let tagged = r#"a=();tag="app", b=();tag="other", c=()"#;
    let two = r#"a=();tag="app", b=();tag="app""#;
    for (inputs, signatures, tag, want) in [
        ("a=()", "a=:AA==:", None, Ok(Some("a"))),
        ("a=()", "a=:AA==:", Some("app"), Ok(None)),
        (tagged, "a=:AA==:, b=:AA==:, c=:AA==:", Some("app"), Ok(Some("a"))),
        (tagged, "a=:AA==:, b=:AA==:, c=:AA==:", Some("other"), Ok(Some("b"))),
        (tagged, "a=:AA==:, b=:AA==:, c=:AA==:", Some("third"), Ok(None)),
        (tagged, "a=:AA==:, b=:AA==:, c=:AA==:", None, Err(Fault::Ambiguous)),
        (tagged, "a=:AA==:, b=:AA==:", Some("app"), Err(Fault::Missing)),
        (two, "a=:AA==:, b=:AA==:", Some("app"), Err(Fault::Ambiguous)),
        ("a=();tag=app", "a=:AA==:", Some("app"), Err(Fault::Malformed)),
        ("a=(), b=(), c=(), d=(), e=()", "a=:AA==:", Some("app"), Err(Fault::TooLong)),
        ("", "", None, Ok(None)),
    ] {
        let headers = headers(&[("signature-input", inputs), ("signature", signatures)]);
        let found = find(&headers, tag);
        let label = found.as_ref().map(|signed| signed.as_ref().map(Signed::label));
        assert_eq!(label.map_err(|fault| *fault), want, "{inputs} {tag:?}");
    }
    assert_eq!(find(&request(&[]), None).map(|signed| signed.is_none()), Ok(true));
}

#[test]
fn huge_requests_are_refused_before_they_cost_much() {
    let with = |input: &str, more: &[(&str, &str)]| base_of(&TARGET, request(more), input);
    let long = "a".repeat(40_000);
    let many: Vec<String> = (0..=COMPONENTS_MAX).map(|n| format!("\"x-{n}\"")).collect();
    let empty: Vec<_> = (0..5_000).map(|_| ("signature-input", "")).collect();
    let deep = format!("sig={}", "(".repeat(8_000));
    let query = "a&".repeat(30_000);
    for (what, outcome) in [
        ("components", with(&format!("({})", many.join(" ")), &[])),
        ("bytes", with(&format!("();a=\"{long}\""), &[])),
        ("a header", with("(\"x-long\")", &[("x-long", &long)])),
        ("a header in bytes", with("(\"x-long\";bs)", &[("x-long", &long)])),
        ("a member", with("(\"x-long\";key=\"a\")", &[("x-long", &long)])),
    ] {
        assert_eq!(outcome, Err(Fault::TooLong), "{what}");
    }
    let target = Target { query: Some(&query), ..TARGET };
    for component in [r#"("@query")"#, r#"("@target-uri")"#, r#"("@query-param";name="a")"#] {
        assert_eq!(base_of(&target, request(&[]), component), Err(Fault::TooLong));
    }
    assert_eq!(find(&headers(&empty), None).map(|_| ()), Err(Fault::TooLong));
    let deep = headers(&[("signature-input", &deep), ("signature", "sig=:AA==:")]);
    assert_eq!(find(&deep, None).map(|_| ()), Err(Fault::Malformed));
    let fat = format!("sig=:{}:", "A".repeat(2_000));
    let fat = headers(&[("signature-input", "sig=()"), ("signature", &fat)]);
    assert_eq!(find(&fat, None).map(|_| ()), Err(Fault::TooLong));
}

#[test]
fn what_is_required_must_be_covered_whole() {
    let covers = |input: &str, wanted: &[&str]| {
        let headers =
            request(&[("signature-input", &format!("sig={input}")), ("signature", "sig=:AAAA:")]);
        only(&headers).expect("readable").covers(wanted)
    };
    let missing = |name: &str| Err(Missing(name.to_owned()));
    let pet = r#""@query-param";name="Pet""#;
    for (input, wanted, want) in [
        (r#"("@method" "date")"#, &["@method", "date"][..], Ok(())),
        (r#"("@method" "date")"#, &[], Ok(())),
        (r#"("@method" "date")"#, &["Date"], Ok(())),
        (r#"("@method" "date")"#, &["@method", "@path"], missing("@path")),
        (r#"("content-digest";sf)"#, &["content-digest"], Ok(())),
        (r#"("content-digest";bs)"#, &["content-digest"], Ok(())),
        // One digest of several is not the header.
        (r#"("content-digest";key="a")"#, &["content-digest"], missing("content-digest")),
        (r#"("@target-uri")"#, &["@scheme", "@authority", "@path", "@query"], Ok(())),
        (r#"("@target-uri")"#, &["@method"], missing("@method")),
        (r#"("@request-target")"#, &["@path", "@query"], Ok(())),
        (r#"("@request-target")"#, &["@authority"], missing("@authority")),
        (r#"("@path")"#, &["@target-uri"], missing("@target-uri")),
        (r#"("@query-param";name="Pet")"#, &[pet], Ok(())),
        (r#"("@query-param";name="Pet")"#, &["@query"], missing("@query")),
        (r#"("@query-param";name="Pet")"#, &["@query-param"], missing("@query-param")),
    ] {
        assert_eq!(covers(input, wanted), want, "{input}");
    }
}

#[test]
fn only_what_is_fresh_holds() {
    let (max_age_s, skew_s) = (60, 30);
    for (created, expires, now, want) in [
        (Some(1_000), None, 1_000, Ok(())),
        (Some(1_000), None, 970, Ok(())),
        (Some(1_000), None, 969, Err(Fault::FromTheFuture)),
        (Some(1_000), None, 1_090, Ok(())),
        (Some(1_000), None, 1_091, Err(Fault::Stale)),
        (Some(1_000), Some(1_010), 1_040, Ok(())),
        (Some(1_000), Some(1_010), 1_041, Err(Fault::Stale)),
        (Some(1_000), Some(999), 1_000, Err(Fault::Stale)),
        (None, Some(2_000), 1_000, Err(Fault::Undated)),
        (Some(u64::MAX), None, 1_000, Err(Fault::FromTheFuture)),
        (Some(u64::MAX), Some(u64::MAX), u64::MAX, Ok(())),
        (Some(0), None, 1_000, Err(Fault::Stale)),
    ] {
        let outcome = fresh(created, expires, now, max_age_s, skew_s);
        assert_eq!(outcome, want, "{created:?} {expires:?} {now}");
    }
}

#[test]
fn no_headers_make_it_panic_or_fit() {
    let good = good();
    let mut state = 1_u64;
    let mut next = |below: usize| {
        // Knuth's generator: any one does, as long as it is always the same.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(state >> 33).unwrap_or_default() % below
    };
    for _ in 0..5_000 {
        let mut headers = good.clone();
        let name = ["signature", "signature-input"][next(2)];
        let mut bytes = good.get(name).expect("is there").as_bytes().to_vec();
        for _ in 0..=next(3) {
            let at = next(bytes.len());
            bytes[at] = b" ,;=:()?@%*\"\\a1-.\xff"[next(18)];
        }
        headers.insert(name, HeaderValue::from_bytes(&bytes).expect("a value"));
        let changed = Target { path: "/other", ..TARGET };
        assert!(outcome(&headers, &changed).is_err(), "{headers:?}");
    }
}
