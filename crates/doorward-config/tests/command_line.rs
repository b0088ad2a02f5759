//! What the command line says goes over the file, and its errors name the flag.

#[path = "golden/mod.rs"]
mod support;

use doorward_config::{
    Config, Given, HostHeader, Level, LogKind, Report, UpstreamAddress, UpstreamHttp, load,
};
use doorward_core::layers::credential::Put;
use doorward_core::layers::quota::budget::{By, Unit};
use support::{Golden, given, outcome};

fn guard(upstream: &str) -> Given {
    Given { upstream: Some(upstream.to_owned()), ..Given::default() }
}

fn config(given: &Given) -> Config {
    load(given, &Golden, [7; 32]).unwrap_or_else(|report| panic!("{report}"))
}

fn report(given: &Given) -> Report {
    load(given, &Golden, [7; 32]).expect_err("a wrong command line")
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn an_upstream_alone_is_enough_to_try_out() {
    let config = config(&guard("http://127.0.0.1:3000"));
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert!(config.trying_out && config.secret_was_generated);
    assert_eq!(config.signing.len(), 1);
    assert!(config.signing[0].matches(&[7; 32]));
    let address = UpstreamAddress::Http { host: "127.0.0.1".into(), port: 3000 };
    assert_eq!(config.upstreams[0].address, address);
    assert_eq!(config.upstreams[0].host, HostHeader::Keep);
    assert_eq!(config.log, LogKind::Auto);
    assert!(config.permissive.is_empty());
    assert!(config.warnings.problems().iter().all(|problem| problem.level == Level::Note));
}

#[test]
fn flags_go_over_the_file() {
    let config = config(&Given {
        origins: texts(&["http://localhost:5173"]),
        external: texts(&["https://other.example"]),
        listen: Some("127.0.0.1:0".to_owned()),
        log: Some(LogKind::Json),
        threads: Some(3),
        upstream: Some("unix:/run/other.sock".to_owned()),
        monitor: true,
        ..given("sample.toml")
    });
    assert_eq!(config.settings.origins, ["http://localhost:5173"]);
    assert_eq!(config.settings.external, ["https://other.example"]);
    assert_eq!(config.listen.to_string(), "127.0.0.1:0");
    assert_eq!((config.log, config.threads), (LogKind::Json, 3));
    assert_eq!(config.upstreams[0].address.to_string(), "unix:/run/other.sock");
    assert_eq!(config.permissive, ["mode = \"monitor\""]);
    assert!(config.trying_out && !config.secret_was_generated);
    let effective = doorward_config::print_effective(&config);
    assert!(effective.contains("threads = 3                                  # --threads\n"));
    assert!(effective.contains("mode = \"monitor\"                             # --monitor\n"));
}

#[test]
fn the_mildest_of_flag_and_file_wins() {
    let config = config(&Given { monitor: true, ..given("modes.toml") });
    assert_eq!(config.permissive[0], "mode = \"monitor\"");
}

#[test]
fn allow_and_credential_make_closed_routes() {
    let config = config(&Given {
        allow: texts(&["POST /v1/chat/completions", "GET,HEAD /v1/models"]),
        credential: texts(&["Authorization: Bearer env:API_KEY"]),
        insecure_open_credential: true,
        ..guard("http://127.0.0.1:3000")
    });
    assert!(config.settings.message.refuse_unmatched);
    let routes = &config.settings.routes;
    assert_eq!(
        (routes[0].path.as_str(), routes[0].methods.as_slice()),
        ("/v1/chat/completions", &texts(&["POST"])[..])
    );
    assert_eq!(
        (routes[1].path.as_str(), routes[1].methods.as_slice()),
        ("/v1/models", &texts(&["GET", "HEAD"])[..])
    );
    let credential = &config.settings.credential.credentials[0];
    assert_eq!(credential.put, Put::Header(http::header::AUTHORIZATION));
    assert_eq!(credential.before, "Bearer ");
    assert!(credential.secret.matches(b"sk-golden"));
    assert_eq!(config.permissive.len(), 2);
    let effective = doorward_config::print_effective(&config);
    assert!(effective.contains("value = \"Bearer env:API_KEY\""), "{effective}");
}

/// The whole text of what is wrong with a command line.
#[test]
fn errors_name_the_flag() {
    let given = Given {
        listen: Some("0.0.0.0:8080".to_owned()),
        origins: texts(&["https://shop.example", "https://shop.example/"]),
        external: texts(&["https://shop.example"]),
        profile: Some("pubic".to_owned()),
        ..guard("ftp://api.example")
    };
    let hint = "add [secrets] signing = [\"env:DOORWARD_SECRET\"], and make one: \
                head -c 32 /dev/urandom | base64";
    let want = r#"error: an upstream is http://host:port, https://host:port or unix:/absolute/path
 |
 | UPSTREAM ftp://api.example
 |          ^^^^^^^^^^^^^^^^^
 |
 = help: write upstream = "http://127.0.0.1:3000"

error: off loopback and private addresses the gate needs a signing secret of its own
 |
 | --listen 0.0.0.0:8080
 |          ^^^^^^^^^^^^
 |
 = help: HINT

error: an origin ends with its host and port; browsers would send "https://shop.example"
 |
 | --origin https://shop.example/
 |          ^^^^^^^^^^^^^^^^^^^^^
 |
 = help: write each origin as the browser's address bar begins: https://shop.example

error: there is no such profile
 |
 | --profile pubic
 |           ^^^^^
 |
 = help: write --profile public or --profile authenticated

4 errors: the gate does not start
"#;
    assert_eq!(outcome(&given), want.replace("HINT", hint));
    assert_eq!(report(&given).problems()[2].line, "--origin https://shop.example/");
}

#[test]
fn a_secret_on_the_command_line_is_refused_and_not_shown() {
    for (credential, what) in [
        ("Authorization: Bearer sk-hidden", "a secret is written out on the command line"),
        ("?key=sk-hidden", "a secret is written out on the command line"),
        ("sk-hidden", "a credential is a header's name and value, or a parameter's"),
        ("?sk-hidden", "a credential is a header's name and value, or a parameter's"),
        ("?k y=sk-hidden", "this is no name of a parameter that could be added"),
        ("?doorward_ticket=sk-hidden", "the gate judges a parameter \"doorward_ticket\" by itself"),
        ("Host: sk-hidden", "the header `host` is the gate's own to write"),
        ("Authorization: Bearer env:NOWHERE", "the variable NOWHERE is not set"),
    ] {
        let given = Given {
            allow: texts(&["POST /v1/chat"]),
            credential: texts(&[credential]),
            insecure_open_credential: true,
            ..guard("http://127.0.0.1:3000")
        };
        let report = report(&given);
        assert_eq!(report.problems()[0].what, what);
        assert!(!report.to_string().contains("hidden"), "{report}");
        assert!(!format!("{:?}", report.problems()).contains("hidden"));
    }
}

#[test]
fn a_parameter_is_written_with_a_question_mark() {
    let config = config(&Given {
        allow: texts(&["POST /v1beta/models/gemini:generateContent"]),
        credential: texts(&["?key=env:API_KEY", "X-Goog-User-Project: env:API_KEY"]),
        ..guard("http://127.0.0.1:3000")
    });
    let [key, project] = &config.settings.credential.credentials[..] else {
        panic!("two credentials");
    };
    assert_eq!(key.put, Put::Query("key".to_owned()));
    assert!(key.before.is_empty() && key.secret.matches(b"sk-golden"));
    assert_eq!(project.put, Put::Header("x-goog-user-project".parse().expect("a name")));
    let both = texts(&["--credential 1", "--credential 2"]);
    assert_eq!(config.settings.routes[0].credentials, both);
    let effective = doorward_config::print_effective(&config);
    let want = "{ name = \"--credential 1\", query = \"key\", value = \"env:API_KEY\" }";
    assert!(effective.contains(want), "{effective}");
}

#[test]
fn a_secret_is_not_typed_even_where_the_file_accepts_literal_ones() {
    let given = Given {
        allow: texts(&["POST /v1/chat"]),
        credential: texts(&["Authorization: Bearer sk-hidden"]),
        ..given("secrets-in-the-file.toml")
    };
    let report = report(&given);
    assert_eq!(report.problems()[0].what, "a secret is written out on the command line");
    assert!(report.problems()[0].hint.starts_with("write env:NAME or file:PATH in its place"));
    assert!(!report.to_string().contains("hidden"), "{report}");
}

#[test]
fn a_service_of_somebody_elses_is_told_its_own_name() {
    let credential = texts(&["Authorization: Bearer env:API_KEY"]);
    let allow = texts(&["POST /v1/chat/completions"]);
    let own = HostHeader::Name("api.model.example".to_owned());
    for (upstream, credential, want) in [
        ("https://api.model.example", &credential[..], own),
        ("https://api.model.example", &[], HostHeader::Keep),
        ("http://api.model.example", &credential, HostHeader::Keep),
        ("https://127.0.0.1:8443", &credential, HostHeader::Keep),
        ("https://api.internal", &credential, HostHeader::Keep),
        ("unix:/run/app.sock", &credential, HostHeader::Keep),
    ] {
        let (allow, credential) = (allow.clone(), credential.to_vec());
        let config = config(&Given { allow, credential, ..guard(upstream) });
        assert_eq!(config.upstreams[0].host, want, "{upstream}");
        if let Some(tls) = &config.upstreams[0].tls {
            assert!(upstream.contains(&tls.server_name), "{upstream}");
        }
        let clear = "a credential goes to http://api.model.example in the clear";
        let warned = config.warnings.problems().iter().any(|problem| problem.what == clear);
        assert_eq!(warned, upstream == "http://api.model.example", "{upstream}");
    }
}

#[test]
fn no_key_lets_an_upstream_be_believed_without_proof() {
    let schema: serde_json::Value =
        serde_json::from_str(&doorward_config::schema()).expect("the schema is JSON");
    let choices = schema["properties"]["upstream"]["anyOf"].as_array().expect("text or table");
    let table = choices.iter().find(|choice| choice["type"] == "object").expect("a table");
    let keys = table["properties"].as_object().expect("keys").keys();
    assert!(keys.eq(["ca", "certificate", "http", "key", "server_name", "url"]));
}

#[test]
fn credentials_go_where_somebody_said() {
    let credential = texts(&["Authorization: Bearer env:API_KEY"]);
    let nowhere = Given { credential: credential.clone(), ..guard("http://127.0.0.1:3000") };
    assert_eq!(report(&nowhere).problems()[0].what, "no request would be given this credential");
    let allow = texts(&["POST /v1/chat"]);
    let passes = Given { credential, allow, ..guard("http://127.0.0.1:3000") };
    assert_eq!(config(&passes).permissive, Vec::<String>::new());
    let open = Given { no_passes: true, ..passes };
    let what = "strangers may call this route, and the credential would work for them";
    assert_eq!(report(&open).problems()[0].what, what);
    assert_eq!(report(&open).problems()[0].line, "--allow POST /v1/chat");
}

/// A command line with a budget, and a route that spends it.
fn spending(budget: &str, prices: Option<&str>) -> Given {
    Given {
        allow: texts(&["POST /v1/chat", "GET /v1/models"]),
        budget: Some(budget.to_owned()),
        prices: prices.map(Into::into),
        ..guard("http://127.0.0.1:3000")
    }
}

#[test]
fn a_budget_is_spent_where_somebody_said() {
    for (text, prices, unit, limit, window_s) in [
        ("2usd/day", Some("prices.toml"), Unit::Money, 200_000, 86_400),
        ("100000tokens/day", None, Unit::Tokens, 100_000, 86_400),
        ("100 tokens/30s", None, Unit::Tokens, 100, 30),
        ("0.5usd/hour", Some("prices.toml"), Unit::Money, 50_000, 3_600),
    ] {
        let config = config(&spending(text, prices));
        let budgets = &config.settings.budget.budgets;
        assert_eq!(budgets.len(), 1, "{text}");
        let found = (&budgets[0].unit, budgets[0].limit, budgets[0].window_s);
        assert_eq!(found, (&unit, limit, window_s), "{text}");
        assert_eq!(budgets[0].by, By::Everybody, "it is what one may be billed in all");
        let [asks, reads] = &config.settings.routes[..] else { panic!("two routes") };
        assert_eq!(asks.budgets, [budgets[0].name.as_str()], "{text}");
        assert!(asks.ai.is_some() && reads.ai.is_none() && reads.budgets.is_empty(), "{text}");
    }
}

#[test]
fn a_budget_that_is_none_says_what_is_wrong() {
    let no_prices = "money is counted, and nobody has said what a token costs";
    for (text, prices, what, line) in [
        ("2usd", None, "a budget is an amount in a time", "--budget 2usd"),
        ("2usd/week", None, "this budget's time is no window", "--budget 2usd/week"),
        ("2eur/day", None, "this budget's amount is none", "--budget 2eur/day"),
        ("0usd/day", None, "so much cannot be counted in one window", "--budget 0usd/day"),
        ("9999999usd/day", None, "so much cannot be counted in one window", ""),
        ("2usd/day", None, no_prices, "--budget 2usd/day"),
        ("2usd/day", Some("nowhere"), "the prices cannot be read: no such file", ""),
        ("2usd/day", Some("prices-bad.toml"), "a token's price lacks its `output`", ""),
    ] {
        let report = report(&spending(text, prices));
        let first = &report.problems()[0];
        assert_eq!(first.what, what, "{report}");
        assert!(line.is_empty() || first.line == line, "{text}: {}", first.line);
    }
    // A route that does more than ask would be a way round it.
    let more = Given { allow: texts(&["POST,PUT /v1/chat"]), ..spending("100 tokens/day", None) };
    assert_eq!(report(&more).problems()[0].what, "an AI is asked by POST, on a route for programs");
    let nowhere = Given { allow: Vec::new(), ..spending("100 tokens/day", None) };
    assert_eq!(report(&nowhere).problems()[0].what, "no request would spend this budget");
}

#[test]
fn a_file_that_is_not_there_says_so() {
    let want =
        "error: nowhere.toml cannot be read: no such file\n\n1 error: the gate does not start\n";
    assert_eq!(outcome(&given("nowhere.toml")), want);
}

#[test]
fn files_are_read_and_values_have_their_places() {
    let config = config(&given("listeners.toml"));
    assert_eq!(config.said_at("tls.key"), Some("listeners.toml:9"));
    assert_eq!(config.said_at("threads"), None);
    let tls = config.tls.as_ref().expect("a certificate");
    assert!(tls.certificate.text().starts_with(b"-----BEGIN CERTIFICATE-----"));
    assert_eq!(tls.key.path().to_str(), Some("key.pem"));
    let admin = config.admin.as_ref().expect("an admin listener");
    assert!(admin.token.as_ref().is_some_and(|token| token.matches(b"golden-admin-0123456789")));
    assert!(!format!("{config:?}").contains("golden-"));
    assert!(!config.http2 && config.proxy_protocol.len() == 9);
}

#[test]
fn one_upstream_is_one_however_many_routes_name_it() {
    let config = config(&given("upstreams-over-tls.toml"));
    let routes: Vec<usize> = config.settings.routes.iter().map(|route| route.upstream).collect();
    assert_eq!(routes, [1, 1, 2, 3, 4, 5]);
    let upstream = &config.upstreams[1];
    assert_eq!(upstream.http, UpstreamHttp::Two);
    let tls = upstream.tls.as_ref().expect("TLS");
    assert_eq!(tls.server_name, "api.internal");
    assert!(tls.ca.is_some() && tls.identity.is_some());
    let plain = config.upstreams[0].tls.as_ref().expect("TLS");
    assert_eq!(plain.server_name, "api.internal");
    assert!(config.upstreams[2].tls.is_none() && config.upstreams[5].tls.is_none());
}

#[test]
fn whom_a_file_denies_is_whom_the_gate_knows() {
    use doorward_core::layers::identity::{token_digest, user_digest};
    let config = config(&given("identity.toml"));
    let digests: Vec<_> =
        config.settings.quota.deny_known.iter().map(|denied| denied.digest).collect();
    let want = [
        user_digest("https://id.example", "user-7"),
        token_digest("ours", "7d0f"),
        user_digest("doorward", "k_01234567"),
    ];
    assert_eq!(digests, want);
    assert_eq!(config.settings.identity.keys.as_ref().map(|keys| keys.keys.len()), Some(1));
    assert!(config.settings.requires_identity);
    assert_eq!(config.settings.routes[0].requires_identity, Some(false));
}

#[test]
fn the_admission_key_is_one_of_its_own() {
    let key = |given: &Given| config(given).settings.credential.admission_key.expose().to_vec();
    let own: Vec<u8> = (0..32).map(|place| (place % 16) * 0x11).collect();
    assert_eq!(key(&given("secrets.toml")), own);
    let derived = key(&given("sample.toml"));
    let root = doorward_core::secret::Secret::new(*b"golden-secret-0123456789-0123456789-abcdef");
    let want = doorward_core::crypto::derive(&root, &["doorward admission v1", "prod"]);
    assert!(want.matches(&derived));
    assert_ne!(derived, root.expose());
}
