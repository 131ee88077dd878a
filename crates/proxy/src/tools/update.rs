//! Brings memory and file together: several processes may have one data directory, and the file is
//! what they all know. It blocks, and is never on the path of a call.

use super::file::{Acceptance, Forgetting, Mark, Note, ToolsError, is_meant};
use super::listings::Listings;
use super::seen::Seen;
use super::{Tools, lock};

impl Tools {
    /// Takes over what other processes have written and operators have decided, and writes down what
    /// was listed here, where there is any of it. Where it fails, what is known stays known.
    pub(super) fn update(&self) -> Result<(), ToolsError> {
        // One at a time in this process, too.
        let mut mark = lock(&self.mark);
        if !self.has_news(*mark) {
            return Ok(());
        }
        let _alone = self.files.lock()?;
        let since = std::mem::take(&mut lock(&self.known).since);
        match self.merge(&since) {
            Ok((seen, written)) => {
                *mark = written;
                let mut known = lock(&self.known);
                known.seen = seen;
                known.list_again();
                Ok(())
            }
            Err(error) => {
                lock(&self.known).since.precede(since);
                Err(error)
            }
        }
    }

    fn has_news(&self, mark: Option<Mark>) -> bool {
        let is_anothers = |now: Mark| mark != Some(now);
        let has_listed = !lock(&self.known).since.is_empty();
        has_listed || self.files.has_notes() || self.files.mark().is_some_and(is_anothers)
    }

    /// What is accepted on disk stays accepted, whatever was listed here: a first definition is the
    /// first of all processes. A note is removed once what it says is written down, so that exactly
    /// one of them follows it.
    fn merge(&self, since: &Listings) -> Result<(Seen, Option<Mark>), ToolsError> {
        let (mut seen, mut mark) = match self.files.read()? {
            Some((tools, mark)) => (self.files.seen(&tools)?, Some(mark)),
            // Nobody forgets for a file that was taken away.
            None => (lock(&self.known).seen.clone(), None),
        };
        for (key, listing) in since.iter() {
            // What there is no room for counts as changed from now on, as if it had come later.
            let _ = seen.list(key, listing);
        }
        let notes = self.files.notes();
        for (_, note) in &notes {
            match note {
                Note::Accept(acceptance) => accept(&mut seen, acceptance),
                Note::Forget(forgetting) => forget(&mut seen, forgetting),
            }
        }
        if seen.unwritten {
            mark = Some(self.files.write(seen.to_list())?);
            seen.unwritten = false;
        }
        self.files
            .remove(notes.into_iter().map(|(path, _)| path).collect());
        Ok((seen, mark))
    }
}

/// What was accepted is one definition, so that another change is not accepted with it.
fn accept(seen: &mut Seen, acceptance: &Acceptance) {
    let Acceptance {
        tenant,
        server,
        tool,
        definition,
    } = acceptance;
    let known = seen.find((tenant, server, tool));
    let listed = known.filter(|known| hex::encode(known.listed) == *definition);
    if let Some(known) = listed {
        known.accepted = known.listed;
        known.changed_at = None;
        seen.unwritten = true;
        tracing::info!(%tenant, %server, %tool, "the definition of an MCP tool was accepted");
    } else {
        tracing::warn!(%tenant, %server, %tool, "what was accepted is not how the MCP tool is listed now");
    }
}

fn forget(seen: &mut Seen, Forgetting { tenant, server }: &Forgetting) {
    let tools = seen.forget(tenant, |known| is_meant(known, server));
    tracing::info!(%tenant, %server, tools, "definitions of MCP tools were forgotten");
}
