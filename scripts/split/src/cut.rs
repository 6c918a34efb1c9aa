//! Cuts a module in two that share one memory, one table of functions and all globals.
//!
//! The first module keeps every import, all data and the functions of its list. A function behind has a
//! slot in the table. The first module reaches it there, through a dispatcher of its type that first
//! makes sure that the second module has come; where the first module holds a pointer to it, the slot
//! holds a stand-in until then. The second module in turn imports the functions of the first that it
//! calls, each by its slot, and writes its own into theirs when it is instantiated.
//!
//! So no call depends on when the second module comes: one that is early brings it. Data that only
//! functions behind reach comes with them; in the first module there are zeros instead.

use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder as to;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasmparser::{Element, ElementItems, ElementKind, ExternalKind, FuncType, Operator};

use crate::Failure;
use crate::data::{Bytes, address};
use crate::module::{Module, name_section, type_section};

/// What tells the parts of the cut among exports and imports.
const MARK: char = '~';

/// A module cut in two.
pub struct Cut {
    /// What the first view runs.
    pub first: Vec<u8>,
    /// All else.
    pub behind: Vec<u8>,
}

/// Cuts a module. `is_first` says of each of its own functions, by index, whether it stays in the first
/// part; `bring` names the imported function that brings the second; `data_behind` is the memory that only
/// the second part reaches.
///
/// # Errors
/// Where the module has something that this does not know how to cut.
pub fn cut(
    module: &Module,
    bring: &str,
    is_first: &dyn Fn(u32) -> bool,
    data_behind: &[Bytes],
) -> Result<Cut, Failure> {
    let plan = Plan::new(module, bring, is_first)?;
    Ok(Cut { first: plan.first(data_behind)?, behind: plan.behind(data_behind)? })
}

/// The dispatcher of each type, both as their indices.
type Dispatchers = BTreeMap<u32, u32>;

struct Plan<'m, 'a> {
    module: &'m Module<'a>,
    /// The imported function that brings the second part.
    bring: u32,
    /// The functions of each part; the imported ones belong to the first.
    first: Vec<u32>,
    behind: Vec<u32>,
    is_first: Vec<bool>,
    /// The table as the linker filled it.
    table: BTreeMap<u32, u32>,
    /// The slot of every function that the other part reaches.
    slots: BTreeMap<u32, u32>,
    /// Functions behind that the first part points to, and those that it calls.
    pointed: BTreeSet<u32>,
    called: BTreeSet<u32>,
    /// Functions of the first part that the second calls or points to.
    lent: BTreeSet<u32>,
    /// The length of the table.
    slots_end: u32,
}

impl<'m, 'a> Plan<'m, 'a> {
    fn new(
        module: &'m Module<'a>,
        bring: &str,
        choose: &dyn Fn(u32) -> bool,
    ) -> Result<Self, Failure> {
        let is_bring = |import: &wasmparser::Import| import.name == bring;
        let bring =
            module.imports.iter().position(is_bring).ok_or(format!("nothing imports {bring}"))?;
        let is_first: Vec<bool> = (0..module.functions.len() as u32)
            .map(|function| function < module.imported || choose(function))
            .collect();
        let (first, behind) = module.own().partition(|function| is_first[*function as usize]);
        let mut plan = Plan {
            module,
            bring: bring as u32,
            first,
            behind,
            is_first,
            table: table_of(&module.elements)?,
            slots: BTreeMap::new(),
            pointed: BTreeSet::new(),
            called: BTreeSet::new(),
            lent: BTreeSet::new(),
            slots_end: u32::try_from(module.tables[0].ty.initial)?,
        };
        plan.find_crossings()?;
        plan.give_slots();
        Ok(plan)
    }

    fn is_behind(&self, function: u32) -> bool {
        !self.is_first[function as usize]
    }

    /// Finds what one part needs of the other.
    fn find_crossings(&mut self) -> Result<(), Failure> {
        let mut pointed: BTreeSet<u32> = self.table.values().copied().collect();
        pointed.extend(self.module.start);
        for export in &self.module.exports {
            if export.kind == ExternalKind::Func {
                pointed.insert(export.index);
            }
        }
        for function in self.module.own() {
            let from_first = self.is_first[function as usize];
            for operator in self.module.body(function).get_operators_reader()? {
                match operator? {
                    Operator::Call { function_index: to } if from_first => {
                        self.called.insert(to);
                    }
                    Operator::RefFunc { function_index: to } if from_first => {
                        pointed.insert(to);
                    }
                    Operator::Call { function_index: to }
                    | Operator::RefFunc { function_index: to } => {
                        self.lent.insert(to);
                    }
                    Operator::ReturnCall { .. } => return Err("a module with tail calls".into()),
                    Operator::MemoryInit { .. } | Operator::DataDrop { .. } if !from_first => {
                        return Err("data that code behind would bring".into());
                    }
                    _ => {}
                }
            }
        }
        let is_first = &self.is_first;
        self.lent.retain(|function| is_first[*function as usize]);
        self.called.retain(|function| !is_first[*function as usize]);
        pointed.retain(|function| !is_first[*function as usize]);
        self.pointed = pointed;
        Ok(())
    }

    /// Those that have a slot keep it; the others get new ones behind the table's end.
    fn give_slots(&mut self) {
        for (slot, function) in &self.table {
            self.slots.entry(*function).or_insert(*slot);
        }
        for function in self.lent.iter().chain(&self.called).chain(&self.pointed) {
            self.slots.entry(*function).or_insert_with(|| {
                self.slots_end += 1;
                self.slots_end - 1
            });
        }
    }

    /// Types of functions behind that the first part reaches: each has a dispatcher.
    fn dispatched(&self) -> BTreeSet<u32> {
        let reached = self.called.iter().chain(&self.pointed);
        reached.map(|function| self.module.functions[*function as usize]).collect()
    }

    fn first(&self, data_behind: &[Bytes]) -> Result<Vec<u8>, Failure> {
        let module = self.module;
        let dispatched = self.dispatched();
        let stand_ins_from = module.imported + self.first.len() as u32;
        let dispatchers_from = stand_ins_from + self.pointed.len() as u32;
        let dispatchers: Dispatchers = dispatched.iter().copied().zip(dispatchers_from..).collect();
        let mut numbers = Numbers(vec![u32::MAX; module.functions.len()]);
        numbers.give((0..module.imported).chain(self.first.iter().copied()), 0);
        numbers.give(self.pointed.iter().copied(), stand_ins_from);

        let mut types: Vec<FuncType> = module.types.clone();
        let mut functions = to::FunctionSection::new();
        for function in self.first.iter().chain(&self.pointed) {
            functions.function(module.functions[*function as usize]);
        }
        for kind in &dispatched {
            functions.function(type_with_slot(&mut types, *kind));
        }
        let mut imports = to::ImportSection::new();
        for import in &module.imports {
            RoundtripReencoder.parse_import(&mut imports, *import)?;
        }

        let mut out = to::Module::new();
        out.section(&type_section(&types)?).section(&imports).section(&functions);
        out.section(&self.tables()?).section(&self.memories()?).section(&self.globals()?);
        out.section(&self.exports_of_first(&mut numbers)?);
        if let Some(start) = module.start {
            out.section(&to::StartSection { function_index: numbers.0[start as usize] });
        }
        out.section(&self.elements_of_first(&mut numbers)?);
        if let Some(count) = module.data_count {
            out.section(&to::DataCountSection { count });
        }
        out.section(&self.code_of_first(&mut numbers, &dispatchers)?);
        let mut data = to::DataSection::new();
        for piece in &module.data {
            let (at, mut bytes) = (address(piece)?, piece.data.to_vec());
            for run in data_behind.iter().filter_map(|run| within(run, at, piece.data)) {
                bytes[run].fill(0);
            }
            data.active(0, &to::ConstExpr::i32_const(at as i32), bytes);
        }
        out.section(&data);
        self.finish(out, self.first.iter(), &numbers)
    }

    /// The functions of the first part, then the stand-ins, then the dispatchers.
    fn code_of_first(
        &self,
        numbers: &mut Numbers,
        dispatchers: &Dispatchers,
    ) -> Result<to::CodeSection, Failure> {
        let module = self.module;
        let mut code = to::CodeSection::new();
        let dispatch = |body: &mut to::Function, function: u32| {
            body.instructions().i32_const(self.slots[&function] as i32);
            body.instructions().call(dispatchers[&module.functions[function as usize]]);
        };
        for function in &self.first {
            let mut body = numbers.new_function_with_parsed_locals(module.body(*function))?;
            for operator in module.body(*function).get_operators_reader()? {
                match operator? {
                    Operator::Call { function_index: to } if self.is_behind(to) => {
                        dispatch(&mut body, to)
                    }
                    other => {
                        body.instruction(&numbers.instruction(other)?);
                    }
                }
            }
            code.function(&body);
        }
        for function in &self.pointed {
            let mut body = to::Function::new([]);
            forward(&mut body, module.kind(*function).params().len() as u32);
            dispatch(&mut body, *function);
            body.instructions().end();
            code.function(&body);
        }
        for kind in dispatchers.keys() {
            let params = module.types[*kind as usize].params().len() as u32;
            let mut body = to::Function::new([]);
            body.instructions().global_get(module.globals.len() as u32).i32_eqz();
            body.instructions().if_(to::BlockType::Empty).call(self.bring).end();
            forward(&mut body, params + 1);
            body.instructions().call_indirect(0, *kind).end();
            code.function(&body);
        }
        Ok(code)
    }

    /// The table as it was, with stand-ins for what is behind, and what the second part borrows.
    fn elements_of_first(&self, numbers: &mut Numbers) -> Result<to::ElementSection, Failure> {
        let mut elements = to::ElementSection::new();
        for element in &self.module.elements {
            numbers.parse_element(&mut elements, element.clone())?;
        }
        let old_end = u32::try_from(self.module.tables[0].ty.initial)?;
        let lent =
            self.lent.iter().map(|function| (self.slots[function], numbers.0[*function as usize]));
        fill(&mut elements, lent.filter(|(slot, _)| *slot >= old_end));
        Ok(elements)
    }

    /// Names are for wasm-opt, which puts likenesses beside each other by them, and drops them then.
    fn finish<'f>(
        &self,
        mut out: to::Module,
        functions: impl Iterator<Item = &'f u32>,
        numbers: &Numbers,
    ) -> Result<Vec<u8>, Failure> {
        let names = functions.filter_map(|function| {
            let name = self.module.names.get(function)?;
            Some((numbers.0[*function as usize], *name))
        });
        out.section(&name_section(names));
        if let Some(features) = self.module.features {
            out.section(&to::CustomSection {
                name: "target_features".into(),
                data: features.into(),
            });
        }
        Ok(out.finish())
    }

    fn tables(&self) -> Result<to::TableSection, Failure> {
        let mut tables = to::TableSection::new();
        for (index, table) in self.module.tables.iter().enumerate() {
            if index == 0 {
                tables.table(self.table_type()?);
            } else {
                RoundtripReencoder.parse_table(&mut tables, table.clone())?;
            }
        }
        Ok(tables)
    }

    fn table_type(&self) -> Result<to::TableType, Failure> {
        let old = RoundtripReencoder.table_type(self.module.tables[0].ty)?;
        let grown = u64::from(self.slots_end);
        Ok(to::TableType {
            minimum: grown,
            maximum: old.maximum.map(|most| most.max(grown)),
            ..old
        })
    }

    fn memories(&self) -> Result<to::MemorySection, Failure> {
        let mut memories = to::MemorySection::new();
        for memory in &self.module.memories {
            memories.memory(RoundtripReencoder.memory_type(*memory)?);
        }
        Ok(memories)
    }

    /// The globals, and one that says whether the second part has come.
    fn globals(&self) -> Result<to::GlobalSection, Failure> {
        let mut globals = to::GlobalSection::new();
        for global in &self.module.globals {
            RoundtripReencoder.parse_global(&mut globals, global.clone())?;
        }
        let flag = to::GlobalType { val_type: to::ValType::I32, mutable: true, shared: false };
        globals.global(flag, &to::ConstExpr::i32_const(0));
        Ok(globals)
    }

    /// What the module exported, and beside it what the second part shares.
    fn exports_of_first(&self, numbers: &mut Numbers) -> Result<to::ExportSection, Failure> {
        let mut exports = to::ExportSection::new();
        for export in &self.module.exports {
            numbers.parse_export(&mut exports, *export)?;
        }
        for (kind, letter, count) in self.shared() {
            for index in 0..count {
                exports.export(&format!("{MARK}{letter}{index}"), kind, index);
            }
        }
        exports.export(
            &format!("{MARK}come"),
            to::ExportKind::Global,
            self.module.globals.len() as u32,
        );
        Ok(exports)
    }

    fn shared(&self) -> [(to::ExportKind, char, u32); 3] {
        [
            (to::ExportKind::Table, 't', self.module.tables.len() as u32),
            (to::ExportKind::Memory, 'm', self.module.memories.len() as u32),
            (to::ExportKind::Global, 'g', self.module.globals.len() as u32),
        ]
    }

    fn behind(&self, data_behind: &[Bytes]) -> Result<Vec<u8>, Failure> {
        let module = self.module;
        let mut numbers = Numbers(vec![u32::MAX; module.functions.len()]);
        numbers.give(self.lent.iter().copied(), 0);
        numbers.give(self.behind.iter().copied(), self.lent.len() as u32);

        let mut functions = to::FunctionSection::new();
        let mut code = to::CodeSection::new();
        for function in &self.behind {
            functions.function(module.functions[*function as usize]);
            numbers.parse_function_body(&mut code, module.body(*function).clone())?;
        }

        let pointers = self.table.iter().filter(|(_, function)| self.is_behind(**function));
        let mut filled: BTreeMap<u32, u32> =
            pointers.map(|(slot, function)| (*slot, *function)).collect();
        filled.extend(
            self.called
                .iter()
                .chain(&self.pointed)
                .map(|function| (self.slots[function], *function)),
        );
        let mut elements = to::ElementSection::new();
        fill(
            &mut elements,
            filled.into_iter().map(|(slot, function)| (slot, numbers.0[function as usize])),
        );

        let mut out = to::Module::new();
        out.section(&type_section(&module.types)?).section(&self.imports_of_behind()?);
        out.section(&functions).section(&elements).section(&code);
        let mut data = to::DataSection::new();
        for piece in &module.data {
            let at = address(piece)?;
            for run in data_behind.iter().filter_map(|run| within(run, at, piece.data)) {
                data.active(
                    0,
                    &to::ConstExpr::i32_const((at as usize + run.start) as i32),
                    piece.data[run].to_vec(),
                );
            }
        }
        out.section(&data);
        self.finish(out, self.behind.iter(), &numbers)
    }

    /// Functions by their slot; tables, memories and globals by the names under which the first part
    /// exports them, in its order, so that their indices are the same.
    fn imports_of_behind(&self) -> Result<to::ImportSection, Failure> {
        let module = self.module;
        let mut imports = to::ImportSection::new();
        for function in &self.lent {
            let kind = to::EntityType::Function(module.functions[*function as usize]);
            imports.import("f", &self.slots[function].to_string(), kind);
        }
        for (index, table) in module.tables.iter().enumerate() {
            let kind = match index {
                0 => self.table_type()?,
                _ => RoundtripReencoder.table_type(table.ty)?,
            };
            imports.import("s", &format!("{MARK}t{index}"), kind);
        }
        for (index, memory) in module.memories.iter().enumerate() {
            imports.import(
                "s",
                &format!("{MARK}m{index}"),
                RoundtripReencoder.memory_type(*memory)?,
            );
        }
        for (index, global) in module.globals.iter().enumerate() {
            imports.import(
                "s",
                &format!("{MARK}g{index}"),
                RoundtripReencoder.global_type(global.ty)?,
            );
        }
        Ok(imports)
    }
}

/// Every function by its old number, as its new one.
struct Numbers(Vec<u32>);

impl Numbers {
    fn give(&mut self, functions: impl Iterator<Item = u32>, from: u32) {
        for (new, function) in (from..).zip(functions) {
            self.0[function as usize] = new;
        }
    }
}

impl Reencode for Numbers {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, to::reencode::Error<Self::Error>> {
        let new = self.0[function as usize];
        assert!(
            new != u32::MAX,
            "function {function} is reached from a part that does not know it"
        );
        Ok(new)
    }
}

/// Where in the bytes at an address a run of memory lies.
fn within(run: &Bytes, at: u32, bytes: &[u8]) -> Option<std::ops::Range<usize>> {
    let from = run.start.max(at) - at;
    let to = run.end.checked_sub(at)?.min(bytes.len() as u32);
    (from < to).then_some(from as usize..to as usize)
}

/// Hands on all parameters.
fn forward(body: &mut to::Function, params: u32) {
    for param in 0..params {
        body.instructions().local_get(param);
    }
}

/// The type that takes a slot after the parameters of another.
fn type_with_slot(types: &mut Vec<FuncType>, kind: u32) -> u32 {
    let old = &types[kind as usize];
    let params = old.params().iter().copied().chain([wasmparser::ValType::I32]);
    let new = FuncType::new(params, old.results().iter().copied());
    let known = types.iter().position(|other| *other == new).unwrap_or(types.len());
    if known == types.len() {
        types.push(new);
    }
    known as u32
}

/// The slots of the table of functions, as its segments fill them.
fn table_of(segments: &[Element]) -> Result<BTreeMap<u32, u32>, Failure> {
    let mut table = BTreeMap::new();
    for element in segments {
        let (
            ElementKind::Active { table_index: None | Some(0), offset_expr },
            ElementItems::Functions(functions),
        ) = (&element.kind, &element.items)
        else {
            return Err("a segment of a table that is none of function pointers".into());
        };
        let Operator::I32Const { value: from } = offset_expr.get_operators_reader().read()? else {
            return Err("a segment of a table at no fixed place".into());
        };
        for (slot, function) in (from as u32..).zip(functions.clone()) {
            table.insert(slot, function?);
        }
    }
    Ok(table)
}

/// Segments that put functions into slots; neighbours share one.
fn fill(elements: &mut to::ElementSection, slots: impl Iterator<Item = (u32, u32)>) {
    let mut runs: Vec<(u32, Vec<u32>)> = Vec::new();
    for (slot, function) in slots {
        match runs.last_mut() {
            Some((from, run)) if *from + run.len() as u32 == slot => run.push(function),
            _ => runs.push((slot, vec![function])),
        }
    }
    for (from, run) in &runs {
        let at = to::ConstExpr::i32_const(*from as i32);
        elements.active(None, &at, to::Elements::Functions(run.as_slice().into()));
    }
}

#[cfg(test)]
mod tests;
