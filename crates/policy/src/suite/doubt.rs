//! Where a call is likely not what its author meant, or not what the proxy would ever ask. A doubt fails no test.

use super::call::{CallData, Mistake};
use super::resolve::{did_you_mean, operation};
use crate::catalogue::server;
use crate::data::Protocol;
use crate::{Call, Intent, Service, Workbench};

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
        // A function has whatever name the agent gave it.
        let tool = call.tool.as_deref().filter(|_| !call.is_proposed())?;
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
        self.action_doubt(service, intent)
    }

    fn action_doubt(&self, service: &Service, intent: &Intent) -> Option<Mistake> {
        let (action, path) = (&*intent.call.action, &*intent.destination.path);
        let method = intent.http.as_ref().map_or("", |http| &*http.method);
        let known = self.model.data.catalogue.get(&*service.name)?;
        let named = match service.protocol {
            // What is said on a WebSocket has no method and path of its own.
            Protocol::Rest | Protocol::Http if action == Call::MESSAGE && method == "POST" => {
                return None;
            }
            Protocol::Rest => operation(service, method, path),
            Protocol::Http => Ok(method.to_ascii_lowercase()),
            Protocol::Mcp => Ok(mcp_action(intent)),
            // What their servers are asked has any name.
            Protocol::OpenAi
            | Protocol::Anthropic
            | Protocol::Bedrock
            | Protocol::Gemini
            | Protocol::A2a
            | Protocol::Grpc => return None,
        };
        let named = match named {
            Ok(named) => named,
            Err(refused) => return Some(refused),
        };
        let operations = known.operations.iter().map(|operation| &operation.action);
        let message = format!(
            "the proxy would name the action of `{method} {path}` to `{}` `{named}`, not `{action}`",
            intent.call.tool
        );
        (named != action).then(|| Mistake {
            hint: did_you_mean(action, operations),
            ..Mistake::new(&["action"], message)
        })
    }
}

/// A tool of a server is only ever called and a prompt got; what else a server is asked has any name.
fn mcp_action(intent: &Intent) -> String {
    let is_named = intent.call.tool.contains('/');
    let named = match &*intent.call.action {
        action if !is_named || action == "get" => action,
        _ => "call",
    };
    named.to_owned()
}
