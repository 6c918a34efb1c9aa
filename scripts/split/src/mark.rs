//! A module that notes which of its functions ran: how the list of the first view is recorded.

use wasm_encoder as to;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};

use crate::Failure;
use crate::module::Module;

/// The name under which the note of a function is exported: this, and the function's index.
const NOTE: &str = "ran~";

/// The module with a global for each of its own functions, 0 until it runs.
///
/// # Errors
/// Where the module cannot be written again.
pub fn mark(module: &Module) -> Result<Vec<u8>, Failure> {
    let whole = &mut RoundtripReencoder;
    let mut globals = to::GlobalSection::new();
    for global in &module.globals {
        whole.parse_global(&mut globals, global.clone())?;
    }
    let mut exports = to::ExportSection::new();
    for export in &module.exports {
        whole.parse_export(&mut exports, *export)?;
    }
    let mut functions = to::FunctionSection::new();
    let mut code = to::CodeSection::new();
    let note = to::GlobalType { val_type: to::ValType::I32, mutable: true, shared: false };
    for (function, global) in module.own().zip(module.globals.len() as u32..) {
        globals.global(note, &to::ConstExpr::i32_const(0));
        exports.export(&format!("{NOTE}{function}"), to::ExportKind::Global, global);
        functions.function(module.functions[function as usize]);
        let mut body = whole.new_function_with_parsed_locals(module.body(function))?;
        body.instructions().i32_const(1).global_set(global);
        for operator in module.body(function).get_operators_reader()? {
            body.instruction(&whole.instruction(operator?)?);
        }
        code.function(&body);
    }

    let mut types = to::TypeSection::new();
    for kind in &module.types {
        types.ty().func_type(&whole.func_type(kind.clone())?);
    }
    let mut imports = to::ImportSection::new();
    for import in &module.imports {
        whole.parse_import(&mut imports, *import)?;
    }
    let mut tables = to::TableSection::new();
    for table in &module.tables {
        whole.parse_table(&mut tables, table.clone())?;
    }
    let mut memories = to::MemorySection::new();
    for memory in &module.memories {
        memories.memory(whole.memory_type(*memory)?);
    }
    let mut elements = to::ElementSection::new();
    for element in &module.elements {
        whole.parse_element(&mut elements, element.clone())?;
    }
    let mut data = to::DataSection::new();
    for piece in &module.data {
        whole.parse_data(&mut data, piece.clone())?;
    }

    let mut out = to::Module::new();
    out.section(&types).section(&imports).section(&functions).section(&tables).section(&memories);
    out.section(&globals).section(&exports);
    if let Some(function_index) = module.start {
        out.section(&to::StartSection { function_index });
    }
    out.section(&elements);
    if let Some(count) = module.data_count {
        out.section(&to::DataCountSection { count });
    }
    out.section(&code).section(&data);
    Ok(out.finish())
}
