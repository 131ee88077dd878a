//! Addresses that are themselves the permission: whoever knows one may write there.

use super::is_filled;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    webhook(
        "SECRET_SLACK",
        "Slack API documentation, incoming webhooks and workflows",
        &["hooks.slack.com/"],
        r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/_-]{20,}",
    ),
    webhook(
        "SECRET_DISCORD",
        "Discord developer documentation, webhooks",
        &["discord.com/api/", "discordapp.com/api/"],
        r"discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/[0-9]{15,22}/[A-Za-z0-9_-]{50,80}",
    ),
    webhook(
        "SECRET_MICROSOFTTEAMS",
        "Microsoft Teams documentation, incoming webhooks",
        &["webhook.office.com/", "outlook.office.com/webhook"],
        concat!(
            r"(?:webhook\.office\.com/webhookb2|outlook\.office\.com/webhook)",
            r"/[A-Za-z0-9-]{36}@[A-Za-z0-9-]{36}/IncomingWebhook",
            r"/[A-Za-z0-9]{32}/[A-Za-z0-9-]{36}(?:/[A-Za-z0-9]+)?"
        ),
    ),
    webhook(
        "SECRET_ZAPIER",
        "Zapier documentation, webhooks",
        &["hooks.zapier.com/hooks/"],
        r"hooks\.zapier\.com/hooks/catch/[A-Za-z0-9]+(?:/[A-Za-z0-9]+)?",
    ),
    webhook(
        "SECRET_MAKE",
        "Make documentation, webhooks",
        &[
            "hook.eu1.make.com/",
            "hook.eu2.make.com/",
            "hook.us1.make.com/",
            "hook.us2.make.com/",
            "hook.integromat.com/",
        ],
        r"hook\.(?:[a-z]{2}[0-9]\.make|integromat)\.com/[a-z0-9]{24,40}",
    ),
    webhook(
        "SECRET_IFTTT",
        "IFTTT documentation, webhooks",
        &["maker.ifttt.com/"],
        r"maker\.ifttt\.com/(?:trigger/[A-Za-z0-9_-]+(?:/json)?/with/key|use)/[A-Za-z0-9_-]{20,}",
    ),
    webhook(
        "SECRET_GOOGLE_CHAT",
        "Google Chat documentation, webhooks",
        &["chat.googleapis.com/v1/spaces/"],
        r"chat\.googleapis\.com/v1/spaces/[A-Za-z0-9_-]+/messages\?key=[A-Za-z0-9_-]+&token=[A-Za-z0-9_%-]+",
    ),
    webhook(
        "SECRET_LARK",
        "Lark and Feishu documentation, custom bots",
        &[
            "open.feishu.cn/open-apis/bot/",
            "open.larksuite.com/open-apis/bot/",
        ],
        r"open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/(?:v2/)?hook/[A-Za-z0-9-]{20,40}",
    ),
    webhook(
        "SECRET_DINGTALK",
        "DingTalk documentation, custom robots",
        &["oapi.dingtalk.com/robot/"],
        r"oapi\.dingtalk\.com/robot/send\?access_token=[a-f0-9]{64}",
    ),
    webhook(
        "SECRET_WECOM",
        "WeCom documentation, group robots",
        &["qyapi.weixin.qq.com/cgi-bin/webhook/"],
        r"qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=[a-f0-9-]{36}",
    ),
    webhook(
        "SECRET_AZURE",
        "Azure Logic Apps documentation, triggers",
        &[".logic.azure.com"],
        r"\.logic\.azure\.com(?::443)?/workflows/[a-f0-9]{32}/[^\s\x22'<>]*sig=[A-Za-z0-9_-]{43}",
    ),
    webhook(
        "SECRET_WEBEX",
        "Webex documentation, incoming webhooks",
        &["webexapis.com/v1/webhooks/"],
        r"webexapis\.com/v1/webhooks/incoming/[A-Za-z0-9_-]{40,}",
    ),
    webhook(
        "SECRET_PIPEDREAM",
        "Pipedream documentation, HTTP triggers",
        &["https://eo"],
        r"https://eo[a-z0-9]{10,24}\.m\.pipedream\.net",
    ),
    webhook(
        "SECRET_HEALTHCHECKS",
        "Healthchecks.io documentation, pinging",
        &["hc-ping.com/"],
        r"hc-ping\.com/[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}",
    ),
    webhook(
        "SECRET_TELEGRAM",
        "Apprise documentation, notification addresses",
        &["tgram://"],
        r"tgram://[0-9]{6,12}:[A-Za-z0-9_-]{32,36}",
    ),
    webhook(
        "SECRET_THINGSBOARD",
        "ThingsBoard documentation, device API",
        &["thingsboard.cloud/api/v1/"],
        r"thingsboard\.cloud/api/v1/[A-Za-z0-9]{16,24}\b",
    ),
];

const fn webhook(
    kind: &'static str,
    source: &'static str,
    beginnings: &'static [&'static str],
    pattern: &'static str,
) -> Rule {
    Rule::literal(kind, source, beginnings, pattern).check(is_filled)
}
