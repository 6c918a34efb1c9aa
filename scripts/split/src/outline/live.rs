//! Which locals still matter where.

use wasmparser::Operator;

use crate::body::{Body, Label};

/// A set of locals, a bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locals(Vec<u64>);

impl Locals {
    /// Adds a local.
    pub fn insert(&mut self, local: u32) {
        let word = (local / 64) as usize;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (local % 64);
    }

    /// Takes a local away.
    fn remove(&mut self, local: u32) {
        if let Some(word) = self.0.get_mut((local / 64) as usize) {
            *word &= !(1 << (local % 64));
        }
    }

    /// Adds all of another set.
    pub fn join(&mut self, other: &Locals) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }

    /// Whether a local is in it.
    pub fn has(&self, local: u32) -> bool {
        self.0.get((local / 64) as usize).is_some_and(|word| word & (1 << (local % 64)) != 0)
    }

    fn holds(&self, other: &Locals) -> bool {
        other
            .0
            .iter()
            .enumerate()
            .all(|(at, word)| word & !self.0.get(at).copied().unwrap_or(0) == 0)
    }
}

/// Which locals are read later than each operator, before anything is written to them.
pub struct Live<'b, 'a> {
    body: &'b Body<'a>,
    /// Before each operator.
    before: Vec<Locals>,
    /// At each label of a block, by the operator that opens it.
    labels: Vec<Locals>,
    /// What all labels outside of the sequence that is looked at count as, where that is not the function.
    outside: Option<(std::ops::Range<usize>, Locals)>,
}

impl<'b, 'a> Live<'b, 'a> {
    /// In a whole function.
    pub fn of(body: &'b Body<'a>) -> Self {
        let count = body.ops.len();
        let mut live = Live {
            body,
            before: vec![Locals::default(); count],
            labels: vec![Locals::default(); count],
            outside: None,
        };
        live.sequence(0..count - 1, Locals::default());
        live
    }

    /// What a sequence of a function reads of its surroundings, when `after` is read wherever it leads.
    pub fn read_by(body: &'b Body<'a>, range: std::ops::Range<usize>, after: &Locals) -> Locals {
        let count = body.ops.len();
        let mut live = Live {
            body,
            before: vec![Locals::default(); count],
            labels: vec![Locals::default(); count],
            outside: Some((range.clone(), after.clone())),
        };
        live.sequence(range, after.clone())
    }

    /// Before an operator.
    pub fn before(&self, op: usize) -> &Locals {
        &self.before[op]
    }

    /// Where a branch leads.
    pub fn at(&self, label: Label) -> Locals {
        match label {
            Label::Function => Locals::default(),
            Label::Block(head) => self.labels[head].clone(),
        }
    }

    fn target(&self, op: usize, depth: u32) -> Locals {
        let label = self.body.label(self.body.ops[op].within, depth);
        match (&self.outside, label) {
            (Some((range, after)), Label::Block(head)) if !range.contains(&head) => after.clone(),
            (Some((_, after)), Label::Function) => after.clone(),
            _ => self.at(label),
        }
    }

    /// Walks a sequence from its end; returns what is live before it.
    fn sequence(&mut self, range: std::ops::Range<usize>, out: Locals) -> Locals {
        let mut heads = Vec::new();
        let mut at = range.start;
        while at < range.end {
            heads.push(at);
            at = self.body.next(at);
        }
        self.before[range.end] = out.clone();
        let mut now = out;
        for head in heads.into_iter().rev() {
            now = self.item(head, now);
            self.before[head] = now.clone();
        }
        now
    }

    fn item(&mut self, op: usize, mut now: Locals) -> Locals {
        match &self.body.ops[op].operator {
            Operator::LocalGet { local_index } => now.insert(*local_index),
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                now.remove(*local_index)
            }
            Operator::Br { relative_depth } => now = self.target(op, *relative_depth),
            Operator::BrIf { relative_depth } => now.join(&self.target(op, *relative_depth)),
            Operator::BrTable { targets } => {
                now = self.target(op, targets.default());
                for depth in targets.targets().flatten() {
                    now.join(&self.target(op, depth));
                }
            }
            Operator::Return | Operator::Unreachable => now = Locals::default(),
            Operator::Loop { .. } => {
                // Until what its end leads back to adds nothing.
                let range = self.body.sequences(op).remove(0);
                loop {
                    let before = self.sequence(range.clone(), now.clone());
                    if self.labels[op].holds(&before) {
                        return before;
                    }
                    self.labels[op].join(&before);
                }
            }
            _ if self.body.block(op).is_some() => {
                self.labels[op] = now.clone();
                let mut entered = Locals::default();
                let sequences = self.body.sequences(op);
                let skips = matches!(self.body.ops[op].operator, Operator::If { .. })
                    && sequences.len() == 1;
                for range in sequences {
                    let before = self.sequence(range, now.clone());
                    entered.join(&before);
                }
                if skips {
                    entered.join(&now);
                }
                return entered;
            }
            _ => {}
        }
        now
    }
}
