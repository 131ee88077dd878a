//! What an archive may be: whole, within limits, with safe and known files only.

use aegis_bundle::{BundleError, Limits, Signature, Trust, open};
use tar::EntryType;

use crate::tools::{
    add, archive, entries, fault, gunzip, gzip, now, opened, signed, trust, with, without,
};

#[test]
fn a_truncated_archive_is_refused_wherever_it_ends() {
    let whole = signed();
    for end in 0..whole.len() {
        assert_eq!(fault(&whole[..end]), "bundle.truncated", "{end} bytes");
    }
}

#[test]
fn a_half_written_file_is_refused() {
    let mut half = signed();
    let middle = half.len() / 2;
    half[middle..].fill(0);
    assert!(opened(&half).is_err());
    assert_eq!(fault(&[0; 4096]), "bundle.not_gzip");
    assert_eq!(fault(b""), "bundle.truncated");
}

#[test]
fn a_tar_that_was_cut_before_it_was_compressed_is_refused() {
    let tar = gunzip(&signed());
    for end in (0..tar.len() - 512).step_by(256) {
        assert!(opened(&gzip(&tar[..end])).is_err(), "{end} bytes");
    }
    // At the end of the last file, without the mark of the end: nothing else would tell.
    let end = tar.len() - 1024;
    assert_eq!(fault(&gzip(&tar[..end])), "bundle.truncated");
}

#[test]
fn nothing_may_follow_the_end() {
    let whole = signed();
    assert_eq!(fault(&[&whole[..], b"x"].concat()), "bundle.trailing_data");
    assert_eq!(
        fault(&[&whole[..], &whole[..]].concat()),
        "bundle.trailing_data"
    );
    let tar = gunzip(&whole);
    let second = [&tar[..], &tar[..]].concat();
    assert_eq!(fault(&gzip(&second)), "bundle.trailing_data");
    let padded = [&tar[..], &[0; 8192]].concat();
    assert_eq!(fault(&gzip(&padded)), "opened");
}

#[test]
fn a_gzip_header_with_room_for_more_is_refused() {
    let whole = signed();
    for (position, value) in [(3, 8), (4, 1), (8, 2), (9, 3)] {
        let mut other = whole.clone();
        other[position] = value;
        assert_eq!(fault(&other), "bundle.not_gzip", "byte {position}");
    }
}

#[test]
fn every_limit_holds() {
    let limited = |change: &dyn Fn(&mut Limits)| {
        let mut trust = trust();
        change(&mut trust.limits);
        code(&signed(), &trust)
    };
    let size = signed().len();
    assert_eq!(limited(&|limits| limits.archive_bytes = size), "opened");
    assert_eq!(
        limited(&|limits| limits.archive_bytes = size - 1),
        "bundle.archive_too_large"
    );
    let unpacked = gunzip(&signed()).len();
    assert_eq!(
        limited(&|limits| limits.unpacked_bytes = unpacked),
        "opened"
    );
    assert_eq!(
        limited(&|limits| limits.unpacked_bytes = unpacked - 1),
        "bundle.unpacked_too_large"
    );
    assert_eq!(limited(&|limits| limits.entries = 6), "opened");
    assert_eq!(
        limited(&|limits| limits.entries = 5),
        "bundle.too_many_entries"
    );
    assert_eq!(
        limited(&|limits| limits.file_bytes = 64),
        "bundle.file_too_large"
    );
}

#[test]
fn a_bomb_is_refused_before_it_is_unpacked() {
    let bomb = gzip(&vec![0; 48 << 20]);
    assert_eq!(fault(&bomb), "bundle.ratio_too_high");
    let mut generous = trust();
    generous.limits.ratio = usize::MAX;
    generous.limits.unpacked_bytes = 4 << 20;
    assert_eq!(code(&bomb, &generous), "bundle.unpacked_too_large");
}

#[test]
fn a_size_that_the_archive_only_claims_costs_nothing() {
    let mut header = tar::Header::new_ustar();
    header.set_path("data.json").unwrap();
    header.set_entry_type(EntryType::Regular);
    header.set_size(31 << 20);
    header.set_cksum();
    assert_eq!(fault(&gzip(header.as_bytes())), "bundle.truncated");
    header.set_size(u64::MAX);
    header.set_cksum();
    assert!(opened(&gzip(header.as_bytes())).is_err());
}

#[test]
fn a_path_that_escapes_or_can_be_read_in_two_ways_is_refused() {
    for path in [
        "../data.json",
        "policies/../../data.json",
        "policies/../data.json",
        "/data.json",
        "./data.json",
        "policies/./x.rego",
        "policies//x.rego",
        "policies/x.rego/",
        "policies\\x.rego",
        "..\\x.rego",
        "C:x.rego",
        "x\n.rego",
        "x .rego",
        "r\u{e8}gles.rego",
        "a/b/c/d/e/f/g/h/x.rego",
        "",
    ] {
        let archive = with(&signed(), path, "package x\n");
        assert_eq!(fault(&archive), "bundle.unsafe_path", "{path:?}");
    }
}

#[test]
fn a_path_that_is_not_text_is_refused() {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.as_old_mut().name[..6].copy_from_slice(b"\xff.rego");
    header.set_entry_type(EntryType::Regular);
    header.set_size(0);
    header.set_cksum();
    tar.append(&header, &[][..]).unwrap();
    let archive = gzip(&tar.into_inner().unwrap());
    assert_eq!(fault(&archive), "bundle.unsafe_path");
}

#[test]
fn only_known_files_belong_in_a_bundle() {
    for path in [
        "data.yaml",
        "users/data.json",
        "tests/data.json",
        "tests/data.yaml",
        "tests/limits.yml",
        "policies/limits.yaml",
        "users/.manifest",
        "x.manifest",
        "users/.signatures.json",
        "signatures.json",
        "policy.wasm",
        "plan.json",
        "patch.json",
        "README.md",
        ".rego",
        "tests/.yaml",
        ".hidden/x.rego",
        "x.REGO",
        "tests",
    ] {
        let archive = with(&signed(), path, "{}");
        assert_eq!(fault(&archive), "bundle.unknown_file", "{path}");
    }
}

#[test]
fn only_regular_files_are_taken() {
    for kind in [
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Directory,
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
        EntryType::Continuous,
        EntryType::GNULongName,
        EntryType::GNULongLink,
        EntryType::GNUSparse,
        EntryType::XGlobalHeader,
        EntryType::XHeader,
        EntryType::new(b'V'),
    ] {
        let mut tar = tar::Builder::new(Vec::new());
        add(&mut tar, "x.rego", kind, b"19 path=data.json\n");
        for (path, bytes) in entries(&signed()) {
            add(&mut tar, &path, EntryType::Regular, &bytes);
        }
        let archive = gzip(&tar.into_inner().unwrap());
        assert_eq!(fault(&archive), "bundle.not_a_regular_file", "{kind:?}");
    }
}

#[test]
fn a_file_that_is_there_twice_is_refused_also_in_another_case() {
    for path in ["data.json", "aegis.rego", "AEGIS.rego", ".signatures.json"] {
        let mut twice = entries(&signed());
        twice.push((path.to_owned(), b"{}".to_vec()));
        assert_eq!(fault(&archive(&twice)), "bundle.duplicate_file", "{path}");
    }
}

#[test]
fn a_header_that_does_not_add_up_is_refused() {
    let mut tar = gunzip(&signed());
    tar[1] = b'X';
    assert_eq!(fault(&gzip(&tar)), "bundle.header_malformed");
}

#[test]
fn manifest_and_data_must_be_there() {
    let mut skip = trust();
    skip.signature = Signature::InsecureSkip;
    for path in [".manifest", "data.json"] {
        let archive = without(&signed(), path);
        assert_eq!(fault(&archive), "bundle.signed_file_missing", "{path}");
        assert_eq!(
            open(&archive, &skip, now()).unwrap_err(),
            BundleError::FileMissing { path }
        );
    }
}

fn code(archive: &[u8], trust: &Trust) -> &'static str {
    match open(archive, trust, now()) {
        Ok(_) => "opened",
        Err(error) => error.code(),
    }
}
