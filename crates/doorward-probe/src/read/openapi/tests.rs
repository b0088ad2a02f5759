use super::read;
use crate::Operation;
use crate::read::Listed;
use proptest::prelude::any;
use proptest::{collection, proptest};
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::time::{Duration, Instant};
use url::Url;

fn base() -> Url {
    Url::parse("http://localhost:3000/api/?x#y").expect("an address")
}

fn listed(file: &Value) -> Listed {
    read(&file.to_string(), &base()).expect("a file")
}

fn one(method: &str, path: &str, operation: Value) -> Operation {
    let mut file = json!({"openapi": "3.1.0", "paths": {}});
    file["paths"][path][method] = operation;
    let mut listed = listed(&file);
    assert_eq!(listed.operations.len(), 1, "{listed:#?}");
    listed.operations.remove(0)
}

fn said(operation: &Operation) -> String {
    let body = String::from_utf8_lossy(&operation.body);
    let (method, url, kind) = (&operation.method, &operation.url, &operation.content_type);
    format!("{method} {url} {kind} {body}").trim().to_owned()
}

const FILE: &str = r"
openapi: 3.0.3
servers: [{url: 'https://production.example/v1'}]
security: [{key: []}]
paths:
  /users/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: integer, minimum: 7}}
    get:
      parameters:
        - {name: fields, in: query, schema: {type: string}}
        - {name: lang, in: query, required: true, schema: {type: string, enum: [de, en]}}
        - {name: X-Tenant, in: header, required: true, schema: {type: string}}
    delete:
      x-doorward-probe: safe
      security: []
  /search:
    post:
      security: [{}, {key: []}]
      x-doorward-probe: yes-please
      requestBody: {$ref: '#/components/requestBodies/Query'}
components:
  requestBodies:
    Query:
      content:
        application/xml: {schema: {type: string}}
        application/json:
          schema: {$ref: '#/components/schemas/Query'}
  schemas:
    Query:
      type: object
      required: [text, page]
      properties:
        text: {type: string, example: chairs}
        page: {$ref: '#/components/schemas/Page'}
        debug: {type: boolean}
    Page: {type: integer, minimum: 1, maximum: 9}
";

#[test]
fn a_file_in_yaml_becomes_operations_of_the_given_address() {
    let listed = read(FILE, &base()).expect("a file");
    let all: Vec<String> = listed.operations.iter().map(said).collect();
    let want = [
        "POST http://localhost:3000/api/search application/json {\"page\":1,\"text\":\"chairs\"}",
        "DELETE http://localhost:3000/api/users/7",
        "GET http://localhost:3000/api/users/7?lang=de",
    ];
    assert_eq!(all, want);
    assert_eq!(listed.operations[1].name(), "DELETE /api/users/{id}");
    assert!(listed.operations[1].is_sendable() && !listed.operations[1].needs_caller);
    assert!(!listed.operations[0].is_sendable() && !listed.operations[0].needs_caller);
    assert!(listed.operations[2].needs_caller);
    let left_out: Vec<&str> = listed.left_out.iter().map(|(what, _)| what.as_str()).collect();
    let want = ["`servers`", "POST /search, x-doorward-probe", {
        "GET /users/{id}, the header `X-Tenant`"
    }];
    assert_eq!(left_out, want);
}

#[test]
fn values_of_parameters() {
    let rows = [
        (json!({"example": "a/b c"}), "/a%2Fb%20c"),
        (json!({"examples": {"one": {"value": 5}}}), "/5"),
        (json!({"schema": {"type": "string", "format": "uuid"}}), {
            "/00000000-0000-4000-8000-000000000001"
        }),
        (json!({"schema": {"type": ["null", "boolean"]}}), "/true"),
        (json!({"schema": {"type": "integer", "exclusiveMinimum": 3, "multipleOf": 5}}), "/5"),
        (json!({"schema": {"type": "number", "maximum": 0.5}}), "/0.5"),
        (json!({"schema": {"type": "string", "minLength": 3}}), "/aaa"),
        (json!({"schema": {"type": "array", "items": {"enum": ["x"]}}}), "/x"),
        (json!({"schema": {"default": "d"}}), "/d"),
        (json!({"schema": {"const": 9}}), "/9"),
        (json!({"example": ".."}), "/1"),
        (json!({"example": "?a#b"}), "/%3Fa%23b"),
        (json!({}), "/1"),
    ];
    for (mut parameter, want) in rows {
        parameter["name"] = json!("p");
        parameter["in"] = json!("path");
        let operation = one("get", "/{p}/{undeclared}", json!({"parameters": [parameter.clone()]}));
        let want = format!("http://localhost:3000/api{want}/1");
        assert_eq!(operation.url.as_str(), want, "{parameter}");
    }
}

#[test]
fn bodies_of_each_type() {
    let schema = json!({"allOf": [
        {"properties": {"a": {"type": "array", "items": {"type": "integer"}}}},
        {"oneOf": [{"properties": {"b": {"type": "string"}, "id": {"readOnly": true}}}]},
    ]});
    let rows = [
        ("application/json", json!({"schema": schema}), {
            "application/json {\"a\":[1],\"b\":\"a\"}"
        }),
        ("application/vnd.a+json; v=1", json!({"example": [1]}), "application/vnd.a+json [1]"),
        ("application/x-www-form-urlencoded", json!({"schema": schema}), {
            "application/x-www-form-urlencoded a=1&b=a"
        }),
        ("text/plain", json!({"example": "hi"}), "text/plain hi"),
        ("*/*", json!({}), "application/json {}"),
    ];
    for (kind, media, want) in rows {
        let operation = one("put", "/x", json!({"requestBody": {"content": {kind: media}}}));
        assert_eq!(said(&operation), format!("PUT http://localhost:3000/api/x {want}"), "{kind}");
    }
    let multipart =
        json!({"requestBody": {"content": {"multipart/form-data": {"schema": schema}}}});
    let operation = one("post", "/x", multipart);
    let body = String::from_utf8(operation.body).expect("text");
    assert!(body.contains("name=\"b\"\r\n\r\na\r\n"), "{body}");
    let of_get = json!({"requestBody": {"content": {"application/json": {"example": 1}}}});
    assert!(one("get", "/x", of_get).body.is_empty());
}

#[test]
fn what_cannot_be_asked_is_named() {
    let far = json!({"$ref": "https://evil.example/all.json#/x"});
    let file = json!({
        "openapi": "3.0.0",
        "paths": {
            "no-slash": {"get": {}},
            "/../../admin": {"get": {}},
            "/a/%2E%2e/b": {"get": {}},
            "/a?b": {"get": {}},
            "/far": far,
            "/circle": {"$ref": "#/paths/~1circle"},
            "/x": {"get": {"parameters": [far]}, "query": {}, "put": 7, "trace": {}},
            "/xml": {"post": {"requestBody": {"content": {"application/xml": {}}}}},
            "/lost": {"post": {"requestBody": far}},
            "//evil.example/x": {"get": {}},
        },
    });
    let listed = listed(&file);
    let all: Vec<String> = listed.operations.iter().map(said).collect();
    // A body that cannot be written leaves the operation without one.
    let want = [
        "GET http://localhost:3000/api//evil.example/x",
        "POST http://localhost:3000/api/lost",
        "GET http://localhost:3000/api/x",
        "POST http://localhost:3000/api/xml",
    ];
    assert_eq!(all, want);
    let left_out: Vec<&str> = listed.left_out.iter().map(|(what, _)| what.as_str()).collect();
    for part in [
        "no-slash",
        "/../../admin",
        "/a/%2E%2e/b",
        "/a?b",
        "/far",
        "/circle",
        "a parameter",
        "QUERY /x",
        "PUT /x",
        "POST /xml, its body",
        "POST /lost, its body",
    ] {
        assert!(left_out.contains(&part), "{part} in {left_out:?}");
    }
}

#[test]
fn what_is_no_file_of_openapi_says_so() {
    for (text, what) in [
        ("", "empty"),
        ("{", "no JSON"),
        ("a: [", "no YAML"),
        ("hello", "no `openapi"),
        ("{\"swagger\": \"2.0\"}", "Swagger"),
        ("openapi: 4.0.0", "no `openapi"),
    ] {
        let error = read(text, &base()).expect_err(what);
        assert!(error.what.contains(what), "{error}");
    }
}

#[test]
fn hostile_schemas_end_soon() {
    let circle = json!({"type": "object", "properties": {
        "a": {"$ref": "#/components/schemas/C"}, "b": {"$ref": "#/components/schemas/C"},
        "c": {"$ref": "#/components/schemas/C"}, "d": {"$ref": "#/components/schemas/C"},
    }});
    let many: Vec<Value> = (0..3000)
        .map(|at| json!({"name": format!("p{at}"), "in": "query", "required": true}))
        .collect();
    let long = json!({"type": "string", "minLength": 1e18 as u64});
    let body = |schema: Value| {
        let content = json!({"application/json": {"schema": schema}});
        json!({"post": {"requestBody": {"content": content}}})
    };
    let file = json!({
        "openapi": "3.1.0",
        "paths": {
            "/circle": body(json!({"$ref": "#/components/schemas/C"})),
            "/self": body(json!({"$ref": "#/components/schemas/S"})),
            "/long": body(long),
            "/true": body(json!(true)),
            "/many": {"get": {"parameters": many}},
        },
        "components": {"schemas": {"C": circle, "S": {"$ref": "#/components/schemas/S"}}},
    });
    let listed = listed(&file);
    assert_eq!(listed.operations.len(), 5, "{:?}", listed.left_out);
    for operation in &listed.operations {
        assert!(operation.body.len() < 300_000 && operation.url.as_str().len() < 9_000);
    }
}

/// What all refer to is large, and there are very many of them: nothing grows with the product.
#[test]
fn small_files_make_no_large_lists() {
    let begun = Instant::now();
    let paths = |item: &Value| -> Map<String, Value> {
        (0..2_000).map(|at| (format!("/p{at}"), item.clone())).collect()
    };
    let media = json!({"application/json": {"schema": {"$ref": "#/components/schemas/X"}}});
    let post = json!({"post": {"requestBody": {"content": media}}});
    let example = |length: usize| json!({"type": "string", "example": "a".repeat(length)});
    let names = |count: usize| -> Vec<String> { (0..count).map(|at| format!("n{at}")).collect() };
    let all = |count: usize, schema: &Value| -> Map<String, Value> {
        names(count).into_iter().map(|name| (name, schema.clone())).collect()
    };
    let whole = json!({"type": "object", "required": names(5_000), "properties": all(5_000,
        &json!({"$ref": "#/components/schemas/Y"}))});
    let optional =
        json!({"type": "object", "required": ["z"], "properties": all(5_000, &json!({}))});
    let many = json!({"allOf": vec![json!({"$ref": "#/components/schemas/Y"}); 5_000]});
    let item = |value: Value| json!({"paths": paths(&json!({"$ref": "#/x"})), "x": value});
    let rows: Vec<Value> = names(5_000).iter().map(|name| json!({"name": name})).collect();
    let alike = vec![json!({"name": "a", "in": "query"}); 5_000];
    for file in [
        json!({"paths": paths(&post), "components": {"schemas": {"X": example(25_000)}}}),
        json!({"paths": paths(&post), "components": {"schemas": {"X": example(9_000_000)}}}),
        json!({"paths": paths(&post),
            "components": {"schemas": {"X": whole, "Y": example(9_000_000)}}}),
        json!({"paths": paths(&post), "components": {"schemas": {"X": whole, "Y": example(9)}}}),
        json!({"paths": paths(&post), "components": {"schemas": {"X": optional}}}),
        json!({"paths": paths(&post), "components": {"schemas": {"X": many, "Y": example(9)}}}),
        item(json!({"get": {}, "parameters": rows})),
        item(json!({"get": {}, "parameters": alike})),
        item(Value::Object(all(5_000, &json!(1)))),
        item(json!({"get": {"security": vec![json!({"a": []}); 5_000]}})),
    ] {
        let mut file = file;
        file["openapi"] = Value::from("3.1.0");
        let listed = listed(&file);
        let bytes: usize = listed.operations.iter().map(|one| one.body.len()).sum();
        assert!(bytes < 300_000_000, "{bytes}");
        assert!(!listed.operations.is_empty() || !listed.left_out.is_empty());
    }
    let long = format!("/{{{}}}", "a".repeat(1_000_000));
    let named = listed(&json!({"openapi": "3.1.0", "paths": {long: {"get": {}}}}));
    assert_eq!((named.operations.len(), named.left_out.len()), (0, 1));
    assert!(begun.elapsed() < Duration::from_secs(300), "{:?}", begun.elapsed());
}

#[test]
fn a_hundred_thousand_operations_are_read() {
    let mut text = "openapi: 3.0.0\npaths:\n".to_owned();
    for at in 0..100_100 {
        let _ = writeln!(text, "  /p{at}/{{id}}: {{get: {{}}}}");
    }
    let listed = read(&text, &base()).expect("a file");
    assert_eq!(listed.operations.len(), 100_000);
    assert_eq!(listed.left_out.len() + listed.more_left_out, 100);
}

#[test]
fn ten_million_letters_are_read_or_refused() {
    let million = 1_000_000;
    for text in [
        "a".repeat(10 * million),
        "- ".repeat(2 * million),
        "[".repeat(10 * million),
        "{".repeat(10 * million),
        "a: &a\n".repeat(million),
        "? ".repeat(million),
        format!("openapi: '3.0'\nx: \"{}\"", "\\n".repeat(5 * million)),
        format!("openapi: 3.0.0\npaths: {{{}}}", "/a: {get: {}}, ".repeat(100_000)),
        "# comment\n".repeat(million),
        "!a ".repeat(million),
    ] {
        let _ = read(&text, &base());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = read(&text, &base());
        let _ = crate::read::har::read(&text);
    }

    #[test]
    fn any_pieces_of_yaml_are_read_or_refused(
        pieces in collection::vec(0..PIECES.len(), 0..60),
    ) {
        let text: String = pieces.iter().map(|at| PIECES[*at]).collect();
        let _ = read(&text, &base());
        let _ = read(&format!("openapi: 3.0.0\npaths:\n  {text}"), &base());
    }
}

const PIECES: &[&str] = &[
    "a",
    ": ",
    ":",
    "\n",
    "\n  ",
    "\n    ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a",
    "? ",
    "| ",
    "> ",
    "'",
    "\"",
    "\\",
    "#",
    " #",
    "!",
    "!!str ",
    "%YAML 1.2\n",
    "---\n",
    "...\n",
    "~",
    "\t",
    "\r\n",
    "\u{feff}",
    "é",
    "/x: ",
    "get: {}",
    "<<: *a",
    "$ref: '#/paths'",
    "\u{0}",
    "💥",
];
