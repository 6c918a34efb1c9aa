//! Key and typed arguments in, text out: every word that people read comes through here.
//!
//! A leaf: it imports nothing of the crate. Texts are Fluent files under `www/i18n`, one family per
//! part of the page, compiled in; a test keeps the key sets of all languages equal. Numbers are
//! printed plain, without grouping, because they are offsets and ids more often than amounts.

use std::cell::RefCell;

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// A language of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    ZhCn,
}

impl Lang {
    /// Every language, in the order of the switch.
    pub const ALL: &'static [Lang] = &[Lang::En, Lang::ZhCn];

    /// The language of a BCP 47 tag such as `zh-Hans-CN` or `en`; English for any other.
    #[must_use]
    pub fn from_tag(tag: &str) -> Lang {
        if tag.to_ascii_lowercase().starts_with("zh") { Lang::ZhCn } else { Lang::En }
    }

    /// Its BCP 47 tag, as the page's `lang` attribute has it.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::ZhCn => "zh-CN",
        }
    }

    /// The other language of the switch.
    #[must_use]
    pub fn other(self) -> Lang {
        match self {
            Lang::En => Lang::ZhCn,
            Lang::ZhCn => Lang::En,
        }
    }

    fn sources(self) -> &'static [&'static str] {
        match self {
            Lang::En => &[
                include_str!("../../www/i18n/en.ftl"),
                include_str!("../../www/i18n/event.en.ftl"),
                include_str!("../../www/i18n/error.en.ftl"),
                include_str!("../../www/i18n/stage.en.ftl"),
                include_str!("../../www/i18n/inspect.en.ftl"),
                include_str!("../../www/i18n/lesson.en.ftl"),
                include_str!("../../www/i18n/console.en.ftl"),
            ],
            Lang::ZhCn => &[
                include_str!("../../www/i18n/zh-CN.ftl"),
                include_str!("../../www/i18n/event.zh-CN.ftl"),
                include_str!("../../www/i18n/error.zh-CN.ftl"),
                include_str!("../../www/i18n/stage.zh-CN.ftl"),
                include_str!("../../www/i18n/inspect.zh-CN.ftl"),
                include_str!("../../www/i18n/lesson.zh-CN.ftl"),
                include_str!("../../www/i18n/console.zh-CN.ftl"),
            ],
        }
    }
}

/// An argument of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// Put in as it is; texts may also choose by it.
    Text(String),
    /// Printed plain; texts may choose by its plural.
    Number(i64),
}

impl From<&str> for Arg {
    fn from(text: &str) -> Arg {
        Arg::Text(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Arg {
        Arg::Text(text)
    }
}

impl From<i64> for Arg {
    fn from(number: i64) -> Arg {
        Arg::Number(number)
    }
}

impl From<i32> for Arg {
    fn from(number: i32) -> Arg {
        Arg::Number(i64::from(number))
    }
}

impl From<u32> for Arg {
    fn from(number: u32) -> Arg {
        Arg::Number(i64::from(number))
    }
}

impl From<u64> for Arg {
    fn from(number: u64) -> Arg {
        Arg::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// A text not yet put into a language: what projections hand to whoever shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// Key of the text.
    pub key: &'static str,
    /// Its arguments.
    pub args: Vec<(&'static str, Arg)>,
}

impl Phrase {
    /// A phrase without arguments.
    #[must_use]
    pub fn new(key: &'static str) -> Phrase {
        Phrase { key, args: Vec::new() }
    }

    /// This phrase with one more argument.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Arg>) -> Phrase {
        self.args.push((name, value.into()));
        self
    }

    /// The phrase in a language.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        tr(lang, self.key, &self.args)
    }
}

type Bundle = FluentBundle<FluentResource>;

thread_local! {
    static BUNDLES: RefCell<[Option<Bundle>; 2]> = const { RefCell::new([None, None]) };
}

/// The text of `key` in `lang`. A key that does not exist is returned itself: a wrong word beats a
/// page that stops.
#[must_use]
pub fn tr(lang: Lang, key: &str, args: &[(&str, Arg)]) -> String {
    with_bundle(lang, |bundle| {
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            debug_assert!(false, "no text for {key} in {}", lang.tag());
            return key.to_owned();
        };
        let mut values = FluentArgs::with_capacity(args.len());
        for (name, value) in args {
            match value {
                Arg::Text(text) => values.set(*name, text.as_str()),
                Arg::Number(number) => values.set(*name, FluentValue::from(*number)),
            }
        }
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&values), &mut errors);
        debug_assert!(errors.is_empty(), "text {key} in {}: {errors:?}", lang.tag());
        match lang {
            Lang::En => text.into_owned(),
            Lang::ZhCn => closed_up(&text),
        }
    })
}

/// Chinese text without the spaces that its parts brought along: one stays only beside Latin letters.
fn closed_up(text: &str) -> String {
    let is_wide =
        |c: &char| ('\u{2e80}'..'\u{a000}').contains(c) || ('\u{ff00}'..'\u{ff61}').contains(c);
    let is_sign =
        |c: &char| ('\u{3000}'..'\u{3020}').contains(c) || ('\u{ff00}'..'\u{ff61}').contains(c);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let before = out.chars().next_back();
        let after = rest.peek();
        let between = before.is_some_and(|b| is_wide(&b)) && after.is_some_and(is_wide);
        let beside = before.is_some_and(|b| is_sign(&b)) || after.is_some_and(is_sign);
        if c != ' ' || !(between || beside) {
            out.push(c);
        }
    }
    out
}

/// Whether `key` has a text in `lang`.
#[must_use]
pub fn has(lang: Lang, key: &str) -> bool {
    with_bundle(lang, |bundle| bundle.has_message(key))
}

/// Every key of a language, sorted: tests compare the sets.
#[must_use]
pub fn keys(lang: Lang) -> Vec<String> {
    let lines = lang.sources().iter().flat_map(|source| source.lines());
    let mut keys: Vec<String> = lines.filter_map(key_of).map(str::to_owned).collect();
    keys.sort();
    keys
}

fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    let key = key.trim_end();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (key.starts_with(|c: char| c.is_ascii_alphabetic()) && key.chars().all(plain)).then_some(key)
}

fn with_bundle<T>(lang: Lang, read: impl FnOnce(&Bundle) -> T) -> T {
    BUNDLES
        .with_borrow_mut(|bundles| read(bundles[lang as usize].get_or_insert_with(|| load(lang))))
}

fn load(lang: Lang) -> Bundle {
    let id: LanguageIdentifier = lang.tag().parse().expect("tags of the enum are well formed");
    let mut bundle = FluentBundle::new(vec![id]);
    bundle.set_use_isolating(false);
    for source in lang.sources() {
        let resource = match FluentResource::try_new((*source).to_owned()) {
            Ok(resource) => resource,
            Err((resource, errors)) => {
                debug_assert!(false, "{}: {errors:?}", lang.tag());
                resource
            }
        };
        let added = bundle.add_resource(resource);
        debug_assert!(added.is_ok(), "{}: {added:?}", lang.tag());
    }
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_the_same_keys() {
        assert_eq!(keys(Lang::En), keys(Lang::ZhCn));
    }

    #[test]
    fn no_key_is_given_twice() {
        for lang in Lang::ALL {
            let mut seen = keys(*lang);
            let all = seen.len();
            seen.dedup();
            assert_eq!(all, seen.len(), "a key of {} is there twice", lang.tag());
        }
    }

    #[test]
    fn every_key_found_in_the_files_is_a_text_of_the_bundle() {
        for lang in Lang::ALL {
            let missing: Vec<_> = keys(*lang).into_iter().filter(|key| !has(*lang, key)).collect();
            assert!(missing.is_empty(), "{}: {missing:?}", lang.tag());
        }
    }

    #[test]
    fn arguments_are_put_in_without_marks_or_grouping() {
        let args = [("n", Arg::from(1_234_567))];
        let text = tr(Lang::En, "list-more", &args);
        assert_eq!(text, "1234567 more");
    }

    #[test]
    fn chinese_words_stand_without_spaces_and_latin_ones_with() {
        assert_eq!(
            closed_up("broker 1 的 会话请求 到达 ZooKeeper。"),
            "broker 1 的会话请求到达 ZooKeeper。"
        );
        assert_eq!(closed_up("读应答（7） 到达 b1 。"), "读应答（7）到达 b1。");
    }

    #[test]
    fn a_chinese_tag_of_any_region_chooses_chinese() {
        assert_eq!(Lang::from_tag("zh-Hans-CN"), Lang::ZhCn);
        assert_eq!(Lang::from_tag("ZH"), Lang::ZhCn);
        assert_eq!(Lang::from_tag("de"), Lang::En);
    }
}
