//! Help and pages that cannot be typed are worse than none.

use std::fs;
use std::path::Path;

use clap::{Command, CommandFactory as _, Parser as _};

use super::listing::GROUPS;
use super::{Cli, command};

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
fn every_command_line_of_the_pages_is_accepted() {
    let mut count = 0;
    for (page, text) in pages() {
        for line in typed(&text) {
            let parsed = Cli::try_parse_from(words(&line));
            assert!(parsed.is_ok(), "{page}: {line}: {}", parsed.unwrap_err());
            count += 1;
        }
    }
    assert!(count >= 7, "only {count} in the README");
}

#[test]
fn every_command_that_the_pages_mention_is_there_with_its_flags() {
    let mut count = 0;
    for (page, text) in pages() {
        for mention in mentioned(&text) {
            if let Err(word) = known(&mention) {
                panic!("{page}: `{mention}`: there is no `{word}`");
            }
            count += 1;
        }
    }
    assert!(count >= 5, "only {count}");
    assert_eq!(known("aegis run --plicy x"), Err("--plicy".to_owned()));
    assert_eq!(known("aegis shadow reprot"), Err("reprot".to_owned()));
}

#[test]
fn the_readme_has_the_exit_codes_of_the_help() {
    let help = Cli::command().render_help().to_string();
    let (_, codes) = help.split_once("Exit codes: ").unwrap();
    let codes = codes.split('.').next().unwrap();
    let (_, readme) = pages()
        .into_iter()
        .find(|(page, _)| page == "README.md")
        .unwrap();
    assert!(readme.contains(&format!("ends with {codes};")), "{codes}");
}

#[test]
fn every_command_that_does_something_has_an_example() {
    assert_examples(&mut Cli::command(), "aegis");
}

#[test]
fn the_help_lists_every_command_once_with_what_it_is_for() {
    let mut listed: Vec<&str> = GROUPS
        .iter()
        .flat_map(|(_, names)| *names)
        .copied()
        .collect();
    listed.sort_unstable();
    let root = Cli::command();
    let mut known: Vec<&str> = root.get_subcommands().map(Command::get_name).collect();
    known.sort_unstable();
    assert_eq!(listed, known);
    let help = command().render_help().to_string();
    for child in root.get_subcommands() {
        let about = child.get_about().unwrap().to_string();
        let line = help.lines().find(|line| line.ends_with(&about)).unwrap();
        assert!(
            line.starts_with(&format!("  {} ", child.get_name())),
            "{line}"
        );
    }
    for part in [
        "Usage: aegis <COMMAND>",
        "Options:\n",
        "Examples:\n",
        "Exit codes: ",
    ] {
        assert!(help.contains(part), "{part}: {help}");
    }
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

/// The README and the pages of `docs`, by name.
fn pages() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let docs = fs::read_dir(root.join("docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().path());
    let pages = docs
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .chain([root.join("README.md")]);
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    pages
        .map(|path| (name(&path), fs::read_to_string(&path).unwrap()))
        .collect()
}

/// What a reader would type: our program after a prompt, alone or as a shell's substitution.
fn typed(page: &str) -> Vec<String> {
    let lines = page.lines().filter_map(|line| line.strip_prefix("$ "));
    let ours = lines.filter_map(|line| {
        let start = match line.strip_prefix("aegis ") {
            Some(_) => 0,
            None => line.find("$(aegis ")? + 2,
        };
        line.get(start..)
    });
    ours.map(str::to_owned).collect()
}

/// Code within a sentence that names our program.
fn mentioned(page: &str) -> Vec<String> {
    let fenced = page.split("```").step_by(2);
    let code = fenced.flat_map(|prose| prose.split('`').skip(1).step_by(2));
    code.filter(|code| code.starts_with("aegis "))
        .map(str::to_owned)
        .collect()
}

/// Whether the words up to the first that is no command are commands, and all flags are theirs;
/// else the first word that is not known.
fn known(mention: &str) -> Result<(), String> {
    let mut root = Cli::command();
    root.build();
    let mut command = &root;
    for word in mention.split_whitespace().skip(1) {
        if word == "--" {
            break;
        }
        let is_known = if let Some(flag) = word.strip_prefix("--") {
            command
                .get_arguments()
                .any(|known| known.get_long() == Some(flag))
        } else if let Some(flag) = word.strip_prefix('-') {
            let flag = flag.chars().next();
            command
                .get_arguments()
                .any(|known| known.get_short() == flag)
        } else if command.has_subcommands() {
            let next = command.find_subcommand(word);
            command = next.unwrap_or(command);
            next.is_some()
        } else {
            true
        };
        if !is_known {
            return Err(word.to_owned());
        }
    }
    Ok(())
}

/// Up to what a shell does with it, as a shell splits words; single quotes only.
fn words(example: &str) -> Vec<String> {
    let ends = [" | ", " > ", " # ", ")\""];
    let end = ends.iter().filter_map(|end| example.find(end)).min();
    let command = example.get(..end.unwrap_or(example.len())).unwrap();
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
