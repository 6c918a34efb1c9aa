//! Which functions stay in the first part.

use std::collections::BTreeSet;

use wasmparser::{ElementItems, Operator};

use crate::Failure;
use crate::list::{Known, List};
use crate::module::Module;

/// A list that knows fewer of a hundred functions is of another build altogether.
const KNOWN_LEAST: usize = 60;

/// Functions that ran when the first view was recorded, the few that have no name to be known by, newer
/// ones that pointers lead to, and newer ones that any of these call. `None` where the list is too old to cut by.
///
/// # Errors
/// Where the module cannot be read, or was stripped of its names.
pub fn first(module: &Module, list: &List) -> Result<Option<BTreeSet<u32>>, Failure> {
    if module.names.is_empty() {
        return Err("the module has no names: wasm-opt was to keep them (-g in index.html's data-wasm-opt-params)".into());
    }
    let of_name = |function| module.name(function).map_or(Known::Ran, |name| list.of(&name));
    let known: Vec<Known> = module.own().map(of_name).collect();
    let new = known.iter().filter(|known| **known == Known::New).count();
    if (known.len() - new) * 100 < known.len() * KNOWN_LEAST {
        return Ok(None);
    }
    let of = |function: u32| known[(function - module.imported) as usize];
    let mut first: BTreeSet<u32> =
        module.own().filter(|function| of(*function) == Known::Ran).collect();
    for element in &module.elements {
        let ElementItems::Functions(functions) = &element.items else { continue };
        for function in functions.clone() {
            let function = function?;
            if function >= module.imported && of(function) == Known::New {
                first.insert(function);
            }
        }
    }
    let mut from: Vec<u32> = first.iter().copied().collect();
    while let Some(function) = from.pop() {
        for operator in module.body(function).get_operators_reader()? {
            let Operator::Call { function_index: to } = operator? else { continue };
            if to >= module.imported && of(to) == Known::New && first.insert(to) {
                from.push(to);
            }
        }
    }
    Ok(Some(first))
}
