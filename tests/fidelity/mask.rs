//! What is random or depends on the clock, taken out of a text: suffixes of names, template
//! hashes, uids, versions, moments, addresses. The alphabets are those of Kubernetes' own draws.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// A pattern and what stands in its place. Where the pattern has a group, only the group is
/// replaced: what stands before and behind it must be there, but may belong to the next match too.
struct Rule {
    pattern: Regex,
    instead: &'static str,
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let hex = "[0-9a-f]";
    let uid = format!(r"\b{hex}{{8}}-{hex}{{4}}-{hex}{{4}}-{hex}{{4}}-{hex}{{12}}\b");
    let moment = concat!(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z",
        r"|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"
    );
    [
        (moment, "<stamp>"),
        (&uid, "<uid>"),
        (r#"resourceVersion"?: "?(\d+)"#, "<rv>"),
        (
            r"\b(?:containerd|cri-o|docker|fake)://[0-9a-f]+",
            "<container-id>",
        ),
        (r"sha256:[0-9a-f]{64}", "<sha>"),
        (r"kube-api-access-([a-z0-9]{5})", "<r>"),
        // The name of an event ends in the moment of its birth.
        (r"\.(1[0-9a-f]{15})\b", "<event>"),
        (r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b", "<ip>"),
        (r#"/tmp/[^\s"]+"#, "<tmp>"),
        // The Jobs of a CronJob are named by the minute since 1970.
        (r"-(\d{8})(?:[^0-9a-z]|$)", "<minute>"),
        (
            r"[-=]([456789bcdf]{6,10}|\d{8,10})(?:[^a-z0-9]|$)",
            "<hash>",
        ),
        (r"-([bcdfghjklmnpqrstvwxz0-9]{5})(?:[^a-z0-9]|$)", "<r>"),
    ]
    .map(|(pattern, instead)| Rule {
        pattern: regex(pattern),
        instead,
    })
    .into()
});

static NODE: LazyLock<Regex> = LazyLock::new(|| regex(r"\bk8s-(?:master|node\d+)\b"));
static DURATION: LazyLock<Regex> = LazyLock::new(|| regex(r"\b\d+(\.\d+)?(ms|s)\b"));
static AGE: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^(?:(\d+)y)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?$"));

/// A pattern of this test's own, which is right or the test is wrong.
pub fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a valid pattern")
}

impl Rule {
    fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        while let Some(found) = self.pattern.captures_at(text, done) {
            let part = found.get(1).or(found.get(0)).expect("a match has a whole");
            out.push_str(&text[done..part.start()]);
            out.push_str(self.instead);
            done = part.end();
        }
        out + &text[done..]
    }
}

/// A text without what two runs never have in common.
pub fn mask(text: &str) -> String {
    RULES
        .iter()
        .fold(text.to_string(), |text, rule| rule.apply(&text))
}

/// A text without the names of nodes.
pub fn mask_nodes(text: &str) -> String {
    NODE.replace_all(text, "<node>").into_owned()
}

/// The message of an event without what two runs never have in common, spans of time included.
pub fn mask_message(text: &str) -> String {
    let text = mask_nodes(&mask(text));
    DURATION.replace_all(&text, "<t>").into_owned()
}

/// The seconds that an age such as `(3m20s` says; none where a word is no age.
pub fn seconds(word: &str) -> Option<f64> {
    let found = AGE.captures(word.trim_matches(['(', ')', ',']))?;
    let part = |at| -> Option<f64> { Captures::get(&found, at)?.as_str().parse().ok() };
    (1..=5).find_map(part)?;
    let [years, days, hours, minutes, seconds] = [1, 2, 3, 4, 5].map(|at| part(at).unwrap_or(0.0));
    Some((((years * 365.0 + days) * 24.0 + hours) * 60.0 + minutes) * 60.0 + seconds)
}
