//! The program as users start it: the real binary, its exit codes, its words.

#![cfg(test)]

mod control_plane;
mod demo;
mod dlp;
mod gateway;
mod harness;
mod mcp;
mod policy;
mod policy_build;
mod policy_diff;
mod policy_new;
mod proxy;
mod run;
mod validate;
mod why;
mod words;
