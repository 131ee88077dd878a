//! Fuzzes [`aegis_fuzz_targets::stored`]; it promises nothing itself.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    aegis_fuzz_targets::stored(input);
});
