use super::{Origin, OriginError, Origins};

#[test]
fn origins_are_written_as_browsers_send_them() {
    let rows: &[(&str, Result<(), &str>)] = &[
        ("https://shop.example", Ok(())),
        ("http://shop.localhost:5173", Ok(())),
        ("http://127.0.0.1:3000", Ok(())),
        ("http://[::1]:3000", Ok(())),
        ("https://xn--bcher-kva.example", Ok(())),
        ("capacitor://localhost", Ok(())),
        ("chrome-extension://abcdefghijklmnop", Ok(())),
        ("*", Err("would allow every page")),
        ("null", Err("would allow every page")),
        ("shop.example", Err("begins with its scheme")),
        ("https://shop.example/", Err("browsers would send \"https://shop.example\"")),
        ("https://shop.example/a?b", Err("browsers would send \"https://shop.example\"")),
        ("https://Shop.example", Err("lower case: \"https://shop.example\"")),
        ("https://shop.example:443", Err("they would send \"https://shop.example\"")),
        ("http://shop.example:80", Err("they would send \"http://shop.example\"")),
        ("https://shop.example:0443", Err("is not a port")),
        ("https://shop.example:", Err("is not a port")),
        ("https://shop.example.", Err("a dot at its end")),
        ("https://user@shop.example", Err("no user name")),
        ("https://127.1", Err("four decimal numbers")),
        ("https://0x7f.1", Err("is not a host")),
        ("https://bücher.example", Err("xn--")),
        ("http://[0:0::1]", Err("compressed")),
        ("http://[::1%25eth0]", Err("compressed")),
        ("https://", Err("it is empty")),
        ("https://a..b", Err("a-z")),
        ("https://*.shop.example", Err("a-z")),
    ];
    for (text, want) in rows {
        let found = Origin::parse(text);
        match (want, &found) {
            (Ok(()), Ok(origin)) => assert_eq!(origin.as_str(), *text),
            (Err(part), Err(error)) => {
                assert!(error.to_string().contains(part), "{text}: {error}");
            }
            _ => panic!("{text}: wanted {want:?}, found {found:?}"),
        }
    }
}

#[test]
fn only_the_exact_origin_is_allowed() {
    let origins = Origins::parse(&["https://shop.example".into(), "http://a.test:81".into()]);
    let origins = origins.expect("two origins");
    for (origin, want) in [
        ("https://shop.example", true),
        ("http://a.test:81", true),
        ("http://shop.example", false),
        ("https://shop.example:444", false),
        ("https://shop.example.", false),
        ("https://Shop.example", false),
        ("https://evilshop.example", false),
        ("https://shop.example.evil.test", false),
        ("https://shopXexample", false),
        ("https://shop.example@evil.test", false),
        ("https://sub.shop.example", false),
        ("https://shop.example, https://shop.example", false),
        ("null", false),
        ("", false),
    ] {
        assert_eq!(origins.allows(origin), want, "{origin}");
        assert_eq!(origins.mirror(origin).is_some(), want, "{origin}");
    }
}

#[test]
fn a_pattern_fits_one_part_of_a_label_and_never_a_stranger() {
    let fits = |pattern: &str, origin: &str| {
        let origins = Origins::parse(&[pattern.into()]).expect("a pattern");
        origins.allows(origin)
    };
    let netlify = "https://deploy-preview-{number}--mysite.netlify.app";
    assert!(fits(netlify, "https://deploy-preview-12--mysite.netlify.app"));
    assert!(!fits(netlify, "https://deploy-preview-1x--mysite.netlify.app"));
    assert!(!fits(netlify, "https://deploy-preview---mysite.netlify.app"));
    assert!(!fits(netlify, "https://deploy-preview-1--mysite.netlify.app.evil.test"));
    assert!(!fits(netlify, "http://deploy-preview-1--mysite.netlify.app"));
    let own = "https://{name}.preview.shop.example";
    assert!(fits(own, "https://feature-7.preview.shop.example"));
    assert!(!fits(own, "https://a.b.preview.shop.example"));
    assert!(!fits(own, "https://.preview.shop.example"));
    for bad in [
        "https://{name}.netlify.app",
        "https://{name}-mysite.netlify.app",
        "https://{name}.com",
        "https://shop.{name}",
        "https://{name}{number}.shop.example",
        "https://{any}.shop.example",
        "{name}://shop.example",
        "https://shop.example:{number}",
        "https://{name.shop.example",
    ] {
        let errors = Origins::parse(&[bad.into()]).expect_err(bad);
        assert!(!matches!(errors[0].1, OriginError::Everyone(_)), "{bad}: {errors:?}");
    }
}
