//! Runs every story of tests/scenarios. `UPDATE_EXPECT=1` rewrites what they print.

use std::fs;
use std::path::{Path, PathBuf};

use kube_orrery::scenario;

fn stories(dir: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(dir)
        .expect("a folder")
        .map(|e| e.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            stories(&path, found);
        } else if path.extension().is_some_and(|e| e == "txt") {
            found.push(path);
        }
    }
}

#[test]
fn every_story_goes_as_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut paths = Vec::new();
    stories(&root, &mut paths);
    assert!(paths.len() >= 7, "the stories have gone missing");
    let mut wrong = Vec::new();
    for path in &paths {
        let text = fs::read_to_string(path).expect("a story");
        let name = path.strip_prefix(&root).expect("below the root").display();
        let outcome = match scenario::parse(&text) {
            Ok(story) => scenario::run(&story),
            Err(e) => {
                wrong.push(format!("{name}: {e}"));
                continue;
            }
        };
        wrong.extend(outcome.failures.iter().map(|f| format!("{name}: {f}")));
        if outcome.text == text {
            continue;
        }
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(path, &outcome.text).expect("written");
        } else {
            wrong.push(format!("{name}:\n{}", difference(&text, &outcome.text)));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\n(UPDATE_EXPECT=1 rewrites what stories print)",
        wrong.join("\n")
    );
}

/// The first line that differs, with the lines around it.
fn difference(expected: &str, actual: &str) -> String {
    let (expected, actual): (Vec<_>, Vec<_>) =
        (expected.lines().collect(), actual.lines().collect());
    let same = expected
        .iter()
        .zip(&actual)
        .take_while(|(a, b)| a == b)
        .count();
    let show = |lines: &[&str], sign: &str| -> String {
        let from = same.saturating_sub(2);
        lines
            .iter()
            .skip(from)
            .take(8)
            .map(|l| format!("  {sign} {l}\n"))
            .collect()
    };
    format!(
        "line {}:\n{}{}",
        same + 1,
        show(&expected, "-"),
        show(&actual, "+")
    )
}

#[test]
fn a_story_that_goes_otherwise_is_noticed() {
    let story = scenario::parse("$ kubectl get pods\n----\nsomething else\n").expect("a story");
    assert!(!scenario::run(&story).text.contains("something else"));
    let story = scenario::parse("until node/k8s-node1 NotReady within 10s\n").expect("a story");
    assert_eq!(scenario::run(&story).failures.len(), 1);
}

#[test]
fn what_is_no_story_is_refused_with_its_line() {
    for (text, line) in [
        ("cluster seed=x\n", 1),
        ("# a remark\n\nnode\n", 3),
        ("$ kubectl get pods\nfly to the moon\n", 2),
        ("until the end\n", 1),
        ("wait 5 minutes\n", 1),
    ] {
        assert_eq!(
            scenario::parse(text).err().map(|e| e.line),
            Some(line),
            "{text}"
        );
    }
}
