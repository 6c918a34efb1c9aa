//! Functions made at random, outlined at random points, and run both ways.

use wasm_encoder as to;
use wasmi::{Engine, Linker, Store, Val};

use super::outline;
use crate::module::Module;

const LOCALS: u32 = 6;
const PARAMS: u32 = 3;

/// xorshift: the same on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % u64::from(most)) as u32
    }
}

/// Writes a body at random. Every loop counts down the fuel in the last local, so that each run ends.
struct Author<'d> {
    dice: &'d mut Dice,
    out: to::Function,
    /// Of each open block, innermost last: whether it is a loop.
    open: Vec<bool>,
    has_result: bool,
}

impl Author<'_> {
    fn value(&mut self) {
        let (local, number) = (self.dice.below(LOCALS), self.dice.below(9) as i32);
        let mut sink = self.out.instructions();
        match number % 3 {
            0 => sink.i32_const(number),
            1 => sink.local_get(local),
            _ => sink.local_get(local).i32_const(number).i32_xor(),
        };
    }

    fn set(&mut self) {
        self.value();
        self.value();
        let local = self.dice.below(LOCALS);
        self.out.instructions().i32_add().local_set(local);
    }

    /// A branch forward: a loop's beginning is reached by its own end alone.
    fn target(&mut self) -> Option<u32> {
        let depth = self.dice.below(self.open.len().max(1) as u32);
        let is_loop = self.open.iter().rev().nth(depth as usize).copied()?;
        (!is_loop).then_some(depth)
    }

    fn give_back(&mut self) {
        if self.has_result {
            self.value();
        }
        self.out.instructions().return_();
    }

    fn sequence(&mut self, left: u32) {
        for _ in 0..1 + self.dice.below(4) {
            self.set();
            match self.dice.below(if left == 0 { 3 } else { 9 }) {
                0 => self.leave_if(),
                1 | 2 => self.set(),
                3 | 4 => self.choice(left - 1),
                5 => self.block(left - 1),
                6 => self.repeat(left - 1),
                7 => self.switch(left - 1),
                _ => self.under_a_value(left - 1),
            }
        }
    }

    fn leave_if(&mut self) {
        let target = self.target();
        self.value();
        match target {
            Some(depth) => drop(self.out.instructions().br_if(depth)),
            None => {
                self.out.instructions().i32_const(5).i32_eq().if_(to::BlockType::Empty);
                self.open.push(false);
                self.set();
                self.give_back();
                self.open.pop();
                self.out.instructions().end();
            }
        }
    }

    fn choice(&mut self, left: u32) {
        self.value();
        self.out.instructions().if_(to::BlockType::Empty);
        self.open.push(false);
        self.sequence(left);
        if self.dice.below(2) == 0 {
            self.out.instructions().else_();
            self.sequence(left);
        }
        self.open.pop();
        self.out.instructions().end();
    }

    fn block(&mut self, left: u32) {
        self.out.instructions().block(to::BlockType::Empty);
        self.open.push(false);
        self.sequence(left);
        self.open.pop();
        self.out.instructions().end();
    }

    fn repeat(&mut self, left: u32) {
        self.out.instructions().loop_(to::BlockType::Empty);
        self.open.push(true);
        self.sequence(left);
        let mut sink = self.out.instructions();
        sink.local_get(LOCALS).i32_const(1).i32_sub().local_tee(LOCALS);
        sink.i32_const(0).i32_gt_s().br_if(0).end();
        self.open.pop();
    }

    fn switch(&mut self, left: u32) {
        for _ in 0..3 {
            self.out.instructions().block(to::BlockType::Empty);
            self.open.push(false);
        }
        self.value();
        self.out.instructions().i32_const(3).i32_and().br_table([0, 1], 2);
        for _ in 0..3 {
            self.open.pop();
            self.out.instructions().end();
            self.sequence(left);
        }
    }

    /// What lies on the stack meanwhile.
    fn under_a_value(&mut self, left: u32) {
        self.value();
        self.value();
        self.out.instructions().if_(to::BlockType::Result(to::ValType::I32));
        self.open.push(true);
        self.sequence(left.saturating_sub(1));
        self.value();
        self.out.instructions().else_();
        self.value();
        self.open.pop();
        let local = self.dice.below(LOCALS);
        self.out.instructions().end().i32_sub().local_set(local);
    }
}

/// A module of one function; it exports the last of its locals as globals, so that all of them count.
fn module(dice: &mut Dice, has_result: bool) -> Vec<u8> {
    let mut types = to::TypeSection::new();
    let result = has_result.then_some(to::ValType::I32);
    types.ty().function([to::ValType::I32; PARAMS as usize], result);
    let mut functions = to::FunctionSection::new();
    functions.function(0);
    let mut globals = to::GlobalSection::new();
    let kind = to::GlobalType { val_type: to::ValType::I32, mutable: true, shared: false };
    let mut exports = to::ExportSection::new();
    exports.export("run", to::ExportKind::Func, 0);
    for local in 0..LOCALS {
        globals.global(kind, &to::ConstExpr::i32_const(0));
        exports.export(&format!("g{local}"), to::ExportKind::Global, local);
    }
    let locals = [to::ValType::I32; (LOCALS + 1 - PARAMS) as usize];
    let out = to::Function::new_with_locals_types(locals);
    let mut author = Author { dice, out, open: Vec::new(), has_result };
    author.out.instructions().i32_const(40).local_set(LOCALS);
    author.block(4);
    for local in 0..LOCALS {
        author.out.instructions().local_get(local).global_set(local);
    }
    if has_result {
        author.value();
    }
    author.out.instructions().end();
    let mut code = to::CodeSection::new();
    code.function(&author.out);
    let mut out = to::Module::new();
    out.section(&types).section(&functions).section(&globals).section(&exports).section(&code);
    out.finish()
}

/// What a run returns, and its globals.
fn run(bytes: &[u8], params: [i32; PARAMS as usize], has_result: bool) -> Vec<Option<i32>> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let module = wasmi::Module::new(&engine, bytes).expect("it is a module");
    let instance = Linker::new(&engine)
        .instantiate_and_start(&mut store, &module)
        .expect("it imports nothing");
    let function = instance.get_func(&store, "run").expect("it exports it");
    let mut results = vec![Val::I32(0); usize::from(has_result)];
    function.call(&mut store, &params.map(Val::I32), &mut results).expect("it ends");
    let globals = (0..LOCALS).map(|local| {
        instance.get_global(&store, &format!("g{local}")).expect("it exports it").get(&store)
    });
    results.iter().cloned().chain(globals).map(|value| value.i32()).collect()
}

#[test]
fn what_is_outlined_does_the_same() {
    let mut regions = 0;
    for seed in 1..=600_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let has_result = dice.below(2) == 0;
        let whole = module(&mut dice, has_result);
        let parsed = Module::parse(&whole).expect("it is a module");
        let share = 1 + dice.below(4);
        let points: Vec<bool> = (0..10_000).map(|_| dice.below(4) >= share).collect();
        let bytes = outline(&whole, &parsed, &|_, _| Some(&points))
            .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        wasmparser::validate(&bytes).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        regions += Module::parse(&bytes).expect("it is a module").functions.len() - 1;
        for _ in 0..6 {
            let params = [0; 3].map(|_: i32| dice.below(9) as i32);
            assert_eq!(
                run(&bytes, params, has_result),
                run(&whole, params, has_result),
                "seed {seed}, parameters {params:?}"
            );
        }
    }
    assert!(regions > 1_500, "only {regions} regions were outlined");
}
