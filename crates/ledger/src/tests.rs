//! Promises about tokens and the values behind them.

use super::*;

const TTL: Duration = Duration::from_hours(1);

fn vault(most: usize) -> MemoryVault {
    MemoryVault::new(Keeping { ttl: TTL, most })
}

fn scope(agent: &str) -> Scope {
    Scope {
        tenant: "acme".into(),
        agent: agent.into(),
        side: Side::Sent,
    }
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The token of an address, and what it stands for at once.
fn kept(vault: &MemoryVault, value: &str, now: Duration) -> Token {
    let token = vault.token(&scope("bot"), "EMAIL_ADDRESS", value, now);
    token.expect("room")
}

fn stands_for(vault: &MemoryVault, token: &Token, now: Duration) -> Option<String> {
    let value = vault.value(&scope("bot"), "EMAIL_ADDRESS", token, now);
    value.map(|value| value.to_string())
}

#[test]
fn the_same_value_has_the_same_token_and_another_has_another() {
    let vault = vault(10);
    let ann = kept(&vault, "ann@corp.example", at(0));
    assert_eq!(kept(&vault, "ann@corp.example", at(1)), ann);
    assert_ne!(kept(&vault, "bob@corp.example", at(1)), ann);
    assert_eq!(
        stands_for(&vault, &ann, at(2)).as_deref(),
        Some("ann@corp.example")
    );
}

#[test]
fn a_token_means_nothing_to_others_and_as_another_type() {
    let vault = vault(10);
    let ann = kept(&vault, "ann@corp.example", at(0));
    let received = Scope {
        side: Side::Received,
        ..scope("bot")
    };
    let stranger = Scope {
        tenant: "other".into(),
        ..scope("bot")
    };
    for scope in [scope("other"), received, stranger] {
        let value = vault.value(&scope, "EMAIL_ADDRESS", &ann, at(0));
        assert_eq!(value, None, "{scope:?}");
    }
    let as_another = vault.value(&scope("bot"), "US_SSN", &ann, at(0));
    assert_eq!(as_another, None);
}

#[test]
fn a_token_expires_after_its_last_use() {
    let vault = vault(10);
    let ann = kept(&vault, "ann@corp.example", at(0));
    assert!(stands_for(&vault, &ann, at(3599)).is_some());
    assert_eq!(kept(&vault, "ann@corp.example", at(7000)), ann);
    assert!(stands_for(&vault, &ann, at(10_599)).is_some());
    assert_eq!(stands_for(&vault, &ann, at(14_199)), None);
    assert_ne!(kept(&vault, "ann@corp.example", at(14_200)), ann);
}

#[test]
fn a_full_vault_has_no_token_until_one_expires() {
    let vault = vault(2);
    kept(&vault, "ann@corp.example", at(0));
    kept(&vault, "bob@corp.example", at(10));
    let token = |now| vault.token(&scope("bot"), "EMAIL_ADDRESS", "eve@corp.example", now);
    assert_eq!(token(at(20)), None);
    let others = vault.token(&scope("other"), "EMAIL_ADDRESS", "eve@corp.example", at(20));
    assert!(others.is_some());
    assert!(token(at(3600)).is_some());
}

#[test]
fn values_go_when_they_expire_though_nobody_asks_for_their_scope() {
    let vault = vault(2);
    kept(&vault, "ann@corp.example", at(0));
    vault.token(&scope("other"), "EMAIL_ADDRESS", "x", at(8000));
    assert_eq!(vault.scopes(), 1);
}

#[test]
fn nothing_shows_a_value_or_a_token() {
    let vault = vault(2);
    let token = kept(&vault, "ann@corp.example", at(0));
    let shown = format!("{vault:?} {token:?}");
    assert!(
        !shown.contains("ann") && !shown.contains(token.as_str()),
        "{shown}"
    );
}

#[test]
fn a_token_has_no_long_number_and_is_read_as_it_is_written() {
    let vault = vault(1000);
    for value in 0..1000 {
        let token = kept(&vault, &value.to_string(), at(0));
        let mut runs = token.as_str().split(|c: char| !c.is_ascii_digit());
        assert!(runs.all(|run| run.len() < 4), "{}", token.as_str());
        assert_eq!(Token::parse(token.as_str()), Some(token));
    }
    assert_eq!(Token::parse("0123456789ABCDEF"), None);
    assert_eq!(Token::parse("0123"), None);
}
