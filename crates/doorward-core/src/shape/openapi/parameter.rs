//! Parameters of an operation: of its path, its query, its headers and cookies (OpenAPI 3.1.1,
//! 4.8.12).

use super::super::graph::Library;
use super::super::{Breach, Choices, ShapeError};
use super::lazy::{Lazy, Ready};
use super::text::Reading;
use crate::header::{self, One};
use crate::json::guard::{JsonGuard, Limits};
use crate::parameter::clear;
use http::header::COOKIE;
use http::{HeaderMap, HeaderName};
use serde_json::Value;
use std::borrow::Cow;

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
    Cookie,
}

impl Place {
    pub(super) const WORDS: [(&'static str, Self); 4] = [
        ("path", Self::Path),
        ("query", Self::Query),
        ("header", Self::Header),
        ("cookie", Self::Cookie),
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}

/// How several values stand in one parameter (3.1.1, 4.8.12.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `a,b`, or a name for each.
    Plain,
    /// `a%20b`.
    Space,
    /// `a|b`.
    Pipe,
    /// `name[member]=a`.
    Deep,
    /// One of the styles that begin with a sign, in a path: they are not judged.
    Other,
    /// A JSON text.
    Json,
}

/// A parameter.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) is_required: bool,
    pub(super) may_be_empty: bool,
    pub(super) style: Style,
    pub(super) explodes: bool,
    pub(super) shape: Option<Lazy>,
}

/// What a request says beside its body.
pub(super) struct Said<'r> {
    pub(super) path: &'r [(&'r str, &'r str)],
    /// Decoded.
    pub(super) query: &'r [(String, String)],
    pub(super) headers: &'r HeaderMap,
}

type Texts<'r> = Vec<Cow<'r, str>>;

impl Parameter {
    fn breach(&self, keyword: &'static str, detail: &str) -> Breach {
        Breach::new(format!("{}/{}", self.place.word(), self.name), keyword, detail)
    }

    /// Adds what of a request does not have this parameter's shape.
    pub(super) fn judge(
        &self,
        said: &Said<'_>,
        library: &Library,
        choices: Choices,
        list: &mut Vec<Breach>,
    ) -> Result<(), ShapeError> {
        let ready = match &self.shape {
            Some(shape) => Some(shape.ready(library, choices)?),
            None => None,
        };
        let texts = match self.texts(said, ready) {
            Ok(texts) => texts,
            Err(breach) => {
                list.push(breach);
                return Ok(());
            }
        };
        if texts.is_empty() {
            if self.is_required {
                list.push(self.breach("required", "it is missing"));
            }
            return Ok(());
        }
        let Some(ready) = ready else { return Ok(()) };
        let is_empty = texts.iter().all(|(name, text)| name.is_empty() && text.is_empty());
        if self.style == Style::Other || self.may_be_empty && is_empty {
            return Ok(());
        }
        if let Err(breaches) = self.judge_texts(&texts, ready) {
            list.extend(breaches.into_iter().map(|breach| Breach {
                pointer: format!("{}/{}{}", self.place.word(), self.name, breach.pointer),
                ..breach
            }));
        }
        Ok(())
    }

    /// Its texts, each with the member's name that stands with it.
    fn texts(
        &self,
        said: &Said<'_>,
        ready: Option<&Ready>,
    ) -> Result<Vec<(String, String)>, Breach> {
        let unclear = || self.breach("unclear", "it could be read in two ways");
        let plain = |text: &str| vec![(String::new(), text.to_owned())];
        match self.place {
            Place::Path => {
                let found = said.path.iter().find(|(name, _)| *name == self.name);
                let Some((_, text)) = found else { return Ok(Vec::new()) };
                let parts = text.split(',').map(|part| clear(part).ok_or_else(unclear));
                let parts = parts.collect::<Result<Texts<'_>, _>>()?;
                let is_several = ready.is_some_and(|ready| ready.form.list || ready.form.object);
                if is_several {
                    return Ok(parts
                        .iter()
                        .map(|part| (String::new(), part.to_string()))
                        .collect());
                }
                Ok(plain(&parts.join(",")))
            }
            Place::Query => Ok(self.of_query(said.query, ready)),
            Place::Header => {
                let Ok(name) = HeaderName::from_bytes(self.name.as_bytes()) else {
                    return Ok(Vec::new());
                };
                match header::single(said.headers, &name) {
                    One::Absent => Ok(Vec::new()),
                    One::Value(text) => Ok(plain(text.trim_matches([' ', '\t']))),
                    One::Repeated | One::Unreadable => Err(unclear()),
                }
            }
            Place::Cookie => {
                let mut found = Vec::new();
                for line in said.headers.get_all(COOKIE) {
                    let line = line.to_str().map_err(|_| unclear())?;
                    let pairs = line.split(';').filter_map(|pair| pair.trim().split_once('='));
                    found.extend(pairs.filter(|(name, _)| *name == self.name));
                }
                match found.as_slice() {
                    [] => Ok(Vec::new()),
                    [(_, text)] => Ok(plain(text)),
                    _ => Err(unclear()),
                }
            }
        }
    }

    fn of_query(&self, query: &[(String, String)], ready: Option<&Ready>) -> Vec<(String, String)> {
        if let Some(ready) = ready.filter(|ready| self.spreads(ready)) {
            let mine = |(name, _): &&(String, String)| ready.form.members.contains_key(name);
            return query.iter().filter(mine).cloned().collect();
        }
        let mine = query.iter().filter_map(|(name, text)| {
            let name = if self.style == Style::Deep {
                self.member(name)?
            } else {
                (*name == self.name).then_some("")?
            };
            Some((name.to_owned(), text.clone()))
        });
        mine.collect()
    }

    /// `a` of `name[a]`.
    fn member<'n>(&self, name: &'n str) -> Option<&'n str> {
        let inner = name.strip_prefix(self.name.as_str())?.strip_prefix('[')?.strip_suffix(']')?;
        (!inner.contains(['[', ']'])).then_some(inner)
    }

    /// Whether its members stand in the query by their own names.
    fn spreads(&self, ready: &Ready) -> bool {
        self.place == Place::Query
            && self.style == Style::Plain
            && self.explodes
            && ready.form.object
    }

    /// Whether a name of a query is this parameter's.
    pub(super) fn owns(
        &self,
        name: &str,
        library: &Library,
        choices: Choices,
    ) -> Result<bool, ShapeError> {
        if self.place != Place::Query {
            return Ok(false);
        }
        let ready = match &self.shape {
            Some(shape) => Some(shape.ready(library, choices)?),
            None => None,
        };
        Ok(match ready {
            Some(ready) if self.spreads(ready) => ready.form.members.contains_key(name),
            Some(_) | None if self.style == Style::Deep => self.member(name).is_some(),
            Some(_) | None => name == self.name,
        })
    }

    fn judge_texts(&self, texts: &[(String, String)], ready: &Ready) -> Result<(), Vec<Breach>> {
        if self.style == Style::Json {
            let [(_, text)] = texts else { return Err(vec![self.twice()]) };
            let body = text.as_bytes();
            if JsonGuard::read(Limits::default(), body).is_err() {
                return Err(vec![Breach::new("", "json", "this is not JSON, or not clear")]);
            }
            return ready.judge_json(body).map_err(|all| all.iter().cloned().collect());
        }
        let mut values = Vec::new();
        for reading in ready.readings() {
            values.extend(self.values(texts, ready, *reading));
        }
        if values.is_empty() {
            return Err(vec![self.twice()]);
        }
        ready.judge_any(values)
    }

    fn twice(&self) -> Breach {
        Breach::new("", "twice", "it stands there more than once")
    }

    /// What texts are read as.
    fn values(&self, texts: &[(String, String)], ready: &Ready, reading: Reading) -> Vec<Value> {
        let form = &ready.form;
        let mut out = Vec::new();
        if form.list && self.style != Style::Deep {
            let is_each = self.place == Place::Path
                || self.place == Place::Query && self.explodes && self.style == Style::Plain;
            out.extend(match texts {
                _ if is_each => {
                    Some(form.list_of(texts.iter().map(|(_, text)| text.as_str()), reading))
                }
                [(_, text)] if text.is_empty() => Some(form.list_of([].into_iter(), reading)),
                [(_, text)] => {
                    let parts = text.split(self.divider()).map(str::trim);
                    Some(form.list_of(parts, reading))
                }
                _ => None,
            });
        }
        if form.object {
            out.extend(self.fields(texts).and_then(|all| form.object_of(&all, reading).ok()));
        }
        if let [(name, text)] = texts
            && name.is_empty()
            && form.may_be_single()
        {
            out.push(form.value(text, reading));
        }
        out
    }

    const fn divider(&self) -> char {
        match self.style {
            Style::Space => ' ',
            Style::Pipe => '|',
            Style::Plain | Style::Deep | Style::Other | Style::Json => ',',
        }
    }

    /// An object's members: by their own names, as `a=1,b=2`, or as `a,1,b,2`.
    fn fields(&self, texts: &[(String, String)]) -> Option<Vec<(String, String)>> {
        if texts.iter().all(|(name, _)| !name.is_empty()) {
            return Some(texts.to_vec());
        }
        let parts: Vec<&str> = match (self.place, texts) {
            (Place::Path, _) => texts.iter().map(|(_, text)| text.as_str()).collect(),
            (_, [(_, text)]) => text.split(self.divider()).map(str::trim).collect(),
            _ => return None,
        };
        if self.explodes {
            let pairs = parts.into_iter().map(|part| part.split_once('='));
            let pairs = pairs.map(|pair| pair.map(|(a, b)| (a.to_owned(), b.to_owned())));
            return pairs.collect();
        }
        let (pairs, rest) = parts.as_chunks::<2>();
        let pairs = pairs.iter().map(|[a, b]| ((*a).to_owned(), (*b).to_owned()));
        rest.is_empty().then(|| pairs.collect())
    }
}
