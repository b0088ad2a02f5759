//! The tags of a page that have a part in where its forms are sent, in their order.

use super::{LARGE, UNCLEAR};
use doorward_core::layers::csrf::Injection;
use lol_html::errors::RewritingError;
use lol_html::html_content::EndTag;
use lol_html::send::{Element, ElementContentHandlers, HtmlRewriter, Settings};
use lol_html::{HandlerResult, MemorySettings, OutputSink, Selector};
use std::borrow::Cow;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Bytes that reading a page may take: a tag that does not end, elements that are not closed.
const MEMORY_BYTES_MAX: usize = 1024 * 1024;

/// What is looked at.
static LOOKED_AT: LazyLock<Option<Selector>> = LazyLock::new(|| {
    let names = "form, input, button, select, textarea, template, base, svg, math, noscript, \
                 frameset";
    names.parse().ok()
});

/// A tag. Places are bytes from the page's first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// `<form>`: where its start tag ends, and what it says.
    Form { end: usize, is_post: bool, action: Option<String> },
    /// `<input>`, `<button>`, `<select>`, `<textarea>`.
    Control(Control),
    /// `<base>`.
    Base { href: Option<String> },
    /// The start tag of an element that changes how others are read.
    Around(Around, usize, bool),
    /// An end tag, and where it begins.
    End(Ended, usize),
    /// Behind it nothing is read as before.
    Frameset,
}

/// A part of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Control {
    pub(super) is_select: bool,
    /// It has one of the names that the gate's own field may have, by its place among them.
    pub(super) named: Option<(usize, Holds)>,
    /// It belongs to the form of an id, wherever that is.
    pub(super) is_of_another: bool,
    /// Where it sends its form.
    pub(super) action: Option<String>,
    /// Whether it sends its form by another method than POST.
    pub(super) is_other_method: bool,
}

/// What a field holds that has a name of the gate's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// A token of the gate's.
    Token,
    /// Nothing yet: a script puts something in.
    Nothing,
    /// What is the application's.
    Other,
}

/// What changes how tags in it are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Around {
    Template,
    /// `<svg>`, `<math>`.
    Drawing,
    Noscript,
}

/// What has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Form,
    Select,
    Around(Around),
}

/// Finds the tags of a page that comes in pieces.
pub(super) struct Tags {
    rewriter: HtmlRewriter<'static, Nowhere>,
    found: Found,
}

/// The tags that were found in a piece. One thread works on it.
type Found = Arc<Mutex<Vec<Tag>>>;

/// The page itself is handed on elsewhere.
struct Nowhere;

impl OutputSink for Nowhere {
    fn handle_chunk(&mut self, _: &[u8]) {}
}

impl Tags {
    pub(super) fn new(names: [&'static str; 2]) -> Option<Self> {
        let found = Found::default();
        let into = Arc::clone(&found);
        let looked_at = Cow::Borrowed(LOOKED_AT.as_ref()?);
        let start = move |element: &mut Element<'_, '_>| -> HandlerResult {
            if let Some(tag) = started(element, names) {
                push(&into, tag);
            }
            watch_end(element, &into)
        };
        let memory = MemorySettings::new()
            .with_preallocated_parsing_buffer_size(0)
            .with_max_allowed_memory_usage(MEMORY_BYTES_MAX);
        let settings = Settings::new_send()
            .with_memory_settings(memory)
            .with_strict(true)
            .append_element_content_handler((
                looked_at,
                ElementContentHandlers::default().element(start),
            ));
        Some(Self { rewriter: HtmlRewriter::new(settings, Nowhere), found })
    }

    /// The tags that end in the next piece.
    pub(super) fn write(&mut self, piece: &[u8]) -> Result<Vec<Tag>, &'static str> {
        match self.rewriter.write(piece) {
            Ok(()) => Ok(self.take()),
            Err(RewritingError::MemoryLimitExceeded(_)) => Err(LARGE),
            Err(_) => Err(UNCLEAR),
        }
    }

    fn take(&self) -> Vec<Tag> {
        std::mem::take(&mut *self.found.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn push(found: &Found, tag: Tag) {
    found.lock().unwrap_or_else(PoisonError::into_inner).push(tag);
}

fn started(element: &Element<'_, '_>, names: [&str; 2]) -> Option<Tag> {
    let end = element.source_location().bytes().end;
    let control = |is_select| {
        let said = |name: &str| element.get_attribute(name);
        let is_post = |method: String| method.eq_ignore_ascii_case("post");
        Tag::Control(Control {
            is_select,
            named: said("name").and_then(|name| {
                let place = names.iter().position(|own| *own == name)?;
                Some((place, holds(element)))
            }),
            is_of_another: element.has_attribute("form"),
            action: said("formaction"),
            // A dialog's button sends nothing.
            is_other_method: said("formmethod")
                .is_some_and(|method| !method.eq_ignore_ascii_case("dialog") && !is_post(method)),
        })
    };
    Some(match &*element.tag_name() {
        "form" => {
            let method = element.get_attribute("method");
            let is_post = method.is_some_and(|method| method.eq_ignore_ascii_case("post"));
            Tag::Form { end, is_post, action: element.get_attribute("action") }
        }
        "input" | "button" | "textarea" => control(false),
        "select" => control(true),
        "base" => Tag::Base { href: element.get_attribute("href") },
        "template" => Tag::Around(Around::Template, end, element.is_self_closing()),
        "svg" | "math" => Tag::Around(Around::Drawing, end, element.is_self_closing()),
        "noscript" => Tag::Around(Around::Noscript, end, element.is_self_closing()),
        "frameset" => Tag::Frameset,
        _ => return None,
    })
}

fn holds(element: &Element<'_, '_>) -> Holds {
    match element.get_attribute("value") {
        Some(value) if Injection::is_token(&value) => Holds::Token,
        Some(value) if !value.trim_ascii().is_empty() => Holds::Other,
        // What a text field holds stands behind its tag.
        Some(_) | None if element.tag_name() == "input" => Holds::Nothing,
        Some(_) | None => Holds::Other,
    }
}

/// Has an element's own end tag told of. One that others end has none, and stays open here: what
/// follows it is then in doubt.
fn watch_end(element: &mut Element<'_, '_>, found: &Found) -> HandlerResult {
    let (name, ended) = match &*element.tag_name() {
        "form" => ("form", Ended::Form),
        "select" => ("select", Ended::Select),
        "template" => ("template", Ended::Around(Around::Template)),
        "svg" => ("svg", Ended::Around(Around::Drawing)),
        "math" => ("math", Ended::Around(Around::Drawing)),
        "noscript" => ("noscript", Ended::Around(Around::Noscript)),
        _ => return Ok(()),
    };
    let found = Arc::clone(found);
    if let Some(handlers) = element.end_tag_handlers() {
        handlers.push(Box::new(move |tag: &mut EndTag<'_>| {
            if tag.name() == name {
                push(&found, Tag::End(ended, tag.source_location().bytes().start));
            }
            Ok(())
        }));
    }
    Ok(())
}
