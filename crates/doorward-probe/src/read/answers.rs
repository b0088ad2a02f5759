//! Reads a server's answers: as they are on the wire, as `curl -i` and `curl -v` print them, or
//! their headers alone as a browser's tools show them.

use super::{Unreadable, note, shown, too_long};
use crate::explain::Answers;
use doorward_browser::{Answer, Headers};

/// Answers that are looked at, at most.
const ANSWERS_MAX: usize = 16;

/// Reads one answer, or two: that to the preflight, and that to the request. Notes say which was
/// taken for what.
///
/// # Errors
/// Where a line is neither a status nor a header.
pub fn read(text: &str) -> Result<(Answers, Vec<String>), Unreadable> {
    too_long(text)?;
    let is_marked = text.lines().any(|line| line.starts_with("< HTTP/"));
    let mut answers: Vec<Answer> = Vec::new();
    let mut in_head = true;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let at = offset;
        offset += line.len();
        let line = match (is_marked, line.strip_prefix('<')) {
            (false, _) => line,
            (true, Some(line)) => line,
            (true, None) => continue,
        };
        let line = line.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        if let Some(status) = line.strip_prefix("HTTP/") {
            let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
            let status = status.ok_or_else(|| {
                let what = format!("`{}` has no status", shown(line));
                Unreadable::at(text, at, what, "write it as in HTTP/1.1 200 OK")
            })?;
            if answers.len() == ANSWERS_MAX {
                return Err(Unreadable::at(text, at, "too many answers", "one or two are read"));
            }
            answers.push(Answer { status, headers: Headers::new(), is_executed: false });
            in_head = true;
        } else if line.is_empty() {
            in_head = answers.is_empty();
        } else if in_head {
            header(line, &mut answers)
                .map_err(|what| Unreadable::at(text, at, what, "write it as in Name: value"))?;
        }
    }
    // RFC 9110 15.2: what begins with 1 comes before an answer.
    answers.retain(|answer| !(100..200).contains(&answer.status));
    sorted(answers, text)
}

fn header(line: &str, answers: &mut Vec<Answer>) -> Result<(), String> {
    let (name, value) =
        line.split_once(':').ok_or_else(|| format!("`{}` is no header", shown(line)))?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_name) {
        return Err(format!("`{}` is no header", shown(line)));
    }
    if answers.is_empty() {
        answers.push(Answer { status: 200, headers: Headers::new(), is_executed: false });
    }
    if let Some(answer) = answers.last_mut() {
        answer.headers.append(name, value.trim());
    }
    Ok(())
}

fn sorted(answers: Vec<Answer>, text: &str) -> Result<(Answers, Vec<String>), Unreadable> {
    let mut notes = Vec::new();
    let count = answers.len();
    let mut answers = answers.into_iter();
    let (first, second) = (answers.next(), answers.next());
    if count > 2 {
        note(&mut notes, format!("of {count} answers the first two are read"));
    }
    match (first, second) {
        (None, _) => {
            let mend = "begin with a status line, as in HTTP/1.1 200 OK";
            Err(Unreadable::at(text, 0, "there is no answer in it", mend))
        }
        (answer, None) => Ok((Answers { answer, ..Answers::default() }, notes)),
        (preflight, answer) => {
            note(&mut notes, "the first answer is taken for that to the preflight");
            Ok((Answers { preflight, answer, is_denied: false }, notes))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn answers_in_each_form() {
        let rows = [
            ("HTTP/1.1 200 OK\r\nVary: A\r\nvary: B\r\n\r\nbody: x\r\n", "200 2"),
            ("HTTP/2 404\nA: 1\n", "404 1"),
            ("Access-Control-Allow-Origin: *\nA: b\n", "200 2"),
            ("HTTP/1.1 100 Continue\n\nHTTP/1.1 201 Made\nA:b\n", "201 1"),
            ("* hi\n> GET / HTTP/1.1\n> A: b\n>\n< HTTP/1.1 200 OK\n< A: b\n<\n{}", "200 1"),
            ("HTTP/1.1 204 No\nA: 1\n\nHTTP/1.1 200 OK\nB: 2\nC: 3\n", "204 1, 200 2"),
        ];
        for (text, want) in rows {
            let (answers, _) = read(text).expect(text);
            let all = answers.preflight.iter().chain(&answers.answer);
            let all: Vec<String> =
                all.map(|one| format!("{} {}", one.status, one.headers.len())).collect();
            assert_eq!(all.join(", "), want, "{text}");
        }
    }

    #[test]
    fn what_is_no_answer_is_named() {
        for (text, line) in
            [("", 1), ("HTTP/1.1\n", 1), ("HTTP/1.1 200 OK\nhello\n", 2), ("A b: c\n", 1)]
        {
            assert_eq!(read(text).expect_err(text).line, line, "{text:?}");
        }
    }
}
