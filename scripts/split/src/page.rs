//! The page that Trunk built: its module is cut, its document learns the names of the parts.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::list::List;
use crate::module::Module;
use crate::{Failure, LIST, choose, cut, data, outline};

/// Where the module with its names is kept, from the repository's root: what a list is recorded with.
const NAMED: &str = "target/split/named.wasm";
/// The imported function that brings the second part (`src/ui/behind.rs`).
const BRING: &str = "bring";
/// Where the document says how the second part is called.
const PLACE: &str = r#"name="behind" content="""#;

/// Modules whose functions stay as they are: what a picture needs depends on the moment that its frame
/// falls on, and no recording sees them all.
const WHOLE: [&str; 2] = ["highwater::view::scene", "highwater::ui::stage"];

/// Cuts the module of the page in a folder; `linked` is that module as the linker left it.
///
/// # Errors
/// Where the folder holds no page that is whole.
pub fn split(folder: &Path, linked: &Path) -> Result<(), Failure> {
    let whole = module_of(folder)?;
    let bytes = fs::read(&whole)?;
    fs::create_dir_all(Path::new(NAMED).parent().unwrap_or(Path::new(".")))?;
    fs::write(NAMED, &bytes)?;
    let module = Module::parse(&bytes)?;
    let list = List::parse(&fs::read_to_string(LIST)?)?;
    let Some(first) = choose::first(&module, &list)? else {
        eprintln!(
            "{LIST} is of another build: the module stays whole. `make first-view` records it anew."
        );
        return Ok(());
    };
    let outlined = outlined(&bytes, &module, &list, &first)?;
    let behind: HashSet<&str> = module
        .own()
        .filter(|function| !first.contains(function))
        .filter_map(|function| module.names.get(&function).copied())
        .collect();
    let data = data::behind(&fs::read(linked)?, &|name| behind.contains(name))?;
    let module = Module::parse(&outlined)?;
    let cut = cut::cut(&module, BRING, &|function| first.contains(&function), &data)?;
    wasmparser::validate(&cut.first)?;
    wasmparser::validate(&cut.behind)?;

    // Both have one name, of what is in both: a cache never gives parts of two builds.
    let stamp = stamp([&cut.first, &cut.behind]);
    let (first_name, behind_name) =
        (format!("highwater-{stamp}.wasm"), format!("highwater-{stamp}_behind.wasm"));
    let document = folder.join("index.html");
    let text = fs::read_to_string(&document)?;
    let old_name =
        whole.file_name().and_then(|name| name.to_str()).ok_or("a module without a name")?;
    if !text.contains(PLACE) || !text.contains(old_name) {
        return Err(
            format!("{} has no place for the parts of the module", document.display()).into()
        );
    }
    let text = text
        .replace(PLACE, &PLACE.replace(r#"content="""#, &format!(r#"content="{behind_name}""#)));
    fs::write(&document, text.replace(old_name, &first_name))?;
    fs::write(folder.join(first_name), cut.first)?;
    fs::write(folder.join(behind_name), cut.behind)?;
    Ok(fs::remove_file(whole)?)
}

/// A module whose first functions hold only what the list says that they ran.
///
/// # Errors
/// Where the module is not valid.
pub fn outlined(
    bytes: &[u8],
    module: &Module,
    list: &List,
    first: &BTreeSet<u32>,
) -> Result<Vec<u8>, Failure> {
    outline::outline(bytes, module, &|function, body| {
        let name = module.name(function)?;
        if WHOLE.iter().any(|whole| name.contains(whole)) {
            return None;
        }
        let points = list.points(&name, body.shape)?;
        (first.contains(&function) && points.len() >= body.points as usize).then_some(points)
    })
}

fn module_of(folder: &Path) -> Result<PathBuf, Failure> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            return Ok(path);
        }
    }
    Err(format!("no module in {}", folder.display()).into())
}

/// FNV-1a of 64 bits.
fn stamp(parts: [&Vec<u8>; 2]) -> String {
    let hash = parts.into_iter().flatten().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
