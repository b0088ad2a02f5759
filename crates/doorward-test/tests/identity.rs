//! What `identity` remembers, and what it forgets: rotation, reloads, clocks, two threads at once.

use doorward_core::gate::Gate;
use doorward_core::layers::identity::{Algorithm, IssuerSettings, KeysFrom, KeysUrl, LookedUp};
use doorward_core::layers::quota::DenyKnown;
use doorward_core::moment::{Moment, Now};
use doorward_core::settings::Settings;
use doorward_core::turn::Turn;
use doorward_core::verdict::Verdict;
use doorward_test::sample::{BEGIN_UNIX_S, Request, Rig, begin, identity_settings, spoken, token};
use doorward_test::tokens;
use std::net::IpAddr;
use std::sync::Arc;

/// The verdict at a moment, and whether a known caller was known before.
fn judged_at(rig: &Rig, request: &Request, now: Now) -> (String, Option<bool>) {
    let verdict = rig.judge(request.view(), b"", rig.at(now));
    let remembered = match &verdict {
        Verdict::Admit(admitted) => admitted.is_remembered(),
        Verdict::Refuse(_) | Verdict::Reply(_) => None,
    };
    (spoken(&verdict), remembered)
}

fn judged(rig: &Rig, request: &Request) -> (String, Option<bool>) {
    judged_at(rig, request, begin())
}

fn admitted(is_remembered: bool) -> (String, Option<bool>) {
    ("admit".to_owned(), Some(is_remembered))
}

fn refused(code: &str) -> (String, Option<bool>) {
    (format!("refuse identity/{code}"), None)
}

/// The sample's settings, with keys that are fetched.
fn fetched() -> Settings {
    let mut settings = identity_settings();
    let url = KeysUrl {
        url: "https://id.test/jwks.json".to_owned(),
        is_private: false,
        refresh_s: 300,
        stale_s: 3_600,
    };
    settings.identity.issuers = vec![IssuerSettings::new(
        tokens::ISSUER,
        tokens::AUDIENCE,
        KeysFrom::Url(url),
        &[Algorithm::Es256],
    )];
    settings
}

fn file(name: &str) -> &'static [u8] {
    tokens::file(name).expect("a file of the kit's")
}

#[test]
fn what_is_remembered_is_judged_by_the_wall_clock_even_when_it_goes_back() {
    let rig = Rig::new(&identity_settings());
    let request = Request::chrome().bearing(&token("es256 nbf=-10 exp=+600"));
    let mut steady_ns = begin().steady_ns;
    let mut at = |seconds: i64| {
        steady_ns += 1_000_000_000;
        judged_at(
            &rig,
            &request,
            Now { steady_ns, unix_s: BEGIN_UNIX_S.saturating_add_signed(seconds) },
        )
    };
    assert_eq!(at(0), admitted(false));
    assert_eq!(at(629), admitted(true));
    assert_eq!(at(630), refused("expired"));
    assert_eq!(at(-41), refused("from-the-future"));
    assert_eq!(at(-40), admitted(true));
}

#[test]
fn a_key_that_is_gone_takes_its_tokens_with_it() {
    let rig = Rig::new(&fetched());
    let [issuer] = rig.gate.issuers() else { panic!("one issuer") };
    let ours = Request::chrome().bearing(&token("es256"));
    let seconds = Request::chrome().bearing(&token("es256 by=second"));
    // Nothing was fetched yet.
    assert_eq!(judged(&rig, &ours), refused("keys-away"));
    assert_eq!(issuer.learn(file("kit.json"), begin()), Ok(true));
    assert_eq!(judged(&rig, &ours), admitted(false));
    assert_eq!(judged(&rig, &ours), admitted(true));
    // The same set once more changes nothing.
    assert_eq!(issuer.learn(file("kit.json"), begin()), Ok(false));
    assert_eq!(judged(&rig, &ours), admitted(true));
    // What is no set changes nothing either.
    assert!(issuer.learn(b"{}", begin()).is_err());
    assert_eq!(judged(&rig, &ours), admitted(true));
    // Another key under the same name.
    assert_eq!(issuer.learn(file("second.json"), begin()), Ok(true));
    assert_eq!(judged(&rig, &ours), refused("forged"));
    assert_eq!(judged(&rig, &seconds), admitted(false));
    // And back again: what was remembered then is judged anew.
    assert_eq!(issuer.learn(file("kit.json"), begin()), Ok(true));
    assert_eq!(judged(&rig, &ours), admitted(false));
    assert_eq!(judged(&rig, &seconds), refused("forged"));
}

#[test]
fn keys_that_cannot_be_fetched_any_more_are_believed_for_their_time() {
    let rig = Rig::new(&fetched());
    let [issuer] = rig.gate.issuers() else { panic!("one issuer") };
    let request = Request::chrome().bearing(&token("es256 exp=+86400"));
    assert_eq!(issuer.learn(file("kit.json"), begin()), Ok(true));
    let later = |seconds: u64| {
        let steady_ns = begin().steady_ns + seconds * 1_000_000_000;
        judged_at(&rig, &request, Now { steady_ns, unix_s: BEGIN_UNIX_S + seconds })
    };
    assert_eq!(later(0), admitted(false));
    assert_eq!(later(3_899), admitted(true));
    assert_eq!(later(3_900), refused("keys-away"));
    assert_eq!(issuer.learn(file("kit.json"), begin().later_ns(3_901 * 1_000_000_000)), Ok(false));
    assert_eq!(later(3_902), admitted(true));
}

#[test]
fn an_unknown_key_is_looked_up_once_and_then_it_is_known_or_not() {
    let rig = Rig::new(&fetched());
    let [issuer] = rig.gate.issuers() else { panic!("one issuer") };
    assert_eq!(issuer.learn(file("kit.json"), begin()), Ok(true));
    let request = Request::chrome().bearing(&token("es256 head.kid=new"));
    for (looked_up, code) in
        [(LookedUp::Fresh, "unknown-key"), (LookedUp::Away, "keys-away"), (LookedUp::Busy, "busy")]
    {
        let at = rig.at(begin());
        let Turn::Keys(awaiting) = rig.gate.open(request.view(), at) else { panic!("it waits") };
        assert!(Arc::ptr_eq(awaiting.issuer(), issuer));
        let Turn::Done(Verdict::Refuse(refused)) = awaiting.with(looked_up, at) else {
            panic!("it does not wait twice")
        };
        assert_eq!(refused.reason().code(), format!("identity/{code}"), "{looked_up:?}");
    }
    // The new key comes while it waits.
    let at = rig.at(begin());
    let Turn::Keys(awaiting) = rig.gate.open(request.view(), at) else { panic!("it waits") };
    let set = String::from_utf8_lossy(file("kit.json")).replace("\"es256\"", "\"new\"");
    assert_eq!(issuer.learn(set.as_bytes(), begin()), Ok(true));
    let turn = awaiting.with(LookedUp::Fresh, at);
    assert!(matches!(turn, Turn::Ask(_)), "it goes on to its share");
    assert_eq!(judged(&rig, &request), admitted(true));
    // Keys of a file are never looked up.
    let rig = Rig::new(&identity_settings());
    assert!(matches!(rig.gate.open(request.view(), rig.at(begin())), Turn::Done(_)));
}

#[test]
fn a_reload_judges_anew_what_was_remembered() {
    let rig = Rig::new(&identity_settings());
    let request = Request::chrome().bearing(&token("es256"));
    assert_eq!(judged(&rig, &request), admitted(false));
    assert_eq!(judged(&rig, &request), admitted(true));
    // The same settings once more: other issuers, as far as what is remembered is concerned.
    let rig = Rig { gate: new_gate(&identity_settings()), ..rig };
    assert_eq!(judged(&rig, &request), admitted(false));
    assert_eq!(judged(&rig, &request), admitted(true));
    // An issuer that is gone, another audience, another algorithm.
    let mut other = identity_settings();
    other.identity.issuers[0].audiences = vec!["https://other.test".to_owned()];
    let rig = Rig { gate: new_gate(&other), ..rig };
    assert_eq!(judged(&rig, &request), refused("audience"));
    other.identity.issuers.clear();
    let rig = Rig { gate: new_gate(&other), ..rig };
    assert_eq!(judged(&rig, &request), refused("missing"));
    let mut denied = identity_settings();
    denied.quota.deny_known = vec![DenyKnown {
        digest: doorward_core::layers::identity::user_digest(tokens::ISSUER, "ann"),
        until_unix_s: None,
        why: "a test".to_owned(),
    }];
    let rig = Rig { gate: new_gate(&denied), ..rig };
    assert_eq!(judged(&rig, &request).0, "refuse quota/denied");
}

#[test]
fn a_reload_takes_over_the_keys_that_were_fetched() {
    let rig = Rig::new(&fetched());
    let request = Request::chrome().bearing(&token("es256"));
    assert_eq!(rig.gate.issuers()[0].learn(file("kit.json"), begin()), Ok(true));
    assert_eq!(judged(&rig, &request), admitted(false));
    let next = new_gate(&fetched());
    next.adopt(&rig.gate);
    let rig = Rig { gate: next, ..rig };
    assert_eq!(judged(&rig, &request), admitted(false));
    // Not for another address of the keys.
    let mut moved = fetched();
    if let KeysFrom::Url(url) = &mut moved.identity.issuers[0].keys {
        url.url = "https://id.test/other.json".to_owned();
    }
    let next = new_gate(&moved);
    next.adopt(&rig.gate);
    let rig = Rig { gate: next, ..rig };
    assert_eq!(judged(&rig, &request), refused("keys-away"));
}

fn new_gate(settings: &Settings) -> Arc<Gate> {
    Gate::new(settings).unwrap_or_else(|errors| panic!("{errors:?}"))
}

#[test]
fn an_issuer_has_a_name_of_its_own_and_algorithms_of_its_kind() {
    let place_of = |change: fn(&mut Settings)| {
        let mut settings = identity_settings();
        change(&mut settings);
        Gate::new(&settings).err().map(|errors| errors[0].place.clone())
    };
    let issuer = "layers.identity.jwt[0].issuer";
    let twice: fn(&mut Settings) = |settings| {
        let twin = settings.identity.issuers[0].clone();
        settings.identity.issuers.push(twin);
    };
    assert_eq!(place_of(twice).as_deref(), Some("layers.identity.jwt[1].issuer"));
    let as_keys: fn(&mut Settings) =
        |settings| settings.identity.issuers[0].issuer = "doorward".to_owned();
    assert_eq!(place_of(as_keys).as_deref(), Some(issuer));
    let weak: fn(&mut Settings) = |settings| {
        settings.identity.issuers[0].algorithms = vec![Algorithm::Rs256];
        settings.identity.issuers[0].keys =
            KeysFrom::Set(tokens::file("weak.json").expect("a file").to_vec());
    };
    assert_eq!(place_of(weak).as_deref(), Some("layers.identity.jwt[0].jwks"));
    assert_eq!(place_of(|_| {}), None);
}

#[test]
fn two_threads_share_one_memory() {
    /// Fewer than half the strikes that an address may make.
    const ROUNDS: usize = 25;
    let rig = Rig::new(&fetched());
    let issuer = &rig.gate.issuers()[0];
    assert_eq!(issuer.learn(file("kit.json"), begin()), Ok(true));
    let callers: Vec<Request> = (0..8)
        .map(|number| Request::chrome().bearing(&token(&format!("es256 sub=u{number}"))))
        .collect();
    let mut stranger = Request::chrome().bearing(&token("es256 by=stranger"));
    stranger.peer = IpAddr::from([198, 51, 100, 7]);
    let stranger = stranger;
    std::thread::scope(|scope| {
        for place in 0..2 {
            let (rig, callers, stranger) = (&rig, &callers, &stranger);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let caller = &callers[(round + place) % callers.len()];
                    let verdict = rig.judge(caller.view(), b"", rig.at(begin()));
                    let Verdict::Admit(admitted) = &verdict else {
                        panic!("an honest caller is admitted: {}", spoken(&verdict))
                    };
                    let subject = format!("u{}", (round + place) % callers.len());
                    let identity = admitted.identity().expect("known");
                    assert_eq!(identity.subject(), subject, "nobody is taken for another");
                    assert_eq!(judged(rig, stranger), refused("forged"));
                }
            });
        }
        // Keys change all the while; the honest ones stay in the set.
        for round in 0..ROUNDS {
            let set = String::from_utf8_lossy(file("kit.json"));
            let set = format!("{set}{}", " ".repeat(round % 3));
            assert!(issuer.learn(set.as_bytes(), begin()).is_ok());
        }
    });
    assert!(rig.memory.tokens.count() <= callers.len());
}

#[test]
fn a_crowd_of_good_tokens_takes_no_more_memory_than_there_is() {
    let mut settings = identity_settings();
    let secret = doorward_core::secret::Secret::new(tokens::SHARED_SECRET.as_bytes().to_vec());
    settings.identity.issuers = vec![IssuerSettings::new(
        tokens::ISSUER,
        tokens::AUDIENCE,
        KeysFrom::Shared(secret),
        &[Algorithm::Hs256],
    )];
    let rig = Rig::new(&settings);
    // Ten megabytes of names and leave alone: with the rest more than 16 MiB.
    let scope = "s".repeat(1_000);
    let judge = |number: u32| {
        let line = format!("hs256 sub=u{number} scope={scope}");
        let request = Request::chrome().bearing(&token(&line));
        rig.judge(request.view(), b"", rig.at(begin()))
    };
    for number in 0..10_000 {
        assert_eq!(spoken(&judge(number)), "admit");
    }
    let count = rig.memory.tokens.count();
    assert!((1_000..8_000).contains(&count), "{count} are remembered");
}

/// The moment type is what a mounting hands in; a gate without it has no clock to look at.
#[test]
fn the_gate_has_no_clock_of_its_own() {
    let rig = Rig::new(&identity_settings());
    let request = Request::chrome().bearing(&token("es256 exp=+600"));
    let far = Now { unix_s: 4_000_000_000, ..begin() };
    let at = Moment { now: far, ..rig.at(far) };
    assert_eq!(spoken(&rig.judge(request.view(), b"", at)), "refuse identity/expired");
}
