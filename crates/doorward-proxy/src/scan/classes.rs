//! Which bytes may stand where, and which names no trailer may have.

/// Bytes of methods and names (RFC 9110 5.6.2).
pub(super) const TOKEN: u8 = 1;
/// Bytes of a target before its `?`, which is not one of them.
pub(super) const PATH: u8 = 2;
/// Bytes of a target after its `?`.
pub(super) const QUERY: u8 = 4;

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0x21_u8;
    while byte < 0x7f {
        let class = &mut classes[byte as usize];
        if byte.is_ascii_alphanumeric()
            || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+')
            || matches!(byte, b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
        {
            *class |= TOKEN;
        }
        // WHATWG URL, percent-encode sets: browsers leave `[ ] ^ |` bare in paths, and backslash,
        // backquote and braces in queries as well.
        let is_query = !matches!(byte, b'"' | b'<' | b'>' | b'#');
        if is_query {
            *class |= QUERY;
        }
        if is_query && !matches!(byte, b'\\' | b'`' | b'{' | b'}' | b'?') {
            *class |= PATH;
        }
        byte += 1;
    }
    classes
}

/// Whether the byte is of the class.
pub(super) fn is(class: u8, byte: u8) -> bool {
    CLASSES[usize::from(byte)] & class != 0
}

/// How many bytes at the front are of the class.
pub(super) fn run(class: u8, bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| !is(class, byte)).unwrap_or(bytes.len())
}

/// How many bytes at the front are no control byte (0x00-0x1f, 0x7f), eight at a time.
pub(super) fn text_run(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let delete = word ^ (0x7f * ONES);
        // The high bit of each byte below 0x20, or equal to 0x7f. A borrow may set one too many,
        // but only above the first, which alone is used.
        let found = (word.wrapping_sub(0x20 * ONES) & !word | delete.wrapping_sub(ONES) & !delete)
            & (0x80 * ONES);
        if found != 0 {
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let tail = rest.iter().position(u8::is_ascii_control).unwrap_or(rest.len());
    words.len() * 8 + tail
}

/// What no trailer may be (RFC 9110 6.5.1): headers of framing, routing, authentication, request
/// modifiers and the body's own description, which a reader that merges trailers into the head
/// would act upon after they were judged. A `*` stands for any ending; each is under 32 bytes.
const NOT_IN_TRAILERS: [&[u8]; 45] = [
    b"connection",
    b"content-length",
    b"keep-alive",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
    b"client-ip",
    b"forwarded",
    b"host",
    b"max-forwards",
    b"origin",
    b"referer",
    b"true-client-ip",
    b"via",
    b"x-forwarded*",
    b"x-http-method*",
    b"x-method-override",
    b"x-original-*",
    b"x-real-ip",
    b"x-rewrite-*",
    b"access-control-*",
    b"api-key",
    b"apikey",
    b"authorization",
    b"cookie*",
    b"doorward-*",
    b"idempotency-key",
    b"proxy-*",
    b"sec-*",
    b"set-cookie*",
    b"signature*",
    b"www-authenticate",
    b"x-api-*",
    b"x-auth-*",
    b"x-csrf-*",
    b"x-xsrf-*",
    b"cache-control",
    b"expect",
    b"if-*",
    b"pragma",
    b"range",
    b"content-encoding",
    b"content-range",
    b"content-type",
];

/// Whether no trailer may have this name, in any case, and with `_` for `-` as CGI folds them.
pub(crate) fn is_refused_in_trailers(name: &[u8]) -> bool {
    let equals = |name: &[u8], wanted: &[u8]| {
        name.len() == wanted.len()
            && name.iter().zip(wanted).all(|(&byte, &want)| {
                let byte = if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
                byte == want
            })
    };
    NOT_IN_TRAILERS.iter().any(|entry| match entry.strip_suffix(b"*") {
        Some(prefix) => name.get(..prefix.len()).is_some_and(|front| equals(front, prefix)),
        None => equals(name, entry),
    })
}
