//! Durations on the command line: `30s`, `1h5m`, `1.5s`.
//!
//! Upstream: Go's `time.ParseDuration`.

use crate::clock::Span;

/// Reads a duration. Errors: Go's text.
pub fn parse_duration(text: &str) -> Result<Span, String> {
    let invalid = || format!("time: invalid duration \"{text}\"");
    let (negative, mut left) = match text.strip_prefix('-') {
        Some(left) => (true, left),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if left == "0" {
        return Ok(Span::ZERO);
    }
    if left.is_empty() {
        return Err(invalid());
    }
    let mut total: f64 = 0.0;
    while !left.is_empty() {
        let end = left
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .unwrap_or(left.len());
        let (number, behind) = left.split_at(end);
        let number: f64 = number.parse().map_err(|_| invalid())?;
        let end = behind
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(end);
        let micros = match unit {
            "" => return Err(format!("time: missing unit in duration \"{text}\"")),
            "ns" => 0.001,
            "us" | "µs" | "μs" => 1.0,
            "ms" => 1e3,
            "s" => 1e6,
            "m" => 6e7,
            "h" => 3.6e9,
            _ => {
                return Err(format!(
                    "time: unknown unit \"{unit}\" in duration \"{text}\""
                ));
            }
        };
        total += number * micros;
        left = behind;
    }
    if total > 9e18 {
        return Err(invalid());
    }
    let micros = total as i64;
    Ok(Span::micros(if negative { -micros } else { micros }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_go_durations() {
        for (text, micros) in [
            ("0", 0),
            ("5s", 5_000_000),
            ("1h5m", 3_900_000_000),
            ("1.5s", 1_500_000),
            ("-2ms", -2_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Span::micros(micros)), "{text}");
        }
        for text in ["", "5", "s", "5x", "1.2.3s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
