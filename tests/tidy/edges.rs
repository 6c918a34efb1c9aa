//! Rules 1: which module may use which, and who may name which foreign crate.
//!
//! Why: a border that nobody checks is gone within a month. The tables are ARCHITECTURE.md's picture;
//! move a border there and here in one commit, and say why.

use crate::source::{Kind, Source};

/// What each top-level module may use of the crate, itself apart. `i18n` is a leaf: it imports nothing,
/// and whoever has something to say holds its keys and arguments.
const LAYERS: &[(&str, &[&str])] = &[
    ("engine", &[]),
    ("i18n", &[]),
    ("view", &["i18n", "engine"]),
    ("scenario", &["i18n", "engine", "view"]),
    ("lesson", &["i18n", "engine", "view", "scenario"]),
    ("store", &["i18n", "engine", "view"]),
    ("session", &["i18n", "engine", "view", "scenario", "lesson", "store"]),
    ("console", &["i18n", "engine", "view", "scenario"]),
    ("conform", &["engine", "view", "scenario", "console"]),
    ("simulate", &["engine", "view", "scenario"]),
    (
        "cli",
        &[
            "i18n", "engine", "view", "scenario", "simulate", "lesson", "store", "session",
            "conform",
        ],
    ),
    // What `ui` sees of the engine is in UI_ENGINE; of the store it sees what was reported, and only
    // its effects reach it.
    ("ui", &["i18n", "engine", "view", "scenario", "console", "lesson", "session"]),
];

/// The engine's vocabulary: plain data, its containers and the node's contract, free to all of the engine.
const VOCABULARY: &[&str] = &[
    "ids",
    "time",
    "address",
    "json",
    "persistent",
    "crc",
    "rng",
    "pattern",
    "error",
    "setting",
    "config",
    "config_def",
    "command",
    "event",
    "protocol",
    "system",
    "node",
    "ordered",
    "planted",
];

/// What each part of the engine may use of the engine beside the vocabulary and itself: a whole part,
/// or one file of it.
///
/// Clients, brokers and the controller meet only through messages; a log knows nothing of replication;
/// programs reach brokers only through the client library; only `sim` sees everything.
const ENGINE: &[(&str, &[&str])] = &[
    ("record", &[]),
    ("disk", &[]),
    ("log", &["record", "disk"]),
    ("network", &[]),
    ("zookeeper", &["disk"]),
    ("controller", ZOOKEEPER_CLIENT),
    ("replication", &["log", "record", "disk"]),
    // What a coordinator writes, its broker appends: it sees no log.
    ("group", &["record"]),
    // A Kafka server holds its controller, in one process; the two still talk through messages.
    (
        "broker",
        &["replication", "group", "log", "record", "disk", "controller", "zookeeper::client"],
    ),
    ("assignor", &[]),
    ("client", &["record", "assignor"]),
    // `kafka-dump-log` reads the files of others, as bytes.
    ("program", &["client", "record", "assignor", "group::schema", "log::read_snapshot"]),
    // Kafka's messages carry batches as bytes; their size is counted from the batch headers.
    ("protocol", &["record"]),
];

/// ZooKeeper's client library, which Kafka servers use; the server itself they meet in messages.
const ZOOKEEPER_CLIENT: &[&str] =
    &["zookeeper::client", "zookeeper::ZkClient", "zookeeper::ZkEvent", "zookeeper::ZkResults"];

/// What `ui` may see of the engine: names of things, and the commands that it sends.
const UI_ENGINE: &[&str] = &["ids", "command", "time", "config", "error", "event", "protocol"];

/// Crates of the browser, and where they may be named.
const BROWSER_CRATES: &[&str] = &[
    "web_sys",
    "js_sys",
    "wasm_bindgen",
    "wasm_bindgen_futures",
    "serde_wasm_bindgen",
    "console_error_panic_hook",
    "yew",
    "gloo",
    "idb",
];

/// Crates of a native process.
const NATIVE_CRATES: &[&str] = &["clap", "tokio"];

/// Formats live at the edges: the engine and the view hold plain values.
const FORMAT_CRATES: &[&str] =
    &["serde_json", "postcard", "serde_wasm_bindgen", "base64", "winnow"];

/// Uses of this crate's modules that the tables do not allow.
pub fn module_edges(source: &Source) -> Vec<String> {
    let from = source.module();
    if from.is_empty() {
        return Vec::new();
    }
    let uses = paths(source);
    let bad = uses.into_iter().filter_map(|(to, i)| {
        // A test may set a part of the engine up together with others.
        let within = from[0] == "engine" && to.first() == from.first();
        let why = if within && source.in_tests(i) { None } else { why_forbidden(&from, &to) };
        why.map(|why| source.at(i, &format!("{} uses {}: {why}", from.join("::"), to.join("::"))))
    });
    bad.collect()
}

/// Foreign crates named where they may not be.
pub fn foreign_crates(source: &Source) -> Vec<String> {
    let path = source.path.as_str();
    let browser = path.starts_with("src/ui/") || path == "src/store/indexed_db.rs";
    let native = path.starts_with("src/cli/");
    let pure = path.starts_with("src/engine/") || path.starts_with("src/view/");
    let mut found = Vec::new();
    for (i, token) in source.tokens.iter().enumerate().filter(|(_, t)| t.kind == Kind::Ident) {
        let name = token.text.as_str();
        // A crate is named before `::`, or as a whole in `use name;`.
        let named = source.reads(i + 1, &[":", ":"]) || (i > 0 && source.is(i - 1, "use"));
        let why = match () {
            () if !named => continue,
            () if BROWSER_CRATES.contains(&name) && !browser => "only ui and the IndexedDB store",
            () if NATIVE_CRATES.contains(&name) && !native => "only cli",
            // Tests of the engine read recorded facts, which are JSON.
            () if FORMAT_CRATES.contains(&name) && pure && !source.in_tests(i) => {
                "formats live at the edges"
            }
            () => continue,
        };
        found.push(source.at(i, &format!("names the crate {name}: {why}")));
    }
    found
}

/// `&mut` in the signature of a public function of `view`: a projection only reads.
pub fn view_only_reads(source: &Source) -> Vec<String> {
    if !source.path.starts_with("src/view/") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for i in 0..source.tokens.len() {
        if !source.reads(i, &["pub", "fn"]) {
            continue;
        }
        let opened = (i..source.tokens.len()).find(|k| source.is(*k, "("));
        let open = opened.expect("a function has parameters in parentheses");
        let taken = (open..source.close_of(open)).find(|k| source.is(*k, "mut"));
        if let Some(k) = taken.filter(|k| source.is(k - 1, "&") || source.tokens[k - 2].text == "'")
        {
            found.push(source.at(k, "a public function of view takes &mut"));
        }
    }
    found
}

fn why_forbidden(from: &[String], to: &[String]) -> Option<&'static str> {
    let (layer, target) = (from.first()?.as_str(), to.first()?.as_str());
    if layer == target {
        return if layer == "engine" { why_engine_forbidden(from, to) } else { None };
    }
    if !LAYERS.iter().any(|(name, _)| *name == target) {
        return None;
    }
    let effects = from.get(1).is_some_and(|part| part == "effects");
    let reported = to.get(1).is_some_and(|part| part == "report");
    if layer == "ui" && target == "store" && (effects || reported) {
        return None;
    }
    let allowed = LAYERS.iter().find(|(name, _)| *name == layer).map_or(&[][..], |(_, may)| may);
    if !allowed.contains(&target) {
        return Some("data flows down the list of src/lib.rs, never up");
    }
    let part = to.get(1).map(String::as_str);
    if layer == "ui" && target == "engine" && !part.is_some_and(|p| UI_ENGINE.contains(&p)) {
        return Some("the page sees the engine's names and commands; the rest comes through view");
    }
    None
}

fn why_engine_forbidden(from: &[String], to: &[String]) -> Option<&'static str> {
    let (Some(part), Some(target)) = (from.get(1), to.get(1)) else { return None };
    let (part, target) = (part.as_str(), target.as_str());
    if part == target || part == "sim" || VOCABULARY.contains(&target) {
        return None;
    }
    let allowed = ENGINE.iter().find(|(name, _)| *name == part).map_or(&[][..], |(_, may)| may);
    let file = format!("{target}::{}", to.get(2).map_or("", String::as_str));
    if allowed.contains(&target) || allowed.contains(&file.as_str()) {
        return None;
    }
    Some("parts of the engine meet through protocol and network, and only sim sees them all")
}

/// Every path into this crate that the file names, from `crate`, `self` or `super`, groups expanded,
/// with the token where it starts.
fn paths(source: &Source) -> Vec<(Vec<String>, usize)> {
    let mut found = Vec::new();
    let mut module = source.module();
    let mut inline: Vec<usize> = Vec::new();
    let mut i = 0;
    while i < source.tokens.len() {
        if inline.last() == Some(&i) {
            inline.pop();
            module.pop();
        }
        if source.is(i, "mod") && source.is(i + 2, "{") {
            inline.push(source.close_of(i + 2));
            module.push(source.tokens[i + 1].text.clone());
            i += 3;
            continue;
        }
        let starts = ["crate", "self", "super"].iter().any(|word| source.is(i, word));
        let follows = i >= 2 && source.reads(i - 2, &[":", ":"]);
        if starts && !follows && source.reads(i + 1, &[":", ":"]) {
            i = expand(source, i, &module, &[], &mut found);
        } else {
            i += 1;
        }
    }
    found
}

/// Reads one path from token `i` on, after `prefix`; returns the token after it.
fn expand(
    source: &Source,
    start: usize,
    module: &[String],
    prefix: &[String],
    found: &mut Vec<(Vec<String>, usize)>,
) -> usize {
    let mut path = prefix.to_vec();
    let mut i = start;
    loop {
        match source.tokens[i].text.as_str() {
            "{" => {
                let close = source.close_of(i);
                let mut k = i + 1;
                while k < close {
                    k = expand(source, k, module, &path, found);
                    k += usize::from(source.is(k, ","));
                }
                return close + 1;
            }
            "crate" => path.clear(),
            "self" if i == start && prefix.is_empty() => path = module.to_vec(),
            "super" if i == start && prefix.is_empty() => {
                path = module[..module.len().saturating_sub(1)].to_vec();
            }
            "super" => drop(path.pop()),
            "self" | "*" => {}
            name => path.push(name.to_owned()),
        }
        if !source.reads(i + 1, &[":", ":"]) || source.is(i + 3, "<") {
            break;
        }
        i += 3;
    }
    found.push((path, start));
    // `name as other` inside a group: the other name is no path.
    let next = i + 1;
    if source.is(next, "as") { next + 2 } else { next }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(path: &str, text: &str) -> usize {
        module_edges(&Source::new(path, text)).len()
    }

    #[test]
    fn the_engine_may_not_use_the_view() {
        assert_eq!(edges("src/engine/log/log.rs", "use crate::view::cluster;"), 1);
        assert_eq!(edges("src/view/project.rs", "use crate::engine::sim::world::World;"), 0);
        assert_eq!(edges("src/i18n/mod.rs", "use crate::engine::ids::Offset;"), 1);
    }

    #[test]
    fn a_path_in_an_expression_or_a_macro_is_an_edge_too() {
        assert_eq!(edges("src/view/x.rs", "fn f() { crate::session::go(); }"), 1);
        assert_eq!(edges("src/view/x.rs", "fn f() { m! { crate::session::go } }"), 1);
    }

    #[test]
    fn groups_and_super_are_followed() {
        assert_eq!(
            edges("src/engine/log/log.rs", "use crate::{engine::ids, view, session::x};"),
            2
        );
        assert_eq!(edges("src/engine/client/mod.rs", "use super::broker::Broker;"), 1);
        let inline = "mod inner { use super::*; use super::super::sim::world; }";
        assert_eq!(edges("src/engine/client.rs", inline), 1);
    }

    #[test]
    fn a_test_may_join_parts_of_the_engine_and_no_other_layers() {
        let joined = "mod tests { use crate::engine::sim::world::World; use crate::view::scene; }";
        assert_eq!(edges("src/engine/client.rs", joined), 1);
        assert_eq!(edges("src/engine/client/tests.rs", "use crate::engine::broker::Broker;"), 0);
    }

    #[test]
    fn clients_and_brokers_meet_only_through_messages() {
        assert_eq!(edges("src/engine/client/a.rs", "use crate::engine::broker::Broker;"), 1);
        assert_eq!(edges("src/engine/broker/a.rs", "use crate::engine::client::Client;"), 1);
        assert_eq!(edges("src/engine/controller/a.rs", "use crate::engine::broker::Broker;"), 1);
        assert_eq!(edges("src/engine/broker/a.rs", "use crate::engine::protocol::Api;"), 0);
        assert_eq!(
            edges("src/engine/controller/a.rs", "use crate::engine::zookeeper::ZkClient;"),
            0
        );
        assert_eq!(
            edges("src/engine/controller/a.rs", "use crate::engine::zookeeper::tree::T;"),
            1
        );
    }

    #[test]
    fn a_log_knows_nothing_of_replication_and_a_program_nothing_of_brokers() {
        assert_eq!(edges("src/engine/log/log.rs", "use crate::engine::replication::isr::Isr;"), 1);
        assert_eq!(edges("src/engine/program/app.rs", "use crate::engine::broker::Broker;"), 1);
    }

    #[test]
    fn only_sim_sees_sim() {
        assert_eq!(edges("src/engine/node.rs", "use crate::engine::sim::world::World;"), 1);
        assert_eq!(edges("src/engine/sim/world.rs", "use crate::engine::broker::Broker;"), 0);
    }

    #[test]
    fn the_page_sees_names_and_commands_of_the_engine_and_no_more() {
        assert_eq!(edges("src/ui/app.rs", "use crate::engine::ids::BrokerId;"), 0);
        assert_eq!(edges("src/ui/app.rs", "use crate::engine::sim::world::World;"), 1);
        assert_eq!(edges("src/ui/app.rs", "use crate::store::Store;"), 1);
        assert_eq!(edges("src/ui/effects/save.rs", "use crate::store::Store;"), 0);
        assert_eq!(edges("src/ui/app.rs", "use crate::store::report::StorageState;"), 0);
    }

    #[test]
    fn browser_crates_stay_in_the_page_and_native_ones_in_the_command() {
        let browser = "use yew::prelude::*; fn f() { web_sys::window(); }";
        let count = |path| foreign_crates(&Source::new(path, browser)).len();
        assert_eq!(count("src/session/mod.rs"), 2);
        assert_eq!(count("src/ui/app.rs"), 0);
        assert_eq!(foreign_crates(&Source::new("src/ui/app.rs", "use clap::Parser;")).len(), 1);
        assert_eq!(foreign_crates(&Source::new("src/engine/ids.rs", "use postcard::X;")).len(), 1);
    }

    #[test]
    fn a_projection_that_takes_mut_is_seen() {
        let text = "pub fn cluster(world: &mut World) {}";
        assert_eq!(view_only_reads(&Source::new("src/view/project.rs", text)).len(), 1);
        let private = "fn fill(out: &mut Vec<u8>) {} pub fn read(world: &World) {}";
        assert_eq!(view_only_reads(&Source::new("src/view/project.rs", private)).len(), 0);
    }
}
