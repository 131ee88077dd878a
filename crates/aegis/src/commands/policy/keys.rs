//! `aegis policy keys new`: makes a key pair and the settings lines that name it. Shows no private key and replaces none.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aegis_bundle::{Algorithm, Signer, TrustedKey};
use clap::{Args, ValueEnum};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519};
use serde_json::json;
use zeroize::Zeroizing;

use super::Format;
use crate::exit::{Exit, Failure};
use crate::output::{self, note};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// By which signatures name the key; also the name of its files
    #[arg(long, value_parser = id)]
    id: String,
    /// The first signs alike each time, the second is what OPA can verify, too
    #[arg(long, value_enum, default_value = "EdDSA")]
    algorithm: Generated,
    /// The directory that the two files go to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Generated {
    #[value(name = "EdDSA")]
    EdDsa,
    #[value(name = "ES256")]
    Es256,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let (algorithm, kind) = match arguments.algorithm {
        Generated::EdDsa => (Algorithm::EdDsa, &PKCS_ED25519),
        Generated::Es256 => (Algorithm::Es256, &PKCS_ECDSA_P256_SHA256),
    };
    let failed = |error: &dyn std::fmt::Display| Failure::new(Exit::Failed, error);
    let pair = KeyPair::generate_for(kind).map_err(|error| failed(&error))?;
    let private = Zeroizing::new(pair.serialize_pem());
    let public = pair.public_key_pem();
    // What could not be read back later must not be handed out now.
    Signer::from_pem(&arguments.id, algorithm, &private).map_err(|error| failed(&error))?;
    TrustedKey::from_pem(&arguments.id, algorithm, &public).map_err(|error| failed(&error))?;
    fs::create_dir_all(&arguments.out).map_err(|error| {
        failed(&format!(
            "cannot create {}: {error}",
            arguments.out.display()
        ))
    })?;
    let file = |end: &str| arguments.out.join(format!("{}.{end}", arguments.id));
    let (private_file, public_file) = (file("pem"), file("pub"));
    write_new(&private_file, &private, PRIVATE)?;
    write_new(&public_file, &public, PUBLIC)?;
    say(arguments, algorithm, &private_file, &public_file);
    Ok(ExitCode::SUCCESS)
}

fn say(arguments: &Arguments, algorithm: Algorithm, private: &Path, public: &Path) {
    let entry =
        |file: &Path| json!({"id": arguments.id, "algorithm": algorithm.name(), "file": file});
    match arguments.output {
        Format::Json => output::json(&json!({
            "schema_version": 1,
            "id": arguments.id,
            "algorithm": algorithm.name(),
            "private_key": private,
            "public_key": public,
        })),
        Format::Text => {
            // JSON is YAML, and quotes what needs quotes.
            note(format!(
                "The private key is {}; keep it where bundles are signed.",
                private.display()
            ));
            note("\nFor the settings of data planes:");
            output::result(format!(
                "policy:\n  bundle:\n    keys:\n      - {}",
                entry(public)
            ));
            note("\nFor the settings of a control plane:");
            output::result(format!("signing:\n  keys:\n    - {}", entry(private)));
        }
    }
}

/// Never in the place of another: what is signed with that one would be lost.
fn write_new(file: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(file);
    let written = created.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| {
        Failure::new(
            Exit::Failed,
            format!("cannot write {}: {error}", file.display()),
        )
    })
}

/// It becomes the name of a file.
fn id(text: &str) -> Result<String, &'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() || text.starts_with('.') || !text.chars().all(plain) {
        return Err("an id has letters, digits, `-`, `_` and `.`, and begins with no `.`");
    }
    Ok(text.to_owned())
}

const PRIVATE: u32 = 0o600;
const PUBLIC: u32 = 0o644;

const EXAMPLES: &str = "\
Examples:
  aegis policy keys new --id release-2026 --out ./keys
  aegis policy keys new --id release-2026 --algorithm ES256 --out ./keys";
