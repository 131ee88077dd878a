//! The program as users start it: the real binary, its exit codes, its words.

#![cfg(test)]

mod control_plane;
mod demo;
mod harness;
mod proxy;
mod run;
mod validate;
mod words;
