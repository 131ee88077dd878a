//! Driving licences of many countries: the form of their numbers, near a word for a licence of that country.

use crate::rule::Rule;

const fn licence(
    kind: &'static str,
    letters: usize,
    value: &'static str,
    words: &'static [&'static str],
) -> Rule {
    Rule::word(kind, SOURCE, 0..=letters, value)
        .needs(words)
        .check(has_digits)
}

const SOURCE: &str = "Directive 2006/126/EC; RESPER; the issuing authority";

pub(super) const RULES: &[Rule] = &[
    licence(
        "AT_DRIVER_LICENSE",
        0,
        r"[0-9]{8}\b",
        &["führerschein", "führerscheinnummer", "fuehrerschein"],
    ),
    licence(
        "BE_DRIVER_LICENSE",
        0,
        r"[0-9]{10}\b",
        &[
            "rijbewijs",
            "permis de conduire",
            "belgian driving",
            "belgian driver",
        ],
    ),
    licence(
        "BG_DRIVER_LICENSE",
        0,
        r"[0-9]{9}\b",
        &[
            "шофьорска книжка",
            "свидетелство за управление",
            "bulgarian driver",
            "bulgarian driving",
        ],
    ),
    licence(
        "CH_DRIVER_LICENSE",
        0,
        r"[0-9]{12}\b",
        &[
            "führerausweis",
            "fahrausweis",
            "führerschein",
            "permis de conduire",
        ],
    ),
    licence(
        "CY_DRIVER_LICENSE",
        0,
        r"[0-9]{12}\b",
        &["άδεια οδήγησης", "cypriot driving", "cyprus driving"],
    ),
    licence(
        "CZ_DRIVER_LICENSE",
        2,
        r"[A-Za-z]{2} ?[0-9]{6}\b",
        &[
            "řidičský průkaz",
            "řidičského průkazu",
            "czech driving",
            "czech driver",
        ],
    ),
    licence(
        "DE_DRIVER_LICENSE",
        3,
        r"[A-Za-z][0-9A-Za-z]{2}[0-9]{6}[0-9][0-9A-Za-z]\b",
        &[
            "führerschein",
            "führerscheinnummer",
            "fuehrerschein",
            "fahrerlaubnis",
        ],
    ),
    licence(
        "DK_DRIVER_LICENSE",
        0,
        r"[0-9]{8}\b",
        &[
            "kørekort",
            "kørekortnummer",
            "danish driving",
            "danish driver",
        ],
    ),
    licence(
        "EE_DRIVER_LICENSE",
        2,
        r"[A-Za-z]{2}[0-9]{6}\b",
        &["juhiluba", "juhiloa", "estonian driving"],
    ),
    licence(
        "ES_DRIVER_LICENSE",
        0,
        r"[0-9]{8}[ -]?[A-Za-z]\b",
        &[
            "carnet de conducir",
            "permiso de conducir",
            "permiso de conducción",
            "licencia de conducir",
            "spanish driving",
        ],
    ),
    licence(
        "FI_DRIVER_LICENSE",
        0,
        r"[0-9]{6}[-+A-Fa-f][0-9]{3}[0-9A-Ya-y]\b",
        &[
            "ajokortti",
            "ajokortin",
            "finnish driving",
            "finnish driver",
        ],
    ),
    licence(
        "GR_DRIVER_LICENSE",
        0,
        r"[0-9]{9}\b",
        &[
            "άδεια οδήγησης",
            "δίπλωμα οδήγησης",
            "greek driving",
            "greek driver",
        ],
    ),
    licence(
        "HR_DRIVER_LICENSE",
        0,
        r"[0-9]{8}\b",
        &["vozačka dozvola", "vozačke dozvole", "croatian driving"],
    ),
    licence(
        "HU_DRIVER_LICENSE",
        2,
        r"[A-Za-z]{2}[0-9]{6}\b",
        &["jogosítvány", "vezetői engedély", "hungarian driving"],
    ),
    licence(
        "IE_DRIVER_LICENSE",
        0,
        r"[0-9]{9}\b",
        &["irish driving", "irish driver", "ceadúnas tiomána"],
    ),
    licence(
        "IL_DRIVER_LICENSE",
        0,
        r"[0-9]{7,8}\b",
        &["רישיון נהיגה", "israeli driving", "israeli driver"],
    ),
    licence(
        "IS_DRIVER_LICENSE",
        0,
        r"[0-9]{9}\b",
        &["ökuskírteini", "icelandic driving"],
    ),
    licence(
        "LT_DRIVER_LICENSE",
        0,
        r"[0-9]{8}\b",
        &["vairuotojo pažymėjimas", "lithuanian driving"],
    ),
    licence(
        "LU_DRIVER_LICENSE",
        0,
        r"[0-9]{6}\b",
        &["permis de conduire", "führerschein", "luxembourg driving"],
    ),
    licence(
        "LV_DRIVER_LICENSE",
        2,
        r"[A-Za-z]{2}[0-9]{6}\b",
        &["vadītāja apliecība", "latvian driving"],
    ),
    licence(
        "MT_DRIVER_LICENSE",
        2,
        r"[A-Za-z]{2} ?[0-9]{3} ?[0-9]{3}\b",
        &["liċenzja tas-sewqan", "maltese driving"],
    ),
    licence(
        "MX_DRIVER_LICENSE",
        2,
        r"[A-Za-z]{0,2}[0-9]{8,10}\b",
        &[
            "licencia de conducir",
            "licencia de manejo",
            "mexican driver",
        ],
    ),
    licence(
        "NL_DRIVER_LICENSE",
        0,
        r"[0-9]{10}\b",
        &[
            "rijbewijs",
            "rijbewijsnummer",
            "dutch driving",
            "dutch driver",
        ],
    ),
    licence(
        "NO_DRIVER_LICENSE",
        0,
        r"[0-9]{2} ?[0-9]{2} ?[0-9]{6} ?[0-9]\b",
        &["førerkort", "førerkortnummer", "norwegian driving"],
    ),
    licence(
        "PH_DRIVER_LICENSE",
        1,
        r"[A-Za-z][0-9]{2}-[0-9]{2}-[0-9]{6}\b",
        &[
            "lto",
            "philippine driver",
            "philippines driver",
            "driver license",
            "driver's license",
        ],
    ),
    licence(
        "PK_DRIVER_LICENSE",
        0,
        r"[0-9]{5}-[0-9]{7}-[0-9]\b",
        &["driving license", "driving licence", "pakistani driving"],
    ),
    licence(
        "PL_DRIVER_LICENSE",
        0,
        r"[0-9]{5}/[0-9]{2}/[0-9]{4}\b",
        &[
            "prawo jazdy",
            "prawa jazdy",
            "polish driving",
            "driving licence",
        ],
    ),
    licence(
        "PT_DRIVER_LICENSE",
        2,
        r"[A-Za-z]{1,2}-[0-9]{5,7}(?: [0-9])?\b",
        &[
            "carta de condução",
            "carta de conducao",
            "portuguese driving",
            "driving licence",
        ],
    ),
    licence(
        "RO_DRIVER_LICENSE",
        1,
        r"[A-Za-z][0-9]{8}[A-Za-z]\b",
        &[
            "permis de conducere",
            "permisul de conducere",
            "romanian driving",
        ],
    ),
    licence(
        "RS_DRIVER_LICENSE",
        0,
        r"[0-9]{9}\b",
        &["vozačka dozvola", "возачка дозвола", "serbian driving"],
    ),
    licence(
        "RU_DRIVER_LICENSE",
        2,
        r"[0-9]{2} ?[0-9A-Za-z]{2} ?[0-9]{6}\b",
        &[
            "водительское",
            "водительского",
            "водительские права",
            "russian driver",
        ],
    ),
    licence(
        "SE_DRIVER_LICENSE",
        0,
        r"[0-9]{6}-?[0-9]{4}\b",
        &["körkort", "körkortsnummer", "swedish driving"],
    ),
    licence(
        "SG_DRIVER_LICENSE",
        1,
        r"[STFGMstfgm][0-9]{7}[A-Za-z]\b",
        &["singapore driving", "singapore driver"],
    ),
    licence(
        "SI_DRIVER_LICENSE",
        0,
        r"[0-9]{9}\b",
        &["vozniško dovoljenje", "slovenian driving"],
    ),
    licence(
        "SK_DRIVER_LICENSE",
        1,
        r"[A-Za-z][0-9]{7}\b",
        &["vodičský preukaz", "slovak driving"],
    ),
    licence(
        "TH_DRIVER_LICENSE",
        0,
        r"[0-9]{8}\b",
        &["ใบขับขี่", "thai driving", "thai driver"],
    ),
    licence(
        "TR_DRIVER_LICENSE",
        0,
        r"[0-9]{6}\b",
        &[
            "ehliyet",
            "sürücü belgesi",
            "sürücü belgesi no",
            "turkish driving",
        ],
    ),
    licence(
        "TW_DRIVER_LICENSE",
        1,
        r"[A-Za-z][0-9]{9}\b",
        &["駕照", "駕駛執照", "taiwan driver"],
    ),
    licence(
        "UA_DRIVER_LICENSE",
        3,
        r"[A-Za-z]{3} ?[0-9]{6}\b",
        &["посвідчення водія", "ukrainian driver"],
    ),
    licence(
        "ZA_DRIVER_LICENSE",
        0,
        r"[0-9]{10}[0-9A-Za-z]{2}\b",
        &["south african driver", "rybewys", "rybewysnommer"],
    ),
];

fn has_digits(text: &[u8]) -> bool {
    text.iter().filter(|byte| byte.is_ascii_digit()).count() >= 4
}
