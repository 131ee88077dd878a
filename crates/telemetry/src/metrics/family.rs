//! Label sets, and counter families that cannot grow without bound; no metric is named here.

use std::fmt::{self, Write};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use prometheus_client::encoding::{
    EncodeLabelSet, EncodeLabelValue, EncodeMetric, LabelValueEncoder, MetricEncoder,
};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::{MetricType, TypedMetric};

/// A label's value: a word of ours or one that policy shares with us.
#[derive(Clone, Debug)]
pub struct Label(Text);

#[derive(Clone, Debug)]
enum Text {
    Static(&'static str),
    Shared(Arc<str>),
}

/// A family of counters that folds new label sets into `other` once it has [`CAP`] of them.
#[derive(Clone, Debug)]
pub(super) struct CappedCounters<S: LabelSet> {
    counters: Family<S, Counter>,
    /// How often a label set was new; threads that race count one twice.
    seen: Arc<AtomicUsize>,
}

/// A label set that can say what it becomes when there are too many.
pub(super) trait LabelSet:
    EncodeLabelSet + Clone + fmt::Debug + Hash + Eq + Send + Sync + 'static
{
    /// The same set with every open-ended label replaced by `other`.
    fn other(&self) -> Self;
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OutcomeLabels {
    pub(super) outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ReusedLabels {
    pub(super) reused: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ResultLabels {
    pub(super) result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct DecisionLabels {
    pub(super) outcome: &'static str,
    pub(super) phase: &'static str,
    pub(super) tenant: Label,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct WouldLabels {
    pub(super) outcome: &'static str,
    pub(super) rule: Label,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RuleLabels {
    pub(super) rule: Label,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct FaultLabels {
    pub(super) fault: Label,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ReasonLabels {
    pub(super) reason: Label,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct DataLabels {
    pub(super) r#type: Label,
    pub(super) r#in: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RedactionLabels {
    pub(super) r#type: Label,
    pub(super) action: Label,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RegionLabels {
    pub(super) from: Label,
    pub(super) to: Label,
}

impl<S: LabelSet> CappedCounters<S> {
    /// Adds to the counter of `labels`: a read lock and a hash, no allocation once it exists.
    pub(super) fn add(&self, labels: &S, count: u64) {
        if let Some(counter) = self.counters.get(labels) {
            counter.inc_by(count);
        } else if self.seen.fetch_add(1, Ordering::Relaxed) < CAP {
            self.counters.get_or_create(labels).inc_by(count);
        } else {
            self.counters.get_or_create(&labels.other()).inc_by(count);
        }
    }
}

impl<S: LabelSet> Default for CappedCounters<S> {
    fn default() -> Self {
        Self {
            counters: Family::default(),
            seen: Arc::default(),
        }
    }
}

impl<S: LabelSet> EncodeMetric for CappedCounters<S> {
    fn encode(&self, encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        self.counters.encode(encoder)
    }

    fn metric_type(&self) -> MetricType {
        Counter::<u64>::TYPE
    }
}

impl LabelSet for DecisionLabels {
    fn other(&self) -> Self {
        Self {
            tenant: Label::OTHER,
            ..self.clone()
        }
    }
}

impl LabelSet for WouldLabels {
    fn other(&self) -> Self {
        Self {
            rule: Label::OTHER,
            ..self.clone()
        }
    }
}

impl LabelSet for RuleLabels {
    fn other(&self) -> Self {
        Self { rule: Label::OTHER }
    }
}

impl LabelSet for FaultLabels {
    fn other(&self) -> Self {
        Self {
            fault: Label::OTHER,
        }
    }
}

impl LabelSet for ReasonLabels {
    fn other(&self) -> Self {
        Self {
            reason: Label::OTHER,
        }
    }
}

impl LabelSet for DataLabels {
    fn other(&self) -> Self {
        Self {
            r#type: Label::OTHER,
            r#in: self.r#in,
        }
    }
}

impl LabelSet for RedactionLabels {
    fn other(&self) -> Self {
        Self {
            r#type: Label::OTHER,
            action: self.action.clone(),
        }
    }
}

impl LabelSet for RegionLabels {
    fn other(&self) -> Self {
        Self {
            from: Label::OTHER,
            to: Label::OTHER,
        }
    }
}

impl Label {
    const OTHER: Self = Self(Text::Static("other"));

    fn as_str(&self) -> &str {
        match &self.0 {
            Text::Static(text) => text,
            Text::Shared(text) => text,
        }
    }
}

impl From<&'static str> for Label {
    fn from(text: &'static str) -> Self {
        Self(Text::Static(text))
    }
}

impl From<&Arc<str>> for Label {
    fn from(text: &Arc<str>) -> Self {
        if text.len() > LONGEST_LABEL {
            Self::OTHER
        } else {
            Self(Text::Shared(Arc::clone(text)))
        }
    }
}

// Equal words are one label, whoever owns them.

impl PartialEq for Label {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Label {}

impl Hash for Label {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl EncodeLabelValue for Label {
    /// Escapes as `OpenMetrics` asks; the library writes strings as they are, so that a rule id with a
    /// quote could forge lines.
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        for character in self.as_str().chars() {
            match character {
                '\\' => encoder.write_str("\\\\")?,
                '"' => encoder.write_str("\\\"")?,
                '\n' => encoder.write_str("\\n")?,
                other => encoder.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// Label sets in one family before new ones become `other`.
pub(super) const CAP: usize = 1_000;
/// Bytes; a longer word is no name.
const LONGEST_LABEL: usize = 128;
