//! The library's errors, in our words: what was declared, never what stood there.

use super::breach::{Breach, is_plain, plain_pointer};
use super::fault::{ShapeError, escaped};
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ReferencingError, ValidationError};

/// Letters of a schema that an error repeats, at the most.
const SHOWN_LETTERS_MAX: usize = 120;

/// What is said of a member that nobody may write.
pub(super) const READ_ONLY: &str = "this is read-only: leave it out";

/// Adds an error's breaches.
pub(super) fn tell(error: &ValidationError<'_>, list: &mut Vec<Breach>) {
    use ValidationErrorKind as Kind;
    let place = error.instance_path().as_str();
    let pointer = plain_pointer(place);
    let keyword = error.kind().keyword().to_owned();
    let unexpected = match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unexpected
        }
        _ => {
            list.push(Breach::new(pointer, keyword, sentence(error.kind())));
            return;
        }
    };
    for name in unexpected {
        // Where the path to it is not repeated, neither is its name.
        let (pointer, detail) = if pointer == place && is_plain(name) {
            (format!("{pointer}/{}", escaped(name)), "no such member is declared: leave it out")
        } else {
            (pointer.to_owned(), "a member stands here that is not declared: leave it out")
        };
        list.push(Breach::new(pointer, keyword.clone(), detail));
    }
}

fn sentence(kind: &ValidationErrorKind) -> String {
    use ValidationErrorKind as Kind;
    match kind {
        Kind::AdditionalItems { limit } => format!("it has at most {limit} elements"),
        Kind::MaxItems { limit } => format!("it has at most {limit} elements"),
        Kind::MinItems { limit } => format!("it has at least {limit} elements"),
        Kind::MaxLength { limit } => format!("it has at most {limit} letters"),
        Kind::MinLength { limit } => format!("it has at least {limit} letters"),
        Kind::MaxProperties { limit } => format!("it has at most {limit} members"),
        Kind::MinProperties { limit } => format!("it has at least {limit} members"),
        Kind::Maximum { limit } => format!("it is at most {limit}"),
        Kind::Minimum { limit } => format!("it is at least {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("it is less than {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("it is more than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("it is a multiple of {multiple_of}"),
        Kind::Type { kind } => format!("it is of type {}", types(kind)),
        Kind::Format { format } => format!("it has the format {}", shown(format)),
        Kind::ContentEncoding { content_encoding } => {
            format!("it is encoded in {}", shown(content_encoding))
        }
        Kind::ContentMediaType { content_media_type } => {
            format!("it is a text of {}", shown(content_media_type))
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            format!("the member {} is missing", shown(name))
        }
        Kind::AnyOf { .. } => "it fits none of the shapes that are declared here".to_owned(),
        Kind::OneOfNotValid { .. } => {
            "it fits none of the shapes that are declared here".to_owned()
        }
        Kind::OneOfMultipleValid { .. } => {
            "it fits several of the shapes of which it may fit one".to_owned()
        }
        // What is allowed may be a secret as well.
        Kind::Constant { .. } => "it is not the one value that is declared here".to_owned(),
        Kind::Enum { .. } => "it is none of the values that are declared here".to_owned(),
        Kind::Pattern { .. } => "it does not fit the pattern that is declared here".to_owned(),
        Kind::Contains => "it has not the elements that are declared here".to_owned(),
        Kind::FalseSchema => "nothing may stand here".to_owned(),
        Kind::Not { .. } => "it has the shape that is declared not to be".to_owned(),
        Kind::PropertyNames { .. } => "a member has a name that is not declared".to_owned(),
        Kind::UniqueItems => "its elements differ from each other".to_owned(),
        Kind::UnevaluatedItems { .. } => "an element stands here that is not declared".to_owned(),
        Kind::AdditionalProperties { .. } | Kind::UnevaluatedProperties { .. } => {
            "a member stands here that is not declared: leave it out".to_owned()
        }
        Kind::Custom { keyword, .. } if keyword == "readOnly" => READ_ONLY.to_owned(),
        Kind::Custom { .. }
        | Kind::BacktrackLimitExceeded { .. }
        | Kind::RegexEngineFailure { .. }
        | Kind::FromUtf8 { .. }
        | Kind::Referencing(_) => "it cannot be told whether it fits".to_owned(),
    }
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(several) => {
            let names: Vec<String> = several.iter().map(|one| one.to_string()).collect();
            names.join(" or ")
        }
    }
}

/// A word of a schema, cut, and steering no terminal.
pub(super) fn shown(text: &str) -> String {
    let seen = |letter: char| if letter.is_control() { '\u{fffd}' } else { letter };
    let mut out: String = text.chars().take(SHOWN_LETTERS_MAX).map(seen).collect();
    if text.chars().nth(SHOWN_LETTERS_MAX).is_some() {
        out.push('…');
    }
    format!("`{out}`")
}

/// What is wrong with a schema at `pointer`.
pub(super) fn unreadable(pointer: &str, error: &ValidationError<'_>) -> ShapeError {
    if let ValidationErrorKind::Referencing(error) = error.kind() {
        return unresolved(pointer, error);
    }
    // It is the meta-schema's error, so the value is the schema: seen from its document's root.
    let place = match error.instance_path().as_str() {
        "" => pointer,
        place => place,
    };
    match error.kind() {
        ValidationErrorKind::Format { format } if format == "regex" => {
            let what = "this pattern cannot be read: it is none, or looks ahead, behind or back";
            let hint = "patterns are matched in linear time: write it without (?=…), (?!…), (?<…) \
                        and \\1, and shorter where it repeats much";
            ShapeError::new(place, what, hint)
        }
        ValidationErrorKind::Enum { .. }
        | ValidationErrorKind::AnyOf { .. }
        | ValidationErrorKind::Custom { .. } => {
            let hint = "see JSON Schema 2020-12 for what may stand there";
            ShapeError::new(place, "this word of JSON Schema has no such value", hint)
        }
        kind => {
            let what = format!("this is no schema: {}", shown(&sentence(kind)));
            let hint = "see JSON Schema 2020-12 for what may stand there";
            ShapeError::new(place, what, hint)
        }
    }
}

/// A reference that leads nowhere.
pub(super) fn unresolved(pointer: &str, error: &ReferencingError) -> ShapeError {
    let what = format!("a reference leads nowhere: {}", shown(&error.to_string()));
    let hint = "nothing is fetched: write what is meant into this file, below `$defs`, or name its \
                file relative to this one";
    ShapeError::new(pointer, what, hint)
}
