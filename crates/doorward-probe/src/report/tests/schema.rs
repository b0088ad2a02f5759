//! The published schema against reports. The checker knows the words of JSON Schema that the schema
//! uses, and no others: an unknown one fails the test.

use super::{hostile, told};
use crate::report::json;
use crate::run::Report;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

fn schema() -> Value {
    let text = include_str!("../../../../../docs/probe-report.schema.json");
    serde_json::from_str(text).expect("the schema is JSON")
}

/// Where a value is not as the schema has it.
fn wrong(root: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    let words = schema.as_object().expect("a schema is an object");
    let no = |what: &str| Some(format!("{at}: {what}: {value}"));
    for (word, said) in words {
        let broken = match word.as_str() {
            "$schema" | "$defs" | "title" | "description" => None,
            "$ref" => {
                let name = said.as_str().and_then(|name| name.strip_prefix("#/$defs/"));
                let own = name.map(|name| &root["$defs"][name]).filter(|own| own.is_object());
                wrong(root, own.expect("a definition that is there"), value, at)
            }
            "const" if value == said => None,
            "const" => no("it is another constant"),
            "enum" if said.as_array().is_some_and(|all| all.contains(value)) => None,
            "enum" => no("it is none of the words"),
            "type" if types(said).contains(&kind(value)) => None,
            "type" => no("it has another type"),
            "minimum" if value.as_f64() >= said.as_f64() => None,
            "minimum" => no("it is too small"),
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                let mut items = items.map(|(n, own)| wrong(root, said, own, &format!("{at}/{n}")));
                items.find_map(|broken| broken)
            }
            "required" => {
                let names = said.as_array().into_iter().flatten().filter_map(Value::as_str);
                let object = value.as_object();
                let mut names = names.filter(|name| object.is_some_and(|o| !o.contains_key(*name)));
                names.next().and_then(|name| no(&format!("`{name}` is missing")))
            }
            "properties" => members(root, said, value, at),
            "additionalProperties" => {
                assert_eq!(said, &Value::from(false));
                let known = schema["properties"].as_object().expect("its members");
                let extra = value.as_object().into_iter().flat_map(Map::keys);
                let mut extra = extra.filter(|name| !known.contains_key(*name));
                extra.next().and_then(|name| no(&format!("`{name}` is not known")))
            }
            other => panic!("the checker does not know `{other}`"),
        };
        if broken.is_some() {
            return broken;
        }
    }
    None
}

fn members(root: &Value, said: &Value, value: &Value, at: &str) -> Option<String> {
    let known = said.as_object().expect("members");
    let own = value.as_object()?;
    let mut broken = own.iter().filter_map(|(name, own)| {
        known.get(name).and_then(|said| wrong(root, said, own, &format!("{at}/{name}")))
    });
    broken.next()
}

fn types(said: &Value) -> Vec<&str> {
    match said {
        Value::String(one) => vec![one],
        several => several.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Every object of a value, by its path.
fn objects(value: &Value, at: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            out.push(at.to_owned());
            for (name, own) in object {
                objects(own, &format!("{at}/{name}"), out);
            }
        }
        Value::Array(items) => {
            for (n, own) in items.iter().enumerate() {
                objects(own, &format!("{at}/{n}"), out);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn reports_are_as_the_schema_has_them() {
    let (schema, known) = (schema(), BTreeSet::new());
    for report in [hostile(), Report::default()] {
        let value = json(&told(&report, &known));
        assert_eq!(wrong(&schema, &schema, &value, ""), None);
    }
}

#[test]
fn the_schema_refuses_what_is_no_report() {
    let (schema, known, report) = (schema(), BTreeSet::new(), hostile());
    let value = json(&told(&report, &known));
    let mut paths = Vec::new();
    objects(&value, "", &mut paths);
    assert!(paths.len() > 20, "{paths:?}");
    for path in paths {
        let mut more = value.clone();
        more.pointer_mut(&path).expect("it is there")["unheard-of"] = Value::from(1);
        assert!(wrong(&schema, &schema, &more, "").is_some(), "{path} takes anything");
        let names = value.pointer(&path).and_then(Value::as_object).expect("an object");
        for name in names.keys() {
            let mut other = value.clone();
            let object = other.pointer_mut(&path).and_then(Value::as_object_mut);
            object.expect("an object").insert(name.clone(), Value::from(-1.5));
            assert!(wrong(&schema, &schema, &other, "").is_some(), "{path}/{name} may be anything");
            let mut less = value.clone();
            let object = less.pointer_mut(&path).and_then(Value::as_object_mut);
            object.expect("an object").remove(name);
            let may_lack = path.ends_with("/backend") && name != "does";
            let refused = wrong(&schema, &schema, &less, "").is_some();
            assert_eq!(refused, !may_lack, "{path}/{name} may be missing: {may_lack}");
        }
    }
}
