//! `aegis policy build`: a checked and tested policy as a signed bundle in a file, whole or not at all. Puts it nowhere else.

mod parse;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aegis_authoring::package;
use aegis_bundle::{
    Bundle, Contents, Expected, Format as BundleFormat, Limits, Manifest, Metadata, Region, Scope,
    Signature, Signer, Trust,
};
use clap::{ArgGroup, Args};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::Format;
use super::key::KeyFile;
use super::opened::{self, Opened};
use super::test::Report;
use crate::exit::{Exit, Failure};
use crate::output;
use parse::{lifetime, region, whole_seconds};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, group = ArgGroup::new("signature").required(true))]
pub(crate) struct Arguments {
    /// The policy, with everything below it
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Where the bundle goes; what is there is replaced
    #[arg(short, long, value_name = "BUNDLE.tar.gz")]
    out: PathBuf,
    /// Grows with every bundle for the same tenants and region
    #[arg(long, value_name = "N")]
    number: u64,
    /// For whom it is made; may be given several times
    #[arg(long = "tenant", value_name = "NAME", required = true)]
    tenants: Vec<String>,
    /// For which region, or `any`
    #[arg(long, value_parser = region)]
    region: Region,
    /// The private key that signs it (PEM, mode 0600)
    #[arg(long, value_name = "ID=ALGORITHM:FILE", group = "signature")]
    key: Option<KeyFile>,
    /// Sign nothing; only a data plane that skips signatures takes it
    #[arg(long, group = "signature")]
    unsigned: bool,
    /// How long it may be used, such as 30d, 12h or 90m
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    expires: Option<SignedDuration>,
    /// RFC 3339, whole seconds; now, if absent
    #[arg(long, value_name = "TIME", value_parser = whole_seconds)]
    issued_at: Option<Timestamp>,
    /// For people and logs; the number, if absent
    #[arg(long, value_name = "TEXT")]
    revision: Option<String>,
    /// Allow it to replace the bundle of this greater number
    #[arg(long, value_name = "N")]
    rollback_from: Option<u64>,
    /// Words, or one JSON document
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Format,
    /// As `--output json`
    #[arg(long, hide = true)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let signer = arguments.key.as_ref().map(KeyFile::signer).transpose()?;
    let policy = Opened::directory(&arguments.directory)?;
    let report = Report::of(&policy)?;
    if !report.passed() {
        report.write_failures();
        return Err(Failure::new(
            Exit::Failed,
            "tests fail, so no bundle is made",
        ));
    }
    if report.is_empty() {
        output::warning("the policy has no tests");
    }
    let contents = arguments.contents(&policy)?;
    let archive = aegis_bundle::build(&contents, signer.as_ref()).map_err(mistaken)?;
    let bundle = write(&arguments.out, &archive, &contents, signer.as_ref())?;
    arguments.say(&bundle, archive.len());
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    fn contents(&self, policy: &Opened) -> Result<Contents, Failure> {
        let tenants: BTreeSet<String> = self.tenants.iter().cloned().collect();
        let package = package(&policy.files, &tenants).map_err(mistaken)?;
        let issued_at = self.issued_at.unwrap_or_else(now);
        let expires_at = self.expires.map(|lifetime| issued_at.checked_add(lifetime));
        let number = self.number;
        Ok(Contents {
            manifest: Manifest {
                revision: self.revision.clone().unwrap_or_else(|| number.to_string()),
                roots: package.roots,
                aegis: Metadata {
                    format: BundleFormat::V1,
                    number,
                    issued_at,
                    expires_at: expires_at.transpose().map_err(mistaken)?,
                    scope: Scope {
                        tenants,
                        region: self.region.clone(),
                    },
                    rollback_from: self.rollback_from,
                },
            },
            data: package.data,
            modules: package.modules,
            tests: package.tests,
        })
    }

    fn say(&self, bundle: &Bundle, bytes: usize) {
        let active = bundle.active();
        let metadata = &bundle.contents().manifest.aegis;
        let expires_at = metadata.expires_at.map(|end| end.to_string());
        if self.json || self.output == Format::Json {
            output::json(&json!({
                "schema_version": 1,
                "file": self.out,
                "number": active.number,
                "revision": bundle.contents().manifest.revision,
                "digest": active.digest,
                "bytes": bytes,
                "key": bundle.signed_by(),
                "scope": metadata.scope.to_string(),
                "issued_at": metadata.issued_at.to_string(),
                "expires_at": expires_at,
            }));
            return;
        }
        for (what, value) in [
            ("file", self.out.display().to_string()),
            ("number", active.number.to_string()),
            ("digest", active.digest),
            ("size", format!("{bytes} bytes")),
            ("scope", metadata.scope.to_string()),
            (
                "key",
                bundle
                    .signed_by()
                    .unwrap_or("none: it is not signed")
                    .to_owned(),
            ),
            ("expires", expires_at.unwrap_or_else(|| "never".to_owned())),
        ] {
            output::result(format!("{what:<9}{value}"));
        }
    }
}

/// Whole or not at all, and only once it opens as a data plane would open it.
fn write(
    file: &Path,
    archive: &[u8],
    contents: &Contents,
    signer: Option<&Signer>,
) -> Result<Bundle, Failure> {
    let failed = |error: io::Error| {
        Failure::new(
            Exit::Failed,
            format!("cannot write {}: {error}", file.display()),
        )
    };
    let directory = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let mut written = tempfile::Builder::new()
        .prefix(".aegis-bundle-")
        // A bundle is no secret; the umask takes away more.
        .permissions(fs::Permissions::from_mode(0o644))
        .tempfile_in(directory.unwrap_or(Path::new(".")))
        .map_err(failed)?;
    written.write_all(archive).map_err(failed)?;
    written.as_file().sync_all().map_err(failed)?;
    let read = fs::read(written.path()).map_err(failed)?;
    let bundle = open(&read, contents, signer)?;
    written.persist(file).map_err(|error| failed(error.error))?;
    Ok(bundle)
}

fn open(archive: &[u8], contents: &Contents, signer: Option<&Signer>) -> Result<Bundle, Failure> {
    let metadata = &contents.manifest.aegis;
    let trust = Trust {
        keys: signer.map(Signer::trusted_key).into_iter().collect(),
        signature: match signer {
            Some(_) => Signature::Required,
            None => Signature::InsecureSkip,
        },
        scope: Expected {
            tenants: metadata.scope.tenants.clone(),
            region: match &metadata.scope.region {
                Region::Only(region) => region.clone(),
                Region::Any => String::new(),
            },
        },
        limits: Limits::default(),
    };
    let bundle = aegis_bundle::open(archive, &trust, metadata.issued_at).map_err(mistaken)?;
    let files = opened::files(bundle.contents())?;
    aegis_authoring::check(&files, aegis_policy::Mode::Enforce, metadata.number)
        .map_err(mistaken)?;
    Ok(bundle)
}

fn mistaken(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Configuration, error)
}

/// Bundles count whole seconds.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

const EXAMPLES: &str = "\
Examples:
  aegis policy build ./policies -o acme.tar.gz --number 7 --tenant acme --region eu-central-1 --key release=EdDSA:release.pem --expires 30d
  aegis policy build ./policies -o acme.tar.gz --number 7 --tenant acme --region any --unsigned

The same policy, arguments and --issued-at make the same bytes, except with ES256, whose signatures differ each time.
Ends with 1 where a test fails, with 78 where there are mistakes.";
