//! Passes of what is going to happen: the gate's own core is asked for one, and signs nothing less
//! than it will.

use super::gate::Said;
use super::{LOOPBACK, Predicted, Predictor, Told, Via, World, server};
use crate::acts::Act;
use crate::client::Call;
use crate::passes::{Asker, Asking, BITS, Pass, TRIES_MAX};
use crate::run::asker;
use crate::scenario::Gets;
use crate::wire::Node;
use bytes::Bytes;
use doorward_browser::{
    Answer, Body, Credentials, Document, Headers, Mode, Options, Reading, Request, Sent, Way,
    decide,
};
use std::net::IpAddr;
use url::Url;

/// What becomes of a request that a page's script signs.
pub(super) enum Signed {
    /// It is sent, signed where there is a pass.
    Request(Request),
    /// The script got no pass and says so: nothing is sent.
    Nothing(Predicted),
}

/// What comes of asking.
enum Asked {
    Pass(Box<Pass>),
    /// What answers gives none.
    None,
    /// The script cannot read what answers.
    Unread,
}

impl Predictor {
    /// What a page sends that loads the gate's script first.
    pub(super) fn signed(
        &mut self,
        act: &Act,
        from: &Document,
        mut request: Request,
        via: Via,
    ) -> Signed {
        let script = act.script.as_deref().filter(|_| via == Via::Gate);
        if !script.is_some_and(|script| self.world.serves(script)) {
            return Signed::Request(request);
        }
        let mut call = call(&Sent {
            method: request.method.clone(),
            url: request.url.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
        });
        if let Some(kind) = request.body.implied_type().filter(|_| !request.headers.has(TYPE)) {
            call.headers.push((TYPE.to_owned(), kind));
        }
        let own = Asker { origin: act.origin.clone(), ..asker(&call) };
        match self.asked(&own, from) {
            Asked::Pass(pass) => {
                let now = self.world.now_unix_s();
                for (name, value) in pass.sign(&call, now).unwrap_or_default() {
                    request.headers.append(name, value);
                }
                Signed::Request(request)
            }
            Asked::None => Signed::Request(request),
            Asked::Unread => {
                let rules = vec![Told::signs()];
                let gets = Some(Gets::Hidden);
                Signed::Nothing(Predicted { gets, rules, ..Predicted::default() })
            }
        }
    }

    /// A page's script asks for a pass.
    fn asked(&mut self, own: &Asker, from: &Document) -> Asked {
        let mut bits = BITS;
        for _ in 0..TRIES_MAX {
            let asking = own.ask(&[], self.world.now_unix_s(), bits);
            let (Some(asking), Some(request)) = (&asking, asking.as_ref().and_then(request)) else {
                return Asked::None;
            };
            let (world, mut said) = (&mut self.world, (0, Vec::new()));
            let mut server = |sent: &Sent| {
                let (answer, body) = world.aside(sent, LOOPBACK);
                said = (answer.status, body);
                answer
            };
            let verdict =
                decide(&self.engine, Some(from), &request, &mut server, &self.state, self.now_s);
            let reads = matches!(verdict.reading, Reading::Reads(_));
            self.state = verdict.after;
            if !reads {
                return Asked::Unread;
            }
            match asking.pass(said.0, &said.1) {
                Ok(pass) => return Asked::Pass(Box::new(pass)),
                Err(no) => match no.bits {
                    Some(more) => bits = more,
                    None => return Asked::None,
                },
            }
        }
        Asked::None
    }

    /// A program asks for a pass.
    pub(super) fn asked_by_program(&mut self, call: &Call, address: IpAddr) -> Option<Pass> {
        let mut bits = BITS;
        for _ in 0..TRIES_MAX {
            let now = self.world.now_unix_s();
            let asking = asker(call).ask(&call.headers, now, bits)?;
            let (answer, body) = self.world.aside(&sent(&asking.call)?, address);
            match asking.pass(answer.status, &body) {
                Ok(pass) => return Some(pass),
                Err(no) => bits = no.bits?,
            }
        }
        None
    }
}

const TYPE: &str = "content-type";

/// How a page's script asks.
fn request(asking: &Asking) -> Option<Request> {
    Some(Request {
        way: Way::Fetch,
        url: Url::parse(&asking.call.url).ok()?,
        method: asking.call.method.clone(),
        headers: Headers::default(),
        // The string's own type is one for which nobody asks first.
        body: Body::Text(String::from_utf8_lossy(&asking.call.body).into_owned()),
        mode: Mode::Cors,
        credentials: Credentials::Omit,
        options: Options::default(),
    })
}

impl World {
    /// What the gate's clock will say.
    pub(super) fn now_unix_s(&self) -> u64 {
        self.gate.as_ref().map_or(0, |gate| gate.now().unix_s)
    }

    /// Whether the gate has a script for pages: one without passes has none.
    fn serves(&mut self, script: &str) -> bool {
        let call = Call { method: "GET".to_owned(), url: script.to_owned(), ..Call::default() };
        sent(&call).is_some_and(|sent| self.aside(&sent, LOOPBACK).0.status == 200)
    }

    /// What the gate answers to what is asked of itself, ahead of a request.
    pub(super) fn aside(&mut self, sent: &Sent, address: IpAddr) -> (Answer, Vec<u8>) {
        let (Some(gate), Some(head)) = (&self.gate, server::head(sent)) else {
            return (Answer::default(), Vec::new());
        };
        let (status, headers, body) = match gate.judge(&head, &server::body(sent), address) {
            Said::Replied(status, headers, body) => (status, headers, body),
            Said::Refused { status, headers, body, .. } => (status, headers, body),
            // A gate without passes leaves the address to the backend.
            Said::Admitted(admitted) => {
                let head = self.behind(Node::Gate).behind(&admitted, &head).head;
                (head.status, head.headers, Bytes::new())
            }
        };
        (server::answer(status.as_u16(), &headers, false), body.to_vec())
    }
}

/// A request of the model's, as a client has it.
pub(super) fn call(sent: &Sent) -> Call {
    let headers = sent.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    Call {
        method: sent.method.clone(),
        url: sent.url.to_string(),
        headers: headers.collect(),
        body: server::body(sent),
    }
}

/// A client's request, in the model's words; none where its address is none.
pub(super) fn sent(call: &Call) -> Option<Sent> {
    let own = call.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let empty = call.body.is_empty();
    Some(Sent {
        method: call.method.clone(),
        url: Url::parse(&call.url).ok()?,
        headers: own.collect(),
        body: if empty { Body::Empty } else { Body::Bytes(call.body.clone()) },
    })
}
