use super::{Recorded, read, template};
use crate::Call;
use serde_json::{Value, json};
use url::Url;

fn url(text: &str) -> Url {
    Url::parse(text).expect("an address")
}

fn har(entries: &[Value]) -> Recorded {
    read(&json!({"log": {"version": "1.2", "entries": entries}}).to_string()).expect("a HAR")
}

fn get(address: &str, headers: &[(&str, &str)]) -> Value {
    entry("GET", address, headers, 200)
}

fn entry(method: &str, address: &str, headers: &[(&str, &str)], status: u16) -> Value {
    let headers: Vec<Value> =
        headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let allow = json!([{"name": "Access-Control-Allow-Origin", "value": "https://shop.test"}]);
    json!({
        "request": {"method": method, "url": address, "headers": headers},
        "response": {"status": status, "headers": allow, "content": {"text": "x"}},
    })
}

#[test]
fn operations_of_the_hosts_that_were_given() {
    let mut posted = entry("POST", "http://a.test/orders", &[], 201);
    posted["request"]["postData"] = json!({"mimeType": "application/json", "text": "{\"a\":1}"});
    let mut form = entry("POST", "http://a.test/form", &[], 201);
    form["request"]["postData"] = json!({
        "mimeType": "application/x-www-form-urlencoded",
        "params": [{"name": "a b", "value": "1"}],
    });
    let mut image = get("http://a.test/logo.png", &[]);
    image["_resourceType"] = json!("image");
    let recorded = har(&[
        get("http://a.test/users/1", &[]),
        get("http://a.test/users/2?x=1", &[]),
        get("http://a.test/users/2/posts", &[]),
        get("http://b.test/users/1", &[]),
        get("https://a.test/users/1", &[]),
        get("http://a.test/app.js", &[("Sec-Fetch-Dest", "script")]),
        entry("OPTIONS", "http://a.test/orders", &[], 204),
        image,
        posted,
        form,
    ]);
    let listed = recorded.operations(&[url("http://a.test/api")]);
    let names: Vec<String> = listed.operations.iter().map(crate::Operation::name).collect();
    let want = ["GET /users/{id}", "GET /users/{id}/posts", "POST /orders", "POST /form"];
    assert_eq!(names, want);
    assert_eq!(listed.operations[0].url.as_str(), "http://a.test/users/1");
    assert_eq!(listed.operations[2].content_type, "application/json");
    assert_eq!(listed.operations[2].body, b"{\"a\":1}");
    assert_eq!(listed.operations[3].body, b"a+b=1");
    let left_out: Vec<&str> = listed.left_out.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!(left_out, ["http://b.test", "https://a.test", "GET /app.js", "GET /logo.png"]);
}

#[test]
fn credentials_stay_with_their_host() {
    let recorded = har(&[
        get("http://a.test/1", &[("Cookie", "sid=old"), ("X-Api-Key", "k")]),
        get("http://a.test/2", &[("cookie", "sid=new")]),
        get("http://b.test/1", &[("Authorization", "Bearer other")]),
        get("http://c.test/1", &[("Accept", "*/*")]),
    ]);
    let session = recorded.session(&url("http://a.test/x")).expect("a session");
    let on = |text: &str| session.on(&Call::new("GET", &url(text)));
    let call = on("http://a.test/9").expect("the same host");
    let sent: Vec<String> = call.headers.iter().map(|(n, v)| format!("{n}: {v}")).collect();
    assert_eq!(sent, ["X-Api-Key: k", "Cookie: sid=new"]);
    for other in ["http://b.test/", "http://a.test:81/", "http://sub.a.test/"] {
        assert!(on(other).is_none(), "{other}");
    }
    assert!(recorded.session(&url("http://c.test/")).is_none());
    assert!(recorded.session(&url("https://a.test/")).is_none());
    assert!(!format!("{session:?} {recorded:?}").contains("new"), "{recorded:?}");
}

#[test]
fn malformed_entries_are_counted_and_the_others_are_read() {
    let recorded = har(&[
        json!(null),
        json!({"request": {"method": "GET"}}),
        json!({"request": {"method": "GET", "url": 7}}),
        get("ws://a.test/", &[]),
        get("data:text/plain,x", &[]),
        entry("GET / HTTP/1.1\r\nX: y", "http://a.test/", &[], 200),
        entry("", "http://a.test/", &[], 200),
        json!({"request": {"method": "GET", "url": "http://a.test/"}}),
    ]);
    assert_eq!(recorded.malformed_count, 7);
    assert_eq!(recorded.entries.len(), 1);
    assert_eq!(recorded.entries[0].number, 8);
    let listed = recorded.operations(&[url("http://a.test/")]);
    assert_eq!(listed.operations.len(), 1);
    assert!(listed.left_out[0].0.starts_with("7 entries of the HAR"), "{listed:?}");
}

#[test]
fn an_entry_is_a_trouble_with_its_preflight() {
    let asked = [("Origin", "https://shop.test"), ("Content-Type", "application/json")];
    let mut blocked = entry("GET", "http://a.test/blocked", &asked, 0);
    blocked["response"]["headers"] = json!([]);
    let recorded = har(&[
        entry("OPTIONS", "http://a.test/other", &[], 404),
        entry("PUT", "http://a.test/x", &asked, 200),
        entry("OPTIONS", "http://a.test/x", &[], 204),
        blocked,
    ]);
    let (asked, answers) = recorded.trouble(2).expect("an entry");
    assert_eq!(asked.origin.as_deref(), Some("https://shop.test"));
    assert_eq!(answers.preflight.map(|answer| answer.status), Some(204));
    assert_eq!(answers.answer.map(|answer| answer.status), Some(200));
    let (asked, answers) = recorded.trouble(4).expect("an entry");
    assert!(answers.answer.is_none() && answers.preflight.is_none());
    assert!(asked.notes.iter().any(|note| note.contains("does not have the answer")));
    assert!(recorded.trouble(0).is_err() && recorded.trouble(5).is_err());
}

#[test]
fn forms_of_paths() {
    let rows = [
        ("/users/7", "/users/{id}"),
        ("/v1/users/", "/v1/users/"),
        ("/a/3f2504e0-4f89-11d3-9a0c-0305e82c3301/b", "/a/{id}/b"),
        ("/a/507f1f77bcf86cd799439011", "/a/{id}"),
        ("/a/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/a/{id}"),
        ("/a/deadbeef", "/a/deadbeef"),
        ("/a/report-2024", "/a/report-2024"),
        ("/", "/"),
    ];
    for (path, want) in rows {
        assert_eq!(template(path), want);
    }
}

#[test]
fn what_is_no_har_says_where() {
    let deep = "[".repeat(1_000_000);
    for text in ["", "{}", "[]", "{\"log\": {}}", "{\"log\": {\"entries\": 1}}", deep.as_str()] {
        let error = read(text).expect_err("no HAR");
        assert!(error.what.contains("no HAR"), "{error}");
    }
    let error = read("{\n \"log\": x}").expect_err("no HAR");
    assert_eq!((error.line, error.column), (2, 9));
    // A whole file of nothing is ten million letters and no entry.
    let long = format!("{{\"log\":{{\"entries\":[{}null]}}}}", "null,".repeat(2_000_000));
    let recorded = read(&long).expect("a HAR");
    assert_eq!((recorded.malformed_count, recorded.malformed.len()), (2_000_001, 10));
}
