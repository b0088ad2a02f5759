use super::super::{Additional, ApiSettings, Choices, Formats, Queries, yaml};
use super::{Known, OpenApi, Problem};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};

const FORM: &str = "application/x-www-form-urlencoded";

fn api() -> Value {
    yaml::read(include_str!("tests.yaml")).expect("YAML")
}

fn read(settings: &ApiSettings) -> OpenApi {
    OpenApi::new(api(), settings).expect("a document")
}

fn closed() -> ApiSettings {
    let choices = Choices { additional: Additional::Refuse, formats: Formats::Assert };
    ApiSettings { choices, ..ApiSettings::default() }
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in lines {
        let value = HeaderValue::from_str(value).expect("a value");
        map.append(HeaderName::from_static(name), value);
    }
    map
}

/// What of a request is broken: its pointers and words, or its problem's name.
fn judged(
    api: &OpenApi,
    method: &str,
    target: &str,
    lines: &[(&'static str, &str)],
    body: &str,
) -> Vec<String> {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let found = match api.find(&method, path) {
        Known::Operation(found) => found,
        Known::OtherMethod(methods) => return vec![format!("other method: {}", methods.join(" "))],
        Known::Nothing => return vec!["nothing".to_owned()],
    };
    let headers = headers(lines);
    let judged = found.judge_head(query, &headers);
    let problem = match judged.and_then(|()| found.judge_body(&headers, body.as_bytes())) {
        Ok(()) => return Vec::new(),
        Err(problem) => problem,
    };
    match problem {
        Problem::Parameters(list) | Problem::Body(list) => {
            list.iter().map(|one| format!("{} {}", one.pointer, one.keyword)).collect()
        }
        other => vec![format!("{other:?}")],
    }
}

#[test]
fn operations_are_found_by_path_and_method() {
    let api = read(&closed());
    let way: &[(&str, &str)] = &[("x-way", "a")];
    for (method, target, want) in [
        ("GET", "/v1/users/7", ""),
        ("HEAD", "/v1/users/7", ""),
        ("GET", "/v1/users/me", ""),
        ("DELETE", "/v1/users/7", "other method: GET"),
        ("POST", "/v1/users/me", "other method: GET"),
        ("GET", "/users/7", "nothing"),
        ("GET", "/v1/users/7/", "nothing"),
        ("GET", "/v1/Users/7", "nothing"),
        ("GET", "/v1/users//", "nothing"),
        ("GET", "/v1", "nothing"),
    ] {
        assert_eq!(judged(&api, method, target, way, "").join(","), want, "{method} {target}");
    }
    let prefixed = read(&ApiSettings { prefix: Some("/x/".to_owned()), ..closed() });
    assert_eq!(judged(&prefixed, "GET", "/x/users/me", &[], ""), [""; 0]);
    assert_eq!(judged(&prefixed, "GET", "/v1/users/me", &[], ""), ["nothing"]);
}

#[test]
fn parameters_have_their_shape() {
    let api = read(&closed());
    let way: &[(&str, &str)] = &[("x-way", "a")];
    for (query, want) in [
        ("limit=7", ""),
        ("limit=101", "query/limit maximum"),
        ("limit=07", "query/limit type"),
        ("limit=7.0", "query/limit type"),
        ("limit=+7", "query/limit type"),
        ("limit=7&limit=8", "query/limit twice"),
        ("limit=", "query/limit type"),
        ("LIMIT=7", "query/LIMIT unclear"),
        ("limit[]=7", "query unclear"),
        ("limit%00x=7", "query unclear"),
        ("tags=1&tags=2", ""),
        ("tags=1&tags=x", "query/tags/1 type"),
        ("tags=1&tags=2&tags=3", "query/tags maxItems"),
        ("ids=a,b", ""),
        ("ids=a%2Cb", ""),
        ("ids=", ""),
        ("ids=a,B", "query/ids/1 pattern"),
        ("ids=a&ids=b", "query/ids twice"),
        ("filter[age]=5", ""),
        ("filter%5Bage%5D=5", ""),
        ("filter[age]=x", "query/filter/age type"),
        ("filter[b]=5", "query/filter/b additionalProperties"),
        ("filter=5", "query/filter unclear"),
        ("where=%7B%22a%22:1%7D", ""),
        ("where=%7B%7D", "query/where required"),
        ("where=%7B%22a%22:1,%22a%22:2%7D", "query/where json"),
        ("more=1", "query/more undeclared"),
        ("doorward_ticket=x", ""),
        ("limit=7;more=1", "query unclear"),
        ("limit=%zz", "query unclear"),
    ] {
        let target = format!("/v1/users/7?{query}");
        assert_eq!(judged(&api, "GET", &target, way, "").join(","), want, "{query}");
    }
    for (path, lines, want) in [
        ("/v1/users/0", way, "path/id minimum"),
        ("/v1/users/01", way, "path/id type"),
        ("/v1/users/%37", way, ""),
        ("/v1/users/7%2F8", way, "path/id unclear"),
        ("/v1/users/7", &[][..], "header/X-Way required"),
        ("/v1/users/7", &[("x-way", "c")], "header/X-Way enum"),
        ("/v1/users/7", &[("x-way", "a"), ("x-way", "a")], "header/X-Way unclear"),
        ("/v1/users/7", &[("x-way", "a"), ("cookie", "theme=true; x=1")], ""),
        ("/v1/users/7", &[("x-way", "a"), ("cookie", "theme=1")], "cookie/theme type"),
        (
            "/v1/users/7",
            &[("x-way", "a"), ("cookie", "theme=true; theme=false")],
            "cookie/theme unclear",
        ),
    ] {
        assert_eq!(judged(&api, "GET", path, lines, "").join(","), want, "{path} {lines:?}");
    }
    let open = read(&ApiSettings { queries: Queries::Pass, ..ApiSettings::default() });
    assert_eq!(judged(&open, "GET", "/v1/users/7?more=1", way, ""), [""; 0]);
    assert_eq!(judged(&open, "GET", "/v1/users/7?LIMIT=1", way, ""), ["query/LIMIT unclear"]);
}

#[test]
fn bodies_have_their_shape() {
    let api = read(&closed());
    let json = "application/json";
    for (kind, body, want) in [
        (json, r#"{"name":"ann","age":5}"#, ""),
        ("application/json; charset=utf-8", r#"{"name":null}"#, ""),
        (json, r#"{"name":"ann","age":0}"#, "/age exclusiveMinimum"),
        (json, r#"{"name":"ann","age":3000000000}"#, "/age maximum"),
        (json, r#"{"name":"ann","id":1}"#, "/id readOnly"),
        (json, r#"{"name":"ann","x":1}"#, "/x unevaluatedProperties"),
        (
            json,
            r#"{"name":"ann","friends":[{"name":"bob","x":1}]}"#,
            "/friends/0/x unevaluatedProperties",
        ),
        (json, r#"{"name":"ann","pet":{"kind":"c","claws":5}}"#, ""),
        (json, r#"{"name":"ann","name":"bob"}"#, " json"),
        (json, "", "NoBody"),
        (json, "name=ann", " json"),
        ("text/plain", r#"{"name":"ann"}"#, "MediaType"),
        ("application/json, text/plain", r#"{"name":"ann"}"#, "MediaType"),
        ("application/json; charset=utf-7", r#"{"name":"ann"}"#, "MediaType"),
        (FORM, "name=ann&age=5", ""),
        (FORM, "name=ann&age=x", "/age type"),
        (FORM, "age=5", " required"),
        (FORM, "name=ann&name=bob", "/name twice"),
        (FORM, "name=ann&NAME=bob", " unclear"),
        (FORM, r#"{"name":"ann"}"#, " form"),
    ] {
        let got = judged(&api, "POST", "/v1/users", &[("content-type", kind)], body).join(",");
        assert_eq!(got, want, "{kind} {body}");
    }
    assert_eq!(judged(&api, "POST", "/v1/users", &[], "{}"), ["MediaType"]);
    assert_eq!(judged(&api, "GET", "/v1/users/me", &[], ""), [""; 0]);
    assert_eq!(judged(&api, "GET", "/v1/users/me", &[], "x"), ["NoBodyWanted"]);
}

#[test]
fn files_are_there_and_not_read() {
    let api = read(&ApiSettings::default());
    let part = |head: &str, body: &str| {
        format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n")
    };
    let doc = part("name=\"doc\"; filename=\"a.txt\"", "\u{1}\u{2}");
    let other = part("name=\"other\"; filename=\"a.txt\"", "x");
    for (parts, want) in [
        (doc.clone(), ""),
        (format!("{doc}{}", part("name=\"note\"", "short")), ""),
        (format!("{doc}{}", part("name=\"note\"", "longer")), "/note maxLength"),
        (part("name=\"note\"", "short"), " required"),
        (format!("{doc}{doc}"), "/doc twice"),
        (format!("{doc}{other}"), "/other file"),
        (part("name=\"note\"; filename=\"x\"", "x"), "/note file"),
    ] {
        let lines = [("content-type", "multipart/form-data; boundary=b")];
        let got = judged(&api, "POST", "/v1/files", &lines, &format!("{parts}--b--\r\n")).join(",");
        assert_eq!(got, want, "{parts}");
    }
    let image = judged(&api, "POST", "/v1/files", &[("content-type", "image/png")], "\u{1}");
    assert_eq!(image, [""; 0]);
    let other = judged(&api, "POST", "/v1/files", &[("content-type", "text/png")], "x");
    assert_eq!(other, ["MediaType"]);
}

#[test]
fn documents_say_what_is_wrong_with_them() {
    let base = || json!({"openapi": "3.1.0", "paths": {"/a": {"get": {}}}});
    let with = |pointer: &str, name: &str, value: Value| {
        let mut document = base();
        let at = document.pointer_mut(pointer).and_then(Value::as_object_mut).expect("an object");
        at.insert(name.to_owned(), value);
        document
    };
    for (document, pointer) in [
        (json!({"swagger": "2.0"}), "/openapi"),
        (json!({}), "/openapi"),
        (json!({"openapi": "4.0.0"}), "/openapi"),
        (json!({"openapi": "3.0.0"}), "/paths"),
        (with("", "jsonSchemaDialect", json!("https://example.com/x")), "/jsonSchemaDialect"),
        (with("/paths", "a", json!({"get": {}})), "/paths/a"),
        (with("/paths", "/{a", json!({"get": {}})), "/paths/~1{a"),
        (with("/paths", "/b", json!({"$ref": "other.yaml"})), "/paths/~1b"),
        (with("/paths/~1a", "parameters", json!([{"name": "x"}])), "/paths/~1a/parameters/0"),
        (
            with("/paths/~1a/get", "requestBody", json!({"$ref": "#/x"})),
            "/paths/~1a/get/requestBody",
        ),
    ] {
        let errors = OpenApi::new(document.clone(), &closed()).expect_err("an error");
        assert_eq!(errors[0].pointer, pointer, "{document} {errors:?}");
    }
    // A schema is read when it is needed, or when all are.
    let schema = json!({"content": {"application/json": {"schema": {"$ref": "http://x.test/y"}}}});
    let document = with("/paths/~1a/get", "requestBody", schema);
    let api = OpenApi::new(document, &closed()).expect("a document");
    assert_eq!(api.read_all().len(), 1);
    let got = judged(&api, "GET", "/a", &[("content-type", "application/json")], "{}");
    assert!(got[0].starts_with("Document"), "{got:?}");
    assert!(read(&closed()).read_all().is_empty());
}

#[test]
fn what_is_loose_is_counted() {
    let loose = read(&ApiSettings::default()).loose();
    let users = loose.iter().find(|one| one.operation == "POST /users").expect("the operation");
    assert_eq!((users.open_objects, users.endless_texts, users.endless_lists), (3, 1, 1));
    let closed = read(&closed()).loose();
    let users = closed.iter().find(|one| one.operation == "POST /users").expect("the operation");
    assert_eq!(users.open_objects, 0);
    assert!(loose[0].count() >= loose[1].count());
}
