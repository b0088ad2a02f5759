//! A token in a body: a form's field, or a member of a JSON object. Whoever sends one proves that
//! he knows it; how the backend reads the body has no part in that.

use super::Reason;
use super::token::PREFIX;
use crate::form::{self, Kind};

/// The names of a form's field.
pub(super) const FIELDS: [&str; 2] = ["_csrf", "csrf_token"];
/// The name of a JSON object's member.
const MEMBER: &str = "csrf";

/// The token in a body. A field of such a name without one is the application's own.
pub(super) fn find(kind: &Kind<'_>, body: &[u8]) -> Result<Option<String>, Reason> {
    let mut found: Vec<String> = match kind {
        Kind::Form | Kind::Multipart(_) => {
            let fields = form::fields(kind, body, |name| FIELDS.contains(&name));
            let fields = fields.map_err(|form::Unclear| Reason::Unclear)?;
            fields.into_iter().map(|field| field.value).collect()
        }
        Kind::Json => form::member(body, &[MEMBER]).into_iter().collect(),
    };
    found.retain(|text| text.starts_with(PREFIX));
    let one = found.pop();
    if found.is_empty() { Ok(one) } else { Err(Reason::Unclear) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::kind;
    use http::header::CONTENT_TYPE;
    use http::{HeaderMap, HeaderValue};

    fn check(content_type: &'static str, body: &str, want: Result<Option<&str>, Reason>) {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        let found = match kind(&headers) {
            Some(kind) => find(&kind, body.as_bytes()),
            None => Ok(None),
        };
        assert_eq!(found, want.map(|text| text.map(str::to_owned)), "{content_type}: {body}");
    }

    #[test]
    fn a_forms_field_holds_the_token() {
        let form = "application/x-www-form-urlencoded";
        let token = Ok(Some("dwc1.a_b-c"));
        check(form, "_csrf=dwc1.a_b-c", token);
        check(form, "to=evil&csrf_token=dwc1.a_b-c&amount=1", token);
        check(form, "%5Fcsrf=dwc1%2Ea%5Fb-c", token);
        check("Application/X-WWW-Form-URLencoded; charset=UTF-8", "_csrf=dwc1.a_b-c", token);
        check(form, "_csrf=of-the-application&csrf_token=dwc1.a_b-c", token);
        check(form, "_csrf=dwc1.a&_csrf=dwc1.a", Err(Reason::Unclear));
        check(form, "_csrf=dwc1.a&csrf_token=dwc1.b", Err(Reason::Unclear));
        for body in ["", "_csrf", "_csrf=", "_csrf=abc", "csrf=dwc1.a", "x_csrf=dwc1.a"] {
            check(form, body, Ok(None));
        }
        // What another field holds is the backend's to read.
        check(form, "name=100%&old=%E9&_csrf=dwc1.a_b-c", token);
        for body in ["_csrf=%", "_csrf=dwc1.a;b=c", "%u005fcsrf=dwc1.a"] {
            check(form, body, Err(Reason::Unclear));
        }
    }

    #[test]
    fn only_a_member_of_a_json_object_holds_it() {
        check("application/json", r#"{"csrf":"dwc1.a"}"#, Ok(Some("dwc1.a")));
        check("application/vnd.x+json; a=b", r#"{"b":1,"csrf":"dwc1.a"}"#, Ok(Some("dwc1.a")));
        for body in [
            r#"[{"csrf":"dwc1.a"}]"#,
            r#"{"csrf":["dwc1.a"]}"#,
            r#"{"csrf":"dwc1.a","csrf":"dwc1.b"}"#,
            r#"{"a":{"csrf":"dwc1.a"}}"#,
            "dwc1.a",
        ] {
            check("application/json", body, Ok(None));
        }
        check("text/plain", r#"{"csrf":"dwc1.a"}"#, Ok(None));
        check("text/plain; application/json", r#"{"csrf":"dwc1.a"}"#, Ok(None));
    }

    #[test]
    fn of_a_multipart_form_the_fields_count_and_its_files_do_not() {
        let multipart = "multipart/form-data; boundary=XX";
        let part = |head: &str, body: &str| format!("--XX\r\n{head}\r\n\r\n{body}\r\n");
        let field = |name: &str, body: &str| {
            part(&format!("Content-Disposition: form-data; name=\"{name}\""), body)
        };
        let end = "--XX--\r\n";
        let file = part("Content-Disposition: form-data; name=\"f\"; filename=\"a\"", "bytes");
        let token = field("_csrf", "dwc1.a");
        check(multipart, &(token.clone() + end), Ok(Some("dwc1.a")));
        check("multipart/form-data; Boundary=\"XX\"", &(token.clone() + end), Ok(Some("dwc1.a")));
        check(multipart, &(field("to", "ann") + &token + &file + end), Ok(Some("dwc1.a")));
        check(multipart, &(file + &token + end), Ok(Some("dwc1.a")));
        check(multipart, &(token.clone() + &token + end), Err(Reason::Unclear));
        check(multipart, &token, Err(Reason::Unclear));
        check(multipart, &(field("_csrf", "of the application") + end), Ok(None));
        let many = field("to", "x").repeat(20) + &token + end;
        check(multipart, &many, Ok(Some("dwc1.a")));
        check("multipart/form-data", &(token.clone() + end), Ok(None));
        check("multipart/form-data; boundary=XX; boundary=YY", &(token.clone() + end), Ok(None));
        check("multipart/form-data; boundary=Y", &(token + end), Err(Reason::Unclear));
    }
}
