//! Help that cannot be typed is worse than none.

use clap::{Command, CommandFactory as _, Parser as _};

use super::Cli;

#[test]
fn every_example_of_every_help_page_is_accepted() {
    let examples = examples(&mut Cli::command());
    assert!(examples.len() >= 12, "only {examples:?}");
    for example in examples {
        let words = words(&example);
        let parsed = Cli::try_parse_from(&words);
        assert!(parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
    }
}

#[test]
fn every_command_that_does_something_has_an_example() {
    assert_examples(&mut Cli::command(), "aegis");
}

#[test]
fn the_arguments_are_well_formed() {
    Cli::command().debug_assert();
}

fn assert_examples(command: &mut Command, path: &str) {
    let has_children = command.get_subcommands().next().is_some();
    assert!(
        has_children || !own_examples(command).is_empty(),
        "{path} has no example"
    );
    for child in command.get_subcommands_mut() {
        let path = format!("{path} {}", child.get_name());
        assert_examples(child, &path);
    }
}

fn examples(command: &mut Command) -> Vec<String> {
    let mut all = own_examples(command);
    for child in command.get_subcommands_mut() {
        all.extend(examples(child));
    }
    all
}

/// The lines of the help's end that start with the program's name.
fn own_examples(command: &Command) -> Vec<String> {
    let text = command
        .get_after_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("aegis "));
    lines.map(str::to_owned).collect()
}

/// Up to a pipe, as a shell splits words; single quotes only.
fn words(example: &str) -> Vec<String> {
    let command = example.split(" | ").next().unwrap_or_default();
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in command.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("there is one").push(c),
        }
    }
    words
}
