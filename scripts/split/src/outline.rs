//! Moves what never ran of a function that did into functions of its own, so that the cut can put it
//! behind.
//!
//! A region is a run of whole operators of one block that never ran, with nothing on the stack before it
//! and behind it. It becomes a function of the locals that it reads; it returns those that it writes and
//! that are read later, and, where it leaves in several ways, which one. In its place stands a call.

mod live;
mod region;

use std::collections::BTreeMap;

use wasm_encoder as to;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasmparser::{FuncType, Operator, ValType};

use crate::Failure;
use crate::body::Body;
use crate::module::Module;
use region::Region;

/// The module written again, outlined: its functions keep their indices, regions come behind them. `ran` says of a function, by index, which of its points ran; `None` where it is not
/// to be touched.
///
/// # Errors
/// Where the module is not valid.
pub fn outline<'l>(
    bytes: &[u8],
    module: &Module,
    ran: &dyn Fn(u32, &Body) -> Option<&'l [bool]>,
) -> Result<Vec<u8>, Failure> {
    let mut writer = Writer {
        module,
        types: module.types.clone(),
        code: to::CodeSection::new(),
        regions: Vec::new(),
    };
    for (function, body) in module.own().zip(Body::of_module(bytes)?) {
        let regions = match ran(function, &body) {
            Some(ran) => region::cold(&body, ran),
            None => Vec::new(),
        };
        writer.function(function, &body, &regions)?;
    }
    writer.finish()
}

struct Writer<'m, 'a> {
    module: &'m Module<'a>,
    types: Vec<FuncType>,
    code: to::CodeSection,
    /// The functions that the regions became: type, body, name.
    regions: Vec<(u32, to::Function, String)>,
}

impl Writer<'_, '_> {
    fn function(&mut self, function: u32, body: &Body, regions: &[Region]) -> Result<(), Failure> {
        let parsed = self.module.body(function);
        if regions.is_empty() {
            RoundtripReencoder.parse_function_body(&mut self.code, parsed.clone())?;
            return Ok(());
        }
        let mut locals: Vec<to::ValType> = Vec::new();
        for kind in &body.locals[body.params..] {
            locals.push(RoundtripReencoder.val_type(*kind)?);
        }
        // Where a region returns a value or goes on, it is kept here.
        let kept = (body.locals.len()) as u32;
        if let [result] = body.results[..]
            && regions.iter().any(|region| region.returns && region.ways() > 1)
        {
            locals.push(RoundtripReencoder.val_type(result)?);
        }
        let mut out = to::Function::new_with_locals_types(locals);
        let mut at = 0;
        for region in regions {
            while at < region.range.start {
                out.instruction(&RoundtripReencoder.instruction(body.ops[at].operator.clone())?);
                at += 1;
            }
            let to = self.region(function, body, region)?;
            region.call(&mut out, to, kept);
            at = region.range.end;
        }
        for op in &body.ops[at..] {
            out.instruction(&RoundtripReencoder.instruction(op.operator.clone())?);
        }
        self.code.function(&out);
        Ok(())
    }

    /// Makes a region a function; returns its index.
    fn region(&mut self, function: u32, body: &Body, region: &Region) -> Result<u32, Failure> {
        let kind = FuncType::new(region.params(body), region.results(body));
        let known = self.types.iter().position(|other| *other == kind).unwrap_or(self.types.len());
        if known == self.types.len() {
            self.types.push(kind);
        }
        let index = self.module.functions.len() + self.regions.len();
        let name = self.module.names.get(&function).copied().unwrap_or_default();
        let name = format!("{name}~{}", self.regions.len());
        self.regions.push((known as u32, region.function(body)?, name));
        Ok(index as u32)
    }

    fn finish(mut self) -> Result<Vec<u8>, Failure> {
        let module = self.module;
        let mut functions = to::FunctionSection::new();
        for function in module.own() {
            functions.function(module.functions[function as usize]);
        }
        let mut names: BTreeMap<u32, &str> =
            module.names.iter().map(|(function, name)| (*function, *name)).collect();
        for ((kind, body, name), index) in self.regions.iter().zip(module.functions.len() as u32..)
        {
            functions.function(*kind);
            self.code.function(body);
            names.insert(index, name);
        }
        module.written(&self.types, &functions, &self.code, &names)
    }
}

/// Numbers for a region's locals: parameters first, in the order of their types.
fn sorted(locals: impl Iterator<Item = u32>, body: &Body) -> Vec<u32> {
    let rank = |kind: ValType| match kind {
        ValType::I32 => 0,
        ValType::I64 => 1,
        ValType::F32 => 2,
        ValType::F64 => 3,
        _ => 4,
    };
    let mut locals: Vec<u32> = locals.collect();
    locals.sort_by_key(|local| (rank(body.locals[*local as usize]), *local));
    locals
}

/// The local that an operator reads or writes.
fn local_of(operator: &Operator) -> Option<u32> {
    match operator {
        Operator::LocalGet { local_index }
        | Operator::LocalSet { local_index }
        | Operator::LocalTee { local_index } => Some(*local_index),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
