//! stub
pub(crate) struct LogBuffer {}
