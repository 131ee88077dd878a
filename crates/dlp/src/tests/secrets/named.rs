//! Examples of secrets that are known by what stands around them.

use super::Example;

pub(super) const EXAMPLES: &[Example] = &[
    (
        "SECRET_PASSWORD",
        "password = \"hunter2\"",
        "password = \"{}\"",
    ),
    (
        "SECRET_PASSWORD",
        "'password' => 'Sommer2026'",
        "'password' => 'required'",
    ),
    (
        "SECRET_PASSWORD",
        "DB_PASSWORD=T0psecret!",
        "DB_PASSWORD=$T0psecret",
    ),
    (
        "SECRET_PASSWORD",
        "user=\"ann\"; password=\"goodspec\"",
        "user=\"ann\"; password=\"string\"",
    ),
    (
        "SECRET_PASSWORD",
        "user='ann' password='goodspec'",
        "user='ann' password='password'",
    ),
    (
        "SECRET_PASSWORD",
        "tool --password Sommer2026",
        "tool --password FILE",
    ),
    (
        "SECRET_PASSWORD",
        "my password is Sommer2026",
        "my password is long",
    ),
    (
        "SECRET_PASSWORD",
        "Das Passwort lautet Sommer2026",
        "Das Passwort lautet anders",
    ),
    (
        "SECRET_PASSWORD",
        "mot de passe : Sommer2026",
        "mot de passe : obligatoire",
    ),
    (
        "SECRET_PASSWORD",
        "le mot de passe est Sommer2026",
        "le mot de passe est $PASSWORD",
    ),
    (
        "SECRET_PASSWORD",
        "la contrasena es Sommer2026",
        "la contrasena es larga",
    ),
    (
        "SECRET_PASSWORD",
        "a senha era Sommer2026",
        "a senha era <senha>",
    ),
    (
        "SECRET_PASSWORD",
        "sshpass -p Sommer2026 ssh host",
        "sshpass -p $PASSWORD ssh host",
    ),
    (
        "SECRET_PASSWORD",
        "mysqldump -u root -pSommer2026 shop",
        "mysqldump -u root -p shop2026 -P3306",
    ),
    (
        "SECRET_PRIVATE_KEY",
        "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: \"ann\"\n{A64}\n---- END SSH2 ENCRYPTED PRIVATE KEY ----",
        "---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"ann\"\n{A64}\n---- END SSH2 PUBLIC KEY ----",
    ),
    (
        "SECRET_GENERIC",
        "client_secret = \"{A32}\"",
        "client_secret = \"{d32}\"",
    ),
    (
        "SECRET_GENERIC",
        "'accessToken': '{A32}'",
        "'accessToken': 'getAccessTokenFromStore'",
    ),
    (
        "SECRET_GENERIC",
        "INTERNAL_API_KEY={A32}",
        "INTERNAL_API_KEY=INTERNAL_API_KEY_V2",
    ),
    ("SECRET_GENERIC", "tool --token {A32}", "tool --token FILE"),
    (
        "SECRET_GENERIC",
        "\"hookKey\": \"{A24}\"",
        "\"hookKey\": \"{h32}\"",
    ),
    ("SECRET_GENERIC", "'hookKey': '{A24}'", "'hookKey': '{h32}'"),
    ("SECRET_GENERIC", "HOOK_KEY={A24}", "HOOK_KEY={h32}"),
    (
        "SECRET_URL_PASSWORD",
        "postgres://ann:Sommer2026@db.example/shop",
        "postgres://ann@db.example:5432/shop",
    ),
    (
        "SECRET_URL_PASSWORD",
        "https://ann:p4ss-w0rd@example.com",
        "https://ann:***@example.com",
    ),
    (
        "SECRET_URL_PASSWORD",
        "https://x-token:{A400}@git.example/shop.git",
        "https://x-token:8443/{A400}@git",
    ),
    (
        "SECRET_DATABASE_PASSWORD",
        "Server=db;User Id=sa;Password=Sommer2026;",
        "Label=db;Password=Sommer",
    ),
    (
        "SECRET_DATABASE_PASSWORD",
        "jdbc:oracle:thin:scott/tiger7@db:1521:orcl",
        "jdbc:oracle:thin:@db:1521:orcl",
    ),
    (
        "SECRET_DATABASE_PASSWORD",
        "CREATE USER ann IDENTIFIED BY 'Sommer2026'",
        "CREATE USER ann IDENTIFIED BY ''",
    ),
    (
        "SECRET_AUTHORIZATION",
        "Authorization: Bearer {A40}",
        "Authorization: Bearer authorization",
    ),
    (
        "SECRET_AUTHORIZATION",
        "Authorization: Basic YW5uOmh1bnRlcjI5",
        "Authorization: Basic authentication",
    ),
    (
        "SECRET_AUTHORIZATION",
        "Authorization: token {A40}",
        "Authorization: required",
    ),
    (
        "SECRET_CURL_USER",
        "curl -u ann:Sommer2026 https://example.com",
        "curl -u ann:test https://example.com",
    ),
    (
        "SECRET_NETRC",
        "machine example.com login ann password Sommer2026",
        "the password Sommer2026",
    ),
    (
        "SECRET_DOCKER_AUTH",
        "{\"auths\": {\"example.com\": {\"auth\": \"YW5uOmh1bnRlcjI5\"}}}",
        "{\"auth\": \"required\"}",
    ),
    (
        "SECRET_COOKIE",
        "Cookie: sessionid={A32}",
        "?sessionid={A32}",
    ),
    (
        "SECRET_KUBERNETES",
        "kind: Secret\ndata:\n  first: {A20}==\n",
        "kind: ConfigMap\ndata:\n  first: {A20}==\n",
    ),
    (
        "SECRET_PRIVATE_KEY",
        "-----BEGIN EC PRIVATE KEY-----\n{A64}\n-----END EC PRIVATE KEY-----",
        "-----BEGIN PUBLIC KEY-----\n{A64}\n-----END PUBLIC KEY-----",
    ),
    (
        "SECRET_PRIVATE_KEY",
        "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t{A40}",
        "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t{A40}",
    ),
    (
        "SECRET_PRIVATE_KEY",
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: ann\nPublic-Lines: 1\n{A64}\nPrivate-Lines: 1\n{A48}\n",
        "PuTTY-User-Key-File-3: ssh-ed25519\n",
    ),
    (
        "SECRET_PRIVATE_KEY",
        "PrivateKey = {A43}=",
        "PrivateKey = none",
    ),
    (
        "SECRET_AGE",
        "AGE-SECRET-KEY-1{U58}",
        "AGE-SECRET-KEY-1{U57}",
    ),
    (
        "SECRET_JWT",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{A43}",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0",
    ),
    ("SECRET_PASSWORD_HASH", "$2b$12${A53}", "$2b$12${A40}"),
    ("SECRET_PASSWORD_HASH", "$5${A12}${A43}", "$5${A12}"),
    (
        "SECRET_PASSWORD_HASH",
        "$6$rounds=5000${A12}${A86}",
        "$6${A12}",
    ),
    ("SECRET_PASSWORD_HASH", "$1${A8}${A22}", "$1${A8}"),
    ("SECRET_PASSWORD_HASH", "$y$j9T${A22}${A43}", "$y$j9T"),
    (
        "SECRET_PASSWORD_HASH",
        "$argon2id$v=19$m=65536,t=3,p=4${A22}${A43}",
        "$argon2id$v=19",
    ),
    (
        "SECRET_PASSWORD_HASH",
        "$pbkdf2-sha256$29000${A22}${A43}",
        "$pbkdf2-sha256$",
    ),
    (
        "SECRET_PASSWORD_HASH",
        "pbkdf2_sha256$600000${A22}${A43}=",
        "pbkdf2_sha256$600000",
    ),
    ("SECRET_PASSWORD_HASH", "$P$B{A30}", "$P$B{A20}"),
    ("SECRET_PASSWORD_HASH", "{SSHA}{A32}==", "{SSHA}none"),
    ("SECRET_PASSWORD_HASH", "$9${A14}${A43}", "$9${A14}"),
    (
        "SECRET_PASSWORD_HASH",
        "$krb5tgs$23$*ann${h64}",
        "$krb5tgs$23$*ann",
    ),
    (
        "SECRET_PASSWORD_HASH",
        "$ANSIBLE_VAULT;1.1;AES256\n  {h64}\n  {h64}\n",
        "$ANSIBLE_VAULT;1.1;AES256\n",
    ),
    (
        "SECRET_MICROSOFTTEAMS",
        "https://acme.webhook.office.com/webhookb2/{u}@{u}/IncomingWebhook/{h32}/{u}",
        "https://acme.webhook.office.com/webhookb2/",
    ),
    (
        "SECRET_ZAPIER",
        "https://hooks.zapier.com/hooks/catch/{d7}/{l7}/",
        "https://hooks.zapier.com/hooks/",
    ),
    (
        "SECRET_MAKE",
        "https://hook.eu1.make.com/{l32}",
        "https://hook.eu1.make.com/",
    ),
    (
        "SECRET_IFTTT",
        "https://maker.ifttt.com/trigger/bell/with/key/{A22}",
        "https://maker.ifttt.com/trigger/bell",
    ),
    (
        "SECRET_GOOGLE_CHAT",
        "https://chat.googleapis.com/v1/spaces/{A11}/messages?key={A39}&token={A43}",
        "https://chat.googleapis.com/v1/spaces/{A11}/messages",
    ),
    (
        "SECRET_LARK",
        "https://open.feishu.cn/open-apis/bot/v2/hook/{u}",
        "https://open.feishu.cn/open-apis/bot/",
    ),
    (
        "SECRET_DINGTALK",
        "https://oapi.dingtalk.com/robot/send?access_token={h64}",
        "https://oapi.dingtalk.com/robot/send",
    ),
    (
        "SECRET_WECOM",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={u}",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
    ),
    (
        "SECRET_WEBEX",
        "https://webexapis.com/v1/webhooks/incoming/{A80}",
        "https://webexapis.com/v1/webhooks/incoming/",
    ),
    (
        "SECRET_PIPEDREAM",
        "https://eo{l14}.m.pipedream.net",
        "https://eo{l14}.pipedream.net",
    ),
    (
        "SECRET_HEALTHCHECKS",
        "https://hc-ping.com/{u}",
        "https://hc-ping.com/ann",
    ),
    (
        "SECRET_THINGSBOARD",
        "https://thingsboard.cloud/api/v1/{l20}/telemetry",
        "https://thingsboard.cloud/api/v1/telemetry",
    ),
];
