//! What servers have listed to this process and the file does not know yet. It compares nothing.

use std::collections::BTreeMap;

/// By tenant, server and tool.
#[derive(Debug, Default)]
pub(super) struct Listings(BTreeMap<(String, String, String), Listing>);

#[derive(Clone, Debug)]
pub(super) struct Listing {
    /// What is taken for good where nobody knows the tool yet.
    pub(super) first: [u8; 32],
    pub(super) first_seen: String,
    pub(super) last: [u8; 32],
    /// When the last one came.
    pub(super) at: String,
}

impl Listing {
    pub(super) fn now(digest: [u8; 32]) -> Self {
        let now = aegis_telemetry::audit::now();
        Self {
            first: digest,
            first_seen: now.clone(),
            last: digest,
            at: now,
        }
    }
}

impl Listings {
    /// After those of the tool that are here.
    pub(super) fn add(&mut self, (tenant, server, tool): (&str, &str, &str), listing: Listing) {
        let key = (tenant.to_owned(), server.to_owned(), tool.to_owned());
        let known = self.0.entry(key).or_insert_with(|| listing.clone());
        known.last = listing.last;
        known.at = listing.at;
    }

    /// Puts these before the ones that are here: they came earlier, and could not be written down.
    pub(super) fn precede(&mut self, earlier: Self) {
        let later = std::mem::replace(self, earlier);
        for ((tenant, server, tool), listing) in later.0 {
            self.add((&tenant, &server, &tool), listing);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = ((&str, &str, &str), &Listing)> {
        let listings = self.0.iter();
        listings.map(|((tenant, server, tool), listing)| ((&**tenant, &**server, &**tool), listing))
    }
}
