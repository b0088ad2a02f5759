//! The page's files.

use super::guard::no;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../web/lab"]
struct Own;

#[derive(RustEmbed)]
#[folder = "../../web/vendor"]
#[include = "*.js"]
struct Vendor;

/// The lab's page.
pub(super) async fn page() -> Response {
    file(Own::get("index.html").map(|file| file.data.into_owned()), "html")
}

/// The page that only shows pages of others: for runs without a person.
pub(super) async fn stage() -> Response {
    file(Own::get("stage.html").map(|file| file.data.into_owned()), "html")
}

/// A script or a style sheet.
pub(super) async fn asset(Path(path): Path<String>) -> Response {
    let found = match path.strip_prefix("vendor/") {
        Some(name) => Vendor::get(name),
        None => Own::get(&path),
    };
    let ending = path.rsplit('.').next().unwrap_or_default();
    file(found.map(|file| file.data.into_owned()), ending)
}

fn file(data: Option<Vec<u8>>, ending: &str) -> Response {
    let kind = match ending {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => return no(StatusCode::NOT_FOUND, "missing", "There is no such file."),
    };
    match data {
        Some(data) => ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store")], data).into_response(),
        None => no(StatusCode::NOT_FOUND, "missing", "There is no such file."),
    }
}

#[cfg(test)]
mod tests {
    use super::{Own, Vendor};

    /// The whole page, before anything is compressed.
    const PAGE_BYTES_MAX: usize = 200_000;

    #[test]
    fn the_whole_page_is_small() {
        let own = Own::iter().filter_map(|name| Own::get(&name)).map(|file| file.data.len());
        let vendor = Vendor::iter().filter_map(|name| Vendor::get(&name));
        let bytes = own.sum::<usize>() + vendor.map(|file| file.data.len()).sum::<usize>();
        assert!(bytes < PAGE_BYTES_MAX, "{bytes} bytes");
    }

    #[test]
    fn no_file_asks_another_machine_and_none_has_inline_scripts() {
        for name in Own::iter() {
            let file = Own::get(&name).expect("listed");
            let text = String::from_utf8_lossy(&file.data).into_owned();
            for line in text.lines().filter(|line| line.contains("<script")) {
                assert!(line.contains("src="), "{name}: {line}");
            }
            for word in ["style=\"", "onclick=\"", "onload=\""] {
                assert!(!text.contains(word) || !name.ends_with(".html"), "{name}: {word}");
            }
            for word in ["@import", "url(http", "src=\"http", "import(\"http", "from \"http"] {
                assert!(!text.contains(word), "{name}: {word}");
            }
        }
    }
}
