//! Everything that can be wrong with a bundle, offered to a data plane that runs: none of it changes what is in force.

use std::fs;
use std::io::{Read as _, Write as _};

use aegis_testkit::{Aegis, Draft, Publisher, eventually};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::SignedDuration;
use tar::{EntryType, Header};

use super::{on_bundle_three, stricter};
use crate::finance::charge;

/// The code of a fault, and a bundle that has it.
type Fault = (&'static str, Vec<u8>);

#[tokio::test]
async fn a_spoilt_archive_never_comes_into_force() {
    none_comes_into_force(|good, _, _| {
        let tar = gunzip(&good);
        let entry = |path, kind| gzip(&with_entry(&tar, path, kind));
        vec![
            ("bundle.truncated", good[..good.len() / 2].to_vec()),
            ("bundle.not_gzip", vec![0; 4096]),
            ("bundle.corrupt", damaged(&good)),
            ("bundle.trailing_data", [&good[..], b"x"].concat()),
            (
                "bundle.unsafe_path",
                entry("../modules/evil.rego", EntryType::Regular),
            ),
            (
                "bundle.unsafe_path",
                entry("/etc/passwd", EntryType::Regular),
            ),
            (
                "bundle.not_a_regular_file",
                entry("modules/link.rego", EntryType::Symlink),
            ),
            (
                "bundle.duplicate_file",
                entry("data.json", EntryType::Regular),
            ),
            (
                "bundle.unknown_file",
                entry("notes.txt", EntryType::Regular),
            ),
            ("bundle.ratio_too_high", gzip(&vec![0; 48 << 20])),
            ("bundle.archive_too_large", vec![0x1f; 17 << 20]),
        ]
    })
    .await;
}

#[tokio::test]
async fn a_bundle_that_nobody_trusted_has_signed_never_comes_into_force() {
    none_comes_into_force(|good, next, _| {
        let tar = gunzip(&good);
        let added = with_entry(&tar, "modules/added.rego", EntryType::Regular);
        vec![
            ("bundle.signature_missing", next.unsigned()),
            ("bundle.signature_invalid", Publisher::new().sign(&next)),
            ("bundle.file_altered", gzip(&altered(&tar))),
            ("bundle.file_not_signed", gzip(&added)),
        ]
    })
    .await;
}

#[tokio::test]
async fn a_bundle_for_others_or_for_another_time_never_comes_into_force() {
    let minutes = SignedDuration::from_mins;
    none_comes_into_force(|_, next, publisher| {
        let with =
            |change: &dyn Fn(&mut Draft)| publisher.sign(&next.clone().with(|draft| change(draft)));
        let globex = || "globex".to_owned();
        let expired = |draft: &mut Draft| {
            draft.issued = minutes(60);
            draft.valid_for = Some(minutes(-1));
        };
        let rolled_back = |draft: &mut Draft| {
            draft.number = 2;
            draft.rollback_from = Some(9);
        };
        vec![
            (
                "bundle.wrong_scope",
                with(&|draft| draft.tenants = vec![globex()]),
            ),
            (
                "bundle.wrong_scope",
                with(&|draft| draft.tenants.push(globex())),
            ),
            (
                "bundle.wrong_scope",
                with(&|draft| draft.region = "us-east-1".to_owned()),
            ),
            ("bundle.expired", with(&expired)),
            (
                "bundle.not_yet_valid",
                with(&|draft| draft.issued = minutes(-10)),
            ),
            ("bundle.rolled_back", with(&|draft| draft.number = 2)),
            ("bundle.rolled_back", with(&rolled_back)),
            ("bundle.number_reused", with(&|draft| draft.number = 3)),
        ]
    })
    .await;
}

#[tokio::test]
async fn a_bundle_with_a_policy_that_is_not_sound_never_comes_into_force() {
    none_comes_into_force(|_, next, publisher| {
        let module = |path: &str, text: &str| {
            let module = (path.to_owned(), text.to_owned());
            publisher.sign(&next.clone().with(|draft| draft.modules.push(module)))
        };
        let table = |text: &str| {
            let table = ("tests/table.yaml".to_owned(), text.to_owned());
            publisher.sign(&next.clone().with(|draft| draft.tests.push(table)))
        };
        let misspelt = |draft: &mut Draft| draft.policy = draft.policy.replace("max:", "mox:");
        vec![
            (
                "bundle.policy_invalid",
                publisher.sign(&next.clone().with(misspelt)),
            ),
            (
                "bundle.policy_invalid",
                module(
                    "modules/a.rego",
                    "package aegis.ext\n\ndeny contains 1 if input.nope\n",
                ),
            ),
            (
                "bundle.unknown_file",
                module("other/a.rego", "package aegis.ext\n"),
            ),
            ("bundle.tests_failed", table(FAILING)),
            (
                "bundle.tests_failed",
                module(
                    "modules/a_test.rego",
                    "package aegis.ext_test\n\ntest_it if false\n",
                ),
            ),
        ]
    })
    .await;
}

/// Offers one bad bundle after the other; each would be number 4 and would deny a charge that
/// bundle 3 allows. `faults` gets the good number 4, what it was made of, and who signs.
async fn none_comes_into_force(faults: impl Fn(Vec<u8>, Draft, &Publisher) -> Vec<Fault>) {
    let (aegis, publisher, upstream, draft) = on_bundle_three().await;
    let before = aegis.policy_version().await;
    let in_force = fs::read(aegis.bundle_file()).expect("the bundle in force");
    let next = stricter(&draft).number(4);
    let good = publisher.sign(&next);
    for (code, archive) in faults(good.clone(), next, &publisher) {
        // So that each refusal is seen as its own.
        confirm(&aegis, &in_force).await;
        assert_eq!(aegis.refuse_bundle(&archive).await, code);
        assert_eq!(aegis.policy_version().await, before, "{code}");
        assert_eq!(charge(&aegis, &upstream, 7).await.status(), 200, "{code}");
    }
    aegis.change_bundle(&good).await;
    assert_eq!(charge(&aegis, &upstream, 7).await.status(), 403);
}

/// Offers what is in force once more, which ends the last refusal.
async fn confirm(aegis: &Aegis, archive: &[u8]) {
    fs::write(aegis.bundle_file(), archive).expect("the file");
    eventually("the confirmation", async || {
        aegis.policy_status().await["last_error_code"].is_null()
    })
    .await;
}

pub(super) fn gunzip(archive: &[u8]) -> Vec<u8> {
    let mut tar = Vec::new();
    GzDecoder::new(archive).read_to_end(&mut tar).expect("gzip");
    tar
}

pub(super) fn gzip(tar: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(tar).expect("memory");
    encoder.finish().expect("memory")
}

/// One digit of a limit is another one.
pub(super) fn altered(tar: &[u8]) -> Vec<u8> {
    let at = tar
        .windows(5)
        .position(|five| five == b"max\":")
        .expect("the limit");
    let mut tar = tar.to_vec();
    tar[at + 5] = b'9';
    tar
}

/// The checksum at its end is another.
fn damaged(archive: &[u8]) -> Vec<u8> {
    let mut archive = archive.to_vec();
    let checksum = archive.len() - 8;
    archive[checksum] ^= 1;
    archive
}

/// With an entry before all others that nobody should unpack.
fn with_entry(tar: &[u8], path: &str, kind: EntryType) -> Vec<u8> {
    let mut header = Header::new_ustar();
    let name = &mut header.as_ustar_mut().expect("a ustar header").name;
    name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(kind);
    header.set_size(0);
    header.set_mode(0o644);
    header.set_cksum();
    [header.as_bytes().as_slice(), tar].concat()
}

/// What the policy denies.
const FAILING: &str = "
tests:
  - name: a large charge is allowed
    call: {agent: finance-bot, tool: stripe-payments, action: charge, parameters: {amount: 9, currency: eur}}
    expect: {outcome: allow}
";
