//! The text of a message: a template with three fields.
//!
//! It is rendered when it is sent, and rendered again when the outbox is read, from the same values,
//! so that no text with a code in it is ever stored. Called by `send` and `outbox`.

use super::code::Code;
use crate::store::row::Verification;

/// The longest template, in characters.
pub const TEMPLATE_MAX: usize = 480;

/// Texts by language; the first is for everybody else. With a brand, and without one. Kept to what
/// one short message holds, and, where the language allows, to the plain alphabet of messages.
const TEXTS: [(&str, &str, &str); 12] = [
    (
        "en",
        "{code} is your {brand} code. It is valid for {minutes} min. Do not share it.",
        "{code} is your code. It is valid for {minutes} min. Do not share it.",
    ),
    (
        "de",
        "{code} ist Ihr {brand}-Code. Er gilt {minutes} Min. Geben Sie ihn nicht weiter.",
        "{code} ist Ihr Code. Er gilt {minutes} Min. Geben Sie ihn nicht weiter.",
    ),
    (
        "fr",
        "{code} est votre code {brand}, valable {minutes} min. Ne le communiquez à personne.",
        "{code} est votre code, valable {minutes} min. Ne le communiquez à personne.",
    ),
    (
        "es",
        "{code} es tu código de {brand}. Vale {minutes} min. No lo compartas.",
        "{code} es tu código. Vale {minutes} min. No lo compartas.",
    ),
    (
        "it",
        "{code} è il tuo codice {brand}, valido per {minutes} min. Non condividerlo.",
        "{code} è il tuo codice, valido per {minutes} min. Non condividerlo.",
    ),
    (
        "pt",
        "{code} é o seu código {brand}, válido por {minutes} min. Não o partilhe.",
        "{code} é o seu código, válido por {minutes} min. Não o partilhe.",
    ),
    (
        "nl",
        "{code} is je {brand}-code, {minutes} min. geldig. Deel hem met niemand.",
        "{code} is je code, {minutes} min. geldig. Deel hem met niemand.",
    ),
    (
        "pl",
        "{code} to kod {brand}, ważny {minutes} min. Nie podawaj go nikomu.",
        "{code} to kod, ważny {minutes} min. Nie podawaj go nikomu.",
    ),
    (
        "tr",
        "{code} {brand} kodunuz, {minutes} dk. geçerli. Kimseyle paylaşmayın.",
        "{code} kodunuz, {minutes} dk. geçerli. Kimseyle paylaşmayın.",
    ),
    (
        "sv",
        "{code} är din kod för {brand}. Den gäller i {minutes} min. Dela den inte.",
        "{code} är din kod. Den gäller i {minutes} min. Dela den inte.",
    ),
    (
        "id",
        "{code} adalah kode {brand} Anda, berlaku {minutes} menit. Jangan dibagikan.",
        "{code} adalah kode Anda, berlaku {minutes} menit. Jangan dibagikan.",
    ),
    (
        "ja",
        "{brand}の確認コードは{code}です。{minutes}分間有効です。他人に教えないでください。",
        "確認コードは{code}です。{minutes}分間有効です。他人に教えないでください。",
    ),
];

/// Why a template can't be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Without the code the message is of no use.
    #[error("it must hold `{{code}}`")]
    NoCode,
    /// Another field, or a brace that begins none.
    #[error("its fields are `{{code}}`, `{{brand}}` and `{{minutes}}`, and nothing else may stand in braces")]
    Field,
    /// Too long.
    #[error("it must be at most 480 characters")]
    TooLong,
    /// Control characters but for line ends.
    #[error("it must not hold control characters")]
    Control,
}

/// Whether a template can be taken.
pub fn valid_template(template: &str) -> Result<(), TemplateError> {
    if template.chars().count() > TEMPLATE_MAX {
        return Err(TemplateError::TooLong);
    }
    if template.chars().any(|c| c.is_control() && c != '\n') {
        return Err(TemplateError::Control);
    }
    let mut code = false;
    for piece in pieces(template) {
        match piece {
            Piece::Field("code") => code = true,
            Piece::Field("brand" | "minutes") => {}
            Piece::Text(text) if !text.contains(['{', '}']) => {}
            Piece::Field(_) | Piece::Text(_) => return Err(TemplateError::Field),
        }
    }
    if code { Ok(()) } else { Err(TemplateError::NoCode) }
}

/// The text of a verification's message.
pub fn render(verification: &Verification, code: &Code) -> String {
    let fixed = &verification.fixed;
    let template = match &fixed.template {
        Some(own) => own.as_str(),
        None => text(fixed.locale.as_deref(), fixed.brand.is_some()),
    };
    let life_ms = verification.expires_ms.saturating_sub(verification.created_ms).max(1);
    let minutes = (life_ms + 59_999) / 60_000;
    let mut body = fill(template, code.expose(), fixed.brand.as_deref().unwrap_or_default(), minutes);
    if let Some(hash) = &fixed.app_hash {
        // What reads messages on the phone wants it on a line of its own, the last.
        body.push('\n');
        body.push_str(hash);
    }
    body
}

fn text(locale: Option<&str>, brand: bool) -> &'static str {
    let language = locale.and_then(|l| l.split(['-', '_']).next()).unwrap_or("en");
    let known = TEXTS.iter().find(|(l, ..)| l.eq_ignore_ascii_case(language)).or(TEXTS.first());
    known.map_or("{code}", |(_, with, without)| if brand { with } else { without })
}

/// Fills the fields in one pass, so that a brand that looks like a field stays text.
fn fill(template: &str, code: &str, brand: &str, minutes: i64) -> String {
    let mut out = String::with_capacity(template.len() + brand.len() + 16);
    for piece in pieces(template) {
        match piece {
            Piece::Field("code") => out.push_str(code),
            Piece::Field("brand") => out.push_str(brand),
            Piece::Field("minutes") => out.push_str(&minutes.to_string()),
            Piece::Field(_) => {}
            Piece::Text(text) => out.push_str(text),
        }
    }
    out
}

enum Piece<'a> {
    Text(&'a str),
    Field(&'a str),
}

fn pieces(mut rest: &str) -> impl Iterator<Item = Piece<'_>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some((name, after)) = rest.strip_prefix('{').and_then(|r| r.split_once('}')) {
            rest = after;
            return Some(Piece::Field(name));
        }
        // A brace that begins no field is text, up to the next one.
        let skip = usize::from(rest.starts_with('{'));
        let at = rest.get(skip..).and_then(|r| r.find('{')).map_or(rest.len(), |at| at + skip);
        let (text, after) = rest.split_at(at);
        rest = after;
        Some(Piece::Text(text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_a_valid_template_and_fits_one_short_message() {
        for (language, with, without) in TEXTS {
            for text in [with, without] {
                assert_eq!(valid_template(text), Ok(()), "{language}");
                assert!(fill(text, "1234567890", "Cofferdam Bank", 60).chars().count() <= 160, "{language}");
            }
        }
    }

    #[test]
    fn fields_are_filled_once_and_others_are_refused() {
        assert_eq!(fill("{brand}: {code}", "1234", "{code}", 10), "{code}: 1234");
        assert_eq!(fill("{minutes} {code}", "1234", "", 10), "10 1234");
        for (template, error) in [
            ("hello", TemplateError::NoCode),
            ("{code} {user}", TemplateError::Field),
            ("{code} {", TemplateError::Field),
            ("{code} }", TemplateError::Field),
            ("{{code}}", TemplateError::Field),
            ("{code}\u{0}", TemplateError::Control),
            (&"x".repeat(481), TemplateError::TooLong),
        ] {
            assert_eq!(valid_template(template), Err(error), "{template}");
        }
        assert_eq!(valid_template("<#> {code}\nx"), Ok(()));
    }

    proptest::proptest! {
        #[test]
        fn no_template_panics_and_a_valid_one_shows_the_code_as_often_as_it_says(
            template in "(\\{code\\}|\\{brand\\}|\\{minutes\\}|\\{|\\}|[a-z ]|\\PC){0,20}",
        ) {
            let valid = valid_template(&template).is_ok();
            let filled = fill(&template, "0123456789", "", 60);
            if valid {
                let shown = filled.matches("0123456789").count();
                assert_eq!(shown, template.matches("{code}").count());
                let braces = filled.contains(['{', '}']);
                assert!(!braces);
            }
        }
    }

    #[test]
    fn languages_are_found_by_their_first_part() {
        assert!(text(Some("pt-BR"), false).contains("código"));
        assert!(text(Some("DE_at"), true).contains("{brand}"));
        assert_eq!(text(Some("xx"), false), text(None, false));
    }
}
