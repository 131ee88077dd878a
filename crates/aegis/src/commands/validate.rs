//! `aegis validate`: all mistakes of settings and policies at once. Opens no socket and writes no file.

mod warned;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aegis_config::{PolicySettings, PolicySource, Settings};
use aegis_document::{Document, Problem, Problems};
use aegis_policy::Snapshot;
use clap::{Args, ValueEnum};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Serialize;
use serde_json::json;

use crate::exit::Exit;
use crate::output::{self, Style, note};
use crate::policies::{self, Policy, Unusable};
use crate::settings;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The settings file; the policies that it names are checked as well
    #[arg(long, value_name = "FILE", required_unless_present = "policy")]
    config: Option<PathBuf>,
    /// A directory of policies, instead of the one that the settings name
    #[arg(long, value_name = "DIR")]
    policy: Option<PathBuf>,
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let mut findings = Findings::default();
    let (checked, meant) = match &arguments.config {
        Some(file) => match settings::text(file) {
            Ok(text) => findings.settings(file, &text),
            Err(failure) => {
                findings.other.push(failure.to_string());
                (None, None)
            }
        },
        None => (None, None),
    };
    let policy = match &arguments.policy {
        Some(directory) => Some(instead(meant, directory)),
        None => meant,
    };
    if policy.is_none() {
        findings.unchecked = Some("the settings do not say which they are");
    }
    let region = checked.as_ref().map_or("", |known| &*known.settings.region);
    let document = checked.as_ref().map(|known| &known.document);
    let document = document.filter(|_| arguments.policy.is_none());
    let judged = policy.and_then(|policy| findings.policy(&policy, region, document));
    if let (Some(known), Some(policy)) = (&checked, &judged) {
        findings.credentials(known, &policy.sources, &policy.snapshot);
        findings.nobody(known, &policy.sources, &policy.snapshot);
        findings.detector(known, &policy.sources);
    }
    let snapshot = judged.as_ref().map(|policy| &policy.snapshot);
    let trouble = snapshot.and_then(Snapshot::trouble);
    findings.warnings.extend(trouble.cloned());
    match arguments.output {
        Format::Json => findings.write_json(snapshot),
        Format::Text => findings.write_text(snapshot),
    }
    let good = findings.problems.is_empty() && findings.other.is_empty();
    if good {
        ExitCode::SUCCESS
    } else {
        Exit::Configuration.into()
    }
}

/// Another directory than the settings', in the mode that the settings give to one of the user's own.
fn instead(meant: Option<PolicySettings>, directory: &Path) -> PolicySettings {
    let own = meant.filter(|meant| !matches!(meant.source, PolicySource::Sample(_)));
    PolicySettings {
        source: PolicySource::Directory(directory.to_owned()),
        ..own.unwrap_or_default()
    }
}

#[derive(Default)]
struct Findings {
    problems: Problems,
    /// Mistakes that have no place in a file.
    other: Vec<String>,
    /// Worth knowing, and no mistake: policy may change without the settings.
    warnings: Problems,
    /// What the mistakes together look like.
    hint: Option<&'static str>,
    /// Why the policies were not looked at.
    unchecked: Option<&'static str>,
}

struct Checked {
    settings: Settings,
    document: Document,
}

impl Findings {
    /// The settings where they are good, and in any case what they name: files, and the policies that
    /// they mean.
    fn settings(&mut self, file: &Path, text: &str) -> (Option<Checked>, Option<PolicySettings>) {
        let (settings, problems) = settings::examine(file, text);
        let is_good = problems.is_empty();
        self.problems.extend(problems);
        let document = Document::parse(&file.display().to_string(), text).ok();
        let is_of_control = |document: &Document| document.keys().contains(&"signing");
        if !is_good && document.as_ref().is_some_and(is_of_control) {
            self.hint = Some(CONTROL);
        }
        let checked = settings.zip(document);
        let checked = checked.map(|(settings, document)| Checked { settings, document });
        if let Some(checked) = &checked {
            self.files(checked);
            self.keys_of_services(checked);
            self.exposed(checked);
        }
        match checked.filter(|_| is_good) {
            Some(checked) => {
                self.sample(&checked, file);
                let policy = checked.settings.policy.clone();
                (Some(checked), Some(policy))
            }
            None => (None, settings::policy_of(file, text)),
        }
    }

    /// Nobody should believe to be protected by policies that are not looked at.
    fn sample(&mut self, Checked { settings, document }: &Checked, file: &Path) {
        if !matches!(settings.policy.source, PolicySource::Sample(_)) {
            return;
        }
        let message = format!(
            "`policy.directory` is not set: the built-in sample is in force, mode {}",
            aegis_proxy::mode_of(settings.policy.mode)
        );
        let mut problem = document.problem(&["policy", "directory"], message);
        if file.with_file_name("policies").is_dir() {
            problem = problem.with_hint("did you mean `policies`, which is beside the settings?");
        }
        self.warnings.push(problem);
    }

    fn files(&mut self, Checked { settings, document }: &Checked) {
        let log = &settings.audit.file;
        if log.is_dir() {
            let message = format!("`audit.file`: {} is a directory", log.display());
            let place = ["audit", "file"];
            self.problems.push(document.problem(&place, message));
        }
        let client_ca = settings
            .listen
            .tls
            .as_ref()
            .and_then(|tls| tls.client_ca.as_deref());
        let named: [(&[&str], Option<&Path>); 2] = [
            (
                &["upstream", "ca_file"],
                settings.upstream.ca_file.as_deref(),
            ),
            (&["listen", "tls", "client_ca"], client_ca),
        ];
        if let PolicySource::Bundle(bundle) = &settings.policy.source {
            for (at, key) in bundle.keys.iter().flatten().enumerate() {
                if let Err(error) = fs::File::open(&key.file) {
                    let message = format!("cannot read {}: {error}", key.file.display());
                    let place = ["policy", "bundle", "keys", &at.to_string(), "file"];
                    self.problems.push(document.problem(&place, message));
                }
            }
        }
        for (place, file) in named {
            if let Some(mistake) = file.and_then(|file| certificate_mistake(file).err()) {
                self.problems.push(document.problem(place, mistake));
            }
        }
    }

    /// `settings` is what names it, where that is a file.
    fn policy(
        &mut self,
        policy: &PolicySettings,
        region: &str,
        settings: Option<&Document>,
    ) -> Option<Policy> {
        let key = match &policy.source {
            PolicySource::Bundle(_) => &["policy", "bundle", "file"][..],
            _ => &["policy", "directory"],
        };
        match (policies::read(policy, region), settings) {
            (Ok(Some(policy)), _) => return Some(policy),
            (Ok(None), _) => self.unchecked = Some("the control plane has them"),
            (Err(Unusable::Unreadable(error)), Some(document)) => {
                self.problems.push(document.problem(key, error));
            }
            (Err(Unusable::Unreadable(error)), None) => self.other.push(error),
            (Err(Unusable::Mistaken(problems)), _) => self.problems.extend(problems),
        }
        None
    }

    fn write_text(&self, snapshot: Option<&Snapshot>) {
        let style = Style::stderr();
        for problem in &self.problems {
            note(problem);
        }
        self.other.iter().for_each(note);
        for warning in &self.warnings {
            output::warning(warning);
        }
        self.hint.iter().for_each(note);
        if let Some(why) = self.unchecked {
            note(format!("the policies were not checked: {why}"));
        }
        let count = self.problems.len() + self.other.len();
        match count {
            0 => note(style.green("ok: no mistakes")),
            1 => note(style.red("1 mistake")),
            count => note(style.red(&format!("{count} mistakes"))),
        }
        if let Some(snapshot) = snapshot.filter(|_| count == 0) {
            let modes = snapshot.modes().iter().map(|(tenant, mode)| {
                format!("{tenant}={} (residency {})", mode.policy, mode.residency)
            });
            note(format!("modes: {}", modes.collect::<Vec<_>>().join(" ")));
        }
    }

    fn write_json(&self, snapshot: Option<&Snapshot>) {
        let place = |problem: &Problem| Place {
            file: Some(problem.file.clone()),
            line: Some(problem.line),
            column: Some(problem.column),
            message: problem.message.clone(),
            hint: problem.hint.clone(),
        };
        let bare = |message: &String| Place {
            message: message.clone(),
            ..Place::default()
        };
        let mut problems: Vec<Place> = self.problems.iter().map(place).collect();
        problems.extend(self.other.iter().map(bare));
        let warnings: Vec<Place> = self.warnings.iter().map(place).collect();
        output::json(&json!({
            "schema_version": 1,
            "valid": problems.is_empty(),
            "problems": problems,
            "warnings": warnings,
            "hint": self.hint,
            "policy_checked": self.unchecked.is_none(),
            "policy_sha256": snapshot.map(|snapshot| &snapshot.revision().digest),
        }));
    }
}

#[derive(Default, Serialize)]
struct Place {
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
    hint: Option<String>,
}

fn certificate_mistake(file: &Path) -> Result<(), String> {
    let name = file.display();
    let pem = fs::read(file).map_err(|error| format!("cannot read {name}: {error}"))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(()),
        _ => Err(format!("{name} holds no certificate in PEM")),
    }
}

const CONTROL: &str =
    "this looks like the settings of a control plane, which aegis control --config reads";

const EXAMPLES: &str = "\
Examples:
  aegis validate --config aegis.yaml
  aegis validate --policy ./policies
  aegis validate --config aegis.yaml -o json

Ends with 78 where there are mistakes, in settings or in policies.";
