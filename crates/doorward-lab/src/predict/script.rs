//! Cookies of what is going to happen: those that a page's script writes before it asks, and what
//! comes of two with one name.

use super::{Predictor, Told};
use crate::acts::Act;
use doorward_browser::{Because, Document, Travel};

impl Predictor {
    /// What becomes of each line that the script writes into `document.cookie`.
    pub(super) fn written(&mut self, act: &Act, from: &Document) -> Vec<Told> {
        let (jar, engine, now_s) = (&mut self.state.jar, &self.engine, self.now_s);
        let travels = act.said.sets.iter().map(|line| jar.set_by_script(line, from, engine, now_s));
        travels.map(|travel| Told::of(&Because::on(travel.rule, &travel.name))).collect()
    }
}

impl Told {
    /// Two cookies of one name go along, and one comes first; none where each has its own.
    pub(super) fn of_order(travels: &[Travel]) -> Option<Self> {
        let mut names: Vec<&str> =
            travels.iter().filter(|one| one.is_taken).map(|one| one.name.as_str()).collect();
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1])?;
        Some(Self {
            id: "cookie-order".to_owned(),
            section: "RFC 6265bis 5.8.3".to_owned(),
            link: "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis".to_owned(),
            says: "Two cookies of this name go along, the one with the longer path first. Who set \
                   them does not."
                .to_owned(),
            detail: twice[0].to_owned(),
            header: Some("cookie".to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Told;
    use doorward_browser::{Rule, Travel};

    #[test]
    fn only_two_that_go_along_have_an_order() {
        let travel = |name: &str, is_taken| {
            let rule = Rule::simple();
            Travel { name: name.to_owned(), is_taken, rule }
        };
        let told = |travels: &[Travel]| Told::of_order(travels).map(|told| told.detail);
        let (a, b, left) = (travel("a", true), travel("b", true), travel("a", false));
        assert_eq!(told(&[a.clone(), b.clone(), left]), None);
        assert_eq!(told(&[a.clone(), b, a]), Some("a".to_owned()));
        assert_eq!(told(&[]), None);
    }
}
