//! What a kubelet says about a pod: phase, conditions and the statuses of its containers.
//!
//! Upstream: `pkg/kubelet/kubelet_pods.go` (generateAPIPodStatus, convertToAPIContainerStatuses,
//! getPhase), `pkg/kubelet/status/generate.go`.

use std::sync::{Arc, LazyLock};

use crate::api::{
    ConditionStatus, ContainerState, ContainerStatus, Phase, PodCondition, PodConditionType,
    PodStatus, Terminated,
};
use crate::clock::SimTime;

use super::container::{Container, Run};
use super::plan::{ContainerPlan, PodPlan, RestartPolicy, Role, unready_message};
use super::worker::{Sandbox, Worker};

/// Words that nearly every status has, shared between all of them.
struct Words {
    creating: Arc<str>,
    initializing: Arc<str>,
    not_ready: Arc<str>,
    completed: Arc<str>,
    failed: Arc<str>,
    empty: Arc<str>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| Words {
    creating: "ContainerCreating".into(),
    initializing: "PodInitializing".into(),
    not_ready: "ContainersNotReady".into(),
    completed: "PodCompleted".into(),
    failed: "PodFailed".into(),
    empty: "".into(),
});

/// What a condition says beside its type: status, reason, message.
type Verdict = (ConditionStatus, Option<Arc<str>>, Option<Arc<str>>);

impl Worker {
    /// The status of the pod as the kubelet sees it now. `ended`: its containers have been stopped
    /// for good, so none of them comes again.
    pub(super) fn generate(&self, now: SimTime, ended: bool) -> PodStatus {
        let plan = &*self.plan;
        let leaving = self.leaving();
        let statuses = |plans: &[ContainerPlan], list: &[Container]| -> Vec<ContainerStatus> {
            let both = plans.iter().zip(list);
            both.map(|(p, c)| container_status(plan, p, c, leaving))
                .collect()
        };
        let (init_plans, plans) = plan
            .containers
            .split_at(plan.init_count.min(plan.containers.len()));
        let (init, regular) = self
            .containers
            .split_at(plan.init_count.min(self.containers.len()));
        let (init, regular) = (statuses(init_plans, init), statuses(plans, regular));
        let old = self
            .status
            .as_deref()
            .unwrap_or_else(|| self.stored_status());
        let mut status = PodStatus {
            phase: phase(plan, &init, &regular, ended),
            host_ip: Some(self.host_ip),
            pod_ip: self.ip,
            start_time: old.start_time.or(Some(now.whole_secs())),
            init_containers: init,
            containers: regular,
            observed_generation: self.object.meta.generation,
            ..PodStatus::default()
        };
        if let Some((reason, message)) = &self.failure {
            status.phase = Phase::Failed;
            status.reason = Some(reason.clone());
            status.message = Some(message.clone());
        }
        status.conditions = self.conditions(&status, old, now);
        status
    }

    fn conditions(&self, status: &PodStatus, old: &PodStatus, now: SimTime) -> Vec<PodCondition> {
        let sandbox = ConditionStatus::from(matches!(self.sandbox, Sandbox::Ready));
        let ready = containers_ready(&self.plan, status);
        let verdicts = [
            (
                PodConditionType::PodReadyToStartContainers,
                (sandbox, None, None),
            ),
            (
                PodConditionType::Initialized,
                initialized(&self.plan, status),
            ),
            (PodConditionType::Ready, gated(&self.plan, ready.clone())),
            (PodConditionType::ContainersReady, ready),
        ];
        let generation = self.object.meta.generation;
        let mut list = Vec::with_capacity(5);
        for (kind, (status, reason, message)) in verdicts {
            let before = old.condition(kind).filter(|c| c.status == status);
            list.push(PodCondition {
                kind,
                status,
                reason,
                message,
                transition: before.map_or(now.whole_secs(), |c| c.transition),
                observed_generation: generation,
            });
        }
        list
    }
}

/// A container's status in the API's terms.
fn container_status(
    plan: &PodPlan,
    container: &ContainerPlan,
    known: &Container,
    leaving: bool,
) -> ContainerStatus {
    let waiting = |reason: Arc<str>, message| ContainerState::Waiting { reason, message };
    let mut last = known.last.as_deref().map(whole_secs);
    let mut state = match &known.run {
        Run::Absent if plan.init_count > 0 => waiting(WORDS.initializing.clone(), None),
        Run::Absent => waiting(WORDS.creating.clone(), None),
        Run::Running(running) => ContainerState::Running {
            started: running.started.whole_secs(),
        },
        Run::Exited { end, .. } => ContainerState::Terminated(whole_secs(end)),
    };
    let comes_again = match &known.run {
        Run::Absent => true,
        Run::Running(_) => false,
        Run::Exited { end, .. } => plan.restarts(container.role, end.exit_code),
    };
    if let (true, false, Some(reason)) = (comes_again, leaving, &known.reason) {
        if let ContainerState::Terminated(end) = state {
            last = Some(end);
        }
        state = waiting(reason.word.into(), reason.message.clone());
    }
    let (image, image_id, container_id) = match &known.run {
        Run::Absent => (
            container.image.written.clone(),
            WORDS.empty.clone(),
            WORDS.empty.clone(),
        ),
        Run::Running(r) => (r.image.full.clone(), r.image.id.clone(), r.id.clone()),
        Run::Exited { image, end } => (
            image.full.clone(),
            image.id.clone(),
            end.container_id.clone(),
        ),
    };
    let started = known.has_started(container);
    let ready = match container.role {
        Role::Init => known.exited().is_some_and(|end| end.exit_code == 0) && !known.stale,
        Role::Sidecar | Role::Regular => started && known.is_ready(container),
    };
    ContainerStatus {
        name: container.name.clone(),
        state,
        last,
        ready,
        started,
        restart_count: known.restarts,
        image,
        image_id,
        container_id,
    }
}

fn whole_secs(end: &Terminated) -> Terminated {
    Terminated {
        started: end.started.map(SimTime::whole_secs),
        finished: end.finished.whole_secs(),
        ..end.clone()
    }
}

/// What a container is to the phase of its pod.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Running,
    Waiting,
    /// Ended, with 0 or not.
    Stopped(bool),
}

fn part(status: &ContainerStatus) -> Part {
    match (&status.state, &status.last) {
        (ContainerState::Running { .. }, _) => Part::Running,
        (ContainerState::Terminated(end), _) => Part::Stopped(end.exit_code == 0),
        // Upstream counts one that waits to come again as stopped, not as succeeded.
        (ContainerState::Waiting { .. }, Some(_)) => Part::Stopped(false),
        (ContainerState::Waiting { .. }, None) => Part::Waiting,
    }
}

pub(super) fn phase(
    plan: &PodPlan,
    init: &[ContainerStatus],
    regular: &[ContainerStatus],
    ended: bool,
) -> Phase {
    let any_started = regular.iter().any(has_run);
    let (mut failed, mut pending) = (false, false);
    let (mut running, mut waiting) = (0, 0);
    for (plan, status) in plan.containers.iter().zip(init) {
        match (plan.role, part(status)) {
            (Role::Sidecar, Part::Running) => {
                running += 1;
                pending |= !status.started && !any_started;
            }
            (Role::Sidecar, Part::Waiting) => {
                waiting += 1;
                pending |= !any_started;
            }
            (Role::Sidecar, Part::Stopped(_)) => {}
            (_, Part::Running | Part::Waiting) => pending = true,
            (_, Part::Stopped(_)) => failed |= ended_badly(status),
        }
    }
    let parts: Vec<Part> = regular.iter().map(part).collect();
    let count = |wanted: fn(&Part) -> bool| parts.iter().filter(|p| wanted(p)).count();
    running += count(|p| *p == Part::Running);
    waiting += count(|p| *p == Part::Waiting);
    let all_well = parts.iter().all(|p| *p == Part::Stopped(true));
    match () {
        () if failed && plan.restart == RestartPolicy::Never => Phase::Failed,
        () if pending || waiting > 0 => Phase::Pending,
        () if running > 0 => Phase::Running,
        () if ended && all_well => Phase::Succeeded,
        () if ended => Phase::Failed,
        () if plan.restart == RestartPolicy::Always => Phase::Running,
        () if all_well => Phase::Succeeded,
        () if plan.restart == RestartPolicy::Never => Phase::Failed,
        () => Phase::Running,
    }
}

/// Whether the latest run that has ended did so with another code than 0.
fn ended_badly(status: &ContainerStatus) -> bool {
    match (&status.state, &status.last) {
        (ContainerState::Terminated(end), _) | (_, Some(end)) => end.exit_code != 0,
        _ => false,
    }
}

fn has_run(status: &ContainerStatus) -> bool {
    status.last.is_some() || !matches!(status.state, ContainerState::Waiting { .. })
}

fn names<'a>(list: impl Iterator<Item = &'a ContainerStatus>) -> Vec<&'a str> {
    list.map(|c| &*c.name).collect()
}

fn containers_ready(plan: &PodPlan, status: &PodStatus) -> Verdict {
    let no = |reason: &Arc<str>| (ConditionStatus::False, Some(reason.clone()), None);
    match status.phase {
        Phase::Succeeded => return no(&WORDS.completed),
        Phase::Failed => return no(&WORDS.failed),
        _ => {}
    }
    let sidecars = plan.containers.iter().zip(&status.init_containers);
    let sidecars = sidecars
        .filter(|(p, _)| p.role == Role::Sidecar)
        .map(|(_, s)| s);
    let unready = names(sidecars.chain(&status.containers).filter(|s| !s.ready));
    if unready.is_empty() {
        return (ConditionStatus::True, None, None);
    }
    let message = if unready.len() == plan.regular().len() && unready.len() == plan.containers.len()
    {
        plan.all_unready.clone()
    } else {
        unready_message(&unready).into()
    };
    (
        ConditionStatus::False,
        Some(WORDS.not_ready.clone()),
        Some(message),
    )
}

/// A pod with readiness gates waits for conditions that nobody here writes yet.
fn gated(plan: &PodPlan, ready: Verdict) -> Verdict {
    if ready.0 != ConditionStatus::True || plan.gates.is_empty() {
        return ready;
    }
    let gate = |gate: &String| {
        format!("corresponding condition of pod readiness gate \"{gate}\" does not exist.")
    };
    let message = plan.gates.iter().map(gate).collect::<Vec<_>>().join(", ");
    (
        ConditionStatus::False,
        Some("ReadinessGatesNotReady".into()),
        Some(message.into()),
    )
}

fn initialized(plan: &PodPlan, status: &PodStatus) -> Verdict {
    if status.phase == Phase::Succeeded {
        return (ConditionStatus::True, Some(WORDS.completed.clone()), None);
    }
    let incomplete = plan.containers.iter().zip(&status.init_containers);
    let incomplete = incomplete.filter(|(plan, status)| match plan.role {
        Role::Sidecar => !status.started,
        _ => !status.ready,
    });
    let incomplete = names(incomplete.map(|(_, status)| status));
    if incomplete.is_empty() || status.containers.iter().any(has_run) {
        return (ConditionStatus::True, None, None);
    }
    let message = format!(
        "containers with incomplete status: [{}]",
        incomplete.join(" ")
    );
    (
        ConditionStatus::False,
        Some("ContainersNotInitialized".into()),
        Some(message.into()),
    )
}

/// What is said of a container of which the runtime knows nothing when its pod has gone.
pub(super) fn lost() -> ContainerState {
    ContainerState::Terminated(Terminated {
        exit_code: 137,
        reason: "ContainerStatusUnknown".into(),
        message: Some("The container could not be located when the pod was terminated".into()),
        started: None,
        finished: SimTime::default(),
        container_id: WORDS.empty.clone(),
    })
}
