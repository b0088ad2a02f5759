//! Visits at random, judged by the core and, apart from it, by a shadow that is told the facts.
//!
//! The store fails, lags and repeats; the clock jumps; what was admitted is given back later. What
//! the shadow foretells must come, and nobody is ever admitted beyond his limits, whatever the
//! shadow's buckets say. A seed gives the same visits everywhere.

mod dice;
mod draw;
mod facts;
mod shadow;
mod shares;
mod store;
mod world;

pub use dice::Dice;

use crate::sample::Request;
use doorward_core::fault::Fault;
use doorward_core::mode::Mode;
use doorward_core::moment::Now;
use doorward_core::turn::Turn;
use doorward_core::verdict::{Admitted, Outcome, Verdict};
use doorward_core::view::{Fidelity, View};
use facts::{Facts, Path};
use http::HeaderMap;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, RETRY_AFTER};
use shadow::{Foretold, Going};
use shares::{Account, Shares};
use std::collections::BTreeMap;
use store::Mood;
use world::{LimitFacts, ROUTES, World};

/// Visits in one world.
pub const VISITS_OF_A_WORLD: u64 = 1_000;
/// Milliseconds since 1970 at which every world begins.
const BEGIN_MS: u64 = 1_767_225_600_000;

/// What came of visits, by its name, and how often.
pub type Tally = BTreeMap<String, u64>;

/// One world's story.
struct Story {
    world: World,
    shares: Shares,
    now_ms: u64,
    /// Admitted requests whose end is not known yet.
    open: Vec<Open>,
    tally: Tally,
}

/// An admitted request on its way.
struct Open {
    admitted: Admitted,
    accounts: Vec<(LimitFacts, Account)>,
}

/// What must come of a request.
#[derive(Debug, PartialEq, Eq)]
enum Want {
    Reply,
    Refuse(&'static str),
    Admit(Vec<&'static str>),
}

/// Plays `visits` visits in the world of `seed`.
///
/// # Errors
/// The first thing that is not as foretold, in words.
pub fn play(seed: u64, visits: u64) -> Result<Tally, String> {
    let mut dice = Dice::new(seed);
    let world = World::draw(&mut dice);
    let mut story = Story {
        world,
        shares: Shares::default(),
        now_ms: BEGIN_MS + dice.below(100_000),
        open: Vec::new(),
        tally: Tally::new(),
    };
    for number in 0..visits {
        story.now_ms += if dice.one_in(50) { dice.below(20_000) } else { dice.below(150) };
        let (facts, request) = draw::draw(&story.world, &mut dice);
        let told = if dice.one_in(30) {
            story.fault(&facts, &request, &mut dice);
            Ok(())
        } else {
            story.visit(&facts, &request, &mut dice)
        };
        told.map_err(|what| {
            let headers = &request.headers;
            format!("seed {seed}, visit {number}: {what}\n{facts:?}\n{headers:?}")
        })?;
        story.settle_some(&mut dice);
    }
    Ok(story.tally)
}

impl Story {
    fn now(&self) -> Now {
        Now { steady_ns: (self.now_ms - BEGIN_MS + 1) * 1_000_000, unix_s: self.now_ms / 1_000 }
    }

    /// A head that the mounting refuses by itself: it charges the sender's address, if anybody.
    fn fault(&mut self, facts: &Facts, request: &Request, dice: &mut Dice) {
        let fault = dice.pick(&[Fault::LengthConflict, Fault::HostRepeated, Fault::HeadTooSlow]);
        let refused = self.world.rig.gate.fault(fault, request.peer, self.world.rig.at(self.now()));
        assert_eq!(refused.reason().code(), fault.words().code);
        if fault != Fault::HeadTooSlow {
            let who = if facts.over_proxy { "proxy" } else { &facts.subscriber };
            self.shares.strike(who, self.now_ms);
        }
        self.count("fault");
    }

    fn visit(&mut self, facts: &Facts, request: &Request, dice: &mut Dice) -> Result<(), String> {
        let fidelity = Fidelity { upgrades: self.world.upgrades, ..Fidelity::PROXY };
        let view = View { fidelity, ..request.view() };
        let mood = Mood::draw(dice);
        let body_comes = !dice.one_in(8);
        let body = vec![b'x'; usize::try_from(facts.body_bytes).unwrap_or(0)];
        let (mut asked, at) = (false, self.world.rig.at(self.now()));
        let mut turn = self.world.rig.gate.open(view, at);
        let verdict = loop {
            turn = match turn {
                Turn::Done(verdict) => break verdict,
                Turn::Body(awaiting) if body_comes => awaiting.with(&body, at),
                Turn::Body(awaiting) => awaiting.failed(Fault::BodyCutOff, at),
                Turn::Keys(_) | Turn::Caller(_) => panic!("nobody is asked here"),
                Turn::Ask(pending) => {
                    asked = true;
                    let questions = pending.questions();
                    pending.answer(&mood.answer(&self.world.rig.store, &questions, at.now), at)
                }
            };
        };
        let (want, accounts) = self.foretell(facts, mood, body_comes)?;
        let got = told(&verdict);
        if got != want {
            return Err(format!("wanted {want:?}, got {got:?} (store {mood:?})"));
        }
        if asked && matches!(&want, Want::Refuse(layer) if matches!(*layer, "message" | "site")) {
            return Err("a stranger's request reached the store".to_owned());
        }
        self.answer_is_fit(facts, &verdict)?;
        self.count(&format!("{want:?}"));
        let Verdict::Admit(admitted) = verdict else { return Ok(()) };
        let binds = matches!(facts.path, Path::Route(place) if ROUTES[place].binds);
        let digest = binds.then(|| doorward_core::crypto::sha256(&body));
        if admitted.body_digest().copied() != digest {
            return Err("the body's digest is wrong".to_owned());
        }
        for (limit, account) in &accounts {
            self.shares.admit(limit, account.clone(), self.now_ms)?;
        }
        self.open.push(Open { admitted, accounts });
        Ok(())
    }

    /// What must come of a request, and whose accounts it is admitted on.
    fn foretell(
        &mut self,
        facts: &Facts,
        mood: Mood,
        body_comes: bool,
    ) -> Result<(Want, Vec<(LimitFacts, Account)>), String> {
        let nothing = Vec::new();
        let mut going = match shadow::foretell(&self.world, facts) {
            Foretold::Reply => return Ok((Want::Reply, nothing)),
            Foretold::Refuse(layer) => return Ok((Want::Refuse(layer), nothing)),
            Foretold::Goes(going) => going,
        };
        let Path::Route(place) = facts.path else { return Err("no route goes on".to_owned()) };
        let route = &ROUTES[place];
        let mode = shadow::mode_of(&self.world, route, "quota");
        let bad = facts.is_denied || self.shares.is_struck(&facts.subscriber, self.now_ms);
        match mode {
            Mode::Off => {}
            _ if !bad => {}
            Mode::Monitor => going.noted.push("quota"),
            Mode::Share(_) | Mode::Enforce => return Ok((Want::Refuse("quota"), nothing)),
        }
        if let Some(layer) = shadow::not_carried(&self.world, facts) {
            return Ok((Want::Refuse(layer), nothing));
        }
        let watched = mode == Mode::Monitor;
        let limits = shares::limits_for(route, going.is_page).into_iter();
        let accounts: Vec<_> =
            limits.map(|limit| (limit, shares::account(&limit, facts, route, watched))).collect();
        let granted = mode == Mode::Off || self.takes(&accounts, mood, watched);
        if !granted && !watched {
            return Ok((Want::Refuse("quota"), nothing));
        }
        if !granted {
            going.noted.push("quota");
        }
        if route.binds && !body_comes {
            return Ok((Want::Refuse("body"), nothing));
        }
        let charged = mode == Mode::Enforce;
        let Going { noted, .. } = going;
        Ok((Want::Admit(noted), if charged { accounts } else { nothing }))
    }

    /// Takes from all accounts or from none; watched ones each by themselves. Whether all granted
    /// it in the last answer, and the answer came.
    fn takes(&mut self, accounts: &[(LimitFacts, Account)], mood: Mood, watched: bool) -> bool {
        let mut all = true;
        for _ in 0..mood.times() {
            let fits: Vec<bool> = accounts
                .iter()
                .map(|(limit, account)| self.shares.fits(limit, account, self.now_ms))
                .collect();
            all = fits.iter().all(|fits| *fits);
            for ((limit, account), fits) in accounts.iter().zip(fits) {
                if all || watched && fits {
                    self.shares.take(limit, account, self.now_ms);
                }
            }
        }
        all && (mood.is_clear() || accounts.is_empty())
    }

    /// Strangers' pages are told nothing, and who has to wait hears how long.
    fn answer_is_fit(&self, facts: &Facts, verdict: &Verdict) -> Result<(), String> {
        let headers = match verdict {
            Verdict::Reply(reply) => reply.headers.clone(),
            Verdict::Refuse(refused) => refused.reply().headers,
            Verdict::Admit(admitted) => {
                let mut headers = HeaderMap::new();
                admitted.dress(&mut headers);
                headers
            }
        };
        // Where the message itself is refused, the route may not be known yet: then the file's own
        // pages are told.
        let of_message =
            matches!(verdict, Verdict::Refuse(refused) if refused.reason().layer() == "message");
        let is_friend = |place: usize| shadow::is_friend(facts.origin, &ROUTES[place]);
        let friend = matches!(facts.path, Path::Route(place) if is_friend(place))
            || (of_message && is_friend(0));
        if headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) && !friend {
            return Err("a stranger's page may read the answer".to_owned());
        }
        let waits = matches!(verdict, Verdict::Refuse(refused)
            if refused.reason().code() == "quota/share");
        if waits && headers.get(RETRY_AFTER).is_none_or(|seconds| seconds == "0") {
            return Err("a share is used up, and nobody says until when".to_owned());
        }
        Ok(())
    }

    /// Some requests end: most were sent, some never left and give back what they took.
    fn settle_some(&mut self, dice: &mut Dice) {
        if self.open.is_empty() || dice.one_in(2) {
            return;
        }
        let place = usize::try_from(dice.below(self.open.len() as u64)).unwrap_or(0);
        let open = self.open.swap_remove(place);
        let sent = !dice.one_in(4);
        let outcome = if sent { Outcome::Sent } else { Outcome::NeverSent };
        let questions = open.admitted.settle(outcome);
        assert!(!sent || questions.is_empty(), "what was sent stays taken");
        let _ = self.world.rig.store.answer(&questions, self.now());
        if sent {
            return;
        }
        self.count("given back");
        for (limit, account) in &open.accounts {
            self.shares.give(limit, account, self.now_ms);
        }
    }

    fn count(&mut self, what: &str) {
        *self.tally.entry(what.to_owned()).or_default() += 1;
    }
}

fn told(verdict: &Verdict) -> Want {
    match verdict {
        Verdict::Reply(_) => Want::Reply,
        Verdict::Refuse(refused) => Want::Refuse(refused.reason().layer()),
        Verdict::Admit(admitted) => {
            Want::Admit(admitted.would_refuse().iter().map(|reason| reason.layer()).collect())
        }
    }
}
