//! # doorward-probe
//!
//! Asks a live API what it lets each kind of caller read, and what it runs for them: an allowed
//! page, any page, a sibling's page, a form, an image, a script without a browser.
//!
//! What a page could do is not guessed from headers: each request goes through
//! [`doorward_browser`], with the API itself as the server, so a finding says what a browser would
//! really send and really show. A check is one file in `checks/`, with the same headings as its
//! neighbours; [`checks::CHECKS`] is the list of them.
//!
//! The probe calls the hosts of the command line and nobody else: [`scope`].

pub mod approval;
pub mod ask;
pub mod caching;
pub mod call;
pub mod checks;
pub mod embedded;
pub mod excerpt;
pub mod explain;
mod explained;
pub mod finding;
pub mod fixes;
pub mod forge;
pub mod grant;
pub mod grid;
mod html;
pub mod join;
pub mod limits;
pub mod look;
pub mod means;
pub mod operation;
pub mod origins;
pub mod payload;
pub mod position;
pub mod read;
pub mod report;
pub mod resume;

pub mod run;
pub mod scope;
pub mod session;
pub mod set_cookie;
pub mod tap;
pub mod token;
pub mod witness;

pub use ask::{Asker, Failed};
pub use call::{Answered, Call};
pub use finding::{Confidence, Engines, Finding, Rung, Severity};
pub use grid::Grid;
pub use look::Look;
pub use operation::{Operation, Source};
pub use payload::Breadth;
pub use report::Told;
pub use run::{Looked, Options, Probe, Report};
pub use scope::{Refused, Scope};
pub use session::Session;
pub use tap::{Passed, Tap, TapServer};
pub use witness::Witness;
