//! `kubectl create job` and `create cronjob`.
//!
//! Upstream: `kubectl/pkg/cmd/create/{create_job,create_cronjob}.go`.

use serde_json::{Map, Value, json};

use crate::api::{Kind, Object, to_json};
use crate::kubectl::args::{Args, Flag, Takes, flag};
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::resources::{Wanted, wanted};

use super::create::{Refused, one_name, submit};
use super::{Verb, WRITE};

const JOB_FLAGS: &[Flag] = &[
    flag("image", Takes::Text),
    flag("from", Takes::Text),
    flag("validate", Takes::Optional("strict")),
];

const CRON_JOB_FLAGS: &[Flag] = &[
    flag("image", Takes::Text),
    flag("schedule", Takes::Text),
    flag("restart", Takes::Text),
    flag("validate", Takes::Optional("strict")),
];

pub(super) const JOB: Verb = Verb {
    name: "job",
    usage: "create job NAME (--image=IMAGE [-- COMMAND…] | --from=cronjob/NAME)",
    summary: "create a Job",
    flags: &[JOB_FLAGS, WRITE],
    required: &[],
    below: &[],
    run: job,
};

pub(super) const CRON_JOB: Verb = Verb {
    name: "cronjob|cj",
    usage: "create cronjob NAME --image=IMAGE --schedule='CRON' [--restart=OnFailure] [-- COMMAND…]",
    summary: "create a CronJob",
    flags: &[CRON_JOB_FLAGS, WRITE],
    required: &["image", "schedule"],
    below: &[],
    run: cron_job,
};

fn job(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let name = one_name(args, "create job")?;
    let (image, from) = (args.text("image", ""), args.text("from", ""));
    let command = args.rest.clone().unwrap_or_default();
    if image.is_empty() == from.is_empty() {
        return Err(Failure::error("either --image or --from must be specified"));
    }
    if !command.is_empty() && !from.is_empty() {
        return Err(Failure::error("cannot specify --from and command"));
    }
    let mut metadata = json!({ "name": name, "namespace": &*console.namespace });
    let spec = if from.is_empty() {
        json!({ "template": pods(name, image, &command, "Never") })
    } else {
        let cron_job = cron_job_of(console, from)?;
        fill_from(&cron_job, &mut metadata);
        let full = to_json(&cron_job);
        let spec = full.pointer("/spec/jobTemplate/spec");
        spec.cloned().unwrap_or_default()
    };
    let manifest = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec,
    });
    refused(
        submit(console, args, Kind::Job, &manifest, "created"),
        "job",
    )
}

/// This verb wraps the server's message instead of translating its status.
fn refused(result: Result<Flow, Refused>, what: &str) -> Result<Flow, Failure> {
    result.map_err(|refused| match refused {
        Refused::Flags(failure) => failure,
        Refused::Server(error) => {
            Failure::error(format!("failed to create {what}: {}", error.message))
        }
    })
}

fn cron_job_of(console: &Console<'_, '_>, from: &str) -> Result<std::sync::Arc<Object>, Failure> {
    let found = match wanted(&[from.to_string()], console.live())? {
        Wanted::Named(list) => match list.as_slice() {
            [(kind, name)] => console.find(*kind, name)?,
            _ => return Err(Failure::error("from must be an existing cronjob")),
        },
        Wanted::Listed(_) => return Err(Failure::error("from must be an existing cronjob")),
    };
    if found.cron_job().is_none() {
        let info = found.kind().info();
        let (version, name) = (info.version, info.name);
        return Err(Failure::error(format!(
            "unknown object type *{version}.{name}"
        )));
    }
    Ok(found)
}

/// The template's labels and annotations, and the CronJob as owner.
fn fill_from(cron_job: &Object, metadata: &mut Value) {
    let (Some(body), Some(fields)) = (cron_job.cron_job(), metadata.as_object_mut()) else {
        return;
    };
    let template = body.spec.job_template.metadata.as_ref();
    let mut annotations = Map::new();
    annotations.insert("cronjob.kubernetes.io/instantiate".into(), "manual".into());
    for (key, value) in template.iter().flat_map(|m| m.annotations.iter().flatten()) {
        annotations.insert(key.clone(), value.as_str().into());
    }
    fields.insert("annotations".into(), annotations.into());
    if let Some(labels) = template.and_then(|m| m.labels.as_ref()) {
        fields.insert("labels".into(), json!(labels));
    }
    let owner = json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "controller": true,
        "name": cron_job.meta.name, "uid": cron_job.meta.uid.to_string(),
    });
    fields.insert("ownerReferences".into(), json!([owner]));
}

fn pods(name: &str, image: &str, command: &[String], restart: &str) -> Value {
    let mut container = json!({ "name": name, "image": image, "resources": {} });
    if let (Value::Object(map), false) = (&mut container, command.is_empty()) {
        map.insert("command".into(), json!(command));
    }
    let spec = json!({ "containers": [container], "restartPolicy": restart });
    json!({ "metadata": {}, "spec": spec })
}

fn cron_job(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let name = one_name(args, "create cronjob")?;
    let command = args.rest.clone().unwrap_or_default();
    let restart = match args.text("restart", "") {
        "" => "OnFailure",
        given => given,
    };
    let template = pods(name, args.text("image", ""), &command, restart);
    let manifest = json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": { "name": name, "namespace": &*console.namespace },
        "spec": {
            "jobTemplate": { "metadata": { "name": name }, "spec": { "template": template } },
            "schedule": args.text("schedule", ""),
        },
    });
    let result = submit(console, args, Kind::CronJob, &manifest, "created");
    refused(result, "cronjob")
}

#[cfg(test)]
mod tests {
    use crate::kubectl::tests::{stdout, web};

    #[test]
    fn jobs_are_created_from_images_and_from_cron_jobs() {
        let mut world = web();
        for (line, text) in [
            (
                "create job j --image=busybox -- echo hi",
                "job.batch/j created\n",
            ),
            (
                "get job j -o jsonpath={.spec.template.spec.containers[0].command}{.spec.template.spec.restartPolicy}",
                "[\"echo\",\"hi\"]Never",
            ),
            (
                "create cj c --image=busybox --schedule=@hourly",
                "cronjob.batch/c created\n",
            ),
            (
                "get cj c -o jsonpath={.spec.jobTemplate.spec.template.spec.restartPolicy}",
                "OnFailure",
            ),
            ("create job now --from=cronjob/c", "job.batch/now created\n"),
            (
                "get job now -o jsonpath={.metadata.annotations}{.metadata.ownerReferences[0].name}",
                "{\"cronjob.kubernetes.io/instantiate\":\"manual\"}c",
            ),
        ] {
            assert_eq!(stdout(&mut world, line), text, "{line}");
        }
    }

    #[test]
    fn refusals() {
        for (line, text) in [
            (
                "create job j",
                "error: either --image or --from must be specified\n",
            ),
            (
                "create job j --from=cronjob/c -- date",
                "error: cannot specify --from and command\n",
            ),
            (
                "create job j --from=cronjob/c",
                "Error from server (NotFound): cronjobs.batch \"c\" not found\n",
            ),
            (
                "create job j --from=deploy/web",
                "error: unknown object type *v1.Deployment\n",
            ),
            (
                "create cronjob c --image=busybox --schedule='* * * *'",
                "error: failed to create cronjob: CronJob.batch \"c\" is invalid: spec.schedule: Invalid value: \"* * * *\": expected exactly 5 fields, found 4: [* * * *]\n",
            ),
        ] {
            assert_eq!(web().run(line).stderr, text, "{line}");
        }
    }
}
