//! Cuts the page's linked module in two: what its first view runs, and what comes behind.
//!
//!   split page FOLDER LINKED    cuts the module of the page that Trunk built into FOLDER
//!   split mark NAMED MARKED     writes the module so that it notes which points of its functions run
//!   split names NAMED           prints its functions: part, bytes, name
//!   split record NAMED POINTS   writes the list of the first view from the indices of the points that ran
//!
//! LINKED is the module as the linker left it. NAMED is one with names, as `page` keeps it in target/split. The list is first_view.txt.

mod module;
mod body;
mod list;
mod choose;
mod outline;
mod data;
mod cut;
mod page;
mod mark;

use std::collections::BTreeSet;
use std::fs;

use body::Body;
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
            let out = mark::mark(&bytes, &Module::parse(&bytes)?)?;
            wasmparser::validate(&out)?;
            Ok(fs::write(marked, out)?)
        }
        ["names", named] => names(&fs::read(named)?),
        ["record", named, indices] => record(&fs::read(named)?, &fs::read_to_string(indices)?),
        _ => {
            Err("split page FOLDER LINKED | mark NAMED MARKED | names NAMED | record NAMED POINTS"
                .into())
        }
    }
}

fn names(bytes: &[u8]) -> Result<(), Failure> {
    let module = Module::parse(bytes)?;
    let list = List::parse(&fs::read_to_string(LIST)?)?;
    let first = choose::first(&module, &list)?.unwrap_or_default();
    let outlined = page::outlined(bytes, &module, &list, &first)?;
    let module = Module::parse(&outlined)?;
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

fn record(bytes: &[u8], points: &str) -> Result<(), Failure> {
    let module = Module::parse(bytes)?;
    let ran: BTreeSet<u32> = points.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let mut list = List::default();
    let mut from = 0;
    for (function, body) in module.own().zip(Body::of_module(bytes)?) {
        let points: Vec<bool> =
            (from..from + body.points).map(|point| ran.contains(&point)).collect();
        from += body.points;
        if let Some(name) = module.name(function) {
            list.note(&name, body.shape, &points);
        }
    }
    Ok(fs::write(LIST, list.text())?)
}
