//! What a file lists: operations, and what of the file is none.

use crate::operation::Operation;

/// Operations of one file, at most.
pub const OPERATIONS_MAX: usize = 100_000;
/// Bytes of a file's addresses and bodies, at most: what many operations refer to is written into
/// each of them.
const BYTES_MAX: usize = 128 * 1024 * 1024;
/// Parts that are named, at most; the others are counted.
const NAMED_MAX: usize = 200;

/// What a file lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The operations, in the file's order.
    pub operations: Vec<Operation>,
    /// What was left out, and why; as a report has it.
    pub left_out: Vec<(String, String)>,
    /// How many more were left out.
    pub more_left_out: usize,
    /// Bytes of the operations.
    bytes: usize,
}

impl Listed {
    /// Names a part that is left out; counts it where many are named.
    pub fn leave_out(&mut self, what: impl Into<String>, why: impl Into<String>) {
        if self.left_out.len() == NAMED_MAX {
            self.more_left_out += 1;
            return;
        }
        let row = (what.into(), why.into());
        if !self.left_out.contains(&row) {
            self.left_out.push(row);
        }
    }

    /// Takes an operation, if there is room; names it otherwise.
    pub(crate) fn take(&mut self, operation: Operation) {
        let Operation { url, path, body, content_type, .. } = &operation;
        let bytes = url.as_str().len() + path.len() + body.len() + content_type.len();
        if self.operations.len() >= OPERATIONS_MAX {
            self.leave_out(operation.name(), "the file lists more than 100,000 operations");
        } else if self.bytes + bytes > BYTES_MAX {
            self.leave_out(operation.name(), "all its operations together are too large");
        } else {
            self.bytes += bytes;
            self.operations.push(operation);
        }
    }

    /// Adds what another file lists.
    pub fn join(&mut self, other: Self) {
        other.operations.into_iter().for_each(|operation| self.take(operation));
        other.left_out.into_iter().for_each(|(what, why)| self.leave_out(what, why));
        self.more_left_out += other.more_left_out;
    }

    /// Leaves out what sounds like a write and is not said to be harmless.
    pub fn without_writes(&mut self) {
        let is_write = |one: &Operation| one.sounds_like_a_write() && !one.is_harmless;
        let (writes, rest) = std::mem::take(&mut self.operations).into_iter().partition(is_write);
        self.operations = rest;
        let writes: Vec<Operation> = writes;
        for operation in writes {
            let why = "by its name it changes something: `--allow-writes` includes it";
            self.leave_out(operation.name(), why);
        }
    }

    /// Keeps the first of them, and names the others.
    pub fn at_most(&mut self, count: usize) {
        let rest = self.operations.split_off(count.min(self.operations.len()));
        for operation in rest {
            let why = format!("{count} operations are looked at: `--max-operations` says how many");
            self.leave_out(operation.name(), why);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Listed;
    use crate::Operation;
    use url::Url;

    fn listed(paths: &[&str]) -> Listed {
        let get = |path: &&str| {
            Operation::get(Url::parse(&format!("http://a.test{path}")).expect("an address"))
        };
        Listed { operations: paths.iter().map(get).collect(), ..Listed::default() }
    }

    #[test]
    fn what_is_left_out_is_named() {
        let mut one = listed(&["/a", "/logout", "/b", "/c"]);
        one.operations[2].is_harmless = true;
        one.without_writes();
        one.at_most(2);
        assert_eq!(one.operations.len(), 2);
        let named: Vec<&str> = one.left_out.iter().map(|(what, _)| what.as_str()).collect();
        assert_eq!(named, ["GET /logout", "GET /c"]);
        one.at_most(9);
        assert_eq!(one.operations.len(), 2);
        let mut harmless = listed(&["/logout"]);
        harmless.operations[0].is_harmless = true;
        harmless.without_writes();
        assert_eq!(harmless.operations.len(), 1);
    }

    #[test]
    fn many_are_counted() {
        let mut listed = Listed::default();
        (0..300).for_each(|at| listed.leave_out(format!("{}", at / 2), "why"));
        assert_eq!((listed.left_out.len(), listed.more_left_out), (150, 0));
        (0..300).for_each(|at| listed.leave_out(format!("new {at}"), "why"));
        assert_eq!((listed.left_out.len(), listed.more_left_out), (200, 250));
    }
}
