//! The one table of keys: what the reader accepts, what the schema publishes, what is written out
//! as effective. A test holds the three against each other.

mod budget;
mod cookie;
mod identity;
mod layers;
mod permission;
mod route;
mod top;
mod upstream;

pub(crate) use budget::PRICES_FILE;
pub(crate) use layers::LATER_LAYERS;
pub(crate) use top::TOP;

use crate::shape::{Key, Section, Shape};

const fn key(name: &'static str, shape: Shape, default: &'static str, about: &'static str) -> Key {
    Key { name, shape, default, about }
}

/// A key that later versions have; `instead` says what to do now.
const fn later(name: &'static str, instead: &'static str) -> Key {
    Key { name, shape: Shape::Later, default: "", about: instead }
}

/// Leaving it out is all that can be done.
const LEAVE_OUT: &str = "leave it out for now";

/// `{ enforce = "10%" }`.
pub(crate) static MODE_SHARE: Section = Section::new(
    "Enforced for a stable share of callers, monitored for the others.",
    &[key("enforce", Shape::Text, "", "The share in percent: \"10%\".")],
);

/// The words of a limit's `who`.
const WHO: &[&str] = &["all", "pages", "programs", "known", "strangers", "passes"];

/// One limit.
static LIMIT: Section = Section::new(
    "A share: whom it counts, and how much they have.",
    &[
        key(
            "name",
            Shape::Text,
            "",
            "Its name: shares survive a reload by it; it stands in headers.",
        ),
        key(
            "by",
            Shape::List(&Shape::Words {
                now: &["address", "network", "user", "pass", "route"],
                later: &["key", "session", "subject", "tenant"],
            }),
            "",
            "Who is counted: `address` (IPv4 address, IPv6 /64), `network` (/24, /48), `user` (a \
             known caller, wherever it is; a stranger by address) or `pass`; with `route`, each \
             route has a share of its own.",
        ),
        key(
            "who",
            Shape::Words { now: WHO, later: &[] },
            "\"all\"",
            "Whom it is for: `pages` are requests of which a browser says that one's own page or a \
             person sent them, `programs` all others that are not known; `known` callers have a \
             token or key, `strangers` have none.",
        ),
        key("rate", Shape::Rate, "", "How fast the share comes back."),
        key(
            "burst",
            Shape::Whole { least: 1, most: 1_000_000 },
            "",
            "How much of it can be saved up; without it, the rate's number.",
        ),
        key(
            "window",
            Shape::Text,
            "",
            "In place of a rate: a fixed window by UTC, `day`, `hour`, `minute` or a duration.",
        ),
        key(
            "limit",
            Shape::Whole { least: 1, most: 4_294_967_295 },
            "",
            "How many requests in a window.",
        ),
    ],
);

/// Where a key that was written in the wrong table belongs.
pub(crate) fn home(name: &str) -> Option<String> {
    let is_here = |section: &Section| section.key(name).is_some_and(|key| key.is_open());
    if is_here(&TOP) {
        return Some(format!("`{name}` stands at the top of the file, before the first [table]"));
    }
    let named = |key: &&'static Key| match &key.shape {
        Shape::Table(section) => is_here(section),
        Shape::List(Shape::Table(section)) => is_here(section),
        _ => false,
    };
    if let Some(table) = TOP.keys.iter().find(named) {
        let brackets =
            if matches!(table.shape, Shape::List(_)) { ("[[", "]]") } else { ("[", "]") };
        return Some(format!("`{name}` belongs under {}{}{}", brackets.0, table.name, brackets.1));
    }
    let layer = layers::LAYERS.keys.iter().filter(|key| key.name != name).find(named)?;
    Some(format!("`{name}` belongs under [layers.{}]", layer.name))
}
