//! Signed-in users, and the cookie that says who they are.

use http::HeaderMap;
use http::header::COOKIE;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

/// Sessions kept; the oldest is signed out when there are more.
const SESSIONS_MAX: usize = 1000;

/// The `SameSite` attribute of the session cookie (RFC 6265bis 5.6.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameSite {
    /// `SameSite=Strict`.
    Strict,
    /// `SameSite=Lax`.
    #[default]
    Lax,
    /// `SameSite=None; Secure`: browsers keep it from `http://*.localhost` too, as trustworthy.
    None,
    /// No attribute: browsers differ.
    Unset,
}

/// Who is signed in, by the cookie's value.
#[derive(Default)]
pub(super) struct Sessions {
    users: HashMap<String, &'static str>,
    oldest_first: VecDeque<String>,
    drawn: u64,
    chance: RandomState,
}

impl Sessions {
    /// Signs a user in and returns the session's name.
    pub(super) fn sign_in(&mut self, user: &'static str) -> String {
        self.drawn += 1;
        // 64 bits of the standard library's keyed hash: enough for a shop with play money.
        let name = format!("{:016x}", self.chance.hash_one(self.drawn));
        if self.users.len() >= SESSIONS_MAX
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.users.remove(&oldest);
        }
        self.users.insert(name.clone(), user);
        self.oldest_first.push_back(name.clone());
        name
    }

    /// Whose session cookie this is. Among several `session` cookies the first that is known
    /// counts, as in most frameworks.
    pub(super) fn user(&self, headers: &HeaderMap) -> Option<&'static str> {
        let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
        lines
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().strip_prefix("session="))
            .find_map(|name| self.users.get(name).copied())
    }
}

impl SameSite {
    /// All of them, by the names of the cookies that `POST /cookies` sets.
    pub(super) const NAMED: [(&'static str, Self); 4] = [
        ("none", Self::None),
        ("lax", Self::Lax),
        ("strict", Self::Strict),
        ("unset", Self::Unset),
    ];

    const fn attribute(self) -> &'static str {
        match self {
            Self::Strict => "; SameSite=Strict",
            Self::Lax => "; SameSite=Lax",
            Self::None => "; SameSite=None; Secure",
            Self::Unset => "",
        }
    }
}

/// The value of `Set-Cookie` for a session's name.
pub(super) fn set_cookie(name: &str, same_site: SameSite) -> String {
    format!("session={name}; Path=/; HttpOnly{}", same_site.attribute())
}

/// The values of `Set-Cookie` of one cookie for each `SameSite`.
pub(super) fn one_of_each() -> [String; 4] {
    SameSite::NAMED.map(|(name, same_site)| format!("{name}=1; Path=/{}", same_site.attribute()))
}
