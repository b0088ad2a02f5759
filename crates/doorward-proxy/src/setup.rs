//! What a reload exchanges, as one whole: a request is judged by one gate, and goes to the upstream
//! that this gate meant, whatever is exchanged meanwhile.

use crate::proxy::StartError;
use crate::settings::{Forwarding, Upstream};
use doorward_core::gate::Gate;
use std::sync::Arc;

/// A gate and what its verdicts lead to.
pub(crate) struct Setup {
    pub(crate) gate: Arc<Gate>,
    pub(crate) backends: Vec<Arc<Backend>>,
    pub(crate) forwarding: Forwarding,
    /// Above every id that was ever given.
    next_id: u64,
}

/// One upstream, as the workers' connections know it.
#[derive(Debug)]
pub(crate) struct Backend {
    /// The same in every setup that has an equal upstream; never used again for another.
    pub(crate) id: u64,
    pub(crate) upstream: Upstream,
}

impl Setup {
    /// The setup that follows on `before`. An upstream that was there already keeps its id, and so
    /// its connections.
    ///
    /// # Errors
    /// When there is no upstream, or a route names one that is not there.
    pub(crate) fn new(
        gate: Arc<Gate>,
        upstreams: Vec<Upstream>,
        forwarding: Forwarding,
        before: Option<&Self>,
    ) -> Result<Self, StartError> {
        check(&gate, upstreams.len())?;
        let known = before.map_or(&[][..], |before| &before.backends);
        let mut next_id = before.map_or(0, |before| before.next_id);
        let mut backends: Vec<Arc<Backend>> = Vec::with_capacity(upstreams.len());
        for upstream in upstreams {
            let same = known.iter().find(|backend| {
                let is_taken = backends.iter().any(|taken| taken.id == backend.id);
                backend.upstream == upstream && !is_taken
            });
            let id = same.map_or(next_id, |same| same.id);
            next_id = next_id.max(id + 1);
            backends.push(Arc::new(Backend { id, upstream }));
        }
        Ok(Self { gate, backends, forwarding, next_id })
    }

    /// The same upstreams behind another gate.
    ///
    /// # Errors
    /// When a route names an upstream that is not there.
    pub(crate) fn with_gate(&self, gate: Arc<Gate>) -> Result<Self, StartError> {
        check(&gate, self.backends.len())?;
        let backends = self.backends.clone();
        Ok(Self { gate, backends, forwarding: self.forwarding, next_id: self.next_id })
    }
}

fn check(gate: &Gate, count: usize) -> Result<(), StartError> {
    if count == 0 {
        return Err(StartError::NoUpstream);
    }
    match gate.routes().all().iter().find(|route| route.upstream >= count) {
        None => Ok(()),
        Some(route) => Err(StartError::UpstreamIndex {
            path: route.path.clone(),
            index: route.upstream,
            count,
        }),
    }
}
