//! Which fault is shown how, and by what.

use doorward_probe::fixes::Product;

/// A fault.
pub(crate) struct Row {
    /// The checks that find it; the first names the faulty applications.
    pub(crate) checks: &'static [&'static str],
    /// The path that is asked.
    pub(crate) path: &'static str,
    /// The body of a POST; none: it is a GET.
    pub(crate) posts: Option<&'static str>,
    /// Somebody's header who is signed in.
    pub(crate) session: Option<(&'static str, &'static str)>,
    /// Limits are pressed.
    pub(crate) limits: bool,
    /// A page that is allowed reads the answer, once it is mended.
    pub(crate) is_read_by_the_allowed: bool,
    /// It is the application's own: what stands in front mends it, and has no fault itself.
    pub(crate) is_of_applications: bool,
    /// The products at which it is shown; all, where nothing is said.
    pub(crate) only: &'static [Product],
}

impl Row {
    /// Whether it is shown at a product.
    pub(crate) fn is_for(&self, product: Product) -> bool {
        self.only.is_empty() || self.only.contains(&product)
    }
}

const GET: Row = Row {
    checks: &[],
    path: "/data",
    posts: None,
    session: None,
    limits: false,
    is_read_by_the_allowed: true,
    is_of_applications: false,
    only: &[],
};

/// Every fault that is shown.
pub(crate) const ROWS: &[Row] = &[
    Row { checks: &["C-01"], ..GET },
    Row {
        checks: &["C-14"],
        path: "/private",
        session: Some(("Authorization", "Bearer of-ann")),
        ..GET
    },
    Row { checks: &["C-17"], ..GET },
    Row { checks: &["C-21"], ..GET },
    Row {
        checks: &["K-01", "K-02"],
        path: "/login",
        posts: Some("{}"),
        is_read_by_the_allowed: false,
        is_of_applications: true,
        ..GET
    },
];
