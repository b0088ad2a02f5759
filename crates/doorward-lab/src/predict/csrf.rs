//! CSRF tokens of what is going to happen: the gate's own core is asked for one, as the page's
//! script will ask it.

use super::{LOOPBACK, Predictor, Told, Via};
use crate::acts::Act;
use crate::scenario::csrf;
use doorward_browser::{
    Body, Credentials, Document, Headers, Mode, Options, Reading, Request, Sent, Way, decide,
};
use serde_json::Value;

impl Predictor {
    /// What a page sends that asks for a token first; none where it may not read the answer, and so
    /// sends nothing.
    pub(super) fn with_csrf(
        &mut self,
        act: &Act,
        from: &Document,
        mut request: Request,
        via: Via,
    ) -> Option<Request> {
        if !act.said.with_csrf || via != Via::Gate {
            return Some(request);
        }
        let asking = Request {
            way: Way::Fetch,
            url: request.url.join(csrf::PATH).ok()?,
            method: "GET".to_owned(),
            headers: Headers::default(),
            body: Body::Empty,
            mode: Mode::Cors,
            credentials: Credentials::Include,
            options: Options::default(),
        };
        let (world, mut said) = (&mut self.world, Vec::new());
        let mut server = |sent: &Sent| {
            let (answer, body) = world.aside(sent, LOOPBACK);
            said = body;
            answer
        };
        let verdict =
            decide(&self.engine, Some(from), &asking, &mut server, &self.state, self.now_s);
        let reads = matches!(verdict.reading, Reading::Reads(_));
        self.state = verdict.after;
        if !reads {
            return None;
        }
        // A gate without tokens has none at this address, and the page sends its request without.
        let answer: Value = serde_json::from_slice(&said).unwrap_or_default();
        let Some(token) = answer["token"].as_str() else { return Some(request) };
        match (&request.way, &mut request.body) {
            (Way::Form(_), Body::UrlEncoded(text)) => {
                text.push_str(&format!("&{}={token}", csrf::FIELD));
            }
            _ => request.headers.append(csrf::HEADER, token),
        }
        Some(request)
    }
}

impl Told {
    /// A caller that has a token sends it along.
    pub(super) fn has_csrf() -> Self {
        Self {
            id: "csrf-token".to_owned(),
            section: "doorward explain csrf".to_owned(),
            link: String::new(),
            says: "It asks the gate for a CSRF token, which a foreign page may not read, and \
                   sends it along."
                .to_owned(),
            detail: String::new(),
            header: Some(csrf::HEADER.to_owned()),
        }
    }
}
