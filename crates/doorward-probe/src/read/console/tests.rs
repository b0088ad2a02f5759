use super::{Fault, read};
use crate::explain::{explain, page};
use doorward_browser::EngineId;

/// Each line, whose it is, and the rule that the model meets with what was made of it.
#[test]
fn lines_of_the_three_engines() {
    use EngineId::{Chromium, Firefox, WebKit};
    let blocked = "Access to fetch at 'https://api.test/x' from origin 'https://shop.test' has \
                   been blocked by CORS policy: ";
    let refused = "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the \
                   remote resource at https://api.test/x. (Reason: ";
    let in_preflight = "Response to preflight request doesn't pass access control check: ";
    let rows = [
        (
            Chromium,
            format!(
                "{blocked}No 'Access-Control-Allow-Origin' header is present on the requested \
                     resource. If an opaque response serves your needs, set the request's mode to \
                     'no-cors' to fetch the resource with CORS disabled."
            ),
            "origin-missing",
        ),
        (
            Chromium,
            format!(
                "{blocked}{in_preflight}No 'Access-Control-Allow-Origin' header is present on \
                     the requested resource."
            ),
            "origin-missing",
        ),
        (
            Chromium,
            format!(
                "{blocked}The 'Access-Control-Allow-Origin' header contains multiple values \
                     'https://shop.test, *', but only one is allowed."
            ),
            "origin-repeated",
        ),
        (
            Chromium,
            format!(
                "{blocked}The 'Access-Control-Allow-Origin' header has a value \
                     'https://other.test' that is not equal to the supplied origin."
            ),
            "origin-other",
        ),
        (
            Chromium,
            format!(
                "{blocked}The value of the 'Access-Control-Allow-Origin' header in the \
                     response must not be the wildcard '*' when the request's credentials mode is \
                     'include'."
            ),
            "star-with-credentials",
        ),
        (
            Chromium,
            format!(
                "{blocked}The value of the 'Access-Control-Allow-Credentials' header in the \
                     response is 'True' which must be 'true' when the request's credentials mode \
                     is 'include'."
            ),
            "credentials-missing",
        ),
        (
            Chromium,
            format!("{blocked}{in_preflight}It does not have HTTP ok status."),
            "preflight-status",
        ),
        (
            Chromium,
            format!("{blocked}{in_preflight}Redirect is not allowed for a preflight request."),
            "preflight-status",
        ),
        (
            Chromium,
            format!(
                "{blocked}Method patch is not allowed by Access-Control-Allow-Methods in \
                     preflight response."
            ),
            "method-not-allowed",
        ),
        (
            Chromium,
            format!(
                "{blocked}Request header field content-type is not allowed by \
                     Access-Control-Allow-Headers in preflight response."
            ),
            "header-not-allowed",
        ),
        (
            Chromium,
            "Mixed Content: The page at 'https://shop.test/cart' was loaded over HTTPS, but \
             requested an insecure resource 'http://api.test/x'. This request has been blocked; \
             the content must be served over HTTPS."
                .to_owned(),
            "mixed-content",
        ),
        (
            Chromium,
            format!(
                "{blocked}Permission was denied for this request to access the `loopback` address \
                 space."
            ),
            "local-network-denied",
        ),
        (
            Firefox,
            format!(
                "{refused}CORS header ‘Access-Control-Allow-Origin’ missing). Status code: \
                     502."
            ),
            "origin-missing",
        ),
        (Firefox, format!("{refused}CORS request did not succeed)."), "no-answer"),
        (
            Firefox,
            format!("{refused}CORS preflight response did not succeed). Status code: 401."),
            "preflight-status",
        ),
        (
            Firefox,
            format!(
                "{refused}header ‘x-a’ is not allowed according to header \
                     ‘Access-Control-Allow-Headers’ from CORS preflight response)."
            ),
            "header-not-allowed",
        ),
        (
            Firefox,
            format!(
                "{refused}Credential is not supported if the CORS header \
                     ‘Access-Control-Allow-Origin’ is ‘*’)."
            ),
            "star-with-credentials",
        ),
        (
            WebKit,
            "Origin https://shop.test is not allowed by Access-Control-Allow-Origin. Status code: \
             500"
            .to_owned(),
            "origin-missing",
        ),
        (
            WebKit,
            "Fetch API cannot load https://api.test/x due to access control checks.".to_owned(),
            "origin-missing",
        ),
        (
            WebKit,
            "Preflight response is not successful. Status code: 405".to_owned(),
            "preflight-status",
        ),
    ];
    for (engine, text, want) in rows {
        let said = read(&text).expect(&text);
        assert_eq!(said.engine, engine, "{text}");
        let from = page(said.asked.origin.as_deref().expect("a page")).expect("a page");
        let explained = explain(engine, &from, &said.asked.request, &said.answers);
        assert_eq!(explained.judged.cause.id, want, "{text}");
    }
}

/// What the model says that a console prints is read as what the model meant.
#[test]
fn the_models_own_words_are_read_back() {
    for line in [
        "Access to fetch at 'https://api.test/' from origin 'https://shop.test' has been blocked \
         by CORS policy: Request header field x-a is not allowed by Access-Control-Allow-Headers \
         in preflight response.",
        "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote \
         resource at https://api.test/. (Reason: Multiple CORS header \
         ‘Access-Control-Allow-Origin’ not allowed).",
        "Method PUT is not allowed by Access-Control-Allow-Methods.",
    ] {
        let first = read(line).expect(line);
        let from = page(first.asked.origin.as_deref().expect("a page")).expect("a page");
        let explained = explain(first.engine, &from, &first.asked.request, &first.answers);
        for (engine, said) in explained.consoles {
            let said = said.unwrap_or_else(|| panic!("{engine} says nothing of {line}"));
            let again = read(&said).expect(&said);
            assert_eq!(again.engine, engine, "{said}");
            let is_same =
                std::mem::discriminant(&again.fault) == std::mem::discriminant(&first.fault);
            assert!(is_same, "{said}: {:?}", again.fault);
        }
    }
}

#[test]
fn other_errors_are_not_guessed_at() {
    for text in ["", "Uncaught TypeError: Failed to fetch", "net::ERR_CONNECTION_REFUSED"] {
        assert!(read(text).is_err(), "{text}");
    }
    let said = read("XMLHttpRequest cannot load http://a.test/ due to access control checks.");
    let said = said.expect("a line");
    assert_eq!(said.fault, Fault::Unspecified);
    assert_eq!(said.asked.request.url.as_str(), "http://a.test/");
    assert_eq!(said.asked.notes.len(), 2, "{:?}", said.asked.notes);
}
