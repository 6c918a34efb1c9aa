//! The rules of this code, as a test: each with its reason, each shown to see what it forbids.
//!
//! A rule is a function from a file to its findings; the files under `tests/tidy/` hold the rules, why
//! they are, and tests that plant what they must find. What stands here only reads the repository.

#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/edges.rs"]
mod edges;
#[path = "tidy/engine.rs"]
mod engine;
#[path = "tidy/shape.rs"]
mod shape;
#[path = "tidy/text.rs"]
mod text;
#[path = "tidy/repo.rs"]
mod repo;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use source::Source;

/// What is made, not written. In a worktree `.git` is a file.
const MADE: &[&str] = &[".git", "target", "dist", "node_modules"];
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every written text file, as (path from the root, text).
fn files() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the repository can be read") {
            let path = entry.expect("the repository can be read").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if MADE.contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                let inner = path.strip_prefix(root()).expect("it is inside the repository");
                let inner = inner.to_string_lossy().replace('\\', "/");
                // Pictures, fonts and segments are no text.
                let bytes = fs::read(&path).unwrap_or_else(|e| panic!("{inner}: {e}"));
                found.extend(String::from_utf8(bytes).ok().map(|text| (inner, text)));
            }
        }
    }
    found.sort();
    found
}

/// Every Rust file under the folders given. They are read once for all rules.
fn sources(folders: &[&str]) -> Vec<&'static Source> {
    static ALL: LazyLock<Vec<Source>> = LazyLock::new(|| {
        let rust = files().into_iter().filter(|(path, _)| path.ends_with(".rs"));
        rust.map(|(path, text)| Source::new(&path, &text)).collect()
    });
    let within = |source: &&Source| folders.iter().any(|folder| source.path.starts_with(folder));
    ALL.iter().filter(within).collect()
}

/// Passes when no file breaks the rule; else lists every place.
fn check(folders: &[&str], rule: fn(&Source) -> Vec<String>) {
    let sources = sources(folders);
    assert!(!sources.is_empty(), "no files under {folders:?}: the rule would pass unseen");
    report(sources.into_iter().flat_map(rule).collect());
}

fn report(findings: Vec<String>) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

const ALL: &[&str] = &["src/", "tests/", "benches/"];
const CODE: &[&str] = &["src/"];

#[test]
fn modules_use_only_what_stands_above_them() {
    check(CODE, edges::module_edges);
}

#[test]
fn browser_crates_native_crates_and_formats_stay_at_the_edges() {
    check(CODE, edges::foreign_crates);
}

#[test]
fn the_view_only_reads() {
    check(CODE, edges::view_only_reads);
}

#[test]
fn the_engine_holds_nothing_that_differs_between_machines_or_runs() {
    check(CODE, engine::nothing_that_differs);
}

#[test]
fn the_engine_stores_no_pointer_wide_numbers() {
    check(CODE, engine::no_pointer_width_in_state);
}

#[test]
fn files_are_short() {
    check(ALL, shape::file_length);
}

#[test]
fn functions_are_short() {
    check(ALL, shape::function_length);
}

#[test]
fn files_open_with_what_they_are() {
    check(ALL, shape::opening_line);
}

#[test]
fn nothing_is_unfinished_or_switched_off() {
    check(ALL, shape::nothing_switched_off);
}

#[test]
fn comments_hold_no_code() {
    check(ALL, shape::no_code_in_comments);
}

/// The messages of the languages of www/i18n: `en.ftl` and `event.en.ftl` are English.
fn languages() -> Vec<(&'static str, text::Messages)> {
    let mut languages = vec![("en", text::Messages::new()), ("zh-CN", text::Messages::new())];
    for (path, content) in files() {
        let Some(name) = path.strip_prefix("www/i18n/").and_then(|p| p.strip_suffix(".ftl")) else {
            continue;
        };
        let tag = name.rsplit('.').next().unwrap_or(name);
        let language = languages.iter_mut().find(|(known, _)| *known == tag);
        let (_, messages) = language.unwrap_or_else(|| panic!("{path}: what language is {tag}?"));
        report(text::read(&path, &content, messages));
    }
    assert!(languages.iter().all(|(_, messages)| !messages.is_empty()), "a language is empty");
    languages
}

#[test]
fn every_language_has_the_same_keys_with_the_same_arguments() {
    report(text::same_keys(&languages()));
}

#[test]
fn every_key_is_used() {
    let sources = sources(CODE);
    for (_, messages) in languages() {
        report(text::unused_keys(&messages, &sources, text::FAMILIES));
    }
}

#[test]
fn the_page_says_nothing_that_is_not_translated() {
    let page = sources(&["src/ui/"]);
    assert!(!page.is_empty(), "no files of the page: the rule would pass unseen");
    let languages = languages();
    let (_, keys) = languages.first().expect("there are languages");
    report(page.iter().flat_map(|source| text::no_text_in_markup(source, keys)).collect());
}

#[test]
fn no_machine_is_named() {
    let all = files();
    // Cargo itself writes its index's address into the lockfile.
    let own = all.iter().filter(|(path, _)| path != "Cargo.lock");
    report(own.flat_map(|(path, text)| repo::no_machine(path, text)).collect());
}

#[test]
fn documents_name_files_that_exist() {
    let all = files();
    let documents =
        all.iter().filter(|(path, _)| path.ends_with(".md") && !path.starts_with("www/"));
    let exists = |path: &str| root().join(path).exists();
    report(documents.flat_map(|(path, text)| repo::no_dead_paths(path, text, exists)).collect());
}

/// Prints, and does not judge: files outside the aim of 80 to 350 lines, functions over 40.
#[test]
fn sizes_outside_the_aim_are_told() {
    for source in sources(CODE) {
        let lines = source.text.lines().count();
        if lines > 350 {
            println!("{}: {lines} lines", source.path);
        }
        for (name, first, last) in shape::functions(source) {
            if last - first >= 40 {
                println!("{}:{first}: fn {name}: {} lines", source.path, last - first + 1);
            }
        }
    }
}
