//! Resource quantities: `250m`, `1.5`, `8Gi`, as milli-units.
//!
//! Upstream: `apimachinery/pkg/api/resource`. Differs: at most 18 digits; the printed form is kept
//! as written (specs hold the visitor's text), only computed sums are printed canonically.

/// Thousandths of a unit (of a core, a byte, a pod).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(pub i128);

/// Reads a quantity. Errors: `None` where the server says that quantities must match its regular expression.
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
}
