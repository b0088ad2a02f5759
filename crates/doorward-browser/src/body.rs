//! Bodies, and the content type that a browser adds by itself.

/// What a script or a form sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// A string.
    Text(String),
    /// A `URLSearchParams`, or a form with its usual encoding.
    UrlEncoded(String),
    /// A `FormData`, or a form with `multipart/form-data`: name and value.
    Multipart(Vec<(String, String)>),
    /// A form with `text/plain`.
    Plain(String),
    /// An `ArrayBuffer` or a typed array.
    Bytes(Vec<u8>),
    /// A `Blob` with this type, which may be empty.
    Blob(String, Vec<u8>),
    /// A `ReadableStream`.
    Stream,
}

impl Body {
    /// The `Content-Type` that the browser adds where the script set none (Fetch 5.2).
    #[must_use]
    pub fn implied_type(&self) -> Option<String> {
        match self {
            Self::Text(_) => Some("text/plain;charset=UTF-8".to_owned()),
            Self::UrlEncoded(_) => Some("application/x-www-form-urlencoded;charset=UTF-8".into()),
            Self::Multipart(_) => Some("multipart/form-data; boundary=----".to_owned()),
            Self::Plain(_) => Some("text/plain".to_owned()),
            Self::Blob(kind, _) if !kind.is_empty() => Some(kind.clone()),
            Self::Empty | Self::Bytes(_) | Self::Blob(..) | Self::Stream => None,
        }
    }

    /// Its length in bytes, without the borders between fields; none: a stream's.
    #[must_use]
    pub fn length_bytes(&self) -> Option<usize> {
        match self {
            Self::Empty => Some(0),
            Self::Text(text) | Self::UrlEncoded(text) | Self::Plain(text) => Some(text.len()),
            Self::Multipart(fields) => {
                Some(fields.iter().map(|(name, value)| name.len() + value.len()).sum())
            }
            Self::Bytes(bytes) | Self::Blob(_, bytes) => Some(bytes.len()),
            Self::Stream => None,
        }
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}
