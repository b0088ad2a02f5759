//! The files for tower-http, as their readers have them.
#![expect(unreachable_pub, reason = "each is a module of its readers' applications")]

#[path = "../../../doorward-probe/fixes/cookie-attributes/tower-http.rs"]
pub(crate) mod cookie_attributes;
#[path = "../../../doorward-probe/fixes/exact-list/tower-http.rs"]
pub(crate) mod exact_list;
#[path = "../../../doorward-probe/fixes/preflight/tower-http.rs"]
pub(crate) mod preflight;
#[path = "../../../doorward-probe/fixes/vary/tower-http.rs"]
pub(crate) mod vary;
