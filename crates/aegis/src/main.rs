//! The binary: arguments and wiring.

mod env;
mod trust;

fn main() {}
