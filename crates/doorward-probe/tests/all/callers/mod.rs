//! The table of callers against servers of which it is known what they do.

use crate::corpus::{BROKEN, SAFE, SHOP, Server, start};
use doorward_probe::finding::Rung;
use doorward_probe::grid::{Backend, Caller, Cell, Fate, Kind, Row};
use doorward_probe::{Operation, Options, Probe, Report, Scope, Session};
use std::time::{Duration, Instant};
use url::Url;

/// Requests that one address may cost, over all checks.
const REQUESTS_MAX: usize = 120;
/// How long one address may take on this machine.
const PATIENCE: Duration = Duration::from_secs(2);

fn server(name: &str) -> &'static Server {
    let mut all = BROKEN.iter().chain(SAFE).copied().flatten();
    all.find(|server| server.name == name).expect("a server of that name")
}

fn options() -> Options {
    Options { origins: vec![SHOP.to_owned()], requests_max: 1000, seed: 7, ..Options::default() }
}

/// One run against one server, of these methods.
async fn look(name: &str, methods: &[&str], options: Options) -> Report {
    let url = Url::parse(&start(server(name)).await).expect("an address");
    let mut scope = Scope::new(&[]);
    scope.add(&url).await.expect("this machine");
    let mut options = options;
    options.session = options.session.map(|_| {
        let cookie = ("Cookie".to_owned(), "session=ann".to_owned());
        Session::new(vec![cookie], std::slice::from_ref(&url))
    });
    let operations = methods.iter().map(|method| {
        let mut operation = Operation::get(url.clone());
        operation.method = (*method).to_owned();
        operation
    });
    let operations: Vec<Operation> = operations.collect();
    Probe::new(scope, options).expect("authorities").run(&operations, &|_| {}).await
}

fn cell(report: &Report, caller: Caller) -> &Cell {
    report.grid.rows.first().and_then(|row| row.cell(caller)).expect("a cell")
}

fn rung(cell: &Cell) -> Option<Rung> {
    match cell.backend {
        Backend::Answers { rung, .. } => Some(rung),
        Backend::Kept { .. } | Backend::NotTried | Backend::NeverSent | Backend::Silent => None,
    }
}

#[tokio::test]
async fn one_origin_may_read_and_everybody_makes_it_run() {
    let report = look("exact-list", &["GET"], options()).await;
    let rows = [
        (Caller::AllowedPage, Some(Fate::Reads)),
        (Caller::AnyPage, Some(Fate::Hidden)),
        (Caller::SiblingPage, Some(Fate::Hidden)),
        (Caller::Form, Some(Fate::Hidden)),
        (Caller::Image, Some(Fate::Hidden)),
        (Caller::Script, None),
    ];
    for (caller, fate) in rows {
        let cell = cell(&report, caller);
        assert_eq!(cell.agreed(), fate, "{caller:?}");
        // The whole server answers every path alike, and so says nothing of this one.
        assert_eq!(rung(cell), Some(Rung::Unknown), "{caller:?}");
    }
    let report = look("public-search", &["GET"], options()).await;
    for caller in [Caller::AllowedPage, Caller::AnyPage, Caller::SiblingPage] {
        assert_eq!(cell(&report, caller).agreed(), Some(Fate::Reads), "{caller:?}");
        assert_eq!(rung(cell(&report, caller)), Some(Rung::Strong), "{caller:?}");
    }
    assert_eq!(rung(cell(&report, Caller::Script)), Some(Rung::Strong));
}

#[tokio::test]
async fn what_answers_say_nothing_of_is_not_called_run() {
    let report = look("refuses-first", &["GET"], options()).await;
    assert!(cell(&report, Caller::AllowedPage).is_run());
    assert!(cell(&report, Caller::Script).is_run());
    for caller in [Caller::AnyPage, Caller::SiblingPage, Caller::Form, Caller::Image] {
        let refused = Backend::Answers { status: 403, rung: Rung::Unknown };
        assert_eq!(cell(&report, caller).backend, refused, "{caller:?}");
    }
    for (name, want) in [
        ("one-page-for-all", Rung::Unknown),
        ("kept-copy", Rung::Unknown),
        ("another-each-time", Rung::Weak),
    ] {
        let report = look(name, &["GET"], options()).await;
        for caller in [Caller::AnyPage, Caller::SiblingPage, Caller::Image, Caller::Script] {
            assert_eq!(rung(cell(&report, caller)), Some(want), "{name}: {caller:?}");
        }
    }
}

#[tokio::test]
async fn without_an_allowed_pages_answer_nothing_is_called_run() {
    // A page of an application's own scheme is none that the model knows.
    let origins = vec!["capacitor://localhost".to_owned()];
    let report = look("public-search", &["GET"], Options { origins, ..options() }).await;
    assert_eq!(cell(&report, Caller::AllowedPage).agreed(), Some(Fate::NotKnown));
    for caller in [Caller::AnyPage, Caller::SiblingPage, Caller::Script] {
        assert_eq!(rung(cell(&report, caller)), Some(Rung::Weak), "{caller:?}");
    }
}

#[tokio::test]
async fn what_could_write_is_told_from_the_preflight_alone() {
    let report = look("refuses-first", &["GET"], options()).await;
    let closing = report.grid.closing.expect("one address");
    let row = |kind| closing.rows.iter().find(|(own, ..)| *own == kind).expect("a row");
    let (_, any, allowed) = row(Kind::JsonPost);
    assert_eq!(any.backend, Backend::NeverSent);
    assert_eq!(any.agreed(), Some(Fate::NeverSent));
    let allowed = allowed.as_ref().expect("a page");
    // A preflight approves POST without naming it (Fetch 4.8: a safelisted method).
    assert_eq!((allowed.backend, allowed.agreed()), (Backend::NotTried, Some(Fate::Sent)));
    let (_, any, _) = row(Kind::FormPost);
    assert_eq!((any.backend, any.agreed()), (Backend::NotTried, Some(Fate::Sent)));
    let (_, any, allowed) = row(Kind::AuthorisedGet);
    for cell in [any, allowed.as_ref().expect("a page")] {
        assert_eq!(cell.agreed(), Some(Fate::NeverSent));
    }
    let (_, any, allowed) = row(Kind::Script);
    assert!(any.is_run() && any.browsers.is_empty() && allowed.is_none());
    // The twin: where writes are allowed they are sent, and answered.
    let report = look("refuses-first", &["GET"], Options { allow_writes: true, ..options() }).await;
    let closing = report.grid.closing.expect("one address");
    let form = closing.rows.iter().find(|(kind, ..)| *kind == Kind::FormPost).expect("a row");
    assert_eq!(form.1.backend, Backend::Answers { status: 403, rung: Rung::Unknown });
}

#[tokio::test]
async fn a_form_has_two_methods_and_an_image_one() {
    let report = look("refuses-first", &["GET", "PUT", "POST"], options()).await;
    assert!(report.grid.closing.is_none(), "there is more than one operation");
    let sent = |row: &Row, caller| row.cell(caller).map(|cell| cell.agreed());
    for (row, form, image) in [
        (0, Fate::Hidden, Fate::Hidden),
        (1, Fate::NeverSent, Fate::NeverSent),
        (2, Fate::Sent, Fate::NeverSent),
    ] {
        let row = &report.grid.rows[row];
        assert_eq!(sent(row, Caller::Form), Some(Some(form)), "{}", row.operation);
        assert_eq!(sent(row, Caller::Image), Some(Some(image)), "{}", row.operation);
    }
    assert_eq!(cell(&report, Caller::AllowedPage).agreed(), Some(Fate::Reads));
}

#[tokio::test]
async fn with_a_session_a_star_is_no_leave_to_read() {
    let session = Session::new(Vec::new(), &[]);
    let options = Options { session: Some(session), ..options() };
    let report = look("public-search", &["GET"], options).await;
    assert!(report.grid.with_cookie);
    for caller in [Caller::AllowedPage, Caller::AnyPage] {
        assert_eq!(cell(&report, caller).agreed(), Some(Fate::Hidden), "{caller:?}");
    }
}

#[tokio::test]
async fn one_address_costs_little() {
    for server in BROKEN.iter().chain(SAFE).copied().flatten() {
        let begun = Instant::now();
        let report = look(server.name, &["GET"], options()).await;
        assert!(report.requests < REQUESTS_MAX, "{}: {}", server.name, report.requests);
        assert!(begun.elapsed() < PATIENCE, "{}: {:?}", server.name, begun.elapsed());
        assert!(report.others.is_empty() && report.grid.closing.is_some());
    }
}

#[tokio::test]
async fn what_is_used_up_is_not_called_looked_at() {
    let options = Options { requests_max: 3, ..options() };
    let report = look("refuses-first", &["GET"], options).await;
    assert!(report.looked_at.is_empty(), "{report:?}");
    assert_eq!((report.left_out.len(), report.requests), (1, 3));
}
