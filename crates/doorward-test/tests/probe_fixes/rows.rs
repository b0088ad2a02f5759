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
    /// The type of that body.
    pub(crate) kind: &'static str,
    /// Somebody's header who is signed in.
    pub(crate) session: Option<(&'static str, &'static str)>,
    /// The origins that should be allowed: the files name the first.
    pub(crate) origins: &'static [&'static str],
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
    kind: "application/json",
    session: None,
    limits: false,
    origins: &[crate::APP],
    is_read_by_the_allowed: true,
    is_of_applications: false,
    only: &[],
};

/// A fault of an application that is shown behind what stands in front of it.
const BEHIND: Row = Row {
    is_of_applications: true,
    only: &[Product::Doorward, Product::Nginx, Product::Caddy],
    ..GET
};

/// What stands in front and counts.
const IN_FRONT: &[Product] = &[Product::Doorward, Product::Nginx];

/// A fault of an application, which says nothing of CORS.
const APPLICATION: Row = Row { is_read_by_the_allowed: false, is_of_applications: true, ..GET };

const NOTE: Row = Row { path: "/notes", posts: Some("{\"text\":\"a\"}"), ..APPLICATION };

const NOTE_BY_FORM: Row =
    Row { posts: Some("text=a"), kind: "application/x-www-form-urlencoded", ..NOTE };

const LOG_IN: Row = Row { path: "/login", posts: Some("{}"), ..APPLICATION };

/// Every fault that is shown.
pub(crate) const ROWS: &[Row] = &[
    Row { checks: &["C-01"], ..GET },
    Row { checks: &["C-02"], ..BEHIND },
    Row { checks: &["C-04"], ..BEHIND },
    Row { checks: &["C-05"], ..BEHIND },
    Row { checks: &["C-06"], ..BEHIND },
    Row { checks: &["C-07"], ..BEHIND },
    Row { checks: &["C-08"], ..BEHIND },
    Row { checks: &["C-09"], ..BEHIND },
    Row { checks: &["C-10"], origins: &["https://shop.vercel.app"], ..BEHIND },
    Row { checks: &["C-11"], ..BEHIND },
    Row { checks: &["C-12"], ..BEHIND },
    Row { checks: &["P-19"], origins: &["https://foo.example", "https://bar.example"], ..BEHIND },
    Row { checks: &["P-21"], origins: &["https://shop.co.uk"], ..BEHIND },
    Row { checks: &["P-22"], ..BEHIND },
    Row {
        checks: &["C-14"],
        path: "/private",
        session: Some(("Authorization", "Bearer of-ann")),
        ..GET
    },
    Row { checks: &["C-15"], ..BEHIND },
    Row { checks: &["C-16"], ..BEHIND },
    Row { checks: &["C-17"], ..GET },
    Row { checks: &["C-18"], ..BEHIND },
    Row { checks: &["C-19"], ..BEHIND },
    Row { checks: &["C-26"], ..BEHIND },
    Row { checks: &["C-21"], ..GET },
    Row { checks: &["C-13"], ..GET },
    Row { checks: &["R-08"], limits: true, is_read_by_the_allowed: false, ..BEHIND },
    Row { checks: &["C-20"], ..GET },
    Row { checks: &["X-01"], ..NOTE },
    Row { checks: &["X-02"], only: BEHIND.only, ..NOTE },
    Row { checks: &["X-03"], only: BEHIND.only, ..NOTE },
    Row { checks: &["X-08"], ..NOTE_BY_FORM },
    Row { checks: &["X-07"], only: BEHIND.only, ..NOTE_BY_FORM },
    Row { checks: &["R-01"], limits: true, ..APPLICATION },
    Row { checks: &["R-07"], limits: true, only: &[Product::Express], ..APPLICATION },
    Row { checks: &["R-02"], limits: true, only: IN_FRONT, ..APPLICATION },
    Row { checks: &["X-14"], path: "/form", ..APPLICATION },
    Row {
        checks: &["C-27"],
        path: "/me",
        session: Some(("Cookie", "session=of-ann")),
        ..APPLICATION
    },
    Row { checks: &["T-07"], path: "/token", limits: true, only: IN_FRONT, ..APPLICATION },
    Row { checks: &["C-28"], path: "/socket", only: BEHIND.only, ..APPLICATION },
    Row { checks: &["C-31"], is_read_by_the_allowed: false, ..BEHIND },
    Row { checks: &["K-01", "K-02"], ..LOG_IN },
    Row { checks: &["K-03"], only: BEHIND.only, ..LOG_IN },
    Row { checks: &["K-04"], only: BEHIND.only, ..LOG_IN },
    Row { checks: &["K-05"], only: BEHIND.only, ..LOG_IN },
    Row { checks: &["K-06"], only: BEHIND.only, ..LOG_IN },
];
