//! A module of three functions, cut.

use wasm_encoder as to;
use wasmparser::{Element, Parser, Payload};

use super::cut;
use crate::module::Module;

/// Three functions: one that calls the second, one that calls the first, and one that only the table
/// knows; an import brings the part behind.
fn whole() -> Vec<u8> {
    let mut types = to::TypeSection::new();
    types.ty().function([], []);
    types.ty().function([to::ValType::I32], [to::ValType::I32]);
    let mut imports = to::ImportSection::new();
    imports.import("page", "bring", to::EntityType::Function(0));
    let mut functions = to::FunctionSection::new();
    functions.function(1).function(1).function(1);
    let mut tables = to::TableSection::new();
    let funcref = to::RefType::FUNCREF;
    tables.table(to::TableType {
        element_type: funcref,
        minimum: 2,
        maximum: Some(2),
        table64: false,
        shared: false,
    });
    let mut memories = to::MemorySection::new();
    memories.memory(to::MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut exports = to::ExportSection::new();
    exports.export("run", to::ExportKind::Func, 1);
    let mut elements = to::ElementSection::new();
    elements.active(
        None,
        &to::ConstExpr::i32_const(1),
        to::Elements::Functions([3].as_slice().into()),
    );
    let mut code = to::CodeSection::new();
    for callee in [2, 1, 2] {
        let mut body = to::Function::new([]);
        body.instructions().local_get(0).call(callee).end();
        code.function(&body);
    }
    let mut data = to::DataSection::new();
    data.active(0, &to::ConstExpr::i32_const(64), *b"first behind");
    let mut out = to::Module::new();
    out.section(&types).section(&imports).section(&functions).section(&tables).section(&memories);
    out.section(&exports).section(&elements).section(&code).section(&data);
    out.finish()
}

#[test]
fn both_parts_are_modules_and_each_has_its_own_data() {
    let bytes = whole();
    let module = Module::parse(&bytes).expect("it is a module");
    let behind = std::slice::from_ref(&(70..76));
    let parts = cut(&module, "bring", &|function| function == 1, behind).expect("it can be cut");
    for part in [&parts.first, &parts.behind] {
        wasmparser::validate(part).expect("it is a module");
    }
    let holds = |part: &[u8], text: &[u8]| part.windows(text.len()).any(|window| window == text);
    assert!(holds(&parts.first, b"first ") && !holds(&parts.first, b"behind"));
    assert!(holds(&parts.behind, b"behind") && !holds(&parts.behind, b"first"));
}

#[test]
fn the_part_behind_fills_every_slot_that_the_first_reaches() {
    let bytes = whole();
    let module = Module::parse(&bytes).expect("it is a module");
    let parts = cut(&module, "bring", &|function| function == 1, &[]).expect("it can be cut");
    let payloads =
        Parser::new(0).parse_all(&parts.behind).map(|payload| payload.expect("it is a module"));
    let elements: Vec<Element> = payloads
        .filter_map(|payload| match payload {
            Payload::ElementSection(section) => Some(section),
            _ => None,
        })
        .flat_map(|section| section.into_iter().map(|element| element.expect("it is a segment")))
        .collect();
    let slots = super::table_of(&elements).expect("its table is filled");
    // Slot 1 is the one that the linker gave; 2 is that of the first function, which is lent; 3 that
    // of the second, which the first calls.
    assert_eq!(slots.keys().copied().collect::<Vec<_>>(), [1, 3]);
}
