//! Users' modules that are not the same in two policies: what they find in calls that nobody compares is not known. It decides nothing.

use std::collections::BTreeSet;

use crate::{Source, Workbench};

/// What may open a call without any comparison showing it, in words. A module that comes and can only
/// restrict is not among it.
pub(super) fn may_open(old: &Workbench, new: &Workbench) -> Vec<String> {
    let mut told = Vec::new();
    for module in &old.modules {
        if has_text(&new.modules, module) {
            continue;
        }
        let stays = new.modules.iter().any(|other| other.file == module.file);
        let what = if stays { "is another" } else { "is gone" };
        told.push(format!("{} {what}", module.file));
    }
    let known = |module: &Source| {
        has_text(&old.modules, module) || old.modules.iter().any(|other| other.file == module.file)
    };
    for module in new.modules.iter().filter(|module| !known(module)) {
        if let Some(rule) = opening_rule(new, &module.file) {
            told.push(format!("{} has come, with rules of `{rule}`", module.file));
        }
    }
    if !old.modules.is_empty() {
        let changed = changed_data(old, new).into_iter();
        told.extend(
            changed.map(|name| format!("`data.{name}`, which modules may read, is another")),
        );
    }
    told
}

fn has_text(modules: &[Source], module: &Source) -> bool {
    modules.iter().any(|other| other.text == module.text)
}

/// The first name by which a module of this file could let something through: it grants, or changes what a rule
/// of another module finds.
fn opening_rule(policy: &Workbench, file: &str) -> Option<String> {
    let all = policy.snapshot.policy().module_rules();
    let mut own = all.iter().filter(|(of, _)| of == file);
    let others: BTreeSet<_> = all.iter().filter(|(of, _)| of != file).collect();
    let is_shared = |name: &str| others.iter().any(|(_, other)| other == name);
    let opens = |name: &str| name == "allow" || (!RESTRICTING.contains(&name) && is_shared(name));
    own.find_map(|(_, name)| opens(name).then(|| name.clone()))
}

fn changed_data<'p>(old: &'p Workbench, new: &'p Workbench) -> BTreeSet<&'p str> {
    let (before, after) = (&old.model.users, &new.model.users);
    let differs = |name: &&String| before.get(*name) != after.get(*name);
    let names = before.keys().chain(after.keys()).filter(differs);
    names.map(String::as_str).collect()
}

/// Sets whose findings let nothing through.
const RESTRICTING: [&str; 3] = ["deny", "approval_needed", "sanitize"];
