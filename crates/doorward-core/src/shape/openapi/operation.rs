//! One operation: what of a request to it does not have its shape.

use super::super::breach::is_plain;
use super::super::graph::Library;
use super::super::{Breach, Breaches, Choices, Queries, ShapeError};
use super::Problem;
use super::lazy::{Lazy, Ready};
use super::parameter::{Parameter, Place, Said};
use super::template::Values;
use crate::form::{self, Kind, Name};
use crate::header::{self, One};
use crate::json::guard::{JsonGuard, Limits};
use crate::query;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// Fields of a query at the most.
const FIELDS_MAX: usize = 1_000;
/// The types whose fields are read.
const FORMS: [&str; 2] = ["application/x-www-form-urlencoded", "multipart/form-data"];
/// What the gate itself puts into queries, and takes out again.
const OWN_FIELD: &str = "doorward_ticket";

/// An operation of a document.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) pointer: String,
    pub(super) parameters: Vec<Parameter>,
    /// Of each parameter in the path, which segment it is.
    pub(super) names: Vec<(usize, String)>,
    /// Some parameters cannot be told apart.
    pub(super) has_several: bool,
    pub(super) wanted: Option<Wanted>,
}

/// The body that an operation takes.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) is_required: bool,
    pub(super) media: Vec<Media>,
}

/// A type of bodies, or a range of such.
#[derive(Debug)]
pub(super) struct Media {
    pub(super) range: String,
    pub(super) shape: Option<Lazy>,
}

impl Media {
    fn takes(&self, essence: &str) -> bool {
        match self.range.split_once('/') {
            Some(("*", "*")) => true,
            Some((main, "*")) => essence.split_once('/').is_some_and(|(own, _)| own == main),
            Some(_) | None => self.range == essence,
        }
    }
}

impl Parameter {
    /// Whether it is the same one as another.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let is_same_name = match self.place {
            Place::Header => self.name.eq_ignore_ascii_case(&other.name),
            Place::Path | Place::Query | Place::Cookie => self.name == other.name,
        };
        self.place == other.place && is_same_name
    }
}

impl Operation {
    /// Judges what a request says beside its body.
    pub(super) fn judge_head(
        &self,
        values: &Values<'_>,
        text: Option<&str>,
        headers: &HeaderMap,
        (library, choices, queries): (&Library, Choices, Queries),
    ) -> Result<(), Problem> {
        let named = |(place, name): &'_ (usize, String)| {
            let found = values.iter().find(|(other, _)| other == place);
            found.map(|(_, text)| (name.clone(), *text))
        };
        let path: Vec<(String, &str)> = self.names.iter().filter_map(named).collect();
        let path: Vec<(&str, &str)> =
            path.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        let query = match fields(text.unwrap_or_default()) {
            Ok(query) => query,
            Err(breach) => return Err(Problem::Parameters(breach.into())),
        };
        let said = Said { path: &path, query: &query, headers };
        let mut list = Vec::new();
        for parameter in &self.parameters {
            parameter.judge(&said, library, choices, &mut list)?;
        }
        self.judge_names(&query, (library, choices, queries), &mut list)?;
        Breaches::of(list).map_err(Problem::Parameters)
    }

    /// Judges names of a query that no parameter has. One that a backend could read as another's
    /// never passes.
    fn judge_names(
        &self,
        query: &[(String, String)],
        (library, choices, queries): (&Library, Choices, Queries),
        list: &mut Vec<Breach>,
    ) -> Result<(), ShapeError> {
        let declared = self.parameters.iter().filter(|one| one.place == Place::Query);
        let declared: Vec<Name> = declared.map(|one| Name::of(&one.name)).collect();
        for (name, _) in query.iter().filter(|(name, _)| name != OWN_FIELD) {
            let mut is_owned = false;
            for parameter in &self.parameters {
                is_owned |= parameter.owns(name, library, choices)?;
            }
            if is_owned {
                continue;
            }
            let folded = Name::of(name);
            let (keyword, detail) = if declared.iter().any(|one| one.is_like(&folded)) {
                ("unclear", "some read this name as that of a declared parameter")
            } else if queries == Queries::Refuse {
                ("undeclared", "no such parameter is declared: leave it out")
            } else {
                continue;
            };
            let pointer = if is_plain(name) { format!("query/{name}") } else { "query".to_owned() };
            list.push(Breach::new(pointer, keyword, detail));
        }
        Ok(())
    }

    /// Judges a body, all of it.
    pub(super) fn judge_body(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        library: &Library,
        choices: Choices,
    ) -> Result<(), Problem> {
        let wanted = match (&self.wanted, body) {
            (None, []) => return Ok(()),
            (None, _) => return Err(Problem::NoBodyWanted),
            (Some(wanted), []) if wanted.is_required => return Err(Problem::NoBody),
            (Some(_), []) => return Ok(()),
            (Some(wanted), _) => wanted,
        };
        let One::Value(text) = header::single(headers, &CONTENT_TYPE) else {
            return Err(Problem::MediaType);
        };
        let essence = form::essence(text).ok_or(Problem::MediaType)?.0.to_ascii_lowercase();
        let media = wanted.media.iter().find(|one| one.takes(&essence));
        let media = media.ok_or(Problem::MediaType)?;
        let Some(shape) = &media.shape else { return Ok(()) };
        // A type that is not read here is bounded by its size alone.
        let Some(kind) = form::kind(headers) else {
            let is_read = form::is_json(headers) || FORMS.contains(&essence.as_str());
            return if is_read { Err(Problem::MediaType) } else { Ok(()) };
        };
        let ready = shape.ready(library, choices)?;
        match kind {
            Kind::Json => {
                if JsonGuard::read(Limits::default(), body).is_err() {
                    let detail = "this is not JSON, or could be read in two ways";
                    return Err(Problem::Body(Breach::new("", "json", detail).into()));
                }
                ready.judge_json(body).map_err(Problem::Body)
            }
            Kind::Form | Kind::Multipart(_) => judge_form(&kind, body, ready),
        }
    }
}

/// The fields of a query, decoded.
fn fields(text: &str) -> Result<Vec<(String, String)>, Breach> {
    let unclear = |detail: &str| Breach::new("query", "unclear", detail);
    // Some split there as well; who means it writes %3B.
    if text.contains(';') {
        return Err(unclear("a semicolon divides fields for some: write it as %3B"));
    }
    let mut out = Vec::new();
    for field in query::fields(text).filter(|field| !field.is_empty()) {
        let (name, value) = query::pair(field);
        let (Some(name), Some(value)) = (form::decoded(name), form::decoded(value)) else {
            return Err(unclear("its percent-encoding could be read in two ways"));
        };
        if out.len() == FIELDS_MAX {
            return Err(unclear("it has more than 1,000 fields"));
        }
        out.push((name, value));
    }
    Ok(out)
}

fn judge_form(kind: &Kind<'_>, body: &[u8], ready: &Ready) -> Result<(), Problem> {
    let unclear = || {
        let detail = "this is no such form, or could be read in two ways";
        Problem::Body(Breach::new("", "form", detail).into())
    };
    if form::is_mixed(kind, body, |name| ready.form.members.contains_key(name)) {
        return Err(unclear());
    }
    let files = form::files(kind, body).map_err(|_| unclear())?;
    let is_file = |name: &str| files.iter().any(|file| file == name);
    let is_declared = |name: &str| ready.form.members.get(name).is_some_and(|one| one.is_file());
    let fields = form::fields(kind, body, |name| !is_file(name)).map_err(|_| unclear())?;
    let mut fields: Vec<(String, String)> =
        fields.into_iter().map(|field| (field.name, field.value)).collect();
    if let Some(name) = files.iter().find(|name| !is_declared(name)) {
        let pointer = if is_plain(name) { format!("/{name}") } else { String::new() };
        let breach = Breach::new(pointer, "file", "no file is declared by this name");
        return Err(Problem::Body(breach.into()));
    }
    fields.extend(files.iter().map(|name| (name.clone(), String::new())));
    let declared: Vec<(&String, Name)> =
        ready.form.members.keys().map(|name| (name, Name::of(name))).collect();
    for (name, _) in &fields {
        let folded = Name::of(name);
        let is_known = declared.iter().any(|(one, _)| *one == name);
        if !is_known && declared.iter().any(|(_, one)| one.is_like(&folded)) {
            let detail = "some read the name of a field as that of a declared one";
            return Err(Problem::Body(Breach::new("", "unclear", detail).into()));
        }
    }
    let mut values = Vec::new();
    for reading in ready.readings() {
        let value = ready.form.object_of(&fields, *reading).map_err(|name| {
            let detail = "it stands there more than once";
            Problem::Body(Breach::new(format!("/{name}"), "twice", detail).into())
        })?;
        values.push(value);
    }
    ready.judge_any(values).map_err(|list| match Breaches::of(list) {
        Err(breaches) => Problem::Body(breaches),
        Ok(()) => unclear(),
    })
}
