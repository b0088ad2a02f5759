//! The mends, and the checks that none of them closes.

use super::{File, Mend, Product};

/// Every mend, the ones that close the most first.
pub const MENDS: &[Mend] = &[
    Mend {
        id: "exact-list",
        title: "compare whole origins with a list",
        closes: &[
            "C-01", "C-02", "C-04", "C-05", "C-06", "C-07", "C-08", "C-09", "C-10", "C-11", "C-12",
            "P-19", "P-21", "P-22",
        ],
        files: &[
            doorward(include_str!("../../fixes/exact-list/doorward.toml")),
            nginx(include_str!("../../fixes/exact-list/nginx.conf")),
            caddy(include_str!("../../fixes/exact-list/Caddyfile")),
            express(include_str!("../../fixes/exact-list/express.mjs")),
            fastapi(include_str!("../../fixes/exact-list/fastapi.py")),
            tower_http(include_str!("../../fixes/exact-list/tower-http.rs")),
        ],
    },
    Mend {
        id: "preflight",
        title: "answer preflights in one place, by lists",
        closes: &["C-14", "C-15", "C-16", "C-17", "C-18", "C-19", "C-26"],
        files: &[
            doorward(include_str!("../../fixes/preflight/doorward.toml")),
            nginx(include_str!("../../fixes/preflight/nginx.conf")),
            caddy(include_str!("../../fixes/preflight/Caddyfile")),
            express(include_str!("../../fixes/preflight/express.mjs")),
            fastapi(include_str!("../../fixes/preflight/fastapi.py")),
            tower_http(include_str!("../../fixes/preflight/tower-http.rs")),
        ],
    },
    Mend {
        id: "vary",
        title: "tell caches that answers follow the origin",
        closes: &["C-21"],
        files: &[
            doorward(include_str!("../../fixes/vary/doorward.toml")),
            nginx(include_str!("../../fixes/vary/nginx.conf")),
            caddy(include_str!("../../fixes/vary/Caddyfile")),
            express(include_str!("../../fixes/vary/express.mjs")),
            fastapi(include_str!("../../fixes/vary/fastapi.py")),
            tower_http(include_str!("../../fixes/vary/tower-http.rs")),
        ],
    },
    Mend {
        id: "cookie-attributes",
        title: "set a session's cookie with its guards",
        closes: &["K-01", "K-02", "K-03", "K-04", "K-05", "K-06"],
        files: &[
            doorward(include_str!("../../fixes/cookie-attributes/doorward.toml")),
            nginx(include_str!("../../fixes/cookie-attributes/nginx.conf")),
            caddy(include_str!("../../fixes/cookie-attributes/Caddyfile")),
            express(include_str!("../../fixes/cookie-attributes/express.mjs")),
            fastapi(include_str!("../../fixes/cookie-attributes/fastapi.py")),
            tower_http(include_str!("../../fixes/cookie-attributes/tower-http.rs")),
        ],
    },
    Mend {
        id: "other-sites",
        title: "refuse what other sites' pages send, before it is run",
        closes: &["X-07", "X-08"],
        files: &[
            doorward(include_str!("../../fixes/other-sites/doorward.toml")),
            nginx(include_str!("../../fixes/other-sites/nginx.conf")),
            caddy(include_str!("../../fixes/other-sites/Caddyfile")),
            express(include_str!("../../fixes/other-sites/express.mjs")),
            fastapi(include_str!("../../fixes/other-sites/fastapi.py")),
            tower_http(include_str!("../../fixes/other-sites/tower-http.rs")),
        ],
    },
    Mend {
        id: "json-only",
        title: "take no other type for JSON",
        closes: &["X-01", "X-02", "X-03"],
        files: &[
            doorward(include_str!("../../fixes/json-only/doorward.toml")),
            nginx(include_str!("../../fixes/json-only/nginx.conf")),
            caddy(include_str!("../../fixes/json-only/Caddyfile")),
            express(include_str!("../../fixes/json-only/express.mjs")),
            fastapi(include_str!("../../fixes/json-only/fastapi.py")),
            tower_http(include_str!("../../fixes/json-only/tower-http.rs")),
        ],
    },
    Mend {
        id: "errors-too",
        title: "let errors be read by whom good answers are",
        closes: &["C-13", "R-08"],
        files: &[
            doorward(include_str!("../../fixes/errors-too/doorward.toml")),
            nginx(include_str!("../../fixes/errors-too/nginx.conf")),
            caddy(include_str!("../../fixes/errors-too/Caddyfile")),
            express(include_str!("../../fixes/errors-too/express.mjs")),
            fastapi(include_str!("../../fixes/errors-too/fastapi.py")),
            tower_http(include_str!("../../fixes/errors-too/tower-http.rs")),
        ],
    },
    Mend {
        id: "limits",
        title: "count callers before anything is run",
        closes: &["R-01", "R-02", "R-07", "T-07"],
        files: &[
            doorward(include_str!("../../fixes/limits/doorward.toml")),
            nginx(include_str!("../../fixes/limits/nginx.conf")),
            express(include_str!("../../fixes/limits/express.mjs")),
        ],
    },
    Mend {
        id: "answer-headers",
        title: "keep answers out of other sites' elements and frames",
        closes: &["C-27", "X-14"],
        files: &[
            nginx(include_str!("../../fixes/answer-headers/nginx.conf")),
            caddy(include_str!("../../fixes/answer-headers/Caddyfile")),
            express(include_str!("../../fixes/answer-headers/express.mjs")),
            fastapi(include_str!("../../fixes/answer-headers/fastapi.py")),
            tower_http(include_str!("../../fixes/answer-headers/tower-http.rs")),
        ],
    },
    Mend {
        id: "no-trace",
        title: "refuse `TRACE`",
        closes: &["C-31"],
        files: &[
            doorward(include_str!("../../fixes/no-trace/doorward.toml")),
            nginx(include_str!("../../fixes/no-trace/nginx.conf")),
            caddy(include_str!("../../fixes/no-trace/Caddyfile")),
        ],
    },
    Mend {
        id: "expose-by-name",
        title: "name the headers that pages may see",
        closes: &["C-20"],
        files: &[
            nginx(include_str!("../../fixes/expose-by-name/nginx.conf")),
            caddy(include_str!("../../fixes/expose-by-name/Caddyfile")),
            express(include_str!("../../fixes/expose-by-name/express.mjs")),
            fastapi(include_str!("../../fixes/expose-by-name/fastapi.py")),
            tower_http(include_str!("../../fixes/expose-by-name/tower-http.rs")),
        ],
    },
    Mend {
        id: "websocket-origin",
        title: "open WebSockets to pages on the list alone",
        closes: &["C-28"],
        files: &[
            doorward(include_str!("../../fixes/websocket-origin/doorward.toml")),
            nginx(include_str!("../../fixes/websocket-origin/nginx.conf")),
            caddy(include_str!("../../fixes/websocket-origin/Caddyfile")),
        ],
    },
];

/// Checks whose findings no configuration closes, and why.
pub const BEYOND: &[(&[&str], &str)] = &[
    (&["C-03"], "any program reads the answer too: the secret has to leave it"),
    (&["C-24"], "the application takes a name for a proof: it has to ask for one"),
    (
        &["C-30"],
        "where a redirect leads, and what a caller sends along, is the application's matter",
    ),
    (&["C-32"], "which operation is the exception is known to its makers alone"),
    (
        &["K-07", "K-08", "K-09", "K-10", "K-12"],
        "what a cookie holds, for how long and for whom, is the application's matter",
    ),
    (&["R-03"], "the application takes several spellings for one address: it has to take one"),
    (
        &["R-05", "R-10"],
        "a limit in front counts addresses: who a caller is, is known to the application alone",
    ),
    (
        &["T-01", "T-02", "T-03", "T-04", "T-05", "T-06", "T-08"],
        "how a token is checked is code of the application's",
    ),
    (&["X-05"], "the override is switched off where it was switched on, in the application"),
    (&["X-04", "X-10", "X-11", "C-29"], "what a GET does is code of the application's"),
    (&["X-06"], "how a token of a form is made and compared is code of the application's"),
    (&["X-09", "X-12"], "when a session begins is code of the application's"),
    (
        &["G-01"],
        "the backend itself has to ask for the gate's admission (docs/identity.md, \
         examples/admission), or to listen where the gate alone can reach it",
    ),
    (&["C-22"], "what an answer follows is known to the application alone"),
    (&["K-11", "R-06", "X-13"], "no configuration of it has been tried yet"),
];

const fn doorward(text: &'static str) -> File {
    File { product: Product::Doorward, text }
}

const fn nginx(text: &'static str) -> File {
    File { product: Product::Nginx, text }
}

const fn caddy(text: &'static str) -> File {
    File { product: Product::Caddy, text }
}

const fn express(text: &'static str) -> File {
    File { product: Product::Express, text }
}

const fn fastapi(text: &'static str) -> File {
    File { product: Product::FastApi, text }
}

const fn tower_http(text: &'static str) -> File {
    File { product: Product::TowerHttp, text }
}
