//! Whose account an attempt to sign in is for: where its name stands, and how names are compared.

use crate::form::{self, Kind, Name};
use crate::names_alike;
use http::HeaderMap;

/// Bytes of an account's name at the most: as long as an address of mail (RFC 5321 4.5.3.1).
const ACCOUNT_BYTES_MAX: usize = 320;
/// The field by which a form may name its charset (WHATWG HTML 4.10.18.1).
const CHARSET: &str = "_charset_";

/// An account that a body names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// Its name as it came.
    pub(super) exact: String,
    /// Its name, as the most lenient of backends compares names.
    pub(super) folded: String,
}

/// Whom a body names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    /// An account.
    Account(Named),
    /// Nobody, whatever reads it.
    Nobody,
}

/// Where the name of an account stands in a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    text: String,
    /// The form's field, as it is written; none: forms are not read.
    field: Option<String>,
    /// The names on the way to a JSON object's member.
    member: Vec<String>,
    /// The field's name, or what backends make of the member's, folded.
    name: Name,
    /// The same as nested members, and the last of them alone.
    near: [Name; 2],
}

impl Account {
    /// Reads `email`, `user[email]`, `Input.Email`: the name of a form's field, and in a JSON
    /// object the members on the way. `$.user.name` is a JSON object's member alone.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let of_json = text.strip_prefix("$.");
        let member = path(of_json.unwrap_or(text))?;
        let is_dotted = |text: &str| !text.contains('[');
        if !of_json.is_none_or(is_dotted) {
            return None;
        }
        let nested = Name::of(&format!("{}]", member.join("[")));
        let last = Name::of(member.last()?);
        let name = if of_json.is_some() { nested.clone() } else { Name::of(text) };
        let field = of_json.is_none().then(|| text.to_owned());
        Some(Self { text: text.to_owned(), field, member, name, near: [nested, last] })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whom a body names. None: two, or backends could read different ones.
    pub(super) fn read(&self, headers: &HeaderMap, body: &[u8]) -> Option<Whom> {
        if body.is_empty() {
            return Some(Whom::Nobody);
        }
        let kind = form::kind(headers)?;
        if form::is_mixed(&kind, body, |name| self.is_like(name)) {
            return None;
        }
        let exact = match kind {
            Kind::Json => match form::member(body, &self.member) {
                Some(text) => text,
                None => {
                    return form::has_no_member(body, |name| self.is_near(name))
                        .then_some(Whom::Nobody);
                }
            },
            Kind::Form | Kind::Multipart(_) => {
                // A backend could read another field for it, or all of them in another charset.
                let is_meant = |name: &str| name == CHARSET || self.is_like(name);
                let is_wanted = |name: &str| is_meant(name) || self.is_near(name);
                let mut found = form::fields(&kind, body, is_wanted).ok()?;
                if found.is_empty() {
                    return Some(Whom::Nobody);
                }
                found.retain(|field| is_meant(&field.name));
                let one = found.pop().filter(|one| Some(&one.name) == self.field.as_ref())?;
                if !found.is_empty() {
                    return None;
                }
                one.value
            }
        };
        let is_long = |text: &str| text.len() > ACCOUNT_BYTES_MAX;
        let folded = names_alike::fold(&exact).filter(|_| !is_long(&exact))?;
        let is_plain = !folded.is_empty() && !folded.chars().any(char::is_control);
        (is_plain && !is_long(&folded)).then_some(Whom::Account(Named { exact, folded }))
    }

    /// Whether a query names an account too: some backends read that one.
    pub(super) fn is_in_query(&self, query: &str) -> bool {
        form::is_in_query(query, |name| self.is_like(name))
    }

    /// Whether a query has a field that a backend may look at where the body names nobody.
    pub(super) fn is_near_in_query(&self, query: &str) -> bool {
        form::is_in_query(query, |name| self.is_near(name))
    }

    fn is_like(&self, name: &str) -> bool {
        Name::of(name).is_like(&self.name)
    }

    /// Whether some backend may take it for the name where that stands nowhere else: Rails finds
    /// `session[email]` in `email` of a JSON object (`wrap_parameters`).
    fn is_near(&self, name: &str) -> bool {
        let [nested, last] = &self.near;
        let mut parts = name.split(['[', ']', '.']).filter(|part| !part.is_empty());
        let whole = Name::of(name);
        whole.is_like(&self.name)
            || whole.is_like(nested)
            || parts.any(|part| Name::of(part).is_like(last))
    }
}

/// The names of `user.email` or `user[email]`. None: it is no path.
fn path(text: &str) -> Option<Vec<String>> {
    let is_name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    let end = |text: &str| text.find(['.', '[']).unwrap_or(text.len());
    let (first, mut rest) = text.split_at(end(text));
    let mut names = vec![first];
    while !rest.is_empty() {
        let (name, behind) = match rest.strip_prefix('[') {
            Some(inner) => inner.split_once(']')?,
            None => {
                let inner = rest.strip_prefix('.')?;
                inner.split_at(end(inner))
            }
        };
        names.push(name);
        rest = behind;
    }
    let is_path = names.iter().all(|name| is_name(name));
    is_path.then(|| names.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use http::header::CONTENT_TYPE;

    #[test]
    fn fields_and_members() {
        for (text, field, member) in [
            ("email", Some("email"), &["email"][..]),
            ("user[email]", Some("user[email]"), &["user", "email"]),
            ("Input.Email", Some("Input.Email"), &["Input", "Email"]),
            ("a[b][c].d", Some("a[b][c].d"), &["a", "b", "c", "d"]),
            ("user[0]", Some("user[0]"), &["user", "0"]),
            ("$.email", None, &["email"]),
            ("$.user.name", None, &["user", "name"]),
        ] {
            let account = Account::parse(text).expect("an account");
            assert_eq!(account.field.as_deref(), field, "{text}");
            assert_eq!(account.member, member, "{text}");
            assert_eq!(account.as_str(), text);
        }
        for text in [
            "",
            "$",
            "$.",
            "$.user[email]",
            ".email",
            "email.",
            "user[]",
            "user[email",
            "user]",
            "user[a]b",
            "[email]",
            "e mail",
            "user..email",
            "e;mail",
            "émail",
        ] {
            assert_eq!(Account::parse(text), None, "{text}");
        }
    }

    fn read(account: &str, content_type: &'static str, body: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        let named = Account::parse(account).expect("an account").read(&headers, body.as_bytes());
        match named {
            Some(Whom::Account(named)) => Some(named.folded),
            Some(Whom::Nobody) => Some("nobody at all".to_owned()),
            None => None,
        }
    }

    const FORM: &str = "application/x-www-form-urlencoded";
    const JSON: &str = "application/json";

    #[test]
    fn forms_of_common_frameworks_are_read() {
        let ann = Some("ann@shop.test".to_owned());
        let body = "utf8=%E2%9C%93&authenticity_token=a%2Fb&user%5Bemail%5D=Ann%40shop.test\
                    &user%5Bpassword%5D=a&user%5Bremember_me%5D=0&commit=Log+in";
        assert_eq!(read("user[email]", FORM, body), ann);
        let body = "Input.Email=ann%40shop.test&Input.Password=a&Input.RememberMe=false\
                    &__RequestVerificationToken=CfDJ8";
        assert_eq!(read("Input.Email", FORM, body), ann);
        let body = r#"{"user":{"email":"ann@shop.test","password":"a"}}"#;
        assert_eq!(read("user[email]", JSON, body), ann);
        assert_eq!(read("$.user.email", JSON, body), ann);
        // What is said to be JSON is not guessed in forms.
        assert_eq!(read("$.user.email", FORM, "email=ann%40shop.test"), None);
        for body in [
            "user[email]=ann&user.email=bob",
            "user[email]=ann&user=bob",
            "user[email]=ann&user[]=bob",
            "user[email]=ann&User[Email]=bob",
            "user[email]=ann&user[email][]=bob",
            "user[email]=ann&user[email=bob",
            "user.email=ann",
            "email=ann",
        ] {
            assert_eq!(read("user[email]", FORM, body), None, "{body}");
        }
    }

    #[test]
    fn what_is_read_by_another_kind_than_its_type_says_names_nobody_else() {
        let ann = Some("ann".to_owned());
        const DECOY: &str = r#"{"email":"victim","x":"&email=ann&y="}"#;
        for before in ["", " ", "\r\n\t", "\u{feff}", "\u{feff} ", "\u{a0}", "\0", "\u{c}"] {
            assert_eq!(read("email", FORM, &format!("{before}{DECOY}")), None, "{before:?}");
        }
        for body in [
            "[{\"email\":\"victim\"},\"&email=ann&\"]",
            "<email>victim</email><!--&email=ann&-->",
            "/**/{\"email\":\"victim\",\"x\":\"&email=ann&\"}",
            "#\n{\"email\":\"victim\",\"x\":\"&email=ann&\"}",
            ")]}'\n{\"email\":\"victim\",\"x\":\"&email=ann&\"}",
        ] {
            assert_eq!(read("email", FORM, body), None, "{body}");
        }
        // A form inside of JSON, and inside of a part.
        for decoy in ["&email=victim&", "&em%61il=victim&", ";EMAIL[]=victim&", "&[email=v&"] {
            let body = format!(r#"{{"email":"ann","x":"{decoy}y="}}"#);
            assert_eq!(read("email", JSON, &body), None, "{body}");
        }
        const PARTS: &str = "multipart/form-data; boundary=XX";
        let parts = |password: &str| {
            let part = "--XX\r\nContent-Disposition: form-data; name=";
            format!("{part}\"email\"\r\n\r\nann\r\n{part}\"p\"\r\n\r\n{password}\r\n--XX--")
        };
        assert_eq!(read("email", PARTS, &parts("&email=victim&y=")), None);
        // Twins: passwords as people have them, and an address with a query of its own.
        for password in ["a&b=c;d", "P&%x9!;{[", "{&}", "/a?b=1&email=ann%40shop.test"] {
            let body = format!(r#"{{"email":"ann","x":"{password}"}}"#);
            assert_eq!(read("email", JSON, &body), ann, "{body}");
            assert_eq!(read("email", PARTS, &parts(password)), ann, "{password}");
        }
        assert_eq!(read("name", PARTS, &parts("a").replace("email", "name")), ann);
        assert_eq!(read("email", FORM, "%7B=a&email=ann&x=%7B%22"), ann);
        assert_eq!(read("email", FORM, "&email=ann&x={[\""), ann);
    }

    #[test]
    fn a_body_names_nobody_where_nothing_in_it_is_like_a_name() {
        const PARTS: &str = "multipart/form-data; boundary=XX";
        let part = |name: &str| {
            format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\na\r\n--XX--")
        };
        let nobody = Some("nobody at all".to_owned());
        for account in ["user[email]", "$.user.email", "user.email"] {
            for (kind, body) in [
                (FORM, "otp=123456&email_code=1"),
                (FORM, "_method=delete&authenticity_token=a%2Fb"),
                (FORM, ""),
                ("text/plain", ""),
                (JSON, "{}"),
                (FORM, "user[otp_attempt]=123456"),
                (JSON, r#"{"user":{"otp_attempt":"123456"}}"#),
                (JSON, r#"{"otp":"123456","device":{"id":["email"]}}"#),
                (PARTS, &part("otp")),
            ] {
                assert_eq!(read(account, kind, body), nobody, "{account} {body}");
            }
            for (kind, body) in [
                (FORM, "email=ann"),
                (FORM, "otp=1&session[email]=ann"),
                (FORM, "otp=1&Session.Email=ann"),
                (FORM, "user=ann"),
                (FORM, "otp=1;email=ann"),
                (FORM, "%u0065mail=ann"),
                (JSON, r#"{"email":"ann"}"#),
                (JSON, r#"{"session":[{"a":{"EMAIL":"ann"}}]}"#),
                (JSON, r#"{"user":null}"#),
                (JSON, r#"["email"]"#),
                (JSON, "otp=1"),
                (PARTS, &part("session[email]")),
                (PARTS, "--XX--x"),
                ("text/plain", "otp=123456"),
            ] {
                assert_eq!(read(account, kind, body), None, "{account} {body}");
            }
        }
    }

    #[test]
    fn a_form_has_so_many_fields() {
        let of = |others: usize| format!("{}email=ann", "a&".repeat(others));
        assert_eq!(read("email", FORM, &of(999)), Some("ann".to_owned()));
        assert_eq!(read("email", FORM, &of(1_000)), None);
        let of = |others: usize| format!(r#"{{"email":"ann","x":"{}"}}"#, "&".repeat(others));
        assert_eq!(read("email", JSON, &of(1_000)), Some("ann".to_owned()));
        assert_eq!(read("email", JSON, &of(1_001)), None);
    }

    #[cfg(feature = "names")]
    #[test]
    fn spellings_of_one_account_are_one() {
        let same =
            |text: &str| read("email", JSON, &serde_json::json!({ "email": text }).to_string());
        let victim = Some("victim@shop.test".to_owned());
        for text in [
            "victim@shop.test",
            " VICTIM@Shop.Test ",
            "\u{ff56}ictim@shop.test",
            "\u{24e5}ictim@shop.test",
            "vic\u{200b}tim@shop.test",
            "\u{feff}victim@shop.test\u{200d}",
            "victim\u{ad}@shop.test",
            "vict\u{131}m@shop.test",
            "\u{a0}victim@shop.test",
            "\u{200b} victim@shop.test",
            "victim\u{ff20}shop.test",
        ] {
            assert_eq!(same(text), victim, "{text:?}");
        }
        // One letter, or a letter and its mark.
        assert_eq!(same("\u{e9}ve"), same("e\u{301}ve"));
        assert_ne!(same("\u{e9}ve"), same("eve"));
        for text in ["", " ", "\u{200b}", "a\u{0}b", "a\nb", "a\u{85}b"] {
            assert_eq!(same(text), None, "{text:?}");
        }
        assert_eq!(same(&"a".repeat(320)), Some("a".repeat(320)));
        assert_eq!(same(&"a".repeat(321)), None);
    }
}
