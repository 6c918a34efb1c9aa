//! Rules 5: what people read comes from www/i18n, in every language.
//!
//! Why: the page is complete in Chinese and in English or it is not done. A key that one language lacks,
//! an argument that one forgets, a sentence in the code: each is a hole that its author never sees.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;

use crate::source::{Kind, Source};

/// Keys that are put together from a family's name and a value: `event-` and the event's kind. A key
/// of a family needs no mention of its own; the tests beside the code walk every value.
pub const FAMILIES: &[&str] = &[];

/// What one text needs: the arguments it uses and the messages it puts in.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    arguments: BTreeSet<String>,
    messages: BTreeSet<String>,
}

/// A language's keys (attributes as `key.attribute`), with what each text needs.
pub type Messages = BTreeMap<String, Needs>;

/// Adds the messages of one file to those of its language. What does not parse, or is there twice, is
/// a finding.
pub fn read(path: &str, text: &str, into: &mut Messages) -> Vec<String> {
    let (resource, mut found) = match parser::parse(text) {
        Ok(resource) => (resource, Vec::new()),
        Err((resource, errors)) => {
            let line = |pos: usize| text[..pos.min(text.len())].lines().count();
            let say = |e: &parser::ParserError| format!("{path}:{}: {e}", line(e.pos.start));
            (resource, errors.iter().map(say).collect())
        }
    };
    let mut add = |key: String, pattern: &Pattern<&str>| {
        let mut needs = Needs::default();
        of_pattern(pattern, &mut needs);
        let twice = into.insert(key.clone(), needs).is_some();
        twice.then(|| format!("{path}: {key} is there twice"))
    };
    for entry in &resource.body {
        let Entry::Message(message) = entry else { continue };
        let name = message.id.name;
        found.extend(message.value.iter().filter_map(|value| add(name.to_owned(), value)));
        let attributes = message.attributes.iter();
        found.extend(attributes.filter_map(|a| add(format!("{name}.{}", a.id.name), &a.value)));
    }
    found
}

/// The arguments of a text and of the messages that it puts in, in lower case: English tells a host at
/// the beginning of a sentence (`$Node`) from one within it, Chinese need not.
fn arguments(messages: &Messages, key: &str) -> BTreeSet<String> {
    let Some(needs) = messages.get(key) else { return BTreeSet::new() };
    let own = needs.arguments.iter().map(|name| name.to_lowercase());
    own.chain(needs.messages.iter().flat_map(|inner| arguments(messages, inner))).collect()
}

/// Keys that one language has and another lacks, and keys whose arguments differ.
pub fn same_keys(languages: &[(&str, Messages)]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, messages) in languages {
        for (other, theirs) in languages.iter().filter(|(other, _)| other != name) {
            let lacks = messages.keys().filter(|key| !theirs.contains_key(*key));
            found.extend(lacks.map(|key| format!("{key} is in {name} and not in {other}")));
            for key in messages.keys().filter(|key| name < other && theirs.contains_key(*key)) {
                let (uses, they_use) = (arguments(messages, key), arguments(theirs, key));
                if uses != they_use {
                    found.push(format!("{key}: {name} uses {uses:?}, {other} uses {they_use:?}"));
                }
            }
        }
    }
    found
}

/// Keys that no source and no other message names, and that are of no family.
pub fn unused_keys(messages: &Messages, sources: &[&Source], families: &[&str]) -> Vec<String> {
    let named: BTreeSet<&str> = sources
        .iter()
        .flat_map(|source| &source.tokens)
        .filter(|token| token.kind == Kind::Str)
        .map(|token| token.text.as_str())
        .collect();
    let used = |key: &str| {
        let message = key.split('.').next().unwrap_or(key);
        named.contains(key)
            || named.contains(message)
            || messages.values().any(|needs| needs.messages.contains(message))
            || families.iter().any(|family| key.starts_with(family))
    };
    messages.keys().filter(|key| !used(key)).map(|key| format!("{key} is used nowhere")).collect()
}

/// Names that are the same in every language.
const NAMES: &[&str] = &["Highwater"];

/// Text for people in the page's markup: a literal where `html!` shows it, or in an attribute that is
/// read aloud or shown. A literal that is a key is no text: some component looks it up.
pub fn no_text_in_markup(source: &Source, keys: &Messages) -> Vec<String> {
    if !source.path.starts_with("src/ui/") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut i = 0;
    while i < source.tokens.len() {
        let opens = source.reads(i, &["html", "!"]) || source.reads(i, &["html_nested", "!"]);
        if opens && source.tokens.get(i + 2).is_some_and(|t| t.kind == Kind::Open) {
            let close = source.close_of(i + 2);
            markup(source, i + 3, close, &mut found);
            i = close;
        }
        i += 1;
    }
    let untranslated = |i: &usize| {
        let text = source.tokens[*i].text.as_str();
        says_something(text) && !keys.contains_key(text) && !NAMES.contains(&text)
    };
    let say = |i| source.at(i, &format!("{:?} belongs into www/i18n", source.tokens[i].text));
    found.into_iter().filter(untranslated).map(say).collect()
}

/// Attributes whose value a person reads or hears.
const SPOKEN: &[&str] = &["title", "alt", "placeholder", "label", "description", "valuetext"];

/// Finds the literals that one `html!` shows: values of attributes are skipped unless they are spoken.
fn markup(source: &Source, from: usize, to: usize, found: &mut Vec<usize>) {
    let mut i = from;
    while i < to {
        let token = &source.tokens[i];
        let value = i > from && source.is(i - 1, "=") && !source.is(i - 2, "=");
        if token.kind == Kind::Open && (value || token.text == "(") {
            // Values of attributes and arguments of calls are not shown as they are; markup within
            // them (`icon={html! { … }}`) is markup again.
            let close = source.close_of(i);
            nested(source, i, close, found);
            i = close + 1;
            continue;
        }
        let spoken = value && SPOKEN.contains(&source.tokens[i - 2].text.as_str());
        let shown = !value
            && (i > 0)
            && (source.tokens[i - 1].kind == Kind::Open && source.tokens[i - 1].text == "{"
                || source.is(i - 1, ">"))
            && (source.tokens[i + 1].kind == Kind::Close || source.is(i + 1, "<"));
        if token.kind == Kind::Str && (spoken || shown) {
            found.push(i);
        }
        i += 1;
    }
}

fn nested(source: &Source, from: usize, to: usize, found: &mut Vec<usize>) {
    let inner = (from..to).find(|k| source.reads(*k, &["html", "!"]));
    if let Some(k) = inner.filter(|k| source.tokens[k + 2].kind == Kind::Open) {
        let close = source.close_of(k + 2);
        markup(source, k + 3, close, found);
        nested(source, close, to, found);
    }
}

/// Whether a literal holds a word: signs (`·`, `▶`, `−1`) and paths are the same in every language.
fn says_something(text: &str) -> bool {
    !text.starts_with('/') && text.chars().filter(|c| c.is_alphabetic()).count() > 1
}

fn of_pattern(pattern: &Pattern<&str>, needs: &mut Needs) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            of_expression(expression, needs);
        }
    }
}

fn of_expression(expression: &Expression<&str>, needs: &mut Needs) {
    match expression {
        Expression::Inline(inline) => of_inline(inline, needs),
        Expression::Select { selector, variants } => {
            of_inline(selector, needs);
            for variant in variants {
                of_pattern(&variant.value, needs);
            }
        }
    }
}

fn of_inline(inline: &InlineExpression<&str>, needs: &mut Needs) {
    match inline {
        InlineExpression::VariableReference { id } => {
            needs.arguments.insert(id.name.to_owned());
        }
        InlineExpression::MessageReference { id, .. } => {
            needs.messages.insert(id.name.to_owned());
        }
        InlineExpression::FunctionReference { arguments: call, .. }
        | InlineExpression::TermReference { arguments: Some(call), .. } => {
            for argument in &call.positional {
                of_inline(argument, needs);
            }
        }
        InlineExpression::Placeable { expression } => of_expression(expression, needs),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(text: &str) -> Messages {
        let mut messages = Messages::new();
        assert_eq!(read("x.ftl", text, &mut messages), [""; 0]);
        messages
    }

    #[test]
    fn a_key_that_one_language_lacks_is_seen() {
        let (en, zh) = (language("a = A\nb = B\n"), language("a = 甲\n"));
        assert_eq!(same_keys(&[("en", en), ("zh-CN", zh)]), ["b is in en and not in zh-CN"]);
    }

    #[test]
    fn an_argument_that_one_language_forgets_is_seen() {
        let (en, zh) = (language("a = { $n } lost\n"), language("a = 丢失\n"));
        assert_eq!(same_keys(&[("en", en), ("zh-CN", zh)]).len(), 1);
        let plural = "a = { $n ->\n    [one] { $n } record\n   *[other] { $n } records\n }\n";
        let same = [("en", language(plural)), ("zh-CN", language("a = { $n } 条\n"))];
        assert_eq!(same_keys(&same).len(), 0);
    }

    #[test]
    fn a_file_that_does_not_parse_or_says_a_thing_twice_is_seen() {
        let findings = |text| read("x.ftl", text, &mut Messages::new()).len();
        assert_eq!(findings("a = A\n= b\n"), 1);
        assert_eq!(findings("a = A\na = B\n"), 1);
    }

    #[test]
    fn a_key_that_no_source_names_is_seen() {
        let keys = language("play = Play\n    .hint = Space\nevent-sent = Sent\nold = Old\n");
        let source = Source::new("src/ui/bar.rs", "fn f() { text(\"play\") }");
        assert_eq!(unused_keys(&keys, &[&source], &["event-"]), ["old is used nowhere"]);
    }

    #[test]
    fn a_sentence_in_the_markup_is_seen() {
        let count = |text: &str| {
            let text = format!("fn f() -> Html {{ html! {{ {text} }} }}");
            let keys = language("field-name = Name\n");
            no_text_in_markup(&Source::new("src/ui/bar.rs", &text), &keys).len()
        };
        assert_eq!(count("<p>{ \"Kill it\" }</p>"), 1);
        assert_eq!(count("<p>\"Kill it\"</p>"), 1);
        assert_eq!(count("<p>{ if on { \"Yes\" } else { \"No\" } }</p>"), 2);
        assert_eq!(count("<p title=\"Kill it\" />"), 1);
        assert_eq!(count("<button aria-label=\"Kill\" />"), 1);
        assert_eq!(count("<A icon={html! { <b>{ \"Kill\" }</b> }} />"), 1);
        assert_eq!(count("<p class=\"wide\" id={ if a { \"left\" } else { \"right\" } } />"), 0);
        assert_eq!(count("<p>{ text(\"kill\") }{ \"·\" }</p>"), 0);
        assert_eq!(
            count("{ draw(if on { \"lit\" } else { \"dim\" }) }<i>{ \"/controller\" }</i>"),
            0
        );
        assert_eq!(count("<Field label=\"field-name\" /><b>{ \"Highwater\" }</b>"), 0);
    }
}
