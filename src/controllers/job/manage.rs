//! As many running pods as a Job wants: surplus ones deleted, missing ones created.
//!
//! Upstream: `manageJob` in `job_controller.go`.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Container, EnvVar, EnvVarSource, ObjectFieldSelector};

use crate::api::{
    Body, Kind, Labels, Meta, Object, PodBody, PodStatus, PodTemplate, SharedPodSpec,
};
use crate::apiserver::ApiError;
use crate::client::Client;
use crate::clock::{SimTime, Span};

use super::super::rank::{self, Crowds};
use super::super::util::{controller_ref, timer_after};
use super::super::{Desk, Options, pod_control};
use super::backoff::{finished_at, remaining};
use super::indexes::{FAILURES, IGNORED_FAILURES, INDEX, failures_before, indexes_of};
use super::policy::{self, Verdict};
use super::sync::{Sync, count};
use super::{TRACKING, orphans};

const INDEX_VARIABLE: &str = "JOB_COMPLETION_INDEX";
/// The API server's name generator cuts a prefix at this length.
const PREFIX_MAX: usize = 58;

/// How many pods are active after this, as the status tells it, and the last refusal.
pub(super) fn manage(
    sync: &mut Sync,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> (i32, Result<(), ApiError>) {
    let active = count(sync.active.len());
    let wanted = wanted(sync, active);
    let most = desk.options.burst_replicas;
    let surplus = surplus(sync, (active - wanted).max(0), most, client.now());
    if !surplus.is_empty() {
        return delete(sync, &surplus, active, desk, client);
    }
    let terminating = if sync.body.replaces_only_failed() {
        sync.terminating
    } else {
        0
    };
    let missing = wanted - terminating - active;
    if missing <= 0 || sync.body.is_suspended() {
        return (active, Ok(()));
    }
    match next_pods(sync, missing.min(most), &desk.options, client.now()) {
        Ok(indexes) => create(sync, &indexes, active, desk, client),
        Err(wait) => {
            let at = client.now() + wait.max(desk.options.job_sync_batch);
            let trigger = timer_after(client.trigger());
            desk.queue.add_at(sync.key.clone(), at, trigger);
            // Upstream tells no active pods while it waits.
            (0, Ok(()))
        }
    }
}

fn wanted(sync: &Sync, active: i32) -> i32 {
    let parallelism = sync.body.parallelism();
    match sync.body.spec.completions {
        _ if sync.body.is_suspended() => 0,
        // Without a number of completions, one success is enough: the others may run on.
        None if sync.succeeded > 0 => active,
        None => parallelism,
        Some(completions) => (completions - sync.succeeded).clamp(0, parallelism.max(0)),
    }
}

/// The pods that are too many: of an Indexed Job those without an index of their own before all.
fn surplus(sync: &Sync, at_least: i32, most: i32, now: SimTime) -> Vec<Arc<Object>> {
    let at_least = usize::try_from(at_least).unwrap_or(0);
    let most = usize::try_from(most).unwrap_or(0);
    let (mut chosen, mut left) = (Vec::new(), sync.active.clone());
    if sync.body.is_indexed() {
        let mut by_index: BTreeMap<i32, Vec<Arc<Object>>> = BTreeMap::new();
        for pod in std::mem::take(&mut left) {
            match sync.valid_index(&pod) {
                Some(index) => by_index.entry(index).or_default().push(pod),
                None => chosen.push(pod),
            }
        }
        for pods in by_index.into_values() {
            let mut ranked = ranked(pods, now);
            left.extend(ranked.pop());
            chosen.append(&mut ranked);
        }
    }
    if chosen.len() < at_least {
        let more = at_least - chosen.len();
        chosen.extend(ranked(left, now).into_iter().take(more));
    }
    chosen.truncate(most);
    chosen
}

fn ranked(pods: Vec<Arc<Object>>, now: SimTime) -> Vec<Arc<Object>> {
    rank::ranked(pods, &Crowds::new(), now)
}

fn delete(
    sync: &mut Sync,
    pods: &[Arc<Object>],
    active: i32,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> (i32, Result<(), ApiError>) {
    let uids = pods.iter().map(|pod| pod.meta.uid);
    let now = client.now();
    desk.expectations.expect(&sync.key, 0, uids, now);
    let (mut left, mut failed) = (active, Ok(()));
    for pod in pods {
        // Without the finalizer it is no failure.
        let deleted = orphans::remove_finalizer(pod, client)
            .and_then(|()| sync.delete_pod(pod, desk, client));
        match deleted {
            Ok(()) => left -= 1,
            Err(error) => {
                desk.expectations.deletion_observed(&sync.key, pod.meta.uid);
                failed = Err(error);
            }
        }
    }
    (left, failed)
}

/// The pods that may be created now, each with its index if it has one. Errors: how long to wait.
fn next_pods(
    sync: &Sync,
    missing: i32,
    options: &Options,
    now: SimTime,
) -> Result<Vec<Option<i32>>, Span> {
    let per_index = sync.body.spec.backoff_limit_per_index.is_some();
    let wait = sync.backoff.remaining(options, now);
    if !per_index && wait > Span::ZERO {
        return Err(wait);
    }
    let missing = usize::try_from(missing).unwrap_or(0);
    if !sync.body.is_indexed() {
        return Ok(vec![None; missing]);
    }
    let completions = sync.body.spec.completions.unwrap_or(0);
    let free = pending(sync, missing, completions);
    if !per_index {
        return Ok(free.into_iter().map(Some).collect());
    }
    let wait = |index: &i32| {
        sync.delayed.get(index).map_or(Span::ZERO, |pod| {
            let (counted, ignored) = failures_before(&pod.meta);
            remaining(counted + ignored + 1, finished_at(pod), options, now)
        })
    };
    let (due, later): (Vec<i32>, Vec<i32>) = free
        .into_iter()
        .partition(|index| wait(index) == Span::ZERO);
    match later.iter().map(wait).min().filter(|_| due.is_empty()) {
        Some(wait) => Err(wait),
        None => Ok(due.into_iter().map(Some).collect()),
    }
}

/// The lowest indexes that have no pod and need one.
fn pending(sync: &Sync, count: usize, completions: i32) -> Vec<i32> {
    let mut taken = sync
        .succeeded_indexes
        .with(indexes_of(sync.active.iter().map(|pod| &**pod)));
    if sync.body.replaces_only_failed() {
        let alive = |pod: &&Arc<Object>| pod.pod().is_some_and(|body| !body.is_terminal());
        let going = sync.pods.iter().filter(|pod| pod.meta.is_deleting());
        taken = taken.with(indexes_of(going.filter(alive).map(|pod| &**pod)));
    }
    if let Some(failed) = &sync.failed_indexes {
        taken = taken.union(failed);
    }
    taken.missing(count, completions)
}

fn create(
    sync: &mut Sync,
    indexes: &[Option<i32>],
    active: i32,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> (i32, Result<(), ApiError>) {
    let all = count(indexes.len());
    let now = client.now();
    desk.expectations.expect(&sync.key, all.into(), [], now);
    let pods = indexes.iter().map(|index| new_pod(sync, *index, client));
    let pods: Vec<Object> = pods.collect();
    let born = |client: &Client<'_>| {
        let owned = client.live().owned_by(Kind::Pod, sync.job.meta.uid);
        count(owned.count())
    };
    let before = born(client);
    let pods = pods.into_iter();
    match pod_control::create_pods(&sync.job, &sync.key, pods, desk, client) {
        Ok(()) => (active + all, Ok(())),
        Err(error) => (active + born(client) - before, Err(error)),
    }
}

fn new_pod(sync: &Sync, index: Option<i32>, client: &Client<'_>) -> Object {
    let (job, template) = (&sync.job.meta, &sync.body.template);
    let prefix = match index {
        Some(index) => {
            let tail = format!("-{index}-");
            let room = PREFIX_MAX.saturating_sub(tail.len());
            let head: String = job.name.chars().take(room).collect();
            head + &tail
        }
        None => format!("{}-", job.name),
    };
    let meta = Meta {
        generate_name: Some(prefix.into()),
        namespace: job.namespace.clone(),
        labels: Labels::clone(&template.labels),
        annotations: Labels::clone(&template.annotations),
        owners: [controller_ref(&sync.job)].into(),
        finalizers: [TRACKING.to_string()].into(),
        ..Meta::default()
    };
    let mut pod = Object {
        meta,
        body: Body::Pod(PodBody {
            spec: match index {
                Some(index) => indexed_spec(&job.name, template, index, client),
                None => client.admitted_template(template),
            },
            node_name: None,
            token_suffix: None,
            status: Arc::new(PodStatus::default()),
        }),
    };
    if let Some(index) = index {
        let number = index.to_string();
        pod.meta.set_label(INDEX, Some(&number));
        pod.meta.set_annotation(INDEX, Some(&number));
        count_failures(sync, index, &mut pod.meta);
    }
    pod
}

/// The new pod of an index carries how often the ones before it have failed.
fn count_failures(sync: &Sync, index: i32, meta: &mut Meta) {
    if sync.body.spec.backoff_limit_per_index.is_none() {
        return;
    }
    let (mut counted, mut ignored) = (0, 0);
    if let Some(before) = sync.delayed.get(&index) {
        (counted, ignored) = failures_before(&before.meta);
        let policy = sync.body.spec.pod_failure_policy.as_ref();
        match policy::judge(policy, before) {
            Verdict::Ignore => ignored += 1,
            _ => counted += 1,
        }
    }
    meta.set_annotation(FAILURES, Some(&counted.to_string()));
    if ignored > 0 {
        meta.set_annotation(IGNORED_FAILURES, Some(&ignored.to_string()));
    }
}

/// The template with the index as host name and as a variable of each container.
fn indexed_spec(
    job: &str,
    template: &PodTemplate,
    index: i32,
    client: &Client<'_>,
) -> Arc<SharedPodSpec> {
    let mut api = (*template.api).clone();
    let spec = api.spec.get_or_insert_default();
    spec.hostname = Some(format!("{job}-{index}"));
    let init = spec.init_containers.iter_mut().flatten();
    spec.containers
        .iter_mut()
        .chain(init)
        .for_each(add_variable);
    client.admitted_template(&PodTemplate::new(api))
}

fn add_variable(container: &mut Container) {
    let variables = container.env.get_or_insert_default();
    if variables.iter().any(|v| v.name == INDEX_VARIABLE) {
        return;
    }
    let field = ObjectFieldSelector {
        api_version: Some("v1".into()),
        field_path: format!("metadata.labels['{INDEX}']"),
    };
    variables.push(EnvVar {
        name: INDEX_VARIABLE.into(),
        value: None,
        value_from: Some(EnvVarSource {
            field_ref: Some(field),
            ..EnvVarSource::default()
        }),
    });
}
