//! What a person pastes: a call, a line of curl or a console's error, and the server's answers.

use super::{Answers, page};
use crate::read::{Asked, Unreadable, answers, console, curl, fetch};
use doorward_browser::{Document, EngineId, Request};

/// What can be explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The engine.
    pub engine: EngineId,
    /// The page.
    pub page: Document,
    /// Its request.
    pub request: Request,
    /// The server's answers.
    pub answers: Answers,
    /// What was read differently than it stands there.
    pub notes: Vec<String>,
}

/// What was pasted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pasted<'p> {
    /// The call, the line or the error.
    pub text: &'p str,
    /// The page's origin or address; empty: as the text says.
    pub from: &'p str,
    /// The server's answers; empty: none.
    pub answers: &'p str,
    /// The engine; none: the one whose error it is, else Chromium.
    pub engine: Option<EngineId>,
}

/// Which part of what was pasted cannot be read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unclear {
    /// `text`, `from` or `answers`.
    pub part: &'static str,
    /// What is wrong, and where.
    pub says: String,
    /// How to mend it.
    pub mend: &'static str,
}

impl Unclear {
    fn of(part: &'static str, Unreadable { line, column, what, mend }: Unreadable) -> Self {
        Self { part, says: format!("line {line}, column {column}: {what}"), mend }
    }

    fn from(says: String, mend: &'static str) -> Self {
        Self { part: "from", says, mend }
    }
}

/// Reads what was pasted. What it is shows by itself.
///
/// # Errors
/// Which part cannot be read, and why.
pub fn case(pasted: &Pasted<'_>) -> Result<Case, Unclear> {
    const AS_IN: &str = "write its origin, as in http://localhost:5173";
    let Pasted { text, from, .. } = *pasted;
    let named = (!from.is_empty()).then(|| {
        page(from).ok_or_else(|| Unclear::from("this is no page that can be judged".into(), AS_IN))
    });
    let named = named.transpose()?;
    let (asked, said, said_by) = read(text, named.as_ref())?;
    let Asked { request, origin, mut notes, .. } = asked;
    let from = match (named, origin) {
        (Some(named), _) => named,
        (None, Some(origin)) => page(&origin).ok_or_else(|| {
            Unclear::from("the page that the text names cannot be judged".into(), AS_IN)
        })?,
        (None, None) => {
            return Err(Unclear::from("the text does not say where the page is".into(), AS_IN));
        }
    };
    let answers = if pasted.answers.trim().is_empty() {
        if said == Answers::default() {
            notes.push(
                "No answer was given: it is explained for a server that says nothing of CORS."
                    .to_owned(),
            );
        }
        said
    } else {
        let read = answers::read(pasted.answers).map_err(|error| Unclear::of("answers", error));
        let (read, more) = read?;
        notes.extend(more);
        read
    };
    let engine = pasted.engine.or(said_by).unwrap_or(EngineId::Chromium);
    Ok(Case { engine, page: from, request, answers, notes })
}

type Read = (Asked, Answers, Option<EngineId>);

/// A line of curl begins with its name; a call has one; all else is an error of a console.
fn read(text: &str, named: Option<&Document>) -> Result<Read, Unclear> {
    let wrong = |error| Unclear::of("text", error);
    let text = text.trim();
    let is_curl = ["curl ", "curl.exe "].iter().any(|begin| text.starts_with(begin));
    if is_curl || text == "curl" {
        return Ok((curl::read(text).map_err(wrong)?, Answers::default(), None));
    }
    // Some errors name `fetch` too, and none of them calls it.
    match console::read(text) {
        Ok(said) => Ok((said.asked, said.answers, Some(said.engine))),
        Err(_) if text.contains("fetch") => {
            let base = named.map(|page| &page.url);
            Ok((fetch::read(text, base).map_err(wrong)?, Answers::default(), None))
        }
        Err(error) => Err(wrong(Unreadable {
            what: "this is no call of fetch, no line of curl and no error of CORS".to_owned(),
            mend: "paste fetch(…), curl …, or the whole line of the console",
            ..error
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::{Pasted, case};
    use doorward_browser::EngineId::{Chromium, Firefox, WebKit};

    #[test]
    fn what_is_pasted_shows_by_itself() {
        let own = "fetch('/x', {method: 'PUT'})";
        let curl = " curl http://a.test/x -X PUT -H 'Origin: http://a.test'\n";
        let error = "Origin http://a.test is not allowed by Access-Control-Allow-Origin.";
        let blocked = "Access to fetch at 'http://b.test/' from origin 'http://a.test' has been \
                       blocked by CORS policy: It does not have HTTP ok status.";
        for (text, from, method, engine) in [
            (own, "http://a.test", "PUT", Chromium),
            (curl, "", "PUT", Chromium),
            (error, "", "GET", WebKit),
            (blocked, "", "GET", Chromium),
        ] {
            let case = case(&Pasted { text, from, ..Pasted::default() }).expect(text);
            assert_eq!((case.request.method.as_str(), case.engine), (method, engine), "{text}");
            assert_eq!(case.page.origin().to_string(), "http://a.test", "{text}");
        }
        let pasted = Pasted { text: error, engine: Some(Firefox), ..Pasted::default() };
        let told = Pasted { answers: "HTTP/1.1 404 No\n", ..pasted };
        let case = case(&told).expect("a case");
        assert_eq!(case.engine, Firefox);
        assert_eq!(case.answers.answer.map(|answer| answer.status), Some(404));
    }

    #[test]
    fn the_part_that_is_wrong_is_named() {
        let call = "fetch('http://b.test')";
        for (text, from, answers, part, says) in [
            ("", "", "", "text", "no call of fetch"),
            ("hello", "", "", "text", "no call of fetch"),
            ("fetch(url)", "http://a.test", "", "text", "line 1, column 1"),
            ("curl 'x", "", "", "text", "not closed"),
            (call, "", "", "from", "where the page is"),
            (call, "a.test", "", "from", "no page"),
            (call, "http://a.test", "hello", "answers", "line 1"),
        ] {
            let pasted = Pasted { text, from, answers, engine: None };
            let wrong = case(&pasted).expect_err(says);
            assert_eq!(wrong.part, part, "{wrong:?}");
            assert!(wrong.says.contains(says) && !wrong.mend.is_empty(), "{wrong:?}");
        }
    }
}
