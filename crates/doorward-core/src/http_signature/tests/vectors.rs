//! Published vectors: RFC 9421 appendix B, RFC 9530 appendix B and D.

use super::*;
use crate::http_signature::{KeyError, content_digest};

/// RFC 9421 B.2: label, what follows `Signature-Input: label=`, the signature, the key.
fn rows() -> [(&'static str, &'static str, &'static str, Key); 5] {
    [
        // B.2.1: nothing is covered but the parameters.
        (
            "sig-b21",
            r#"();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd""#,
            "d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wg\
             GxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCb\
             zR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jY\
             zuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8s\
             sinQ98Xw9Q==",
            rsa_pss(),
        ),
        (
            "sig-b22",
            concat!(
                r#"("@authority" "content-digest" "@query-param";name="Pet")"#,
                r#";created=1618884473;keyid="test-key-rsa-pss";tag="header-example""#,
            ),
            "LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtj\
             vuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1\
             rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/l\
             ankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4\
             bXTugEjHSw==",
            rsa_pss(),
        ),
        (
            "sig-b23",
            concat!(
                r#"("date" "@method" "@path" "@query" "@authority" "content-type" "#,
                r#""content-digest" "content-length");created=1618884473"#,
                r#";keyid="test-key-rsa-pss""#,
            ),
            "bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt68\
             3+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7K\
             sLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9B\
             mzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIzts\
             DZKEgM4cUA==",
            rsa_pss(),
        ),
        (
            "sig-b25",
            r#"("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#,
            "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=",
            shared(),
        ),
        (
            "sig-b26",
            concat!(
                r#"("date" "@method" "@path" "@authority" "content-type" "content-length")"#,
                r#";created=1618884473;keyid="test-key-ed25519""#,
            ),
            "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBK\
             RCw==",
            ed25519(),
        ),
    ]
}

#[test]
fn signatures_of_appendix_b_2_are_met_by_their_keys_alone() {
    let all = [shared(), ed25519(), p256(), rsa_pss()];
    for (label, input, signature, key) in rows() {
        let headers = request(&[
            ("signature-input", &format!("{label}={input}")),
            ("signature", &format!("{label}=:{signature}:")),
        ]);
        let signed = only(&headers).expect("readable");
        assert_eq!(signed.label(), label);
        assert_eq!(signed.created(), Some(1_618_884_473));
        assert_eq!(signed.check(&key, &TARGET, &headers), Ok(()), "{label}");
        for other in all.iter().filter(|other| other.algorithm() != key.algorithm()) {
            let outcome = signed.check(other, &TARGET, &headers);
            assert_eq!(outcome, Err(Fault::Forged), "{label} {other:?}");
        }
        let other = Target { method: "PUT", query: Some("Pet=cat"), ..TARGET };
        // B.2.1 and B.2.5 cover neither.
        let is_covered = signed.covers(&["@method"]).is_ok() || input.contains("Pet");
        assert_eq!(signed.check(&key, &other, &headers).is_err(), is_covered, "{label}");
    }
}

#[test]
fn p256_checks_the_response_of_b_2_4() {
    // What a response covers is not built here: the base is the RFC's.
    const BASE: &str = concat!(
        "\"@status\": 200\n\"content-type\": application/json\n\"content-digest\": sha-512=",
        ":mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWd",
        "XymyU0rjJuahq4l5aGgfLQ==:",
        "\n\"content-length\": 23\n",
        r#""@signature-params": ("@status" "content-type" "content-digest" "content-length")"#,
        r#";created=1618884473;keyid="test-key-ecc-p256""#,
    );
    let signature =
        "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==";
    let signature = STANDARD.decode(signature).expect("base64");
    assert!(p256().verify(BASE.as_bytes(), &signature));
    assert!(!p256().verify(BASE.replace("200", "201").as_bytes(), &signature));
    assert!(!p256().verify(BASE.as_bytes(), &signature[..63]));
}

#[test]
fn p256_checks_the_request_of_b_3() {
    let headers = headers(&[
        ("host", "service.internal.example"),
        (
            "client-cert",
            ":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGz\
             AZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xC\
             zAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmck\
             C8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSM\
             EGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAw\
             IwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3Vli\
             L4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:",
        ),
        (
            "signature-input",
            concat!(
                r#"ttrp=("@path" "@query" "@method" "@authority" "client-cert")"#,
                r#";created=1618884473;keyid="test-key-ecc-p256""#,
            ),
        ),
        (
            "signature",
            "ttrp=:xVMHVpawaAC/0SbHrKRs9i8I3eOs5RtTMGCWXm/9nvZzoHsIg6Mce9315T6xoklyy0yzhD9ah4JHR\
             wMLOgmizw==:",
        ),
    ]);
    let target = Target { authority: "service.internal.example", ..TARGET };
    let signed = only(&headers).expect("readable");
    assert_eq!(signed.check(&p256(), &target, &headers), Ok(()));
    assert_eq!(signed.check(&p256(), &TARGET, &headers), Err(Fault::Forged));
}

/// A request of RFC 9421 B.4, as it came: method, authority, query, and lines before the signature.
type Came = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const JSON: (&str, &str) = ("accept", "application/json");
const ANY: (&str, &str) = ("accept", "*/*");
const DATE: (&str, &str) = ("date", "Fri, 15 Jul 2022 14:24:55 GMT");

const LANGUAGE: (&str, &str) = ("accept-language", "en-US,en;q=0.5");
const REFERER: (&str, &str) = ("referer", "https://developer.example.org/demo");
const BOTH: (&str, &str) = ("accept", "application/json, */*");

/// The outcome of the signature of B.4 on a request.
fn transformed((method, authority, query, lines): Came) -> Result<(), Fault> {
    const INPUT: &str = concat!(
        r#"transform=("@method" "@path" "@authority" "accept")"#,
        r#";created=1618884473;keyid="test-key-ed25519""#,
    );
    const SIGNATURE: &str = "\
         transform=:ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0\
         pmj3NDA==:";
    let signed = [("signature-input", INPUT), ("signature", SIGNATURE)];
    let headers = headers(&[&[("host", authority)], lines, &signed].concat());
    let target = Target { method, authority, path: "/demo", query: Some(query), ..TARGET };
    only(&headers).expect("readable").check(&ed25519(), &target, &headers)
}

#[test]
fn transformations_of_b_4_leave_a_signature_whole_or_break_it() {
    let query = "name1=Value1&Name2=value2";
    let added = "name1=Value1&Name2=value2&param=added";
    let rows: [(&str, Came, Result<(), Fault>); 9] = [
        ("as it was", ("GET", "example.org", query, &[DATE, JSON, ANY]), Ok(())),
        ("a parameter added", ("GET", "example.org", added, &[DATE, JSON, ANY, LANGUAGE]), Ok(())),
        ("two lines joined", ("GET", "example.org", query, &[REFERER, BOTH]), Ok(())),
        ("lines moved", ("GET", "example.org", query, &[JSON, ANY, DATE]), Ok(())),
        (
            "another method and host",
            ("POST", "example.com", query, &[DATE, JSON, ANY]),
            Err(Fault::Forged),
        ),
        (
            "two lines changed",
            ("GET", "example.org", query, &[DATE, ANY, JSON]),
            Err(Fault::Forged),
        ),
        // Each of the two alone; they are not the RFC's.
        ("another method", ("POST", "example.org", query, &[DATE, JSON, ANY]), Err(Fault::Forged)),
        ("another host", ("GET", "example.com", query, &[DATE, JSON, ANY]), Err(Fault::Forged)),
        ("a line gone", ("GET", "example.org", query, &[DATE, JSON]), Err(Fault::Forged)),
    ];
    for (why, came, want) in rows {
        assert_eq!(transformed(came), want, "{why}");
    }
}

#[test]
fn keys_are_of_their_algorithm_and_in_their_form() {
    let raw = [0x26; 32];
    let der = P256_PEM.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    let der = STANDARD.decode(der).expect("base64");
    let as_pem = |algorithm, pem: &str| Key::from_pem(algorithm, pem).map(|key| key.algorithm());
    let as_bytes =
        |algorithm, bytes: &[u8]| Key::from_bytes(algorithm, bytes).map(|key| key.algorithm());
    let private = P256_PEM.replace("PUBLIC", "PRIVATE");
    let two = format!("{P256_PEM}\n{P256_PEM}");
    for (outcome, want) in [
        (as_pem(Algorithm::EcdsaP256Sha256, P256_PEM), Ok(Algorithm::EcdsaP256Sha256)),
        (as_bytes(Algorithm::EcdsaP256Sha256, &der), Ok(Algorithm::EcdsaP256Sha256)),
        (as_bytes(Algorithm::EcdsaP256Sha256, &der[26..]), Ok(Algorithm::EcdsaP256Sha256)),
        (as_bytes(Algorithm::EcdsaP256Sha256, &der[27..]), Err(KeyError::OtherKey)),
        (as_bytes(Algorithm::Ed25519, &raw), Ok(Algorithm::Ed25519)),
        (as_bytes(Algorithm::Ed25519, &raw[1..]), Err(KeyError::OtherKey)),
        (as_pem(Algorithm::EcdsaP384Sha384, P256_PEM), Err(KeyError::OtherKey)),
        (as_pem(Algorithm::Ed25519, P256_PEM), Err(KeyError::OtherKey)),
        // A public key must never become an HMAC secret.
        (as_pem(Algorithm::HmacSha256, P256_PEM), Err(KeyError::OtherKey)),
        (as_pem(Algorithm::EcdsaP256Sha256, &private), Err(KeyError::NoPem)),
        (as_pem(Algorithm::EcdsaP256Sha256, &two), Err(KeyError::NoPem)),
        (as_pem(Algorithm::EcdsaP256Sha256, ""), Err(KeyError::NoPem)),
    ] {
        assert_eq!(outcome, want);
    }
    let short = Key::shared(&Secret::new([1; 31])).map(|key| key.algorithm());
    assert_eq!(short, Err(KeyError::TooShort));
    assert!(Algorithm::NAMES.iter().all(|(name, algorithm)| algorithm.name() == *name));
    assert_eq!(Algorithm::find("HMAC-SHA256"), None);
    assert_eq!(format!("{:?}", shared()), "Key(hmac-sha256, …)");
}

#[test]
fn content_digests_of_rfc_9530_match() {
    let hello: &[u8] = b"{\"hello\": \"world\"}\n";
    let hello_256 = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
    let hello_512 = "\
         sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/Wkpp\
         mM44T3qg==:";
    let both = format!("{hello_256}, {hello_512}");
    let one_wrong = hello_256.to_owned() + ", sha-512=:" + &"A".repeat(86) + "==:";
    for (lines, body, want) in [
        // RFC 9530 B.1, B.2 and D; RFC 9421 B.2.
        (&[hello_256][..], hello, Ok(Some(true))),
        (&[hello_512], hello, Ok(Some(true))),
        (&[&both], hello, Ok(Some(true))),
        (&[hello_256, hello_512], hello, Ok(Some(true))),
        (&["sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"], b"", Ok(Some(true))),
        (&[LINES[3].1], BODY, Ok(Some(true))),
        (&[], hello, Ok(None)),
        (&[hello_256], BODY, Ok(Some(false))),
        (&[&one_wrong], hello, Ok(Some(false))),
        (&[hello_256, hello_256], hello, Err(Fault::Repeated)),
        (&["md5=:AAAA:"], hello, Err(Fault::Unsupported)),
        (&[""], hello, Err(Fault::Unsupported)),
        (&["SHA-256=:AAAA:"], hello, Err(Fault::Malformed)),
        (&["sha-256=:AAAA:"], hello, Err(Fault::Malformed)),
        (&["sha-256=\"RK/0\""], hello, Err(Fault::Malformed)),
        (&["sha-256"], hello, Err(Fault::Malformed)),
    ] {
        let lines: Vec<_> = lines.iter().map(|line| ("content-digest", *line)).collect();
        let outcome = content_digest(&headers(&lines));
        let outcome = outcome.map(|digest| digest.map(|digest| digest.matches(body)));
        assert_eq!(outcome, want, "{lines:?}");
    }
}
