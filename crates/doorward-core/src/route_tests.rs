use super::*;
use crate::path;

fn routes(paths: &[&str]) -> Result<Routes, Vec<(usize, TemplateError)>> {
    let settings = crate::settings::Settings {
        routes: paths
            .iter()
            .map(|path| Settings { path: (*path).to_owned(), ..Settings::default() })
            .collect(),
        ..crate::settings::Settings::public()
    };
    match crate::gate::Gate::new(&settings) {
        Ok(gate) => Ok(Arc::into_inner(gate).expect("one owner").routes),
        Err(errors) => {
            let error = |text: &str| TemplateError::Segment(text.to_owned());
            Err(errors.iter().enumerate().map(|(at, one)| (at, error(&one.what))).collect())
        }
    }
}

#[test]
fn the_most_specific_route_wins() {
    let routes = routes(&["/**", "/a/*", "/a/{id}", "/a/b", "/a/{id}/c", "/static/**", "/"]);
    let routes = routes.expect("seven routes");
    for (path, want) in [
        ("/a/b", "/a/b"),
        ("/a/x", "/a/{id}"),
        ("/a/x/c", "/a/{id}/c"),
        ("/a/x/d", "/**"),
        ("/a/", "/**"),
        ("/static", "/static/**"),
        ("/static/x/y", "/static/**"),
        ("/", "/"),
        ("/robots.txt", "/robots.txt"),
        ("/.well-known/a/b", "/.well-known/**"),
        ("/elsewhere", "/**"),
    ] {
        assert_eq!(routes.route(routes.find(path)).path, want, "{path}");
    }
}

#[test]
fn bad_paths_and_ties_are_errors() {
    for bad in [
        &["a"][..],
        &["/a", "/a"],
        &["/a", "/A"],
        &["/a", "/a/"],
        &["/{x}", "/{y}"],
        &["/{x:int}", "/{y}"],
        &["/{x:int}", "/{x:uuid}"],
        &["/{x:float}"],
        &["/{x:}"],
        &["/{x}/{x:int}"],
        &["/a{x}"],
        &["/{}"],
        &["/**/a"],
        &["/a/../b"],
        &["/a?b"],
    ] {
        assert!(routes(bad).is_err(), "{bad:?}");
    }
    for good in
        [&["/a", "/b"][..], &["/{x}", "/*"], &["/a/{x}", "/a/b"], &["/a%2Fb"], &["/{x:int}", "/*"]]
    {
        assert!(routes(good).is_ok(), "{good:?}");
    }
}

#[test]
fn a_path_that_another_server_reads_as_another_route_is_a_near_miss() {
    let routes = routes(&["/v1/transfer", "/v1/users/{id}", "/files/**"]).expect("three routes");
    for (path, want) in [
        ("/v1/transfer", false),
        ("/v1/Transfer", true),
        ("/v1/transfer/", true),
        ("/v1//transfer", true),
        ("/v1/transfer;x", true),
        ("/v1/transfer%20", true),
        ("/v1/transfer.", true),
        ("/v1%2Ftransfer", true),
        ("/v1/%74ransfer", true),
        ("/v1/%2574ransfer", true),
        ("//v1/transfer", true),
        ("/V1/USERS/7", true),
        ("/v1/users/AbC", false),
        ("/v1/users/a%20b", false),
        ("/v1/users/a%2Fb", true),
        ("/files/A;b//c%2Fd/", false),
        ("/other/A%2Fb;c//", false),
        ("/Robots.txt", false),
    ] {
        let odd = path::inspect(path).expect("no ambiguous path");
        assert_eq!(routes.is_near_miss(path, odd, routes.find(path)), want, "{path}");
    }
}
