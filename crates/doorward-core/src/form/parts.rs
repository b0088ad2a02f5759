//! A multipart form (RFC 7578), read as strictly as its backends read it in different ways: a part
//! that one of them skips, and another reads, is none.

use super::kind::{Parameter, Parameters, is_utf8};
use super::{FIELDS_MAX, Field, Unclear};
use crate::header;
use crate::path;
use memchr::memmem;

/// What a part's head says of it.
struct Part<'b> {
    name: &'b str,
    is_file: bool,
    /// Its type is that of a plain field.
    is_plain: bool,
}

/// The fields of these names. A file is none, and none of its names may be one of these.
pub(super) fn fields(
    boundary: &str,
    body: &[u8],
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Field>, Unclear> {
    let mut found = Vec::new();
    each(boundary, body, |Part { name, is_file, is_plain }, content| {
        // Some decode names, which is not written anywhere (RFC 7578 4.2).
        let decoded = path::decode(name.as_bytes()).map(String::from_utf8);
        let is_decoded = decoded.is_some_and(|name| name.is_ok_and(|name| is_wanted(&name)));
        if !is_wanted(name) && !is_decoded {
            return Ok(());
        }
        if is_file || !is_plain || name.contains('%') {
            return Err(Unclear);
        }
        let value = String::from_utf8(content.to_vec()).map_err(|_| Unclear)?;
        found.push(Field { name: name.to_owned(), value });
        Ok(())
    })?;
    Ok(found)
}

/// The names of all parts that are files, as they come.
#[cfg(feature = "schema")]
pub(super) fn files(boundary: &str, body: &[u8]) -> Result<Vec<String>, Unclear> {
    let mut found = Vec::new();
    each(boundary, body, |part, _| {
        if part.is_file {
            found.push(part.name.to_owned());
        }
        Ok(())
    })?;
    Ok(found)
}

/// Reads a form, part by part.
fn each<'b>(
    boundary: &str,
    body: &'b [u8],
    mut take: impl FnMut(Part<'b>, &'b [u8]) -> Result<(), Unclear>,
) -> Result<(), Unclear> {
    let delimiter = format!("--{boundary}");
    let mut rest = body.strip_prefix(delimiter.as_bytes()).ok_or(Unclear)?;
    for _ in 0..=FIELDS_MAX {
        if let Some(end) = rest.strip_prefix(b"--") {
            return if matches!(end, b"" | b"\r\n") { Ok(()) } else { Err(Unclear) };
        }
        let part = rest.strip_prefix(b"\r\n").ok_or(Unclear)?;
        // Some find a delimiter behind a bare line feed: one that stands anywhere else is unclear.
        let end = memmem::find(part, delimiter.as_bytes()).ok_or(Unclear)?;
        rest = &part[end + delimiter.len()..];
        let part = part[..end].strip_suffix(b"\r\n").ok_or(Unclear)?;
        let blank = memmem::find(part, b"\r\n\r\n").ok_or(Unclear)?;
        let content = &part[blank + 4..];
        take(head(&part[..blank], content.len())?, content)?;
    }
    Err(Unclear)
}

/// Reads a part's head.
fn head(head: &[u8], length: usize) -> Result<Part<'_>, Unclear> {
    let head = std::str::from_utf8(head).map_err(|_| Unclear)?;
    let (mut part, mut is_plain, mut seen) = (None, true, [false; 3]);
    let mut once = |place: usize| match std::mem::replace(&mut seen[place], true) {
        true => Err(Unclear),
        false => Ok(()),
    };
    for line in head.split("\r\n") {
        // A bare CR or LF ends a line for some.
        if line.contains(['\r', '\n', '\0']) {
            return Err(Unclear);
        }
        // A line that goes on from the one before has no name.
        let (name, value) = line.split_once(':').ok_or(Unclear)?;
        if !header::is_token(name.as_bytes()) {
            return Err(Unclear);
        }
        let value = value.trim_matches([' ', '\t']);
        match name.to_ascii_lowercase().as_str() {
            "content-disposition" if part.is_some() => return Err(Unclear),
            "content-disposition" => part = Some(disposition(value)?),
            "content-type" => {
                once(0)?;
                is_plain = is_plain_type(value)?;
            }
            "content-transfer-encoding" => {
                once(1)?;
                let is_none = |word| value.eq_ignore_ascii_case(word);
                if !["7bit", "8bit", "binary"].into_iter().any(is_none) {
                    return Err(Unclear);
                }
            }
            // Some believe it, and read on behind as many bytes.
            "content-length" => {
                once(2)?;
                if value != length.to_string() {
                    return Err(Unclear);
                }
            }
            _ => {}
        }
    }
    let (name, is_file) = part.ok_or(Unclear)?;
    Ok(Part { name, is_file, is_plain })
}

/// The name of a part, and whether it is a file (RFC 7578 4.2).
fn disposition(value: &str) -> Result<(&str, bool), Unclear> {
    let end = value.find(';').ok_or(Unclear)?;
    let (word, rest) = value.split_at(end);
    // Escapes are of no use here: browsers write %22 (WHATWG HTML 4.10.21.8).
    if !word.eq_ignore_ascii_case("form-data") || rest.contains('\\') {
        return Err(Unclear);
    }
    let (mut name, mut files) = (None, [None; 2]);
    for parameter in Parameters(rest) {
        let Parameter { name: key, value, is_quoted } = parameter.ok_or(Unclear)?;
        // Without quotes readers differ in where a value ends; `filename*` has an alphabet of its
        // own (RFC 8187 3.2.1), and is no name.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if !is_quoted && !key.ends_with('*') && !value.bytes().all(plain) {
            return Err(Unclear);
        }
        let slot = match key.to_ascii_lowercase().as_str() {
            "name" => &mut name,
            "filename" => &mut files[0],
            "filename*" => &mut files[1],
            // `name*` among them.
            _ => return Err(Unclear),
        };
        if slot.replace(value).is_some() {
            return Err(Unclear);
        }
    }
    let name = name.filter(|name| is_plain_name(name)).ok_or(Unclear)?;
    let is_file = files.iter().any(Option::is_some);
    // Who splits inside of quotes finds another name there.
    let hides = |file: &&str| file.contains(';') && file.contains('=');
    if files.iter().flatten().any(hides) || has_loose_blank(rest) {
        return Err(Unclear);
    }
    Ok((name, is_file))
}

/// A name that is the same for who takes quotes off, splits at semicolons, or decodes encoded
/// words (RFC 2047).
fn is_plain_name(name: &str) -> bool {
    !name.contains(['\'', ';', '"']) && !name.contains("=?")
}

/// Whether a blank stands before a semicolon, or the value ends in one: some end there.
fn has_loose_blank(rest: &str) -> bool {
    let mut is_quoted = false;
    let mut before = ';';
    for letter in rest.chars() {
        is_quoted ^= letter == '"';
        if !is_quoted && letter == ';' && matches!(before, ' ' | '\t') {
            return true;
        }
        before = letter;
    }
    before == ';'
}

/// Whether a type is that of a plain field.
fn is_plain_type(value: &str) -> Result<bool, Unclear> {
    let end = value.find(';').unwrap_or(value.len());
    let (essence, rest) = value.split_at(end);
    let essence = essence.trim_end().to_ascii_lowercase();
    // Parts inside of a part, as they once were (RFC 7578 4.3).
    if essence.starts_with("multipart") || essence.starts_with("message") {
        return Err(Unclear);
    }
    let mut is_plain = essence == "text/plain";
    for parameter in Parameters(rest) {
        let is_fine = parameter
            .is_some_and(|one| one.name.eq_ignore_ascii_case("charset") && is_utf8(one.value));
        is_plain &= is_fine;
    }
    Ok(is_plain)
}
