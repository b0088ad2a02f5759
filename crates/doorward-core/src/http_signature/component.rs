//! What a signature covers: one component of a request (RFC 9421 2.1, 2.2).

use super::Fault;
use http::HeaderName;
use sfv::{BareItem, FieldType, Item};

/// A part of the request that is derived and not a header (RFC 9421 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Derived {
    Method,
    TargetUri,
    Authority,
    Scheme,
    RequestTarget,
    Path,
    Query,
}

impl Derived {
    /// All that a request has, by their registered names. `@status` is a response's.
    const NAMES: &[(&'static str, Self)] = &[
        ("@method", Self::Method),
        ("@target-uri", Self::TargetUri),
        ("@authority", Self::Authority),
        ("@scheme", Self::Scheme),
        ("@request-target", Self::RequestTarget),
        ("@path", Self::Path),
        ("@query", Self::Query),
    ];

    fn find(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, derived)| *derived)
    }

    /// The names of all that is fixed once this is: a target URI can be taken apart in one way.
    const fn fixes(self) -> &'static [&'static str] {
        match self {
            Self::Method => &["@method"],
            Self::TargetUri => &["@target-uri", "@scheme", "@authority", "@path", "@query"],
            Self::Authority => &["@authority"],
            Self::Scheme => &["@scheme"],
            Self::RequestTarget => &["@request-target", "@path", "@query"],
            Self::Path => &["@path"],
            Self::Query => &["@query"],
        }
    }
}

/// How a header's value goes into the signature base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Its lines, trimmed and joined (RFC 9421 2.1).
    Plain,
    /// `sf`: read as a structured field and written again (2.1.1).
    Strict,
    /// `key`: one member of a dictionary (2.1.2).
    Member(String),
    /// `bs`: each line as bytes (2.1.3).
    Binary,
}

/// Which part of the request is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Derived(Derived),
    /// A query parameter by its encoded name (2.2.8).
    QueryParam(String),
    Field(HeaderName, Form),
}

/// A component: what is meant, and how the signer wrote it.
#[derive(Clone, Debug)]
pub(super) struct Component {
    pub(super) part: Part,
    pub(super) written: String,
}

impl Component {
    /// Reads an identifier. Names are in lower case (2.1), so that `"Date"` is none. What belongs
    /// to responses (`@status`, `req`) or trailers (`tr`), and what is not known, is refused: a
    /// value that was guessed would be as good as not covered.
    pub(super) fn parse(item: &Item) -> Result<Self, Fault> {
        let name = item.bare_item.as_string().ok_or(Fault::Malformed)?.as_str();
        let mut params = item.params.iter().map(|(key, value)| (key.as_str(), value));
        let (param, more) = (params.next(), params.next());
        // No two parameters that are supported go together.
        if more.is_some() {
            return Err(Fault::Unsupported);
        }
        let part = if name == "@query-param" {
            query_param(param)?
        } else if name.starts_with('@') {
            let derived = Derived::find(name).ok_or(Fault::Unsupported)?;
            if param.is_some() {
                return Err(Fault::Unsupported);
            }
            Part::Derived(derived)
        } else {
            let field = HeaderName::from_lowercase(name.as_bytes());
            Part::Field(field.map_err(|_| Fault::Malformed)?, form(param)?)
        };
        Ok(Self { part, written: item.serialize() })
    }

    /// Whether its header has to be parsed.
    pub(super) const fn is_parsed(&self) -> bool {
        matches!(self.part, Part::Field(_, Form::Strict | Form::Member(_)))
    }

    /// Whether it covers `wanted`: the name of a header or of a derived part, or an identifier as a
    /// signer writes it. One member of a header is not the header.
    pub(super) fn covers(&self, wanted: &str) -> bool {
        if self.written == wanted {
            return true;
        }
        match &self.part {
            Part::Derived(derived) => {
                derived.fixes().iter().any(|name| name.eq_ignore_ascii_case(wanted))
            }
            Part::QueryParam(_) | Part::Field(_, Form::Member(_)) => false,
            Part::Field(name, Form::Plain | Form::Strict | Form::Binary) => {
                name.as_str().eq_ignore_ascii_case(wanted)
            }
        }
    }
}

fn query_param(param: Option<(&str, &BareItem)>) -> Result<Part, Fault> {
    match param {
        Some(("name", name)) => {
            let name = name.as_string().ok_or(Fault::Malformed)?;
            Ok(Part::QueryParam(name.as_str().to_owned()))
        }
        // Without a name it is no component at all (RFC 9421 2.2.8).
        None => Err(Fault::Malformed),
        Some(_) => Err(Fault::Unsupported),
    }
}

fn form(param: Option<(&str, &BareItem)>) -> Result<Form, Fault> {
    let is_set = |value: &BareItem| value.as_boolean() == Some(true);
    match param {
        None => Ok(Form::Plain),
        Some(("sf", value)) if is_set(value) => Ok(Form::Strict),
        Some(("bs", value)) if is_set(value) => Ok(Form::Binary),
        Some(("key", value)) => {
            let key = value.as_string().ok_or(Fault::Malformed)?;
            Ok(Form::Member(key.as_str().to_owned()))
        }
        Some(("sf" | "bs", _)) => Err(Fault::Malformed),
        Some(_) => Err(Fault::Unsupported),
    }
}
