//! stub
use crate::body::{AnswerBody, RequestBody};
use crate::client::Client;
use crate::observe::Record;
use doorward_core::fault::Fault;
use http::header::{HeaderMap, HeaderName};
use http::{Method, Response, StatusCode, request, response};
use std::sync::Arc;

pub(crate) enum Judged {
    Answer(Response<AnswerBody>),
    Pass(Passage, RequestBody),
}
pub(crate) struct Passage {
    record: Option<Box<Record>>,
}
impl Passage {
    pub(crate) fn upstream(&self) -> usize { 0 }
    pub(crate) fn may_retry(&self, method: &Method) -> bool { *method == Method::GET || *method == Method::HEAD }
    pub(crate) fn finishes(&self) -> bool { false }
    pub(crate) fn keeps(&self, _: &HeaderName) -> bool { true }
    pub(crate) fn add(&self, _: &mut HeaderMap) {}
    pub(crate) fn answered(&mut self) {}
    pub(crate) fn dress(&self, _: &mut response::Parts) {}
    pub(crate) fn end(self, _: StatusCode) -> (Option<Box<Record>>, bool) { (self.record, false) }
}
pub(crate) async fn judge(_: &Arc<Client>, _: &request::Parts, body: RequestBody, record: Option<Box<Record>>) -> Judged {
    Judged::Pass(Passage { record }, body)
}
pub(crate) async fn fault_answer(client: &Arc<Client>, fault: Fault, _: &Method, passage: Passage) -> Response<AnswerBody> {
    let mut r = Response::new(AnswerBody::own(fault.words().code.into(), Arc::clone(client), passage.record));
    *r.status_mut() = fault.words().status;
    r
}
pub(crate) async fn fault_response(_: &Arc<Client>, fault: Fault) -> Vec<u8> {
    format!("HTTP/1.1 {} x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", fault.words().status.as_u16()).into_bytes()
}
