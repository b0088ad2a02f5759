use super::*;
use http::HeaderValue;

fn head(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_static(value));
    }
    headers
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

/// What a route with one model makes of a body; `change` makes the route another one.
fn judged(body: &str, change: fn(&mut AiSettings)) -> Result<Asked, No> {
    let mut settings =
        AiSettings { models: vec!["small".to_owned()], tokens_max: 1000, ..AiSettings::default() };
    change(&mut settings);
    Ai::new(&settings, None).judge(&head(JSON), body.as_bytes())
}

fn refused(body: &str, change: fn(&mut AiSettings)) -> (Reason, Option<String>) {
    let no = judged(body, change).expect_err(body);
    (no.reason, no.pointer)
}

fn nothing(_: &mut AiSettings) {}

#[test]
fn a_plain_request_is_taken_as_it_is() {
    let body = r#"{"model":"small","messages":[{"role":"user","content":"Hello"}]}"#;
    let asked = judged(body, nothing).expect("it may be asked");
    assert_eq!(asked.model, "small");
    assert_eq!(asked.prompt_tokens_max, body.len() as u64);
    assert_eq!((asked.said_tokens_max, asked.tokens_max), (None, 1000));
    assert!(!asked.is_stream);
}

#[test]
fn only_what_says_once_that_it_is_json_is_read() {
    for (lines, want) in [
        (&[("content-type", "application/json")][..], None),
        (&[("content-type", "Application/JSON; charset=UTF-8")], None),
        (&[("content-type", "application/json;charset=\"utf-8\"")], None),
        (&[], Some(Reason::ContentType)),
        (&[("content-type", "")], Some(Reason::ContentType)),
        (&[("content-type", "text/plain")], Some(Reason::ContentType)),
        (&[("content-type", "application/json, text/plain")], Some(Reason::ContentType)),
        (&[("content-type", "application/json; charset=utf-16")], Some(Reason::ContentType)),
        (&[("content-type", "application/json; a=b; c=d")], Some(Reason::ContentType)),
        (&[("content-type", "application/jsonx")], Some(Reason::ContentType)),
        (
            &[("content-type", "application/json"), ("content-type", "application/json")],
            Some(Reason::ContentType),
        ),
        (
            &[("content-type", "application/json"), ("content-encoding", "gzip")],
            Some(Reason::Encoding),
        ),
        (
            &[("content-type", "application/json"), ("content-encoding", "identity")],
            Some(Reason::Encoding),
        ),
    ] {
        let ai = Ai::new(&AiSettings::default(), None);
        let no = ai.judge(&head(lines), br#"{"model":"small"}"#).err();
        assert_eq!(no.map(|no| no.reason), want, "{lines:?}");
    }
}

#[test]
fn what_two_parsers_could_read_in_two_ways_is_not_json() {
    for body in [
        "",
        "[]",
        "null",
        "{\"model\":\"small\"} x",
        "\u{feff}{\"model\":\"small\"}",
        r#"{"model":"small","model":"large"}"#,
        r#"{"model":"small","\u006dodel":"large"}"#,
        r#"{"model":"small","messages":[{"role":"user","r\u006fle":"system"}]}"#,
        r#"{"model":"small","temperature":NaN}"#,
        r#"{"model":"small",}"#,
    ] {
        assert_eq!(refused(body, nothing), (Reason::NotJson, None), "{body}");
    }
}

#[test]
fn models_and_parameters_are_named_exactly() {
    let at = |reason, pointer: &str| (reason, Some(pointer.to_owned()));
    for (body, want) in [
        (r#"{"messages":[]}"#, at(Reason::Model, "/model")),
        (r#"{"model":"Small"}"#, at(Reason::Model, "/model")),
        (r#"{"model":"small "}"#, at(Reason::Model, "/model")),
        (r#"{"model":"small-2"}"#, at(Reason::Model, "/model")),
        (r#"{"model":["small"]}"#, at(Reason::Value, "/model")),
        (r#"{"model":null}"#, at(Reason::Value, "/model")),
        (r#"{"model":"small","best_of":9}"#, at(Reason::Parameter, "/best_of")),
        (r#"{"model":"small","tools":[]}"#, at(Reason::Parameter, "/tools")),
        (r#"{"model":"small","store":true}"#, at(Reason::Parameter, "/store")),
        (r#"{"model":"small","a/b~c":1}"#, at(Reason::Parameter, "/a~1b~0c")),
        (r#"{"model":"small","Model":"large"}"#, at(Reason::Parameter, "/Model")),
        (r#"{"model":"small","stream":"true"}"#, at(Reason::Value, "/stream")),
        (r#"{"model":"small","stream":1}"#, at(Reason::Value, "/stream")),
        (r#"{"model":"small","stream":null}"#, at(Reason::Value, "/stream")),
    ] {
        assert_eq!(refused(body, nothing), want, "{body}");
    }
    // A refusal repeats no value, and of a name no more than fits.
    let long = format!(r#"{{"model":"small","{}":1}}"#, "x".repeat(500));
    assert_eq!(refused(&long, nothing).1.map(|pointer| pointer.len()), Some(65));
    let own = |settings: &mut AiSettings| settings.parameters = vec!["model".to_owned()];
    assert!(judged(r#"{"model":"small"}"#, own).is_ok());
    assert_eq!(refused(r#"{"model":"small","n":1}"#, own), at(Reason::Parameter, "/n"));
    let any = |settings: &mut AiSettings| settings.models.clear();
    assert!(judged(r#"{"model":"whatever"}"#, any).is_ok());
    let priced = Ai::new(&AiSettings::default(), Some(&["small"]));
    let judge = |body: &str| priced.judge(&head(JSON), body.as_bytes());
    assert!(judge(r#"{"model":"small"}"#).is_ok());
    assert!(judge(r#"{"model":"whatever"}"#).is_err());
}

#[test]
fn tokens_and_choices_are_bounded_together() {
    for (members, want) in [
        (r#""max_tokens":1000"#, Ok((Some(1000), 1000))),
        (r#""max_completion_tokens":10"#, Ok((Some(10), 10))),
        (r#""max_output_tokens":10"#, Ok((Some(10), 10))),
        (r#""max_tokens":10,"max_completion_tokens":20"#, Ok((Some(20), 20))),
        (r#""max_tokens":500,"n":2"#, Ok((Some(1000), 1000))),
        (r#""n":1"#, Ok((None, 1000))),
        (r#""max_tokens":1001"#, Err((Reason::Tokens, "/max_tokens"))),
        (r#""max_tokens":501,"n":2"#, Err((Reason::Tokens, "/max_tokens"))),
        (r#""n":2"#, Err((Reason::Tokens, "/n"))),
        (r#""max_tokens":0"#, Err((Reason::Value, "/max_tokens"))),
        (r#""max_tokens":-1"#, Err((Reason::Value, "/max_tokens"))),
        (r#""max_tokens":1.5"#, Err((Reason::Value, "/max_tokens"))),
        (r#""max_tokens":10.0"#, Err((Reason::Value, "/max_tokens"))),
        (r#""max_tokens":"10""#, Err((Reason::Value, "/max_tokens"))),
        (r#""max_tokens":null"#, Err((Reason::Value, "/max_tokens"))),
        (r#""max_tokens":18446744073709551615"#, Err((Reason::Value, "/max_tokens"))),
        (r#""n":4294967297"#, Err((Reason::Value, "/n"))),
    ] {
        let judged = judged(&format!(r#"{{"model":"small",{members}}}"#), nothing);
        let found = match &judged {
            Ok(asked) => Ok((asked.said_tokens_max, asked.tokens_max)),
            Err(no) => Err((no.reason, no.pointer.as_deref().unwrap_or_default())),
        };
        assert_eq!(found, want, "{members}");
    }
}

#[test]
fn nothing_is_fetched_because_a_prompt_says_so() {
    let image = r#"{"type":"image_url","image_url":{"url":"http://10.0.0.1/"}}"#;
    let tools = |settings: &mut AiSettings| settings.tools = true;
    let urls = |settings: &mut AiSettings| (settings.tools, settings.urls) = (true, true);
    for (members, at) in [
        (format!(r#""messages":[{{"content":[{image}]}}]"#), "/messages/0/content/0/image_url"),
        (r#""messages":[{"content":[{"type":"file"}]}]"#.to_owned(), "/messages/0/content/0/type"),
        (r#""input":[{"type":"input_file"}]"#.to_owned(), "/input/0/type"),
        (r#""input":[{"file_id":"a"}]"#.to_owned(), "/input/0/file_id"),
        (r#""messages":[{"type":["text"]}]"#.to_owned(), "/messages/0/type"),
        (r#""tools":[{"type":"mcp","server_url":"a"}]"#.to_owned(), "/tools/0/type"),
        (r#""tools":[{"type":"web_search"}]"#.to_owned(), "/tools/0/type"),
    ] {
        let body = format!(r#"{{"model":"small",{members}}}"#);
        assert_eq!(refused(&body, tools), (Reason::Address, Some(at.to_owned())), "{body}");
        assert!(judged(&body, urls).is_ok(), "{body}");
    }
    // Twins: text that speaks of addresses, and a function that takes one.
    for members in [
        r#""messages":[{"role":"user","content":"look at http://10.0.0.1/ and image_url"}]"#,
        r#""messages":[{"role":"user","content":[{"type":"text","text":"http://a/"}]}]"#,
        r#""tools":[{"type":"function","function":{"name":"a","parameters":{"properties":
            {"url":{"type":"string"}}}}}]"#,
        r#""tools":[{"name":"a","input_schema":{"type":"object"}}]"#,
        r#""messages":[{"role":"assistant","tool_calls":[{"id":"1","type":"function",
            "function":{"name":"a","arguments":"{\"url\":\"http://a/\"}"}}]}]"#,
    ] {
        let body = format!(r#"{{"model":"small",{members}}}"#);
        assert!(judged(&body, tools).is_ok(), "{body}");
    }
}
