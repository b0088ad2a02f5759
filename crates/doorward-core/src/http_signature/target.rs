//! Where a request goes, and what of it can be signed (RFC 9421 2.2).

use super::Fault;
use super::base::Base;
use super::component::Derived;

/// The line of a request: what is neither a header nor its body. As it was received, before
/// anything is rewritten for the backend.
#[derive(Clone, Copy, Debug)]
pub struct Target<'r> {
    /// The method, whose case matters.
    pub method: &'r str,
    /// The scheme by which the client called: `https` or `http`.
    pub scheme: &'r str,
    /// The host, and the port where there is one.
    pub authority: &'r str,
    /// The path, with its percent-encoding.
    pub path: &'r str,
    /// The query without its `?`. None where there is no `?`.
    pub query: Option<&'r str>,
}

impl Target<'_> {
    pub(super) fn write(&self, derived: Derived, base: &mut Base) -> Result<(), Fault> {
        match derived {
            Derived::Method => base.push(self.method),
            Derived::Scheme => base.push(&self.scheme.to_ascii_lowercase()),
            Derived::Authority => base.push(&self.authority()),
            Derived::Path => base.push(self.path()),
            Derived::Query => {
                // RFC 9421 2.2.7: without any query it is a single question mark.
                base.push("?")?;
                base.push(self.query.unwrap_or_default())
            }
            Derived::RequestTarget => self.write_path_and_query(base),
            Derived::TargetUri => {
                base.push(&self.scheme.to_ascii_lowercase())?;
                base.push("://")?;
                base.push(&self.authority())?;
                self.write_path_and_query(base)
            }
        }
    }

    fn write_path_and_query(&self, base: &mut Base) -> Result<(), Fault> {
        base.push(self.path())?;
        let Some(query) = self.query else { return Ok(()) };
        base.push("?")?;
        base.push(query)
    }

    /// RFC 9110 4.2.3: an empty path is `/`.
    const fn path(&self) -> &str {
        if self.path.is_empty() { "/" } else { self.path }
    }

    /// RFC 9110 4.2.3: in lower case, and without the port that the scheme has anyway.
    fn authority(&self) -> String {
        let authority = self.authority.to_ascii_lowercase();
        let port = match self.scheme.to_ascii_lowercase().as_str() {
            "https" => ":443",
            "http" => ":80",
            _ => ":",
        };
        let short = authority.strip_suffix(port).or_else(|| authority.strip_suffix(':'));
        short.map(str::to_owned).unwrap_or(authority)
    }
}
