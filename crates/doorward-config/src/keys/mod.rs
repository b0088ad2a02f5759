//! The one table of keys: what the reader accepts, what the schema publishes, what is written out
//! as effective. A test holds the three against each other.

mod budget;
mod cookie;
mod identity;
mod layers;
mod limit;
mod permission;
mod route;
mod top;
mod upstream;

pub(crate) use budget::PRICES_FILE;
pub(crate) use layers::LATER_LAYERS;
use limit::LIMIT;
pub(crate) use limit::{BEGUN, METHODS, OTHERS, WORDS};
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
