//! The compiled catalogue: which service an authority belongs to, which operation a request is.
//!
//! It names things and decides nothing. A path that two servers could read differently is an
//! [`AmbiguousPath`], never a guess.

mod path;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use aegis_document::Problems;

use crate::data::{EndpointData, OperationData, Protocol, ServiceData};
use crate::sources::{Model, Source};
use crate::{Authority, hosts};

use path::Template;
pub use path::{AmbiguousPath, decoded_segments};

/// Every service that the operator declared.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    services: Vec<Service>,
    /// By canonical host rule: `host`, `.suffix`, either with `:port`.
    claims: HashMap<String, usize>,
}

/// One declared destination and how it is spoken to. A service whose hosts are in different regions
/// is several of these, alike but for their regions.
#[derive(Clone, Debug)]
pub struct Service {
    pub name: Arc<str>,
    /// Empty where the catalogue names none.
    pub provider: Arc<str>,
    pub protocol: Protocol,
    /// Where the operator says that it runs; empty means unknown.
    pub regions: Arc<[Arc<str>]>,
    /// Parameters of calls other than REST operations that may be written down.
    pub recordable: Arc<[Arc<str>]>,
    /// Most specific first.
    operations: Arc<[Operation]>,
}

/// One operation of a REST service.
#[derive(Clone, Debug)]
pub struct Operation {
    pub action: Arc<str>,
    /// Names of the parameters that may be written down.
    pub recordable: Arc<[Arc<str>]>,
    method: Box<str>,
    template: Template,
}

/// The operation that a request is, and what stands in its path's placeholders.
#[derive(Clone, Debug)]
pub struct Matched<'a> {
    pub operation: &'a Operation,
    /// Percent-decoded, in the order of the path.
    pub parameters: Vec<(&'a str, String)>,
}

impl Catalogue {
    /// Reads `aegis.catalogue` of these data files and nothing else of them.
    pub fn read(data: &[Source]) -> Result<Self, Problems> {
        Self::compile(&Model::read(data)?)
    }

    /// Compiles the catalogue; every mistake is reported at its place.
    pub(crate) fn compile(model: &Model) -> Result<Self, Problems> {
        let catalogue = Self::default();
        let mut compiler = Compiler {
            model,
            catalogue,
            name: "",
            problems: Problems::new(),
        };
        for (name, data) in &model.data.catalogue {
            compiler.name = name;
            compiler.service(data);
        }
        compiler.problems.into_result(compiler.catalogue)
    }

    /// The service that claims `authority`: an exact host before the longest suffix, and of two
    /// equal ones that with this port before that for any port.
    pub fn service(&self, authority: &Authority) -> Option<&Service> {
        let whole = authority.to_string();
        let (host, _) = whole.rsplit_once(':')?;
        let starts = std::iter::once(0).chain(host.match_indices('.').map(|(dot, _)| dot));
        let index = starts
            .filter_map(|start| Some([whole.get(start..)?, host.get(start..)?]))
            .flatten()
            .find_map(|rule| self.claims.get(rule))?;
        self.services.get(*index)
    }

    pub fn services(&self) -> &[Service] {
        &self.services
    }
}

impl Service {
    /// The operation that `method` and `path` (percent-encoded, without query) name.
    ///
    /// Literal segments beat placeholders, from left to right. A path that differs from an
    /// operation's only in upper and lower case is ambiguous: many servers do not tell them apart.
    pub fn operation(
        &self,
        method: &str,
        path: &str,
    ) -> Result<Option<Matched<'_>>, AmbiguousPath> {
        let segments = decoded_segments(path)?;
        let exact = self.first_match(method, &segments, str::eq);
        let loose = self.first_match(method, &segments, str::eq_ignore_ascii_case);
        match (exact, loose) {
            (None, None) => Ok(None),
            (Some((at, found)), Some((near, _))) if at == near => Ok(Some(found)),
            _ => Err(AmbiguousPath::Case),
        }
    }

    fn first_match(
        &self,
        method: &str,
        segments: &[String],
        same: fn(&str, &str) -> bool,
    ) -> Option<(usize, Matched<'_>)> {
        self.operations
            .iter()
            .enumerate()
            .filter(|(_, it)| *it.method == *method)
            .find_map(|(at, operation)| {
                let parameters = operation.template.matches(segments, same)?;
                Some((
                    at,
                    Matched {
                        operation,
                        parameters,
                    },
                ))
            })
    }
}

/// Builds a catalogue and collects every mistake on the way.
struct Compiler<'a> {
    model: &'a Model,
    catalogue: Catalogue,
    /// Of the service at hand.
    name: &'a str,
    problems: Problems,
}

impl Compiler<'_> {
    fn service(&mut self, data: &ServiceData) {
        self.check(data);
        let service = Service {
            name: self.name.into(),
            provider: data.provider.as_deref().unwrap_or_default().into(),
            protocol: data.protocol,
            regions: shared(&data.regions),
            recordable: shared(&data.recordable),
            operations: self.operations(&data.operations).into(),
        };
        if data.endpoints.is_empty() {
            self.claims(&data.hosts, &[]);
            self.catalogue.services.push(service);
            return;
        }
        for (at, EndpointData { hosts, regions }) in data.endpoints.iter().enumerate() {
            self.claims(hosts, &["endpoints", &at.to_string()]);
            let regions = shared(regions);
            let service = service.clone();
            self.catalogue.services.push(Service { regions, ..service });
        }
    }

    fn check(&mut self, data: &ServiceData) {
        if self.name.is_empty() || self.name.contains('/') {
            self.report(
                &[],
                "the name of a service has no `/`, which divides SERVICE/TOOL, and is not empty",
            );
        }
        if RESERVED.contains(&self.name) {
            self.report(
                &[],
                format!(
                    "`{}` is the tool of calls that no service describes",
                    self.name
                ),
            );
        }
        if data.endpoints.is_empty() {
            if data.hosts.is_empty() {
                self.report(&["hosts"], "a service has at least one host");
            }
        } else if !data.hosts.is_empty() || !data.regions.is_empty() {
            let message = "a service has either `hosts` and `regions` or `endpoints`, not both";
            self.report(&["endpoints"], message);
        }
        for (at, endpoint) in data.endpoints.iter().enumerate() {
            if endpoint.hosts.is_empty() {
                let place = ["endpoints", &at.to_string(), "hosts"];
                self.report(&place, "an endpoint has at least one host");
            }
        }
        let is_rest = data.protocol == Protocol::Rest;
        if !is_rest && !data.operations.is_empty() {
            self.report(
                &["operations"],
                "only a service with `protocol: rest` has operations",
            );
        }
        if is_rest && !data.recordable.is_empty() {
            self.report(
                &["recordable"],
                "in a `rest` service each operation has its own `recordable`",
            );
        }
    }

    /// The hosts under `place` belong to the service that is added next.
    fn claims(&mut self, hosts: &[String], place: &[&str]) {
        for (at, host) in hosts.iter().enumerate() {
            let at = at.to_string();
            self.claim(host, &[place, &["hosts", &at]].concat());
        }
    }

    fn claim(&mut self, host: &str, place: &[&str]) {
        let rule = match hosts::canonical(host) {
            Ok(rule) => rule,
            Err(mistake) => return self.report(place, mistake),
        };
        let index = self.catalogue.services.len();
        if let Some(first) = self.catalogue.claims.insert(rule, index) {
            let owner = self
                .catalogue
                .services
                .get(first)
                .map_or(self.name, |owner| &*owner.name);
            let message = format!("`{host}` already belongs to the service `{owner}`");
            self.report(place, message);
        }
    }

    /// Most specific first.
    fn operations(&mut self, data: &[OperationData]) -> Vec<Operation> {
        let mut operations: Vec<Operation> = Vec::with_capacity(data.len());
        for (at, data) in data.iter().enumerate() {
            let at = at.to_string();
            let Some(operation) = self.operation(&at, data) else {
                continue;
            };
            if let Some(twin) = operations
                .iter()
                .find(|other| other.same_requests(&operation))
            {
                let message = format!("the operation `{}` matches the same requests", twin.action);
                self.report(&["operations", &at, "path"], message);
            }
            operations.push(operation);
        }
        operations.sort_by(|a, b| a.template.by_precedence(&b.template));
        operations
    }

    fn operation(&mut self, at: &str, data: &OperationData) -> Option<Operation> {
        if ["", "*", "other"].contains(&data.action.as_str()) {
            let message = "an operation has an action of its own: `*` means any, `other` those that are not listed";
            self.report(&["operations", at, "action"], message);
        }
        if data.method.is_empty() || !data.method.bytes().all(|b| b.is_ascii_uppercase()) {
            let message = "a method is written in upper-case letters, such as POST";
            self.report(&["operations", at, "method"], message);
        }
        match Template::parse(&data.path) {
            Ok(template) => Some(Operation {
                action: data.action.as_str().into(),
                recordable: shared(&data.recordable),
                method: data.method.as_str().into(),
                template,
            }),
            Err(mistake) => {
                self.report(&["operations", at, "path"], mistake);
                None
            }
        }
    }

    /// `place` is below the service at hand.
    fn report(&mut self, place: &[&str], message: impl Into<String>) {
        self.problems
            .push(self.model.problem("catalogue", self.name, place, message));
    }
}

impl Operation {
    fn same_requests(&self, other: &Self) -> bool {
        self.method == other.method && self.template.same_shape(&other.template)
    }
}

/// Of the name `SERVER/TOOL` the server; a server by itself is its own.
pub(crate) fn server(tool: &str) -> &str {
    tool.split_once('/').map_or(tool, |(server, _)| server)
}

fn shared(names: &[String]) -> Arc<[Arc<str>]> {
    names.iter().map(|name| name.as_str().into()).collect()
}

/// Tool names of calls that no service describes.
const RESERVED: [&str; 2] = ["http", "tunnel"];
