//! Schemes from the configuration, and those that cannot work.

use super::*;

fn custom() -> Custom {
    Custom {
        header: "X-Signature".to_owned(),
        prefix: "hmac ".to_owned(),
        encoding: Encoding::Base64,
        digest: Digest::Sha512,
        signed: "{id}|{timestamp}|{body}".to_owned(),
        timestamp: Some("X-Time".to_owned()),
        id: Some("X-Id".to_owned()),
        window_s: 60,
    }
}

#[test]
fn custom_schemes_sign_what_they_say() {
    let key = hmac::Key::new(hmac::HMAC_SHA512, b"a secret of its own");
    let strict = scheme(&Kind::Custom(custom()), &["a secret of its own"]);
    let value = format!("hmac {}", STANDARD.encode(hmac::sign(&key, b"7|1000|body")));
    let lines = [("x-signature", value.as_str()), ("x-time", "1000"), ("x-id", "7")];
    let claim = judge(&strict, &lines, 1_060, "body").expect("good");
    assert_eq!((claim.until_unix_s, claim.is_signed), (1_061, true));
    assert_eq!(judge(&strict, &lines, 1_061, "body"), Err(Fault::Stale));
    assert_eq!(judge(&strict, &lines, 1_000, "bodY"), Err(Fault::Forged));
    // An id that is not signed beside a time that is: the message names it.
    let signed = Custom { signed: "{timestamp}.{body}".to_owned(), ..custom() };
    let loose = scheme(&Kind::Custom(signed), &["a secret of its own"]);
    let value = format!("hmac {}", STANDARD.encode(hmac::sign(&key, b"1000.body")));
    let by_id = |id| {
        let lines = [("x-signature", value.as_str()), ("x-time", "1000"), ("x-id", id)];
        judge(&loose, &lines, 1_000, "body").expect("good")
    };
    assert_eq!(by_id("1"), by_id("2"));
    assert!(by_id("1").is_signed);
}

#[test]
fn schemes_that_cannot_work_are_errors() {
    let outcome = |custom: Custom| {
        let secret = Secret::new("a secret of its own");
        Scheme::new(&Kind::Custom(custom), &[secret]).map(|_| ())
    };
    let signed = |text: &str| outcome(Custom { signed: text.to_owned(), ..custom() });
    for (text, want) in [
        ("{id}.{timestamp}.{body}", Ok(())),
        ("v1:{timestamp}:{body}", Ok(())),
        ("{body}\n{timestamp}", Ok(())),
        ("{timestamp}{body}", Err(SchemeError::Template)),
        ("{timestamp}0{body}", Err(SchemeError::Template)),
        ("{timestamp}.x{body}", Err(SchemeError::Template)),
        ("{timestamp}.{body}{body}", Err(SchemeError::Template)),
        ("{timestamp}.{body}.{body}", Err(SchemeError::Template)),
        ("{timestamp}.{Body}", Err(SchemeError::Template)),
        ("{timestamp}.{body", Err(SchemeError::Template)),
        ("{timestamp}", Err(SchemeError::Template)),
        ("", Err(SchemeError::Template)),
        (&" ".repeat(300), Err(SchemeError::Template)),
        ("{body}", Err(SchemeError::Time)),
    ] {
        assert_eq!(signed(text), want, "{text}");
    }
    for (custom, want) in [
        (Custom { timestamp: None, ..custom() }, Err(SchemeError::Time)),
        (Custom { id: None, ..custom() }, Err(SchemeError::Id)),
        (Custom { header: "x y".to_owned(), ..custom() }, Err(SchemeError::Header)),
        (Custom { id: Some(String::new()), ..custom() }, Err(SchemeError::Header)),
        (Custom { window_s: 0, ..custom() }, Err(SchemeError::Window)),
        (Custom { window_s: WINDOW_S_MAX + 1, ..custom() }, Err(SchemeError::Window)),
        (Custom { prefix: String::new(), ..custom() }, Ok(())),
    ] {
        assert_eq!(outcome(custom), want);
    }
    let with = |kind: Kind, secrets: &[&str]| {
        let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
        Scheme::new(&kind, &secrets).map(|_| ())
    };
    assert_eq!(with(Kind::GitHub, &[]), Err(SchemeError::Secrets));
    assert_eq!(with(Kind::GitHub, &["a long secret is this"; 5]), Err(SchemeError::Secrets));
    assert_eq!(with(Kind::GitHub, &["short"]), Err(SchemeError::SecretTooShort));
    assert_eq!(
        with(Kind::GitHub, &["a long secret is this", ""]),
        Err(SchemeError::SecretTooShort)
    );
    let standard = |secret| with(Kind::StandardWebhooks, &[secret]);
    assert_eq!(standard("plJ3nmyCDGBKInavdOK15jsl"), Ok(()));
    assert_eq!(standard("whsec_plJ3nmyCDGBKInavdOK15js"), Err(SchemeError::SecretMalformed));
    assert_eq!(standard("whsec_"), Err(SchemeError::SecretTooShort));
    assert_eq!(
        format!("{:?}", scheme(&Kind::Slack, &["a long secret of Slack"; 1])),
        "Scheme(slack, …)"
    );
}
