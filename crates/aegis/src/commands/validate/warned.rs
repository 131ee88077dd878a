//! What `aegis validate` warns of: settings and policies that are good, each by itself, and do not do what they seem to. Refuses nothing.

use std::fs;
use std::path::Path;

use aegis_config::{GatewayService, KeySource, ServiceCredential};
use aegis_document::{Problem, nearest};
use aegis_policy::{Auth, Caller, Snapshot, Sources};

use super::{Checked, Findings};
use crate::commands::proxy::{exposed, nobody};
use crate::policies;

impl Findings {
    /// A key may come later than the settings, so that it is missing is no mistake. No command is run.
    pub(super) fn keys_of_services(&mut self, Checked { settings, document }: &Checked) {
        let services = settings.gateway.iter().flat_map(|it| &it.services);
        for (name, service) in services {
            for (place, source) in sources(service) {
                let place = [&["gateway", "services", name, "credential"][..], place].concat();
                if let Some(missing) = missing(source) {
                    let message = format!("{missing}, so every call to `{name}` is refused");
                    self.warnings.push(document.problem(&place, message));
                }
            }
        }
    }

    /// What crosses a network as text can be read and changed on its way.
    pub(super) fn exposed(&mut self, Checked { settings, document }: &Checked) {
        let exposed = exposed(settings).into_iter();
        self.warnings
            .extend(exposed.map(|(place, message)| document.problem(place, message)));
    }

    /// A misspelt tenant or agent would be a silent no for every call of it.
    pub(super) fn credentials(
        &mut self,
        checked: &Checked,
        sources: &Sources,
        snapshot: &Snapshot,
    ) {
        let tenants = || snapshot.modes().keys().map(String::as_str);
        let agents = policies::agents(sources);
        let credentials = checked.settings.identity.credentials.iter().enumerate();
        for (at, credential) in credentials {
            let at = at.to_string();
            let problem = |key, message: &str| {
                let place = ["identity", "credentials", &at, key];
                let message = format!("{message}, so every call of it is denied");
                checked.document.problem(&place, message)
            };
            if !tenants().any(|tenant| tenant == &*credential.tenant) {
                let problem = problem("tenant", "no policy knows this tenant");
                self.warnings
                    .push(hinted(problem, nearest(&credential.tenant, tenants())));
            }
            match agents.get(&*credential.agent) {
                Some(tenant) if **tenant == *credential.tenant => {}
                Some(tenant) => {
                    let problem =
                        problem("agent", "the policies give this agent to another tenant");
                    self.warnings.push(hinted(problem, Some(tenant)));
                }
                None => {
                    let known = agents.keys().map(String::as_str);
                    let problem = problem("agent", "no policy knows this agent");
                    self.warnings
                        .push(hinted(problem, nearest(&credential.agent, known)));
                }
            }
        }
    }

    /// Settings that nobody can use look exactly like good ones.
    pub(super) fn nobody(&mut self, checked: &Checked, sources: &Sources, snapshot: &Snapshot) {
        let anonymous = Caller {
            tenant: ANONYMOUS.into(),
            agent: ANONYMOUS.into(),
            auth: Auth::Anonymous,
        };
        if checked.settings.identity.credentials.is_empty() && !snapshot.knows(&anonymous) {
            let agents = policies::agents(sources);
            let mut agents = agents.iter();
            let only = agents.next().filter(|_| agents.next().is_none());
            let message = nobody(only.map(|(agent, tenant)| (&**agent, &**tenant)));
            let place = ["identity", "credentials"];
            self.warnings
                .push(checked.document.problem(&place, message));
        }
    }

    /// A rule about data that nothing finds protects nobody.
    pub(super) fn detector(&mut self, checked: &Checked, sources: &Sources) {
        let detector = checked.settings.dlp.detector.as_ref();
        let asked: Vec<&str> = detector.map_or_else(Vec::new, |detector| {
            detector.types.iter().map(|kind| kind.as_str()).collect()
        });
        let (place, why): (&[&str], _) = match detector {
            None => (
                &["dlp", "detector"],
                "without `dlp.detector` nothing finds it",
            ),
            Some(_) => (
                &["dlp", "detector", "types"],
                "`dlp.detector.types` leaves it out, so nothing finds it",
            ),
        };
        for (kind, profiles) in policies::outside_types(sources) {
            if !asked.contains(&&*kind) {
                let profiles = profiles.join("`, `");
                let message = format!("`{profiles}` rules on `{kind}`, and {why}");
                self.warnings.push(checked.document.problem(place, message));
            }
        }
    }
}

fn hinted(problem: Problem, near: Option<&str>) -> Problem {
    match near {
        Some(near) => problem.with_hint(format!("did you mean `{near}`?")),
        None => problem,
    }
}

fn sources(service: &GatewayService) -> Vec<(&'static [&'static str], &KeySource)> {
    match &service.credential {
        None => Vec::new(),
        Some(ServiceCredential::Key { key, .. }) => vec![(&["key"], key)],
        Some(ServiceCredential::Sigv4(signed)) => {
            let mut all: Vec<(&'static [&'static str], _)> = vec![
                (&["sigv4", "access_key_id"], &signed.access_key_id),
                (&["sigv4", "secret_access_key"], &signed.secret_access_key),
            ];
            let token = signed.session_token.as_ref();
            all.extend(token.map(|token| (&["sigv4", "session_token"][..], token)));
            all
        }
    }
}

fn missing(source: &KeySource) -> Option<String> {
    match source {
        KeySource::File(file) => fs::File::open(file)
            .err()
            .map(|error| format!("cannot read {}: {}", file.display(), error.kind())),
        KeySource::Env(name) => {
            let unset = std::env::var_os(&**name).is_none_or(|value| value.is_empty());
            unset.then(|| format!("the environment variable `{name}` is not set"))
        }
        KeySource::Command(command) => command.argv.first().and_then(|program| not_there(program)),
    }
}

/// A name without a slash is looked for as the system does.
fn not_there(program: &str) -> Option<String> {
    let is_there = if program.contains('/') {
        Path::new(program).is_file()
    } else {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
    };
    (!is_there).then(|| format!("there is no program {program}"))
}

/// Tenant and agent of who proves nothing.
const ANONYMOUS: &str = "anonymous";
