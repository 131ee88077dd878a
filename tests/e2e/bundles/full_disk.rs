//! No room for a bundle on the disk: the one in force stays, it is told, and room alone cures it.

use std::env;
use std::process::{Command, Stdio};

use aegis_testkit::Draft;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{in_force, on_bundle_three, stricter};
use crate::finance::charge;

/// In a process of its own, whose files may grow to 64 KiB: the write itself fails half-way.
#[test]
fn a_bundle_for_which_there_is_no_room_is_not_put_in_force_until_there_is() {
    // The signal that would end the process is ignored, so that writing fails.
    let limited = "trap '' XFSZ; ulimit -S -f 128; exec \"$0\" \"$@\"";
    let done = Command::new("sh")
        .args(["-c", limited])
        .arg(env::current_exe().expect("this program"))
        .args(["--exact", "bundles::full_disk::helper", "--ignored"])
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{told}");
    assert!(told.contains("1 passed"), "{told}");
}

#[tokio::test]
#[ignore = "run by another test, in a process of its own"]
async fn helper() {
    let (aegis, publisher, upstream, draft) = on_bundle_three().await;
    let before = aegis.policy_version().await;
    let kept = aegis.data_dir().join("bundle");
    let small = std::fs::read(kept.join("last-good.tar.gz")).expect("the last good bundle");
    let next = publisher.sign(&large(stricter(&draft)).number(4));
    // The bundle arrives, as from the network, where no file is in the way.
    let file = aegis.bundle_file().with_extension("new");
    let room = without_limit();
    std::fs::write(&file, &next).expect("the new file");
    set(room);
    std::fs::rename(file, aegis.bundle_file()).expect("the new file in its place");
    assert_eq!(aegis.refusal().await, "bundle.not_kept");
    assert_eq!(aegis.policy_version().await, before);
    assert_eq!(charge(&aegis, &upstream, 7).await.status(), 200);
    let now = std::fs::read(kept.join("last-good.tar.gz")).expect("the last good bundle");
    assert!(now == small, "the last good bundle was touched");
    let left = std::fs::read_dir(&kept).expect("the directory").count();
    assert_eq!(left, 2, "nothing half-written stays");

    without_limit();
    in_force(&aegis, "4-").await;
    assert_eq!(charge(&aegis, &upstream, 7).await.status(), 403);
}

/// With a comment of 200 kB that do not shrink.
fn large(draft: Draft) -> Draft {
    let mut state = 7_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + u8::try_from(state >> 59).expect("five bits") % 26)
    };
    let noise: String = (0..200_000).map(|_| next()).collect();
    let module = format!(
        "package aegis.ext\n\n# {noise}\n\
         deny contains {{\"rule\": \"own.never\", \"message\": \"never\"}} if input.call.tool == \"never\"\n"
    );
    draft.with(|draft| {
        draft
            .modules
            .push(("modules/large.rego".to_owned(), module));
    })
}

/// As if somebody had made room; the limit that there was.
fn without_limit() -> Rlimit {
    let before = getrlimit(Resource::Fsize);
    set(Rlimit {
        current: before.maximum,
        maximum: before.maximum,
    });
    before
}

fn set(limit: Rlimit) {
    setrlimit(Resource::Fsize, limit).expect("a limit below the hard one");
}
