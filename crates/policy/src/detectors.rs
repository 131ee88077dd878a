//! The detectors that profiles bring along, as policies write them, and the scanner that they make. It searches nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use aegis_dlp::{
    BuildError, Checksum, Class, Detector, DetectorError, Looks, MOST_DETECTORS, Scanner,
};
use aegis_document::Problems;
use serde::Deserialize;

use crate::data::AegisData;
use crate::sensitive::type_name;
use crate::sources::Model;

/// How values of a type look that the catalogue does not have. Exactly one of pattern and keywords.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DetectorData {
    #[serde(default)]
    pub(crate) class: ClassData,
    pattern: Option<String>,
    keywords: Option<Vec<String>>,
    checksum: Option<ChecksumData>,
    #[serde(default)]
    near: Vec<String>,
    #[serde(default = "default_confidence")]
    confidence: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClassData {
    Pii,
    Pci,
    #[default]
    Secret,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ChecksumData(Checksum);

/// A key and what is wrong there.
type Misplaced = (&'static [&'static str], String);

impl DetectorData {
    /// What the engine looks for, with the key that says how it looks.
    fn detector(&self, kind: &str) -> Result<(Detector, &'static [&'static str]), Misplaced> {
        let (key, looks): (&'static [_], _) = match (&self.pattern, &self.keywords) {
            (Some(pattern), None) => (&["pattern"], Looks::Pattern(pattern.clone())),
            (None, Some(words)) => (&["keywords"], Looks::Keywords(words.clone())),
            _ => return Err((&[], "has either `pattern` or `keywords`".to_owned())),
        };
        let confidence = (50..=100)
            .find(|percent: &u8| (f64::from(*percent) - self.confidence * 100.0).abs() <= 0.5)
            .filter(|_| (0.5..=1.0).contains(&self.confidence));
        let Some(confidence) = confidence else {
            return Err((&["confidence"], "is from 0.5 to 1".to_owned()));
        };
        let detector = Detector {
            kind: kind.to_owned(),
            class: self.class.into(),
            looks,
            checksum: self.checksum.map(|checksum| checksum.0),
            near: self.near.clone(),
            confidence,
        };
        Ok((detector, key))
    }

    /// The key that is wrong, and why.
    fn mistake(&self, kind: &str) -> Option<Misplaced> {
        let (detector, key) = match self.detector(kind) {
            Ok(detector) => detector,
            Err(misplaced) => return Some(misplaced),
        };
        let error = detector.check().err()?;
        let path: &[_] = match error {
            DetectorError::Name(_) | DetectorError::Taken(_) => &[],
            DetectorError::Near | DetectorError::ManyNear => &["near"],
            _ => key,
        };
        Some((path, error.to_string()))
    }

    fn words(&self) -> usize {
        self.keywords.as_ref().map_or(0, Vec::len) + self.near.len()
    }
}

/// By their types. Where profiles define one in different ways, that is a mistake, told by [`check`].
pub(crate) fn all(data: &AegisData) -> BTreeMap<&str, &DetectorData> {
    let profiles = data.profiles.values();
    let all = profiles.flat_map(|profile| &profile.detectors);
    all.map(|(kind, detector)| (kind.as_str(), detector))
        .collect()
}

/// Their types and the classes of those.
pub(crate) fn types(data: &AegisData) -> BTreeMap<&'static str, &'static str> {
    let all = all(data).into_iter();
    all.filter_map(|(kind, detector)| Some((type_name(kind)?, detector.class.as_str())))
        .collect()
}

/// The catalogue's rules, which all scanners share, and these detectors.
pub(crate) fn scanner(data: &AegisData) -> Result<Arc<Scanner>, BuildError> {
    let standard = Scanner::standard()?;
    let detectors: Vec<_> = all(data)
        .into_iter()
        .filter_map(|(kind, detector)| Some(detector.detector(kind).ok()?.0))
        .collect();
    if detectors.is_empty() {
        return Ok(standard);
    }
    standard.with_detectors(&detectors).map(Arc::new)
}

/// Every mistake in them.
pub(crate) fn check(model: &Model, problems: &mut Problems) {
    let mut first = BTreeMap::<&str, (&str, &DetectorData)>::new();
    let mut words = 0;
    for (profile, data) in &model.data.profiles {
        for (kind, detector) in &data.detectors {
            let mut complain = |profile: &str, path: &[&str], message: String| {
                let path = [&["detectors", kind], path].concat();
                problems.push(model.problem("profiles", profile, &path, message));
            };
            match first.get(kind.as_str()) {
                None => {
                    words += detector.words();
                    first.insert(kind, (profile, detector));
                    if let Some((path, message)) = detector.mistake(kind) {
                        let message = format!("the detector `{kind}`: {message}");
                        complain(profile, path, message);
                    } else if first.len() > MOST_DETECTORS {
                        complain(
                            profile,
                            &[],
                            format!("a policy has at most {MOST_DETECTORS} detectors"),
                        );
                    } else if words > MOST_WORDS {
                        complain(
                            profile,
                            &[],
                            format!("a policy has at most {MOST_WORDS} keywords and words nearby"),
                        );
                    }
                }
                Some((_, same)) if *same == detector => {}
                Some((other, _)) => {
                    for (here, there) in [(*other, profile.as_str()), (profile, other)] {
                        let message = format!("profile `{there}` defines `{kind}` in another way");
                        complain(here, &[], message);
                    }
                }
            }
        }
    }
}

impl From<ClassData> for Class {
    fn from(class: ClassData) -> Self {
        match class {
            ClassData::Pii => Self::Pii,
            ClassData::Pci => Self::Pci,
            ClassData::Secret => Self::Secret,
        }
    }
}

impl ClassData {
    pub(crate) fn as_str(self) -> &'static str {
        Class::from(self).as_str()
    }
}

impl<'de> Deserialize<'de> for ChecksumData {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let known = Checksum::ALL
            .into_iter()
            .find(|known| known.as_str() == word);
        let known = known.map(Self);
        known.ok_or_else(|| {
            serde::de::Error::custom(format!(
                "there is no checksum `{word}`; known are {}",
                names()
            ))
        })
    }
}

fn names() -> String {
    Checksum::ALL.map(Checksum::as_str).join(", ")
}

fn default_confidence() -> f64 {
    0.9
}

/// Of one policy.
const MOST_WORDS: usize = 1000;
