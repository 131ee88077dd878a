//! What MCP servers have said of their tools: a digest of each definition, so that a change is told. It judges nothing.
//!
//! The first definition that is seen is taken for good, until an operator accepts another one. All
//! of it is in memory; a task of its own writes it down, off the path of every call.

mod file;
mod seen;
#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use aegis_policy::{Authority, Call, CallKind};
use tokio::sync::Notify;

pub(crate) use file::hex;
pub use file::{SeenTool, ToolsError, accept_tool, forget_tools, seen_tools};

use file::{Acceptance, Files, Forgetting, Note};
use seen::{Definitions, Seen};

#[derive(Debug)]
pub(crate) struct Tools {
    seen: Mutex<Seen>,
    news: Notify,
    files: Files,
    /// One writer at a time, so that an older state never replaces a newer one.
    writing: tokio::sync::Mutex<()>,
}

/// What a listed tool is, beside what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sighting {
    /// As it was first seen, which may be now.
    Same,
    /// Not as it was first seen; `anew` where the listing before this one did not say so.
    Changed { anew: bool },
    /// There is no room for it, so nobody could tell.
    Unkept,
}

impl Sighting {
    /// Whether policy is to take the tool for a changed one.
    pub(crate) fn is_changed(self) -> bool {
        self != Self::Same
    }
}

impl Tools {
    /// A file that is there and cannot be read whole is an error: without it, every change would
    /// pass for a first sight.
    pub(crate) fn open(data_dir: &std::path::Path) -> Result<Self, ToolsError> {
        let files = Files::new(data_dir);
        let mut seen = Seen::default();
        for tool in files.read()? {
            let (accepted, listed) = tool.digests().ok_or_else(|| files.damaged("a digest"))?;
            let kept = seen.insert(
                (&tool.tenant, &tool.server, &tool.tool),
                Definitions {
                    accepted,
                    listed,
                    first_seen: tool.first_seen,
                    changed_at: tool.changed_at,
                },
            );
            if !kept {
                return Err(files.damaged("a tool that stands there twice, or one too many"));
            }
        }
        seen.unwritten = false;
        Ok(Self {
            seen: Mutex::new(seen),
            news: Notify::new(),
            files,
            writing: tokio::sync::Mutex::default(),
        })
    }

    /// A server has listed this tool.
    pub(crate) fn sight(
        &self,
        tenant: &str,
        server: &Authority,
        tool: &str,
        digest: [u8; 32],
    ) -> Sighting {
        let server = server.to_string();
        let mut seen = self.seen();
        let Some(known) = seen.find(tenant, &server, tool) else {
            let definitions = Definitions {
                accepted: digest,
                listed: digest,
                first_seen: aegis_telemetry::audit::now(),
                changed_at: None,
            };
            if !seen.insert((tenant, &server, tool), definitions) {
                return Sighting::Unkept;
            }
            self.news.notify_one();
            return Sighting::Same;
        };
        let anew = known.listed != digest;
        if anew {
            known.list(digest);
        }
        let changed = known.has_changed();
        if anew {
            seen.unwritten = true;
            self.news.notify_one();
        }
        if changed {
            Sighting::Changed { anew }
        } else {
            Sighting::Same
        }
    }

    /// Whether this is a call of a tool whose definition is not the one that was first seen. A tool
    /// that was never listed has none, unless there was no room to remember it.
    pub(crate) fn has_changed(&self, tenant: &str, server: &Authority, call: &Call) -> bool {
        let Some(tool) = name_of(call) else {
            return false;
        };
        let server = server.to_string();
        let mut seen = self.seen();
        match seen.find(tenant, &server, tool) {
            Some(known) => known.has_changed(),
            None => !seen.has_room(tenant, &server, tool),
        }
    }

    /// Writes down what is new, and takes over what operators decide, as long as somebody uses it.
    pub(crate) async fn keep(tools: Weak<Self>) {
        let mut failed = false;
        while let Some(tools) = tools.upgrade() {
            tokio::select! {
                () = tools.news.notified() => {}
                () = tokio::time::sleep(LOOK) => tools.take_notes().await,
            }
            failed = tools.write_or_say(failed).await;
            drop(tools);
            // A server that changes with every list must not keep the disk busy.
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What is not written down yet, at the end of the process.
    pub(crate) async fn close(&self) {
        self.write_or_say(false).await;
    }

    /// Whether it failed, said when it begins and when it is over.
    async fn write_or_say(&self, failed: bool) -> bool {
        let written = self.write().await;
        match (&written, failed) {
            (Err(error), false) => {
                tracing::error!(%error, "definitions of MCP tools cannot be written down");
            }
            (Ok(()), true) => tracing::info!("definitions of MCP tools are written down again"),
            _ => {}
        }
        written.is_err()
    }

    /// Everything that is known now, whole or not at all, if there is something new.
    async fn write(&self) -> Result<(), ToolsError> {
        let _alone = self.writing.lock().await;
        let Some(tools) = self.seen().take_unwritten() else {
            return Ok(());
        };
        let files = self.files.clone();
        let writing = tokio::task::spawn_blocking(move || files.write(&tools));
        let failed = |_| Err(self.files.damaged("the writer's own failure"));
        let written = writing.await.unwrap_or_else(failed);
        if written.is_err() {
            self.seen().unwritten = true;
        }
        written
    }

    /// A note is removed once what it says is written down: until then it is taken over again.
    async fn take_notes(&self) {
        let files = self.files.clone();
        let reading = tokio::task::spawn_blocking(move || files.notes());
        let found = reading.await.unwrap_or_default();
        if found.is_empty() {
            return;
        }
        for (_, note) in &found {
            match note {
                Note::Accept(acceptance) => self.accept(acceptance),
                Note::Forget(forgetting) => self.forget(forgetting),
            }
        }
        if self.write().await.is_ok() {
            let files = self.files.clone();
            let paths = found.into_iter().map(|(path, _)| path).collect();
            drop(tokio::task::spawn_blocking(move || files.remove(paths)).await);
        }
    }

    /// What was accepted is one definition, so that another change is not accepted with it.
    fn accept(&self, acceptance: &Acceptance) {
        let Acceptance {
            tenant,
            server,
            tool,
            definition,
        } = acceptance;
        let mut seen = self.seen();
        let known = seen.find(tenant, server, tool);
        let listed = known.filter(|known| hex(&known.listed) == *definition);
        if let Some(known) = listed {
            known.accepted = known.listed;
            known.changed_at = None;
            seen.unwritten = true;
            tracing::info!(%tenant, %server, %tool, "the definition of an MCP tool was accepted");
        } else {
            tracing::warn!(%tenant, %server, %tool, "what was accepted is not how the MCP tool is listed now");
        }
    }

    fn forget(&self, Forgetting { tenant, server }: &Forgetting) {
        let meant = |known: &str| file::is_meant(known, server);
        let tools = self.seen().forget(tenant, meant);
        tracing::info!(%tenant, %server, tools, "definitions of MCP tools were forgotten");
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of the tool that is called, at its server.
pub(crate) fn name_of(call: &Call) -> Option<&str> {
    let calls = call.kind == CallKind::Mcp && &*call.action == "call";
    // Neither a host nor the name of a service has a slash; that of a tool may.
    let named = call.tool.split_once('/').filter(|_| calls);
    named.map(|(_, name)| name)
}

/// How often operators' notes are looked for.
const LOOK: Duration = Duration::from_secs(1);
/// Between two times that everything is written.
const PAUSE: Duration = Duration::from_millis(250);
