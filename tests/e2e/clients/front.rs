//! The two ways to Aegis that a client can take, and what it is told for each. It looks at no outcome.

use aegis_testkit::{Aegis, TestCa};

use super::environment::Environment;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Front {
    /// The proxy stands in the environment, as `aegis env` prints it.
    Forward,
    /// Base URL and API key are other ones, and nothing else.
    Gateway,
}

impl Front {
    pub(super) const BOTH: [Self; 2] = [Self::Forward, Self::Gateway];

    /// The same promise on each of them, at the same time.
    pub(super) async fn both<F: Future<Output = ()>>(promise: impl Fn(Self) -> F) {
        tokio::join!(promise(Self::Forward), promise(Self::Gateway));
    }

    /// As the matrix and the audit log name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Gateway => "gateway",
        }
    }

    /// What agent `bot` sets as base URL for the service `name`, which is at `upstream`.
    pub(super) fn base_url(self, aegis: &Aegis, name: &str, upstream: &str) -> String {
        match self {
            Self::Forward => upstream.to_owned(),
            Self::Gateway if aegis.settings().listen.tls.is_some() => {
                format!("https://localhost:{}/{name}", aegis.gateway().port())
            }
            Self::Gateway => aegis.gateway_url(&format!("/{name}")),
        }
    }

    /// What it sets as API key: the service's own, or its credential at the gateway, which adds the service's.
    pub(super) fn api_key(self) -> &'static str {
        match self {
            Self::Forward => SERVICE_KEY,
            Self::Gateway => CREDENTIAL,
        }
    }

    pub(super) async fn environment(self, aegis: &Aegis, own: &TestCa) -> Environment {
        match self {
            Self::Forward => Environment::of(aegis, own).await,
            // For AWS's SDK: the others are content with plain HTTP on loopback.
            Self::Gateway => Environment::bare().with("AWS_CA_BUNDLE", ca_file(aegis)),
        }
    }
}

fn ca_file(aegis: &Aegis) -> String {
    let file = aegis.data_dir().join("ca.pem");
    file.to_str().expect("UTF-8").to_owned()
}

/// What a service knows its customers by.
pub(super) const SERVICE_KEY: &str = "sk-of-the-service";
/// Of agent `bot`.
pub(super) const CREDENTIAL: &str = "secret-of-bot";
