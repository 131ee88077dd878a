//! Where a call is likely not what its author meant, or not what the proxy would ever ask. A doubt fails no test.

use super::call::{CallData, Mistake};
use super::resolve::{did_you_mean, operation, server};
use crate::data::Protocol;
use crate::{Intent, Workbench};

impl Workbench {
    /// What the author of the call should look at again.
    pub fn doubts(&self, call: &CallData, intent: &Intent) -> Vec<Mistake> {
        let doubts = [self.agent_doubt(call), self.tool_doubt(call, intent)];
        doubts.into_iter().flatten().collect()
    }

    /// An agent that the policy does not have is what some tests are about; a slip of the pen is not.
    fn agent_doubt(&self, call: &CallData) -> Option<Mistake> {
        let agents = &self.model.data.agents;
        let agent = call.agent.as_deref()?;
        if agents.contains_key(agent) {
            return None;
        }
        let hint = did_you_mean(agent, agents.keys())?;
        Some(Mistake {
            hint: Some(hint),
            ..Mistake::new(&["agent"], format!("the policy has no agent `{agent}`"))
        })
    }

    /// The proxy names tool and action by destination, method and path: other names never come about.
    fn tool_doubt(&self, call: &CallData, intent: &Intent) -> Option<Mistake> {
        let tool = call.tool.as_deref()?;
        let catalogue = self.snapshot.catalogue();
        let destination = &intent.destination;
        let service = catalogue.service(&destination.authority);
        let host = destination.authority.host();
        let Some(service) = service else {
            let named = tool == "http" || server(tool) == host.to_string();
            let message = format!(
                "`{host}` belongs to no service, so the proxy would call the tool `http` or by its host"
            );
            return (!named).then(|| Mistake {
                hint: did_you_mean(server(tool), self.model.data.catalogue.keys()),
                ..Mistake::new(&["tool"], message)
            });
        };
        if *service.name != *server(tool) {
            let message = format!(
                "`{host}` belongs to the service `{}`, and the proxy would name the tool by it",
                service.name
            );
            return Some(Mistake::new(&["tool"], message));
        }
        if service.protocol != Protocol::Rest {
            return None;
        }
        let method = intent.http.as_ref().map_or("", |http| &*http.method);
        let named = operation(service, method, &destination.path).ok()?;
        if named == *intent.call.action {
            return None;
        }
        let operations = &self.model.data.catalogue.get(&*service.name)?.operations;
        let message = format!(
            "`{method} {}` is the action `{named}` of `{}`, not `{}`",
            destination.path, service.name, intent.call.action
        );
        Some(Mistake {
            hint: did_you_mean(
                &intent.call.action,
                operations.iter().map(|operation| &operation.action),
            ),
            ..Mistake::new(&["action"], message)
        })
    }
}
