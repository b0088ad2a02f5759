//! How components are written: the examples of RFC 9421 section 2, and what is no component.

use super::*;
use crate::http_signature::base::{Shape, strict};

/// The lines of a base without its last one.
fn lines(target: &Target<'_>, headers: &[(&str, &str)], input: &str) -> Result<String, Fault> {
    let base = base_of(target, super::headers(headers), input)?;
    let (lines, params) = base.rsplit_once('\n').unwrap_or(("", &base));
    assert_eq!(params.strip_prefix("\"@signature-params\": "), Some(input));
    Ok(lines.to_owned())
}

#[test]
fn headers_are_written_as_in_section_2_1() {
    // 2.1. A folded line never gets here: the http crate has no value with a line's end.
    let message = &[
        ("host", "www.example.com"),
        ("date", "Tue, 20 Apr 2021 02:07:56 GMT"),
        ("x-ows-header", "  Leading and trailing whitespace.  \t "),
        ("x-obs-fold-header", "Obsolete line folding."),
        ("cache-control", "max-age=60"),
        ("cache-control", "   must-revalidate"),
        ("example-dict", " a=1,    b=2;x=1;y=2,   c=(a   b    c), d"),
        ("example-header", "value, with, lots"),
        ("example-header", "of, commas"),
        ("x-empty-header", ""),
        ("priority", "u=1,   i;a"),
    ];
    for (component, want) in [
        (r#""host""#, Ok("www.example.com")),
        (r#""date""#, Ok("Tue, 20 Apr 2021 02:07:56 GMT")),
        (r#""x-ows-header""#, Ok("Leading and trailing whitespace.")),
        (r#""x-obs-fold-header""#, Ok("Obsolete line folding.")),
        (r#""cache-control""#, Ok("max-age=60, must-revalidate")),
        (r#""x-empty-header""#, Ok("")),
        // Whitespace inside stays.
        (r#""example-dict""#, Ok("a=1,    b=2;x=1;y=2,   c=(a   b    c), d")),
        // 2.1.1
        (r#""priority";sf"#, Ok("u=1, i;a")),
        (r#""example-dict";sf"#, Err(Fault::Unsupported)),
        // 2.1.2
        (r#""example-dict";key="a""#, Ok("1")),
        (r#""example-dict";key="d""#, Ok("?1")),
        (r#""example-dict";key="b""#, Ok("2;x=1;y=2")),
        (r#""example-dict";key="c""#, Ok("(a b c)")),
        (r#""example-dict";key="e""#, Err(Fault::Absent)),
        (r#""x-ows-header";key="a""#, Err(Fault::Malformed)),
        // 2.1.3
        (r#""example-header""#, Ok("value, with, lots, of, commas")),
        (r#""example-header";bs"#, Ok(":dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:")),
        (r#""x-empty-header";bs"#, Ok("::")),
        (r#""x-missing""#, Err(Fault::Absent)),
        (r#""x-missing";bs"#, Err(Fault::Absent)),
    ] {
        let outcome = lines(&TARGET, message, &format!("({component})"));
        assert_eq!(outcome, want.map(|value| format!("{component}: {value}")), "{component}");
    }
    let one = [("example-header", "value, with, lots, of, commas")];
    let want = r#""example-header";bs: :dmFsdWUsIHdpdGgsIGxvdHMsIG9mLCBjb21tYXM=:"#;
    assert_eq!(lines(&TARGET, &one, r#"("example-header";bs)"#).as_deref(), Ok(want));
}

#[test]
fn structured_fields_are_written_strictly() {
    let field = |lines: &[&str], shape| {
        let lines: Vec<_> = lines.iter().map(|line| ("example-dict", *line)).collect();
        strict(&HeaderName::from_static("example-dict"), shape, &headers(&lines))
    };
    for (lines, shape, want) in [
        // 2.1.1
        (
            &[" a=1,    b=2;x=1;y=2,   c=(a   b   c)"][..],
            Shape::Dictionary,
            Ok("a=1, b=2;x=1;y=2, c=(a b c)"),
        ),
        (&["a=1", "b=2"], Shape::Dictionary, Ok("a=1, b=2")),
        (&["a=1", "a=2"], Shape::Dictionary, Err(Fault::Repeated)),
        (&["a=1;x;x"], Shape::Dictionary, Err(Fault::Repeated)),
        (&["a=\"1", "2\""], Shape::Dictionary, Err(Fault::Malformed)),
        (&["a,  a", "b"], Shape::List, Ok("a, a, b")),
        (&[""], Shape::List, Ok("")),
        (&["a;x=1.50"], Shape::Item, Ok("a;x=1.5")),
        (&["a", "a"], Shape::Item, Err(Fault::Malformed)),
        (&["a b"], Shape::Item, Err(Fault::Malformed)),
    ] {
        assert_eq!(field(lines, shape).as_deref(), want.as_deref(), "{lines:?}");
    }
    let long = "a".repeat(9_000);
    for shape in [Shape::Dictionary, Shape::List, Shape::Item] {
        assert_eq!(field(&[&long], shape), Err(Fault::TooLong));
    }
}

#[test]
fn derived_components_are_written_as_in_section_2_2() {
    let target = |target, path, query| Target {
        scheme: "HTTPS",
        authority: target,
        path,
        query,
        method: "POST",
    };
    let www = target("WWW.example.com:443", "/path", Some("param=value"));
    let plain = Target { scheme: "http", authority: "www.example.com:80", ..www };
    let bare = target("www.example.com:8443", "", None);
    let empty = target("[::1]:", "/path", Some(""));
    for (target, component, want) in [
        (www, "@method", "POST"),
        (www, "@target-uri", "https://www.example.com/path?param=value"),
        (www, "@authority", "www.example.com"),
        (www, "@scheme", "https"),
        (www, "@request-target", "/path?param=value"),
        (www, "@path", "/path"),
        (www, "@query", "?param=value"),
        (plain, "@scheme", "http"),
        (plain, "@authority", "www.example.com"),
        (bare, "@target-uri", "https://www.example.com:8443/"),
        (bare, "@path", "/"),
        (bare, "@query", "?"),
        (bare, "@request-target", "/"),
        (empty, "@query", "?"),
        (empty, "@target-uri", "https://[::1]/path?"),
        (Target { method: "pOsT", ..www }, "@method", "pOsT"),
    ] {
        let outcome = lines(&target, &[], &format!("(\"{component}\")"));
        assert_eq!(outcome, Ok(format!("\"{component}\": {want}")));
    }
}

#[test]
fn query_parameters_are_written_as_in_section_2_2_8() {
    let first = "param=value&foo=bar&baz=batman&qux=";
    let second = "var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace\
                  &fa%C3%A7ade%22%3A%20=something";
    for (query, name, want) in [
        (Some(first), "baz", Ok("batman")),
        (Some(first), "qux", Ok("")),
        (Some(first), "param", Ok("value")),
        (Some(second), "var", Ok("this%20is%20a%20big%0Amultiline%20value")),
        (Some(second), "bar", Ok("with%20plus%20whitespace")),
        (Some(second), "fa%C3%A7ade%22%3A%20", Ok("something")),
        // However the sender wrote it.
        (Some("a=%7e%2a%zz%&b"), "a", Ok("%7E*%25zz%25")),
        (Some("a=%7e%2a%zz%&b"), "b", Ok("")),
        (Some("a=1&%61=2"), "a", Err(Fault::Ambiguous)),
        (Some("a=1"), "%61", Err(Fault::Absent)),
        (Some("a=1"), "A", Err(Fault::Absent)),
        (Some("a=%ff"), "a", Err(Fault::Malformed)),
        (None, "a", Err(Fault::Absent)),
    ] {
        let component = format!("\"@query-param\";name=\"{name}\"");
        let target = Target { query, ..TARGET };
        let outcome = lines(&target, &[], &format!("({component})"));
        assert_eq!(outcome, want.map(|value| format!("{component}: {value}")), "{query:?} {name}");
    }
}

#[test]
fn the_base_is_that_of_section_2_5() {
    let input = concat!(
        r#"("@method" "@authority" "@path" "content-digest" "content-length" "content-type")"#,
        r#";created=1618884473;keyid="test-key-rsa-pss""#,
    );
    let want = format!(
        "\"@method\": POST\n\"@authority\": example.com\n\"@path\": /foo\n\
         \"content-digest\": {}\n\"content-length\": 18\n\
         \"content-type\": application/json\n\"@signature-params\": {input}",
        LINES[3].1
    );
    assert_eq!(base_of(&TARGET, request(&[]), input).as_deref(), Ok(want.as_str()));
    // 2.3: the order is the signer's, what is not known here stays, only spaces are lost.
    let loose = r#"(  "@method"   "date" ) ;  x="q\"\\";keyid="k" ; created=1 ;flag"#;
    assert!(base_of(&TARGET, request(&[]), loose).is_err(), "no space stands before a semicolon");
    let loose = r#"(  "@method"   "date" );  x="q\"\\";keyid="k"; created=1;flag"#;
    let base = base_of(&TARGET, request(&[]), loose).unwrap_or_default();
    let want = r#""@signature-params": ("@method" "date");x="q\"\\";keyid="k";created=1;flag"#;
    assert_eq!(base.lines().last(), Some(want));
}

#[test]
fn what_is_no_component_of_a_request_is_refused() {
    for (components, want) in [
        (r#""@status""#, Fault::Unsupported),
        (r#""@signature-params""#, Fault::Unsupported),
        (r#""@Method""#, Fault::Unsupported),
        (r#""@method";req"#, Fault::Unsupported),
        (r#""@method";sf"#, Fault::Unsupported),
        (r#""date";req"#, Fault::Unsupported),
        (r#""date";tr"#, Fault::Unsupported),
        (r#""date";bs;sf"#, Fault::Unsupported),
        (r#""date";unknown"#, Fault::Unsupported),
        (r#""@query-param""#, Fault::Malformed),
        (r#""@query-param";name=Pet"#, Fault::Malformed),
        (r#""@query-param";key="Pet""#, Fault::Unsupported),
        (r#""Date""#, Fault::Malformed),
        (r#""""#, Fault::Malformed),
        (r#""da te""#, Fault::Malformed),
        (r#"date"#, Fault::Malformed),
        (r#""date";bs=?0"#, Fault::Malformed),
        (r#""date";key=1"#, Fault::Malformed),
        (r#""date";sf;sf"#, Fault::Repeated),
        (r#""date" "date""#, Fault::Repeated),
        (r#""@method" "date" "@method""#, Fault::Repeated),
        (r#""@query-param";name="Pet" "@query-param";name="Pet""#, Fault::Repeated),
    ] {
        let outcome = base_of(&TARGET, request(&[]), &format!("({components})"));
        assert_eq!(outcome, Err(want), "{components}");
    }
    // Two forms of one header are two components (2.5).
    assert!(base_of(&TARGET, request(&[]), r#"("date" "date";bs)"#).is_ok());
}
