//! Which file of a bundle is what to a data plane. Compiles nothing.

use aegis_bundle::{Contents, File, Layout};
use aegis_policy::{Mode, Source, Sources};

use crate::activation::Rejection;

/// What a bundle's policy is made of here: the data as people wrote it and the users' modules. The
/// library and the compiled data that the archive carries for OPA are not used: this version has its own.
pub(super) fn sources(contents: &Contents, mode: Mode) -> Result<Sources, Rejection> {
    let mut data = contents.data.clone();
    data.remove(Layout::COMPILED);
    let text = serde_json::to_string_pretty(&data).map_err(|error| Rejection::of(&error))?;
    let mut modules = Vec::new();
    for File { path, text } in &contents.modules {
        match Layout::of(path) {
            Layout::Module => modules.push(Source {
                file: path.clone(),
                text: text.clone(),
            }),
            Layout::Library | Layout::ModuleTest => {}
            Layout::Unknown => {
                return Err(Rejection {
                    code: Some("bundle.unknown_file"),
                    message: format!("{path:?} is neither below `library` nor below `modules`"),
                });
            }
        }
    }
    Ok(Sources {
        modules,
        data: vec![Source {
            file: "data.json".to_owned(),
            text,
        }],
        mode,
    })
}
