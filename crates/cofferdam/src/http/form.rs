//! Form-encoded text (bodies and query strings) as the same tree as JSON: `client[ip]=…` is a field of
//! a field, `events[]=…` an item of a list. Every value is a text; [`super::shape`] reads numbers and
//! booleans out of them. Called by [`super::body`].

use super::json::{Fault, Fields, ITEMS_MAX, Json, shown};
use std::borrow::Cow;

/// Names within names: `destinations[sms][]`.
const DEPTH_MAX: usize = 4;
/// Fields of one text.
const PAIRS_MAX: usize = 256;

fn fault(field: &str, code: &'static str, detail: impl Into<String>) -> Fault {
    Fault { field: shown(field), code, detail: detail.into() }
}

/// Reads form-encoded text.
pub fn parse(bytes: &[u8]) -> Result<Fields<'static>, Fault> {
    let mut top = Vec::new();
    let pairs = bytes.split(|b| *b == b'&').filter(|pair| !pair.is_empty());
    for (n, pair) in pairs.enumerate() {
        if n == PAIRS_MAX {
            return Err(fault("", "too_many", format!("more than {PAIRS_MAX} fields")));
        }
        let mut halves = pair.splitn(2, |b| *b == b'=');
        let name = decoded(halves.next().unwrap_or_default(), true)
            .ok_or_else(|| fault("", "malformed", "a name is not UTF-8 in percent-encoding"))?;
        let value = value(halves.next().unwrap_or_default())
            .ok_or_else(|| fault(&name, "malformed", "the value is not UTF-8 in percent-encoding"))?;
        let path = steps(&name)
            .ok_or_else(|| fault(&name, "malformed", "write `name`, `name[field]` or `name[]`"))?;
        put(&mut top, &path, value, &name)?;
    }
    Ok(top)
}

/// A value. By the letter of the standard a plus sign is a space; but no value of ours begins with a
/// space before a digit, and `curl -d to=+1…` is what people type: such a plus is meant.
fn value(bytes: &[u8]) -> Option<String> {
    match bytes {
        [b'+', rest @ ..] if rest.first().is_some_and(u8::is_ascii_digit) => {
            decoded(rest, true).map(|rest| format!("+{rest}"))
        }
        _ => decoded(bytes, true),
    }
}

/// Decodes percent-encoding; `plus` makes `+` a space, as forms do and paths don't.
pub fn decoded(bytes: &[u8], plus: bool) -> Option<String> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        out.push(match byte {
            b'%' => {
                let high = char::from(*rest.next()?).to_digit(16)?;
                let low = char::from(*rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            b'+' if plus => b' ',
            other => *other,
        });
    }
    String::from_utf8(out).ok()
}

/// `client[ip]` as `client`, `ip`; an item of a list has an empty name at its end.
fn steps(name: &str) -> Option<Vec<&str>> {
    let Some(open) = name.find('[') else {
        return (!name.is_empty() && !name.contains(']')).then(|| vec![name]);
    };
    let (first, mut rest) = name.split_at_checked(open)?;
    let mut path = vec![first];
    while !rest.is_empty() {
        let (step, more) = rest.strip_prefix('[')?.split_once(']')?;
        path.push(step);
        rest = more;
    }
    let named = path.iter().rev().skip(1).all(|step| !step.is_empty());
    (named && path.len() <= DEPTH_MAX).then_some(path)
}

fn put(fields: &mut Fields<'static>, path: &[&str], value: String, name: &str) -> Result<(), Fault> {
    let Some((first, rest)) = path.split_first() else { return Ok(()) };
    let at = fields.iter().position(|(other, _)| other == first);
    let twice = || fault(name, "duplicate", format!("`{}` is said twice", shown(name)));
    match rest {
        [] if at.is_some() => Err(twice()),
        [] => {
            fields.push((Cow::Owned((*first).to_owned()), Json::Text(Cow::Owned(value))));
            Ok(())
        }
        [""] => match slot(fields, at, first, || Json::List(Vec::new())) {
            Some(Json::List(items)) if items.len() < ITEMS_MAX => {
                items.push(Json::Text(Cow::Owned(value)));
                Ok(())
            }
            _ => Err(twice()),
        },
        _ => match slot(fields, at, first, || Json::Object(Vec::new())) {
            Some(Json::Object(inner)) => put(inner, rest, value, name),
            _ => Err(twice()),
        },
    }
}

fn slot<'f>(
    fields: &'f mut Fields<'static>,
    at: Option<usize>,
    name: &str,
    empty: fn() -> Json<'static>,
) -> Option<&'f mut Json<'static>> {
    let at = at.unwrap_or_else(|| {
        fields.push((Cow::Owned(name.to_owned()), empty()));
        fields.len() - 1
    });
    fields.get_mut(at).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Json<'static> {
        Json::Text(Cow::Owned(value.to_owned()))
    }

    #[test]
    fn nested_names_and_lists_make_the_same_tree_as_json() {
        let fields =
            parse(b"to=%2B12125550100&client[ip]=192.0.2.1&client%5Buser_id%5D=a+b&d[sms][]=GB&d[sms][]=US")
                .unwrap();
        assert_eq!(fields[0], ("to".into(), text("+12125550100")));
        assert_eq!(parse(b"to=+12125550100").unwrap()[0].1, text("+12125550100"));
        assert_eq!(parse(b"to=+a+1").unwrap()[0].1, text(" a 1"));
        let client = vec![("ip".into(), text("192.0.2.1")), ("user_id".into(), text("a b"))];
        assert_eq!(fields[1], ("client".into(), Json::Object(client)));
        let sms = Json::List(vec![text("GB"), text("US")]);
        assert_eq!(fields[2], ("d".into(), Json::Object(vec![("sms".into(), sms)])));
    }

    #[test]
    fn what_is_said_twice_or_badly_is_refused_with_its_name() {
        assert_eq!(parse(b"to=1&to=2").unwrap_err().field, "to");
        assert_eq!(parse(b"client=1&client[ip]=2").unwrap_err().code, "duplicate");
        assert_eq!(parse(b"client[ip]=1&client[]=2").unwrap_err().code, "duplicate");
        for bad in [
            "to=%",
            "to=%zz",
            "%ff=1",
            "to=%ff",
            "a[=1",
            "[a]=1",
            "a[b]c=1",
            "a[][]=1",
            "a[b][c][d][e]=1",
            "=1",
        ] {
            assert_eq!(parse(bad.as_bytes()).unwrap_err().code, "malformed", "{bad}");
        }
        assert_eq!(parse("a&".repeat(300).replace('a', "a[]").as_bytes()).unwrap_err().code, "too_many");
    }
}
