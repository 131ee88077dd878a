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
    for constant in CONSTANTS {
        let parity: [u64; 5] = std::array::from_fn(|x| {
            state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20]
        });
        let mixed: [u64; 5] =
            std::array::from_fn(|x| parity[(x + 4) % 5] ^ parity[(x + 1) % 5].rotate_left(1));
        let (rows, _) = state.as_chunks_mut::<5>();
        for row in rows {
            for (lane, mixed) in row.iter_mut().zip(mixed) {
                *lane ^= mixed;
            }
        }
        // Rotates the lanes and moves them on their one long path.
        let mut moved = state[1];
        for (at, turn) in PATH {
            moved = std::mem::replace(&mut state[at], moved.rotate_left(turn));
        }
        let (rows, _) = state.as_chunks_mut::<5>();
        for row in rows {
            *row = std::array::from_fn(|x| row[x] ^ (!row[(x + 1) % 5] & row[(x + 2) % 5]));
        }
        state[0] ^= constant;
    }
}

/// Where each lane moves to from the second on, and by how many bits it turns.
#[expect(clippy::indexing_slicing, reason = "it is const")]
const PATH: [(usize, u32); 24] = {
    let mut path = [(0, 0); 24];
    let (mut x, mut y, mut step) = (1, 0, 0_u32);
    while step < 24 {
        (x, y) = (y, (2 * x + 3 * y) % 5);
        path[step as usize] = (x + 5 * y, (step + 1) * (step + 2) / 2 % 64);
        step += 1;
    }
    path
};

/// Of each round, from the shift register of FIPS 202, 3.2.5.
#[expect(clippy::indexing_slicing, reason = "it is const")]
const CONSTANTS: [u64; 24] = {
    let mut constants = [0; 24];
    let (mut register, mut round) = (1_u8, 0);
    while round < 24 {
        let mut bit = 0_u32;
        while bit < 7 {
            constants[round] |= ((register & 1) as u64) << ((1_u32 << bit) - 1);
            register = (register << 1) ^ if register & 0x80 != 0 { 0x71 } else { 0 };
            bit += 1;
        }
        round += 1;
    }
    constants
};

const RATE: usize = 136;
