//! A port that speaks TLS is known by whatever its clients call it.

use aegis_config::ListenTls;
use aegis_testkit::RawClient;

use super::closed;

/// A client that goes by an address asks for no name, so one certificate must be good for all.
#[tokio::test]
async fn a_port_that_speaks_tls_is_verified_by_each_of_its_names_and_by_its_address() {
    let named = ListenTls {
        names: ["proxy.example", "[2001:db8::1]"].map(String::from).into(),
        ..ListenTls::default()
    };
    let cases = [
        (
            named,
            "127.0.0.1:0",
            ["proxy.example", "2001:db8::1", "127.0.0.1"],
        ),
        (
            ListenTls::default(),
            "0.0.0.0:0",
            ["localhost", "127.0.0.1", "::1"],
        ),
    ];
    for (tls, listen, good) in cases {
        let aegis = closed().settings(|it| {
            it.listen.tls = Some(tls);
            it.listen.forward = listen.parse().expect("an address");
        });
        let aegis = aegis.start().await;
        let greeted = async |name: &str| {
            let client = RawClient::connect(([127, 0, 0, 1], aegis.forward().port()).into()).await;
            client.tls(aegis.ca_pem(), name, &["http/1.1"]).await
        };

        for name in good {
            assert!(greeted(name).await.is_ok(), "{name}");
        }
        for name in ["other.example", "127.0.0.2"] {
            assert!(greeted(name).await.is_err(), "{name}");
        }
    }
}
