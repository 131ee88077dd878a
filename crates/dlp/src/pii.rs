//! The catalogue of personal data: which types there are, and how each is recognised.

/// The check of a [`crate::rule::Rule::number`] that only looks at the digits, however they are grouped.
macro_rules! digits {
    ($check:expr) => {
        |number: &crate::number::Number<'_>| !number.part && $check(number.digits)
    };
}

mod africa;
mod alps;
mod baltic;
mod benelux;
mod birth;
mod britain;
mod canada;
mod card;
mod central_europe;
mod china;
mod crypto;
mod device;
mod email;
mod finance;
mod france;
mod germany;
mod greece;
mod iban;
mod india;
mod ireland;
mod italy;
mod korea;
mod latin_america;
mod licence;
mod middle_east;
mod network;
mod nordic;
mod oceania;
mod passport;
mod phone;
mod plate;
mod poland;
mod portugal;
mod postcode;
mod russia;
mod south_asia;
mod south_east_asia;
mod spain;
mod turkey;
mod united_states;
mod vat;
mod words;
mod yugoslavia;

use crate::rule::Rule;

pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.into_iter().flatten()
}

const RULES: [&[Rule]; 42] = [
    email::RULES,
    card::RULES,
    iban::RULES,
    finance::RULES,
    crypto::RULES,
    phone::RULES,
    network::RULES,
    device::RULES,
    birth::RULES,
    passport::RULES,
    licence::RULES,
    plate::RULES,
    postcode::RULES,
    vat::RULES,
    africa::RULES,
    alps::RULES,
    baltic::RULES,
    benelux::RULES,
    britain::RULES,
    canada::RULES,
    central_europe::RULES,
    china::RULES,
    france::RULES,
    germany::RULES,
    greece::RULES,
    india::RULES,
    ireland::RULES,
    italy::RULES,
    korea::RULES,
    latin_america::RULES,
    middle_east::RULES,
    nordic::RULES,
    oceania::RULES,
    poland::RULES,
    portugal::RULES,
    russia::RULES,
    south_asia::RULES,
    south_east_asia::RULES,
    spain::RULES,
    turkey::RULES,
    united_states::RULES,
    yugoslavia::RULES,
];
