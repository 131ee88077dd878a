//! Messages that were let through and have not left yet: a message is on record as forwarded when it has. It judges nothing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ending::End;
use crate::record::{Ending, Record};

/// Their records, in the order in which they are written.
#[derive(Clone, Default)]
pub(super) struct Unwritten(Arc<Mutex<VecDeque<Record>>>);

impl Unwritten {
    pub(super) fn add(&self, record: Record) {
        self.records().push_back(record);
    }

    /// The first of them has left.
    pub(super) fn written(&self) {
        let first = self.records().pop_front();
        if let Some(mut record) = first {
            record.end(Ending::Forwarded);
        }
    }

    /// What is left ends as the connection does.
    pub(super) fn end(&self, end: &End) {
        for mut record in std::mem::take(&mut *self.records()) {
            end.record(&mut record);
        }
    }

    fn records(&self) -> MutexGuard<'_, VecDeque<Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
