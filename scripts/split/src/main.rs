//! Cuts the page's linked module in two: what its first view runs, and what comes behind.
//!
//!   split page FOLDER LINKED    cuts the module of the page that Trunk built into FOLDER
//!   split mark NAMED MARKED     writes the module so that it notes which functions run
//!   split names NAMED           prints its functions: part, bytes, name
//!   split record NAMED INDICES  writes the list of the first view from the indices of what ran
//!
//! LINKED is the module as the linker left it. NAMED is one with names, as `page` keeps it in target/split. The list is first_view.txt.

mod module;
mod list;
mod choose;
mod data;
mod cut;
mod page;
mod mark;

use std::collections::BTreeSet;
use std::fs;

use list::List;
use module::Module;

/// What goes wrong here stops the build, with these words.
pub type Failure = Box<dyn std::error::Error>;

/// Where the list of the first view is, from the repository's root.
pub const LIST: &str = "scripts/split/first_view.txt";

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["page", folder, linked] => page::split(folder.as_ref(), linked.as_ref()),
        ["mark", named, marked] => {
            let bytes = fs::read(named)?;
            let out = mark::mark(&Module::parse(&bytes)?)?;
            wasmparser::validate(&out)?;
            Ok(fs::write(marked, out)?)
        }
        ["names", named] => names(&fs::read(named)?),
        ["record", named, indices] => record(&fs::read(named)?, &fs::read_to_string(indices)?),
        _ => {
            Err("split page FOLDER LINKED | mark NAMED MARKED | names NAMED | record NAMED INDICES"
                .into())
        }
    }
}

fn names(bytes: &[u8]) -> Result<(), Failure> {
    let module = Module::parse(bytes)?;
    let first =
        choose::first(&module, &List::parse(&fs::read_to_string(LIST)?)?)?.unwrap_or_default();
    for function in module.own() {
        let range = module.body(function).range();
        let part = if first.contains(&function) { "first" } else { "behind" };
        println!(
            "{part}\t{}\t{}",
            range.end - range.start,
            module.name(function).unwrap_or_default()
        );
    }
    Ok(())
}

fn record(bytes: &[u8], indices: &str) -> Result<(), Failure> {
    let module = Module::parse(bytes)?;
    let ran: BTreeSet<u32> =
        indices.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let named: Vec<(u32, String)> =
        module.own().filter_map(|function| Some((function, module.name(function)?))).collect();
    let of = |has_run: bool| {
        let ran = &ran;
        named
            .iter()
            .filter(move |(function, _)| ran.contains(function) == has_run)
            .map(|(_, name)| name.as_str())
    };
    Ok(fs::write(LIST, List::new(of(true), of(false)).text())?)
}
