//! The words by which people and fields name personal data, in several languages. They find nothing by themselves.

/// A telephone.
pub(super) const PHONE: &[&str] = &[
    "phone", "phone_number", "phonenumber", "phoneno", "telephone", "tel", "tel.", "telno", "telnr",
    "mobile", "mobile_number", "mobilenumber", "cellphone", "cell phone", "cell number", "my cell",
    "smartphone", "landline", "msisdn", "fax", "faxnumber", "whatsapp", "viber", "telegram number",
    "hotline", "call me", "call us", "can call", "please call", "call him", "call her", "caller",
    "call at", "contact number", "contact no", "contact_number", "contactnumber", "text me",
    "messages to", "answering at", "reach me", "reach us", "reach you", "ring me", "reached at",
    "telefon", "telefonnummer", "telefono", "telefone", "telefonszám", "teléfono", "móvil", "movil",
    "celular", "telemóvel", "telemovel", "téléphone", "tél", "tél.", "cellulare", "handynummer",
    "mobilnummer", "rufnummer", "mobiltelefon", "mobilní", "komórka", "komórkowy", "puhelin",
    "puhelinnumero", "gsm", "telefoonnummer", "cep telefonu", "điện thoại", "nomor telepon", "nomor hp",
    "телефон", "Телефон", "тел", "Тел", "моб", "Моб", "τηλέφωνο", "Τηλέφωνο", "κινητό",
    "电话", "電話", "手机", "手機", "携帯", "전화", "휴대폰", "연락처", "โทร", "هاتف", "جوال", "موبايل",
    "טלפון", "נייד", "फ़ोन", "फोन", "मोबाइल",
];

/// A passport.
pub(super) const PASSPORT: &[&str] = &[
    "passport", "passport_number", "passportnumber", "passportno", "travel document", "passeport",
    "reisepass", "passnummer", "pasaporte", "passaporto", "passaporte", "paszport", "paszportu",
    "paspoort", "passi", "passinumero", "útlevél", "pașaport", "pasaport", "pasaportu", "cestovní pas",
    "putovnica", "pasoš", "pasas", "pase", "hộ chiếu", "paspor", "vegabréf", "διαβατήριο", "διαβατηρίου",
    "паспорт", "Паспорт", "паспорта", "护照", "護照", "パスポート", "旅券", "여권", "여권번호",
    "หนังสือเดินทาง", "جواز", "جواز السفر", "گذرنامه", "דרכון",
];

/// A number that a tax authority gives.
pub(super) const TAX: &[&str] = &[
    "tax id", "tax_id", "tax-id", "taxid", "tax identifier", "tax identification", "tax_identification",
    "taxidentification", "tax number", "tax_number", "taxnumber", "tax no", "tax_no", "taxno",
    "tax code", "tax_code", "taxcode", "tax ref", "tax reference", "tax file", "taxpayer", "tax payer",
    "taxpayer_id", "taxpayerid", "fiscal code", "fiscal number", "fiscal id", "fiscal_code",
    "fiscalcode", "fiscal_id", "tin", "itin",
];

/// A number for value added tax, or goods and services tax.
pub(super) const VAT: &[&str] = &[
    "vat", "vat_number", "vat_id", "vatnumber", "vatid", "vatno", "vat reg", "value added tax",
    "value-added tax", "tva", "iva", "mwst", "ust-id", "ust-idnr", "ustid", "ustidnr",
    "umsatzsteuer", "umsatzsteuer-id", "btw", "btw-nummer", "btwnummer", "moms", "momsnr", "momsnummer",
    "mva", "alv", "alv-numero", "dph", "dič", "pvn", "pvm", "kdv", "ндс", "НДС", "пдв", "ПДВ", "ддс", "ДДС",
    "φπα", "ΦΠΑ", "αφμ", "ΑΦΜ", "áfa", "gst", "gst_number", "intra-community", "intracommunautaire",
];

/// A number or card that a state gives to a person.
pub(super) const IDENTITY: &[&str] = &[
    "national id", "national_id", "national-id", "nationalid", "national identity",
    "national identification", "national number", "national_number", "nationalnumber",
    "identity card", "identity_card", "identitycard", "identity number", "identity_number",
    "identitynumber", "identity code", "identity_code", "identity document", "id card", "id_card", "idcard",
    "id number", "id_number", "idnumber", "id no", "id code", "personal id", "personal_id", "personalid",
    "personal number", "personal_number", "personalnumber", "personal code", "personal identity",
    "personal identification", "identification number", "identification_number", "identification card",
    "citizen id", "citizen_id", "citizenid", "citizen number", "civil id", "civil number", "resident id",
    "resident number", "resident registration", "government id", "government_id", "nid", "nin",
];

/// A licence plate.
pub(super) const PLATE: &[&str] = &[
    "license plate", "licence plate", "license_plate", "licence_plate", "licenseplate", "licenceplate",
    "license-plate", "licence-plate", "number plate", "number_plate", "numberplate", "plate number",
    "plate_number", "platenumber", "plate no", "plate", "vehicle registration",
    "vehicle_registration", "vehicleregistration", "registration number", "registration_number",
    "registration plate", "registration mark", "reg no", "reg number", "vrm", "vehicle number", "vehicle_number",
    "car number", "kennzeichen", "kfz-kennzeichen", "nummernschild", "matrícula", "matricula",
    "plaque", "immatriculation", "targa", "placa", "placas", "patente", "kenteken", "rejestracyjny",
    "rejestracja", "rendszám", "spz", "rekisterinumero", "rekisteritunnus", "registreringsnummer",
    "plaka", "plakası", "plaka numarası", "госномер", "номерной знак", "车牌", "車牌", "번호판", "차량번호",
];

/// A driving licence, in English. Words in another language stand with the licences of its countries.
pub(super) const LICENCE: &[&str] = &[
    "driver license", "driver licence", "drivers license", "drivers licence", "driver's license",
    "driver's licence", "driver’s license", "driving license", "driving licence", "driving permit", "driver_license",
    "driver_licence", "drivers_license", "driverslicense", "driverlicense", "driving_license",
    "driving_licence", "drivinglicence", "drivinglicense", "license number",
    "licence number", "license_number", "licence_number", "licensenumber", "dl number", "dl no",
    "dl#", "dln",
];

/// Of a vehicle.
pub(super) const VEHICLE: &[&str] = &[
    "vin", "vehicle identification", "vehicle_identification", "chassis", "chassis number", "fahrgestellnummer",
    "fin-nummer", "bastidor", "numéro de série", "telaio",
];

/// A postcode.
pub(super) const POSTCODE: &[&str] = &[
    "postcode", "post code", "post_code", "postal code", "postal_code", "postalcode", "zip", "zip code",
    "zip_code", "zipcode", "plz", "postleitzahl", "code postal", "código postal", "codigo postal",
    "kod pocztowy", "postnummer", "postinumero", "psč", "irányítószám", "pin code", "pincode", "eircode",
];

/// Money in crypto-currencies.
pub(super) const WALLET: &[&str] = &[
    "wallet", "wallet_address", "walletaddress", "crypto", "bitcoin", "btc", "ethereum", "eth", "ether",
    "litecoin", "ltc", "dogecoin", "doge", "ripple", "xrp", "tron", "trx", "usdt", "usdc", "solana", "sol",
    "monero", "xmr", "cardano", "ada", "blockchain", "deposit address", "payout address", "bch", "dash", "zcash",
];

/// A day on which somebody was born.
pub(super) const BIRTH: &[&str] = &[
    "date of birth", "date_of_birth", "dateofbirth", "birth date", "birth_date", "birthdate", "birthday",
    "birth day", "born", "born on", "dob", "d.o.b.", "b-day", "bday", "geburtsdatum", "geboren", "geburtstag",
    "fecha de nacimiento", "nacido", "nacida", "nacimiento", "date de naissance", "né le", "née le", "naissance",
    "data di nascita", "nato il", "nata il", "nascita", "data de nascimento", "nascimento", "geboortedatum",
    "data urodzenia", "urodzony", "urodzona", "födelsedatum", "född", "fødselsdato", "født", "syntymäaika",
    "syntynyt", "datum narození", "dátum narodenia", "születési", "született", "data nașterii", "doğum tarihi",
    "doğum", "дата рождения", "родился", "родилась", "дата народження", "ημερομηνία γέννησης", "出生日期", "出生",
    "生年月日", "생년월일", "วันเกิด", "ngày sinh", "tanggal lahir", "تاريخ الميلاد", "תאריך לידה",
];
