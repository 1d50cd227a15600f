//! What a plain scalar means: YAML 1.1's words and numbers, as far as Kubernetes' reader knows
//! them.
//!
//! Upstream: `sigs.k8s.io/yaml/goyaml.v2/resolve.go`. Differs: integers beyond 64 bits become
//! floats.

use serde_json::{Number, Value};

/// The meaning of an untagged plain scalar.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Resolved {
    Null,
    Bool(bool),
    Number(Number),
    /// Reads as a text, but would be another type to some reader: a date, an infinity.
    Special,
    Merge,
    Text,
}

/// Resolves a plain scalar.
pub(super) fn resolve(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Resolved::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Resolved::Bool(false);
        }
        "<<" => return Resolved::Merge,
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF"
        | "-.inf" | "-.Inf" | "-.INF" => return Resolved::Special,
        _ => {}
    }
    match text.bytes().next() {
        Some(b'.') => float(text).unwrap_or(Resolved::Text),
        Some(b'+' | b'-' | b'0'..=b'9') => number(text),
        _ => Resolved::Text,
    }
}

/// The value of an untagged plain scalar.
pub(super) fn plain_value(text: &str) -> Value {
    match resolve(text) {
        Resolved::Null => Value::Null,
        Resolved::Bool(yes) => Value::Bool(yes),
        Resolved::Number(number) => Value::Number(number),
        Resolved::Special | Resolved::Merge | Resolved::Text => Value::String(text.to_string()),
    }
}

/// Whether a text may stand without quotes and still be read as a text.
pub(super) fn is_plain_text(text: &str) -> bool {
    resolve(text) == Resolved::Text && !is_base_60(text)
}

fn number(text: &str) -> Resolved {
    if is_timestamp(text) {
        return Resolved::Special;
    }
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    let (negative, digits) = match plain.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, plain.strip_prefix('+').unwrap_or(&plain)),
    };
    if let Some(magnitude) = integer(digits) {
        if !negative {
            return Resolved::Number(magnitude.into());
        }
        if let Ok(value) = i64::try_from(-i128::from(magnitude)) {
            return Resolved::Number(value.into());
        }
    }
    float(&plain).unwrap_or(Resolved::Text)
}

/// An integer by its prefix: hexadecimal, binary, octal (a leading zero counts), decimal.
fn integer(digits: &str) -> Option<u64> {
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = if let Some(hex) = lower.strip_prefix("0x") {
        (16, hex)
    } else if let Some(binary) = lower.strip_prefix("0b") {
        (2, binary)
    } else if let Some(octal) = lower.strip_prefix("0o") {
        (8, octal)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, lower.get(1..)?)
    } else {
        (10, lower.as_str())
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`; whole numbers print without a point.
fn float(text: &str) -> Option<Resolved> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_ok = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['+', '-']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    if !digits(whole) || !digits(fraction) || mantissa.len() + 1 < 2 || !exponent_ok {
        return None;
    }
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    if value == value.trunc() && value.abs() < 9.0e15 {
        #[allow(clippy::cast_possible_truncation)] // whole and within 53 bits
        return Some(Resolved::Number((value as i64).into()));
    }
    Number::from_f64(value).map(Resolved::Number)
}

/// `2026-01-05`, with or without a time: a date to some readers, a text to Kubernetes.
fn is_timestamp(text: &str) -> bool {
    let Some((date, time)) = text.split_once(['T', 't', ' ']).or(Some((text, ""))) else {
        return false;
    };
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    let in_range = |text: &str, max: u32| {
        text.len() <= 2 && text.parse::<u32>().is_ok_and(|n| (1..=max).contains(&n))
    };
    let dated = year.len() == 4
        && year.bytes().all(|b| b.is_ascii_digit())
        && in_range(month, 12)
        && in_range(day, 31);
    let timed = |c: char| c.is_ascii_digit() || ":.Zz+-".contains(c);
    dated && (time.is_empty() || (time.contains(':') && time.chars().all(timed)))
}

/// `12:30:00`: a number of base 60 to readers of YAML 1.1.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut groups = unsigned.split(':');
    let first = groups.next().unwrap_or_default();
    let first_ok = first.starts_with(|c: char| c.is_ascii_digit())
        && first.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let rest: Vec<&str> = groups.collect();
    let last = rest.len().wrapping_sub(1);
    let group_ok = |(i, group): (usize, &&str)| {
        let whole = match group.split_once('.') {
            Some((whole, _)) if i == last => whole,
            Some(_) => return false,
            None => group,
        };
        whole.len() <= 2 && whole.parse::<u32>().is_ok_and(|n| n < 60)
    };
    first_ok && !rest.is_empty() && rest.iter().enumerate().all(group_ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn resolves_as_yaml_1_1() {
        for (text, value) in [
            ("yes", json!(true)),
            ("Off", json!(false)),
            ("y", json!(true)),
            ("~", json!(null)),
            ("0644", json!(420)),
            ("0o17", json!(15)),
            ("0x1F", json!(31)),
            ("0b101", json!(5)),
            ("1_000", json!(1000)),
            ("-5", json!(-5)),
            ("+5", json!(5)),
            ("2.5", json!(2.5)),
            ("2.0", json!(2)),
            ("1e3", json!(1000)),
            (".5", json!(0.5)),
            ("08", json!(8)),
            ("5000000000", json!(5_000_000_000_i64)),
            ("100m", json!("100m")),
            ("1.2.3", json!("1.2.3")),
            ("2026-01-05", json!("2026-01-05")),
            ("12:30:00", json!("12:30:00")),
            (".", json!(".")),
            ("-", json!("-")),
            ("1e", json!("1e")),
            ("yes please", json!("yes please")),
        ] {
            assert_eq!(plain_value(text), value, "{text}");
        }
    }

    #[test]
    fn knows_what_needs_quotes() {
        for text in [
            "yes",
            "n",
            "12:30:00",
            "1_000",
            "2026-01-01",
            "1e3",
            "0644",
            "",
            "~",
            ".inf",
        ] {
            assert!(!is_plain_text(text), "{text}");
        }
        for text in ["nginx", "1.7.9", "100m", "25%", "a:b", "10.0.0.1", "v1"] {
            assert!(is_plain_text(text), "{text}");
        }
    }
}
