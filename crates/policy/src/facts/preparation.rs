//! What Rego must be given for one operation: its patterns' results, its numbers, its other spellings. It decides nothing.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;

use foldhash::quality::RandomState;

use super::Matcher;
use crate::data::{AegisData, ConstraintData, Constraints, PatternData};
use crate::{Intent, Phase};

/// What must be prepared before Rego can judge one operation.
#[derive(Debug, Default)]
pub(crate) struct Preparation {
    /// Parameters with a pattern.
    pub(crate) patterns: Vec<(Arc<str>, Arc<Matcher>)>,
    /// Parameters with a limit: forms and queries can only send numbers as texts.
    pub(crate) numbers: Vec<Arc<str>>,
    /// Every parameter that has a constraint of whatever kind.
    pub(crate) constrained: Vec<Arc<str>>,
}

impl Preparation {
    /// Mistakes in patterns were reported before.
    fn of<'a>(
        constraints: &'a BTreeMap<String, ConstraintData>,
        matchers: &mut Matchers<'a>,
    ) -> Self {
        let mut found = Self::default();
        for (name, constraint) in constraints {
            let name: Arc<str> = name.as_str().into();
            found.constrained.push(name.clone());
            if constraint.is_numeric() {
                found.numbers.push(name.clone());
            }
            let matcher = constraint
                .pattern
                .as_ref()
                .and_then(|pattern| matchers.of(pattern));
            found
                .patterns
                .extend(matcher.map(|matcher| (name, matcher)));
        }
        found
    }

    /// Equal for two that prepare the same; equal patterns are compiled once, so they are the same one.
    fn likeness(&self) -> impl Eq + Hash + use<> {
        let patterns = self.patterns.iter();
        let patterns: Vec<_> = patterns
            .map(|(name, matcher)| (Arc::clone(name), Arc::as_ptr(matcher)))
            .collect();
        (patterns, self.numbers.clone(), self.constrained.clone())
    }

    /// Whether each pattern holds; a parameter that is absent passes, `required` is a rule of its own.
    pub(crate) fn patterns<'a>(
        &'a self,
        intent: &'a Intent,
    ) -> impl Iterator<Item = (&'a Arc<str>, bool)> {
        self.patterns.iter().map(|(name, matcher)| {
            let value = intent.call.parameters.get(name.as_ref());
            (name, value.is_none_or(|value| matcher.holds(value)))
        })
    }

    /// The constrained names of which the call has another spelling: a server that ignores case would
    /// read it, and no constraint looks at it. A spelling with constraints of its own is not one of them.
    pub(crate) fn misspelled<'a>(
        &'a self,
        intent: &'a Intent,
    ) -> impl Iterator<Item = &'a Arc<str>> {
        let constrained = |sent: &str| self.constrained.iter().any(|name| name.as_ref() == sent);
        self.constrained.iter().filter(move |name| {
            let mut sent = intent.call.parameters.keys();
            sent.any(|sent| same_folded(sent, name) && !constrained(sent))
        })
    }
}

/// What each operation that an agent is granted needs prepared. Profiles that grant the same share it.
#[derive(Debug, Default)]
pub(crate) struct Preparations(HashMap<Box<str>, Arc<Granted>, RandomState>);

/// What a profile names, in each phase.
#[derive(Debug)]
struct Granted {
    tools: Tools,
    proposed: Tools,
}

type Tools = BTreeMap<String, Arc<Actions>>;
type Actions = BTreeMap<String, Arc<Preparation>>;

/// Equal patterns are compiled once: one takes kilobytes, and many profiles have the same.
#[derive(Default)]
struct Matchers<'a>(HashMap<&'a PatternData, Arc<Matcher>>);

impl<'a> Matchers<'a> {
    fn of(&mut self, pattern: &'a PatternData) -> Option<Arc<Matcher>> {
        if let Some(known) = self.0.get(pattern) {
            return Some(Arc::clone(known));
        }
        let matcher = Arc::new(pattern.compile().ok()?);
        self.0.insert(pattern, Arc::clone(&matcher));
        Some(matcher)
    }
}

impl Preparations {
    pub(crate) fn compile<'a>(data: &'a AegisData) -> Self {
        let mut matchers = Matchers::default();
        let (mut operations, mut tools) = (HashMap::new(), HashMap::new());
        let mut tool = |(tool, of_tool): (&'a String, &'a BTreeMap<String, Constraints>)| {
            let of_tool = of_tool.iter().map(|(action, constraints)| {
                let preparation = Preparation::of(constraints, &mut matchers);
                let alike = preparation.likeness();
                let known = operations
                    .entry(alike)
                    .or_insert_with(|| preparation.into());
                (action.clone(), Arc::clone(known))
            });
            let actions: Actions = of_tool.collect();
            let alike: Vec<_> = actions
                .iter()
                .map(|(action, preparation)| (action.clone(), Arc::as_ptr(preparation)))
                .collect();
            let known = tools.entry(alike).or_insert_with(|| Arc::new(actions));
            (tool.clone(), Arc::clone(known))
        };
        let profiles = data.profiles.iter().map(|(name, profile)| {
            let granted = Granted {
                tools: profile.operations(Phase::Request).map(&mut tool).collect(),
                proposed: profile
                    .operations(Phase::ProposedCall)
                    .map(&mut tool)
                    .collect(),
            };
            (name.as_str(), Arc::new(granted))
        });
        let profiles: HashMap<&str, Arc<Granted>> = profiles.collect();
        let agents = data.agents.iter().filter_map(|(name, agent)| {
            let granted = profiles.get(agent.profile.as_str())?;
            Some((name.as_str().into(), Arc::clone(granted)))
        });
        Self(agents.collect())
    }

    /// Whether some agent of the policy has this name.
    pub(crate) fn know(&self, agent: &str) -> bool {
        self.0.contains_key(agent)
    }

    /// For the intent's own operation only; as in Rego, the action itself goes before `*`.
    pub(crate) fn find(&self, intent: &Intent) -> Option<&Preparation> {
        let granted = self.0.get(intent.caller.agent.as_ref())?;
        let tools = match intent.phase {
            Phase::ProposedCall => &granted.proposed,
            Phase::Connect | Phase::Request => &granted.tools,
        };
        let actions = tools.get(intent.call.tool.as_ref())?;
        let found = actions
            .get(intent.call.action.as_ref())
            .or_else(|| actions.get("*"))?;
        Some(found)
    }
}

/// Whether some server may take one name for the other. Most names are ASCII, where no letter becomes
/// several and a different length tells.
fn same_folded(one: &str, other: &str) -> bool {
    if one.is_ascii() && other.is_ascii() && one.len() != other.len() {
        return false;
    }
    folded(one).eq(folded(other))
}

/// One spelling for all that servers may take for the same name. First up, then down: some letters
/// beyond ASCII (`ſ`, the Kelvin sign) meet ASCII ones only that way, and Go's JSON reader knows them.
fn folded(name: &str) -> impl Iterator<Item = char> {
    name.chars()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .map(|letter| match letter {
            '-' | '.' | ' ' => '_',
            other => other,
        })
}
