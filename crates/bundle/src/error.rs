//! Everything that can be wrong with a bundle, one variant per fault, each with a stable code; repeats no data and no module.

use thiserror::Error;

/// Why a bundle is refused. Paths, names and keys come from the archive and are printed escaped;
/// of values only those of the manifest are ever repeated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BundleError {
    // the archive
    #[error("the archive is larger than {limit} bytes")]
    ArchiveTooLarge { limit: usize },
    #[error("this is not a gzip archive with the plain header that bundles have")]
    NotGzip,
    #[error("the archive ends too early; it was cut off or only half written")]
    Truncated,
    #[error("the archive is damaged: its compressed data or checksum is wrong")]
    Corrupt,
    #[error("something follows the end of the archive")]
    TrailingData,
    #[error("the archive unpacks to more than {limit} bytes")]
    UnpackedTooLarge { limit: usize },
    #[error("the archive unpacks to more than {limit} times its size")]
    RatioTooHigh { limit: usize },
    #[error("the archive has more than {limit} entries")]
    TooManyEntries { limit: usize },
    #[error("the header of an entry in the archive is malformed")]
    HeaderMalformed,
    #[error(
        "{path:?} is not a regular file; links, directories, devices and extensions are refused"
    )]
    NotARegularFile { path: String },
    #[error("the file {path:?} is larger than {limit} bytes")]
    FileTooLarge { path: String, limit: usize },
    #[error("the path {path:?} is not safe: {reason}")]
    UnsafePath { path: String, reason: &'static str },
    #[error("the file {path:?} is there twice, or differs from another in letter case only")]
    DuplicateFile { path: String },
    #[error("{path:?} is none of the files that belong in a bundle")]
    UnknownFile { path: String },
    #[error("the file `{path}` is missing")]
    FileMissing { path: &'static str },

    // the signature
    #[error("the bundle has no signature")]
    SignatureMissing,
    #[error("`.signatures.json` is malformed: {problem}")]
    SignaturesMalformed { problem: &'static str },
    #[error("the bundle has {count} signatures instead of one")]
    SignatureCount { count: usize },
    #[error("the signature's token is malformed: {problem}")]
    TokenMalformed { problem: &'static str },
    #[error("the bundle is signed with the key {key:?}, which is not trusted here")]
    UntrustedKey { key: String },
    #[error("the signature names another algorithm than the one configured for the key {key:?}")]
    AlgorithmMismatch { key: String },
    #[error("the signature is not one by the key {key:?}")]
    SignatureInvalid { key: String },
    #[error("the hash algorithm for {path:?} is unknown or weaker than SHA-256")]
    HashAlgorithm { path: String },
    #[error("the file {path:?} is not what was signed")]
    FileAltered { path: String },
    #[error("the file {path:?} is not covered by the signature")]
    FileNotSigned { path: String },
    #[error("the signed file {path:?} is missing from the archive")]
    SignedFileMissing { path: String },

    // what is in it
    #[error("`{path}` is malformed: {problem}")]
    JsonMalformed { path: String, problem: String },
    #[error("the file {path:?} is not UTF-8")]
    NotUtf8 { path: String },
    #[error("`.manifest` has the format {format}, which this version does not know")]
    FormatUnknown { format: u64 },
    #[error("`.manifest` is wrong: {problem}")]
    ManifestInvalid { problem: String },
    #[error("the data at {path:?} lies outside the roots of the manifest")]
    OutsideRoots { path: String },

    // whether it may be used here and now
    #[error("the bundle is made for {offered}, not for {expected}")]
    WrongScope { offered: String, expected: String },
    #[error("the bundle is not valid before {issued_at}; check the clocks")]
    NotYetValid { issued_at: jiff::Timestamp },
    #[error("the bundle expired at {expires_at}")]
    Expired { expires_at: jiff::Timestamp },
    #[error("the bundle has the number {offered}, which is older than {active} in force")]
    RolledBack { offered: u64, active: u64 },
    #[error("the bundle has the number {number} of the one in force but other contents")]
    NumberReused { number: u64 },

    // while building
    #[error("the key {key:?} failed to sign")]
    SigningFailed { key: String },
    #[error("the archive could not be written")]
    WritingFailed,
}

impl BundleError {
    /// A stable name for status reports, metrics and documentation.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ArchiveTooLarge { .. } => "bundle.archive_too_large",
            Self::NotGzip => "bundle.not_gzip",
            Self::Truncated => "bundle.truncated",
            Self::Corrupt => "bundle.corrupt",
            Self::TrailingData => "bundle.trailing_data",
            Self::UnpackedTooLarge { .. } => "bundle.unpacked_too_large",
            Self::RatioTooHigh { .. } => "bundle.ratio_too_high",
            Self::TooManyEntries { .. } => "bundle.too_many_entries",
            Self::HeaderMalformed => "bundle.header_malformed",
            Self::NotARegularFile { .. } => "bundle.not_a_regular_file",
            Self::FileTooLarge { .. } => "bundle.file_too_large",
            Self::UnsafePath { .. } => "bundle.unsafe_path",
            Self::DuplicateFile { .. } => "bundle.duplicate_file",
            Self::UnknownFile { .. } => "bundle.unknown_file",
            Self::FileMissing { .. } => "bundle.file_missing",
            Self::SignatureMissing => "bundle.signature_missing",
            Self::SignaturesMalformed { .. } => "bundle.signatures_malformed",
            Self::SignatureCount { .. } => "bundle.signature_count",
            Self::TokenMalformed { .. } => "bundle.token_malformed",
            Self::UntrustedKey { .. } => "bundle.untrusted_key",
            Self::AlgorithmMismatch { .. } => "bundle.algorithm_mismatch",
            Self::SignatureInvalid { .. } => "bundle.signature_invalid",
            Self::HashAlgorithm { .. } => "bundle.hash_algorithm",
            Self::FileAltered { .. } => "bundle.file_altered",
            Self::FileNotSigned { .. } => "bundle.file_not_signed",
            Self::SignedFileMissing { .. } => "bundle.signed_file_missing",
            Self::JsonMalformed { .. } => "bundle.json_malformed",
            Self::NotUtf8 { .. } => "bundle.not_utf8",
            Self::FormatUnknown { .. } => "bundle.format_unknown",
            Self::ManifestInvalid { .. } => "bundle.manifest_invalid",
            Self::OutsideRoots { .. } => "bundle.outside_roots",
            Self::WrongScope { .. } => "bundle.wrong_scope",
            Self::NotYetValid { .. } => "bundle.not_yet_valid",
            Self::Expired { .. } => "bundle.expired",
            Self::RolledBack { .. } => "bundle.rolled_back",
            Self::NumberReused { .. } => "bundle.number_reused",
            Self::SigningFailed { .. } => "bundle.signing_failed",
            Self::WritingFailed => "bundle.writing_failed",
        }
    }
}
