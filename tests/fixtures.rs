//! Well-known public examples, written anew from their field lists: each is applied, and every
//! field of theirs comes back.

use std::fs;
use std::path::Path;

use kube_orrery::clock::Span;
use kube_orrery::cluster::{Setup, World};
use serde_json::Value;

/// What is written in one form and comes back in another: the same quantity or number.
fn same_scalar(given: &Value, back: &Value) -> bool {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let canonical = |value: &Value| kube_orrery::api::canonical_quantity(&text(value));
    given == back || canonical(given).is_some() && canonical(given) == canonical(back)
}

/// The fields of `given` that `back` lacks or has otherwise.
fn lost(given: &Value, back: &Value, path: &str, out: &mut Vec<String>) {
    match (given, back) {
        (Value::Object(given), Value::Object(back)) => {
            for (key, value) in given {
                let path = format!("{path}.{key}");
                match back.get(key) {
                    Some(back) => lost(value, back, &path, out),
                    // Go leaves out a zero, a false and an empty text.
                    None if [0.into(), false.into(), "".into()].contains(value) => {}
                    None => out.push(path),
                }
            }
        }
        (Value::Array(given), Value::Array(back)) if given.len() == back.len() => {
            for (i, (given, back)) in given.iter().zip(back).enumerate() {
                lost(given, back, &format!("{path}[{i}]"), out);
            }
        }
        (given, back) if same_scalar(given, back) => {}
        (given, back) => out.push(format!("{path}: {given} became {back}")),
    }
}

fn output(world: &mut World, line: &str) -> String {
    let (_, output, _) = world.console(line);
    assert_eq!(output.stderr, "", "{line}");
    output.stdout
}

/// A kind must be defined before kubectl reads a file with objects of it.
fn define<'t>(world: &mut World, documents: impl Iterator<Item = &'t str>) {
    let definitions: Vec<&str> = documents
        .filter(|text| text.contains("kind: CustomResourceDefinition"))
        .collect();
    if !definitions.is_empty() {
        world.write_file("crds.yml", &definitions.join("\n---\n"));
        output(world, "kubectl apply -f crds.yml");
        let later = world.now() + Span::secs(1);
        world.run_until(later);
    }
}

#[test]
fn public_examples_are_applied_and_come_back_whole() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut paths: Vec<_> = fs::read_dir(root)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    paths.push(root.join("src/kubectl/manifest/metrics-server.yml"));
    paths.sort();
    assert!(paths.len() >= 10, "the examples have gone missing");
    for path in paths {
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .to_string();
        let text = fs::read_to_string(&path).expect("an example");
        let mut world = World::new(Setup::chapter(1));
        world.write_file("all.yml", &text);
        let objects = kube_orrery::api::yaml::split(&text);
        define(&mut world, objects.iter().map(|piece| piece.text));
        let applied = output(&mut world, "kubectl apply -f all.yml");
        let given: Vec<Value> = objects
            .iter()
            .map(|piece| {
                kube_orrery::api::yaml::parse(piece.text)
                    .expect("YAML")
                    .value()
            })
            .filter(|value| !value.is_null())
            .collect();
        assert_eq!(applied.lines().count(), given.len(), "{name}: {applied}");
        let json = output(&mut world, "kubectl get -f all.yml -o json");
        let json: Value = serde_json::from_str(&json).expect("JSON");
        let back = json["items"]
            .as_array()
            .cloned()
            .unwrap_or_else(|| vec![json.clone()]);
        assert_eq!(back.len(), given.len(), "{name}");
        for (given, back) in given.iter().zip(&back) {
            let mut missing = Vec::new();
            lost(given, back, "", &mut missing);
            assert!(
                missing.is_empty(),
                "{name}: {}: {missing:#?}",
                given["kind"]
            );
        }
        output(&mut world, "kubectl apply -f all.yml");
        let again = output(&mut world, "kubectl get -f all.yml -o json");
        let again: Value = serde_json::from_str(&again).expect("JSON");
        for (back, again) in back
            .iter()
            .zip(again["items"].as_array().into_iter().flatten())
        {
            let generation = |object: &Value| object.pointer("/metadata/generation").cloned();
            assert_eq!(
                generation(back),
                generation(again),
                "{name}: {}",
                back["kind"]
            );
        }
        let later = world.now() + Span::secs(30);
        world.run_until(later);
    }
}
