//! The body of a function, taken apart: which operator closes which block, how high the stack stands,
//! and the points between which all or nothing runs.

use wasmparser::{
    BlockType, FuncValidatorAllocations, FunctionBody, Operator, Parser, ValType, ValidPayload,
    Validator, WasmFeatures,
};

use crate::Failure;

/// An operator in its place.
pub struct Op<'a> {
    pub operator: Operator<'a>,
    /// Where it begins in the module's bytes.
    pub at: u64,
    /// How many operands of its own block lie on the stack before it.
    pub height: u32,
    /// Whether control can come here, as validation sees it.
    pub is_reachable: bool,
    /// The block that it stands in, by the operator that opens it; none is the function itself. Operators
    /// that open or close a block stand outside of it.
    pub within: Option<usize>,
    /// The point that it belongs to: one runs when all of its point run.
    pub point: u32,
}

/// A block's other operators.
#[derive(Clone, Copy, Default)]
pub struct Block {
    pub otherwise: Option<usize>,
    pub end: usize,
}

/// A body. The last operator is the `end` of the function.
pub struct Body<'a> {
    /// The types of all locals, those of parameters first.
    pub locals: Vec<ValType>,
    /// How many of them are parameters.
    pub params: usize,
    pub results: Vec<ValType>,
    pub ops: Vec<Op<'a>>,
    /// By operator: what closes the block that it opens.
    blocks: Vec<Option<Block>>,
    /// How many points there are. The function's beginning is point 0.
    pub points: u32,
    /// A hash of the operators without their immediates: what a list knows a body by.
    pub shape: u32,
}

impl<'a> Body<'a> {
    /// The bodies of all of a module's own functions, in order.
    ///
    /// # Errors
    /// Where the module is not valid.
    pub fn of_module(bytes: &'a [u8]) -> Result<Vec<Body<'a>>, Failure> {
        let mut validator = Validator::new_with_features(WasmFeatures::all());
        let mut allocations = FuncValidatorAllocations::default();
        let mut bodies = Vec::new();
        for payload in Parser::new(0).parse_all(bytes) {
            let ValidPayload::Func(function, body) = validator.payload(&payload?)? else {
                continue;
            };
            let kind = {
                use wasmparser::WasmModuleResources;
                let kind = function.resources.type_index_of_function(function.index);
                let kind = kind.and_then(|kind| function.resources.sub_type_at(kind).cloned());
                kind.ok_or("a function without a type")?.unwrap_func().clone()
            };
            let mut validator = function.into_validator(allocations);
            bodies.push(Body::read(bytes, &kind, &body, &mut validator)?);
            allocations = validator.into_allocations();
        }
        Ok(bodies)
    }

    fn read<R: wasmparser::WasmModuleResources>(
        bytes: &'a [u8],
        kind: &wasmparser::FuncType,
        body: &FunctionBody<'a>,
        validator: &mut wasmparser::FuncValidator<R>,
    ) -> Result<Body<'a>, Failure> {
        let mut reader = body.get_binary_reader();
        validator.read_locals(&mut reader)?;
        let locals =
            (0..validator.len_locals()).filter_map(|local| validator.get_local_type(local));
        let mut read = Body {
            locals: locals.collect(),
            params: kind.params().len(),
            results: kind.results().to_vec(),
            ops: Vec::new(),
            blocks: Vec::new(),
            points: 1,
            shape: 0x811c_9dc5,
        };
        let mut open: Vec<usize> = Vec::new();
        let mut begins = false;
        for entry in body.get_operators_reader()?.into_iter_with_offsets() {
            let (operator, at) = entry?;
            let frame = validator.get_control_frame(0).ok_or("an operator behind the last end")?;
            let height = validator.operand_stack_height() - frame.height as u32;
            let is_reachable = !frame.unreachable;
            validator.op(at, &operator)?;
            read.note_shape(bytes, at);
            let index = read.ops.len();
            read.blocks.push(None);
            match operator {
                Operator::End => {
                    if let Some(head) = open.pop() {
                        read.blocks[head].get_or_insert_default().end = index;
                    }
                }
                Operator::Else => {
                    let head = *open.last().ok_or("an else of nothing")?;
                    read.blocks[head].get_or_insert_default().otherwise = Some(index);
                }
                _ if begins => read.points += 1,
                _ => {}
            }
            // What closes a block begins no point: the next operator does.
            let closes = matches!(operator, Operator::End | Operator::Else);
            begins = if closes { true } else { ends_point(&operator) };
            let opens = opens(&operator);
            let within = match operator {
                Operator::Else => open.iter().rev().nth(1).copied(),
                _ => open.last().copied(),
            };
            let point = read.points - 1;
            read.ops.push(Op { operator, at, height, is_reachable, within, point });
            if opens {
                read.blocks[index] = Some(Block::default());
                open.push(index);
            }
        }
        Ok(read)
    }

    /// FNV-1a over the bytes that tell operators apart.
    fn note_shape(&mut self, bytes: &[u8], at: u64) {
        let code = &bytes[at as usize..];
        let long = if matches!(code[0], 0xfb..=0xfe) { 2 } else { 1 };
        for byte in &code[..long] {
            self.shape = (self.shape ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    }

    /// The block that an operator opens.
    pub fn block(&self, head: usize) -> Option<Block> {
        self.blocks[head]
    }

    /// The operator behind the item that begins at one: a whole block is one item of its sequence.
    pub fn next(&self, head: usize) -> usize {
        self.block(head).map_or(head, |block| block.end) + 1
    }

    /// The sequences that a block holds, each as the range of its operators.
    pub fn sequences(&self, head: usize) -> Vec<std::ops::Range<usize>> {
        let Some(Block { otherwise, end }) = self.block(head) else { return Vec::new() };
        let middle = otherwise.unwrap_or(end);
        let first = std::iter::once(head + 1..middle);
        first.chain(otherwise.map(|otherwise| otherwise + 1..end)).collect()
    }

    /// Where a branch from a place outside of any block of that sequence leads.
    pub fn label(&self, within: Option<usize>, depth: u32) -> Label {
        let mut at = within;
        for _ in 0..depth {
            match at {
                Some(head) => at = self.ops[head].within,
                None => break,
            }
        }
        at.map_or(Label::Function, Label::Block)
    }

    /// Whether a branch to a block carries values.
    pub fn carries(&self, label: Label) -> bool {
        match label {
            Label::Function => !self.results.is_empty(),
            Label::Block(head) => match self.ops[head].operator {
                Operator::Loop { blockty } => matches!(blockty, BlockType::FuncType(_)),
                Operator::Block { blockty } | Operator::If { blockty } => {
                    blockty != BlockType::Empty
                }
                _ => true,
            },
        }
    }
}

/// What a branch leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// The end of the function.
    Function,
    /// The block that an operator opens: its end, or a loop's beginning.
    Block(usize),
}

fn opens(operator: &Operator) -> bool {
    matches!(
        operator,
        Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::TryTable { .. }
    )
}

/// Behind these, other operators may run than before.
fn ends_point(operator: &Operator) -> bool {
    matches!(
        operator,
        Operator::If { .. }
            | Operator::Br { .. }
            | Operator::BrIf { .. }
            | Operator::BrTable { .. }
            | Operator::Return
            | Operator::Unreachable
    )
}
