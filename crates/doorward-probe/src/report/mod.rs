//! A run's report, in each form.

mod json;
mod table;

pub use json::json;
pub use table::{Look as TableLook, table};
