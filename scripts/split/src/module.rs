//! A linked module, taken apart as far as cutting needs it: sections as lists, bodies as they are.

use std::collections::HashMap;

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

fn all<'a, T: wasmparser::FromReader<'a>>(
    section: wasmparser::SectionLimited<'a, T>,
) -> Result<Vec<T>, Failure> {
    Ok(section.into_iter().collect::<Result<_, _>>()?)
}
