//! Reads a directory of policy sources as it will be published. Judges none of them.

use std::fs;
use std::io;
use std::path::Path;

use aegis_api::SourceFile;

use crate::exit::{Exit, Failure};

/// Every YAML, JSON and Rego file below the directory, by its path there, in the order of the
/// paths. Hidden files and directories are left out.
pub(super) fn read(directory: &Path) -> Result<Vec<SourceFile>, Failure> {
    let mut files = Vec::new();
    let mut total = 0;
    collect(directory, "", 0, &mut |path, text: String| {
        total += text.len();
        files.push(SourceFile { path, text });
        (total <= MAX_BYTES).then_some(()).ok_or(TOO_LARGE)
    })
    .map_err(|message| Failure::new(Exit::Configuration, message))?;
    if files.is_empty() {
        let message = format!("{}: no policy sources there", directory.display());
        return Err(Failure::new(Exit::Configuration, message));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn collect(
    directory: &Path,
    prefix: &str,
    depth: usize,
    take: &mut dyn FnMut(String, String) -> Result<(), &'static str>,
) -> Result<(), String> {
    let failed = |error: &io::Error| format!("{}: {error}", directory.display());
    if depth > MAX_DEPTH {
        let name = directory.display();
        return Err(format!("{name}: more than {MAX_DEPTH} directories deep"));
    }
    for entry in fs::read_dir(directory).map_err(|error| failed(&error))? {
        let entry = entry.map_err(|error| failed(&error))?;
        let path = entry.path();
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            return Err(format!("{}: the name is no UTF-8", path.display()));
        };
        if name.starts_with('.') {
            continue;
        }
        let failed = |error: &io::Error| format!("{}: {error}", path.display());
        let name = format!("{prefix}{name}");
        // Through links: a mounted volume is made of them.
        if fs::metadata(&path)
            .map_err(|error| failed(&error))?
            .is_dir()
        {
            collect(&path, &format!("{name}/"), depth + 1, take)?;
        } else if is_source(&path) {
            let text = fs::read_to_string(&path).map_err(|error| failed(&error))?;
            take(name, text).map_err(str::to_owned)?;
        }
    }
    Ok(())
}

fn is_source(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| SOURCES.contains(&extension))
}

const SOURCES: [&str; 4] = ["yaml", "yml", "json", "rego"];

/// As the control plane takes by default.
const MAX_BYTES: usize = 16 << 20;
const TOO_LARGE: &str = "the directory holds more than 16 MiB of policy sources";

/// A circle of links ends here.
const MAX_DEPTH: usize = 16;
