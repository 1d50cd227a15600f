//! Plans by table.
//!
//! Upstream: cases after `stateful_set_control_test.go`.

use super::plan::{Act, PodState, Rules, Slot, plan};

/// `0 ready old`: the ordinal of a slot and words about its pod; none for a missing one.
fn slot(words: &str) -> Slot {
    let mut words = words.split(' ');
    let ordinal = words.next().and_then(|n| n.parse().ok()).expect("a number");
    let mut pod = PodState {
        updated: true,
        as_it_should_be: true,
        ..PodState::default()
    };
    let mut there = false;
    for word in words {
        there = true;
        match word {
            "ready" => (pod.ready, pod.available) = (true, true),
            "fresh" => pod.ready = true,
            "pending" => pod.pending = true,
            "ended" => pod.ended = true,
            "going" => pod.terminating = true,
            "old" => pod.updated = false,
            "wrong" => pod.as_it_should_be = false,
            "running" => {}
            other => panic!("unknown word {other}"),
        }
    }
    Slot {
        ordinal,
        pod: there.then_some(pod),
        stale_claim: false,
    }
}

fn acts(rules: Rules, slots: &[&str], surplus: &[&str]) -> String {
    let read = |list: &[&str]| list.iter().map(|s| slot(s)).collect::<Vec<Slot>>();
    let words = |act: Act| match act {
        Act::Create(n) => format!("create {n}"),
        Act::Delete(n) => format!("delete {n}"),
        Act::Replace(n) => format!("replace {n}"),
        Act::EnsureClaims(n) => format!("claims {n}"),
        Act::Fix(n) => format!("fix {n}"),
        Act::FixClaims(n) => format!("fix-claims {n}"),
    };
    let acts = plan(rules, &read(slots), &read(surplus)).into_iter();
    acts.map(words).collect::<Vec<_>>().join(", ")
}

#[test]
fn ordered_sets_do_one_thing_at_a_time() {
    let rules = Rules::default();
    for (case, slots, surplus, wanted) in [
        ("empty", &["0", "1", "2"][..], &[][..], "create 0"),
        ("the first is not ready", &["0 running", "1"], &[], ""),
        ("the first waits", &["0 pending", "1"], &[], "claims 0"),
        (
            "the first is ready for a moment only",
            &["0 fresh", "1"],
            &[],
            "",
        ),
        ("the first is ready", &["0 ready", "1"], &[], "create 1"),
        ("one has ended", &["0 ended", "1 ready"], &[], "delete 0"),
        ("one that ended is going", &["0 ended going", "1"], &[], ""),
        ("one is going", &["0 ready going", "1"], &[], ""),
        ("one is wrong", &["0 ready wrong", "1 ready"], &[], "fix 0"),
        (
            "too many",
            &["0 ready"],
            &["2 ready", "1 ready"],
            "delete 2",
        ),
        (
            "too many, one going",
            &["0 ready"],
            &["2 ready going", "1 ready"],
            "",
        ),
        (
            "too many, a wanted one unready",
            &["0 running"],
            &["1 ready"],
            "",
        ),
        (
            "too many, the last one unready",
            &["0 ready"],
            &["2 running", "1 ready"],
            "delete 2",
        ),
        (
            "too many, another unready",
            &["0 ready"],
            &["2 running", "1 running"],
            "",
        ),
        (
            "a new template",
            &["0 ready old", "1 ready old"],
            &[],
            "replace 1",
        ),
        ("half way", &["0 ready old", "1 ready"], &[], "replace 0"),
        (
            "the new one is not ready",
            &["0 ready old", "1 running"],
            &[],
            "",
        ),
        ("done", &["0 ready", "1 ready"], &[], ""),
    ] {
        assert_eq!(acts(rules, slots, surplus), wanted, "{case}");
    }
}

#[test]
fn parallel_sets_create_and_delete_at_once_but_roll_one_by_one() {
    let rules = Rules {
        parallel: true,
        ..Rules::default()
    };
    for (case, slots, surplus, wanted) in [
        (
            "empty",
            &["0", "1", "2"][..],
            &[][..],
            "create 0, create 1, create 2",
        ),
        ("one is not ready", &["0 running", "1"], &[], "create 1"),
        (
            "one has ended",
            &["0 ended", "1"],
            &[],
            "delete 0, create 1",
        ),
        (
            "too many",
            &["0 running"],
            &["2 ready", "1 ready"],
            "delete 2, delete 1",
        ),
        (
            "too many, one going",
            &["0 ready"],
            &["2 ready going", "1 ready"],
            "delete 1",
        ),
        (
            "a new template",
            &["0 ready old", "1 ready old"],
            &[],
            "replace 1",
        ),
        (
            "the new one is not ready",
            &["0 ready old", "1 running"],
            &[],
            "",
        ),
    ] {
        assert_eq!(acts(rules, slots, surplus), wanted, "{case}");
    }
}

#[test]
fn partitions_and_on_delete_keep_old_templates() {
    let slots = &["0 ready old", "1 ready old", "2 ready old"][..];
    let on_delete = Rules {
        on_delete: true,
        ..Rules::default()
    };
    assert_eq!(acts(on_delete, slots, &[]), "");
    for (partition, wanted) in [(0, "replace 2"), (2, "replace 2"), (3, ""), (9, "")] {
        let rules = Rules {
            partition,
            ..Rules::default()
        };
        assert_eq!(acts(rules, slots, &[]), wanted, "partition {partition}");
    }
    let rules = Rules {
        partition: 2,
        ..Rules::default()
    };
    let rest = &["0 ready old", "1 ready old", "2 ready"];
    assert_eq!(acts(rules, rest, &[]), "");
}

#[test]
fn a_pod_waits_for_the_claim_of_an_earlier_one() {
    let mut waiting = slot("0");
    waiting.stale_claim = true;
    assert_eq!(plan(Rules::default(), &[waiting], &[]), []);
}
