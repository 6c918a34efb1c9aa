//! Regions: where they are, what they read and write, and the functions that they become.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use wasm_encoder as to;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasmparser::{Operator, ValType};

use super::live::{Live, Locals};
use super::{local_of, sorted};
use crate::Failure;
use crate::body::{Body, Label};

/// What a region must save at least, in bytes: a call has its own weight, and so has a function.
const SAVES_LEAST: u64 = 6;

/// A run of operators that becomes a function.
pub struct Region {
    /// The operators.
    pub range: Range<usize>,
    /// Whether it comes to its end.
    falls: bool,
    /// Which labels outside it leads to, each by its depth from where the region stands.
    leads: Vec<u32>,
    /// Whether it returns from the function.
    pub returns: bool,
    /// The function's result, where it returns one.
    result: Option<ValType>,
    /// The locals that it takes and gives, in the order of parameters and results.
    takes: Vec<u32>,
    gives: Vec<u32>,
}

/// The regions of a body that are worth it, in order. `ran` says which points ran.
pub fn cold(body: &Body, ran: &[bool]) -> Vec<Region> {
    let mut ranges = Vec::new();
    find(body, ran, 0..body.ops.len() - 1, &mut ranges);
    if ranges.is_empty() {
        return Vec::new();
    }
    let live = Live::of(body);
    let made = ranges.into_iter().filter_map(|range| Region::of(body, &live, range));
    made.filter(|region| region.saves(body)).collect()
}

/// Collects runs of items that never ran, in a sequence and in the blocks of it that did.
fn find(body: &Body, ran: &[bool], sequence: Range<usize>, into: &mut Vec<Range<usize>>) {
    let mut at = sequence.start;
    let mut run: Option<usize> = None;
    // The last place in the run where the stack is as before it.
    let mut level = sequence.start;
    while at <= sequence.end {
        let op = &body.ops[at];
        let is_level = op.height == 0;
        if run.is_some() && is_level {
            level = at;
        }
        let is_cold = at < sequence.end && !ran[op.point as usize];
        if is_cold {
            if run.is_none() && is_level && op.is_reachable {
                run = Some(at);
                level = at;
            }
        } else if let Some(from) = run.take()
            && level > from
        {
            into.push(from..level);
        }
        if at == sequence.end {
            break;
        }
        if !is_cold {
            for inner in body.sequences(at) {
                find(body, ran, inner, into);
            }
        }
        at = body.next(at);
    }
}

impl Region {
    /// `None` where it does what a function cannot do for another.
    fn of(body: &Body, live: &Live, range: Range<usize>) -> Option<Region> {
        let mut written = Locals::default();
        let mut used = BTreeSet::new();
        let mut leads = BTreeSet::new();
        let mut returns = false;
        let mut after = Locals::default();
        let falls = body.ops[range.end].is_reachable;
        if falls {
            after.join(live.before(range.end));
        }
        for op in &body.ops[range.clone()] {
            let depths: Vec<u32> = match &op.operator {
                Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                    written.insert(*local_index);
                    Vec::new()
                }
                Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
                    vec![*relative_depth]
                }
                Operator::BrTable { targets } => {
                    let others = targets.targets().collect::<Result<Vec<u32>, _>>().ok()?;
                    others.into_iter().chain([targets.default()]).collect()
                }
                Operator::Return => {
                    returns = true;
                    Vec::new()
                }
                Operator::TryTable { .. } | Operator::ReturnCall { .. } => return None,
                _ => Vec::new(),
            };
            used.extend(local_of(&op.operator));
            for depth in depths {
                let label = body.label(op.within, depth);
                if let Label::Block(head) = label
                    && range.contains(&head)
                {
                    continue;
                }
                if body.carries(label) {
                    return None;
                }
                after.join(&live.at(label));
                leads.insert(depth_from(body, body.ops[range.start].within, label)?);
            }
        }
        if body.results.len() > 1 {
            return None;
        }
        let gives: Vec<u32> =
            used.iter().copied().filter(|local| written.has(*local) && after.has(*local)).collect();
        let mut given = Locals::default();
        for local in &gives {
            given.insert(*local);
        }
        let read = Live::read_by(body, range.clone(), &given);
        let takes = used.iter().copied().filter(|local| read.has(*local));
        let result = body.results.first().copied().filter(|_| returns);
        let goes_on = falls || !leads.is_empty();
        Some(Region {
            falls,
            leads: leads.into_iter().collect(),
            returns,
            result,
            takes: sorted(takes, body),
            gives: if goes_on { sorted(gives.into_iter(), body) } else { Vec::new() },
            range,
        })
    }

    /// In how many ways it can be left.
    pub fn ways(&self) -> usize {
        usize::from(self.falls) + self.leads.len() + usize::from(self.returns)
    }

    /// Whether its function says how it was left.
    fn tells(&self) -> bool {
        self.ways() > 1
    }

    fn saves(&self, body: &Body) -> bool {
        let bytes = body.ops[self.range.end].at - body.ops[self.range.start].at;
        let locals = 2 * (self.takes.len() + self.gives.len());
        let ways = if self.tells() { 2 * self.ways() + 5 } else { 1 };
        bytes >= SAVES_LEAST + 5 + locals as u64 + ways as u64
    }

    /// The types of what its function takes.
    pub fn params(&self, body: &Body) -> Vec<ValType> {
        self.takes.iter().map(|local| body.locals[*local as usize]).collect()
    }

    /// The types of what its function gives: the way, the function's result, the locals.
    pub fn results(&self, body: &Body) -> Vec<ValType> {
        let way = self.tells().then_some(ValType::I32);
        let gives = self.gives.iter().map(|local| body.locals[*local as usize]);
        way.into_iter().chain(self.result).chain(gives).collect()
    }

    /// Writes the call that stands in its place. `kept` is a local of the type of the function's result.
    pub fn call(&self, out: &mut to::Function, function: u32, kept: u32) {
        let mut sink = out.instructions();
        let returns_too = self.returns && self.tells();
        // A value that says how it was left, and a block to leave by each way that is not one itself.
        let only_branch = self.falls && self.leads.len() == 1 && !self.returns;
        if self.tells() && !only_branch {
            if self.falls {
                sink.block(to::BlockType::Empty);
            }
            if returns_too {
                sink.block(to::BlockType::Empty);
            }
        }
        for local in &self.takes {
            sink.local_get(*local);
        }
        sink.call(function);
        for local in self.gives.iter().rev() {
            sink.local_set(*local);
        }
        if !self.tells() {
            match (self.leads.first(), self.returns) {
                (Some(depth), _) => sink.br(*depth),
                (None, true) => sink.return_(),
                (None, false) if self.falls => return,
                (None, false) => sink.unreachable(),
            };
            return;
        }
        if only_branch {
            sink.br_if(self.leads[0]);
            return;
        }
        if returns_too && self.result.is_some() {
            sink.local_set(kept);
        }
        let around = u32::from(self.falls) + u32::from(returns_too);
        let mut depths = Vec::new();
        if self.falls {
            depths.push(around - 1);
        }
        depths.extend(self.leads.iter().map(|depth| depth + around));
        if returns_too {
            depths.push(0);
        }
        let last = depths.pop().unwrap_or_default();
        sink.br_table(depths, last);
        if returns_too {
            sink.end();
            if self.result.is_some() {
                sink.local_get(kept);
            }
            sink.return_();
        }
        if self.falls {
            sink.end();
        }
    }

    /// The function that it becomes.
    ///
    /// # Errors
    /// Where an operator cannot be written again.
    pub fn function(&self, body: &Body) -> Result<to::Function, Failure> {
        let mut numbers: BTreeMap<u32, u32> = self.takes.iter().copied().zip(0..).collect();
        let used = body.ops[self.range.clone()].iter().filter_map(|op| local_of(&op.operator));
        let others: BTreeSet<u32> = used.filter(|local| !numbers.contains_key(local)).collect();
        let others = sorted(others.into_iter(), body);
        let mut locals = Vec::new();
        for local in &others {
            numbers.insert(*local, numbers.len() as u32);
            locals.push(RoundtripReencoder.val_type(body.locals[*local as usize])?);
        }
        let kept = numbers.len() as u32;
        if let Some(result) = self.result {
            locals.push(RoundtripReencoder.val_type(result)?);
        }
        let mut out = to::Function::new_with_locals_types(locals);
        // A block for each label outside, the first one innermost.
        for _ in &self.leads {
            out.instructions().block(to::BlockType::Empty);
        }
        let mut way = 0;
        let mut depth = 0;
        for op in &body.ops[self.range.clone()] {
            self.operator(&mut out, &op.operator, &numbers, &mut depth, kept)?;
        }
        if self.falls {
            self.leave(&mut out, &numbers, way, None);
            way += 1;
            if !self.leads.is_empty() {
                out.instructions().return_();
            }
        } else {
            // Its end is not reached, but the function or a block around it ends here.
            out.instructions().unreachable();
        }
        for (index, _) in self.leads.iter().enumerate() {
            out.instructions().end();
            self.leave(&mut out, &numbers, way, None);
            way += 1;
            if index + 1 < self.leads.len() {
                out.instructions().return_();
            }
        }
        out.instructions().end();
        Ok(out)
    }

    fn operator(
        &self,
        out: &mut to::Function,
        operator: &Operator,
        numbers: &BTreeMap<u32, u32>,
        depth: &mut u32,
        kept: u32,
    ) -> Result<(), Failure> {
        let label = |to: u32| -> u32 {
            let outside = to.checked_sub(*depth);
            let block = outside.and_then(|to| self.leads.iter().position(|lead| *lead == to));
            block.map_or(to, |block| *depth + block as u32)
        };
        let mut sink = out.instructions();
        match operator {
            Operator::LocalGet { local_index } => {
                sink.local_get(numbers[local_index]);
            }
            Operator::LocalSet { local_index } => {
                sink.local_set(numbers[local_index]);
            }
            Operator::LocalTee { local_index } => {
                sink.local_tee(numbers[local_index]);
            }
            Operator::Br { relative_depth } => {
                sink.br(label(*relative_depth));
            }
            Operator::BrIf { relative_depth } => {
                sink.br_if(label(*relative_depth));
            }
            Operator::BrTable { targets } => {
                let others: Vec<u32> =
                    targets.targets().map(|to| to.map(label)).collect::<Result<_, _>>()?;
                sink.br_table(others, label(targets.default()));
            }
            Operator::Return if self.tells() => {
                if self.result.is_some() {
                    sink.local_set(kept);
                }
                let way = u32::from(self.falls) + self.leads.len() as u32;
                self.leave(out, numbers, way, Some(kept));
                out.instructions().return_();
            }
            other => {
                match other {
                    Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                        *depth += 1
                    }
                    Operator::End => *depth -= 1,
                    _ => {}
                }
                out.instruction(&RoundtripReencoder.instruction(other.clone())?);
            }
        }
        Ok(())
    }

    /// Puts on the stack what its function gives when it is left in a way.
    fn leave(
        &self,
        out: &mut to::Function,
        numbers: &BTreeMap<u32, u32>,
        way: u32,
        kept: Option<u32>,
    ) {
        let mut sink = out.instructions();
        if self.tells() {
            sink.i32_const(way as i32);
        }
        match (self.result, kept) {
            (None, _) => {}
            (Some(_), Some(kept)) => {
                sink.local_get(kept);
            }
            (Some(ValType::I64), None) => {
                sink.i64_const(0);
            }
            (Some(ValType::F32), None) => {
                sink.f32_const(0.0.into());
            }
            (Some(ValType::F64), None) => {
                sink.f64_const(0.0.into());
            }
            (Some(_), None) => {
                sink.i32_const(0);
            }
        }
        for local in &self.gives {
            sink.local_get(numbers[local]);
        }
    }
}

/// How deep a label lies from a place.
fn depth_from(body: &Body, within: Option<usize>, label: Label) -> Option<u32> {
    let mut depth = 0;
    let mut at = within;
    loop {
        match (at, label) {
            (None, Label::Function) => return Some(depth),
            (Some(head), Label::Block(to)) if head == to => return Some(depth),
            (Some(head), _) => at = body.ops[head].within,
            (None, _) => return None,
        }
        depth += 1;
    }
}
