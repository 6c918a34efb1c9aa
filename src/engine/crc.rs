//! CRC-32C (Castagnoli), as Kafka's batches and our transaction log carry it (`Crc32C`).
//!
//! Natively a processor has an instruction for it. In the page there is none: eight bytes at a time go
//! through tables, which are computed when they are first needed, because 8 KB of them do not compress.

/// The checksum of some bytes.
#[cfg(not(target_arch = "wasm32"))]
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is where everybody else is sent to")]
pub fn crc32c(bytes: &[u8]) -> u32 {
    ::crc32c::crc32c(bytes)
}

/// The checksum of some bytes.
#[cfg(target_arch = "wasm32")]
#[must_use]
pub fn crc32c(bytes: &[u8]) -> u32 {
    by_table::crc32c(bytes)
}

#[cfg(any(target_arch = "wasm32", test))]
mod by_table {
    use std::sync::LazyLock;

    /// The polynomial 0x1EDC6F41, its bits reversed.
    const POLYNOMIAL: u32 = 0x82F6_3B78;

    /// `[n][byte]`: what a byte does to the checksum when n more follow it.
    static TABLES: LazyLock<Box<[[u32; 256]; 8]>> = LazyLock::new(tables);

    pub(super) fn crc32c(bytes: &[u8]) -> u32 {
        let tables = &**TABLES;
        let (eights, rest) = bytes.as_chunks::<8>();
        let mut crc = !0_u32;
        for eight in eights {
            let mixed = (u64::from_le_bytes(*eight) ^ u64::from(crc)).to_le_bytes();
            // Written out: a page is built for size, and would go round a loop here.
            let of = |n: usize| tables[7 - n][usize::from(mixed[n])];
            crc = of(0) ^ of(1) ^ of(2) ^ of(3) ^ of(4) ^ of(5) ^ of(6) ^ of(7);
        }
        for byte in rest {
            crc = tables[0][usize::from(crc.to_le_bytes()[0] ^ byte)] ^ (crc >> 8);
        }
        !crc
    }

    fn tables() -> Box<[[u32; 256]; 8]> {
        let mut tables = Box::new([[0; 256]; 8]);
        for byte in 0..=255_u8 {
            let mut crc = u32::from(byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
            }
            tables[0][usize::from(byte)] = crc;
        }
        for n in 1..8 {
            for byte in 0..256 {
                let before: u32 = tables[n - 1][byte];
                tables[n][byte] = tables[0][usize::from(before.to_le_bytes()[0])] ^ (before >> 8);
            }
        }
        tables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_catalogue_comes_out() {
        assert_eq!(by_table::crc32c(b"123456789"), 0xE306_9283);
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
    }

    #[test]
    fn tables_and_the_instruction_agree() {
        let bytes: Vec<u8> = (0..999_u32).map(|n| (n * n / 7).to_le_bytes()[0]).collect();
        for end in (0..40).chain([250, 999]) {
            assert_eq!(by_table::crc32c(&bytes[..end]), crc32c(&bytes[..end]));
        }
    }
}
