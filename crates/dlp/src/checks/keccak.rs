//! Keccak-256 as Ethereum uses it: the permutation of FIPS 202 with the padding of the first submission.

/// Of a text that is shorter than one block.
pub(crate) fn keccak_256(text: &[u8]) -> Option<[u8; 32]> {
    let mut block = [0_u8; RATE];
    block.get_mut(..text.len())?.copy_from_slice(text);
    *block.get_mut(text.len())? ^= 0x01;
    *block.last_mut()? ^= 0x80;
    let mut state = [0_u64; 25];
    let (words, _) = block.as_chunks::<8>();
    for (lane, word) in state.iter_mut().zip(words) {
        *lane = u64::from_le_bytes(*word);
    }
    permute(&mut state);
    let mut digest = [0; 32];
    let (words, _) = digest.as_chunks_mut::<8>();
    for (word, lane) in words.iter_mut().zip(state) {
        *word = lane.to_le_bytes();
    }
    Some(digest)
}

/// Keccak-f[1600], FIPS 202, 3.2 and 3.3.
#[expect(
    clippy::indexing_slicing,
    reason = "every index is a remainder of 5, or a lane below 25"
)]
fn permute(state: &mut [u64; 25]) {
    let mut register = 1_u8;
    for _ in 0..24 {
        let mut parity = [0; 5];
        for (at, lane) in state.iter().enumerate() {
            parity[at % 5] ^= lane;
        }
        for (at, lane) in state.iter_mut().enumerate() {
            *lane ^= parity[(at + 4) % 5] ^ parity[(at + 1) % 5].rotate_left(1);
        }
        // Rotates the lanes and moves them on their one long path.
        let (mut x, mut y, mut moved) = (1, 0, state[1]);
        for step in 0..24_u32 {
            (x, y) = (y, (2 * x + 3 * y) % 5);
            let turned = moved.rotate_left((step + 1) * (step + 2) / 2 % 64);
            moved = std::mem::replace(&mut state[x + 5 * y], turned);
        }
        for y in 0..5 {
            let row: [u64; 5] = std::array::from_fn(|x| state[x + 5 * y]);
            for x in 0..5 {
                state[x + 5 * y] = row[x] ^ (!row[(x + 1) % 5] & row[(x + 2) % 5]);
            }
        }
        state[0] ^= constant(&mut register);
    }
}

/// The constant of a round, from the shift register of FIPS 202, 3.2.5.
fn constant(register: &mut u8) -> u64 {
    (0..7).fold(0, |constant, bit| {
        let one = u64::from(*register & 1);
        let carry = *register & 0x80 != 0;
        *register = (*register << 1) ^ if carry { 0x71 } else { 0 };
        constant | one << ((1_u32 << bit) - 1)
    })
}

const RATE: usize = 136;
