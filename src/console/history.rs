//! Lines typed before: up and down through them.

/// Most lines kept.
const LINES_MAX: usize = 500;

/// The history of one person, newest line last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    lines: Vec<String>,
    /// Which line is shown; `None`: the one being typed.
    at: Option<usize>,
    /// What was being typed when the first older line was asked for.
    draft: String,
}

impl History {
    /// A history of these lines, oldest first.
    #[must_use]
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a str>) -> History {
        let mut history = History::default();
        lines.into_iter().for_each(|line| history.push(line));
        history
    }

    /// The lines, oldest first.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// A line was sent: it is the newest, unless it is the same as the one before or blank.
    pub fn push(&mut self, line: &str) {
        self.at = None;
        self.draft.clear();
        let line = line.trim();
        if line.is_empty() || self.lines.last().is_some_and(|last| last == line) {
            return;
        }
        self.lines.push(line.to_owned());
        let surplus = self.lines.len().saturating_sub(LINES_MAX);
        self.lines.drain(..surplus);
    }

    /// The line before the one that is shown; `None`: there is none. `typed` is what stands there.
    pub fn older(&mut self, typed: &str) -> Option<&str> {
        let next = match self.at {
            None => {
                typed.clone_into(&mut self.draft);
                self.lines.len().checked_sub(1)?
            }
            Some(at) => at.checked_sub(1)?,
        };
        self.at = Some(next);
        self.lines.get(next).map(String::as_str)
    }

    /// The line after the one that is shown, at last the one that was being typed.
    pub fn newer(&mut self) -> Option<&str> {
        let next = self.at? + 1;
        if next < self.lines.len() {
            self.at = Some(next);
            return self.lines.get(next).map(String::as_str);
        }
        self.at = None;
        Some(&self.draft)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_and_down_go_through_it_and_back_to_what_was_being_typed() {
        let mut history = History::of(["one", "two"]);
        assert_eq!(history.older("thr"), Some("two"));
        assert_eq!(history.older("two"), Some("one"));
        assert_eq!(history.older("one"), None);
        assert_eq!(history.newer(), Some("two"));
        assert_eq!(history.newer(), Some("thr"));
        assert_eq!(history.newer(), None);
    }

    #[test]
    fn a_line_sent_twice_is_kept_once_and_a_blank_one_not_at_all() {
        let history = History::of(["one", "one", "  ", "two", "one"]);
        assert_eq!(history.lines(), ["one", "two", "one"]);
    }

    #[test]
    fn it_is_bounded() {
        let lines: Vec<String> = (0..600).map(|n| n.to_string()).collect();
        let history = History::of(lines.iter().map(String::as_str));
        assert_eq!(history.lines().len(), LINES_MAX);
        assert_eq!(history.lines()[0], "100");
    }
}
