//! Every text of every language, as our reader writes it and as the crate `fluent-bundle` does.

use std::collections::BTreeMap;

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use fluent_syntax::ast::{
    Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey,
};
use unic_langid::LanguageIdentifier;

use super::fluent::Texts;
use super::{Arg, Lang};

/// How many sets of arguments each text is tried with.
const TRIES: usize = 300;

/// What each argument of a text may be: everything that the text chooses by, and a few others.
type Values = BTreeMap<String, Vec<Arg>>;

fn of_pattern(pattern: &Pattern<&str>, patterns: &BTreeMap<&str, &Pattern<&str>>, to: &mut Values) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            of_expression(expression, patterns, to);
        }
    }
}

fn of_expression(
    expression: &Expression<&str>,
    patterns: &BTreeMap<&str, &Pattern<&str>>,
    to: &mut Values,
) {
    match expression {
        Expression::Inline(inline) => of_inline(inline, patterns, to),
        Expression::Select { selector, variants } => {
            let InlineExpression::VariableReference { id } = selector else {
                panic!("a text chooses by something that is no argument: {selector:?}")
            };
            for variant in variants {
                let chosen = match variant.key {
                    VariantKey::Identifier { name } => Arg::from(name),
                    VariantKey::NumberLiteral { value } => {
                        Arg::Number(value.parse().expect("a whole number"))
                    }
                };
                values_of(id.name, to).push(chosen);
                of_pattern(&variant.value, patterns, to);
            }
        }
    }
}

fn of_inline(
    inline: &InlineExpression<&str>,
    patterns: &BTreeMap<&str, &Pattern<&str>>,
    to: &mut Values,
) {
    match inline {
        InlineExpression::VariableReference { id } => {
            values_of(id.name, to);
        }
        InlineExpression::MessageReference { id, attribute: None } => {
            of_pattern(patterns[id.name], patterns, to);
        }
        InlineExpression::StringLiteral { .. } => {}
        other => panic!("our reader does not know {other:?}"),
    }
}

fn values_of<'a>(name: &str, to: &'a mut Values) -> &'a mut Vec<Arg> {
    let some = || [0, 1, 2, -1, 1_234_567].map(Arg::from).to_vec();
    let with_words = |mut values: Vec<Arg>| {
        values.extend(["b1", "other", "0", ""].map(Arg::from));
        values
    };
    to.entry(name.to_owned()).or_insert_with(|| with_words(some()))
}

fn as_fluent_bundle_writes(
    bundle: &FluentBundle<FluentResource>,
    key: &str,
    args: &[(&str, Arg)],
) -> String {
    let message = bundle.get_message(key).expect("the key is there");
    let mut values = FluentArgs::new();
    for (name, value) in args {
        match value {
            Arg::Text(text) => values.set(*name, text.as_str()),
            Arg::Number(number) => values.set(*name, FluentValue::from(*number)),
        }
    }
    let mut errors = Vec::new();
    let pattern = message.value().expect("the key has a text");
    let text = bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned();
    assert!(errors.is_empty(), "{key}: {errors:?}");
    text
}

/// Compares every text of the sources; how many comparisons that were.
fn compare(lang: Lang, sources: &[&'static str]) -> usize {
    let ours = Texts::new(lang, sources);
    let id: LanguageIdentifier = lang.tag().parse().expect("a tag");
    let mut bundle = FluentBundle::new(vec![id]);
    bundle.set_use_isolating(false);
    let mut patterns = BTreeMap::new();
    let parsed: Vec<_> = sources.iter().map(|s| fluent_syntax::parser::parse(*s)).collect();
    for (resource, source) in parsed.iter().zip(sources) {
        for entry in &resource.as_ref().expect("the file is Fluent").body {
            if let Entry::Message(message) = entry {
                patterns.insert(message.id.name, message.value.as_ref().expect("a text"));
            }
        }
        let resource = FluentResource::try_new((*source).to_owned()).expect("the file is Fluent");
        bundle.add_resource(resource).expect("no key is there twice");
    }
    assert_eq!(ours.keys().collect::<Vec<_>>(), patterns.keys().copied().collect::<Vec<_>>());
    let mut compared = 0;
    for (key, pattern) in &patterns {
        let mut values = Values::new();
        of_pattern(pattern, &patterns, &mut values);
        let tries = if values.is_empty() { 1 } else { TRIES };
        for nth in 0..tries {
            let pick = |(n, (name, values)): (usize, (&'_ String, &'_ Vec<Arg>))| {
                (name.clone(), values[(nth * (n + 1) + nth / (2 * n + 3)) % values.len()].clone())
            };
            let args: Vec<_> = values.iter().enumerate().map(pick).collect();
            let args: Vec<_> =
                args.iter().map(|(name, arg)| (name.as_str(), arg.clone())).collect();
            let expected = as_fluent_bundle_writes(&bundle, key, &args);
            assert_eq!(ours.format(key, &args), Some(expected), "{key} with {args:?}");
            compared += 1;
        }
    }
    compared
}

#[test]
fn every_text_reads_as_fluent_bundle_writes_it() {
    for lang in Lang::ALL {
        let compared = compare(*lang, lang.sources());
        assert!(compared > 10_000, "only {compared} texts of {} were compared", lang.tag());
    }
}

#[test]
fn selectors_nest_and_stand_beside_text() {
    let source = "a = { $n ->\n    [0] { \"\" }\n    [one] one { $s ->\n        [x] X\n       *[y] Y{ b }\n    } end\n   *[other] { $n }s\n} and { b }.\n\n# A comment\nb = ({ $s })\n";
    for lang in Lang::ALL {
        assert!(compare(*lang, &[source]) >= TRIES);
    }
}

#[test]
fn a_text_that_names_itself_ends() {
    let texts = Texts::new(Lang::En, &["a = b { a }\n"]);
    assert_eq!(texts.format("a", &[]), Some("b b b b b b b b b ".to_owned()));
}

#[test]
fn what_is_not_fluent_ends_where_it_is_cut() {
    let whole = "a = b { $c ->\n    [d] e { \"f\" }\n   *[g] { h }\n} i\nh = { $c }\n";
    for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
        let cut: &'static str = &whole[..end];
        let texts = Texts::new(Lang::En, &[cut, "h = k\n"]);
        let text = texts.format("a", &[("c", Arg::from("d"))]);
        assert!(text.is_none_or(|text| text.len() < 20), "cut at {end}");
    }
}
