//! A field's name, as careless backends compare names.

/// What some backends drop before a name.
const fn is_dropped_before(byte: u8) -> bool {
    matches!(byte, b' ' | b'?' | b'[')
}

/// What PHP reads as `_`.
const fn is_read_as_underscore(byte: u8) -> bool {
    matches!(byte, b'.' | b' ')
}

/// A name, folded: in any case, up to NUL. Backends nest by brackets (PHP, Rails, qs) or by dots
/// (ASP.NET, Spring), and PHP reads dots and blanks as `_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// The names between the brackets.
    path: Vec<String>,
    /// All of it, with `_` for whatever divides it.
    flat: String,
}

impl Name {
    pub(crate) fn of(text: &str) -> Self {
        let end = text.find('\0').unwrap_or(text.len());
        let text = text[..end].trim();
        let text = text.trim_start_matches(|c: char| u8::try_from(c).is_ok_and(is_dropped_before));
        // Upper case first: some letters have two lower ones.
        let text = text.to_uppercase().to_lowercase();
        let plain = |c: char| match u8::try_from(c) {
            Ok(byte) if is_read_as_underscore(byte) => '_',
            Ok(_) | Err(_) => c,
        };
        let text: String = text.chars().map(plain).collect();
        let path = text.split('[').map(|part| part.split(']').next().unwrap_or_default());
        let path = path.map(str::to_owned).collect();
        let flat = text.replace('[', "_").replace(']', "");
        Self { path, flat: flat.trim_end_matches('_').to_owned() }
    }

    /// Whether some backend could read one for the other, or one inside of the other: of `user` and
    /// `user[email]` the later may replace the earlier.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let (one, other_one) = (without_empty_end(&self.path), without_empty_end(&other.path));
        self.flat == other.flat || one.starts_with(other_one) || other_one.starts_with(one)
    }
}

/// `user[]` holds what `user` holds.
fn without_empty_end(mut path: &[String]) -> &[String] {
    while let [rest @ .., last] = path
        && last.is_empty()
        && !rest.is_empty()
    {
        path = rest;
    }
    path
}

/// Whether a field's name reads `want` once decoded, in any case; without allocating. PHP drops
/// spaces in front, reads `.` and spaces as `_` and ends at NUL or `[`; others drop brackets.
pub(crate) fn is_field(name: &str, want: &[u8]) -> bool {
    let mut want = want.iter();
    let mut rest = name.as_bytes();
    let mut begun = false;
    while let [first, tail @ ..] = rest {
        let (byte, tail) = match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let (Some(high), Some(low)) = (digit(*high), digit(*low)) else { return false };
                (u8::try_from(high * 16 + low).unwrap_or_default(), tail)
            }
            (b'+', _) => (b' ', tail),
            _ => (*first, tail),
        };
        rest = tail;
        if !begun && is_dropped_before(byte) {
            continue;
        }
        begun = true;
        let Some(wanted) = want.next() else { return matches!(byte, 0 | b'[' | b']') };
        let byte = if is_read_as_underscore(byte) { b'_' } else { byte };
        if !wanted.eq_ignore_ascii_case(&byte) {
            return false;
        }
    }
    want.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wanted: &str, like: &[&str], unlike: &[&str]) {
        let wanted = Name::of(wanted);
        for name in like {
            let name = Name::of(name);
            assert!(name.is_like(&wanted) && wanted.is_like(&name), "{name:?} {wanted:?}");
        }
        for name in unlike {
            let name = Name::of(name);
            assert!(!name.is_like(&wanted) && !wanted.is_like(&name), "{name:?} {wanted:?}");
        }
    }

    #[test]
    fn a_name_is_like_all_that_some_backend_reads_for_it() {
        check(
            "email",
            &[
                "email",
                "EMAIL",
                " email",
                "email ",
                "[email]",
                "[email",
                "?email",
                "email]",
                "email[]",
                "email[0]",
                "email[a][b]",
                "email\0x",
                "ema\u{131}l",
                "[[email",
                "email_",
            ],
            &["", "mail", "email2", "email_2", "email.confirm", "x[email]", "e-mail", "password"],
        );
        check("e_mail", &["e.mail", "e mail", "e[mail]", "e[mail"], &["email", "e-mail"]);
    }

    #[test]
    fn siblings_are_told_apart_by_their_whole_path() {
        check(
            "user[email]",
            &[
                "user[email]",
                "User[Email]",
                "user",
                "user[]",
                "user[email][]",
                "user.email",
                "user[email",
                "user_email",
                "user[email][x]",
                "[user][email]",
            ],
            &["user[password]", "user[email2]", "users[email]", "email", "commit", "_method"],
        );
        check(
            "Input.Email",
            &["input.email", "Input[Email]", "Input_Email", "Input.Email[]"],
            &["Input.Password", "Input.RememberMe", "Email", "__RequestVerificationToken"],
        );
    }
}
