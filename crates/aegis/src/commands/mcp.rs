//! `aegis mcp`: the tools that MCP servers have listed, and what an operator accepts or forgets of them. Decides nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use aegis_proxy::{SeenTool, accept_tool, forget_tools, seen_tools};
use clap::Args;
use serde_json::json;

use super::Format;
use crate::exit::{Exit, Failure};
use crate::output::{self, note};
use crate::settings;
use crate::table::table;

#[derive(Debug, Args)]
#[command(after_help = TOOLS_EXAMPLES)]
pub(crate) struct ToolsArguments {
    /// The proxy's settings file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Only tools that are not defined as they were first seen
    #[arg(long)]
    changed: bool,
    #[arg(
        short,
        long,
        value_enum,
        default_value = "table",
        value_name = "FORMAT"
    )]
    output: Format,
}

#[derive(Debug, Args)]
#[command(after_help = ACCEPT_EXAMPLES)]
pub(crate) struct AcceptArguments {
    /// The tool, as `aegis mcp tools` names it: host and port of its server, a slash, its name
    #[arg(value_name = "SERVER/TOOL")]
    tool: String,
    /// Where several tenants have seen it
    #[arg(long)]
    tenant: Option<String>,
    /// The proxy's settings file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = FORGET_EXAMPLES)]
pub(crate) struct ForgetArguments {
    /// Host and port, as `aegis mcp tools` names them; `*.` before them means all hosts below the name
    #[arg(value_name = "SERVER")]
    server: String,
    /// One tenant's only
    #[arg(long)]
    tenant: Option<String>,
    /// The proxy's settings file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

pub(crate) fn tools(arguments: &ToolsArguments) -> Result<ExitCode, Failure> {
    let settings = settings::read(&arguments.config)?;
    let mut tools = seen_tools(&settings.data_dir).map_err(failed)?;
    tools.retain(|tool| tool.has_changed() || !arguments.changed);
    match arguments.output {
        Format::Table => {
            let rows: Vec<_> = tools.iter().map(row).collect();
            let head = ["TENANT", "TOOL", "FIRST SEEN", "CHANGED", "DEFINITION"];
            output::result(table(head, &rows));
        }
        Format::Json => output::json(&json!({"schema_version": 1, "tools": tools})),
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn accept(arguments: &AcceptArguments) -> Result<ExitCode, Failure> {
    let settings = settings::read(&arguments.config)?;
    let tool = find(arguments, seen_tools(&settings.data_dir).map_err(failed)?)?;
    if !tool.has_changed() {
        note(format!("{} is defined as it was accepted", named(&tool)));
        return Ok(ExitCode::SUCCESS);
    }
    accept_tool(&settings.data_dir, &tool).map_err(failed)?;
    note(format!(
        "accepted the definition {} of {}; a running proxy takes it over within seconds",
        short(&tool.listed),
        named(&tool),
    ));
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn forget(arguments: &ForgetArguments) -> Result<ExitCode, Failure> {
    let settings = settings::read(&arguments.config)?;
    let (server, tenant) = (&arguments.server, arguments.tenant.as_ref());
    let mut tools = seen_tools(&settings.data_dir).map_err(failed)?;
    tools.retain(|tool| tool.is_of(server) && tenant.is_none_or(|it| *it == tool.tenant));
    if tools.is_empty() {
        let message = format!("no tool of `{server}` is known; `aegis mcp tools` names them");
        return Err(Failure::new(Exit::Failed, message));
    }
    let tenants: BTreeSet<_> = tools.iter().map(|tool| &tool.tenant).collect();
    for tenant in tenants {
        forget_tools(&settings.data_dir, tenant, server).map_err(failed)?;
    }
    note(format!(
        "{} definitions of {server} are to be forgotten; a running proxy forgets them within seconds",
        tools.len(),
    ));
    Ok(ExitCode::SUCCESS)
}

fn find(arguments: &AcceptArguments, tools: Vec<SeenTool>) -> Result<SeenTool, Failure> {
    let of_tenant = |tool: &SeenTool| {
        let tenant = arguments.tenant.as_ref();
        tenant.is_none_or(|tenant| *tenant == tool.tenant)
    };
    let meant = |tool: &SeenTool| named(tool) == arguments.tool && of_tenant(tool);
    let mut found = tools.into_iter().filter(meant);
    match (found.next(), found.next()) {
        (Some(tool), None) => Ok(tool),
        (Some(one), Some(other)) => {
            let (one, other) = (one.tenant, other.tenant);
            let message =
                format!("several tenants have seen it, such as {one} and {other}: give --tenant");
            Err(Failure::new(Exit::Usage, message))
        }
        (None, _) => {
            let tool = &arguments.tool;
            let message =
                format!("no server has listed a tool `{tool}`; `aegis mcp tools` names them");
            Err(Failure::new(Exit::Failed, message))
        }
    }
}

fn row(tool: &SeenTool) -> [String; 5] {
    [
        tool.tenant.clone(),
        named(tool),
        tool.first_seen.clone(),
        tool.changed_at.clone().unwrap_or_default(),
        short(&tool.listed).to_owned(),
    ]
}

fn named(tool: &SeenTool) -> String {
    format!("{}/{}", tool.server, tool.tool)
}

/// Enough of a digest to tell one from another by eye.
fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, error.to_string())
}

const TOOLS_EXAMPLES: &str = "\
Examples:
  aegis mcp tools --config aegis.yaml
  aegis mcp tools --changed --config aegis.yaml -o json";

const ACCEPT_EXAMPLES: &str = "\
Examples:
  aegis mcp accept docs.example.com:443/search --config aegis.yaml
  aegis mcp accept docs.example.com:443/search --tenant acme --config aegis.yaml";

const FORGET_EXAMPLES: &str = "\
Examples:
  aegis mcp forget docs.example.com:443 --config aegis.yaml
  aegis mcp forget '*.example.com:443' --tenant acme --config aegis.yaml";
