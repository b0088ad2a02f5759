//! Cookies of what is going to happen: those that a page's script writes before it asks.

use super::{Predictor, Told};
use crate::acts::Act;
use doorward_browser::{Because, Document};

impl Predictor {
    /// What becomes of each line that the script writes into `document.cookie`.
    pub(super) fn written(&mut self, act: &Act, from: &Document) -> Vec<Told> {
        let (jar, engine, now_s) = (&mut self.state.jar, &self.engine, self.now_s);
        let travels = act.said.sets.iter().map(|line| jar.set_by_script(line, from, engine, now_s));
        travels.map(|travel| Told::of(&Because::on(travel.rule, &travel.name))).collect()
    }
}
