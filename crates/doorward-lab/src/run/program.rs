//! A program's step: requests as they are typed, once or many times, from one address or many.

use crate::acts::Report;
use crate::client::{Answered, Call, CallError, Connection};
use crate::lab::Lab;
use crate::predict::Asker;
use crate::scenario::{Payload, Side, Step};
use crate::wire::Mark;
use doorward_browser::{Body, Headers, Sent};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use url::Url;

/// Where the lab's programs seem to call from: a network for documentation (RFC 5737).
const ONE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 7);
/// Where many of them do.
const MANY: [u8; 3] = [198, 51, 100];

/// A program, and what it sends.
pub(super) struct Program<'a> {
    lab: &'a Lab,
    step: &'a Step,
    side: Side,
    call: Call,
}

impl<'a> Program<'a> {
    pub(super) fn new(lab: &'a Lab, step: &'a Step, side: Side, mark: Mark) -> Self {
        let said = &step.request;
        let mut headers = vec![("Accept".to_owned(), "*/*".to_owned())];
        if let Some(agent) = step.caller.user_agent() {
            headers.insert(0, ("User-Agent".to_owned(), agent.to_owned()));
        }
        let own = said.headers.iter().map(|(name, value)| (name.clone(), lab.fill(value, side)));
        headers.extend(own);
        if said.with_key {
            headers.push(("X-API-Key".to_owned(), lab.fill("{key}", side)));
        }
        let body = match &said.body {
            None => Vec::new(),
            Some(Payload::Text(text)) => text.clone().into_bytes(),
            Some(Payload::Bytes(bytes)) => bytes.clone(),
            Some(Payload::Fields(fields) | Payload::Encoded { fields, .. }) => {
                let pairs = fields.iter().map(|(name, value)| format!("{name}={value}"));
                pairs.collect::<Vec<_>>().join("&").into_bytes()
            }
        };
        let url = lab.address(step.to, side, &mark.on(&said.path));
        let method = step.method().to_owned();
        Self { lab, step, side, call: Call { method, url, headers, body } }
    }

    /// What a prediction is asked about; none where the scenario's path makes no address.
    pub(super) fn asker(&self) -> Option<Asker<'a>> {
        let Call { method, url, headers, .. } = &self.call;
        let mut headers: Headers =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if self.step.request.with_token {
            headers.append("X-Token", "expected");
        }
        let body = if self.call.body.is_empty() { Body::Empty } else { Body::Text(String::new()) };
        let url = Url::parse(url).ok()?;
        let sent = Sent { method: method.clone(), url, headers, body };
        let addresses = (0..self.step.addresses).map(|at| self.address(at)).collect();
        Some(Asker::Program { sent, times: self.step.times, addresses })
    }

    /// The request as somebody would type it.
    pub(super) fn shown(&self) -> String {
        crate::curl::written(&Call { url: Mark::off(&self.call.url), ..self.call.clone() })
    }

    /// Sends it as often as the step says.
    pub(super) async fn run(&self) -> Option<Report> {
        let sites = self.lab.sites();
        let mut ways: Vec<Option<Connection>> = Vec::new();
        ways.resize_with(usize::try_from(self.step.addresses).unwrap_or(1), || None);
        let mut statuses: BTreeMap<u16, u64> = BTreeMap::new();
        let mut last: Option<Answered> = None;
        let count = u32::try_from(ways.len()).unwrap_or(1);
        for turn in 0..self.step.times {
            let at = turn % count;
            let way = ways.get_mut(usize::try_from(at).unwrap_or_default())?;
            let call = match self.with_token().await {
                Ok(call) => call,
                Err(_) => break,
            };
            if way.is_none() {
                let pretend = Some(self.address(at));
                *way = self.lab.client.connect(&sites, &call.url, pretend).await.ok();
            }
            let Some(own) = way.as_mut() else { break };
            match own.send(&call).await {
                Ok(answered) => {
                    *statuses.entry(answered.status).or_default() += 1;
                    last = Some(answered);
                }
                // A connection that was closed is opened again with the next turn.
                Err(_) => *way = None,
            }
        }
        let answered = last?;
        let body: String = String::from_utf8_lossy(&answered.body).chars().take(4096).collect();
        let one = (self.step.times == 1).then_some(answered.status);
        Some(Report {
            outcome: "read".to_owned(),
            status: one,
            headers: answered.headers.into_iter().collect(),
            body,
            error: String::new(),
            statuses,
        })
    }

    /// The call, with a token that was asked for first, where the step says so.
    async fn with_token(&self) -> Result<Call, CallError> {
        let mut call = self.call.clone();
        if !self.step.request.with_token {
            return Ok(call);
        }
        let url = self.lab.address(self.step.to, self.side, "/api/token");
        let asked = Call { method: "GET".to_owned(), url, ..Call::default() };
        let answered = self.lab.call(&asked).await?;
        let json: serde_json::Value = serde_json::from_slice(&answered.body).unwrap_or_default();
        let token = json["token"].as_str().unwrap_or_default().to_owned();
        call.headers.push(("X-Token".to_owned(), token));
        Ok(call)
    }

    fn address(&self, at: u32) -> IpAddr {
        if self.step.addresses == 1 {
            return IpAddr::V4(ONE);
        }
        let [a, b, c] = MANY;
        let last = u8::try_from(at + 1).unwrap_or(u8::MAX);
        IpAddr::V4(Ipv4Addr::new(a, b, c, last))
    }
}
