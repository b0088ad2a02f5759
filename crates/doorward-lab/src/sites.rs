//! The lab's sites: their names, their ports, and who is who.
//!
//! Ports make other origins but one site, and cookies ignore ports; so the lab uses names.
//! `*.localhost` needs no hosts file and no certificate. Where a browser does not resolve it,
//! `localhost` and `127.0.0.1` are two sites as well, and show most of it.

use crate::scenario::{Caller, Place, Side};
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};

/// How the sites are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Naming {
    /// `shop.localhost`, `evil.localhost`: names under `localhost`.
    #[default]
    Names,
    /// `localhost` for one's own, `127.0.0.1` for the hostile: what every browser resolves. There
    /// is no sibling domain then.
    Plain,
}

/// The ports that the lab listens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Ports {
    /// The lab itself.
    pub lab: u16,
    /// Our frontends.
    pub shop: u16,
    /// The hostile page; also the other port of our host.
    pub evil: u16,
    /// The hostile sibling.
    pub promo: u16,
    /// The backend, with CORS only.
    pub api: u16,
    /// The same behind the gate.
    pub gate: u16,
    /// The shared cache before either.
    pub cdn: u16,
    /// The paid service.
    pub paid_ai: u16,
}

/// The usual ones; what is taken moves.
pub const USUAL_PORTS: Ports = Ports {
    lab: 4000,
    shop: 5173,
    evil: 5174,
    promo: 5175,
    api: 3000,
    gate: 8080,
    cdn: 8090,
    paid_ai: 7000,
};

/// The sites of a running lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sites {
    /// How they are named.
    pub naming: Naming,
    /// Where they listen.
    pub ports: Ports,
    /// Whether they speak TLS.
    pub tls: bool,
}

/// One listener, whatever names it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Listener {
    Shop,
    Evil,
    Promo,
    Api,
    Gate,
    Cdn,
    PaidAi,
}

impl Listener {
    pub(crate) const ALL: [Self; 7] =
        [Self::Shop, Self::Evil, Self::Promo, Self::Api, Self::Gate, Self::Cdn, Self::PaidAi];
}

impl Ports {
    pub(crate) const fn of(&self, listener: Listener) -> u16 {
        match listener {
            Listener::Shop => self.shop,
            Listener::Evil => self.evil,
            Listener::Promo => self.promo,
            Listener::Api => self.api,
            Listener::Gate => self.gate,
            Listener::Cdn => self.cdn,
            Listener::PaidAi => self.paid_ai,
        }
    }
}

impl Sites {
    /// The origin of a page; none for a program, and for a page that this naming does not have.
    /// A page of the API's own origin is the gate's when the gate is on.
    #[must_use]
    pub fn page(&self, caller: Caller, side: Side) -> Option<String> {
        let plain = self.naming == Naming::Plain;
        let (name, listener) = match caller {
            Caller::Shop if plain => ("localhost", Listener::Shop),
            Caller::Shop => ("shop.localhost", Listener::Shop),
            Caller::Admin if plain => ("localhost", Listener::Promo),
            Caller::Admin => ("admin.shop.localhost", Listener::Shop),
            Caller::Evil if plain => ("127.0.0.1", Listener::Evil),
            Caller::Evil => ("evil.localhost", Listener::Evil),
            Caller::Promo if plain => return None,
            Caller::Promo => ("promo.shop.localhost", Listener::Promo),
            Caller::OtherPort if plain => ("localhost", Listener::Evil),
            Caller::OtherPort => ("shop.localhost", Listener::Evil),
            Caller::Own => return Some(self.place(Place::Api, side)),
            Caller::Curl
            | Caller::Script
            | Caller::Crawler
            | Caller::Monitor
            | Caller::App
            | Caller::Server
            | Caller::Webhook => return None,
        };
        Some(self.origin(name, listener))
    }

    /// The origin of a place.
    #[must_use]
    pub fn place(&self, place: Place, side: Side) -> String {
        let plain = self.naming == Naming::Plain;
        let api = match side {
            Side::Off => Listener::Api,
            Side::On => Listener::Gate,
        };
        let (name, listener) = match place {
            Place::Api | Place::ShopHost if plain => ("localhost", api),
            Place::Api => match side {
                Side::Off => ("api.shop.localhost", api),
                Side::On => ("gate.shop.localhost", api),
            },
            Place::ShopHost => ("shop.localhost", api),
            Place::Backend if plain => ("localhost", Listener::Api),
            Place::Backend => ("api.shop.localhost", Listener::Api),
            Place::Cdn if plain => ("localhost", Listener::Cdn),
            Place::Cdn => ("cdn.shop.localhost", Listener::Cdn),
            Place::PaidAi if plain => ("127.0.0.1", Listener::PaidAi),
            Place::PaidAi => ("ai.localhost", Listener::PaidAi),
        };
        self.origin(name, listener)
    }

    /// The lab's own origin. It is never under TLS: it is this machine's own page.
    #[must_use]
    pub fn lab(&self) -> String {
        format!("http://localhost:{}", self.ports.lab)
    }

    /// The socket behind an address of the lab's sites; none for every other address, the lab's own
    /// control included. No resolver is asked.
    #[must_use]
    pub fn socket(&self, host: &str, port: u16) -> Option<SocketAddr> {
        let is_ours = host == "127.0.0.1"
            || doorward_core::origin::is_local_host(host)
                && host
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b));
        let listener = Listener::ALL.into_iter().find(|listener| self.ports.of(*listener) == port);
        (is_ours && listener.is_some()).then(|| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }

    /// Puts the sites' origins in the place of their names: `{shop}`, `{evil}`, `{api}`.
    #[must_use]
    pub fn fill(&self, text: &str, side: Side) -> String {
        if !text.contains('{') {
            return text.to_owned();
        }
        let mut out = text.to_owned();
        for caller in Caller::ALL {
            let name = format!("{{{}}}", caller.word());
            if let Some(origin) = self.page(caller, side).filter(|_| out.contains(&name)) {
                out = out.replace(&name, &origin);
            }
        }
        let places = [
            ("{api}", self.place(Place::Api, side)),
            ("{shop-host}", self.place(Place::ShopHost, side)),
            ("{cdn}", self.place(Place::Cdn, side)),
            ("{backend}", self.place(Place::Backend, side)),
            ("{gate}", self.place(Place::Api, Side::On)),
            ("{paid-ai}", self.place(Place::PaidAi, side)),
        ];
        for (name, origin) in places {
            out = out.replace(name, &origin);
        }
        out
    }

    fn origin(&self, name: &str, listener: Listener) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{name}:{}", self.ports.of(listener))
    }
}

#[cfg(test)]
mod tests {
    use super::{Naming, Sites, USUAL_PORTS};
    use crate::scenario::{Caller, Place, Side};
    use doorward_browser::{Origin, Relation, relation};

    fn sites(naming: Naming) -> Sites {
        Sites { naming, ports: USUAL_PORTS, tls: false }
    }

    #[test]
    fn names_are_those_of_the_design() {
        let sites = sites(Naming::Names);
        let rows = [
            (sites.page(Caller::Shop, Side::Off), "http://shop.localhost:5173"),
            (sites.page(Caller::Evil, Side::Off), "http://evil.localhost:5174"),
            (sites.page(Caller::OtherPort, Side::Off), "http://shop.localhost:5174"),
            (sites.page(Caller::Promo, Side::Off), "http://promo.shop.localhost:5175"),
            (sites.page(Caller::Own, Side::On), "http://gate.shop.localhost:8080"),
            (Some(sites.place(Place::Api, Side::Off)), "http://api.shop.localhost:3000"),
            (Some(sites.place(Place::Cdn, Side::On)), "http://cdn.shop.localhost:8090"),
            (Some(sites.lab()), "http://localhost:4000"),
        ];
        for (got, want) in rows {
            assert_eq!(got.as_deref(), Some(want));
        }
        assert_eq!(
            sites.fill("from {evil} to {api}, {nobody}", Side::On),
            "from http://evil.localhost:5174 to http://gate.shop.localhost:8080, {nobody}"
        );
    }

    #[test]
    fn the_relations_hold_in_both_namings() {
        for naming in [Naming::Names, Naming::Plain] {
            let sites = sites(naming);
            let origin =
                |text: Option<String>| text.map(|text| Origin::parse(&text).expect("an origin"));
            let api = origin(Some(sites.place(Place::Api, Side::Off)));
            let rows = [
                (Caller::Shop, Relation::SameSite),
                (Caller::Admin, Relation::SameSite),
                (Caller::OtherPort, Relation::SameSite),
                (Caller::Promo, Relation::SameSite),
                (Caller::Evil, Relation::CrossSite),
                (Caller::Own, Relation::SameOrigin),
            ];
            for (caller, want) in rows {
                let Some(page) = origin(sites.page(caller, Side::Off)) else { continue };
                let api = api.as_ref().expect("an origin");
                assert_eq!(relation(&page, api), want, "{naming:?} {caller:?}");
            }
        }
    }

    #[test]
    fn only_the_scenarios_listeners_have_a_socket() {
        let sites = sites(Naming::Names);
        for (host, port) in [("api.shop.localhost", 3000), ("127.0.0.1", 8080), ("localhost", 3000)]
        {
            assert!(sites.socket(host, port).is_some(), "{host}:{port}");
        }
        let others = [
            ("localhost", 4000),
            ("127.0.0.1", 4000),
            ("example.com", 3000),
            ("127.0.0.2", 3000),
            ("localhost.example.com", 3000),
            ("169.254.169.254", 3000),
            ("api.shop.localhost", 22),
            ("[::1]", 3000),
            ("", 3000),
        ];
        for (host, port) in others {
            assert_eq!(sites.socket(host, port), None, "{host}:{port}");
        }
    }
}
