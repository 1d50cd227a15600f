//! `kubectl set image`.
//!
//! Upstream: `kubectl/pkg/cmd/set/set_image.go`. Differs: the other verbs below `set` are not here.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Container, PodSpec};

use crate::api::{Body, Object, SharedPodSpec};
use crate::kubectl::args::{Args, Flag, Takes, flag};
use crate::kubectl::console::{Console, DryRun, Flow};
use crate::kubectl::edits::{template, with_template};
use crate::kubectl::errors::Failure;
use crate::kubectl::resources::find;

use super::pairs::no_resources;
use super::{FILES, SELECTION, Verb, WRITE, group};

const IMAGE: &[Flag] = &[flag("local", Takes::Switch)];

pub(super) const VERB: Verb = Verb {
    name: "set",
    usage: "set image (TYPE NAME | TYPE/NAME) CONTAINER=IMAGE…",
    summary: "Change the images of a workload or pod",
    flags: &[],
    required: &[],
    below: &[Verb {
        name: "image",
        usage: "set image (TYPE NAME | TYPE/NAME) CONTAINER=IMAGE…",
        summary: "change container images",
        flags: &[IMAGE, FILES, SELECTION, WRITE],
        required: &[],
        below: &[],
        run: image,
    }],
    run: |console, args| group("set", console, args),
};

fn image(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let words = args.all_words();
    let (pairs, resources): (Vec<String>, Vec<String>) =
        words.into_iter().partition(|w| w.contains('='));
    let mut images = Vec::new();
    for pair in &pairs {
        match pair.split_once('=') {
            Some((container, image)) if !container.is_empty() && !image.is_empty() => {
                images.push((container.to_string(), image.to_string()));
            }
            _ => return Err(Failure::error(format!("invalid image spec: {pair}"))),
        }
    }
    let mut problems = Vec::new();
    if resources.is_empty() {
        problems.push(no_resources());
    }
    if images.is_empty() {
        problems.push(Failure::error("at least one image update is required"));
    }
    if let Some(failure) = Failure::all(problems) {
        return Err(failure);
    }
    let dry = console.dry_run(args)?;
    let mut found = find(&resources, args, console)?;
    for object in found.objects {
        if let Err(failure) = update(console, &object, &images, dry) {
            found.failures.push(failure);
        }
    }
    match Failure::all(found.failures) {
        Some(failure) => Err(failure),
        None => Ok(Flow::Done(0)),
    }
}

fn update(
    console: &mut Console<'_, '_>,
    object: &Arc<Object>,
    images: &[(String, String)],
    dry: DryRun,
) -> Result<(), Failure> {
    let kind = object.kind();
    let changed = |mut spec: PodSpec| -> Result<PodSpec, Failure> {
        let mut missing = Vec::new();
        for (name, image) in images {
            if !put(&mut spec, name, image) {
                missing.push(Failure::error(format!(
                    "unable to find container named \"{name}\""
                )));
            }
        }
        Failure::all(missing).map_or(Ok(spec), Err)
    };
    let new = if let Some(old) = template(object) {
        let mut template = old.clone();
        template.spec = Some(changed(template.spec.unwrap_or_default())?);
        if template == *old {
            return Ok(());
        }
        with_template(object, template)
    } else if let Some(pod) = object.pod() {
        let spec = changed((*pod.spec.spec).clone())?;
        if spec == *pod.spec.spec {
            return Ok(());
        }
        let mut new = (**object).clone();
        if let Body::Pod(pod) = &mut new.body {
            pod.spec = SharedPodSpec::new(spec, pod.spec.admitted);
        }
        Some(new)
    } else {
        None
    };
    let Some(new) = new else {
        let why = format!(
            "{}/{} the object is not a pod or does not have a pod template: {}",
            kind.info().plural,
            object.meta.name,
            kind.name()
        );
        return Err(Failure::error(why));
    };
    console.write(dry, |server, cause| server.update(new, cause))?;
    console.done(kind, &object.meta.name, "image updated", dry);
    Ok(())
}

/// Whether a container of that name (`*`: any) is there; it then has the image.
fn put(spec: &mut PodSpec, name: &str, image: &str) -> bool {
    let all = spec
        .init_containers
        .iter_mut()
        .flatten()
        .chain(&mut spec.containers);
    let mut found = false;
    for container in all.filter(|c: &&mut Container| name == "*" || c.name == name) {
        container.image = Some(image.to_string());
        found = true;
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::kubectl::tests::{stdout, web};

    #[test]
    fn images_change_by_container_name() {
        let mut world = web();
        for (line, text) in [
            (
                "set image deployment/web nginx=nginx:1.9.1 --dry-run=server",
                "deployment.apps/web image updated (server dry run)\n",
            ),
            (
                "set image deploy web nginx=nginx:1.9.1",
                "deployment.apps/web image updated\n",
            ),
            ("set image deploy web *=nginx:1.9.1", ""),
            (
                "get deploy web -o jsonpath={.spec.template.spec.containers[0].image}",
                "nginx:1.9.1",
            ),
        ] {
            assert_eq!(stdout(&mut world, line), text, "{line}");
        }
    }
}
