//! Pages, and which of their forms get a token.

use super::*;

/// Numbers drawn from a seed (splitmix64).
pub(super) struct Drawn(u64);

impl Drawn {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % most as u64).unwrap_or_default()
    }
}

const TOKEN: &str = "<input type=\"hidden\" name=\"_csrf\" value=\"dwc1.T\">";

fn forms() -> Forms {
    let injection = Injection {
        names: ["_csrf", "csrf_token"],
        token: "dwc1.T".to_owned(),
        origin: "https://shop.test".to_owned(),
    };
    Forms::new(&injection).expect("an origin")
}

/// What a page comes to that comes in these pieces.
pub(super) fn written(pieces: &[&[u8]]) -> (Vec<u8>, Option<&'static str>) {
    let (mut forms, mut out, mut said) = (forms(), Vec::new(), None);
    for piece in pieces {
        forms.write(Bytes::copy_from_slice(piece));
        while let Some(piece) = forms.take() {
            assert!(!piece.is_empty(), "hyper would take it for the end");
            out.extend_from_slice(&piece);
        }
        said = said.or(forms.said());
    }
    forms.end();
    while let Some(piece) = forms.take() {
        out.extend_from_slice(&piece);
    }
    assert!(forms.is_empty());
    (out, said)
}

/// A page in which `{}` stands where a token belongs. It is tried whole, and cut at every byte.
fn check(page: &str, code: Option<&str>) {
    let (sent, want) = (page.replace("{}", ""), page.replace("{}", TOKEN));
    check_both(&sent, &want, code);
}

/// The same, with what leaves said in full.
fn check_both(page: &str, want: &str, code: Option<&str>) {
    let sent = page.as_bytes();
    let (whole, said) = written(&[sent]);
    assert_eq!(String::from_utf8_lossy(&whole), want);
    assert_eq!(said, code, "{page}");
    for at in 0..sent.len() {
        let (cut, said) = written(&[&sent[..at], &sent[at..]]);
        assert_eq!(String::from_utf8_lossy(&cut), want, "cut at {at}");
        assert_eq!(said, code, "cut at {at}: {page}");
    }
    let bytes: Vec<&[u8]> = sent.chunks(1).collect();
    let (single, said) = written(&bytes);
    assert_eq!(String::from_utf8_lossy(&single), want, "byte by byte");
    assert_eq!(said, code, "byte by byte: {page}");
}

#[test]
fn a_form_that_is_posted_to_its_own_origin_gets_a_token() {
    for page in [
        "<form method=post>{}</form>",
        "<!doctype html><title>a</title><form method=\"POST\" action=\"/pay\">{}<button></form>z",
        "<FORM ACTION='' METHOD=Post>{}<input name=a></FORM>",
        "<form method=post action=https://shop.test/pay>{}</form>",
        "<form method=post action=//shop.test/pay>{}</form>",
        "<form method=post action='/a?b=1&c=2'>{}</form><form method=post>{}</form>",
        "<form method=post>{}<button formaction=/b>x</button><input formmethod=post></form>",
        "<form method=post>{}<button formmethod=dialog>x</button></form>",
        "<form method=post>{}<input name=csrf_token value=own></form>",
        "<form method=post>{}<input name=csrf_token></form>",
        "<form method=post method=get>{}</form>",
        "<form method=post />{}</form>",
        "<form method=post>{}<select><option>a</select></form><form method=post>{}</form>",
        "<table><form method=post>{}<tr><td><input></td></tr></form></table>",
        "<form method=post>{}<textarea><form action=https://evil.test></textarea></form>",
        "<script>'<form action=//evil.test method=post>'</script><form method=post>{}</form>",
        "<!-- <form action=//evil.test method=post> --><form method=post>{}</form>",
        "<style><form></style><title><form></title><form method=post>{}</form>",
        "<form method=post>{}<svg viewBox='0 0 1 1'><title>x</title><path d=\"M0\"/></svg></form>",
        "<svg><g><path/></g></svg><math><mi>x</mi></math><form method=post>{}</form>",
        "<noscript><img src='//t.test/?a&b'></noscript><form method=post>{}</form>",
        // Behind the page's end nothing can come any more.
        "<form method=post>{}<p>never closed",
    ] {
        check(page, None);
    }
}

#[test]
fn any_other_form_gets_none() {
    for page in [
        "",
        "<p>no form",
        "<form></form>",
        "<form method=get></form>",
        "<form method=dialog></form>",
        "<form method=' post'></form>",
        "<form method=p&#111;st></form>",
        "<form method=post action=https://evil.test></form>",
        "<form method=post action=http://shop.test/></form>",
        "<form method=post action=//evil.test/></form>",
        "<form method=post action='https&colon;//evil.test'></form>",
        "<form method=post action=javascript:x()></form>",
        "<form method=post action=//evil.test action=/pay></form>",
        "<form method=post><button formaction=https://evil.test>x</form>",
        "<form method=post><input type=image formaction='//evil.test'></form>",
        "<form method=post><button formmethod=get>x</form>",
        "<form method=post><input name=_csrf value=dwc1.own></form>",
        "<form method=post><input name=csrf_token value=dwc1.own></form>",
        "<form method=post><input name=_csrf value=own><input name=csrf_token value=dwc1.a></form>",
        "<base href=https://evil.test/><form method=post action=pay></form>",
        "<template><form method=post></form></template>",
        "<form action=//evil.test><template></form></template><form method=post></form>",
        "<textarea><form method=post></form></textarea>",
        "<script><form method=post></form></script>",
        "<img alt='<form method=post>'>",
        "<form method=post",
    ] {
        check(page, None);
    }
}

#[test]
fn a_form_with_a_field_of_that_name_gets_the_token_under_the_other() {
    let other = TOKEN.replace("_csrf", "csrf_token");
    for page in [
        "<form method=post>{}<input name=_csrf value=own></form>",
        "<form method=post>{}<input value='4bfd1575-3ad1-4d21' type=hidden name=_csrf>x</form>",
        "<form method=post>{}<select name=_csrf></select></form>",
        "<form method=post>{}<textarea name=_csrf>own</textarea></form>",
        "<form method=post>{}<input name=_csrf value=own><input name=_csrf value=own></form>",
        "<form method=post>{}<p>never closed<input name=_csrf value=own>",
    ] {
        check_both(&page.replace("{}", ""), &page.replace("{}", &other), None);
    }
    // What was taken in one form is free in the next.
    let begin = "<form method=post>";
    let rest = "<input name=_csrf value=own></form><form method=post>";
    let sent = format!("{begin}{rest}</form>");
    check_both(&sent, &format!("{begin}{other}{rest}{TOKEN}</form>"), None);
    for page in [
        "<form method=post><input name=_csrf value=own><input name=csrf_token value=own></form>",
        "<form method=post><input name=csrf_token><input name=_csrf value=own></form>",
        // A script puts a token in.
        "<form method=post><input name=_csrf></form>",
        "<form method=post><input name=_csrf value=' '></form>",
    ] {
        let page = format!("{page}<form method=post>{{}}</form>");
        check(&page, Some(OWN_FIELD));
    }
}

#[test]
fn a_form_that_browsers_pass_over_gets_none() {
    // An attacker's form that never ends, or does not where it seems to, takes in what follows.
    for page in [
        "<form action=https://evil.test method=post><form method=post action=/pay></form>",
        "<form action=//evil.test><div></div><form method=post></form>",
        "<div><form action=//evil.test></div><form method=post></form>",
        "<form method=post><form method=post></form>",
    ] {
        check(page, Some(UNCLEAR));
    }
    // One that has ended is out of the way.
    check("<form action=//evil.test></form><form method=post>{}</form>", None);
    check("<form method=post><form></form><form method=post>{}</form>", Some(UNCLEAR));
    check(
        "<form action=//evil.test><template><p></template></form><form method=post>{}</form>",
        None,
    );
}

#[test]
fn where_a_parser_could_be_led_astray_nothing_more_is_written() {
    for page in [
        "<form action=//evil.test method=post><select></form><form method=post></form>",
        "<select><form method=post></form></select>",
        "<select><xmp><form method=post></form>",
        "<form action=//evil.test><svg><form></form></svg></form><form method=post></form>",
        "<svg><form method=post></form></svg>",
        "<svg><foreignObject><form method=post></form></foreignObject></svg>",
        "<svg/><form method=post></form>",
        "<svg><svg></p><style><!--</style><form action=//evil.test>--></style></svg></svg>\
         <form method=post></form>",
        "<b><div></b><svg></div><style><!--</style><form action=//evil.test>--></style></svg>\
         <form method=post></form>",
        "<b><div></b><svg></div><![CDATA[><form action=//evil.test>]]></svg>\
         <form method=post></form>",
        "<svg><foreignObject><div></svg></div></foreignObject><form></form></svg>\
         <form method=post></form>",
        "<math><annotation-xml encoding=text/html><form method=post></form></math>",
        "<noscript><form action=//evil.test></noscript><form method=post></form>",
        "<noscript><iframe></noscript><form method=post></form>",
        "<noscript><img src='//evil.test/?</noscript><form method=post></form>'>",
        "<noscript><base href=//evil.test></noscript><form method=post action=a></form>",
        "<frameset><form method=post></form>",
        "<button form=f formaction=//evil.test>x</button><form id=f method=post></form>",
        "<base href=/a><base href=//evil.test><form method=post></form>",
    ] {
        check(page, Some(UNCLEAR));
    }
    // What was written by then stays.
    check("<form method=post>{}</form><svg/><form method=post></form>", Some(UNCLEAR));
    for page in ["\u{1b}$B<form method=post></form>", "<form method=post>\u{1b}</form>"] {
        check(page, Some(CHARSET));
    }
}

#[test]
fn a_page_of_utf_16_is_left_as_it_is() {
    for begin in UTF_16 {
        let page = [begin, b"<form method=post></form>"].concat();
        for at in 0..page.len() {
            let (out, said) = written(&[&page[..at], &page[at..]]);
            assert_eq!((out, said), (page.clone(), Some(CHARSET)), "cut at {at}");
        }
    }
    let page =
        "\u{feff}<p>\u{f6}<form method=post action='/\u{f6}'></form><form method=post>{}</form>";
    check(page, None);
}

#[test]
fn a_form_is_held_until_it_ends_and_not_beyond_its_bound() {
    let mut forms = forms();
    forms.write(Bytes::from_static(b"<p>before<form method=post>"));
    let before = forms.take().expect("what comes before the form leaves at once");
    assert_eq!(before, "<p>before<form method=post>");
    forms.write(Bytes::from_static(b"<p>within"));
    assert_eq!(forms.take(), None);
    forms.write(Bytes::from_static(b"</form>behind"));
    let rest: Vec<Bytes> = std::iter::from_fn(|| forms.take()).collect();
    assert_eq!(rest, [TOKEN, "<p>within", "</form>behind"]);
    let large = "x".repeat(FORM_BYTES_MAX + 8192);
    let fits = "x".repeat(FORM_BYTES_MAX - 1);
    for (content, mark, code) in [(large, "", Some(LARGE)), (fits, TOKEN, None)] {
        let next = "</form><form method=post>";
        let page = format!("<form method=post>{content}{next}</form>");
        let pieces: Vec<&[u8]> = page.as_bytes().chunks(4096).collect();
        let (out, said) = written(&pieces);
        let want = format!("<form method=post>{mark}{content}{next}{TOKEN}</form>");
        assert!(out == want.as_bytes(), "{code:?}");
        assert_eq!(said, code);
    }
}

#[test]
fn what_takes_too_much_memory_goes_on_unread() {
    let endless = format!("<form a='{}", "x".repeat(3 << 20));
    let nested = "<p>".repeat(100_000);
    for begin in [endless, nested] {
        let page = format!("{begin}'><form method=post></form>");
        let pieces: Vec<&[u8]> = page.as_bytes().chunks(16 * 1024).collect();
        let (out, said) = written(&pieces);
        assert!(out == page.as_bytes(), "not a byte is changed");
        assert_eq!(said, Some(LARGE));
    }
}
