//! Well-known troubles, each with the rule that must be named and the change that must be found.

use super::{Answers, Explained, Judged, What, explain, judge, page};
use crate::read::{answers, fetch};
use doorward_browser::{EngineId, Reading};
use proptest::prelude::{Strategy, prop};
use proptest::proptest;
use url::Url;

/// A trouble.
struct Row {
    /// Its name.
    name: &'static str,
    /// The page.
    from: &'static str,
    /// The call.
    call: &'static str,
    /// The server's answers.
    answers: &'static str,
    /// The rule's id.
    cause: &'static str,
    /// The smallest change of the answers: parts that its lines must have, in their order.
    changes: &'static [&'static str],
    /// What else must be said, of the call, as a hint or as a warning.
    said: &'static [&'static str],
}

const SHOP: &str = "https://shop.test";
const ALLOW: &str = "Access-Control-Allow-Origin: https://shop.test";
const TO_REQUEST: &str = "to the request, answer Access-Control-Allow-Origin: https://shop.test";
const JSON: &str = "fetch('https://api.test/x', {method: 'POST', headers: {'Content-Type': \
                    'application/json'}, body: '{}'})";

fn explained(row: &Row) -> Explained {
    let from = page(row.from).expect("a page");
    let asked = fetch::read(row.call, Some(&from.url)).expect("a call");
    explain(EngineId::Chromium, &from, &asked.request, &told(row.answers))
}

fn told(text: &str) -> Answers {
    match text {
        "" => Answers::default(),
        text => answers::read(text).expect("answers").0,
    }
}

fn holds(row: &Row) {
    let explained = explained(row);
    let name = row.name;
    let Judged { cause, .. } = &explained.judged;
    assert_eq!(cause.id, row.cause, "{name}: {explained:#?}");
    assert!(!cause.section.is_empty() && cause.link.starts_with("https://"), "{name}");
    let changes: Vec<String> = explained.changes.iter().map(ToString::to_string).collect();
    let varied: Vec<&String> = changes.iter().filter(|line| !line.contains("Vary")).collect();
    assert_eq!(varied.len(), row.changes.len(), "{name}: {changes:#?}");
    for (line, want) in varied.iter().zip(row.changes) {
        assert!(line.contains(want), "{name}: {line}, not {want}");
    }
    let Explained { page_changes, hints, warnings, .. } = &explained;
    let said: Vec<&String> = page_changes.iter().chain(hints).chain(warnings).collect();
    for want in row.said {
        assert!(said.iter().any(|line| line.contains(want)), "{name}: {want} in {said:#?}");
    }
}

/// The change that is named does make it work, and nothing less does.
#[test]
fn answers_that_do_not_let_the_page() {
    for row in ANSWERED {
        holds(row);
    }
}

#[test]
fn preflights_that_are_no_yes() {
    for row in PREFLIGHTS {
        holds(row);
    }
}

#[test]
fn calls_that_no_answer_mends() {
    for row in CALLS {
        holds(row);
    }
}

const ANSWERED: &[Row] = &[
    Row {
        name: "no header at all",
        from: SHOP,
        call: "fetch('https://api.test/x')",
        answers: "HTTP/1.1 200 OK\n",
        cause: "origin-missing",
        changes: &[TO_REQUEST],
        said: &[],
    },
    Row {
        name: "an origin with a slash",
        from: SHOP,
        call: "fetch('https://api.test/x')",
        answers: "Access-Control-Allow-Origin: https://shop.test/\n",
        cause: "origin-other",
        changes: &[TO_REQUEST],
        said: &["ends with a slash"],
    },
    Row {
        name: "an origin in capitals",
        from: SHOP,
        call: "fetch('https://api.test/x')",
        answers: "Access-Control-Allow-Origin: https://SHOP.test\n",
        cause: "origin-other",
        changes: &[TO_REQUEST],
        said: &["byte by byte"],
    },
    Row {
        name: "http and https",
        from: SHOP,
        call: "fetch('https://api.test/x')",
        answers: "Access-Control-Allow-Origin: http://shop.test\n",
        cause: "origin-other",
        changes: &[TO_REQUEST],
        said: &["The page came by https:"],
    },
    Row {
        name: "another port",
        from: "http://localhost:5173",
        call: "fetch('http://localhost:3000/x')",
        answers: "Access-Control-Allow-Origin: http://localhost:8080\n",
        cause: "origin-other",
        changes: &["Access-Control-Allow-Origin: http://localhost:5173"],
        said: &["The port is another one"],
    },
    Row {
        name: "localhost is not 127.0.0.1",
        from: "http://127.0.0.1:5173",
        call: "fetch('http://localhost:3000/x')",
        answers: "Access-Control-Allow-Origin: http://localhost:5173\n",
        cause: "origin-other",
        changes: &["Access-Control-Allow-Origin: http://127.0.0.1:5173"],
        said: &["two origins"],
    },
    Row {
        name: "a list of origins",
        from: SHOP,
        call: "fetch('https://api.test/x')",
        answers: "Access-Control-Allow-Origin: https://shop.test, https://www.shop.test\n",
        cause: "origin-other",
        changes: &[TO_REQUEST],
        said: &["is a list"],
    },
    Row {
        name: "a pattern",
        from: SHOP,
        call: "fetch('https://api.test/x')",
        answers: "Access-Control-Allow-Origin: https://*.test\n",
        cause: "origin-other",
        changes: &[TO_REQUEST],
        said: &["no pattern"],
    },
    Row {
        name: "two headers",
        from: SHOP,
        call: "fetch('https://api.test/x')",
        answers: "Access-Control-Allow-Origin: https://shop.test\nAccess-Control-Allow-Origin: *\n",
        cause: "origin-repeated",
        changes: &[TO_REQUEST],
        said: &["let one do it"],
    },
    Row {
        name: "a star with credentials",
        from: SHOP,
        call: "fetch('https://api.shop.test/x', {credentials: 'include'})",
        answers: "Access-Control-Allow-Origin: *\nAccess-Control-Allow-Credentials: true\n",
        cause: "star-with-credentials",
        changes: &[TO_REQUEST],
        said: &["leave `credentials: \"include\"` out"],
    },
    Row {
        name: "credentials are not allowed",
        from: SHOP,
        call: "fetch('https://api.shop.test/x', {credentials: 'include'})",
        answers: "Access-Control-Allow-Origin: https://shop.test\nVary: Origin\n",
        cause: "credentials-missing",
        changes: &["Access-Control-Allow-Credentials: true"],
        said: &["leave `credentials: \"include\"` out"],
    },
    Row {
        name: "True is not true",
        from: SHOP,
        call: "fetch('https://api.shop.test/x', {credentials: 'include'})",
        answers: "Access-Control-Allow-Origin: https://shop.test\n\
                  Access-Control-Allow-Credentials: True\n",
        cause: "credentials-missing",
        changes: &["Access-Control-Allow-Credentials: true"],
        said: &["only `true` counts"],
    },
    Row {
        name: "an error that says nothing of CORS",
        from: SHOP,
        call: "fetch('https://api.test/x')",
        answers: "HTTP/1.1 502 Bad Gateway\n",
        cause: "origin-missing",
        changes: &[TO_REQUEST],
        said: &["what failed is not CORS"],
    },
    Row {
        name: "another site's page with credentials",
        from: "https://evil.example",
        call: "fetch('https://api.test/x', {credentials: 'include'})",
        answers: "HTTP/1.1 200 OK\n",
        cause: "origin-missing",
        changes: &["Allow-Origin: https://evil.example", "Allow-Credentials: true"],
        said: &["Allow it only if it is yours"],
    },
    Row {
        name: "a page from a file",
        from: "null",
        call: "fetch('http://localhost:3000/x')",
        answers: "HTTP/1.1 200 OK\n",
        cause: "origin-missing",
        changes: &["Access-Control-Allow-Origin: null"],
        said: &["Do not allow `null`"],
    },
    Row {
        name: "a redirect that does not let the page",
        from: SHOP,
        call: "fetch('https://api.test/x')",
        answers: "HTTP/1.1 301 Moved\nLocation: https://www.api.test/x\n",
        cause: "origin-missing",
        changes: &[TO_REQUEST],
        said: &[],
    },
    Row {
        name: "a redirect from http to https",
        from: "http://shop.test",
        call: "fetch('http://api.test/x')",
        answers: "HTTP/1.1 308 Moved\nLocation: https://api.test/x\n\
                  Access-Control-Allow-Origin: http://shop.test\n",
        cause: "redirect",
        changes: &[],
        said: &["Ask that address directly"],
    },
];

const PREFLIGHTS: &[Row] = &[
    Row {
        name: "a server that knows nothing of CORS",
        from: SHOP,
        call: JSON,
        answers: "HTTP/1.1 404 Not Found\n\nHTTP/1.1 200 OK\n",
        cause: "origin-missing",
        changes: &[
            "to OPTIONS, answer with status 204",
            "to OPTIONS, answer Access-Control-Allow-Origin: https://shop.test",
            "to OPTIONS, answer Access-Control-Allow-Headers: content-type",
            TO_REQUEST,
        ],
        said: &["nothing there answers OPTIONS yet"],
    },
    Row {
        name: "a preflight that must sign in",
        from: SHOP,
        call: "fetch('https://api.test/x', {headers: {Authorization: 'Bearer x'}})",
        answers: "HTTP/1.1 401 No\nAccess-Control-Allow-Origin: https://shop.test\n\
                  Access-Control-Allow-Headers: authorization\n\nHTTP/1.1 200 OK\n\
                  Access-Control-Allow-Origin: https://shop.test\n",
        cause: "preflight-status",
        changes: &["to OPTIONS, answer with status 204"],
        said: &["never carries credentials"],
    },
    Row {
        name: "a preflight that no route answers",
        from: SHOP,
        call: "fetch('https://api.test/x', {method: 'DELETE'})",
        answers: "HTTP/1.1 405 No\nAccess-Control-Allow-Origin: https://shop.test\n\
                  Access-Control-Allow-Methods: DELETE\n\nHTTP/1.1 200 OK\n\
                  Access-Control-Allow-Origin: https://shop.test\n",
        cause: "preflight-status",
        changes: &["to OPTIONS, answer with status 204"],
        said: &["Nothing answers OPTIONS there"],
    },
    Row {
        name: "a preflight that is redirected",
        from: SHOP,
        call: JSON,
        answers: "HTTP/1.1 301 Moved\nLocation: /x/\nAccess-Control-Allow-Origin: *\n\
                  Access-Control-Allow-Headers: *\n\nHTTP/1.1 200 OK\n\
                  Access-Control-Allow-Origin: *\n",
        cause: "preflight-status",
        changes: &["to OPTIONS, answer with status 204"],
        said: &["Ask https://api.test/x/ directly"],
    },
    Row {
        name: "Content-Type is not listed",
        from: SHOP,
        call: JSON,
        answers: "HTTP/1.1 204 No\nAccess-Control-Allow-Origin: *\n\
                  Access-Control-Allow-Headers: X-A\n\nHTTP/1.1 200 OK\n\
                  Access-Control-Allow-Origin: *\n",
        cause: "header-not-allowed",
        changes: &["to OPTIONS, answer Access-Control-Allow-Headers: X-A, content-type"],
        said: &[],
    },
    Row {
        name: "a star and a header with credentials",
        from: SHOP,
        call: "fetch('https://api.shop.test/x', {credentials: 'include', headers: {'X-A': 'b'}})",
        answers: "HTTP/1.1 204 No\nAccess-Control-Allow-Origin: https://shop.test\n\
                  Access-Control-Allow-Credentials: true\nAccess-Control-Allow-Headers: *\n\n\
                  HTTP/1.1 200 OK\nAccess-Control-Allow-Origin: https://shop.test\n\
                  Access-Control-Allow-Credentials: true\n",
        cause: "header-not-allowed",
        changes: &["to OPTIONS, answer Access-Control-Allow-Headers: x-a"],
        said: &["leave `credentials: \"include\"` out"],
    },
    Row {
        name: "patch is not PATCH",
        from: SHOP,
        call: "fetch('https://api.test/x', {method: 'patch'})",
        answers: "HTTP/1.1 204 No\nAccess-Control-Allow-Origin: *\n\
                  Access-Control-Allow-Methods: GET, PATCH\n\nHTTP/1.1 200 OK\n\
                  Access-Control-Allow-Origin: *\n",
        cause: "method-not-allowed",
        changes: &["to OPTIONS, answer Access-Control-Allow-Methods: GET, PATCH, patch"],
        said: &["write the method in capitals: `PATCH`"],
    },
    Row {
        name: "put is not listed in capitals",
        from: SHOP,
        call: "fetch('https://api.test/x', {method: 'put'})",
        answers: "HTTP/1.1 204 No\nAccess-Control-Allow-Origin: *\n\
                  Access-Control-Allow-Methods: put\n\nHTTP/1.1 200 OK\n\
                  Access-Control-Allow-Origin: *\n",
        cause: "method-not-allowed",
        changes: &["to OPTIONS, answer Access-Control-Allow-Methods: put, PUT"],
        said: &[],
    },
    Row {
        name: "the preflight lets, the answer does not",
        from: SHOP,
        call: JSON,
        answers: "HTTP/1.1 204 No\nAccess-Control-Allow-Origin: *\n\
                  Access-Control-Allow-Headers: content-type\n\nHTTP/1.1 200 OK\n",
        cause: "origin-missing",
        changes: &[TO_REQUEST],
        said: &[],
    },
    Row {
        name: "a list that is none",
        from: SHOP,
        call: JSON,
        answers: "HTTP/1.1 204 No\nAccess-Control-Allow-Origin: *\n\
                  Access-Control-Allow-Headers: [content-type]\n\nHTTP/1.1 200 OK\n\
                  Access-Control-Allow-Origin: *\n",
        cause: "preflight-malformed",
        changes: &["to OPTIONS, answer Access-Control-Allow-Headers: content-type"],
        said: &[],
    },
    Row {
        name: "a list that is none, and no header is asked about",
        from: SHOP,
        call: "fetch('https://api.test/x', {method: 'PUT'})",
        answers: "HTTP/1.1 204 No\nAccess-Control-Allow-Origin: *\n\
                  Access-Control-Allow-Methods: PUT\nAccess-Control-Allow-Headers: (\n\n\
                  HTTP/1.1 200 OK\nAccess-Control-Allow-Origin: *\n",
        cause: "preflight-malformed",
        changes: &["to OPTIONS, answer without Access-Control-Allow-Headers"],
        said: &[],
    },
    Row {
        name: "headers of answers in a request",
        from: SHOP,
        call: "fetch('https://api.test/x', {headers: {'Access-Control-Allow-Origin': '*'}})",
        answers: "Access-Control-Allow-Origin: *\n",
        cause: "header-not-allowed",
        changes: &["to OPTIONS, answer Access-Control-Allow-Headers: access-control-allow-origin"],
        said: &["do not send this header: Access-Control-Allow-Origin", "are headers of answers"],
    },
];

const CALLS: &[Row] = &[
    Row {
        name: "no-cors",
        from: SHOP,
        call: "fetch('https://api.test/x', {mode: 'no-cors'})",
        answers: "HTTP/1.1 200 OK\n",
        cause: "opaque",
        changes: &[TO_REQUEST],
        said: &["leave `mode: \"no-cors\"` out"],
    },
    Row {
        name: "no-cors with JSON",
        from: SHOP,
        call: "fetch('https://api.test/x', {mode: 'no-cors', method: 'PUT'})",
        answers: "HTTP/1.1 200 OK\nAccess-Control-Allow-Origin: *\n\
                  Access-Control-Allow-Methods: PUT\n",
        cause: "no-cors-method",
        changes: &[],
        said: &["leave `mode: \"no-cors\"` out"],
    },
    Row {
        name: "a body with GET",
        from: SHOP,
        call: "fetch('https://api.test/x', {body: 'a'})",
        answers: "Access-Control-Allow-Origin: *\n",
        cause: "body-not-allowed",
        changes: &[],
        said: &["use `method: \"POST\"`"],
    },
    Row {
        name: "same-origin to another",
        from: SHOP,
        call: "fetch('https://api.test/x', {mode: 'same-origin'})",
        answers: "Access-Control-Allow-Origin: *\n",
        cause: "same-origin-only",
        changes: &[],
        said: &["leave `mode: \"same-origin\"` out"],
    },
    Row {
        name: "mixed content",
        from: SHOP,
        call: "fetch('http://api.test/x')",
        answers: "Access-Control-Allow-Origin: *\n",
        cause: "mixed-content",
        changes: &[],
        said: &["Ask https://api.test/x"],
    },
    Row {
        name: "a public page without TLS and this machine",
        from: "http://shop.test",
        call: "fetch('http://localhost:3000/x')",
        answers: "Access-Control-Allow-Origin: *\n",
        cause: "local-network-insecure",
        changes: &[],
        said: &[],
    },
    Row {
        name: "a public page and this machine",
        from: SHOP,
        call: "fetch('http://localhost:3000/x')",
        answers: "Access-Control-Allow-Origin: *\n",
        cause: "star-allowed",
        changes: &[],
        said: &["asks the person first"],
    },
    Row {
        name: "nobody answers",
        from: SHOP,
        call: "fetch('https://api.test/x')",
        answers: "HTTP/1.1 0 -\n",
        cause: "no-answer",
        changes: &[],
        said: &[],
    },
];

/// Honest twins: what is let is said to be let, and nothing is to be changed.
#[test]
fn what_works_is_left_alone() {
    let rows = [
        (SHOP, "fetch('https://api.test/x')", "Access-Control-Allow-Origin: *\n"),
        (SHOP, "fetch('https://api.test/x')", ALLOW),
        (SHOP, "fetch('/x', {method: 'PUT', credentials: 'include'})", "HTTP/1.1 500 No\n"),
        (
            "http://localhost:5173",
            "fetch('http://localhost:3000')",
            "Access-Control-Allow-Origin: *",
        ),
        ("null", "fetch('https://api.test/x')", "Access-Control-Allow-Origin: null\n"),
        (SHOP, "fetch('https://api.test/x', {headers: {Authorization: 'x'}})", {
            "Access-Control-Allow-Origin: *\nAccess-Control-Allow-Headers: *\n"
        }),
    ];
    for (from, call, answers) in rows {
        let row = Row { name: "", from, call, answers, cause: "", changes: &[], said: &[] };
        let explained = explained(&row);
        assert!(explained.judged.works(), "{call} {answers}: {explained:#?}");
        assert!(explained.changes.is_empty() && explained.warnings.is_empty());
        assert!(explained.page_changes.is_empty());
        assert!(explained.consoles.iter().all(|(_, said)| said.is_none()), "{explained:#?}");
    }
}

/// Each change that is named is needed: without any one of them it does not work.
#[test]
fn a_change_is_as_small_as_it_can_be() {
    for row in ANSWERED.iter().chain(PREFLIGHTS) {
        let explained = explained(row);
        let needed = explained.changes.iter().filter(|one| !matches!(one.what, What::Add(..)));
        let needed: Vec<_> = needed.collect();
        let from = page(row.from).expect("a page");
        let asked = fetch::read(row.call, Some(&from.url)).expect("a call");
        for left_out in 0..needed.len() {
            let mut changed = super::mend::whole(&told(row.answers));
            for (at, change) in needed.iter().enumerate() {
                if at != left_out {
                    super::mend::apply(&mut changed, change);
                }
            }
            let judged = judge(EngineId::Chromium, &from, &asked.request, &changed);
            assert!(!judged.goes_on(), "{}: {} is not needed", row.name, needed[left_out]);
        }
    }
}

#[test]
fn an_origin_that_is_named_varies_and_one_that_varies_already_does_not_twice() {
    let row = |answers| Row { name: "", from: SHOP, answers, ..copy(&ANSWERED[0]) };
    let has = |answers| {
        let changes = explained(&row(answers)).changes;
        changes.iter().any(|change| change.what == What::Add("Vary", "Origin"))
    };
    assert!(has("HTTP/1.1 200 OK\n") && has("Vary: Accept\n"));
    assert!(!has("Vary: Accept, origin\n") && !has("Vary: *\n"));
}

const fn copy(row: &Row) -> Row {
    let Row { name, from, call, answers, cause, changes, said } = *row;
    Row { name, from, call, answers, cause, changes, said }
}

#[test]
fn the_engines_differ_where_they_do() {
    let from = page(SHOP).expect("a page");
    let asked = fetch::read("fetch('http://localhost:3000/x')", None).expect("a call");
    let told = told("Access-Control-Allow-Origin: *\n");
    let explained = explain(EngineId::Firefox, &from, &asked.request, &told);
    assert!(explained.judged.works());
    let others: Vec<EngineId> = explained.others.iter().map(|(engine, _)| *engine).collect();
    assert_eq!(others, [EngineId::WebKit], "{:?}", explained.others);
}

#[test]
fn pages_by_origin_and_by_address() {
    assert!(page("https://shop.test/cart?x").is_some());
    assert!(page("null").is_some_and(|page| page.origin().to_string() == "null"));
    for bad in ["", "shop.test", "capacitor://localhost", "data:text/html,x", "*"] {
        assert!(page(bad).is_none(), "{bad}");
    }
    let url = Url::parse("http://a.test").expect("an address");
    let own = judge(
        EngineId::WebKit,
        &page("http://a.test").expect("a page"),
        &doorward_browser::Request::fetch(url),
        &Answers::default(),
    );
    assert!(matches!(own.reading, Reading::Reads(_)));
}

/// Calls and lines of answers, any of which may meet.
const CALLS_AT_ALL: &[&str] = &[
    "fetch('https://api.test/x')",
    "fetch('https://api.shop.test/x', {credentials: 'include'})",
    "fetch('https://api.test/x', {method: 'PUT', headers: {'X-A': '1', Authorization: 'b'}})",
    "fetch('https://api.test/x', {method: 'patch', credentials: 'include'})",
    "fetch('https://api.test/x', {method: 'POST', headers: {'Content-Type': 'a/b'}, body: 'c'})",
    "fetch('https://api.test/x', {mode: 'no-cors'})",
];
const LINES_AT_ALL: &[&str] = &[
    "Access-Control-Allow-Origin: *",
    "Access-Control-Allow-Origin: https://shop.test",
    "Access-Control-Allow-Origin: https://shop.test/",
    "Access-Control-Allow-Credentials: true",
    "Access-Control-Allow-Credentials: True",
    "Access-Control-Allow-Methods: PUT, PATCH",
    "Access-Control-Allow-Methods: *",
    "Access-Control-Allow-Headers: *",
    "Access-Control-Allow-Headers: x-a, content-type, authorization",
    "Access-Control-Allow-Headers: (",
    "Vary: Origin",
];

proptest! {
    /// Whatever a server answers: what is named makes it work, and nothing is named where it works.
    #[test]
    fn what_is_named_does_make_it_work(
        call in 0..CALLS_AT_ALL.len(),
        status in prop::sample::select(vec![200, 204, 401, 404, 500]),
        lines in prop::array::uniform2(lines_at_all()),
    ) {
        let [asked, answered] = lines.map(|lines| lines.join("\n"));
        let told = told(&format!("HTTP/1.1 {status} X\n{asked}\n\nHTTP/1.1 200 X\n{answered}\n"));
        let from = page(SHOP).expect("a page");
        let mut request = fetch::read(CALLS_AT_ALL[call], None).expect("a call").request;
        for engine in EngineId::ALL {
            let explained = explain(engine, &from, &request, &told);
            let mut changed = super::mend::whole(&told);
            explained.changes.iter().for_each(|one| super::mend::apply(&mut changed, one));
            if explained.judged.works() {
                assert!(explained.changes.is_empty() && explained.page_changes.is_empty());
            } else {
                // An answer that no mode lets it read is not mended by headers.
                request.mode = doorward_browser::Mode::Cors;
                assert!(judge(engine, &from, &request, &changed).works(), "{explained:#?}");
            }
        }
    }
}

fn lines_at_all() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(LINES_AT_ALL, 0..=LINES_AT_ALL.len())
}
