//! What an engine's console says where a page is not let: its own words, as far as they are known.
//!
//! Scripts see none of this: to them every such failure is the same error.

use crate::engine::EngineId;
use crate::request::Mode;
use crate::rule::Rule;
use crate::verdict::Verdict;

/// The line that this engine's console shows for a verdict; none where it shows none, or where the
/// words are not known.
#[must_use]
pub fn said(engine: EngineId, page: &str, verdict: &Verdict, mode: Mode) -> Option<String> {
    if mode != Mode::Cors {
        return None;
    }
    let preflight = verdict.preflight.as_ref().and_then(|preflight| preflight.doubt.as_ref());
    let because = preflight.unwrap_or(&verdict.because);
    let asked = verdict.preflight.as_ref().and_then(|preflight| preflight.sent.as_ref());
    let url = verdict.sent.as_ref().or(asked)?.url.as_str();
    let found = allowed_origin(verdict, preflight.is_some());
    let line = Line { page, url, detail: &because.detail, found: &found };
    match engine {
        EngineId::Chromium => line.chromium(because.rule, preflight.is_some()),
        EngineId::Firefox => line.firefox(because.rule),
        EngineId::WebKit => line.webkit(because.rule),
    }
}

/// What a line is made of.
struct Line<'a> {
    page: &'a str,
    url: &'a str,
    detail: &'a str,
    found: &'a str,
}

fn allowed_origin(verdict: &Verdict, in_preflight: bool) -> String {
    let answer = match in_preflight {
        true => verdict.preflight.as_ref().and_then(|preflight| preflight.answer.as_ref()),
        false => verdict.answer.as_ref(),
    };
    let headers = answer.map(|answer| &answer.headers);
    headers.and_then(|headers| headers.joined("access-control-allow-origin")).unwrap_or_default()
}

impl Line<'_> {
    fn chromium(&self, rule: Rule, in_preflight: bool) -> Option<String> {
        let Self { page, url, detail, found } = self;
        let where_ = if in_preflight {
            "Response to preflight request doesn't pass access control check: "
        } else {
            ""
        };
        let why = match rule.id {
            "origin-missing" => {
                "No 'Access-Control-Allow-Origin' header is present on the requested resource."
                    .to_owned()
            }
            "origin-repeated" => format!(
                "The 'Access-Control-Allow-Origin' header contains multiple values '{found}', but \
                 only one is allowed."
            ),
            "origin-other" => format!(
                "The 'Access-Control-Allow-Origin' header has a value '{found}' that is not equal \
                 to the supplied origin."
            ),
            "star-with-credentials" => {
                "The value of the 'Access-Control-Allow-Origin' header in the response must not be \
                 the wildcard '*' when the request's credentials mode is 'include'."
                    .to_owned()
            }
            "credentials-missing" => {
                "The value of the 'Access-Control-Allow-Credentials' header in the response is '' \
                 which must be 'true' when the request's credentials mode is 'include'."
                    .to_owned()
            }
            "preflight-status" => "It does not have HTTP ok status.".to_owned(),
            "method-not-allowed" => {
                return Some(format!(
                    "Access to fetch at '{url}' from origin '{page}' has been blocked by CORS \
                     policy: Method {detail} is not allowed by Access-Control-Allow-Methods in \
                     preflight response."
                ));
            }
            "header-not-allowed" => {
                return Some(format!(
                    "Access to fetch at '{url}' from origin '{page}' has been blocked by CORS \
                     policy: Request header field {detail} is not allowed by \
                     Access-Control-Allow-Headers in preflight response."
                ));
            }
            _ => return None,
        };
        Some(format!(
            "Access to fetch at '{url}' from origin '{page}' has been blocked by CORS policy: \
             {where_}{why}"
        ))
    }

    fn firefox(&self, rule: Rule) -> Option<String> {
        let Self { url, detail, found, .. } = self;
        let why = match rule.id {
            "origin-missing" => "CORS header ‘Access-Control-Allow-Origin’ missing".to_owned(),
            "origin-repeated" => {
                "Multiple CORS header ‘Access-Control-Allow-Origin’ not allowed".to_owned()
            }
            "origin-other" => {
                format!("CORS header ‘Access-Control-Allow-Origin’ does not match ‘{found}’")
            }
            "star-with-credentials" => {
                "Credential is not supported if the CORS header ‘Access-Control-Allow-Origin’ is \
                 ‘*’"
                .to_owned()
            }
            "credentials-missing" => {
                "expected ‘true’ in CORS header ‘Access-Control-Allow-Credentials’".to_owned()
            }
            "preflight-status" => "CORS preflight response did not succeed".to_owned(),
            "method-not-allowed" => {
                "Did not find method in CORS header ‘Access-Control-Allow-Methods’".to_owned()
            }
            "header-not-allowed" => format!(
                "header ‘{detail}’ is not allowed according to header \
                 ‘Access-Control-Allow-Headers’ from CORS preflight response"
            ),
            _ => return None,
        };
        Some(format!(
            "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote \
             resource at {url}. (Reason: {why})."
        ))
    }

    fn webkit(&self, rule: Rule) -> Option<String> {
        let Self { page, detail, .. } = self;
        let why = match rule.id {
            "origin-missing" | "origin-other" => {
                format!("Origin {page} is not allowed by Access-Control-Allow-Origin.")
            }
            "origin-repeated" => {
                "Access-Control-Allow-Origin cannot contain more than one origin.".to_owned()
            }
            "star-with-credentials" => {
                "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true."
                    .to_owned()
            }
            "credentials-missing" => {
                "Credentials flag is true, but Access-Control-Allow-Credentials is not \"true\"."
                    .to_owned()
            }
            "preflight-status" => "Preflight response is not successful.".to_owned(),
            "method-not-allowed" => {
                format!("Method {detail} is not allowed by Access-Control-Allow-Methods.")
            }
            "header-not-allowed" => {
                format!(
                    "Request header field {detail} is not allowed by Access-Control-Allow-Headers."
                )
            }
            _ => return None,
        };
        Some(why)
    }
}
