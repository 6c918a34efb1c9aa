//! The lessons that ship: structure and words, compiled in.

use std::rc::Rc;

use crate::i18n::Lang;
use crate::lesson::prose::Prose;
use crate::lesson::structure::{Lesson, SharedLesson, read};

struct Entry {
    id: &'static str,
    structure: &'static str,
    en: &'static str,
    zh_cn: &'static str,
}

const ENTRIES: &[Entry] = &[Entry {
    id: "acks-and-loss",
    structure: include_str!("../../www/lessons/acks-and-loss.lesson"),
    en: include_str!("../../www/lessons/en/acks-and-loss.md"),
    zh_cn: include_str!("../../www/lessons/zh-CN/acks-and-loss.md"),
}];

/// Names of all lessons, in the order of the course.
pub fn ids() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(|entry| entry.id)
}

/// A lesson by name.
#[must_use]
pub fn lesson(id: &str) -> Option<SharedLesson> {
    let entry = ENTRIES.iter().find(|entry| entry.id == id)?;
    let lesson: Lesson = read(entry.structure).expect("a test reads every lesson that ships");
    Some(Rc::new(lesson))
}

/// A lesson's words in a language.
#[must_use]
pub fn prose(id: &str, lang: Lang) -> Option<Prose> {
    let entry = ENTRIES.iter().find(|entry| entry.id == id)?;
    Some(Prose::parse(match lang {
        Lang::En => entry.en,
        Lang::ZhCn => entry.zh_cn,
    }))
}

#[cfg(test)]
mod tests;
