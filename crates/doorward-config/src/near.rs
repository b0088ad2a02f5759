//! What somebody may have meant: the nearest of some names.

/// The name that `written` is at most a third of its letters away from; none where none is near.
pub(crate) fn nearest<'n>(written: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let written = written.replace('-', "_").to_ascii_lowercase();
    let most = (written.chars().count() / 3).max(1);
    names
        .map(|name| (distance(&written, name, most), name))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, name)| name)
}

/// Letters to insert, remove, replace or swap with their neighbour (optimal string alignment). A
/// difference in length beyond `most` is answered at once.
fn distance(left: &str, right: &str, most: usize) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len().abs_diff(right.len()) > most {
        return usize::MAX;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for (at, letter) in left.iter().enumerate() {
        let above = &rows[at];
        let mut row = vec![at + 1];
        for (place, other) in right.iter().enumerate() {
            let replaced = above[place] + usize::from(letter != other);
            let mut best = replaced.min(above[place + 1] + 1).min(row[place] + 1);
            let swapped =
                at > 0 && place > 0 && left[at - 1] == *other && right[place - 1] == *letter;
            if swapped {
                best = best.min(rows[at - 1][place - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows.last().and_then(|row| row.last()).copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_strangers_are_not() {
        let names = ["origins", "origin", "upstream", "listen", "trusted_proxies"];
        for (written, want) in [
            ("orgins", Some("origins")),
            ("Origins", Some("origins")),
            ("upsteram", Some("upstream")),
            ("lisen", Some("listen")),
            ("trusted-proxies", Some("trusted_proxies")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, names.into_iter()), want, "{written}");
        }
    }
}
