//! The patterns that a policy can be started from. Texts only; what is in them is under `policies/templates`.

/// Files by name, with what they are for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Template {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) files: &'static [(&'static str, &'static str)],
}

macro_rules! template {
    ($name:literal, $about:literal, $($file:literal),+) => {
        Template {
            name: $name,
            about: $about,
            files: &[$((
                $file,
                include_str!(concat!("../../../../../policies/templates/", $name, "/", $file)),
            )),+],
        }
    };
}

pub(super) const TEMPLATES: &[Template] = &[
    template!(
        "payments",
        "a payment API with limits, approvals above an amount, and refunds in Rego",
        "tenants.yaml",
        "policies.yaml",
        "catalogue.yaml",
        "refunds.rego",
        "refunds_test.rego",
        "tests/payments.yaml",
        "tests/refunds.yaml"
    ),
    template!(
        "mcp-read-only",
        "an MCP server of which an agent may use the reading tools only",
        "tenants.yaml",
        "policies.yaml",
        "catalogue.yaml",
        "tests/tools.yaml"
    ),
    template!(
        "coding-agent",
        "a coding agent: one LLM, package registries, a code host without writing",
        "tenants.yaml",
        "policies.yaml",
        "catalogue.yaml",
        "tests/agent.yaml"
    ),
    template!(
        "eu-tenant",
        "a tenant bound to regions of the EU, with an LLM provider in several regions",
        "tenants.yaml",
        "policies.yaml",
        "catalogue.yaml",
        "tests/regions.yaml"
    ),
];
