//! `kubectl autoscale`: a HorizontalPodAutoscaler for a workload.
//!
//! Upstream: `kubectl/pkg/cmd/autoscale/autoscale.go`. Differs: no `-f`.

use serde_json::{Map, Value, json};

use crate::api::Kind;
use crate::kubectl::args::{Args, Flag, Takes, flag};
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::resources::{Wanted, wanted};

use super::create::{Refused, named, submit};
use super::{Verb, WRITE};

const FLAGS: &[Flag] = &[
    flag("min", Takes::Int32),
    flag("max", Takes::Int32),
    flag("cpu", Takes::Text),
    flag("memory", Takes::Text),
    flag("cpu-percent", Takes::Int32),
    flag("name", Takes::Text),
];

pub(super) const VERB: Verb = Verb {
    name: "autoscale",
    usage: "autoscale (deployment | replicaset | statefulset)/NAME --max=N [--min=N] [--cpu=80%]",
    summary: "Create a HorizontalPodAutoscaler",
    flags: &[FLAGS, WRITE],
    required: &["max"],
    below: &[],
    run,
};

fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let (least, most) = (
        args.number("min").unwrap_or(-1),
        args.number("max").unwrap_or(-1),
    );
    if most < 1 {
        let why = format!("--max=MAXPODS is required and must be at least 1, max: {most}");
        return Err(Failure::error(why));
    }
    if most < least {
        return Err(Failure::error(format!(
            "--max=MAXPODS must be larger or equal to --min=MINPODS, max: {most}, min: {least}"
        )));
    }
    let metrics = metrics(args)?;
    let found = match wanted(&args.words, console.live())? {
        Wanted::Named(list) => list,
        Wanted::Listed(_) => Vec::new(),
    };
    let [(kind, name)] = found.as_slice() else {
        return Err(Failure::error(
            "resource(s) were provided, but no name was specified",
        ));
    };
    let target = console.find(*kind, name)?;
    let (kind, name) = (target.kind(), &*target.meta.name);
    if !matches!(
        kind,
        Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::ReplicationController
    ) {
        let why = format!(
            "cannot autoscale a {}: selector for the kind is unknown",
            kind.name()
        );
        return Err(Failure::error(why));
    }
    let mut spec = Map::from_iter([
        ("maxReplicas".to_string(), Value::from(most)),
        (
            "scaleTargetRef".to_string(),
            json!({ "apiVersion": kind.api_version(), "kind": kind.name(), "name": name }),
        ),
    ]);
    if least > 0 {
        spec.insert("minReplicas".into(), least.into());
    }
    if !metrics.is_empty() {
        spec.insert("metrics".into(), metrics.into());
    }
    let own = args.text("name", name);
    let mut manifest = named(console, Kind::HorizontalPodAutoscaler, own);
    if let Some(fields) = manifest.as_object_mut() {
        fields.insert("spec".into(), spec.into());
    }
    let kind = Kind::HorizontalPodAutoscaler;
    submit(console, args, kind, &manifest, "autoscaled").map_err(Refused::into_failure)
}

/// `--cpu=80%` is a share of the request, `--cpu=500m` an amount.
fn metrics(args: &Args) -> Result<Vec<Value>, Failure> {
    let mut metrics = Vec::new();
    let deprecated = args
        .number("cpu-percent")
        .filter(|n| *n >= 0)
        .map(|n| format!("{n}%"));
    for (name, given) in [
        ("cpu", args.get("cpu").map(str::to_string).or(deprecated)),
        ("memory", args.get("memory").map(str::to_string)),
    ] {
        let Some(text) = given else { continue };
        let target = match text.strip_suffix('%').map(str::parse::<i32>) {
            Some(Ok(share)) => json!({ "averageUtilization": share, "type": "Utilization" }),
            Some(Err(_)) => {
                return Err(Failure::error(format!(
                    "invalid value for --{name}: {text}"
                )));
            }
            None => json!({ "averageValue": text, "type": "AverageValue" }),
        };
        let resource = json!({ "name": name, "target": target });
        metrics.push(json!({ "resource": resource, "type": "Resource" }));
    }
    Ok(metrics)
}

#[cfg(test)]
mod tests {
    use crate::kubectl::tests::{failed, stdout, web};

    #[test]
    fn an_autoscaler_is_made_or_refused() {
        let mut world = web();
        for (line, words) in [
            (
                "autoscale deployment web",
                "error: required flag(s) \"max\" not set",
            ),
            (
                "autoscale deployment web --max=-1",
                "error: --max=MAXPODS is required and must be at least 1, max: -1",
            ),
            (
                "autoscale deployment web --min=3 --max=1",
                "error: --max=MAXPODS must be larger or equal to --min=MINPODS, max: 1, min: 3",
            ),
        ] {
            assert_eq!(world.run(line), failed(words), "{line}");
        }
        let text = stdout(&mut world, "autoscale deploy web --min=1 --max=5 --cpu=50%");
        assert_eq!(text, "horizontalpodautoscaler.autoscaling/web autoscaled\n");
        let table = stdout(&mut world, "get hpa");
        assert!(
            table.contains("Deployment/web   cpu: <unknown>/50%   1         5"),
            "{table}"
        );
    }
}
