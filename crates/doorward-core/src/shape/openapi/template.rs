//! Paths with parameters in them, as OpenAPI writes them (3.1.1, 4.8.8).

/// A segment of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    /// A parameter, with what stands before and behind it.
    Parameter {
        before: String,
        name: String,
        behind: String,
    },
    /// Several parameters, which nobody could tell apart: any text, that begins and ends so.
    Several {
        before: String,
        behind: String,
    },
}

/// A path's template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    segments: Vec<Segment>,
}

/// What stands for a template's parameters.
pub(super) type Values<'p> = Vec<(usize, &'p str)>;

impl Template {
    /// Reads a template. None: a brace is open, or it does not begin with a slash.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let segments = text.strip_prefix('/')?.split('/').map(segment).collect::<Option<_>>()?;
        Some(Self { segments })
    }

    pub(super) fn count(&self) -> usize {
        self.segments.len()
    }

    /// What comes first among templates that fit one path: the one that is literal earlier.
    pub(super) fn rank(&self) -> Vec<u8> {
        let rank = |segment: &Segment| match segment {
            Segment::Literal(_) => 0,
            Segment::Parameter { before, behind, .. } if before.len() + behind.len() > 0 => 1,
            Segment::Several { before, behind } if before.len() + behind.len() > 0 => 1,
            Segment::Parameter { .. } | Segment::Several { .. } => 2,
        };
        self.segments.iter().map(rank).collect()
    }

    /// The parameters' names; none for those that nobody could tell apart.
    pub(super) fn names(&self) -> impl Iterator<Item = (usize, &str)> {
        self.segments.iter().enumerate().filter_map(|(place, segment)| match segment {
            Segment::Parameter { name, .. } => Some((place, name.as_str())),
            Segment::Literal(_) | Segment::Several { .. } => None,
        })
    }

    /// Whether parameters stand in one segment together.
    pub(super) fn has_several(&self) -> bool {
        self.segments.iter().any(|one| matches!(one, Segment::Several { .. }))
    }

    /// The texts of its parameters, by their segment, where a path's segments fit.
    pub(super) fn fit<'p>(&self, path: &[&'p str]) -> Option<Values<'p>> {
        let mut out = Vec::new();
        if path.len() != self.segments.len() {
            return None;
        }
        for (place, (segment, text)) in self.segments.iter().zip(path).enumerate() {
            match segment {
                Segment::Literal(word) if word == text => {}
                Segment::Literal(_) => return None,
                Segment::Parameter { before, behind, .. } => {
                    out.push((place, between(text, before, behind)?));
                }
                Segment::Several { before, behind } => {
                    between(text, before, behind)?;
                }
            }
        }
        Some(out)
    }
}

/// What stands there is something: an empty segment is none (3.1.1, 4.8.12.2: a path's parameter is
/// required).
fn between<'p>(text: &'p str, before: &str, behind: &str) -> Option<&'p str> {
    let inner = text.strip_prefix(before)?.strip_suffix(behind)?;
    (!inner.is_empty()).then_some(inner)
}

fn segment(text: &str) -> Option<Segment> {
    let Some((before, rest)) = text.split_once('{') else {
        return (!text.contains('}')).then(|| Segment::Literal(text.to_owned()));
    };
    let (name, behind) = rest.split_once('}')?;
    let before = before.to_owned();
    if name.is_empty() || before.contains('}') || name.contains('{') {
        return None;
    }
    if let Some((_, behind)) = behind.rsplit_once('}') {
        return Some(Segment::Several { before, behind: behind.to_owned() });
    }
    let is_closed = !behind.contains('{');
    is_closed.then(|| Segment::Parameter {
        before,
        name: name.to_owned(),
        behind: behind.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_fit_whole_paths() {
        for (template, path, want) in [
            ("/a/b", "/a/b", Some(vec![])),
            ("/a/b", "/a/b/", None),
            ("/a/b", "/A/b", None),
            ("/", "/", Some(vec![])),
            ("/a/{id}", "/a/7", Some(vec![(1, "7")])),
            ("/a/{id}", "/a/", None),
            ("/a/{id}", "/a/7/8", None),
            ("/a/{id}.json", "/a/7.json", Some(vec![(1, "7")])),
            ("/a/{id}.json", "/a/.json", None),
            ("/a/v{n}/{x}", "/a/v2/y", Some(vec![(1, "2"), (2, "y")])),
            ("/a/{b}...{c}", "/a/x...y", Some(vec![])),
            ("/a/{b}:{c}!", "/a/x:y", None),
        ] {
            let template = Template::parse(template).expect("a template");
            let segments: Vec<&str> = path.split('/').skip(1).collect();
            assert_eq!(template.fit(&segments), want, "{template:?} {path}");
        }
        for text in ["a", "", "/{", "/a}", "/{}", "/{a{b}}", "/{a}{"] {
            assert_eq!(Template::parse(text), None, "{text}");
        }
    }
}
