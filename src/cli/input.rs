//! Where a scenario comes from: a file, standard input, or a link.

use std::io::Read;

use crate::i18n::Lang;
use crate::scenario::ast::{FILE_BYTES_MAX, Scenario};
use crate::scenario::link;
use crate::scenario::parser::parse_file;

/// Reads the scenario that an argument names.
///
/// # Errors
/// What cannot be read or understood, as a sentence that begins with the name.
pub(super) fn read(name: &str) -> Result<Scenario, String> {
    let bare = name.strip_prefix('#').unwrap_or(name);
    if bare.starts_with(link::PREFIX) && !std::path::Path::new(name).exists() {
        let opened = link::decode(name).map_err(|error| format!("the link: {error}"))?;
        if let Some(engine) = opened.other_engine {
            eprintln!(
                "highwater: engine {engine} made this link; this one may show something else"
            );
        }
        return Ok(opened.scenario);
    }
    let text = text_of(name).map_err(|error| format!("{name}: {error}"))?;
    parse_file(&text).map_err(|error| {
        let place = format!("{name}:{}:{}:", error.line, error.column);
        let told = error.phrases().into_iter().skip(1).map(|phrase| phrase.text(Lang::En));
        std::iter::once(place).chain(told).collect::<Vec<_>>().join(" ")
    })
}

/// Reads a little more than the largest text, so that the parser can say that it is too large.
pub(super) fn text_of(name: &str) -> std::io::Result<String> {
    let most = FILE_BYTES_MAX as u64 + 1;
    let mut text = String::new();
    if name == "-" {
        std::io::stdin().take(most).read_to_string(&mut text)?;
    } else {
        std::fs::File::open(name)?.take(most).read_to_string(&mut text)?;
    }
    Ok(text)
}
