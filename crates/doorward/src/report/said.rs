//! What the report says: the groups in order, and what is ready.

use super::gathered::{Gathered, Group, Key, Was};
use super::mend::{Asked, mend};
use doorward_core::gate::Gate;
use doorward_core::layers::LAYERS;
use doorward_core::mode::Mode;
use serde_json::{Value, json};

/// Routes that are told of.
const ROUTES_SAID_MAX: usize = 100;

/// What the report says.
pub(super) struct Said<'g> {
    pub(super) gathered: &'g Gathered,
    /// The most frequent groups first: what would be refused, then what was.
    pub(super) groups: Vec<(&'g Key, &'g Group, String)>,
    /// Requests of groups that are not told of.
    pub(super) rest: u64,
    pub(super) would_refuse: u64,
    /// Layers, and how many requests each would have refused.
    pub(super) layers: Vec<Ready>,
    pub(super) routes: Vec<Ready>,
    /// Whether the layers and routes are those that the configuration monitors.
    pub(super) is_of_config: bool,
}

/// Whether something can be enforced.
pub(super) struct Ready {
    pub(super) name: String,
    pub(super) admitted: u64,
    pub(super) would_refuse: u64,
}

impl<'g> Said<'g> {
    pub(super) fn of(gathered: &'g Gathered, gate: Option<&Gate>, top: usize) -> Self {
        let mut groups: Vec<_> = gathered.groups.iter().collect();
        groups.sort_by(|(a, few), (b, many)| {
            b.was.cmp(&a.was).then(many.times.cmp(&few.times)).then(a.cmp(b))
        });
        let beyond: u64 = groups.iter().skip(top).map(|(_, group)| group.times).sum();
        groups.truncate(top);
        let groups = groups.into_iter().map(|(key, group)| {
            let asked = Asked {
                code: &key.code,
                route: &key.route,
                path: &group.example.path,
                methods: group.methods.all(),
                origins: group.origins.all(),
            };
            (key, group, mend(&asked))
        });
        Self {
            groups: groups.collect(),
            rest: gathered.rest + beyond,
            would_refuse: gathered.would_refuse,
            layers: layers(gathered, gate),
            routes: routes(gathered, gate),
            is_of_config: gate.is_some(),
            gathered,
        }
    }

    /// The same for programs.
    pub(super) fn json(&self) -> Value {
        let gathered = self.gathered;
        let groups: Vec<Value> = self.groups.iter().map(group).collect();
        let ready = |list: &[Ready], name: &str| -> Vec<Value> {
            let each = list.iter().map(|one| {
                json!({
                    name: one.name,
                    "admitted": one.admitted,
                    "would_refuse": one.would_refuse,
                    "ready": one.is_ready(),
                })
            });
            each.collect()
        };
        json!({
            "from": gathered.from,
            "to": gathered.to,
            "admitted": gathered.admitted,
            "replied": gathered.replied,
            "refused": gathered.refused,
            "would_refuse": gathered.would_refuse,
            "broken_lines": gathered.broken,
            "broken": gathered.broken_named,
            "dropped_lines": gathered.dropped,
            "groups": groups,
            "rest": self.rest,
            "of_config": self.is_of_config,
            "layers": ready(&self.layers, "layer"),
            "routes": ready(&self.routes, "route"),
        })
    }
}

impl Ready {
    /// Nothing honest would be refused, as far as this log shows; silence shows nothing.
    pub(super) const fn is_ready(&self) -> bool {
        self.admitted > 0 && self.would_refuse == 0
    }
}

fn group((key, group, mend): &(&Key, &Group, String)) -> Value {
    json!({
        "was": match key.was { Was::Refused => "refused", Was::WouldBe => "would_be_refused" },
        "code": key.code,
        "route": key.route,
        "caller": key.caller,
        "times": group.times,
        "addresses": group.addresses(),
        "addresses_are_more": group.addresses_are_more,
        "example": {
            "id": group.example.id,
            "time": group.example.time,
            "method": group.example.method,
            "path": group.example.path,
            "origin": group.example.origin,
        },
        "mend": mend,
    })
}

const fn is_monitored(mode: Mode) -> bool {
    matches!(mode, Mode::Monitor | Mode::Share(_))
}

fn layers(gathered: &Gathered, gate: Option<&Gate>) -> Vec<Ready> {
    let layers = LAYERS.iter().filter(|meta| {
        meta.can_be_off && gate.is_none_or(|gate| is_monitored(gate.mode_of(meta.id)))
    });
    let ready = layers.map(|meta| Ready {
        name: meta.id.to_owned(),
        admitted: gathered.admitted,
        would_refuse: gathered.layers.get(meta.id).copied().unwrap_or(0),
    });
    ready.collect()
}

fn routes(gathered: &Gathered, gate: Option<&Gate>) -> Vec<Ready> {
    let is_said = |path: &str| {
        gate.is_none_or(|gate| {
            let mut routes = gate.routes().all().iter().enumerate();
            routes.any(|(place, route)| {
                (route.path == path || (place == 0 && path.is_empty())) && is_monitored(route.mode)
            })
        })
    };
    let mut routes: Vec<_> = gathered.routes.iter().filter(|(path, _)| is_said(path)).collect();
    routes.sort_by(|(a, few), (b, many)| many.admitted.cmp(&few.admitted).then(a.cmp(b)));
    let ready = routes.into_iter().take(ROUTES_SAID_MAX).map(|(path, count)| Ready {
        name: path.clone(),
        admitted: count.admitted,
        would_refuse: count.would_refuse,
    });
    ready.collect()
}
