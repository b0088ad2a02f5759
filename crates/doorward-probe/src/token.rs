//! Where a request carries a token against forgery, and the same request with another.

use crate::call::Call;
use crate::operation::Operation;
use crate::session::Session;
use serde_json::Value;
use url::form_urlencoded;

/// Where a token stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this header.
    Header(String),
    /// In this field of a form.
    Field(String),
    /// Under this name in an object of JSON.
    Key(String),
    /// In this parameter of the address.
    Query(String),
}

/// A token of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Where it stands.
    pub place: Place,
    /// Its value.
    pub value: String,
}

impl Place {
    /// As a report names it.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Header(name) => format!("header `{name}`"),
            Self::Field(name) => format!("field `{name}`"),
            Self::Key(name) => format!("key `{name}`"),
            Self::Query(name) => format!("parameter `{name}` of the address"),
        }
    }
}

/// Whether a name is one by which frameworks call such a token. Names are all that there is: a
/// request does not say what its fields are for. What the token is worth is found by behaviour.
#[must_use]
pub fn is_token_name(name: &str) -> bool {
    let name: String = name.to_ascii_lowercase().chars().filter(|c| *c != '-').collect();
    name.contains("csrf")
        || name.contains("xsrf")
        || matches!(name.as_str(), "_token" | "authenticity_token" | "__requestverificationtoken")
}

/// The tokens of an operation as a signed-in person's page sends it.
#[must_use]
pub fn tokens(operation: &Operation, session: Option<&Session>) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut add = |place, value: &str| tokens.push(Token { place, value: value.to_owned() });
    for (name, value) in session.iter().flat_map(|session| session.headers()) {
        if is_token_name(name) {
            add(Place::Header(name.to_owned()), value);
        }
    }
    for (name, value) in operation.url.query_pairs().filter(|(name, _)| is_token_name(name)) {
        add(Place::Query(name.into_owned()), &value);
    }
    match form(operation) {
        Some(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| is_token_name(name)) {
                add(Place::Field(name.clone()), value);
            }
        }
        None => {
            let object = serde_json::from_slice(&operation.body).unwrap_or(Value::Null);
            for (name, value) in object.as_object().into_iter().flatten() {
                if let Some(value) = value.as_str().filter(|_| is_token_name(name)) {
                    add(Place::Key(name.clone()), value);
                }
            }
        }
    }
    tokens
}

/// The fields of an operation's form; none where its body is none.
#[must_use]
pub fn form(operation: &Operation) -> Option<Vec<(String, String)>> {
    let kind = operation.content_type.to_ascii_lowercase();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return None;
    }
    let pairs = form_urlencoded::parse(&operation.body);
    Some(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
}

/// The call with another value at a place; none takes it away.
#[must_use]
pub fn with(call: &Call, place: &Place, value: Option<&str>) -> Call {
    let mut call = call.clone();
    match place {
        Place::Header(name) => {
            let headers =
                call.headers.iter().filter_map(|(own, was)| match own.eq_ignore_ascii_case(name) {
                    true => value.map(|value| (own.to_owned(), value.to_owned())),
                    false => Some((own.to_owned(), was.to_owned())),
                });
            call.headers = headers.collect();
        }
        Place::Field(name) => {
            let pairs: Vec<(String, String)> = owned(form_urlencoded::parse(&call.body));
            call.body = encoded(&pairs, name, value).into_bytes();
        }
        Place::Query(name) => {
            let pairs: Vec<(String, String)> = owned(call.url.query_pairs());
            let query = encoded(&pairs, name, value);
            call.url.set_query((!query.is_empty()).then_some(query.as_str()));
        }
        Place::Key(name) => {
            let mut object: Value = serde_json::from_slice(&call.body).unwrap_or(Value::Null);
            if let Some(object) = object.as_object_mut() {
                match value {
                    Some(value) => drop(object.insert(name.clone(), Value::from(value))),
                    None => drop(object.remove(name)),
                }
                call.body = Value::from(object.clone()).to_string().into_bytes();
            }
        }
    }
    call
}

fn owned(pairs: form_urlencoded::Parse<'_>) -> Vec<(String, String)> {
    pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

fn encoded(pairs: &[(String, String)], name: &str, value: Option<&str>) -> String {
    let mut out = form_urlencoded::Serializer::new(String::new());
    for (own, was) in pairs {
        match (own == name, value) {
            (false, _) => drop(out.append_pair(own, was)),
            (true, Some(value)) => drop(out.append_pair(own, value)),
            (true, None) => {}
        }
    }
    out.finish()
}

#[cfg(test)]
mod tests {
    use super::{Place, is_token_name, tokens, with};
    use crate::operation::Operation;
    use crate::session::Session;
    use url::Url;

    #[test]
    fn names() {
        for name in ["csrf", "X-CSRF-Token", "xsrf-token", "_token", "csrfmiddlewaretoken"] {
            assert!(is_token_name(name), "{name}");
        }
        for name in ["token", "access_token", "session", ""] {
            assert!(!is_token_name(name), "{name}");
        }
    }

    #[test]
    fn places() {
        let url = Url::parse("http://localhost/a?_csrf=q&b=1").expect("an address");
        let mut operation = Operation::get(url.clone());
        operation.method = "POST".to_owned();
        operation.content_type = "application/x-www-form-urlencoded".to_owned();
        operation.body = b"a=1&csrf=f".to_vec();
        let header = ("X-CSRF-Token".to_owned(), "h".to_owned());
        let session = Session::new(vec![header], &[url]);
        let found = tokens(&operation, Some(&session));
        let values: Vec<&str> = found.iter().map(|token| token.value.as_str()).collect();
        assert_eq!(values, ["h", "q", "f"]);
        let call = session.on(&operation.call()).expect("its host");
        let without =
            found.iter().fold(call.clone(), |call, token| with(&call, &token.place, None));
        assert_eq!(without.body, b"a=1");
        assert_eq!(without.url.query(), Some("b=1"));
        assert!(!without.headers.has("x-csrf-token"));
        let other = with(&call, &Place::Field("csrf".to_owned()), Some("x y"));
        assert_eq!(other.body, b"a=1&csrf=x+y");
        operation.content_type = "application/json".to_owned();
        operation.body = br#"{"a":1,"_csrf":"j"}"#.to_vec();
        let found = tokens(&operation, None);
        assert_eq!(found[1].place, Place::Key("_csrf".to_owned()));
        assert_eq!(with(&operation.call(), &found[1].place, None).body, br#"{"a":1}"#);
    }
}
