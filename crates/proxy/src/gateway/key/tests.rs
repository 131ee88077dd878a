//! Secrets and where they come from.

use std::fs;

use tempfile::TempDir;

use super::*;

#[tokio::test]
async fn the_first_line_of_a_file_is_the_key_and_a_new_file_is_a_new_key() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("key");
    let key = Key::new(&KeySource::File(file.clone()));
    assert_eq!(
        said(&key).await,
        Err(KeyError::File {
            file: file.clone(),
            kind: io::ErrorKind::NotFound
        })
    );
    for (content, line) in [
        ("sk-one", "sk-one"),
        ("sk-two\n", "sk-two"),
        ("  Bot sk-three \r\nnot this\n", "Bot sk-three"),
    ] {
        fs::write(&file, content).unwrap();
        assert_eq!(said(&key).await.as_deref(), Ok(line));
    }
    let long = "x".repeat(LONGEST + 1);
    for content in ["", "\nsk", " \n", "s\u{e4}", "a\u{7}b", &long] {
        fs::write(&file, content).unwrap();
        assert_eq!(said(&key).await, Err(KeyError::Text), "{content:.9?}");
    }
}

#[tokio::test]
async fn a_variable_that_is_not_set_is_no_key() {
    let key = Key::new(&KeySource::Env("AEGIS_NOBODY_SETS_THIS".into()));
    assert_eq!(
        said(&key).await,
        Err(KeyError::Env("AEGIS_NOBODY_SETS_THIS".into()))
    );
    let key = Key::new(&KeySource::Env("CARGO_PKG_NAME".into()));
    assert_eq!(said(&key).await.as_deref(), Ok("aegis-proxy"));
}

#[tokio::test]
async fn a_command_is_run_once_for_as_long_as_its_answer_is_good() {
    let directory = TempDir::new().unwrap();
    let runs = directory.path().join("runs");
    let count = format!("echo run >> {0}; echo sk-$(wc -l < {0})", runs.display());
    let key = command(&["sh", "-c", &count], Duration::from_mins(5));
    let both = tokio::join!(said(&key), said(&key));
    assert_eq!(
        (both.0.as_deref(), both.1.as_deref()),
        (Ok("sk-1"), Ok("sk-1"))
    );

    let key = command(&["sh", "-c", &count], Duration::ZERO);
    assert_eq!(said(&key).await.as_deref(), Ok("sk-2"));
    assert_eq!(said(&key).await.as_deref(), Ok("sk-3"));
}

#[tokio::test]
async fn a_command_that_fails_gives_no_key_whatever_it_prints() {
    for (argv, error) in [
        (
            &["sh", "-c", "echo sk-leaked; exit 3"][..],
            "its command sh failed: exit status: 3",
        ),
        (
            &["sh", "-c", "echo sk-leaked >&2"],
            "it is empty, longer than 16 KiB, or not plain text in its first line",
        ),
        (
            &["/nowhere/program", "sk-leaked"],
            "its command /nowhere/program cannot be run: entity not found",
        ),
        // No shell reads the arguments.
        (
            &["test", "$(echo a)", "=", "a"],
            "its command test failed: exit status: 1",
        ),
    ] {
        let key = command(argv, Duration::from_mins(5));
        let told = said(&key).await.expect_err("no key");
        assert_eq!(told.to_string(), error, "{argv:?}");
    }
}

#[tokio::test]
async fn a_command_that_does_not_end_is_not_waited_for() {
    let key = Key::new(&KeySource::Command(KeyCommand {
        timeout: Duration::from_millis(50),
        ..KeyCommand::new(vec!["sleep".to_owned(), "600".to_owned()])
    }));
    assert_eq!(said(&key).await, Err(KeyError::Late));
}

async fn said(key: &Key) -> Result<String, KeyError> {
    key.read().await.map(|secret| secret.to_string())
}

fn command(argv: &[&str], cache: Duration) -> Key {
    let argv = argv.iter().map(|&word| word.to_owned()).collect();
    Key::new(&KeySource::Command(KeyCommand {
        cache,
        ..KeyCommand::new(argv)
    }))
}
