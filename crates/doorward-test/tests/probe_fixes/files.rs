//! The files for tower-http, as their readers have them.
#![expect(unreachable_pub, reason = "each is a module of its readers' applications")]

#[path = "../../../doorward-probe/fixes/answer-headers/tower-http.rs"]
pub(crate) mod answer_headers;
#[path = "../../../doorward-probe/fixes/cookie-attributes/tower-http.rs"]
pub(crate) mod cookie_attributes;
#[path = "../../../doorward-probe/fixes/errors-too/tower-http.rs"]
pub(crate) mod errors_too;
#[path = "../../../doorward-probe/fixes/exact-list/tower-http.rs"]
pub(crate) mod exact_list;
#[path = "../../../doorward-probe/fixes/expose-by-name/tower-http.rs"]
pub(crate) mod expose_by_name;
#[path = "../../../doorward-probe/fixes/json-only/tower-http.rs"]
pub(crate) mod json_only;
#[path = "../../../doorward-probe/fixes/other-sites/tower-http.rs"]
pub(crate) mod other_sites;
#[path = "../../../doorward-probe/fixes/preflight/tower-http.rs"]
pub(crate) mod preflight;
#[path = "../../../doorward-probe/fixes/vary/tower-http.rs"]
pub(crate) mod vary;
