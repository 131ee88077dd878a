//! `aegis policy new`: starts a policy from a pattern, with its tests. Overwrites nothing.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::Format;
use super::template::{TEMPLATES, Template};
use crate::exit::{Exit, Failure};
use crate::output::{self, note};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// A directory that is empty or not there yet
    #[arg(value_name = "DIR", required_unless_present = "list")]
    directory: Option<PathBuf>,
    /// The pattern to start from
    #[arg(long, value_name = "NAME", value_parser = template, required_unless_present = "list")]
    template: Option<&'static Template>,
    /// Only say which templates there are
    #[arg(long)]
    list: bool,
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    match (&arguments.directory, arguments.template) {
        (Some(directory), Some(template)) if !arguments.list => {
            write(template, directory)?;
            say(template, directory, arguments.output);
        }
        _ => list(arguments.output),
    }
    Ok(ExitCode::SUCCESS)
}

fn list(format: Format) {
    match format {
        Format::Text => {
            for template in TEMPLATES {
                output::result(format!("{:<15}{}", template.name, template.about));
            }
        }
        Format::Json => {
            let templates = TEMPLATES.iter();
            let templates = templates.map(|it| json!({"name": it.name, "about": it.about}));
            output::json(&json!({
                "schema_version": 1,
                "templates": templates.collect::<Vec<_>>(),
            }));
        }
    }
}

fn say(template: &Template, directory: &Path, format: Format) {
    let files: Vec<PathBuf> = template
        .files
        .iter()
        .map(|(name, _)| directory.join(name))
        .collect();
    match format {
        Format::Text => files.iter().for_each(|file| output::result(file.display())),
        Format::Json => output::json(&json!({"schema_version": 1, "files": files})),
    }
    let directory = directory.display();
    note(format!(
        "\nChange the names to yours, then:\n  aegis policy test {directory} --coverage"
    ));
}

fn write(template: &Template, directory: &Path) -> Result<(), Failure> {
    let failed = |path: &Path, error: io::Error| {
        Failure::new(
            Exit::Failed,
            format!("cannot write {}: {error}", path.display()),
        )
    };
    fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
    let mut entries = fs::read_dir(directory).map_err(|error| failed(directory, error))?;
    if entries.next().is_some() {
        let message = format!("{} is not empty; name a new directory", directory.display());
        return Err(Failure::new(Exit::Failed, message));
    }
    for (name, text) in template.files {
        let path = directory.join(name);
        let written = fs::create_dir_all(path.parent().unwrap_or(directory))
            .and_then(|()| fs::File::create_new(&path))
            .and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| failed(&path, error))?;
    }
    Ok(())
}

fn template(name: &str) -> Result<&'static Template, String> {
    TEMPLATES
        .iter()
        .find(|template| template.name == name)
        .ok_or_else(|| {
            let names: Vec<&str> = TEMPLATES.iter().map(|template| template.name).collect();
            format!("there are the templates {}", names.join(", "))
        })
}

const EXAMPLES: &str = "\
Examples:
  aegis policy new --list
  aegis policy new ./policies --template payments
  aegis policy new ./policies --template coding-agent";
