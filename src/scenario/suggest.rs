//! "Did you mean …?": the known word nearest to an unknown one.
//!
//! Distance counts inserted, removed, replaced and swapped neighbouring characters. A suggestion is
//! made only when it is close, since a wrong one misleads more than none.

use crate::engine::ids::Text;

/// The known word nearest to `word`, if one is near: at most a third of its letters differ, and one stays;
/// else the shortest that begins with it.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<Text> {
    let letters = word.chars().count();
    let most = (letters / 3).clamp(1, 4).min(letters.saturating_sub(1));
    let known: Vec<&str> = known.into_iter().filter(|candidate| !candidate.is_empty()).collect();
    let near = known
        .iter()
        .map(|candidate| {
            (distance(&word.to_ascii_lowercase(), &candidate.to_ascii_lowercase()), candidate)
        })
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| *candidate);
    let longer = || {
        let begun =
            known.iter().filter(|candidate| letters >= BEGINNING_MIN && starts(candidate, word));
        begun.min_by_key(|candidate| candidate.len()).copied()
    };
    near.or_else(longer).map(Text::from)
}

/// Fewest letters of which a longer word is guessed.
const BEGINNING_MIN: usize = 3;

fn starts(candidate: &str, word: &str) -> bool {
    candidate.to_ascii_lowercase().starts_with(&word.to_ascii_lowercase())
}

/// Restricted Damerau–Levenshtein distance: a swap of neighbours counts one.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_word_that_was_meant() {
        let known = ["kill", "stop", "start", "hold", "heal"];
        assert_eq!(nearest("kil", known).as_deref(), Some("kill"));
        assert_eq!(nearest("sotp", known).as_deref(), Some("stop"));
        assert_eq!(nearest("Hold", known).as_deref(), Some("hold"));
    }

    #[test]
    fn a_strange_word_gets_no_suggestion() {
        assert_eq!(nearest("rebalance", ["kill", "stop"]), None);
        assert_eq!(nearest("t", ["", "u"]), None, "nothing of it would stay");
    }

    #[test]
    fn a_beginning_finds_the_shortest_word_that_goes_on_so() {
        let known = ["leaderless", "leader", "log"];
        assert_eq!(nearest("lead", known).as_deref(), Some("leader"));
        assert_eq!(nearest("le", known), None);
    }
}
