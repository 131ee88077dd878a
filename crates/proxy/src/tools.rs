//! What MCP servers have said of their tools: a digest of each definition, so that a change is told. It judges nothing.
//!
//! The first definition that is seen is taken for good, until an operator accepts another one. All
//! of it is in memory; a task of its own brings memory and file together, off the path of every call.

mod file;
mod listings;
mod seen;
#[cfg(test)]
mod tests;
mod update;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use aegis_policy::{Authority, Call, CallKind};
use tokio::sync::Notify;

pub use file::{SeenTool, ToolsError, accept_tool, forget_tools, seen_tools};

use file::{Files, Mark};
use listings::{Listing, Listings};
use seen::Seen;

#[derive(Debug)]
pub(crate) struct Tools {
    known: Mutex<Known>,
    news: Notify,
    files: Files,
    /// The state of the file that is known here, if there was one. Held while another one is made.
    mark: Mutex<Option<Mark>>,
}

#[derive(Debug, Default)]
struct Known {
    /// What the file said, and what was listed here since.
    seen: Seen,
    since: Listings,
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
        let (seen, mark) = match files.read()? {
            Some((tools, mark)) => (files.seen(&tools)?, Some(mark)),
            None => (Seen::default(), None),
        };
        let since = Listings::default();
        Ok(Self {
            known: Mutex::new(Known { seen, since }),
            news: Notify::new(),
            files,
            mark: Mutex::new(mark),
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
        let key = (tenant, &*server, tool);
        let mut known = lock(&self.known);
        let listed = known.seen.find(key).map(|tool| tool.listed);
        let anew = listed != Some(digest);
        if anew {
            let listing = Listing::now(digest);
            if !known.seen.list(key, &listing) {
                return Sighting::Unkept;
            }
            known.since.add(key, listing);
            self.news.notify_one();
        }
        let changed = known.seen.find(key).is_some_and(|tool| tool.has_changed());
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
        let mut known = lock(&self.known);
        match known.seen.find((tenant, &server, tool)) {
            Some(known) => known.has_changed(),
            None => !known.seen.has_room(tenant, &server, tool),
        }
    }

    /// Writes down what is new, and takes over what operators decide and other processes write, as
    /// long as somebody uses it.
    pub(crate) async fn keep(tools: Weak<Self>) {
        let mut failed = false;
        while let Some(tools) = tools.upgrade() {
            tokio::select! {
                () = tools.news.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
            failed = tools.update_or_say(failed).await;
            drop(tools);
            // A server that changes with every list must not keep the disk busy.
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What is not written down yet, at the end of the process.
    pub(crate) async fn close(self: &Arc<Self>) {
        self.update_or_say(false).await;
    }

    /// Whether it failed, said when it begins and when it is over.
    async fn update_or_say(self: &Arc<Self>, failed: bool) -> bool {
        let tools = Arc::clone(self);
        let updating = tokio::task::spawn_blocking(move || tools.update());
        let broken = |_| Err(self.files.damaged("the writer's own failure"));
        let updated = updating.await.unwrap_or_else(broken);
        match (&updated, failed) {
            (Err(error), false) => {
                tracing::error!(%error, "definitions of MCP tools cannot be written down");
            }
            (Ok(()), true) => tracing::info!("definitions of MCP tools are written down again"),
            _ => {}
        }
        updated.is_err()
    }
}

impl Known {
    /// What was listed since, on top of what the file says now.
    fn list_again(&mut self) {
        for (key, listing) in self.since.iter() {
            // What there is no room for counts as changed.
            let _ = self.seen.list(key, listing);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of the tool that is called, at its server.
pub(crate) fn name_of(call: &Call) -> Option<&str> {
    let calls = call.kind == CallKind::Mcp && &*call.action == "call";
    // Neither a host nor the name of a service has a slash; that of a tool may.
    let named = call.tool.split_once('/').filter(|_| calls);
    named.map(|(_, name)| name)
}

/// How often operators' notes, and what other processes have written, are looked for.
const LOOK: Duration = Duration::from_secs(1);
/// Between two times that everything is written.
const PAUSE: Duration = Duration::from_millis(250);
