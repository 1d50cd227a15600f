//! The architecture, executed: docs/ARCHITECTURE.md says why. It reads text and can be fooled; it
//! is a fence, not a wall.

#[path = "tidy/naughty.rs"]
mod naughty;
#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/self_test.rs"]
mod self_test;
#[path = "tidy/source.rs"]
mod source;

use naughty::NAUGHTY;
use rules::breaches;
use source::{Source, files, regex};

/// Which rooms each room may use, lowest first. Siblings never know each other: what two of them
/// need lies below them.
pub const MAY_USE: &[(&str, &str)] = &[
    ("clock", ""),
    ("profile", ""),
    ("api", "clock profile"),
    ("apiserver", "clock profile api"),
    ("client", "clock profile api apiserver"),
    ("controllers", "clock profile api apiserver client"),
    ("scheduler", "clock profile api apiserver client"),
    ("kubelet", "clock profile api apiserver client"),
    ("network", "clock profile api apiserver client"),
    ("kubectl", "clock profile api apiserver client"),
    (
        "cluster",
        "clock profile api apiserver client controllers scheduler kubelet network kubectl",
    ),
    (
        "scenario",
        "clock profile api apiserver client kubectl cluster",
    ),
    ("view", "clock profile api apiserver kubectl cluster"),
    (
        "session",
        "clock profile api apiserver kubectl cluster scenario view",
    ),
    // The page holds no cluster: messages and view models are all that it knows.
    ("worker", "session view"),
    ("ui", "session view worker"),
];

fn stories() -> String {
    files("tests/scenarios", ".txt")
        .into_iter()
        .map(|story| story.text)
        .collect()
}

#[test]
fn the_house_is_tidy() {
    let sources: Vec<Source> = ["src", "tests"]
        .iter()
        .flat_map(|top| files(top, ".rs"))
        .collect();
    assert!(sources.len() > 50, "the sources have gone missing");
    let all = breaches(&sources, &stories());
    let known = |path: &str, rule: &str| {
        let entry = NAUGHTY
            .iter()
            .find(|entry| (entry.0, entry.1) == (path, rule));
        entry.map_or(0, |entry| entry.2)
    };
    let mut wrong = Vec::new();
    for ((path, rule), (amount, what)) in &all {
        if *amount > known(path, rule) {
            wrong.push(format!("{path} [{rule} {amount}] {what}"));
        }
    }
    for (path, rule, amount, _) in NAUGHTY {
        let found = all
            .get(&(path.to_string(), *rule))
            .map_or(0, |breach| breach.0);
        if found < *amount {
            wrong.push(format!(
                "naughty.rs: {path} [{rule}] is {found} now: lower or drop it"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} breaches:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_kind_is_in_a_story_or_a_test() {
    let told = stories().to_lowercase();
    let tests: String = files("src", ".rs")
        .into_iter()
        .map(|source| source.text)
        .collect();
    for kind in kube_orrery::api::KINDS {
        let named = [kind.info().plural, kind.info().singular]
            .iter()
            .any(|word| told.contains(word));
        let used = tests.matches(&format!("Kind::{}", kind.name())).count() > 2;
        assert!(named || used, "no story and no test names {}", kind.name());
    }
}

#[test]
fn nothing_but_tests_lies_among_the_tests() {
    for (folder, ends) in [
        ("tests/scenarios", &[".txt"][..]),
        ("tests/browser", &[".test.mjs", "/lib.mjs"]),
        ("tests/fidelity/recordings", &[".json.gz"]),
    ] {
        for path in source::paths(folder) {
            assert!(
                ends.iter().any(|end| path.ends_with(end)),
                "{path} is never run"
            );
        }
    }
}

/// `<!-- path -->` above a fence: its lines stand in that file as they are.
#[test]
fn code_in_documents_is_the_code() {
    let piece = regex(r"(?s)<!-- ([\w/.]+) -->\n```\w*\n(.*?)```");
    let mut checked = 0;
    for file in files("docs", ".md") {
        for found in piece.captures_iter(&file.text) {
            let code = files(&found[1], "").remove(0).text;
            assert!(
                code.contains(&found[2]),
                "{}: not in {}: {}",
                file.path,
                &found[1],
                &found[2]
            );
            checked += 1;
        }
    }
    assert!(checked >= 5, "only {checked} pieces");
}

#[test]
fn documents_and_package_files_name_no_place_of_one_machine() {
    let banned = regex(concat!(
        r#"(?m)(?:^|[\s"'`(=])/(home|root|work|tmp|usr|var|opt|Users|mnt)/|\b[A-Z]:\\|file://"#,
        r"|registry\.npmjs|npmmirror|yarnpkg|static\.crates\.io|index\.crates\.io|proxy\.golang|pypi\.",
        r#"|"resolved":|registry = "#
    ));
    let source = "registry+https://github.com/rust-lang/crates.io-index";
    let mut checked = 0;
    let places = [
        "README.md",
        "docs",
        "tests/fidelity/README.md",
        "Cargo.toml",
        "Cargo.lock",
        "Trunk.toml",
        "package.json",
        "package-lock.json",
        ".npmrc",
        "index.html",
    ];
    for file in places.iter().flat_map(|place| files(place, "")) {
        for line in file.text.replace(source, "").lines() {
            assert!(!banned.is_match(line), "{}: {line}", file.path);
        }
        checked += 1;
    }
    assert!(checked >= 12, "only {checked} documents");
}
