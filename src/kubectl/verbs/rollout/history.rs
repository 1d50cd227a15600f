//! `kubectl rollout history`.
//!
//! Upstream: `kubectl/pkg/polymorphichelpers/history.go`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{Kind, Object};
use crate::kubectl::args::Args;
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::describe::raw_template;
use crate::kubectl::errors::Failure;
use crate::kubectl::objects::{ReplicaSets, revision_of};
use crate::kubectl::tables::{DESCRIPTION, align};

use super::{each, kind_with_group, revisions};

const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

pub(super) fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let revision = args.number("revision").unwrap_or(0);
    if revision < 0 {
        return Err(Failure::error(format!(
            "revision must be a positive integer: {revision}"
        )));
    }
    each(console, args, |console, object| {
        show(console, object, revision)
    })
}

fn show(console: &mut Console<'_, '_>, object: &Arc<Object>, wanted: i64) -> Result<(), Failure> {
    let kind = object.kind();
    let numbered: BTreeMap<i64, Arc<Object>> = if revisions::has_revisions(kind) {
        let all = revisions::of(object, console.live());
        all.into_iter()
            .map(|r| (revisions::number(&r), r))
            .collect()
    } else if kind == Kind::Deployment {
        let sets = ReplicaSets::of(object, console.live());
        let numbered = sets.all().map(|rs| (revision_of(rs), rs.clone()));
        numbered.filter(|(n, _)| *n > 0).collect()
    } else {
        return Err(Failure::error(format!(
            "no history viewer has been implemented for \"{}\"",
            kind_with_group(kind)
        )));
    };
    let head = format!("{}/{}", kind.singular_with_group(), object.meta.name);
    if wanted > 0 {
        let template = numbered.get(&wanted).and_then(template_of);
        let Some(template) = template else {
            return Err(Failure::error("unable to find the specified revision"));
        };
        console.say(format!("{head} with revision #{wanted}\n{template}"));
        return Ok(());
    }
    if numbered.is_empty() {
        console.say(format!("{head} \nNo rollout history found."));
        return Ok(());
    }
    let mut table = String::from("REVISION\tCHANGE-CAUSE\n");
    for (number, rs) in &numbered {
        let cause = rs
            .meta
            .annotation(CHANGE_CAUSE)
            .filter(|cause| !cause.is_empty());
        table.push_str(&format!("{number}\t{}\n", cause.unwrap_or("<none>")));
    }
    console.say(format!("{head} \n{}", align(&table, DESCRIPTION)));
    Ok(())
}

fn template_of(rs: &Arc<Object>) -> Option<String> {
    if rs.kind() == Kind::ControllerRevision {
        return revisions::template_of(rs).map(|template| raw_template(&template));
    }
    let mut template = (*rs.replica_set()?.template.api).clone();
    if let Some(cause) = rs
        .meta
        .annotation(CHANGE_CAUSE)
        .filter(|cause| !cause.is_empty())
    {
        let meta = template.metadata.get_or_insert_default();
        let annotations = meta.annotations.get_or_insert_default();
        annotations.insert(CHANGE_CAUSE.to_string(), cause.to_string());
    }
    Some(raw_template(&template))
}
