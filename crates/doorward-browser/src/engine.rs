//! The engines, and the knobs at which they differ from the specifications or from each other.
//!
//! Each knob was measured in Chromium 156, Firefox ESR 153 and WebKitGTK 2.50 by the lab's own
//! scenarios, but where its line says otherwise; `doorward lab --headless` measures it again.

use std::fmt;

/// Which engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EngineId {
    /// Chrome, Edge, Opera, Brave and others.
    Chromium,
    /// Firefox (Gecko).
    Firefox,
    /// Safari, and every browser of iOS.
    WebKit,
}

/// What becomes of cookies in a page of another site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThirdParty {
    /// They travel, if their `SameSite` lets them.
    Allowed,
    /// The server has another jar under each top-level site.
    Partitioned,
    /// None travel, none are kept.
    Blocked,
}

/// Which redirects make `Origin` say `null` outside of CORS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainTaint {
    /// A navigation's every one to another origin; those of others as for pages.
    OfNavigations,
    /// Those that make a page's own request say it (Fetch 2.2.5, redirect-taint).
    AsForPages,
    /// Every one to another origin.
    Always,
}

/// What `Sec-Fetch-Site` says behind redirects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SiteBehindRedirects {
    /// The worst of all addresses (Fetch Metadata 2.3).
    Worst,
    /// `cross-site`, unless all addresses are the page's own origin. A preflight looks at the last
    /// address alone.
    CrossSite,
    /// In CORS mode nothing where one led to another origin: none of these headers is sent. A
    /// preflight says `cross-site` where the origin has become `null`. All others say the worst.
    NothingInCors,
}

/// Which headers go with a body that a redirect takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoneWithBody {
    /// All that tell of it (Fetch 4.5, request-body-header names).
    All,
    /// All but `Content-Language`.
    AllButLanguage,
}

/// What a sandboxed page tells of its address in `Referer`. The specification says nothing of an
/// opaque origin's (Referrer Policy 8.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SandboxReferer {
    /// Nothing.
    Nothing,
    /// Its origin, but for what a script asks for by `fetch` and `XMLHttpRequest`.
    OriginOfElements,
    /// What it would tell without the sandbox.
    AsUsual,
}

/// What becomes of a stream that a script wants to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streams {
    /// It is sent as a stream, and the server is asked first (Fetch 5.4).
    Sent,
    /// The engine knows no such bodies, and sends the text `[object ReadableStream]`, for which
    /// nobody is asked.
    Text,
    /// The call throws.
    Refused,
}

/// An engine, by its differences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engine {
    /// Which one.
    pub id: EngineId,
    /// A cookie without `SameSite` counts as `Lax` (RFC 6265bis 5.6.7.1).
    pub lax_by_default: bool,
    /// Seconds for which a cookie that is `Lax` by default still goes along with a top-level POST
    /// from another site (RFC 6265bis 5.6.7.2).
    pub lax_post_grace_s: u64,
    /// Cookies in pages of other sites.
    pub third_party: ThirdParty,
    /// A `Secure` cookie is kept from and sent to `http://localhost` and the names under it.
    pub secure_on_localhost: bool,
    /// `__Host-` and `__Secure-` are held to what they promise (RFC 6265bis 4.1.3).
    pub knows_prefixes: bool,
    /// `Access-Control-Allow-Headers: *` covers `Authorization` as well, without credentials. The
    /// specification says no (Fetch 4.8, 7.6).
    pub star_covers_authorization: bool,
    /// A script may set `User-Agent`.
    pub sets_user_agent: bool,
    /// Seconds for which an approval is remembered, at most.
    pub max_age_cap_s: u64,
    /// `<link rel=prefetch>` is followed.
    pub prefetches: bool,
    /// A navigation that a click began carries `Sec-Fetch-User`.
    pub says_user: bool,
    /// A redirect through another site makes a request cross-site for cookies, even where its page
    /// and its last address are one site (RFC 6265bis 5.2).
    pub chain_counts_for_cookies: bool,
    /// `http:` and `https:` of one name are two sites for cookies. To be measured.
    pub schemeful_cookies: bool,
    /// Opaque answers of data formats are kept from elements (Opaque Response Blocking).
    pub blocks_opaque: bool,
    /// A page from a wider address space asks the person before it asks a nearer one (Local
    /// Network Access). To be measured.
    pub gates_local_network: bool,
    /// `WebSocket` requests carry `Sec-Fetch-*`.
    pub tells_websockets: bool,
    /// Images, sound and film of `http:` in pages of `https:` are asked for by `https:` (Mixed
    /// Content 4.1). To be measured.
    pub upgrades_mixed: bool,
    /// What becomes of a stream that `fetch` is given.
    pub streams: Streams,
    /// A style sheet of another type fires `load`, though it is not used.
    pub refused_styles_load: bool,
    /// In pages of `https:`, plain `http:` to this machine is no mixed content. To be measured.
    pub trusts_loopback: bool,
    /// `Partitioned` gives a cookie a jar of its own under each top-level site (CHIPS). To be
    /// measured.
    pub keeps_partitioned: bool,
    /// Names beyond the specification's safelist that are sent without asking. From the engine's
    /// source.
    pub safelisted_hints: bool,
    /// The values of safelisted headers together have a limit of 1024 bytes. From the engine's
    /// source.
    pub limits_safelisted_sum: bool,
    /// What a sandboxed page tells of its address in `Referer`.
    pub sandbox_referer: SandboxReferer,
    /// A page that is framed by another site tells no more than its origin in `Referer`.
    pub trims_framed_referer: bool,
    /// `<img crossorigin>` and the like name their origin to their own server too; the
    /// specification says no for GET (Fetch 3.2).
    pub names_origin_to_own: bool,
    /// Once a request has asked, it asks at each next address, though it has become a GET (Fetch
    /// 4.1 looks at each anew).
    pub asks_on: bool,
    /// A request that fails after its preflight was approved makes the browser forget the approval
    /// (Fetch 4.1, 12).
    pub forgets_after_failure: bool,
    /// Which headers go with a body that a redirect takes away.
    pub gone_with_body: GoneWithBody,
    /// A DELETE that is redirected to another origin becomes a GET, whatever the status.
    pub turns_delete_into_get: bool,
    /// A frame of another site says its origin to servers of the tab's site, with every method
    /// (Storage Access Headers).
    pub tells_storage_access: bool,
    /// `Origin` that was sent once is sent to every next address, though the method has become GET.
    pub keeps_origin_behind_redirects: bool,
    /// A beacon of a sandboxed page names the origin of its address.
    pub beacon_sees_through_sandbox: bool,
    /// A preflight behind a redirect tells what was told to the address before, and all of it.
    pub preflight_repeats_referer: bool,
    /// For cookies, a sandboxed page is of no site, not even of the one that it came from.
    pub sandbox_is_no_site: bool,
    /// The referrer policy hides `Origin` in `no-cors` mode, not only of navigations (Fetch 3.2).
    pub policy_hides_origin_in_no_cors: bool,
    /// Cookies of other hosts are kept only where their domain takes in the tab's host.
    pub keeps_for_top_host_only: bool,
    /// A listener for the progress of an upload makes a request ask only where there is a body.
    pub upload_needs_body: bool,
    /// Which redirects make `Origin` say `null` outside of CORS.
    pub plain_taint: PlainTaint,
    /// A preflight names its page's origin where the request itself says `null` behind redirects.
    pub preflight_sees_through_taint: bool,
    /// What `Sec-Fetch-Site` says behind a redirect to another origin.
    pub site_behind_redirects: SiteBehindRedirects,
    /// A cookie whose domain takes in the tab's host goes along, whatever its `SameSite` (RFC
    /// 6265bis 5.2.1 looks at the pages between as well).
    pub trusts_top_for_cookies: bool,
    /// What a script sets twice for `fetch` stays two headers: each is looked at, and each is asked
    /// about; of two content types the last is sent. A content type with a comma is none.
    pub keeps_headers_apart: bool,
    /// Approvals are remembered as they stand: names in capitals cover nothing, and nothing at all
    /// is remembered where one is `*`, or where `Access-Control-Max-Age` is no number.
    pub remembers_literally: bool,
    /// A body's own type is sent in `no-cors` mode whatever it is.
    pub sends_any_type_in_no_cors: bool,
    /// Where it asks whatever the method is, and the answer says nothing of methods, the request's
    /// own is taken for approved (Fetch 4.8, 7).
    pub takes_own_method_for_approved: bool,
    /// What asks whatever its method is, as an upload that is listened to, needs an approval of its
    /// method to ask no more (Fetch 4.4, 3); elsewhere any approval of its address will do.
    pub looks_for_any_method: bool,
    /// Approvals for an opaque origin are remembered.
    pub remembers_for_opaque: bool,
}

impl EngineId {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::WebKit];

    /// Its word on the command line and in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }

    /// The engine of that word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engine| engine.word() == word)
    }

    /// The engine that calls itself so in `User-Agent`. Every browser claims to be others too:
    /// what only one of them says decides.
    #[must_use]
    pub fn of_user_agent(text: &str) -> Option<Self> {
        if text.contains("Firefox/") && !text.contains("Seamonkey") {
            Some(Self::Firefox)
        } else if text.contains("Chrome/") || text.contains("Chromium/") {
            Some(Self::Chromium)
        } else if text.contains("AppleWebKit/") {
            Some(Self::WebKit)
        } else {
            None
        }
    }
}

impl fmt::Display for EngineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chromium => "Chromium",
            Self::Firefox => "Firefox",
            Self::WebKit => "WebKit",
        })
    }
}

impl Engine {
    /// Chromium as Google ships it: third-party cookies travel.
    #[must_use]
    pub const fn chromium() -> Self {
        Self {
            id: EngineId::Chromium,
            lax_by_default: true,
            lax_post_grace_s: 120,
            third_party: ThirdParty::Allowed,
            secure_on_localhost: true,
            knows_prefixes: true,
            star_covers_authorization: true,
            sets_user_agent: false,
            max_age_cap_s: 7200,
            prefetches: true,
            says_user: true,
            chain_counts_for_cookies: false,
            schemeful_cookies: true,
            blocks_opaque: true,
            gates_local_network: true,
            tells_websockets: false,
            upgrades_mixed: true,
            streams: Streams::Sent,
            refused_styles_load: true,
            trusts_loopback: true,
            keeps_partitioned: true,
            safelisted_hints: true,
            limits_safelisted_sum: true,
            sandbox_referer: SandboxReferer::Nothing,
            trims_framed_referer: false,
            names_origin_to_own: true,
            asks_on: false,
            upload_needs_body: true,
            plain_taint: PlainTaint::Always,
            preflight_sees_through_taint: false,
            site_behind_redirects: SiteBehindRedirects::Worst,
            trusts_top_for_cookies: false,
            remembers_for_opaque: false,
            forgets_after_failure: false,
            turns_delete_into_get: false,
            tells_storage_access: false,
            keeps_for_top_host_only: false,
            keeps_headers_apart: false,
            gone_with_body: GoneWithBody::All,
            sandbox_is_no_site: true,
            policy_hides_origin_in_no_cors: false,
            keeps_origin_behind_redirects: false,
            beacon_sees_through_sandbox: false,
            preflight_repeats_referer: false,
            remembers_literally: false,
            sends_any_type_in_no_cors: false,
            takes_own_method_for_approved: true,
            looks_for_any_method: false,
        }
    }

    /// Firefox with its own protection against tracking, as it is installed.
    #[must_use]
    pub const fn firefox() -> Self {
        Self {
            id: EngineId::Firefox,
            lax_by_default: false,
            lax_post_grace_s: 0,
            third_party: ThirdParty::Partitioned,
            secure_on_localhost: true,
            knows_prefixes: true,
            star_covers_authorization: true,
            sets_user_agent: true,
            max_age_cap_s: 86_400,
            prefetches: true,
            says_user: true,
            chain_counts_for_cookies: true,
            schemeful_cookies: false,
            blocks_opaque: true,
            gates_local_network: false,
            tells_websockets: true,
            upgrades_mixed: true,
            streams: Streams::Text,
            refused_styles_load: false,
            trusts_loopback: true,
            keeps_partitioned: true,
            safelisted_hints: false,
            limits_safelisted_sum: true,
            sandbox_referer: SandboxReferer::OriginOfElements,
            trims_framed_referer: false,
            names_origin_to_own: false,
            asks_on: true,
            upload_needs_body: false,
            plain_taint: PlainTaint::AsForPages,
            preflight_sees_through_taint: true,
            site_behind_redirects: SiteBehindRedirects::CrossSite,
            trusts_top_for_cookies: false,
            remembers_for_opaque: true,
            forgets_after_failure: true,
            turns_delete_into_get: false,
            tells_storage_access: true,
            keeps_for_top_host_only: false,
            keeps_headers_apart: true,
            gone_with_body: GoneWithBody::AllButLanguage,
            sandbox_is_no_site: true,
            policy_hides_origin_in_no_cors: true,
            keeps_origin_behind_redirects: false,
            beacon_sees_through_sandbox: false,
            preflight_repeats_referer: false,
            remembers_literally: true,
            sends_any_type_in_no_cors: false,
            takes_own_method_for_approved: false,
            looks_for_any_method: true,
        }
    }

    /// WebKit as its GTK port is: without Safari's blocking of third-party cookies, and with
    /// libsoup's jar (3.2), which knows no prefixes.
    #[must_use]
    pub const fn webkit() -> Self {
        Self {
            id: EngineId::WebKit,
            lax_by_default: false,
            lax_post_grace_s: 0,
            third_party: ThirdParty::Allowed,
            secure_on_localhost: false,
            knows_prefixes: false,
            star_covers_authorization: true,
            sets_user_agent: true,
            max_age_cap_s: 600,
            prefetches: false,
            says_user: false,
            chain_counts_for_cookies: true,
            schemeful_cookies: false,
            blocks_opaque: false,
            gates_local_network: false,
            tells_websockets: true,
            upgrades_mixed: true,
            streams: Streams::Refused,
            refused_styles_load: false,
            trusts_loopback: false,
            keeps_partitioned: false,
            safelisted_hints: false,
            limits_safelisted_sum: false,
            sandbox_referer: SandboxReferer::AsUsual,
            trims_framed_referer: true,
            names_origin_to_own: true,
            asks_on: true,
            upload_needs_body: false,
            plain_taint: PlainTaint::OfNavigations,
            preflight_sees_through_taint: false,
            site_behind_redirects: SiteBehindRedirects::NothingInCors,
            trusts_top_for_cookies: true,
            remembers_for_opaque: true,
            forgets_after_failure: false,
            turns_delete_into_get: true,
            tells_storage_access: false,
            keeps_for_top_host_only: true,
            keeps_headers_apart: false,
            gone_with_body: GoneWithBody::AllButLanguage,
            sandbox_is_no_site: false,
            policy_hides_origin_in_no_cors: true,
            keeps_origin_behind_redirects: true,
            beacon_sees_through_sandbox: true,
            preflight_repeats_referer: true,
            remembers_literally: false,
            sends_any_type_in_no_cors: true,
            takes_own_method_for_approved: false,
            looks_for_any_method: false,
        }
    }

    /// The engine as it is installed.
    #[must_use]
    pub const fn of(id: EngineId) -> Self {
        match id {
            EngineId::Chromium => Self::chromium(),
            EngineId::Firefox => Self::firefox(),
            EngineId::WebKit => Self::webkit(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::EngineId;

    #[test]
    fn engines_by_what_they_call_themselves() {
        let rows = [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", "firefox"),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/156.0.0.0 Safari/537.36",
                "chromium",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, \
                 like Gecko) Version/26.0 Safari/605.1.15",
                "webkit",
            ),
        ];
        for (text, want) in rows {
            assert_eq!(EngineId::of_user_agent(text).map(EngineId::word), Some(want), "{text}");
        }
        assert_eq!(EngineId::of_user_agent("curl/8.0"), None);
        for id in EngineId::ALL {
            assert_eq!(EngineId::of_word(id.word()), Some(id));
        }
    }
}
