//! A module that notes which points of its functions ran: how the list of the first view is recorded.

use std::collections::BTreeMap;

use wasm_encoder as to;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};

use crate::Failure;
use crate::body::Body;
use crate::module::Module;

/// The name under which the notes are exported: a memory with a byte for each point of each function, 0
/// until it runs.
const NOTES: &str = "ran~";
const PAGE: u64 = 65_536;

/// The module with its notes.
///
/// # Errors
/// Where the module cannot be written again.
pub fn mark(bytes: &[u8], module: &Module) -> Result<Vec<u8>, Failure> {
    let whole = &mut RoundtripReencoder;
    let mut functions = to::FunctionSection::new();
    let mut code = to::CodeSection::new();
    let mut from = 0;
    for (function, body) in module.own().zip(Body::of_module(bytes)?) {
        functions.function(module.functions[function as usize]);
        let mut out = whole.new_function_with_parsed_locals(module.body(function))?;
        let mut noted = None;
        for op in &body.ops {
            let begins =
                !matches!(op.operator, wasmparser::Operator::End | wasmparser::Operator::Else);
            // A function may be empty: its beginning is noted all the same.
            if noted.is_none() || begins && noted != Some(op.point) {
                noted = Some(op.point);
                let place = to::MemArg {
                    offset: u64::from(from + op.point),
                    align: 0,
                    target: to::MemArgTarget::Memory(module.memories.len() as u32),
                    ordering: None,
                };
                out.instructions().i32_const(0).i32_const(1).i32_store8(place);
            }
            out.instruction(&whole.instruction(op.operator.clone())?);
        }
        code.function(&out);
        from += body.points;
    }
    let pages = u64::from(from).div_ceil(PAGE);
    module.written_with(&[(NOTES, pages)], &module.types, &functions, &code, &BTreeMap::new())
}
