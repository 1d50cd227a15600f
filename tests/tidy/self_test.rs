//! Shows that each rule catches a breach of it, and leaves good code alone.

use super::rules::{Breaches, breaches};
use super::source::Source;

const HEAD: &str = "//! A file.\n//!\n//! Upstream: none.\n";

fn check(files: &[(&str, &str)]) -> Breaches {
    let sources: Vec<Source> = files
        .iter()
        .map(|(path, text)| Source::new(path, text))
        .collect();
    breaches(&sources, "$ kubectl get pods")
}

/// A house of two rooms that is in order, and one file more.
fn house_with(path: &str, text: &str) -> Breaches {
    let lib = "//! The house.\npub mod clock;\npub mod api;\npub mod controllers;\npub mod ui;\n";
    let api = format!("{HEAD}mod extra;\nmod tests;\n");
    let text = format!("{HEAD}{text}");
    check(&[("src/lib.rs", lib), ("src/api/mod.rs", &api), (path, &text)])
}

#[test]
fn good_code_is_left_alone() {
    let good = concat!(
        "use crate::clock::SimTime; // not a HashMap\n",
        "use super::super::clock;\n",
        "const A: &str = \"crate::kubectl dbg! \\\" web_sys\";\n",
        "fn short() -> Option<char> {\n    Some('\"')\n}\n",
        "#[cfg(test)]\nmod tests {\n    use super::*;\n    fn t() {\n        A.get(0).unwrap();\n    }\n}\n",
    );
    assert_eq!(house_with("src/api/extra.rs", good), Breaches::new());
}

#[test]
fn each_rule_catches_a_breach() {
    let long_function = format!("fn f() {{\n{}}}\n", "    x();\n".repeat(70));
    let long_file = "const A: u8 = 1;\n".repeat(401);
    let wide = format!("// {}\n", "x".repeat(100));
    let extra = "src/api/extra.rs";
    for (path, text, rule) in [
        (extra, "use crate::apiserver::Store;\n", "room"),
        (extra, "use crate::{clock, kubectl::Flow};\n", "room"),
        (
            extra,
            "fn f() {\n    super::super::kubelet::run()\n}\n",
            "room",
        ),
        (
            extra,
            "#[cfg(test)]\nmod tests {\n    use crate::cluster::World;\n}\n",
            "room",
        ),
        (extra, "pub use crate::clock::SimTime;\n", "launder"),
        (extra, "use web_sys::Window;\n", "web"),
        (
            extra,
            "type Map = std::collections::HashMap<u8, u8>;\n",
            "word",
        ),
        (extra, "fn f() {\n    todo!()\n}\n", "word"),
        (
            extra,
            "fn f(a: Option<u8>) -> u8 {\n    a.unwrap()\n}\n",
            "unwrap",
        ),
        (extra, &long_function, "function"),
        (extra, &long_file, "lines"),
        (extra, &wide, "columns"),
        ("src/api/lost.rs", "", "dead"),
        ("src/attic/mod.rs", "", "room"),
        ("tests/helpers/lost.rs", "", "dead"),
    ] {
        let found = house_with(path, text);
        assert!(
            found.contains_key(&(path.to_string(), rule)),
            "{rule}: {text}: {found:?}"
        );
    }
}

#[test]
fn headers_are_asked_for() {
    let found = check(&[
        ("src/clock/mod.rs", "// no header\n"),
        ("src/ui/mod.rs", "//! Looks.\n"),
    ]);
    let rules: Vec<_> = found
        .keys()
        .map(|(path, rule)| (path.as_str(), *rule))
        .collect();
    let clock = ["dead", "header", "upstream"].map(|rule| ("src/clock/mod.rs", rule));
    assert_eq!(rules, [&clock[..], &[("src/ui/mod.rs", "dead")]].concat());
}

#[test]
fn tables_and_controllers_are_watched() {
    let table = format!(
        "{HEAD}mod job;\nmod node;\nmod pod;\npub const CONTROLLERS: &[&dyn Controller] =\n    \
         &[&job::Job, &node::Node];\n"
    );
    let job =
        format!("{HEAD}use super::node::grace;\nuse super::util;\nimpl Controller for Job {{}}\n");
    let pod = format!("{HEAD}impl Controller for Pod {{}}\n");
    let found = check(&[
        ("src/lib.rs", "//! The house.\npub mod controllers;\n"),
        ("src/controllers/mod.rs", &table),
        ("src/controllers/job.rs", &job),
        (
            "src/controllers/node.rs",
            &format!("{HEAD}#[test]\nfn t() {{}}\n"),
        ),
        ("src/controllers/pod.rs", &pod),
    ]);
    let words: Vec<String> = found.values().map(|(_, words)| words.clone()).collect();
    let expected = [
        "controllers::node::grace",
        "pod is not in CONTROLLERS",
        "job has no test or story",
    ];
    assert_eq!(words, expected);
}
