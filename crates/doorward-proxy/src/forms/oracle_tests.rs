//! A whole HTML parser beside ours: no page, however bent, puts a token where it does not belong.
//!
//! Pages are thrown together of pieces that lead parsers astray. A browser's parser (html5ever
//! follows the same standard) then says to which form each written field belongs.
//! `DOORWARD_CAMPAIGN` is the number of pages.

use super::tests::{Drawn, written};
use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{Attribute, ExpandedName, ParseOpts, QualName, local_name, ns};
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use url::Url;

/// Pages that are tried when nobody says how many.
const PAGES: u64 = 20_000;

const PIECES: &[&str] = &[
    "<form method=post action=/pay>",
    "<form method=post action=/pay>",
    "<form method=post>",
    "<form method=post action=//evil.test>",
    "<form action=https://evil.test>",
    "<form>",
    "</form>",
    "</form>",
    "<svg>",
    "</svg>",
    "<svg/>",
    "<math>",
    "</math>",
    "<mi>",
    "<foreignObject>",
    "</foreignObject>",
    "<desc>",
    "</desc>",
    "<g>",
    "</g>",
    "<template>",
    "</template>",
    "<select>",
    "</select>",
    "<option>",
    "<optgroup>",
    "<noscript>",
    "</noscript>",
    "<textarea>",
    "</textarea>",
    "<title>",
    "</title>",
    "<style>",
    "</style>",
    "<script>",
    "</script>",
    "<xmp>",
    "</xmp>",
    "<iframe>",
    "</iframe>",
    "<noembed>",
    "<noframes>",
    "</noframes>",
    "<plaintext>",
    "<!--",
    "-->",
    "--!>",
    "<![CDATA[",
    "]]>",
    "<!x>",
    "<?x>",
    "</ x>",
    "<table>",
    "</table>",
    "<tr>",
    "<td>",
    "</td>",
    "<caption>",
    "<colgroup>",
    "<p>",
    "</p>",
    "<b>",
    "</b>",
    "<a href='",
    "'>",
    "\">",
    "<div>",
    "</div>",
    "<button>",
    "</button>",
    "<button formaction=//evil.test>",
    "<input name=_csrf>",
    "<input type=submit formaction=/x>",
    "<input>",
    "<frameset>",
    "<body>",
    "</body>",
    "</html>",
    "<head>",
    "<br>",
    "</br>",
    "<image>",
    "<object>",
    "</object>",
    "<annotation-xml encoding=text/html>",
    "<font color=a>",
    "text",
    "<base href=/a>",
];

/// What a page begins with.
const FORMS: &[&str] = &[
    "",
    "<form action=https://evil.test method=post>",
    "<form action=https://evil.test>",
    "<div><form action=https://evil.test>",
    "<form method=post>",
];

/// Pieces that lead astray together.
const THEMES: &[&[&str]] = &[
    &[
        "<form method=post>",
        "</form>",
        "<form>",
        "<div>",
        "</div>",
        "<button formaction=//evil.test>",
    ],
    &["</form>", "<form>", "<template>", "</template>", "<p>", "</p>"],
    &["</form>", "<form>", "<svg>", "</svg>", "<g>", "</g>"],
    &[
        "</form>",
        "<form>",
        "<svg>",
        "</svg>",
        "<foreignObject>",
        "</foreignObject>",
        "<div>",
        "</div>",
    ],
    &["</form>", "<svg>", "</svg>", "<svg/>", "<style>", "</style>", "<!--", "-->", "</p>"],
    &["</form>", "<svg>", "</svg>", "<div>", "</div>", "<b>", "</b>", "<![CDATA[", ">", "]]>"],
    &["</form>", "<math>", "</math>", "<mi>", "</mi>", "<title>", "</title>", "<!--", "-->"],
    &["</form>", "<select>", "</select>", "<option>", "<template>", "</template>", "<input>"],
    &["</form>", "<noscript>", "</noscript>", "<iframe>", "</iframe>", "<a href='", "'>"],
    &["</form>", "<table>", "</table>", "<tr>", "<td>", "</td>", "<caption>", "<form>"],
];

/// An element, and the form that it belongs to.
struct Node {
    name: QualName,
    attributes: RefCell<Vec<Attribute>>,
    form: RefCell<Option<Rc<Node>>>,
}

/// Takes in what the parser makes of a page.
#[derive(Default)]
struct Made {
    all: RefCell<Vec<Rc<Node>>>,
    /// Whether a field stands in a text.
    is_in_text: RefCell<bool>,
}

impl Node {
    fn new(name: QualName, attributes: Vec<Attribute>) -> Rc<Self> {
        let attributes = RefCell::new(attributes);
        Rc::new(Self { name, attributes, form: RefCell::new(None) })
    }

    fn said(&self, name: &str) -> Option<String> {
        let all = self.attributes.borrow();
        let found = all.iter().find(|attribute| &*attribute.name.local == name);
        found.map(|attribute| attribute.value.to_string())
    }

    fn is_html(&self, name: &str) -> bool {
        self.name.ns == ns!(html) && &*self.name.local == name
    }
}

impl Made {
    fn text(&self, child: &NodeOrText<Rc<Node>>) {
        if let NodeOrText::AppendText(text) = child
            && text.contains("dwc1.T")
        {
            self.is_in_text.replace(true);
        }
    }

    fn nothing() -> Rc<Node> {
        Node::new(QualName::new(None, ns!(html), local_name!("")), Vec::new())
    }
}

impl TreeSink for Made {
    type Handle = Rc<Node>;
    type Output = Self;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Self {
        self
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Rc<Node> {
        Self::nothing()
    }

    fn elem_name<'a>(&'a self, target: &'a Rc<Node>) -> ExpandedName<'a> {
        target.name.expanded()
    }

    fn create_element(&self, name: QualName, all: Vec<Attribute>, _: ElementFlags) -> Rc<Node> {
        let node = Node::new(name, all);
        self.all.borrow_mut().push(Rc::clone(&node));
        node
    }

    fn create_comment(&self, _: StrTendril) -> Rc<Node> {
        Self::nothing()
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Rc<Node> {
        Self::nothing()
    }

    fn append(&self, _: &Rc<Node>, child: NodeOrText<Rc<Node>>) {
        self.text(&child);
    }

    fn append_based_on_parent_node(&self, _: &Rc<Node>, _: &Rc<Node>, child: NodeOrText<Rc<Node>>) {
        self.text(&child);
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &Rc<Node>) -> Rc<Node> {
        Rc::clone(target)
    }

    fn same_node(&self, one: &Rc<Node>, other: &Rc<Node>) -> bool {
        Rc::ptr_eq(one, other)
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, _: &Rc<Node>, child: NodeOrText<Rc<Node>>) {
        self.text(&child);
    }

    fn add_attrs_if_missing(&self, _: &Rc<Node>, _: Vec<Attribute>) {}

    fn associate_with_form(
        &self,
        target: &Rc<Node>,
        form: &Rc<Node>,
        _: (&Rc<Node>, Option<&Rc<Node>>),
    ) {
        target.form.replace(Some(Rc::clone(form)));
    }

    fn remove_from_parent(&self, _: &Rc<Node>) {}

    fn reparent_children(&self, _: &Rc<Node>, _: &Rc<Node>) {}
}

/// What is wrong with where a page's fields stand, in a browser's eyes; and how many there are that
/// belong to a form.
fn judge(page: &str, scripting_enabled: bool) -> Result<usize, String> {
    let tree_builder = TreeBuilderOpts { scripting_enabled, ..TreeBuilderOpts::default() };
    let options = ParseOpts { tree_builder, ..ParseOpts::default() };
    let made = html5ever::parse_document(Made::default(), options).one(page);
    if *made.is_in_text.borrow() {
        return Err("a field stands in a text".to_owned());
    }
    let own = Url::parse("https://shop.test").expect("an address");
    let is_own = |text: Option<String>| {
        let url = text.map_or(Ok(own.clone()), |text| own.join(&text));
        url.is_ok_and(|url| url.origin() == own.origin())
    };
    let all = made.all.borrow();
    let mut count = 0;
    for node in all.iter() {
        let is_field = node.said("value").as_deref() == Some("dwc1.T");
        let attributes = node.attributes.borrow();
        if attributes.iter().any(|one| one.value.contains("dwc1.T")) && !is_field {
            return Err(format!("a token stands in an attribute of <{}>", &*node.name.local));
        }
        let form = node.form.borrow();
        let (true, Some(form)) = (is_field, form.as_ref()) else { continue };
        count += 1;
        let is_post = form.said("method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
        if !is_post || !is_own(form.said("action")) {
            return Err("a token stands in another's form".to_owned());
        }
        let sends_away = all.iter().any(|other| {
            let is_its = other.form.borrow().as_ref().is_some_and(|its| Rc::ptr_eq(its, form));
            let is_button = other.is_html("button") || other.is_html("input");
            is_its && is_button && !is_own(other.said("formaction").or(Some(String::new())))
        });
        if sends_away {
            return Err("a button sends a token away".to_owned());
        }
    }
    Ok(count)
}

#[test]
fn no_page_puts_a_token_where_it_does_not_belong() {
    let campaign = std::env::var("DOORWARD_CAMPAIGN").ok();
    let pages = campaign.map_or(PAGES, |text| text.parse().expect("a number"));
    let (mut with_scripts, mut without) = (0, 0);
    for seed in 0..pages {
        let mut drawn = Drawn::new(seed);
        // Few kinds, so that they come together often.
        let theme = THEMES.get(drawn.below(THEMES.len() + 1)).copied();
        let hand: Vec<&str> = (0..6).map(|_| PIECES[drawn.below(PIECES.len())]).collect();
        let hand = theme.unwrap_or(&hand);
        let mut page = FORMS[drawn.below(FORMS.len())].to_owned();
        for _ in 0..drawn.below(12) {
            page += hand[drawn.below(hand.len())];
        }
        // Nobody's page ends with the attacker's markup.
        page += "<form method=post action=/pay><p></form>";
        let (out, _) = written(&[page.as_bytes()]);
        let out = String::from_utf8(out).expect("pieces are text");
        for (scripting, count) in [(true, &mut with_scripts), (false, &mut without)] {
            match judge(&out, scripting) {
                Ok(found) => *count += found,
                Err(what) => panic!("seed {seed}, scripts {scripting}: {what}: {page}"),
            }
        }
    }
    println!("{pages} pages: {with_scripts} fields in forms, {without} without scripts");
    assert!(with_scripts > 1_000 && without > 1_000, "the pages are too bent to show anything");
}

#[test]
fn the_oracle_sees_what_is_wrong() {
    let field = "<input name=_csrf value=dwc1.T>";
    for (page, is_right) in [
        ("<form method=post>{}</form>", true),
        ("<form method=post action=/pay>{}</form>", true),
        ("<form>{}</form>", false),
        ("<form method=post action=//evil.test>{}</form>", false),
        ("<form action=//evil.test><form method=post>{}</form>", false),
        ("<form action=//evil.test><select></form></select>{}", true),
        ("<form method=post>{}<button formaction=//evil.test>", false),
        ("<textarea>{}", false),
        ("<a href='{}'>", false),
    ] {
        let page = page.replace("{}", field);
        assert_eq!(judge(&page, true).is_ok(), is_right, "{page}");
    }
}
