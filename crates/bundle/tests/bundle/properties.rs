//! Whatever is altered: what opens is what was signed.

use aegis_bundle::build;
use proptest::prelude::*;
use serde_json::json;

use crate::tools::{contents, edited, entries, fault, gunzip, gzip, opened, signed, signer};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Bits that deflate itself does not look at may change; what comes out may not.
    #[test]
    fn altered_bytes_never_open_as_anything_else(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 1..4)
    ) {
        let mut archive = signed();
        for (index, flip) in flips {
            let index = index.index(archive.len());
            archive[index] ^= flip;
        }
        check_same_or_refused(&archive);
    }

    #[test]
    fn bytes_altered_under_the_checksum_never_open_as_anything_else(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 1..4)
    ) {
        let mut tar = gunzip(&signed());
        for (index, flip) in flips {
            let index = index.index(tar.len());
            tar[index] ^= flip;
        }
        check_same_or_refused(&gzip(&tar));
    }

    #[test]
    fn altered_contents_are_always_refused(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        let bundle = signed();
        let entries = entries(&bundle);
        let (path, bytes) = &entries[which.index(entries.len())];
        let place = place.index(bytes.len());
        let altered = edited(&bundle, path, |bytes| bytes[place] ^= flip);
        prop_assert_ne!(fault(&altered), "opened", "{} at {}", path, place);
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
        prop_assert_ne!(fault(&bytes), "opened");
        prop_assert_ne!(fault(&gzip(&bytes)), "opened");
    }

    #[test]
    fn any_data_comes_out_as_it_went_in(
        texts in proptest::collection::btree_map(any::<String>(), any::<(String, f64, i64)>(), 0..8)
    ) {
        let mut contents = contents();
        contents.data["aegis"] = json!(texts);
        let archive = build(&contents, Some(&signer())).unwrap();
        prop_assert_eq!(opened(&archive).unwrap().into_contents(), contents);
    }
}

fn check_same_or_refused(archive: &[u8]) {
    if let Ok(bundle) = opened(archive) {
        assert_eq!(bundle, opened(&signed()).unwrap());
    }
}
