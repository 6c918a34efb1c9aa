//! Every codec both ways, on what records look like and on what breaks codecs.

use super::*;

const CODECS: [Codec; 3] = [Codec::Gzip, Codec::Snappy, Codec::Lz4];

fn built_in() -> Vec<Codec> {
    let mut all = CODECS.to_vec();
    if is_built_in(Codec::Zstd) {
        all.push(Codec::Zstd);
    }
    all
}

/// Bytes that look random and are the same everywhere.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x2545_f491u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 24) as u8
    };
    (0..count).map(|_| next()).collect()
}

fn samples() -> Vec<Vec<u8>> {
    let records = |count: usize| {
        (0..count).flat_map(|i| format!("order-{i} paid {} ", i * i % 97).into_bytes()).collect()
    };
    let mut all = vec![Vec::new(), b"x".to_vec(), b"hello hello hello hello".to_vec()];
    all.extend([vec![7; 200_000], noise(100), noise(70_000), records(20), records(30_000)]);
    // Lengths around the limits of blocks, matches and literals.
    for count in [4, 5, 11, 12, 13, 14, 59, 60, 61, 255, 256, 257, 270, 32_768, 65_535, 65_536] {
        all.push(vec![b'a'; count]);
        all.push(noise(count));
    }
    all.push([noise(300), noise(300)].concat());
    all.push([noise(65_000), noise(65_000)].concat());
    all
}

#[test]
fn what_was_compressed_is_decompressed_to_the_same() {
    for codec in built_in() {
        for plain in samples() {
            let mut packed = b"before".to_vec();
            compress(codec, &plain, &mut packed).expect("built in");
            let mut back = b"kept".to_vec();
            let read = decompress(codec, &packed[6..], &mut back);
            assert_eq!(read, Ok(()), "{codec:?} of {} bytes", plain.len());
            assert_eq!(back[4..], plain, "{codec:?} of {} bytes", plain.len());
        }
    }
}

#[test]
fn what_repeats_becomes_smaller() {
    let plain = b"a record like the one before, ".repeat(100);
    for codec in built_in() {
        let mut packed = Vec::new();
        compress(codec, &plain, &mut packed).expect("built in");
        assert!(packed.len() * 5 < plain.len(), "{codec:?}: {} bytes", packed.len());
    }
}

#[test]
fn bytes_that_are_cut_off_or_changed_never_panic() {
    let plain = b"a record like the one before, ".repeat(40);
    for codec in built_in() {
        let mut packed = Vec::new();
        compress(codec, &plain, &mut packed).expect("built in");
        for at in 0..packed.len() {
            let mut damaged = packed.clone();
            damaged[at] ^= 0x55;
            let _any_result = decompress(codec, &damaged, &mut Vec::new());
            let cut = decompress(codec, &packed[..at], &mut Vec::new());
            // Only xerial's snappy may end between two blocks.
            assert!(cut.is_err() || codec == Codec::Snappy, "{codec:?} cut at {at}");
        }
    }
}

#[test]
fn a_small_input_cannot_become_a_huge_output() {
    let plain = vec![0; 1 << 20];
    let mut member = Vec::new();
    compress(Codec::Gzip, &plain, &mut member).expect("built in");
    let bomb = member.repeat(130);
    assert_eq!(decompress(Codec::Gzip, &bomb, &mut Vec::new()), Err(CodecError::TooLarge));
}

#[test]
fn blocks_of_lz4_and_snappy_are_bounded_together() {
    let plain = vec![0; 1 << 20];
    // Without what is around the blocks: headers, and lz4's end mark.
    for (codec, head, tail) in [(Codec::Snappy, 16, 0), (Codec::Lz4, 7, 4)] {
        let mut packed = Vec::new();
        compress(codec, &plain, &mut packed).expect("built in");
        let blocks = &packed[head..packed.len() - tail];
        let bomb = [&packed[..head], &blocks.repeat(129)].concat();
        let read = decompress(codec, &bomb, &mut Vec::new());
        assert_eq!(read, Err(CodecError::TooLarge), "{codec:?}");
    }
}

#[test]
fn a_length_that_snappy_cannot_reach_takes_no_memory() {
    // It claims 64 MiB and holds one byte.
    let mut plain = Vec::new();
    let read = decompress(Codec::Snappy, b"\x80\x80\x80\x20\x00x", &mut plain);
    assert_eq!((read, plain.capacity()), (Err(CodecError::Malformed), 0));
}

#[test]
fn snappy_is_read_without_xerials_framing_too() {
    // 11 bytes, one literal of them.
    let raw = b"\x0b\x28hello world";
    let mut plain = Vec::new();
    decompress(Codec::Snappy, raw, &mut plain).expect("one raw block");
    assert_eq!(plain, b"hello world");
}

#[test]
fn an_lz4_block_that_refers_to_another_is_refused_as_in_kafka() {
    let mut packed = Vec::new();
    compress(Codec::Lz4, b"hello", &mut packed).expect("built in");
    let dependent = [packed[4] & !0x20, packed[5]];
    packed[4] = dependent[0];
    packed[6] = (xxhash_rust::xxh32::xxh32(&dependent, 0) >> 8) as u8;
    assert_eq!(decompress(Codec::Lz4, &packed, &mut Vec::new()), Err(CodecError::Malformed));
}

/// Worked out on 64 bits; snappy's and lz4's are the same when built for wasm32.
#[test]
fn compressed_bytes_are_the_same_on_every_machine() {
    assert_eq!(fingerprints(), FINGERPRINTS[..fingerprints().len()]);
}

/// XXH32 of each codec's output for a fixed text.
fn fingerprints() -> Vec<(Codec, u32)> {
    let plain: Vec<u8> =
        (0..5_000).flat_map(|i| format!("{i}:{};", i * 7_919 % 1_000).into_bytes()).collect();
    let of = |codec| {
        let mut packed = Vec::new();
        compress(codec, &plain, &mut packed).expect("built in");
        (codec, xxhash_rust::xxh32::xxh32(&packed, 0))
    };
    built_in().into_iter().map(of).collect()
}

const FINGERPRINTS: [(Codec, u32); 4] = [
    (Codec::Gzip, 3_186_994_132),
    (Codec::Snappy, 3_515_542_133),
    (Codec::Lz4, 3_923_251_786),
    (Codec::Zstd, 1_599_603_379),
];
