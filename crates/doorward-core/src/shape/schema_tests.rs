use super::super::{Additional, BREACHES_MAX, Choices, Document, Formats, ShapeError};
use super::Schema;
use serde_json::{Value, json};

const OPEN: Choices = Choices { additional: Additional::AsDeclared, formats: Formats::Assert };
const CLOSED: Choices = Choices { additional: Additional::Refuse, formats: Formats::Assert };

fn read(schema: Value, choices: Choices) -> Result<Schema, ShapeError> {
    let document = Document { uri: "doorward:/main.json".to_owned(), value: schema };
    let other = json!({"$defs": {"id": {"type": "integer", "minimum": 1}}});
    let beside = Document { uri: "doorward:/other.json".to_owned(), value: other };
    Schema::new(document, vec![beside], choices)
}

/// The pointers and words of what a body breaks.
fn breaches(schema: &Schema, body: &str) -> Vec<(String, String)> {
    let judged = schema.judge(body.as_bytes());
    let list = judged.err().map(|list| list.iter().cloned().collect::<Vec<_>>());
    let told = list.unwrap_or_default().into_iter();
    told.map(|one| (one.pointer, one.keyword.into_owned())).collect()
}

fn check(schema: Value, choices: Choices, rows: &[(&str, &[(&str, &str)])]) {
    let schema = read(schema, choices).expect("a schema");
    for (body, want) in rows {
        let want: Vec<_> =
            want.iter().map(|(place, word)| ((*place).to_owned(), (*word).to_owned())).collect();
        assert_eq!(breaches(&schema, body), want, "{body}");
    }
}

#[test]
fn breaches_have_their_place_and_word() {
    check(
        json!({"type": "object", "required": ["to", "amount"], "properties": {
            "to": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 8},
            "amount": {"$ref": "other.json#/$defs/id"},
            "when": {"format": "date-time"},
            "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": true},
            "way": {"oneOf": [{"const": 1}, {"const": 2}]},
        }}),
        OPEN,
        &[
            (r#"{"to":"ann","amount":5,"more":1,"when":"2026-01-01T00:00:00Z","way":2}"#, &[]),
            (r#"{"to":"Ann","amount":0}"#, &[("/amount", "minimum"), ("/to", "pattern")]),
            (r#"{"to":"ann"}"#, &[("", "required")]),
            (
                r#"{"to":"ann","amount":5,"tags":["a","c","a"]}"#,
                &[("/tags", "uniqueItems"), ("/tags/1", "enum")],
            ),
            (r#"{"to":"ann","amount":5,"when":"yesterday"}"#, &[("/when", "format")]),
            (r#"{"to":"ann","amount":5,"way":3}"#, &[("/way", "oneOf")]),
            ("[]", &[("", "type")]),
            ("{", &[("", "json")]),
        ],
    );
}

#[test]
fn members_are_closed_where_that_is_chosen() {
    let closed = json!({"properties": {
        "a": {"properties": {"b": true}},
        "map": {"additionalProperties": {"type": "integer"}},
        "free": {"type": "object"},
        "open": {"properties": {"x": true}, "additionalProperties": true},
        "both": {"allOf": [{"$ref": "#/$defs/one"}, {"properties": {"two": true}}]},
        "list": {"items": {"properties": {"c": true}}},
        "not": {"not": {"properties": {"d": {"properties": {"e": {"const": 1}}}}}},
    }, "$defs": {"one": {"properties": {"one": true}}}});
    let rows: &[(&str, &[(&str, &str)])] = &[
        (r#"{"a":{"b":1},"map":{"any":1},"free":{"any":1},"open":{"any":1}}"#, &[]),
        (r#"{"both":{"one":1,"two":2},"list":[{"c":1}]}"#, &[]),
        (r#"{"both":{"three":3}}"#, &[("/both/three", "unevaluatedProperties")]),
        (r#"{"a":{"c":1}}"#, &[("/a/c", "additionalProperties")]),
        (r#"{"z":1}"#, &[("/z", "additionalProperties")]),
        (r#"{"list":[{"c":1},{"d":1}]}"#, &[("/list/1/d", "additionalProperties")]),
        (r#"{"map":{"any":"x"}}"#, &[("/map/any", "type")]),
        // Closed, it would have been another thing, and have passed.
        (r#"{"not":{"d":{"e":1,"f":1}}}"#, &[("/not", "not")]),
    ];
    check(closed.clone(), CLOSED, rows);
    check(closed, OPEN, &[(r#"{"a":{"c":1},"z":1,"both":{"three":3}}"#, &[])]);
    let turned = json!({"if": {"$ref": "#/$defs/a"}, "$defs": {"a": {"properties": {"b": true}}}});
    assert!(read(turned.clone(), OPEN).is_ok());
    assert_eq!(read(turned, CLOSED).expect_err("a reference below if").pointer, "/if");
    let old = json!({"$schema": "http://json-schema.org/draft-07/schema#",
        "allOf": [{"properties": {"a": true}}]});
    assert!(read(old.clone(), OPEN).is_ok());
    assert!(read(old, CLOSED).expect_err("an old draft").hint.contains("2020-12"));
}

#[test]
fn what_is_read_only_is_not_written_and_not_required() {
    let schema = json!({"required": ["id", "name"], "properties": {
        "id": {"$ref": "#/$defs/id"}, "name": {"type": "string"},
        "secret": {"writeOnly": true}, "born": {"readOnly": false},
    }, "$defs": {"id": {"type": "integer", "readOnly": true}}});
    check(
        schema,
        OPEN,
        &[
            (r#"{"name":"ann","secret":"x","born":1}"#, &[]),
            (r#"{"name":"ann","id":1}"#, &[("/id", "readOnly")]),
            ("{}", &[("", "required")]),
        ],
    );
}

#[test]
fn no_more_than_ten_breaches_are_told_and_none_repeats_a_text() {
    let secret = "sk-live-0123456789abcdef0123456789abcdef0123456789";
    let schema = json!({"additionalProperties": false, "properties": {
        "list": {"items": {"type": "integer"}},
        "way": {"anyOf": [{"const": "s3cret"}, {"enum": [1]}]},
        "text": {"type": "integer"}, "word": {"const": "s3cret"},
    }, "propertyNames": {"maxLength": 20}});
    let schema = read(schema, OPEN).expect("a schema");
    let many = json!({"list": vec![secret; 50]}).to_string();
    assert_eq!(breaches(&schema, &many).len(), BREACHES_MAX);
    let body = json!({secret: 1, "text": secret, "word": secret, "way": secret}).to_string();
    let judged = schema.judge(body.as_bytes()).expect_err("breaches");
    assert!(judged.iter().count() >= 4);
    let told = format!("{judged:?} {}", judged.iter().map(ToString::to_string).collect::<String>());
    assert!(!told.contains("sk-live") && !told.contains("s3cret"), "{told}");
}

#[test]
fn choices_within_choices_cost_no_more_than_their_body() {
    let both =
        json!({"type": "object", "required": ["x"], "properties": {"x": {"$ref": "#/$defs/node"}}});
    let schema =
        json!({"$ref": "#/$defs/node", "$defs": {"node": {"anyOf": [both, both, {"const": 1}]}}});
    let schema = read(schema, OPEN).expect("a schema");
    let nested =
        |depth: usize, end: &str| format!("{}{end}{}", "{\"x\":".repeat(depth), "}".repeat(depth));
    assert_eq!(schema.judge(nested(60, "1").as_bytes()), Ok(()));
    assert_eq!(breaches(&schema, &nested(60, "2")), [(String::new(), "schema".to_owned())]);
    assert_eq!(breaches(&schema, &nested(2, "2")), [(String::new(), "anyOf".to_owned())]);
    // A tree has two ways down as well, and each value has one of them.
    let tree = json!({"properties": {"l": {"$ref": "#"}, "r": {"$ref": "#"}, "v": {"const": 1}}});
    let tree = read(tree, OPEN).expect("a schema");
    let body = (0..40).fold("{\"v\":2}".to_owned(), |inner, _| format!("{{\"l\":{inner}}}"));
    assert_eq!(breaches(&tree, &body).first().expect("a breach").1, "const");
}

#[test]
fn patterns_take_linear_time() {
    let schema = read(json!({"pattern": "^(a+)+$"}), OPEN).expect("a schema");
    let long = format!("\"{}!\"", "a".repeat(100_000));
    assert_eq!(breaches(&schema, &long), [(String::new(), "pattern".to_owned())]);
    for (pattern, is_read) in [
        ("^(?:a|b)*$", true),
        (r"^\d{1,3}\p{L}$", true),
        ("(?=a)b", false),
        ("(?<!a)b", false),
        (r"(a)\1", false),
        ("(", false),
        ("(?:(?:(?:a{100}){100}){100}){100}", false),
    ] {
        let read = read(json!({"properties": {"a": {"pattern": pattern}}}), OPEN);
        assert_eq!(read.is_ok(), is_read, "{pattern} {read:?}");
        if let Err(error) = read {
            assert!(error.pointer.starts_with("/properties/a"), "{error:?}");
        }
    }
}

#[test]
fn what_is_no_schema_is_an_error_with_its_place() {
    for (schema, pointer, what) in [
        (json!({"$ref": "http://127.0.0.1:9/x.json"}), "", "leads nowhere"),
        (json!({"$ref": "https://example.com/x.json#/a"}), "", "leads nowhere"),
        (json!({"$ref": "file:///etc/passwd"}), "", "leads nowhere"),
        (json!({"$ref": "absent.json"}), "", "leads nowhere"),
        (json!({"$ref": "#/$defs/absent"}), "", "leads nowhere"),
        (json!({"$ref": "#"}), "", "circle"),
        (json!({"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"$ref": "#"}}}), "", "circle"),
        (json!({"properties": {"a": {"type": "text"}}}), "/properties/a/type", ""),
        (json!({"required": "a"}), "/required", ""),
        (json!({"minLength": -1}), "/minLength", ""),
        (json!("x"), "", ""),
        (json!({"$schema": "https://example.com/own"}), "", ""),
    ] {
        let error = read(schema.clone(), OPEN).expect_err("no schema");
        assert_eq!(error.pointer, pointer, "{schema} {error:?}");
        assert!(error.what.contains(what), "{schema} {error:?}");
        assert!(!error.hint.is_empty());
    }
    assert!(read(json!({"properties": {"a": {"$ref": "#"}}}), OPEN).is_ok());
    assert!(read(json!({"$ref": "other.json"}), OPEN).is_ok());
}
