//! How a route's path is written, and which paths it fits.

use crate::{parameter, path};
use std::collections::HashMap;

/// Why a route's path is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It does not begin with a slash.
    #[error("a route's path begins with a slash")]
    Slash,
    /// A segment mixes text and a variable part, or the braces are wrong.
    #[error("{0:?} is no segment: write literal text, {{name}}, {{name:int}}, * or **")]
    Segment(String),
    /// `**` before the end.
    #[error("** stands for the rest of the path, so it comes last")]
    RestNotLast,
    /// Literal text that no request could have, since such requests are refused.
    #[error("requests with such a path are refused anyway")]
    Refused,
    /// A parameter of a form that there is not.
    #[error("{0:?} is no form of a parameter: write uuid, int or slug, or none for any text")]
    Form(String),
    /// Two parameters of one name.
    #[error("two parameters are called {0:?}")]
    Twice(String),
    /// Two routes for the same paths. Forms tell none apart: what a path is refused for must not
    /// depend on which of two routes is looked at first.
    #[error("it is the same as {0:?}: two routes may not fit the same paths equally well")]
    Tie(String),
}

/// One spelling of all templates: those without variable parts by their text, the others in order.
#[derive(Debug, Default)]
pub(super) struct Index {
    literal: HashMap<Vec<u8>, usize>,
    templates: Vec<(Vec<Segment>, usize)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Segment {
    Literal(Vec<u8>),
    Parameter,
    Any,
    Rest,
}

impl Index {
    /// Puts the most specific template first.
    pub(super) fn sort(&mut self) {
        self.templates.sort();
    }

    /// Whether a route has this very path.
    pub(super) fn has(&self, path: &[u8]) -> bool {
        self.literal.contains_key(path)
    }

    /// Adds a template; the place of the one that was there already, which stays.
    pub(super) fn insert(&mut self, segments: &[Segment], index: usize) -> Option<usize> {
        if segments.iter().all(|segment| matches!(segment, Segment::Literal(_))) {
            let mut text = Vec::new();
            for segment in segments {
                let Segment::Literal(bytes) = segment else { continue };
                text.push(b'/');
                text.extend_from_slice(bytes);
            }
            if let Some(other) = self.literal.get(&text) {
                return Some(*other);
            }
            self.literal.insert(text, index);
            return None;
        }
        let same = self.templates.iter().find(|(other, _)| other == segments);
        if let Some((_, other)) = same {
            return Some(*other);
        }
        self.templates.push((segments.to_vec(), index));
        None
    }

    pub(super) fn find(&self, path: &[u8]) -> Option<usize> {
        if let Some(index) = self.literal.get(path) {
            return Some(*index);
        }
        let fits = self.templates.iter().find(|(segments, _)| fits(segments, path));
        fits.map(|(_, index)| *index)
    }
}

impl Segment {
    pub(super) fn folded(&self) -> Self {
        match self {
            Segment::Literal(bytes) => Segment::Literal(bytes.to_ascii_lowercase()),
            Segment::Parameter | Segment::Any | Segment::Rest => self.clone(),
        }
    }
}

/// Reads a route's path.
pub(super) fn parse(path: &str) -> Result<Vec<Segment>, TemplateError> {
    let rest = path.strip_prefix('/').ok_or(TemplateError::Slash)?;
    parameter::of_path(path)?;
    let mut out = Vec::new();
    for text in rest.split('/') {
        if out.last() == Some(&Segment::Rest) {
            return Err(TemplateError::RestNotLast);
        }
        let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        out.push(match (text, inner) {
            ("*", _) => Segment::Any,
            ("**", _) => Segment::Rest,
            (_, Some(inner)) if parameter::read(inner).is_some() => Segment::Parameter,
            _ if text.contains(['{', '}', '*', '?', '#']) => {
                return Err(TemplateError::Segment(text.to_owned()));
            }
            _ => Segment::Literal(text.as_bytes().to_vec()),
        });
    }
    let literal = path.replace(['{', '}', '*'], "x");
    path::inspect(&literal).map_err(|_| TemplateError::Refused)?;
    Ok(out)
}

fn fits(segments: &[Segment], path: &[u8]) -> bool {
    let Some(path) = path.strip_prefix(b"/") else { return false };
    let mut parts = path.split(|byte| *byte == b'/');
    for segment in segments {
        match segment {
            Segment::Rest => return true,
            Segment::Literal(bytes) => {
                if parts.next() != Some(bytes.as_slice()) {
                    return false;
                }
            }
            Segment::Parameter | Segment::Any => {
                if parts.next().is_none_or(<[u8]>::is_empty) {
                    return false;
                }
            }
        }
    }
    parts.next().is_none()
}
