//! Allocations of one decision, told apart by layer. What counts them is handed in, so that only
//! those who count have a counting allocator.

use crate::sample::{Request, Rig, begin, identity_settings, settings, token};
use doorward_core::mode::Mode;
use doorward_core::settings::Settings;
use doorward_core::turn::Turn;
use doorward_core::verdict::Verdict;

/// Layers whose work can be told from the others'.
pub const LAYERS: [&str; 5] = ["message", "cors", "site", "method", "quota"];

/// Allocations of the decision about the sample request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allocations {
    /// From the view to the verdict, the store's answers included.
    pub decision: u64,
    /// In each of [`LAYERS`], its share of opening the visit.
    pub layers: [u64; LAYERS.len()],
    /// In the store's answer.
    pub store: u64,
    /// In the edits on the way upstream: the proof of admission.
    pub edits: u64,
    /// From the view to the verdict about the same request with a token that was verified before.
    pub remembered: u64,
    /// In its edits.
    pub remembered_edits: u64,
}

/// Counts how often its argument allocates.
pub type Count<'c> = &'c dyn Fn(&mut dyn FnMut()) -> u64;

/// Counts the sample request's allocations, once everything that is made only once has been made.
///
/// # Panics
/// When the sample request is not admitted.
#[must_use]
pub fn of_the_sample(count: Count<'_>) -> Allocations {
    let request = Request::chrome();
    let all = Rig::new(&settings());
    let mut out = Allocations::default();
    let bare = opening(&Rig::new(&only(None)), &request, count);
    out.layers[0] = bare;
    for (place, layer) in LAYERS.iter().enumerate().skip(1) {
        let with = opening(&Rig::new(&only(Some(layer))), &request, count);
        out.layers[place] = with.saturating_sub(bare);
    }
    out.decision = warm(count, &mut || {
        let verdict = all.judge(request.view(), b"", all.at(begin()));
        assert!(matches!(verdict, Verdict::Admit(_)), "the sample is admitted");
    });
    let Turn::Ask(pending) = all.gate.open(request.view(), all.at(begin())) else {
        panic!("the sample has shares")
    };
    let questions = pending.questions();
    out.store = warm(count, &mut || {
        assert_eq!(all.store.answer(&questions, begin()).len(), questions.len());
    });
    let Verdict::Admit(admitted) = all.judge(request.view(), b"", all.at(begin())) else {
        panic!("the sample is admitted")
    };
    out.edits = warm(count, &mut || {
        let edits = admitted.upstream_edits(&request.method, &request.path);
        assert!(edits.is_ok_and(|edits| edits.into_adds().len() == 1));
    });
    (out.remembered, out.remembered_edits) = of_a_remembered_token(count);
    out
}

/// A decision about a caller whose token was verified before, and the edits that name it.
fn of_a_remembered_token(count: Count<'_>) -> (u64, u64) {
    let rig = Rig::new(&identity_settings());
    let request = Request::chrome().bearing(&token("es256"));
    let judged = || match rig.judge(request.view(), b"", rig.at(begin())) {
        Verdict::Admit(admitted) => admitted,
        Verdict::Refuse(_) | Verdict::Reply(_) => panic!("the token is good"),
    };
    assert_eq!(judged().is_remembered(), Some(false));
    let decision = warm(count, &mut || assert_eq!(judged().is_remembered(), Some(true)));
    let admitted = judged();
    let edits = warm(count, &mut || {
        let edits = admitted.upstream_edits(&request.method, &request.path);
        assert!(edits.is_ok_and(|edits| edits.into_adds().len() == 3));
    });
    (decision, edits)
}

/// Opening a visit: what a gate does before it asks the store.
fn opening(rig: &Rig, request: &Request, count: Count<'_>) -> u64 {
    warm(count, &mut || match rig.gate.open(request.view(), rig.at(begin())) {
        Turn::Done(Verdict::Admit(_)) | Turn::Ask(_) => {}
        Turn::Done(_) | Turn::Body(_) | Turn::Keys(_) | Turn::Caller(_) => {
            panic!("the sample is admitted, or has shares")
        }
    })
}

/// The second time counts: the first makes what is kept.
fn warm(count: Count<'_>, what: &mut dyn FnMut()) -> u64 {
    what();
    count(what)
}

/// The sample's settings with all layers off that can be, but one.
fn only(layer: Option<&str>) -> Settings {
    let mut settings = settings();
    settings.layer_modes = LAYERS[1..]
        .iter()
        .map(|id| (*id, if Some(*id) == layer { Mode::Enforce } else { Mode::Off }))
        .collect();
    settings
}
