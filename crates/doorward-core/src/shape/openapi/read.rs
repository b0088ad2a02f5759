//! From a document to its operations. References are followed within the document; schemas are only
//! looked up here, and read when they are first needed.

use super::super::close::Root;
use super::super::fault::{ShapeError, escaped};
use super::super::part;
use super::lazy::Lazy;
use super::operation::{Media, Operation, Wanted};
use super::parameter::{Parameter, Place, Style};
use super::template::Template;
use super::translate::{self, Version};
use serde_json::Value;

/// Methods of OpenAPI; `trace` is nobody's.
pub(super) const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];
/// References that follow each other, at the most.
const CHAIN_MAX: usize = 16;
/// Operations of a document at the most.
const OPERATIONS_MAX: usize = 20_000;

/// Headers that no parameter declares (3.1.1, 4.8.12.2).
const NO_PARAMETERS: [&str; 3] = ["accept", "content-type", "authorization"];

/// Which words a document has, or that it is none.
pub(super) fn version(document: &Value) -> Result<Version, ShapeError> {
    let said = part(document, "openapi").and_then(Value::as_str).unwrap_or_default();
    if said.starts_with("3.0.") {
        return Ok(Version::Own);
    }
    if said.starts_with("3.1.") || said.starts_with("3.2.") {
        return match part(document, "jsonSchemaDialect").and_then(Value::as_str) {
            Some(dialect) if !dialect.contains("/dialect/base") && !dialect.contains("2020-12") => {
                let what = "its schemas have another dialect than JSON Schema 2020-12";
                let hint = "leave out `jsonSchemaDialect`, and write the schemas in 2020-12";
                Err(ShapeError::new("/jsonSchemaDialect", what, hint))
            }
            Some(_) | None => Ok(Version::JsonSchema),
        };
    }
    let what = match part(document, "swagger") {
        Some(_) => "this is Swagger 2.0",
        None => "this is no OpenAPI 3: it has no `openapi: 3.0.…` or `3.1.…`",
    };
    Err(ShapeError::new("/openapi", what, "give OpenAPI 3.0 or 3.1; converters are at hand"))
}

/// Takes out what says nothing about requests, writes all schemas in the words of 2020-12, and
/// tells where they stand.
pub(super) fn prepare(document: &mut Value, version: Version) -> Vec<Root> {
    let mut roots = Vec::new();
    let Some(top) = document.as_object_mut() else { return roots };
    translate::prune(top);
    top.remove("webhooks");
    if let Some(components) = top.get_mut("components").and_then(Value::as_object_mut) {
        translate::prune(components);
        let named = components.get_mut("schemas").and_then(Value::as_object_mut);
        for (name, schema) in named.into_iter().flatten() {
            translate::schema(schema, version);
            let pointer = format!("/components/schemas/{}", escaped(name));
            roots.push(Root { pointer, is_whole: false });
        }
        for (word, is_body) in [("parameters", false), ("requestBodies", true)] {
            let named = components.get_mut(word).and_then(Value::as_object_mut);
            for (name, one) in named.into_iter().flatten() {
                let pointer = format!("/components/{word}/{}", escaped(name));
                prepare_one(one, &pointer, is_body, version, &mut roots);
            }
        }
        let named = components.get_mut("pathItems").and_then(Value::as_object_mut);
        for (name, item) in named.into_iter().flatten() {
            let pointer = format!("/components/pathItems/{}", escaped(name));
            prepare_item(item, &pointer, version, &mut roots);
        }
    }
    let paths = top.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        prepare_item(item, &format!("/paths/{}", escaped(path)), version, &mut roots);
    }
    roots
}

fn prepare_item(item: &mut Value, pointer: &str, version: Version, roots: &mut Vec<Root>) {
    let Some(item) = item.as_object_mut() else { return };
    for (name, one) in item {
        let pointer = format!("{pointer}/{}", escaped(name));
        if name == "parameters" {
            prepare_list(one, &pointer, version, roots);
        }
        if !METHODS.contains(&name.as_str()) {
            continue;
        }
        let Some(operation) = one.as_object_mut() else { continue };
        translate::prune(operation);
        if let Some(list) = operation.get_mut("parameters") {
            prepare_list(list, &format!("{pointer}/parameters"), version, roots);
        }
        if let Some(body) = operation.get_mut("requestBody") {
            prepare_one(body, &format!("{pointer}/requestBody"), true, version, roots);
        }
    }
}

fn prepare_list(list: &mut Value, pointer: &str, version: Version, roots: &mut Vec<Root>) {
    for (place, one) in list.as_array_mut().into_iter().flatten().enumerate() {
        prepare_one(one, &format!("{pointer}/{place}"), false, version, roots);
    }
}

/// A parameter or a body.
fn prepare_one(
    one: &mut Value,
    pointer: &str,
    is_body: bool,
    version: Version,
    roots: &mut Vec<Root>,
) {
    let Some(one) = one.as_object_mut() else { return };
    if let Some(schema) = one.get_mut("schema").filter(|_| !is_body) {
        translate::schema(schema, version);
        roots.push(Root { pointer: format!("{pointer}/schema"), is_whole: true });
    }
    let content = one.get_mut("content").and_then(Value::as_object_mut);
    for (range, media) in content.into_iter().flatten() {
        let Some(media) = media.as_object_mut() else { continue };
        translate::prune(media);
        media.remove("example");
        if let Some(schema) = media.get_mut("schema") {
            translate::schema(schema, version);
            let pointer = format!("{pointer}/content/{}/schema", escaped(range));
            roots.push(Root { pointer, is_whole: true });
        }
    }
}

/// A document whose operations are read.
pub(super) struct Reader<'d> {
    pub(super) root: &'d Value,
    /// What stands before every path in place of the servers' own.
    pub(super) prefix: Option<&'d str>,
    pub(super) errors: Vec<ShapeError>,
}

/// A place in the document, and what stands there.
#[derive(Clone)]
struct Found<'d> {
    pointer: String,
    value: &'d Value,
}

impl<'d> Found<'d> {
    fn part(&self, name: &str) -> Option<Self> {
        let value = part(self.value, name)?;
        Some(Self { pointer: format!("{}/{}", self.pointer, escaped(name)), value })
    }

    fn list(&self) -> impl Iterator<Item = Self> {
        let list = self.value.as_array().into_iter().flatten().enumerate();
        list.map(|(place, value)| Self { pointer: format!("{}/{place}", self.pointer), value })
    }

    fn text(&self, name: &str) -> Option<&'d str> {
        part(self.value, name)?.as_str()
    }

    fn is_set(&self, name: &str) -> bool {
        part(self.value, name) == Some(&Value::Bool(true))
    }
}

impl<'d> Reader<'d> {
    /// All operations, each under every address that it has.
    pub(super) fn operations(&mut self) -> Vec<(Template, Operation)> {
        let root = Found { pointer: String::new(), value: self.root };
        let mut out = Vec::new();
        let Some(paths) = root.part("paths") else {
            self.error("/paths", "it has no paths", "give the document of the whole API");
            return out;
        };
        for name in paths.value.as_object().into_iter().flatten().map(|(name, _)| name) {
            let Some(item) = paths.part(name).filter(|_| !name.starts_with("x-")) else { continue };
            let pointer = item.pointer.clone();
            let Some(item) = self.resolve(item) else { continue };
            for method in METHODS {
                let Some(operation) = item.part(method) else { continue };
                for base in self.bases(&[&operation, &item, &root]) {
                    let Some(template) = Template::parse(&format!("{base}{name}")) else {
                        let what = "this is no path: it begins with a slash, and each parameter \
                                    stands in braces";
                        self.error(&pointer, what, "write it like /users/{id}");
                        continue;
                    };
                    let read = self.operation((method, name), &item, &operation, &template);
                    out.push((template, read));
                }
                if out.len() > OPERATIONS_MAX {
                    let what = "it has more than 20,000 operations";
                    self.error("/paths", what, "give its parts one by one");
                    return out;
                }
            }
        }
        out
    }

    fn error(&mut self, pointer: &str, what: &str, hint: &str) {
        self.errors.push(ShapeError::new(pointer, what, hint));
    }

    /// What a value stands for: itself, or what its `$ref` leads to.
    fn resolve(&mut self, mut found: Found<'d>) -> Option<Found<'d>> {
        let from = found.pointer.clone();
        for _ in 0..CHAIN_MAX {
            let Some(reference) = found.text("$ref") else { return Some(found) };
            let bytes =
                reference.strip_prefix('#').map(str::as_bytes).and_then(crate::path::decode);
            let pointer = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            let target = pointer.and_then(|pointer| {
                let value = self.root.pointer(&pointer)?;
                Some(Found { pointer, value })
            });
            let Some(target) = target else {
                let what = "its `$ref` leads to nothing in this document";
                let hint = "nothing is fetched: bundle the document into one file";
                self.error(&from, what, hint);
                return None;
            };
            found = target;
        }
        self.error(&from, "its `$ref` leads in a circle", "say what it is in one of them");
        None
    }

    /// The paths of the servers, of the innermost that names any (3.1.1, 4.8.5).
    fn bases(&mut self, levels: &[&Found<'d>]) -> Vec<String> {
        if let Some(prefix) = self.prefix {
            return vec![prefix.to_owned()];
        }
        let servers = levels.iter().find_map(|level| level.part("servers"));
        let mut out: Vec<String> = Vec::new();
        for server in servers.iter().flat_map(|servers| servers.list()) {
            let base = base(&server);
            if !out.contains(&base) {
                out.push(base);
            }
        }
        if out.is_empty() { vec![String::new()] } else { out }
    }

    fn operation(
        &mut self,
        (method, path): (&'static str, &str),
        item: &Found<'d>,
        found: &Found<'d>,
        template: &Template,
    ) -> Operation {
        let mut parameters: Vec<Parameter> = Vec::new();
        // An operation's own come first, and stand for those of its path.
        for list in [found.part("parameters"), item.part("parameters")].into_iter().flatten() {
            for one in list.list() {
                let Some(one) = self.resolve(one) else { continue };
                let Some(read) = self.parameter(&one) else { continue };
                let is_same = |other: &Parameter| other.is_like(&read);
                if !parameters.iter().any(is_same) {
                    parameters.push(read);
                }
            }
        }
        let names: Vec<(usize, String)> =
            template.names().map(|(place, name)| (place, name.to_owned())).collect();
        let body = found.part("requestBody").and_then(|body| self.resolve(body));
        Operation {
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            pointer: found.pointer.clone(),
            parameters,
            names,
            has_several: template.has_several(),
            wanted: body.map(|body| Self::wanted(&body)),
        }
    }

    fn parameter(&mut self, found: &Found<'d>) -> Option<Parameter> {
        let place = found.text("in");
        let place = Place::WORDS.iter().find(|(word, _)| Some(*word) == place);
        let (Some(name), Some((_, place))) = (found.text("name"), place) else {
            let what = "a parameter says `name`, and `in`: path, query, header or cookie";
            self.error(&found.pointer, what, "see OpenAPI 3.1.1, 4.8.12");
            return None;
        };
        let is_none = NO_PARAMETERS.iter().any(|none| none.eq_ignore_ascii_case(name));
        if *place == Place::Header && is_none {
            return None;
        }
        let content = found.part("content");
        let media = content.as_ref().and_then(|content| {
            let range = content.value.as_object()?.keys().next()?;
            content.part(range)
        });
        let style = match found.text("style") {
            _ if content.is_some() => Style::Json,
            Some("spaceDelimited") => Style::Space,
            Some("pipeDelimited") => Style::Pipe,
            Some("deepObject") => Style::Deep,
            Some("matrix" | "label") => Style::Other,
            Some(_) | None => Style::Plain,
        };
        let schema = media.as_ref().unwrap_or(found).part("schema");
        // In a query and in cookies each value has a name of its own, unless it is said otherwise.
        let explodes = match part(found.value, "explode") {
            Some(said) => *said == Value::Bool(true),
            None => matches!(place, Place::Query | Place::Cookie) && style == Style::Plain,
        };
        Some(Parameter {
            place: *place,
            name: name.to_owned(),
            is_required: found.is_set("required") || *place == Place::Path,
            may_be_empty: found.is_set("allowEmptyValue"),
            style,
            explodes,
            shape: schema.map(|schema| Lazy::new(schema.pointer)),
        })
    }

    fn wanted(body: &Found<'d>) -> Wanted {
        let content = body.part("content");
        let ranges = content.iter().flat_map(|content| {
            let names = content.value.as_object().into_iter().flatten();
            names.filter_map(|(name, _)| Some((name, content.part(name)?)))
        });
        let media = ranges.map(|(name, media)| Media {
            // Parameters of a type choose no other shape here.
            range: name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase(),
            shape: media.part("schema").map(|schema| Lazy::new(schema.pointer)),
        });
        let mut media: Vec<Media> = media.collect();
        // The more exact a range is, the earlier it counts (3.1.1, 4.8.13.1).
        media.sort_by_key(|media| media.range.matches('*').count());
        Wanted { is_required: body.is_set("required"), media }
    }
}

/// A server's path, without a slash at its end; variables have their defaults.
fn base(server: &Found<'_>) -> String {
    let mut url = server.text("url").unwrap_or_default().to_owned();
    let variables = server.part("variables");
    let named = variables.iter().filter_map(|all| all.value.as_object()).flatten();
    for (name, variable) in named {
        let default = part(variable, "default").and_then(Value::as_str).unwrap_or_default();
        url = url.replace(&format!("{{{name}}}"), default);
    }
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None if url.starts_with("//") => url[2..].find('/').map_or("", |at| &url[2 + at..]),
        None => url.as_str(),
    };
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    if path.is_empty() || path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}
