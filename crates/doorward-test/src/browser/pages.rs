//! Pages on sites of their own, as in the lab: each site a name and a port.

use super::Outcome;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Who serves a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// `shop.localhost`: our own frontend, the allowed origin.
    Shop,
    /// `evil.localhost`: a hostile page, cross-site.
    Evil,
    /// `promo.shop.localhost`: a hostile sibling, the same site but another origin.
    Promo,
    /// `shop.localhost` on another port: the same site and host, another origin.
    OtherPort,
    /// `rebind.test`: a hostile name; it needs a rule for Chromium's resolver.
    Rebind,
}

const SITES: [Site; 5] = [Site::Shop, Site::Evil, Site::Promo, Site::OtherPort, Site::Rebind];

/// What every page of the kit begins with: an icon, so that no browser asks for one.
const HEAD: &str = "<!doctype html><meta charset=utf-8><link rel=icon href=data:,>";

type Content = Arc<Mutex<HashMap<String, Page>>>;

#[derive(Clone)]
struct Page {
    html: String,
    /// Its `Content-Security-Policy`.
    policy: Option<HeaderValue>,
}

/// The page server: one listener a site, all on 127.0.0.1 and on free ports. Every site serves
/// every page, but only to its own name.
pub struct Pages {
    addresses: [SocketAddr; SITES.len()],
    content: Content,
    tasks: Vec<JoinHandle<()>>,
}

impl Site {
    /// The site's host, without the port.
    #[must_use]
    pub const fn host(self) -> &'static str {
        match self {
            Self::Shop | Self::OtherPort => "shop.localhost",
            Self::Evil => "evil.localhost",
            Self::Promo => "promo.shop.localhost",
            Self::Rebind => "rebind.test",
        }
    }

    const fn index(self) -> usize {
        match self {
            Self::Shop => 0,
            Self::Evil => 1,
            Self::Promo => 2,
            Self::OtherPort => 3,
            Self::Rebind => 4,
        }
    }
}

impl Pages {
    /// Listens for every site; `/` is an empty page.
    ///
    /// # Errors
    ///
    /// When no port is free.
    pub async fn start() -> Outcome<Self> {
        let content = Content::default();
        let mut addresses = [SocketAddr::from(([127, 0, 0, 1], 0)); SITES.len()];
        let mut tasks = Vec::new();
        for site in SITES {
            let address = &mut addresses[site.index()];
            let listener = TcpListener::bind(*address).await?;
            *address = listener.local_addr()?;
            tasks.push(tokio::spawn(serve(listener, site, Arc::clone(&content))));
        }
        let pages = Self { addresses, content, tasks };
        pages.put("/", "<title>Empty</title>");
        Ok(pages)
    }

    /// Puts a page at a path of every site, in place of the one that was there.
    pub fn put(&self, path: &str, html: &str) {
        self.keep(path, html, None);
    }

    /// The same, for a page with a `Content-Security-Policy`.
    ///
    /// # Errors
    ///
    /// When the policy is no header's value.
    pub fn put_with_policy(&self, path: &str, html: &str, policy: &str) -> Outcome<()> {
        self.keep(path, html, Some(HeaderValue::from_str(policy)?));
        Ok(())
    }

    /// The same, for a page that may run no script at all: its `Content-Security-Policy` says so.
    pub fn put_without_scripts(&self, path: &str, html: &str) {
        self.keep(path, html, Some(HeaderValue::from_static("script-src 'none'")));
    }

    /// The site's origin, such as `http://shop.localhost:40123`.
    #[must_use]
    pub fn origin(&self, site: Site) -> String {
        format!("http://{}:{}", site.host(), self.address(site).port())
    }

    /// Where the site listens.
    #[must_use]
    pub const fn address(&self, site: Site) -> SocketAddr {
        self.addresses[site.index()]
    }

    fn keep(&self, path: &str, html: &str, policy: Option<HeaderValue>) {
        let page = Page { html: format!("{HEAD}{html}"), policy };
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        content.insert(path.to_owned(), page);
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn serve(listener: TcpListener, site: Site, content: Content) {
    while let Ok((stream, _)) = listener.accept().await {
        let content = Arc::clone(&content);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let answer = answer(&request, site, &content);
                async { Ok::<_, Infallible>(answer) }
            });
            // A browser that closes early is no concern of the page's.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn answer(request: &Request<Incoming>, site: Site, content: &Content) -> Response<Full<Bytes>> {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let content = content.lock().unwrap_or_else(PoisonError::into_inner);
    let page = content.get(request.uri().path());
    // A name with another port is still this site's: the port may be a rebinding listener's.
    let page = page.filter(|_| host.split(':').next() == Some(site.host()));
    let Some(page) = page else {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    };
    let mut response = Response::new(Full::from(page.html.clone()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(policy) = &page.policy {
        headers.insert(CONTENT_SECURITY_POLICY, policy.clone());
    }
    response
}
