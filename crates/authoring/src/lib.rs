//! Policy sources written by people to the policy data that `aegis-policy` reads, every mistake at its author's place.
//!
//! Pure: whoever calls hands in texts. It decides nothing and knows no proxy; the data is compiled
//! once, and the way back from each part of it to its author is kept.

mod catalogue;
mod compiled;
mod draft;
mod files;
mod kinds;
mod lower;
mod package;
mod places;
mod read;
mod schema;
mod select;

pub use compiled::{Compiled, bench, check, compile, untried};
pub use files::Files;
pub use package::{Approved, Package, package};
pub use places::Origin;
pub use schema::schemas;
