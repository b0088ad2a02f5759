use super::read;
use crate::read::Asked;
use doorward_browser::{Body, Credentials, Mode};
use url::Url;

fn said(asked: &Asked) -> String {
    let request = &asked.request;
    let headers: Vec<String> =
        request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let body = match &request.body {
        Body::Empty => String::new(),
        other => format!("{other:?}"),
    };
    format!("{} {} [{}] {body}", request.method, request.url, headers.join("; ")).trim().to_owned()
}

fn asked(text: &str) -> Asked {
    let page = Url::parse("http://shop.test/cart").expect("an address");
    read(text, Some(&page)).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn calls_as_people_write_them() {
    let rows = [
        ("fetch('https://a.test/x')", "GET https://a.test/x []"),
        ("fetch(`/api`)", "GET http://shop.test/api []"),
        ("const r = await window.fetch(\"//b.test/\",)", "GET http://b.test/ []"),
        ("fetch(new URL('/x', 'https://a.test').toString())", "GET https://a.test/x []"),
        ("fetch(new Request('https://a.test', {method: 'PUT'}))", "PUT https://a.test/ []"),
        ("// fetch('no')\n/* fetch('no') */ prefetch('no'); fetch('/yes');", {
            "GET http://shop.test/yes []"
        }),
        (
            "fetch('/x', { method: 'POST', headers: { 'Content-Type': 'application/json', }, \
             body: JSON.stringify({ b: 1.50, a: [true, null, undefined, 'it\\'s'], c: undefined \
             }), })",
            "POST http://shop.test/x [Content-Type: application/json] \
             Text(\"{\\\"a\\\":[true,null,null,\\\"it's\\\"],\\\"b\\\":1.50}\")",
        ),
        (
            "fetch('/x', {headers: new Headers({'X-A': 1, x_b: `c`})})",
            "GET http://shop.test/x [X-A: 1; x_b: c]",
        ),
        ("fetch('/x', {headers: [['a', 'b'], ['a', 'c']]})", {
            "GET http://shop.test/x [a: b; a: c]"
        }),
        ("fetch('/x', {method:'POST', body: new URLSearchParams({a: '1 2', b: 3})})", {
            "POST http://shop.test/x [] UrlEncoded(\"a=1+2&b=3\")"
        }),
        ("fetch('/x', {method:'POST', body: new Blob(['{}'], {type: 'Application/JSON'})})", {
            "POST http://shop.test/x [] Blob(\"application/json\", [123, 125])"
        }),
        ("fetch('/x', {method:'POST', body: new Uint8Array([1, 2])})", {
            "POST http://shop.test/x [] Bytes([1, 2])"
        }),
        ("fetch('/a' + '/b' + `?c=\\u{e9}\\x41\\ud83d\\ude00`)", {
            "GET http://shop.test/a/b?c=%C3%A9A%F0%9F%98%80 []"
        }),
    ];
    for (text, want) in rows {
        let asked = asked(text);
        assert_eq!(said(&asked).replace("1.50", "1.5"), want.replace("1.50", "1.5"), "{text}");
        assert_eq!(asked.notes, Vec::<String>::new(), "{text}");
    }
}

#[test]
fn calls_as_browsers_copy_them() {
    let text = "fetch(\"https://api.test/v1\", {\n  \"headers\": {\n    \"accept\": \"*/*\",\n    \
                \"content-type\": \"application/json\",\n    \"sec-ch-ua\": \"\\\"x\\\"\",\n    \
                \"sec-fetch-site\": \"cross-site\",\n    \"User-Agent\": \"Mozilla/5.0\",\n    \
                \"cache-control\": \"no-cache\",\n    \"pragma\": \"no-cache\"\n  },\n  \
                \"referrer\": \"https://shop.test/\",\n  \"referrerPolicy\": \
                \"strict-origin-when-cross-origin\",\n  \"body\": \"{\\\"a\\\":1}\",\n  \
                \"method\": \"POST\",\n  \"mode\": \"cors\",\n  \"credentials\": \"include\"\n});";
    let asked = read(text, None).expect("a call");
    let want = "POST https://api.test/v1 [accept: */*; content-type: application/json] \
                Text(\"{\\\"a\\\":1}\")";
    assert_eq!(said(&asked), want);
    assert_eq!(asked.origin.as_deref(), Some("https://shop.test"));
    assert_eq!(asked.request.credentials, Credentials::Include);
    assert_eq!(asked.request.mode, Mode::Cors);
    // What a person wrote stays: the browser drops it, and that is to be told.
    let typed = read("fetch('http://a.test', {headers: {Origin: 'x'}})", None);
    assert!(typed.expect("a call").request.headers.has("origin"));
}

#[test]
fn what_is_no_literal_is_named_with_its_place() {
    let rows = [
        ("fetch(`/u/${id}/x`)", "GET http://shop.test/u/x/x []", "column 11: `${id}`"),
        (
            "fetch('/x', {headers: {Authorization: 'Bearer ' + token}})",
            "GET http://shop.test/x [Authorization: Bearer x]",
            "`token` is not read",
        ),
        (
            "fetch('/x', {headers: {Authorization: `Bearer ${await get({a: '}'})}`}})",
            "GET http://shop.test/x [Authorization: Bearer x]",
            "is not read",
        ),
        ("fetch('https://a.test/' + id + `?q=${q}`)", "GET https://a.test/x?q=x []", "`id`"),
        ("fetch('/x', {...common, signal})", "GET http://shop.test/x []", "`...common`"),
        ("fetch('/x', {[a]: 1, b() { return 1 }})", "GET http://shop.test/x []", "`[a]: 1`"),
        (
            "fetch('/x', {method: 'POST', body: JSON.stringify(cart)})",
            "POST http://shop.test/x [] Text(\"\\\"x\\\"\")",
            "`cart` is not read",
        ),
        (
            "fetch('/x', {method: 'POST', body})",
            "POST http://shop.test/x [] Text(\"x\")",
            "no literal",
        ),
        (
            "fetch('/x', {method: 'POST', body: {a: 1}})",
            "POST http://shop.test/x [] Text(\"[object Object]\")",
            "JSON.stringify",
        ),
        ("fetch('/x', {header: {a: 1}})", "GET http://shop.test/x []", "it has `headers`"),
        ("fetch('/x', {withCredentials: true})", "GET http://shop.test/x []", "`credentials`"),
        ("fetch('/x', options)", "GET http://shop.test/x []", "left out"),
        ("fetch('/x', {headers: make()})", "GET http://shop.test/x []", "left out"),
        ("fetch('/x'); fetch('/y')", "GET http://shop.test/x []", "only the first"),
    ];
    for (text, want, note) in rows {
        let asked = asked(text);
        assert_eq!(said(&asked), want, "{text}");
        assert!(asked.notes.join("; ").contains(note), "{text}: {:?}", asked.notes);
    }
}

#[test]
fn bad_calls_say_where_and_how_to_mend_them() {
    let deep = format!("fetch('http://a', {}", "[".repeat(200));
    let rows = [
        ("", 1, 1, "no call"),
        ("prefetch('x')", 1, 1, "no call"),
        ("fetch('/x')", 1, 1, "relative"),
        ("fetch(url)", 1, 1, "no literal"),
        ("fetch()", 1, 1, "no literal"),
        ("fetch(API + '/x')", 1, 1, "host is no literal"),
        ("fetch(`${API}/x`)", 1, 1, "host is no literal"),
        ("fetch(`https://${host}/x`)", 1, 1, "host is no literal"),
        ("fetch(`//${host}`)", 1, 1, "host is no literal"),
        ("fetch(new URL(`${API}x`, 'http://a'))", 1, 1, "host is no literal"),
        ("fetch('http://a'", 1, 6, "not closed"),
        ("fetch('http://a)", 1, 7, "not closed"),
        ("fetch(`http://a)", 1, 7, "not closed"),
        ("fetch('http://a',\n {a: 1", 2, 2, "not closed"),
        ("fetch('http://a', {method: m})", 1, 28, "no literal"),
        ("fetch('http://a', {mode: 'CORS'})", 1, 26, "no mode"),
        ("fetch('http://a', {credentials: 'yes'})", 1, 33, "credentials"),
        (deep.as_str(), 1, 83, "nested"),
    ];
    for (text, line, column, what) in rows {
        let error = read(text, None).expect_err(text);
        assert!(error.what.contains(what), "{text}: {error}");
        assert_eq!((error.line, error.column), (line, column), "{text}: {error}");
        assert!(!error.mend.is_empty());
    }
}
