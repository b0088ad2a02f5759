//! OpenAPI 3.0 and 3.1: which operations an API has, and what a request to each may look like.
//!
//! A document is read once: its operations at load, its schemas each when it is first needed, or
//! all together by [`OpenApi::read_all`].

mod lazy;
mod loose;
mod operation;
mod parameter;
mod read;
mod template;
#[cfg(test)]
mod tests;
mod text;
mod translate;

use super::close;
use super::graph::Library;
use super::{ApiSettings, Breaches, Choices, Document, Queries, ShapeError};
use http::{HeaderMap, Method};
use operation::Operation;
use read::Reader;
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use template::{Template, Values};

/// Under which address a document refers to itself.
const URI: &str = "doorward:/openapi";

/// A document that was read.
pub struct OpenApi {
    library: Library,
    choices: Choices,
    queries: Queries,
    operations: Vec<Operation>,
    /// By their number of segments: templates in their order, with their operations.
    paths: HashMap<usize, Vec<(Template, Vec<usize>)>>,
}

impl fmt::Debug for OpenApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenApi")
            .field("operations", &self.operations.len())
            .finish_non_exhaustive()
    }
}

/// What a document says of a method and a path.
#[derive(Debug)]
pub enum Known<'o, 'p> {
    /// It is one of its operations.
    Operation(Found<'o, 'p>),
    /// The path is known, with other methods.
    OtherMethod(Vec<&'o str>),
    /// It knows no such path.
    Nothing,
}

/// An operation that was found.
#[derive(Debug)]
pub struct Found<'o, 'p> {
    openapi: &'o OpenApi,
    operation: &'o Operation,
    values: Values<'p>,
}

/// What is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Its path's, query's, headers' or cookies' parameters.
    Parameters(Breaches),
    /// It has no body, and must have one.
    NoBody,
    /// It has a body where none is declared.
    NoBodyWanted,
    /// Its body has a type that is not declared, none, or one that could be read in two ways.
    MediaType,
    /// Its body.
    Body(Breaches),
    /// The document itself cannot be read there.
    Document(ShapeError),
}

impl From<ShapeError> for Problem {
    fn from(error: ShapeError) -> Self {
        Self::Document(error)
    }
}

impl OpenApi {
    /// Reads a document.
    ///
    /// # Errors
    /// Everything that is wrong with its operations.
    pub fn new(mut document: Value, settings: &ApiSettings) -> Result<Self, Vec<ShapeError>> {
        let version = read::version(&document).map_err(|error| vec![error])?;
        let roots = read::prepare(&mut document, version);
        let document = Document { uri: URI.to_owned(), value: document };
        let mut library = Library::new(vec![document]);
        let roots: Vec<_> = roots.into_iter().map(|root| (0, root)).collect();
        let additional = settings.choices.additional;
        let changes = close::changes(&library, &roots, additional).map_err(|error| vec![error])?;
        close::apply(library.documents_mut(), changes);
        let Some(main) = library.documents().first() else { return Err(Vec::new()) };
        let prefix = settings.prefix.as_deref().map(|prefix| prefix.trim_end_matches('/'));
        let mut reader = Reader { root: &main.value, prefix, errors: Vec::new() };
        let read = reader.operations();
        if !reader.errors.is_empty() {
            return Err(reader.errors);
        }
        let mut operations = Vec::new();
        let mut by_path: HashMap<usize, Vec<(Template, Vec<usize>)>> = HashMap::new();
        for (template, operation) in read {
            let paths = by_path.entry(template.count()).or_default();
            match paths.iter_mut().find(|(known, _)| *known == template) {
                Some((_, methods)) => methods.push(operations.len()),
                None => paths.push((template, vec![operations.len()])),
            }
            operations.push(operation);
        }
        for paths in by_path.values_mut() {
            paths.sort_by_key(|(template, _)| template.rank());
        }
        let (choices, queries) = (settings.choices, settings.queries);
        Ok(Self { library, choices, queries, operations, paths: by_path })
    }

    /// How many operations it has.
    #[must_use]
    pub fn count(&self) -> usize {
        self.operations.len()
    }

    /// Looks a method and a path up. HEAD is what GET is, unless it is declared itself (RFC 9110
    /// 9.3.2).
    #[must_use]
    pub fn find<'o, 'p>(&'o self, method: &Method, path: &'p str) -> Known<'o, 'p> {
        let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        let paths = self.paths.get(&segments.len()).into_iter().flatten();
        let mut fits = paths.filter_map(|(template, operations)| {
            Some((template.rank(), operations, template.fit(&segments)?))
        });
        let Some((rank, operations, values)) = fits.next() else { return Known::Nothing };
        let mut all = vec![(operations, values)];
        // Two templates of one form that differ in their parameters' names are one path.
        let same = fits.take_while(|(other, _, _)| *other == rank);
        all.extend(same.map(|(_, operations, values)| (operations, values)));
        let known = |number: &usize| self.operations.get(*number);
        for wanted in [method.as_str(), "GET"] {
            for (operations, values) in &all {
                let mut own = operations.iter().filter_map(known);
                if let Some(operation) = own.find(|one| one.method == wanted) {
                    return Known::Operation(Found {
                        openapi: self,
                        operation,
                        values: values.clone(),
                    });
                }
            }
            if *method != Method::HEAD {
                break;
            }
        }
        let methods = all.iter().flat_map(|(operations, _)| operations.iter().filter_map(known));
        Known::OtherMethod(methods.map(|one| one.method.as_str()).collect())
    }

    /// Reads all schemas, and tells what is wrong with any.
    #[must_use]
    pub fn read_all(&self) -> Vec<ShapeError> {
        let mut errors: Vec<ShapeError> = Vec::new();
        for operation in &self.operations {
            let of_parameters = operation.parameters.iter().filter_map(|one| one.shape.as_ref());
            let media = operation.wanted.iter().flat_map(|wanted| &wanted.media);
            let all = of_parameters.chain(media.filter_map(|media| media.shape.as_ref()));
            for shape in all {
                if let Err(error) = shape.ready(&self.library, self.choices)
                    && !errors.contains(&error)
                {
                    errors.push(error);
                }
            }
        }
        errors
    }
}

impl Found<'_, '_> {
    /// Whether its body is judged, so that all of it must be held.
    #[must_use]
    pub fn holds_body(&self) -> bool {
        let media = self.operation.wanted.iter().flat_map(|wanted| &wanted.media);
        self.operation.wanted.is_none() || media.into_iter().any(|media| media.shape.is_some())
    }

    /// Where it stands in the document (RFC 6901).
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.operation.pointer
    }

    /// Judges the path, the query, the headers and the cookies.
    ///
    /// # Errors
    /// What does not have its shape.
    pub fn judge_head(&self, query: Option<&str>, headers: &HeaderMap) -> Result<(), Problem> {
        let OpenApi { library, choices, queries, .. } = self.openapi;
        self.operation.judge_head(&self.values, query, headers, (library, *choices, *queries))
    }

    /// Judges a body, all of it; empty where there is none.
    ///
    /// # Errors
    /// What does not have its shape.
    pub fn judge_body(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), Problem> {
        let OpenApi { library, choices, .. } = self.openapi;
        self.operation.judge_body(headers, body, library, *choices)
    }
}
