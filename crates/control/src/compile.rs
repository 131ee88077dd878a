//! Sources to packages, for the scopes that there are, on threads that may block. Stores and signs nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aegis_api::{Diff, Mistake, SourceFile};

use crate::compiler::{Package, files};
use crate::error::Fault;
use crate::plane::Plane;

/// For every scope.
pub(crate) async fn all(
    plane: &Plane,
    sources: &[SourceFile],
) -> Result<BTreeMap<String, Package>, Fault> {
    let packages = compile_for(plane, sources.to_vec(), |_| true).await?;
    if packages.is_empty() {
        return Err(Fault::NoDataPlanes);
    }
    Ok(packages)
}

/// The packages of a publication for all present scopes; compiled now for those that are newer than it.
pub(crate) async fn packages(
    plane: &Plane,
    number: u64,
    sources: &[SourceFile],
) -> Result<BTreeMap<String, Package>, Fault> {
    let mut packages = plane.store.packages(number).await?;
    packages.retain(|scope, _| plane.board.offers(scope).is_some());
    let known: BTreeSet<String> = packages.keys().cloned().collect();
    let added = compile_for(plane, sources.to_vec(), move |scope| !known.contains(scope)).await?;
    packages.extend(added);
    if packages.is_empty() {
        return Err(Fault::NoDataPlanes);
    }
    Ok(packages)
}

/// For the scopes that are wanted; without any, nothing is compiled. A mistake is told once, with
/// all scopes that have it.
async fn compile_for(
    plane: &Plane,
    sources: Vec<SourceFile>,
    wanted: impl Fn(&str) -> bool + Send + 'static,
) -> Result<BTreeMap<String, Package>, Fault> {
    let compiler = Arc::clone(&plane.compiler);
    let mut scopes = Vec::new();
    for (name, scope) in plane.board.scopes() {
        if wanted(name) {
            scopes.push((name.to_owned(), scope.clone()));
        }
    }
    if scopes.is_empty() {
        return Ok(BTreeMap::new());
    }
    let work = move || {
        let whole = compiler.compile(&files(&sources));
        let mut packages = BTreeMap::new();
        let mut mistakes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, scope) in scopes {
            let package = match &whole {
                Ok(policy) => policy.package(&scope),
                Err(texts) => Err(texts.clone()),
            };
            match package {
                Ok(package) => drop(packages.insert(name, package)),
                Err(texts) => {
                    for text in texts {
                        mistakes.entry(text).or_default().push(name.clone());
                    }
                }
            }
        }
        let mistake = |(text, scopes)| Mistake { text, scopes };
        if mistakes.is_empty() {
            return Ok(packages);
        }
        Err(Fault::Mistakes(mistakes.into_iter().map(mistake).collect()))
    };
    blocking(work).await?
}

pub(crate) async fn diff(
    plane: &Plane,
    old: Vec<SourceFile>,
    new: Vec<SourceFile>,
) -> Result<Diff, Fault> {
    let compiler = Arc::clone(&plane.compiler);
    blocking(move || compiler.diff(&files(&old), &files(&new))).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Fault::Internal("the compiler was cut short"))
}
