//! Moments and spans of simulated time as people read them.
//!
//! Upstream: none.

/// `2026-01-05 09:00:42`; the caller says that it is UTC.
pub fn date_time(us: i64) -> String {
    iso(us).get(..19).unwrap_or_default().replace('T', " ")
}

/// `2026-01-05T09:00:42Z`.
pub fn rfc3339(us: i64) -> String {
    format!("{}Z", iso(us).get(..19).unwrap_or_default())
}

fn iso(us: i64) -> String {
    let date = js_sys::Date::new(&((us.div_euclid(1000)) as f64).into());
    String::from(date.to_iso_string())
}

/// `T+01:07.3`, or with hours `T+2:01:07`: the time since the start of the story.
pub fn since_start(us: i64) -> String {
    let tenths = us.max(0) / 100_000;
    let (seconds, tenth) = (tenths / 10, tenths % 10);
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("T+{hours}:{minutes:02}:{rest:02}")
    } else {
        format!("T+{minutes:02}:{rest:02}.{tenth}")
    }
}

/// `T+01:07`, without the tenth.
pub fn since_start_short(us: i64) -> String {
    let text = since_start(us);
    text.split('.').next().unwrap_or_default().to_owned()
}

/// `0.25×`, `1×`, `1000×`.
pub fn speed(factor: f64) -> String {
    if factor >= 10.0 {
        format!("{factor:.0}×")
    } else if (factor - factor.round()).abs() < 0.005 {
        format!("{}×", factor.round())
    } else if factor >= 1.0 {
        format!("{factor:.1}×")
    } else {
        format!("{factor:.2}×")
    }
}
