//! Which data only functions behind reach: it goes with them.
//!
//! The linker leaves its relocations in the module (`--emit-relocs`): of every function and of every
//! piece of data, which other pieces it holds the address of. A piece is behind when no function of the
//! first part holds its address, and no piece of the first part does.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use wasmparser::{
    DataKind, KnownCustom, Linking, Operator, Parser, Payload, RelocSectionReader, RelocationType,
    SymbolInfo,
};

use crate::Failure;

/// Bytes of memory, by address.
pub type Bytes = Range<u32>;

/// Shorter runs between what stays are left where they are: a segment of their own would weigh more.
const RUN_LEAST: u32 = 24;

/// A module as the linker left it.
#[derive(Default)]
struct Linked {
    /// Each symbol that is a piece of data.
    pieces: BTreeMap<u32, Bytes>,
    /// Where the bodies of functions lie in the section of code, and their names.
    bodies: BTreeMap<u64, (u64, String)>,
    /// Where the data lies in its section, and at which address it is put.
    segments: Vec<(Range<u64>, u32)>,
    /// Symbols whose address stands at a place of the section.
    in_code: Vec<(u64, u32)>,
    in_data: Vec<(u64, u32)>,
}

/// The memory that only functions behind reach. `is_behind` tells them by their linked names.
///
/// # Errors
/// Where the module carries no relocations: `scripts/build.sh` asks the linker for them.
pub fn behind(bytes: &[u8], is_behind: &dyn Fn(&str) -> bool) -> Result<Vec<Bytes>, Failure> {
    let linked = Linked::read(bytes)?;
    if linked.pieces.is_empty() || linked.in_code.is_empty() {
        return Err(
            "the linked module has no relocations: scripts/build.sh asks the linker for them"
                .into(),
        );
    }
    let mut first: BTreeSet<u32> = BTreeSet::new();
    for (place, symbol) in &linked.in_code {
        let body = linked.bodies.range(..=*place).next_back();
        let of_behind = body.is_some_and(|(_, (end, name))| place < end && is_behind(name));
        if !of_behind {
            first.insert(*symbol);
        }
    }
    let points = linked.pointers();
    let mut from: Vec<u32> = first.iter().copied().collect();
    while let Some(symbol) = from.pop() {
        for to in points.get(&symbol).into_iter().flatten() {
            if first.insert(*to) {
                from.push(*to);
            }
        }
    }
    // Pieces may overlap: what any piece of the first part covers stays.
    let stays = joined(
        linked.pieces.iter().filter(|(symbol, _)| first.contains(symbol)).map(|(_, piece)| piece),
    );
    let others = joined(
        linked.pieces.iter().filter(|(symbol, _)| !first.contains(symbol)).map(|(_, piece)| piece),
    );
    Ok(others
        .iter()
        .flat_map(|run| without(run, &stays))
        .filter(|run| run.end - run.start >= RUN_LEAST)
        .collect())
}

impl Linked {
    fn read(bytes: &[u8]) -> Result<Linked, Failure> {
        let mut linked = Linked::default();
        let mut names: Vec<(u32, String)> = Vec::new();
        let mut symbols = Vec::new();
        let mut bodies: Vec<Range<u64>> = Vec::new();
        let (mut imported, mut code_from, mut sections, mut code, mut data) =
            (0, 0, 0, u32::MAX, u32::MAX);
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            match &payload {
                Payload::ImportSection(section) => {
                    let functions = section.clone().into_imports().filter(|import| {
                        import
                            .as_ref()
                            .is_ok_and(|import| matches!(import.ty, wasmparser::TypeRef::Func(_)))
                    });
                    imported = functions.count() as u32;
                }
                Payload::CodeSectionStart { .. } => code = sections,
                Payload::CodeSectionEntry(body) => bodies.push(body.range()),
                Payload::DataSection(section) => {
                    data = sections;
                    for piece in section.clone() {
                        linked.segments.push(placed(bytes, section.range().start, &piece?)?);
                    }
                }
                Payload::CustomSection(custom) => match custom.as_known() {
                    KnownCustom::Linking(section) => {
                        for part in section.subsections() {
                            if let Linking::SymbolTable(table) = part? {
                                symbols = table.into_iter().collect::<Result<_, _>>()?;
                            }
                        }
                    }
                    KnownCustom::Reloc(section) if section.section_index() == code => {
                        linked.in_code = addresses(&section)?;
                    }
                    KnownCustom::Reloc(section) if section.section_index() == data => {
                        linked.in_data = addresses(&section)?;
                    }
                    _ => {}
                },
                _ => {}
            }
            // A section of code is told of before its bodies; both are one section.
            if let Some((_, range)) = payload.as_section() {
                code_from = if code == sections { range.start } else { code_from };
                sections += 1;
            }
        }
        for (symbol, number) in symbols.iter().zip(0..) {
            match symbol {
                SymbolInfo::Data { symbol: Some(at), .. } if at.size > 0 => {
                    // Memory that begins as zeros has a segment of its own, and that is not in the module.
                    if let Some((_, base)) = linked.segments.get(at.index as usize) {
                        linked.pieces.insert(number, base + at.offset..base + at.offset + at.size);
                    }
                }
                SymbolInfo::Func { index, name: Some(name), .. } => {
                    names.push((*index, (*name).to_owned()))
                }
                _ => {}
            }
        }
        for (index, name) in names {
            // Several symbols may name one function; the tables of the linker agree on the first.
            if let Some(range) =
                index.checked_sub(imported).and_then(|own| bodies.get(own as usize))
            {
                linked
                    .bodies
                    .entry(range.start - code_from)
                    .or_insert((range.end - code_from, name));
            }
        }
        Ok(linked)
    }

    /// Which pieces hold the address of which.
    fn pointers(&self) -> BTreeMap<u32, Vec<u32>> {
        let mut by_start: Vec<(&Bytes, u32)> =
            self.pieces.iter().map(|(symbol, piece)| (piece, *symbol)).collect();
        by_start.sort_by_key(|(piece, _)| piece.start);
        let longest = by_start.iter().map(|(piece, _)| piece.end - piece.start).max().unwrap_or(0);
        let mut points: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (place, to) in &self.in_data {
            let Some((within, base)) =
                self.segments.iter().find(|(within, _)| within.contains(place))
            else {
                continue;
            };
            let address = base + (place - within.start) as u32;
            let end = by_start.partition_point(|(piece, _)| piece.start <= address);
            let near = by_start[..end]
                .iter()
                .rev()
                .take_while(|(piece, _)| piece.start + longest > address);
            for (_, from) in near.filter(|(piece, _)| piece.contains(&address)) {
                points.entry(*from).or_default().push(*to);
            }
        }
        points
    }
}

/// Where a piece of data lies in its section, and the address that it is put at.
fn placed(
    bytes: &[u8],
    section: u64,
    data: &wasmparser::Data,
) -> Result<(Range<u64>, u32), Failure> {
    let from = (data.data.as_ptr() as usize - bytes.as_ptr() as usize) as u64 - section;
    Ok((from..from + data.data.len() as u64, address(data)?))
}

/// The address at which a segment of data is put.
///
/// # Errors
/// Where that is not a constant.
pub fn address(data: &wasmparser::Data) -> Result<u32, Failure> {
    let DataKind::Active { memory_index: 0, offset_expr } = &data.kind else {
        return Err("data that is not put in its place at once".into());
    };
    match offset_expr.get_operators_reader().read()? {
        Operator::I32Const { value } => Ok(value as u32),
        _ => Err("data at no fixed address".into()),
    }
}

fn addresses(section: &RelocSectionReader) -> Result<Vec<(u64, u32)>, Failure> {
    let mut found = Vec::new();
    for entry in section.entries() {
        let entry = entry?;
        match entry.ty {
            RelocationType::MemoryAddrLeb
            | RelocationType::MemoryAddrSleb
            | RelocationType::MemoryAddrI32 => {
                found.push((u64::from(entry.offset), entry.index));
            }
            RelocationType::FunctionIndexLeb
            | RelocationType::TableIndexSleb
            | RelocationType::TableIndexI32
            | RelocationType::TypeIndexLeb
            | RelocationType::GlobalIndexLeb
            | RelocationType::TableNumberLeb => {}
            other => {
                return Err(
                    format!("a relocation of a kind that is not known here: {other:?}").into()
                );
            }
        }
    }
    Ok(found)
}

/// Runs of bytes that some piece covers.
fn joined<'p>(pieces: impl Iterator<Item = &'p Bytes>) -> Vec<Bytes> {
    let mut pieces: Vec<Bytes> = pieces.cloned().collect();
    pieces.sort_by_key(|piece| piece.start);
    let mut runs: Vec<Bytes> = Vec::new();
    for piece in pieces {
        match runs.last_mut() {
            Some(run) if piece.start <= run.end => run.end = run.end.max(piece.end),
            _ => runs.push(piece),
        }
    }
    runs
}

/// What of a run lies in none of the others.
fn without(run: &Bytes, others: &[Bytes]) -> Vec<Bytes> {
    let mut left = Vec::new();
    let mut from = run.start;
    for other in others.iter().filter(|other| other.end > run.start && other.start < run.end) {
        if other.start > from {
            left.push(from..other.start);
        }
        from = from.max(other.end);
    }
    if from < run.end {
        left.push(from..run.end);
    }
    left
}

#[cfg(test)]
mod tests {
    use super::{joined, without};

    #[test]
    fn what_a_piece_of_the_first_part_covers_stays() {
        let stays = joined([4..8, 6..10, 20..30].iter());
        assert_eq!(stays, [4..10, 20..30]);
        assert_eq!(without(&(0..25), &stays), [0..4, 10..20]);
        assert_eq!(without(&(5..9), &stays), []);
    }
}
