//! `kubectl run`: one pod.
//!
//! Upstream: `kubectl/pkg/cmd/run/run.go`. Differs: nothing can be attached to, so -i, -t and --rm
//! are refused as kubectl refuses them without a terminal.

use serde_json::{Map, Value, json};

use crate::api::Kind;
use crate::kubectl::args::{Args, Flag, Takes, flag, short};
use crate::kubectl::console::{Console, DryRun, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::names::image_is_valid;

use super::create::{Refused, submit};
use super::{Verb, WRITE};

const FLAGS: &[Flag] = &[
    flag("image", Takes::Text),
    flag("image-pull-policy", Takes::Text),
    flag("port", Takes::Text),
    flag("env", Takes::Array),
    short("labels", 'l', Takes::Text),
    flag("annotations", Takes::Array),
    flag("restart", Takes::Text),
    flag("command", Takes::Switch),
    flag("expose", Takes::Switch),
    short("stdin", 'i', Takes::Switch),
    short("tty", 't', Takes::Switch),
    flag("attach", Takes::Switch),
    flag("rm", Takes::Switch),
    short("quiet", 'q', Takes::Switch),
    flag("privileged", Takes::Switch),
    flag("overrides", Takes::Text),
    flag("override-type", Takes::Text),
    flag("pod-running-timeout", Takes::Duration),
    flag("leave-stdin-open", Takes::Switch),
];

pub(super) const VERB: Verb = Verb {
    name: "run",
    usage: "run NAME --image=IMAGE [--port=P] [--env=K=V] [--labels=K=V,…] [--restart=Always|OnFailure|Never] [--command] [-- ARGS…]",
    summary: "Run one pod",
    flags: &[FLAGS, WRITE],
    required: &["image"],
    below: &[],
    run,
};

fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let Some((name, more)) = args.words.split_first() else {
        return Err(Failure::usage("run", "NAME is required for run"));
    };
    let mut words = more.to_vec();
    words.extend(args.rest.iter().flatten().cloned());
    if args.on("rm") {
        return Err(Failure::usage(
            "run",
            "--rm should only be used for attached containers",
        ));
    }
    if args.on("tty") && !args.on("stdin") {
        let why = "-i/--stdin is required for containers with -t/--tty=true";
        return Err(Failure::usage("run", why));
    }
    if args.on("expose") && args.text("port", "").is_empty() {
        return Err(Failure::usage(
            "run",
            "--port must be set when exposing a service",
        ));
    }
    let image = args.text("image", "");
    if image.is_empty() {
        return Err(Failure::usage("run", "--image is required"));
    }
    if !image_is_valid(image) {
        return Err(Failure::error(format!(
            "Invalid image name \"{image}\": invalid reference format"
        )));
    }
    let restart = args.text("restart", "Always");
    if !matches!(restart, "Always" | "OnFailure" | "Never") {
        return Err(Failure::usage(
            "run",
            format!("invalid restart policy: {restart}"),
        ));
    }
    let pod = pod(console, args, name, &words)?;
    if args.on("expose") {
        let port = args.text("port", "");
        let number = port.parse::<i64>().map_err(|_| {
            Failure::error(format!(
                "strconv.ParseInt: parsing \"{port}\": invalid syntax"
            ))
        })?;
        let labels = pod.pointer("/metadata/labels").cloned().unwrap_or_default();
        let service = json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": { "name": name, "namespace": &*console.namespace },
            "spec": {
                "ports": [{ "port": number, "protocol": "TCP", "targetPort": number }],
                "selector": labels,
            },
        });
        submit(console, args, Kind::Service, &service, "created").map_err(Refused::into_failure)?;
    }
    if console.dry_run(args)? == DryRun::No && args.on("stdin") {
        console.warn("warning: nothing can be attached to a simulated container");
    }
    submit(console, args, Kind::Pod, &pod, "created").map_err(Refused::into_failure)
}

fn pod(
    console: &Console<'_, '_>,
    args: &Args,
    name: &str,
    words: &[String],
) -> Result<Value, Failure> {
    let image = args.text("image", "");
    let mut container = Map::new();
    container.insert("image".into(), image.into());
    container.insert("name".into(), name.into());
    container.insert("resources".into(), json!({}));
    if !words.is_empty() {
        let key = if args.on("command") {
            "command"
        } else {
            "args"
        };
        container.insert(key.into(), json!(words));
    }
    if let Some(policy) = args.get("image-pull-policy") {
        container.insert("imagePullPolicy".into(), policy.into());
    }
    if let Some(Ok(port)) = args.get("port").map(str::parse::<i64>) {
        container.insert("ports".into(), json!([{ "containerPort": port }]));
    }
    if args.on("privileged") {
        container.insert("securityContext".into(), json!({ "privileged": true }));
    }
    let mut env = Vec::new();
    for text in args.list("env") {
        let Some((key, value)) = text.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(Failure::error(format!("invalid env: {text}")));
        };
        env.push(json!({ "name": key, "value": value }));
    }
    if !env.is_empty() {
        container.insert("env".into(), Value::Array(env));
    }
    let labels = match args.get("labels").filter(|text| !text.is_empty()) {
        Some(text) => pairs(text.split(','), "labels")?,
        None => json!({ "run": name }),
    };
    let mut meta = json!({ "name": name, "namespace": &*console.namespace, "labels": labels });
    if args.has("annotations") {
        let list = args.list("annotations");
        meta["annotations"] = pairs(list.iter().map(String::as_str), "annotations")?;
    }
    Ok(json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta,
        "spec": {
            "containers": [container],
            "dnsPolicy": "ClusterFirst",
            "restartPolicy": args.text("restart", "Always"),
        },
    }))
}

fn pairs<'t>(parts: impl Iterator<Item = &'t str>, what: &str) -> Result<Value, Failure> {
    let mut map = Map::new();
    for part in parts {
        let Some((key, value)) = part.split_once('=') else {
            return Err(Failure::error(format!("unexpected {what} spec: {part}")));
        };
        map.insert(key.to_string(), value.into());
    }
    Ok(Value::Object(map))
}

#[cfg(test)]
mod tests {
    use crate::kubectl::tests::{stdout, web};

    #[test]
    fn a_pod_has_the_name_as_label_and_container() {
        let mut world = web();
        for (line, text) in [
            (
                "run x --image=nginx --port=80 --env=A=b -- -c d",
                "pod/x created\n",
            ),
            (
                "get pod x -o jsonpath={.metadata.labels.run}{.spec.containers[0].name}{.spec.containers[0].args[1]}{.spec.restartPolicy}",
                "xxdAlways",
            ),
            (
                "run y --image=busybox --restart=Never --labels=a=b,c=d --command -- sleep 9",
                "pod/y created\n",
            ),
            (
                "get pod y -o jsonpath={.metadata.labels.c}{.spec.containers[0].command[0]}{.spec.restartPolicy}",
                "dsleepNever",
            ),
            (
                "run z --image=nginx --expose --port=80",
                "service/z created\npod/z created\n",
            ),
        ] {
            assert_eq!(stdout(&mut world, line), text, "{line}");
        }
    }
}
