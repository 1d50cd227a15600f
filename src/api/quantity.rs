//! Resource quantities: `250m`, `1.5`, `8Gi`, as milli-units.
//!
//! Upstream: `apimachinery/pkg/api/resource`. Differs: at most 18 digits; quantities finer than a
//! thousandth, or with an exponent, are given back as they were written.

/// Thousandths of a unit (of a core, a byte, a pod).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(pub i128);

/// Reads a quantity. Errors: `None` where the server says that quantities must match its regular
/// expression.
pub fn parse_quantity(text: &str) -> Option<Amount> {
    let text = text.trim();
    let number_end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '+' || c == '-'));
    let (number, suffix) = text.split_at(number_end.unwrap_or(text.len()));
    let (negative, digits) = match number.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let only_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !only_digits(whole) || !only_digits(fraction) {
        return None;
    }
    if (whole.is_empty() && fraction.is_empty()) || whole.len() + fraction.len() > 18 {
        return None;
    }
    let mantissa: i128 = format!("{whole}{fraction}").parse().ok()?;
    let (times, over) = scale(suffix)?;
    let divisor = 10i128
        .checked_pow(u32::try_from(fraction.len()).ok()?)?
        .checked_mul(over)?;
    let scaled = mantissa.checked_mul(times)?.checked_mul(1000)?;
    // Upstream rounds up to the smallest unit that it can hold.
    let milli = scaled.div_euclid(divisor) + i128::from(scaled.rem_euclid(divisor) != 0);
    Some(Amount(if negative { -milli } else { milli }))
}

/// The form in which the server gives a quantity back: `0.5` as `500m`, `1024Mi` as `1Gi`. `None`
/// for what is no quantity.
pub fn canonical_quantity(text: &str) -> Option<String> {
    let amount = parse_quantity(text)?;
    let number_end = text.find(|c: char| !(c.is_ascii_digit() || ".+-".contains(c)));
    let suffix = number_end.and_then(|at| text.get(at..)).unwrap_or_default();
    if suffix.starts_with(['e', 'E']) && suffix.len() > 1 && !suffix.ends_with('i') {
        return Some(text.to_string());
    }
    if matches!(suffix, "n" | "u") {
        // Finer than what an amount holds.
        return Some(text.to_string());
    }
    let whole = amount.0.div_euclid(1000) + i128::from(amount.0.rem_euclid(1000) != 0);
    if suffix.ends_with('i') && whole.abs() >= 1024 {
        let names = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
        let (mut value, mut power) = (whole, 0);
        while value % 1024 == 0 && power + 1 < names.len() {
            (value, power) = (value / 1024, power + 1);
        }
        return Some(format!("{value}{}", names.get(power).unwrap_or(&"")));
    }
    let names = ["m", "", "k", "M", "G", "T", "P", "E"];
    let (mut value, mut power) = (amount.0, 0);
    while value != 0 && value % 1000 == 0 && power + 1 < names.len() {
        (value, power) = (value / 1000, power + 1);
    }
    let name = if value == 0 {
        ""
    } else {
        names.get(power).unwrap_or(&"")
    };
    Some(format!("{value}{name}"))
}

/// (multiplier, divisor) of a suffix.
fn scale(suffix: &str) -> Option<(i128, i128)> {
    Some(match suffix {
        "" => (1, 1),
        "n" => (1, 1_000_000_000),
        "u" => (1, 1_000_000),
        "m" => (1, 1_000),
        "k" => (1_000, 1),
        "M" => (1_000_000, 1),
        "G" => (1_000_000_000, 1),
        "T" => (1_000_000_000_000, 1),
        "P" => (1_000_000_000_000_000, 1),
        "E" => (1_000_000_000_000_000_000, 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        "Ti" => (1 << 40, 1),
        "Pi" => (1 << 50, 1),
        "Ei" => (1 << 60, 1),
        _ => return exponent(suffix),
    })
}

fn exponent(suffix: &str) -> Option<(i128, i128)> {
    let power: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let factor = 10i128.checked_pow(power.unsigned_abs())?;
    if factor > 1_000_000_000_000_000_000 {
        return None;
    }
    Some(if power < 0 { (1, factor) } else { (factor, 1) })
}

impl Amount {
    /// Thousandths, saturated to 64 bits.
    pub fn milli(self) -> i64 {
        i64::try_from(self.0).unwrap_or(if self.0 < 0 { i64::MIN } else { i64::MAX })
    }

    /// Whole units, rounded up as upstream's `Value()` does.
    pub fn units(self) -> i64 {
        let units = self.0.div_euclid(1000) + i128::from(self.0.rem_euclid(1000) != 0);
        i64::try_from(units).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_server_reads() {
        for (text, milli) in [
            ("1", 1000),
            ("250m", 250),
            ("1.5", 1500),
            ("0.1", 100),
            ("1Ki", 1_024_000),
            ("2k", 2_000_000),
            ("-1", -1000),
            ("1e3", 1_000_000),
            ("5E-1", 500),
            (".5", 500),
            ("100n", 1),
        ] {
            assert_eq!(parse_quantity(text).map(|a| a.0), Some(milli), "{text}");
        }
        for text in ["", "abc", "1x", "--1", "+-1", "1.2.3", "1KiB", "m"] {
            assert_eq!(parse_quantity(text), None, "{text}");
        }
        assert_eq!(parse_quantity("8Gi").map(Amount::units), Some(8 << 30));
    }

    #[test]
    fn gives_back_the_canonical_form() {
        for (text, canonical) in [
            ("0.5", "500m"),
            ("2", "2"),
            ("1000m", "1"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("0.5Ki", "512"),
            ("1000", "1k"),
            ("128Mi", "128Mi"),
            ("0", "0"),
            ("-1", "-1"),
            ("1e3", "1e3"),
            ("2000M", "2G"),
        ] {
            assert_eq!(
                canonical_quantity(text).as_deref(),
                Some(canonical),
                "{text}"
            );
        }
    }
}
