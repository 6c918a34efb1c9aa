//! A linked module, taken apart as far as cutting needs it: sections as lists, bodies as they are.

use std::collections::{BTreeMap, HashMap};

use wasm_encoder as to;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasmparser::{
    Data, Element, Export, FuncType, FunctionBody, Global, Import, KnownCustom, MemoryType, Name,
    Parser, Payload, Table, TypeRef,
};

use crate::Failure;

/// The parts of a module. Functions are counted as wasm counts them: imported ones come first.
#[derive(Default)]
pub struct Module<'a> {
    /// Every type; all are of functions.
    pub types: Vec<FuncType>,
    /// What is imported, in order.
    pub imports: Vec<Import<'a>>,
    /// The type of every function, imported and own.
    pub functions: Vec<u32>,
    /// How many of them are imported.
    pub imported: u32,
    /// Its tables; the first one is that of function pointers.
    pub tables: Vec<Table<'a>>,
    /// Its memories.
    pub memories: Vec<MemoryType>,
    /// Its globals.
    pub globals: Vec<Global<'a>>,
    /// What it exports.
    pub exports: Vec<Export<'a>>,
    /// The function that runs when it is instantiated.
    pub start: Option<u32>,
    /// What fills its tables.
    pub elements: Vec<Element<'a>>,
    /// How many pieces of data there are, where the module says so ahead of its code.
    pub data_count: Option<u32>,
    /// The bodies of its own functions.
    pub bodies: Vec<FunctionBody<'a>>,
    /// What fills its memory.
    pub data: Vec<Data<'a>>,
    /// Names of functions, as the linker wrote them.
    pub names: HashMap<u32, &'a str>,
    /// Which newer parts of wasm the compiler used, for wasm-opt.
    pub features: Option<&'a [u8]>,
}

impl<'a> Module<'a> {
    /// Takes a module apart.
    ///
    /// # Errors
    /// Where it is no module, or one with parts that a page's module has not.
    pub fn parse(bytes: &'a [u8]) -> Result<Module<'a>, Failure> {
        let mut module = Module::default();
        for payload in Parser::new(0).parse_all(bytes) {
            module.take(payload?)?;
        }
        Ok(module)
    }

    fn take(&mut self, payload: Payload<'a>) -> Result<(), Failure> {
        match payload {
            Payload::TypeSection(section) => {
                for kind in section.into_iter_err_on_gc_types() {
                    self.types.push(kind?);
                }
            }
            Payload::ImportSection(section) => self.take_imports(section)?,
            Payload::FunctionSection(section) => {
                for function in section {
                    self.functions.push(function?);
                }
            }
            Payload::TableSection(section) => self.tables = all(section)?,
            Payload::MemorySection(section) => self.memories = all(section)?,
            Payload::GlobalSection(section) => self.globals = all(section)?,
            Payload::ExportSection(section) => self.exports = all(section)?,
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(section) => self.elements = all(section)?,
            Payload::DataCountSection { count, .. } => self.data_count = Some(count),
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            Payload::DataSection(section) => self.data = all(section)?,
            Payload::CustomSection(section) => {
                if section.name() == "target_features" {
                    self.features = Some(section.data());
                }
                if let KnownCustom::Name(names) = section.as_known() {
                    self.take_names(names)?;
                }
            }
            Payload::TagSection(_) => return Err("a module with tags".into()),
            _ => {}
        }
        Ok(())
    }

    fn take_imports(
        &mut self,
        section: wasmparser::ImportSectionReader<'a>,
    ) -> Result<(), Failure> {
        for import in section.into_imports() {
            let import = import?;
            match import.ty {
                TypeRef::Func(kind) => {
                    self.functions.push(kind);
                    self.imported += 1;
                }
                _ => return Err(format!("{} is imported and no function", import.name).into()),
            }
            self.imports.push(import);
        }
        Ok(())
    }

    fn take_names(&mut self, names: wasmparser::NameSectionReader<'a>) -> Result<(), Failure> {
        for part in names {
            if let Name::Function(map) = part? {
                for naming in map {
                    let naming = naming?;
                    self.names.insert(naming.index, naming.name);
                }
            }
        }
        Ok(())
    }

    /// Indices of its own functions.
    pub fn own(&self) -> std::ops::Range<u32> {
        self.imported..self.functions.len() as u32
    }

    /// The body of one of its own functions.
    pub fn body(&self, function: u32) -> &FunctionBody<'a> {
        &self.bodies[(function - self.imported) as usize]
    }

    /// The type of a function.
    pub fn kind(&self, function: u32) -> &FuncType {
        &self.types[self.functions[function as usize] as usize]
    }

    /// The name of a function, readable and without what every build makes anew. A few that tools add
    /// behind the linker have none.
    pub fn name(&self, function: u32) -> Option<String> {
        self.names.get(&function).map(|name| format!("{:#}", rustc_demangle::demangle(name)))
    }
}

impl Module<'_> {
    /// The module written again with other types, functions, code and names.
    ///
    /// # Errors
    /// Where a part of it cannot be written.
    pub fn written(
        &self,
        types: &[FuncType],
        functions: &to::FunctionSection,
        code: &to::CodeSection,
        names: &BTreeMap<u32, &str>,
    ) -> Result<Vec<u8>, Failure> {
        self.written_with(&[], types, functions, code, names)
    }

    /// The same with more memories, each by the name that it is exported under, and its pages.
    ///
    /// # Errors
    /// Where a part of it cannot be written.
    pub fn written_with(
        &self,
        more: &[(&str, u64)],
        types: &[FuncType],
        functions: &to::FunctionSection,
        code: &to::CodeSection,
        names: &BTreeMap<u32, &str>,
    ) -> Result<Vec<u8>, Failure> {
        let whole = &mut RoundtripReencoder;
        let (mut imports, mut tables) = (to::ImportSection::new(), to::TableSection::new());
        for import in &self.imports {
            whole.parse_import(&mut imports, *import)?;
        }
        for table in &self.tables {
            whole.parse_table(&mut tables, table.clone())?;
        }
        let (mut memories, mut globals) = (to::MemorySection::new(), to::GlobalSection::new());
        let mut exports = to::ExportSection::new();
        for memory in &self.memories {
            memories.memory(whole.memory_type(*memory)?);
        }
        for global in &self.globals {
            whole.parse_global(&mut globals, global.clone())?;
        }
        for export in &self.exports {
            whole.parse_export(&mut exports, *export)?;
        }
        for ((name, minimum), index) in more.iter().zip(self.memories.len() as u32..) {
            let (maximum, page_size_log2) = (None, None);
            let minimum = *minimum;
            memories.memory(to::MemoryType {
                minimum,
                maximum,
                memory64: false,
                shared: false,
                page_size_log2,
            });
            exports.export(name, to::ExportKind::Memory, index);
        }
        let (mut elements, mut data) = (to::ElementSection::new(), to::DataSection::new());
        for element in &self.elements {
            whole.parse_element(&mut elements, element.clone())?;
        }
        for piece in &self.data {
            whole.parse_data(&mut data, piece.clone())?;
        }
        let mut out = to::Module::new();
        out.section(&type_section(types)?).section(&imports).section(functions).section(&tables);
        out.section(&memories).section(&globals).section(&exports);
        if let Some(function_index) = self.start {
            out.section(&to::StartSection { function_index });
        }
        out.section(&elements);
        if let Some(count) = self.data_count {
            out.section(&to::DataCountSection { count });
        }
        out.section(code).section(&data);
        out.section(&name_section(names.iter().map(|(function, name)| (*function, *name))));
        if let Some(features) = self.features {
            let (name, data) = ("target_features".into(), features.into());
            out.section(&to::CustomSection { name, data });
        }
        Ok(out.finish())
    }
}

/// The section of types.
///
/// # Errors
/// Where a type cannot be written.
pub fn type_section(types: &[FuncType]) -> Result<to::TypeSection, Failure> {
    let mut section = to::TypeSection::new();
    for kind in types {
        section.ty().func_type(&RoundtripReencoder.func_type(kind.clone())?);
    }
    Ok(section)
}

/// The names of functions, in the order of their indices.
pub fn name_section<'n>(functions: impl Iterator<Item = (u32, &'n str)>) -> to::NameSection {
    let mut named = to::NameMap::new();
    for (function, name) in functions {
        named.append(function, name);
    }
    let mut names = to::NameSection::new();
    names.functions(&named);
    names
}

fn all<'a, T: wasmparser::FromReader<'a>>(
    section: wasmparser::SectionLimited<'a, T>,
) -> Result<Vec<T>, Failure> {
    Ok(section.into_iter().collect::<Result<_, _>>()?)
}
