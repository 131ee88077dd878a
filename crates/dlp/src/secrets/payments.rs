//! Keys of payments, shops, shipping and banks.

use super::token;
use crate::checks::chance::is_random;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    token(
        "SECRET_STRIPE",
        "Stripe documentation, API keys; Clerk, Paystack and others give the same form",
        &[
            "sk_live_", "sk_test_", "sk_prod_", "rk_live_", "rk_test_", "rk_prod_",
        ],
        r"[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,247}\b",
    ),
    token(
        "SECRET_SQUARE",
        "Square developer documentation, access tokens",
        &["EAAA"],
        r"EAAA[A-Za-z0-9_-]{60}\b",
    ),
    token(
        "SECRET_SQUARE",
        "Square developer documentation, OAuth",
        &["sq0atp-", "sq0csp-", "sq0idp-"],
        r"sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,60}",
    ),
    token(
        "SECRET_SHOPIFY",
        "Shopify developer documentation, access tokens",
        &["shpat_", "shpca_", "shppa_", "shpss_", "shpua_", "shptka_"],
        r"shp(?:at|ca|pa|ss|ua|tka)_[A-Fa-f0-9]{32}\b",
    ),
    token(
        "SECRET_PAYPAL",
        "PayPal developer documentation, Braintree access tokens",
        &["access_token$"],
        r"access_token\$(?:production|sandbox)\$[a-z0-9]{16}\$[a-f0-9]{32}\b",
    ),
    token(
        "SECRET_PAYPAL",
        "PayPal developer documentation, OAuth 2.0 access tokens",
        &["A21AA"],
        r"A21AA[A-Za-z0-9_-]{80,100}",
    ),
    token(
        "SECRET_ADYEN",
        "Adyen documentation, API credentials",
        &["AQE"],
        r"AQE[a-z][A-Za-z0-9+/=-]{80,}",
    )
    .check(is_random),
    token(
        "SECRET_PLAID",
        "Plaid documentation, access tokens",
        &[
            "access-sandbox-",
            "access-development-",
            "access-production-",
        ],
        r"access-(?:sandbox|development|production)-[a-z0-9]{8}(?:-[a-z0-9]{4}){3}-[a-z0-9]{12}\b",
    ),
    token(
        "SECRET_RAZORPAY",
        "Razorpay documentation, API keys",
        &["rzp_live_", "rzp_test_"],
        r"rzp_(?:live|test)_[A-Za-z0-9]{14}\b",
    ),
    token(
        "SECRET_FLUTTERWAVE",
        "Flutterwave documentation, API keys",
        &["FLWSECK", "FLWPUBK"],
        r"FLW(?:SECK|PUBK)(?:_TEST)?-?[A-Za-z0-9]{12,44}(?:-X)?\b",
    ),
    token(
        "SECRET_GOCARDLESS",
        "GoCardless developer documentation",
        &["live_", "sandbox_"],
        r"(?:live|sandbox)_[A-Za-z0-9_=-]{40}\b",
    )
    .check(is_random),
    token(
        "SECRET_MOLLIE",
        "Mollie documentation, authentication",
        &["live_", "test_"],
        r"(?:live|test)_[A-Za-z0-9]{30}\b",
    )
    .check(is_random),
    token(
        "SECRET_LOB",
        "Lob documentation, API keys",
        &["live_", "test_"],
        r"(?:live|test)_(?:pub_)?[a-f0-9]{31,35}\b",
    ),
    token(
        "SECRET_PANDASCORE",
        "PandaScore documentation, access tokens",
        &["test_", "live_"],
        r"(?:live|test)_[A-Za-z0-9]{40,60}\b",
    )
    .check(is_random),
    token(
        "SECRET_DUFFEL",
        "Duffel documentation, access tokens",
        &["duffel_test_", "duffel_live_"],
        r"duffel_(?:test|live)_[A-Za-z0-9_=-]{43}",
    ),
    token(
        "SECRET_EASYPOST",
        "EasyPost documentation, API keys",
        &["EZAK", "EZTK"],
        r"EZ[AT]K[A-Za-z0-9]{54}\b",
    ),
    token(
        "SECRET_SHIPPO",
        "Shippo documentation, authentication",
        &["shippo_live_", "shippo_test_"],
        r"shippo_(?:live|test)_[A-Fa-f0-9]{40}\b",
    ),
    token(
        "SECRET_PADDLE",
        "Paddle developer documentation",
        &["pdl_live_", "pdl_sdbx_", "pdl_ntfset_"],
        r"pdl_(?:(?:live|sdbx)_apikey|ntfset)_[A-Za-z0-9_]{26,90}\b",
    ),
    token(
        "SECRET_POLAR",
        "Polar documentation, access tokens",
        &["polar_oat_", "polar_pat_", "polar_whs_"],
        r"polar_(?:oat|pat|whs)_[A-Za-z0-9]{32,64}\b",
    ),
    token(
        "SECRET_XENDIT",
        "Xendit documentation, API keys",
        &["xnd_production_", "xnd_development_"],
        r"xnd_(?:production|development)_[A-Za-z0-9]{40,80}\b",
    ),
    token(
        "SECRET_MERCURY",
        "RFC 8959; Mercury API documentation",
        &["secret-token:"],
        r"secret-token:[A-Za-z0-9_.~%:/=+-]{20,}",
    ),
    token(
        "SECRET_SETTLEMINT",
        "SettleMint documentation, access tokens",
        &["sm_pat_", "sm_aat_", "sm_sat_"],
        r"sm_(?:pat|aat|sat)_[A-Za-z0-9]{16,40}\b",
    ),
    token(
        "SECRET_CASHFREE",
        "Cashfree documentation, client secrets",
        &["cfsk_ma_"],
        r"cfsk_ma_(?:prod|test)_[A-Za-z0-9_]{32,64}\b",
    ),
    token(
        "SECRET_STYTCH",
        "Stytch documentation, API keys",
        &["secret-live-", "secret-test-"],
        r"secret-(?:live|test)-[A-Za-z0-9_=-]{36}",
    ),
    token(
        "SECRET_FREEMIUS",
        "Freemius documentation, SDK integration",
        &["sk_"],
        r"sk_[A-Za-z0-9~!@#%^&*()_+=<>?{}\[\]|,.;:-]{29}\b",
    )
    .needs(&["freemius", "secret_key"]),
];
