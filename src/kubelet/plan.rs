//! A pod spec in the kubelet's terms, made once for all replicas that share the spec.
//!
//! Upstream: `pkg/kubelet/container/helpers.go`,
//! `pkg/kubelet/kuberuntime/kuberuntime_container.go`.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Container, PodSpec, Probe};

use crate::clock::Span;

use super::images::Image;
use super::programs::Program;
use super::{ProbeKind, RuntimeOptions};

/// Everything that does not change while the spec stays.
#[derive(Debug)]
pub(super) struct PodPlan {
    /// Init containers first, then the regular ones, each in the order of the spec.
    pub containers: Vec<ContainerPlan>,
    pub init_count: usize,
    pub restart: RestartPolicy,
    pub has_volumes: bool,
    /// `activeDeadlineSeconds`.
    pub deadline: Option<Span>,
    pub gates: Vec<String>,
    /// `containers with unready status: […]` with all of them.
    pub all_unready: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum RestartPolicy {
    Always,
    OnFailure,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    Init,
    /// An init container with `restartPolicy: Always`.
    Sidecar,
    Regular,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum PullPolicy {
    Always,
    IfNotPresent,
    Never,
}

/// One container.
#[derive(Debug)]
pub(super) struct ContainerPlan {
    pub name: Arc<str>,
    pub role: Role,
    pub image: Arc<Image>,
    pub pull: PullPolicy,
    pub program: Program,
    /// `spec.containers{web}`.
    pub field_path: Arc<str>,
    /// How long its preStop hook takes.
    pub pre_stop: Span,
    pub probes: Vec<ProbePlan>,
}

/// One probe with its failures.
#[derive(Debug)]
pub(super) struct ProbePlan {
    pub kind: ProbeKind,
    pub initial_delay: Span,
    pub period: Span,
    pub successes: i32,
    pub failures: i32,
    /// From when until when after the container's start it fails, with its words.
    pub failing: Vec<(Span, Option<Span>, Arc<str>)>,
}

impl PodPlan {
    pub(super) fn new(spec: &PodSpec, options: &RuntimeOptions) -> Arc<PodPlan> {
        let init = spec.init_containers.as_deref().unwrap_or_default();
        let role = |c: &Container| match c.restart_policy.as_deref() {
            Some("Always") => Role::Sidecar,
            _ => Role::Init,
        };
        let plans = init.iter().map(|c| ContainerPlan::new(c, role(c), options));
        let regular = spec.containers.iter();
        let regular = regular.map(|c| ContainerPlan::new(c, Role::Regular, options));
        let names: Vec<&str> = spec.containers.iter().map(|c| c.name.as_str()).collect();
        let gates = spec.readiness_gates.iter().flatten();
        Arc::new(PodPlan {
            containers: plans.chain(regular).collect(),
            init_count: init.len(),
            restart: match spec.restart_policy.as_deref() {
                Some("Never") => RestartPolicy::Never,
                Some("OnFailure") => RestartPolicy::OnFailure,
                _ => RestartPolicy::Always,
            },
            has_volumes: spec.volumes.as_ref().is_some_and(|v| !v.is_empty()),
            deadline: spec.active_deadline_seconds.map(Span::secs),
            gates: gates.map(|g| g.condition_type.clone()).collect(),
            all_unready: unready_message(&names).into(),
        })
    }

    pub(super) fn regular(&self) -> &[ContainerPlan] {
        self.containers.get(self.init_count..).unwrap_or_default()
    }

    /// Whether a container that ended so comes again.
    pub(super) fn restarts(&self, role: Role, exit_code: i32) -> bool {
        match (role, self.restart) {
            (Role::Sidecar, _) => true,
            (Role::Init, RestartPolicy::Always) => exit_code != 0,
            (_, RestartPolicy::Always) => true,
            (_, RestartPolicy::OnFailure) => exit_code != 0,
            (_, RestartPolicy::Never) => false,
        }
    }
}

pub(super) fn unready_message(names: &[&str]) -> String {
    format!("containers with unready status: [{}]", names.join(" "))
}

impl ContainerPlan {
    fn new(container: &Container, role: Role, options: &RuntimeOptions) -> ContainerPlan {
        let written = container.image.as_deref().unwrap_or_default();
        let list = if role == Role::Regular {
            "containers"
        } else {
            "initContainers"
        };
        let words = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
        let (command, args) = (words(&container.command), words(&container.args));
        let probes = [
            (ProbeKind::Startup, &container.startup_probe),
            (ProbeKind::Liveness, &container.liveness_probe),
            (ProbeKind::Readiness, &container.readiness_probe),
        ];
        let probes = probes.into_iter().filter_map(|(kind, probe)| {
            Some(ProbePlan::new(kind, probe.as_ref()?, written, options))
        });
        ContainerPlan {
            name: container.name.as_str().into(),
            role,
            image: Arc::new(Image::read(written, options)),
            pull: match container.image_pull_policy.as_deref() {
                Some("Always") => PullPolicy::Always,
                Some("Never") => PullPolicy::Never,
                _ => PullPolicy::IfNotPresent,
            },
            program: Program::of(written, &command, &args, options),
            field_path: format!("spec.{list}{{{}}}", container.name).into(),
            pre_stop: pre_stop(container),
            probes: probes.collect(),
        }
    }
}

fn pre_stop(container: &Container) -> Span {
    let hook = container
        .lifecycle
        .as_ref()
        .and_then(|l| l.pre_stop.as_ref());
    let Some(hook) = hook else { return Span::ZERO };
    if let Some(sleep) = &hook.sleep {
        return Span::secs(sleep.seconds);
    }
    let command = hook.exec.as_ref().and_then(|e| e.command.as_deref());
    let program = Program::of(
        "busybox",
        command.unwrap_or_default(),
        &[],
        &RuntimeOptions::default(),
    );
    program.lasts.unwrap_or(Span::secs(i64::from(i32::MAX)))
}

impl ProbePlan {
    fn new(kind: ProbeKind, probe: &Probe, image: &str, options: &RuntimeOptions) -> ProbePlan {
        let secs =
            |given: Option<i32>, or: i32| Span::secs(given.filter(|n| *n > 0).unwrap_or(or).into());
        let rules = options.probes.iter();
        let rules = rules.filter(|r| r.probe == kind && image.starts_with(&r.image));
        ProbePlan {
            kind,
            initial_delay: secs(probe.initial_delay_seconds, 0),
            period: secs(probe.period_seconds, 10),
            successes: probe.success_threshold.unwrap_or(1).max(1),
            failures: probe.failure_threshold.unwrap_or(3).max(1),
            failing: rules
                .map(|r| (r.from, r.until, r.message.as_str().into()))
                .collect(),
        }
    }

    /// What the probe reports so long after the start, if it fails then.
    pub(super) fn failure_at(&self, age: Span) -> Option<&Arc<str>> {
        let within = |(from, until, _): &&(Span, Option<Span>, Arc<str>)| {
            age >= *from && until.is_none_or(|until| age < until)
        };
        self.failing.iter().find(within).map(|f| &f.2)
    }
}
