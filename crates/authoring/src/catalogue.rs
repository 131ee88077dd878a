//! Tools and providers to the catalogue: each tool is at its own hosts or at its provider's endpoints.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::draft::{Draft, json, set};
use crate::kinds::{Endpoint, Provider, Tool};
use crate::places::Spot;
use crate::read::{Item, Written};

pub(crate) fn lower(written: &Written, draft: &mut Draft) {
    let mut catalogue = Catalogue {
        written,
        draft,
        at_provider: BTreeMap::new(),
    };
    for (name, provider) in &written.providers {
        catalogue.provider(name, provider);
    }
    for (name, tool) in &written.tools {
        catalogue.tool(name, tool);
    }
}

struct Catalogue<'a> {
    written: &'a Written,
    draft: &'a mut Draft,
    /// By provider, who has its endpoints: a host belongs to one service.
    at_provider: BTreeMap<&'a str, (&'a str, Spot)>,
}

impl<'a> Catalogue<'a> {
    fn provider(&mut self, name: &'a str, provider: &'a Item<Provider>) {
        let spec = &provider.spec;
        if spec.protocol.is_none() {
            return self.only_for_tools(name, provider);
        }
        if spec.endpoints.is_empty() {
            let message = "a provider with a protocol has at least one endpoint";
            self.leave_out(&provider.spec(&["endpoints"]), &provider.name(), message);
            return;
        }
        self.at_provider.insert(name, (name, provider.name()));
        let mut entry = json(spec);
        set(&mut entry, "provider", name.into());
        locate(&mut entry, &spec.endpoints);
        self.draft.entry(SECTION, name, entry, provider.entry());
        self.draft
            .note(SECTION, &[name, "provider"], provider.name());
        self.note_endpoints(name, provider);
    }

    /// What it says must come to something: else nobody would ever check it.
    fn only_for_tools(&mut self, name: &str, provider: &Item<Provider>) {
        if !provider.spec.recordable.is_empty() {
            let message = "only a provider with a `protocol` has calls of its own to record";
            let spot = provider.spec(&["recordable"]);
            self.lacks(&provider.spec(&["protocol"]), &spot, message);
        }
        let mut tools = self.written.tools.values();
        let is_named = tools.any(|tool| tool.spec.provider.as_deref() == Some(name));
        if !is_named && self.written.is_whole {
            let message = format!("no Tool names the provider `{name}`, and it has no `protocol`");
            self.draft.report(&provider.name(), message);
        }
    }

    fn tool(&mut self, name: &'a str, tool: &'a Item<Tool>) {
        let spec = &tool.spec;
        let provider = match &spec.provider {
            None => None,
            Some(provider) => {
                let Some(found) = self.written.providers.get_key_value(provider) else {
                    return self.unknown_provider(provider, tool);
                };
                Some(found)
            }
        };
        let mut entry = json(spec);
        if !spec.hosts.is_empty() {
            let endpoint = Endpoint {
                hosts: spec.hosts.clone(),
                regions: spec.regions.clone(),
            };
            locate(&mut entry, &[endpoint]);
            self.draft.entry(SECTION, name, entry, tool.entry());
            return;
        }
        if !spec.regions.is_empty() {
            let message = "`regions` are those of `hosts`, and there are no `hosts`";
            self.lacks(&tool.spec(&["hosts"]), &tool.spec(&["regions"]), message);
        }
        let Some((provider_name, provider)) = provider else {
            let message = "say where the tool is: by `hosts`, or by a `provider`";
            return self.leave_out(&tool.spec(&[]), &tool.name(), message);
        };
        if self.takes_endpoints(name, tool, provider_name, provider) {
            locate(&mut entry, &provider.spec.endpoints);
            self.draft.entry(SECTION, name, entry, tool.entry());
            self.note_endpoints(name, provider);
        }
    }

    fn takes_endpoints(
        &mut self,
        name: &'a str,
        tool: &Item<Tool>,
        provider_name: &'a str,
        provider: &Item<Provider>,
    ) -> bool {
        let place = tool.spec(&["provider"]);
        if provider.spec.endpoints.is_empty() {
            let message = format!(
                "the provider `{provider_name}` has no endpoints, and the tool no `hosts`; see {}",
                provider.name().origin()
            );
            self.leave_out(&provider.spec(&["endpoints"]), &place, message);
            return false;
        }
        if let Some((first, spot)) = self.at_provider.get(provider_name) {
            let message = format!(
                "the endpoints of `{provider_name}` are already those of `{first}` at {}; a host belongs to one tool",
                spot.origin()
            );
            self.leave_out(&place, &place, message);
            return false;
        }
        self.at_provider.insert(provider_name, (name, place));
        true
    }

    fn unknown_provider(&mut self, provider: &str, tool: &Item<Tool>) {
        self.draft.is_partial = true;
        if self.written.is_whole {
            let message = format!("there is no Provider `{provider}`");
            let known = self.written.providers.keys();
            self.draft
                .missing(&tool.spec(&["provider"]), message, provider, known);
        }
    }

    /// Says that something is missing, unless a mistake of form that has been told is why.
    fn lacks(&mut self, missing: &Spot, spot: &Spot, message: impl Into<String>) {
        if !missing.is_in_doubt() {
            self.draft.report(spot, message);
        }
    }

    /// The same of something without which there is no entry.
    fn leave_out(&mut self, missing: &Spot, spot: &Spot, message: impl Into<String>) {
        self.lacks(missing, spot, message);
        self.draft.is_partial = true;
    }

    fn note_endpoints(&mut self, name: &str, provider: &Item<Provider>) {
        let endpoints = provider.spec(&["endpoints"]);
        if provider.spec.endpoints.len() == 1 {
            for key in ["hosts", "regions"] {
                let spot = endpoints.below(&["0", key]);
                self.draft.note(SECTION, &[name, key], spot);
            }
        } else {
            self.draft.note(SECTION, &[name, "endpoints"], endpoints);
        }
    }
}

/// One endpoint needs no list.
fn locate(entry: &mut Json, endpoints: &[Endpoint]) {
    if let [endpoint] = endpoints {
        set(entry, "hosts", json(&endpoint.hosts));
        if !endpoint.regions.is_empty() {
            set(entry, "regions", json(&endpoint.regions));
        }
    } else {
        set(entry, "endpoints", json(&endpoints));
    }
}

const SECTION: &str = "catalogue";
