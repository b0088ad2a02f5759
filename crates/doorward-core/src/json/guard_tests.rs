//! What the guard takes and refuses, whole and in every split, beside a parser.

use super::fault::Why;
use super::guard::{Integers, JsonGuard, Limits};

fn read(bytes: &[u8]) -> Option<Why> {
    let whole = JsonGuard::read(Limits::default(), bytes);
    for cut in 0..=bytes.len() {
        let mut guard = JsonGuard::new(Limits::default());
        let fed = guard.feed(&bytes[..cut]).and_then(|()| guard.feed(&bytes[cut..]));
        let cut = fed.and_then(|()| guard.finish()).err().map(|fault| fault.why);
        assert_eq!(cut, whole.err().map(|fault| fault.why), "{:?}", String::from_utf8_lossy(bytes));
    }
    whole.err().map(|fault| fault.why)
}

#[test]
fn what_every_reader_reads_alike_is_taken() {
    for text in [
        "null",
        " true ",
        "false\r\n",
        "0",
        "-0",
        "-1.5e-3",
        "1E+9",
        "9007199254740993",
        "18446744073709551615",
        "-9223372036854775808",
        "1e308",
        "1e-999",
        "\"\"",
        "\"a \u{7f} \u{e9} \u{20ac} \u{1f600}\"",
        r#""\" \\ \/ \b \f \n \r \t \u00e9 \ud83d\ude00 \uFFFF""#,
        "[]",
        "[ ]",
        "[1,2 , 3]",
        "{}",
        "{ }",
        r#"{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}"#,
        r#"{"":0,"a name that is longer than one word":1,"a name that is longer than one worD":2}"#,
        r#"{"proto":1,"__proto":2,"__proto___":3}"#,
    ] {
        assert_eq!(read(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn what_readers_read_differently_is_refused() {
    let rows: &[(&[u8], Why)] = &[
        (b"", Why::Empty),
        (b"  \n", Why::Empty),
        (b"[", Why::CutOff),
        (b"{\"a\":", Why::CutOff),
        (b"\"a", Why::CutOff),
        (b"nul", Why::CutOff),
        (b"nulL", Why::Syntax),
        (b"{a:1}", Why::Syntax),
        (b"{'a':1}", Why::Syntax),
        (b"[1,]", Why::Syntax),
        (b"{\"a\":1,}", Why::Syntax),
        (b"[,1]", Why::Syntax),
        (b"[1 2]", Why::Syntax),
        (b"{\"a\" 1}", Why::Syntax),
        (b"[1}", Why::Syntax),
        (b"{\"a\":1]", Why::Syntax),
        (b"]", Why::Syntax),
        (b"+1", Why::Syntax),
        (b".5", Why::Syntax),
        (b"01", Why::Syntax),
        (b"-", Why::Syntax),
        (b"1.", Why::Syntax),
        (b"1e", Why::Syntax),
        (b"1e+", Why::Syntax),
        (b"0x10", Why::Trailing),
        (b"1 2", Why::Trailing),
        (b"{} {}", Why::Trailing),
        (b"null\0", Why::Encoding),
        (b"\xef\xbb\xbf{}", Why::Mark),
        (b"\xff\xfe{\0}\0", Why::Encoding),
        (b"\0{\0}", Why::Encoding),
        (b"{\0}\0", Why::Encoding),
        (b"/* a */ 1", Why::Comment),
        (b"1 // a", Why::Comment),
        (b"[1, /**/ 2]", Why::Comment),
        (b"NaN", Why::NotANumber),
        (b"[Infinity]", Why::NotANumber),
        (b"[-Infinity]", Why::Syntax),
        (b"{\"a\":1,\"a\":2}", Why::NameTwice),
        (b"{\"a\":1,\"\\u0061\":2}", Why::NameTwice),
        (b"{\"a/b\":1,\"a\\/b\":2}", Why::NameTwice),
        (b"{\"\xc3\xa9\":1,\"\\u00e9\":2}", Why::NameTwice),
        (b"{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":2}", Why::NameTwice),
        (b"[{\"b\":{\"a\":1,\"c\":0,\"a\":2}}]", Why::NameTwice),
        (b"{\"__proto__\":{}}", Why::Prototype),
        (b"{\"__pr\\u006fto__\":{}}", Why::Prototype),
        (b"\"a\nb\"", Why::Control),
        (b"\"a\0b\"", Why::Control),
        (b"\"\\x41\"", Why::Escape),
        (b"\"\\u12g4\"", Why::Escape),
        (b"\"\\ud800\"", Why::LoneSurrogate),
        (b"\"\\ud800x\"", Why::LoneSurrogate),
        (b"\"\\ud800\\n\"", Why::LoneSurrogate),
        (b"\"\\ud800\\ud800\"", Why::LoneSurrogate),
        (b"\"\\udc00\"", Why::LoneSurrogate),
        (b"\"\\u0000\"", Why::Nul),
        (b"\"\xc0\x80\"", Why::Encoding),
        (b"\"\xed\xa0\x80\"", Why::Encoding),
        (b"\"\xf4\x90\x80\x80\"", Why::Encoding),
        (b"\"\xc3\"", Why::Encoding),
        (b"\"\x80\"", Why::Encoding),
        (b"18446744073709551616", Why::NumberTooLarge),
        (b"-9223372036854775809", Why::NumberTooLarge),
        (b"1e309", Why::NumberTooLarge),
        (b"[-1.8e308]", Why::NumberTooLarge),
    ];
    for (bytes, why) in rows {
        assert_eq!(read(bytes), Some(*why), "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn each_limit_holds_to_the_byte() {
    let limits = Limits {
        depth: 3,
        names: 2,
        names_open: 3,
        text_bytes: 4,
        number_letters: 5,
        integers: Integers::Exact,
        nul: true,
    };
    let whole = |text: &str| JsonGuard::read(limits, text.as_bytes()).err().map(|fault| fault.why);
    for text in [
        "[[[]]]",
        r#"{"a":1,"b":2}"#,
        r#"{"a":{"b":1,"c":2}}"#,
        r#"[{"a":1,"b":2},{"a":1,"b":2}]"#,
        r#""abcd""#,
        "\"\u{e9}\u{e9}\"",
        "12345",
        r#"{"abcd":"\n\t"}"#,
    ] {
        assert_eq!(whole(text), None, "{text}");
    }
    for (text, why) in [
        ("[[[[]]]]", Why::TooDeep),
        (r#"[{"a":{"b":{}}}]"#, Why::TooDeep),
        (r#"{"a":1,"b":2,"c":3}"#, Why::ManyNames),
        (r#"{"a":1,"b":{"c":1,"d":2}}"#, Why::ManyNames),
        (r#""abcde""#, Why::TextTooLong),
        ("\"\u{e9}\u{e9}\u{e9}\"", Why::TextTooLong),
        (r#"{"abcde":1}"#, Why::TextTooLong),
        (r#""\u0041""#, Why::TextTooLong),
        ("123456", Why::NumberTooLong),
        ("1.2345", Why::NumberTooLong),
    ] {
        assert_eq!(whole(text), Some(why), "{text}");
    }
    let exact = Limits { number_letters: 64, ..limits };
    let whole = |text: &str| JsonGuard::read(exact, text.as_bytes()).is_ok();
    assert!(whole("9007199254740991") && whole("-9007199254740991") && whole("0.1"));
    assert!(!whole("9007199254740992") && !whole("-9007199254740992"));
    let any = Limits { integers: Integers::Any, number_letters: 128, ..limits };
    assert!(JsonGuard::read(any, "9".repeat(100).as_bytes()).is_ok());
    assert_eq!(JsonGuard::read(Limits::default(), b"[0, \"\\q\"]").unwrap_err().at, 6);
}

#[test]
fn many_names_are_told_apart_and_depth_costs_no_stack() {
    let names: Vec<String> = (0..900).map(|number| format!("\"name {number}\":0")).collect();
    let object = format!("{{{}}}", names.join(","));
    assert_eq!(JsonGuard::read(Limits::default(), object.as_bytes()), Ok(()));
    let twice = format!("{{{},\"name 17\":0}}", names.join(","));
    let why = JsonGuard::read(Limits::default(), twice.as_bytes()).unwrap_err().why;
    assert_eq!(why, Why::NameTwice);
    let deep = "[".repeat(10_000_000);
    let why = JsonGuard::read(Limits::default(), deep.as_bytes()).unwrap_err().why;
    assert_eq!(why, Why::TooDeep);
}
