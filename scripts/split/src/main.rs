//! Cuts the page's linked module in two: what its first view runs, and what comes behind.
mod cut;
mod mark;
mod module;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;

use module::Module;

pub type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["mark", from, to] => {
            let bytes = fs::read(from)?;
            let out = mark::mark(&Module::parse(&bytes)?)?;
            wasmparser::validate(&out)?;
            fs::write(to, out)?;
        }
        ["names", from] => {
            let bytes = fs::read(from)?;
            let module = Module::parse(&bytes)?;
            for f in module.own() {
                println!("{f}\t{}\t{}", { let r = module.body(f).range(); r.end - r.start }, module.name(f)?);
            }
        }
        ["cut", from, list, bring, first, behind] => {
            let bytes = fs::read(from)?;
            let module = Module::parse(&bytes)?;
            let list = fs::read_to_string(list)?;
            let list: BTreeSet<&str> = list.lines().collect();
            let out = cut::cut(&module, bring, &|f| module.name(f).is_ok_and(|n| list.contains(n)))?;
            fs::write(first, &out.first)?;
            fs::write(behind, &out.behind)?;
            wasmparser::validate(&out.first)?;
            wasmparser::validate(&out.behind)?;
        }
        ["data", from] => {
            let bytes = fs::read(from)?;
            for d in Module::parse(&bytes)?.data { println!("{:?} {}", d.kind, d.data.len()); }
        }
        _ => return Err("usage".into()),
    }
    let _ = BTreeMap::<u32, u32>::new();
    Ok(())
}
