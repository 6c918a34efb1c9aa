//! A lesson's words in one language: plain paragraphs with `code` and *stress*, nothing more.
//!
//! Read from `www/lessons/<lang>/<id>.md`. The form is a small part of Markdown, so that any editor
//! shows it well and no Markdown library has to travel to the page.

use std::collections::BTreeMap;

/// A piece of a paragraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// Plain words.
    Text(String),
    /// A name, a setting, a command.
    Code(String),
    /// Words with stress.
    Stress(String),
}

/// A paragraph.
pub type Paragraph = Vec<Span>;

/// Words of one task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskProse {
    /// Its title.
    pub title: String,
    /// What is to be done.
    pub text: Vec<Paragraph>,
    /// Questions, by the name of the ask.
    pub asks: BTreeMap<String, Vec<Paragraph>>,
    /// Hints, first to last.
    pub hints: Vec<Vec<Paragraph>>,
    /// What is said when it is done.
    pub done: Vec<Paragraph>,
}

/// All words of a lesson in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prose {
    /// Its title.
    pub title: String,
    /// What it is about; the first paragraph says its goal.
    pub intro: Vec<Paragraph>,
    /// Words of its tasks, by the task's id.
    pub tasks: BTreeMap<String, TaskProse>,
    /// What is said when all is done.
    pub end: Vec<Paragraph>,
}

impl Prose {
    /// Reads a lesson's words. A heading that is not understood becomes a paragraph, so that nothing
    /// is lost without being seen.
    #[must_use]
    pub fn parse(text: &str) -> Prose {
        let mut prose = Prose::default();
        let mut place = Place::Intro;
        for block in text.split("\n\n").map(str::trim).filter(|b| !b.is_empty()) {
            match heading(block, &place) {
                Some((Place::Title, title)) => prose.title = title,
                Some((next, title)) => {
                    if let Place::Task(id) = &next {
                        prose.tasks.entry(id.clone()).or_default().title = title;
                    }
                    place = next;
                }
                None => prose.at(&place).push(spans(block)),
            }
        }
        prose
    }

    /// The paragraphs of a place.
    fn at(&mut self, place: &Place) -> &mut Vec<Paragraph> {
        match place {
            Place::Title | Place::Intro => &mut self.intro,
            Place::End => &mut self.end,
            Place::Task(id) => &mut self.task(id).text,
            Place::Ask(id, ask) => self.task(id).asks.entry(ask.clone()).or_default(),
            Place::Hint(id, number) => {
                let hints = &mut self.task(id).hints;
                hints.resize(hints.len().max(*number), Vec::new());
                &mut hints[*number - 1]
            }
            Place::Done(id) => &mut self.task(id).done,
        }
    }

    fn task(&mut self, id: &str) -> &mut TaskProse {
        self.tasks.entry(id.to_owned()).or_default()
    }

    /// Names of all parts that have words: the same set in every language.
    #[must_use]
    pub fn parts(&self) -> Vec<String> {
        let mut parts =
            vec![format!("intro {}", self.intro.len()), format!("end {}", self.end.len())];
        for (id, task) in &self.tasks {
            parts.push(format!("{id} text {}", task.text.len()));
            parts.push(format!("{id} done {}", task.done.len()));
            parts.extend(task.asks.keys().map(|ask| format!("{id} ask {ask}")));
            parts.extend(task.hints.iter().map(|hint| format!("{id} hint {}", hint.len())));
        }
        parts
    }
}

/// Where the paragraphs that follow belong.
enum Place {
    Title,
    Intro,
    End,
    Task(String),
    Ask(String, String),
    Hint(String, usize),
    Done(String),
}

impl Place {
    fn task(&self) -> Option<&String> {
        match self {
            Place::Task(id) | Place::Done(id) => Some(id),
            Place::Ask(id, _) | Place::Hint(id, _) => Some(id),
            Place::Title | Place::Intro | Place::End => None,
        }
    }
}

fn heading(block: &str, place: &Place) -> Option<(Place, String)> {
    if let Some(title) = block.strip_prefix("# ") {
        return Some((Place::Title, title.to_owned()));
    }
    if block == "## end" {
        return Some((Place::End, String::new()));
    }
    if let Some((id, title)) = block.strip_prefix("## ").and_then(|t| t.split_once(' ')) {
        return Some((Place::Task(id.to_owned()), title.to_owned()));
    }
    let part = block.strip_prefix("### ")?;
    let id = place.task()?.clone();
    let next = match part.split_once(' ') {
        Some(("ask", ask)) => Place::Ask(id, ask.to_owned()),
        Some(("hint", number)) => {
            Place::Hint(id, number.parse().ok().filter(|n| (1..=9).contains(n))?)
        }
        None if part == "done" => Place::Done(id),
        _ => return None,
    };
    Some((next, String::new()))
}

/// A block's pieces: `code` between backticks, *stress* between asterisks. Lines are joined.
fn spans(block: &str) -> Paragraph {
    let mut spans = Vec::new();
    let mut rest = block;
    while let Some(start) = rest.find(['`', '*']) {
        let mark = &rest[start..=start];
        let Some(length) = rest[start + 1..].find(mark) else { break };
        if start > 0 {
            spans.push(Span::Text(joined(&rest[..start])));
        }
        let inner = rest[start + 1..start + 1 + length].to_owned();
        spans.push(if mark == "`" { Span::Code(inner) } else { Span::Stress(inner) });
        rest = &rest[start + length + 2..];
    }
    if !rest.is_empty() {
        spans.push(Span::Text(joined(rest)));
    }
    spans
}

fn joined(text: &str) -> String {
    text.replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_cut_into_words_code_and_stress() {
        let expected = vec![
            Span::Text("set ".to_owned()),
            Span::Code("acks=0".to_owned()),
            Span::Text(", *a".to_owned()),
        ];
        assert_eq!(spans("set `acks=0`, *a"), expected, "a mark without a partner is a sign");
        assert_eq!(spans("*now*"), [Span::Stress("now".to_owned())]);
    }

    #[test]
    fn headings_say_where_words_belong() {
        let prose =
            Prose::parse("# A\n\nintro\n\n## T1 Title\n\ndo\n\n### hint 2\n\nh\n\n## end\n\nbye");
        assert_eq!((prose.title.as_str(), prose.intro.len(), prose.end.len()), ("A", 1, 1));
        let task = &prose.tasks["T1"];
        assert_eq!((task.title.as_str(), task.text.len(), task.hints.len()), ("Title", 1, 2));
    }
}
