use super::super::hello::tests::{Parts, behind8, behind16, named, offered, shorts};
use super::*;

/// The example of the specification's text: Chromium, with reserved values put in.
fn example() -> Parts {
    let of = |kind: u16| match kind {
        0x0000 => named("shop.test"),
        0x000a => behind16(&shorts(&[0x5a5a, 29])),
        0x000d => {
            behind16(&shorts(&[0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601]))
        }
        0x0010 => offered(&[b"h2", b"http/1.1"]),
        0x002b => behind8(&shorts(&[0x9a9a, 0x0304, 0x0303])),
        _ => Vec::new(),
    };
    let kinds = [
        0x6a6a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023,
        0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x7a7a, 0x0015,
    ];
    Parts {
        version: 0x0303,
        session: vec![7; 32],
        ciphers: vec![
            0x8a8a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013,
            0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
        ],
        extensions: Some(kinds.map(|kind| (kind, of(kind))).to_vec()),
    }
}

/// What a row does to the example.
type Bend<'b> = &'b dyn Fn(&mut Parts);

fn ja4(parts: &Parts, form: Form) -> String {
    Ja4::of(&parts.read().expect("a hello"), form).to_string()
}

#[test]
fn it_is_the_specifications_own_example() {
    let hello = example().read().expect("a hello");
    assert_eq!(Ja4::of(&hello, Form::Whole).as_str(), "t13d1516h2_8daaf6152771_e5627efa2ab1");
    assert_eq!(
        raw(&hello, Form::Whole),
        "t13d1516h2_002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9_\
         0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01_\
         0403,0804,0401,0503,0805,0501,0806,0601"
    );
}

#[test]
fn what_resumption_changes_is_left_out_of_what_is_compared() {
    let first = example();
    let mut again = example();
    let extensions = again.extensions.as_mut().expect("extensions");
    extensions.retain(|(kind, _)| *kind != extension::PADDING);
    extensions.push((extension::EARLY, Vec::new()));
    extensions.push((extension::PRE_SHARED_KEY, vec![0; 99]));
    assert_ne!(ja4(&first, Form::Whole), ja4(&again, Form::Whole));
    assert_eq!(ja4(&first, Form::Lasting), ja4(&again, Form::Lasting));
    // The twin: whatever else is new still counts.
    again.extensions.as_mut().expect("extensions").insert(0, (0x0031, Vec::new()));
    assert_ne!(ja4(&first, Form::Lasting), ja4(&again, Form::Lasting));
    assert!(ja4(&first, Form::Lasting).starts_with("t13d1514h2_8daaf6152771_"));
}

#[test]
fn the_first_part_says_what_is_there() {
    let start = |bend: Bend<'_>| {
        let mut parts = example();
        bend(&mut parts);
        ja4(&parts, Form::Whole)[..10].to_owned()
    };
    let set = |parts: &mut Parts, kind: u16, value: Vec<u8>| {
        for (_, old) in parts.extensions.iter_mut().flatten().filter(|(other, _)| *other == kind) {
            *old = value.clone();
        }
    };
    let without = |parts: &mut Parts, kind: u16| {
        parts.extensions.iter_mut().for_each(|all| all.retain(|(other, _)| *other != kind));
    };
    let rows: [(Bend<'_>, &str); 12] = [
        (&|_| {}, "t13d1516h2"),
        (&|parts| without(parts, extension::SERVER_NAME), "t13i1515h2"),
        (&|parts| without(parts, extension::ALPN), "t13d151500"),
        (&|parts| set(parts, extension::ALPN, offered(&[b"http/1.1"])), "t13d1516h1"),
        (&|parts| set(parts, extension::ALPN, offered(&[b"h"])), "t13d1516hh"),
        (&|parts| set(parts, extension::ALPN, offered(&[&[0xab]])), "t13d1516ab"),
        (&|parts| set(parts, extension::ALPN, offered(&[&[0xab, 0xcd]])), "t13d1516ad"),
        (&|parts| set(parts, extension::ALPN, offered(&[&[0x30, 0x31, 0xab]])), "t13d15163b"),
        (&|parts| without(parts, extension::SUPPORTED_VERSIONS), "t12d1515h2"),
        (
            &|parts| {
                let versions = behind8(&shorts(&[0x0301, 0x0302, 0x9a9a]));
                set(parts, extension::SUPPORTED_VERSIONS, versions);
            },
            "t11d1516h2",
        ),
        (&|parts| (parts.version, parts.extensions) = (0x0300, None), "ts3i150000"),
        (
            &|parts| {
                (parts.version, parts.extensions) = (0x7f1c, None);
                parts.ciphers = vec![5; 120];
            },
            "t00i990000",
        ),
    ];
    for (bend, want) in rows {
        assert_eq!(start(bend), want);
    }
}

#[test]
fn a_digest_of_nothing_is_zeros() {
    let bare = Parts { extensions: None, ciphers: vec![0x8a8a], ..example() };
    assert_eq!(ja4(&bare, Form::Whole), "t12i000000_000000000000_000000000000");
    let whom_alone = vec![(0, named("a")), (16, offered(&[b"h2"]))];
    let whom_alone = Parts { extensions: Some(whom_alone), ..example() };
    assert_eq!(ja4(&whom_alone, Form::Whole), "t12d1502h2_8daaf6152771_000000000000");
}

#[test]
fn a_text_is_read_back_and_no_other_is() {
    let good = "t13d1516h2_8daaf6152771_e5627efa2ab1";
    assert_eq!(Ja4::parse(good.as_bytes()).expect("one").as_str(), good);
    assert!(Ja4::parse(b"q00i000000_000000000000_000000000000").is_some());
    for bad in [
        "",
        "t13d1516h2",
        "t13d1516h2_8daaf6152771_e5627efa2ab",
        "t13d1516h2_8daaf6152771_e5627efa2ab1 ",
        "t13d1516h2_8daaf6152771_e5627efa2ab11",
        "T13d1516h2_8daaf6152771_e5627efa2ab1",
        "x13d1516h2_8daaf6152771_e5627efa2ab1",
        "t14d1516h2_8daaf6152771_e5627efa2ab1",
        "t13x1516h2_8daaf6152771_e5627efa2ab1",
        "t13d15x6h2_8daaf6152771_e5627efa2ab1",
        "t13d1516h-_8daaf6152771_e5627efa2ab1",
        "t13d1516h2-8daaf6152771_e5627efa2ab1",
        "t13d1516h2_8daaf6152771-e5627efa2ab1",
        "t13d1516h2_8DAAF6152771_e5627efa2ab1",
        "t13d1516h2_8daaf6152771_e5627efa2abg",
        "t13d1516h2_8daaf6152771_e5627efa2é1",
    ] {
        assert_eq!(Ja4::parse(bad.as_bytes()), None, "{bad}");
    }
}
