//! The package has tests only; see `e2e`.
