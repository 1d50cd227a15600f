//! A normal sync: status, volumes, sandbox, then whatever has to be stopped and started.
//!
//! Upstream: `pkg/kubelet/kubelet.go` (SyncPod), `pkg/kubelet/kuberuntime/kuberuntime_manager.go`
//! (computePodActions, SyncPod), `pkg/kubelet/active_deadline.go`. Differs: volumes other than the
//! token are mounted without looking whether their sources exist.

use crate::api::{ConditionStatus, PodCondition, PodConditionType};
use crate::clock::{SimTime, Span};

use super::admission;
use super::container::Run;
use super::plan::Role;
use super::worker::{Act, Sandbox, Stage, Step, Worker};

impl Worker {
    pub(super) fn sync_pod(&mut self, act: &mut Act<'_, '_>) {
        if !self.admitted && !self.admit(act) {
            return;
        }
        if self.deadline().is_some_and(|deadline| deadline <= act.now) {
            let text = "Pod was active on the node longer than the specified deadline";
            self.failure = Some(("DeadlineExceeded".into(), text.into()));
            let about = self.about(None);
            act.machine
                .recorder
                .normal(act.client, about, "DeadlineExceeded", text);
        }
        let mut status = self.generate(act.now, false);
        if status.phase.is_terminal() {
            // Nothing comes again: the pod is taken down first, then said to have ended.
            let before = self
                .status
                .as_deref()
                .unwrap_or_else(|| self.stored_status());
            status.phase = before.phase;
            self.write(act, status);
            self.stage = Stage::Terminating;
            self.end_sync(act);
            self.want(act.now);
            return;
        }
        self.write(act, status);
        if self.plan.has_volumes && !self.mounted {
            let until = act.now + act.options.mount;
            self.step = Step::Mount { until };
        } else {
            self.prepare(act);
        }
    }

    /// Takes the pod in, or fails it for good.
    fn admit(&mut self, act: &mut Act<'_, '_>) -> bool {
        self.timing.added = act.now;
        let refusal = admission::refusal(self, act);
        let Some((reason, text)) = refusal else {
            self.admitted = true;
            if let Some(pod) = self.object.pod() {
                act.machine.used.add(&pod.spec.facts.requests, 1);
            }
            return true;
        };
        let about = self.about(None);
        act.machine
            .recorder
            .warning(act.client, about, reason, text.clone());
        let message = format!("Pod was rejected: {text}");
        self.failure = Some((reason.into(), message.into()));
        let mut status = self.generate(act.now, false);
        status.conditions.clear();
        status.containers.clear();
        status.init_containers.clear();
        (status.host_ip, status.pod_ip) = (None, None);
        self.write(act, status);
        self.stage = Stage::Finished;
        self.end_sync(act);
        false
    }

    /// Gives back what the pod took of the node.
    pub(super) fn leave_node(&mut self, act: &mut Act<'_, '_>) {
        let admitted = std::mem::take(&mut self.admitted);
        if let (true, Some(pod)) = (admitted, self.object.pod()) {
            act.machine.used.add(&pod.spec.facts.requests, -1);
        }
    }

    /// The volumes are there: sees to the sandbox.
    fn prepare(&mut self, act: &mut Act<'_, '_>) {
        self.mounted = true;
        let now = act.now;
        match self.sandbox {
            Sandbox::Ready => self.begin_starts(act),
            Sandbox::Absent => {
                self.step = Step::Sandbox {
                    until: now + act.options.sandbox + self.stagger(act, "sandbox"),
                }
            }
            Sandbox::Dead => {
                let about = self.about(None);
                let text = "Pod sandbox changed, it will be killed and re-created.";
                act.machine
                    .recorder
                    .normal(act.client, about, "SandboxChanged", text);
                self.step = Step::StopSandbox {
                    until: now + act.options.stop_sandbox,
                };
            }
        }
    }

    /// Two pods never start or end at the very same moment: a draw of each pod's own.
    pub(super) fn stagger(&self, act: &Act<'_, '_>, what: &str) -> Span {
        let most = u64::try_from(act.options.stagger.as_micros()).unwrap_or(0);
        let uid = self.object.meta.uid;
        let drawn = act.client.seed().stream(what).below(uid, 0, most);
        Span::micros(i64::try_from(drawn).unwrap_or(0))
    }

    /// A step has taken its time.
    pub(super) fn finish_step(&mut self, act: &mut Act<'_, '_>) {
        match std::mem::replace(&mut self.step, Step::Idle) {
            Step::Idle => {}
            Step::Mount { .. } if self.leaving() => {
                // The wait for volumes is broken off; the pod never gets a sandbox.
                self.end_sync(act);
                self.want(act.now);
            }
            Step::Mount { .. } => self.prepare(act),
            Step::StopSandbox { .. } => {
                self.release_ip(act);
                self.step = Step::Sandbox {
                    until: act.now + act.options.sandbox + self.stagger(act, "sandbox"),
                };
            }
            Step::Sandbox { .. } => self.sandbox_made(act),
            Step::Pull {
                container, asked, ..
            } => self.pulled(act, container, asked),
            Step::Create { container, .. } => self.created(act, container),
            Step::Start { container, .. } => self.started(act, container),
            Step::Stop { .. } => {
                self.containers.iter_mut().for_each(|c| c.settle(act.now));
                self.start_next(act);
            }
            Step::Terminate { .. } => self.terminated(act),
        }
    }

    fn sandbox_made(&mut self, act: &mut Act<'_, '_>) {
        let hosted = self.object.pod().is_some_and(|p| p.spec.facts.host_network);
        if !hosted {
            let Some(host) = act.machine.addresses.take() else {
                return self.no_address(act);
            };
            self.ip = Some(act.machine.config.pod_ip(host));
        }
        if self
            .containers
            .iter()
            .any(|c| !matches!(c.run, Run::Absent))
        {
            let init = self.plan.containers.iter().zip(&mut self.containers);
            init.filter(|(plan, _)| plan.role == Role::Init)
                .for_each(|(_, c)| c.stale = true);
        }
        self.sandbox = Sandbox::Ready;
        self.outcome.changed = true;
        self.outcome.sandbox = Some(act.now);
        // Said in the middle of the sync, and nothing else with it.
        let told = self.status.as_deref().map(|status| {
            let mut status = status.clone();
            let kept = [
                PodConditionType::DisruptionTarget,
                PodConditionType::PodScheduled,
            ];
            status.conditions.retain(|c| !kept.contains(&c.kind));
            status.set_condition(PodCondition {
                kind: PodConditionType::PodReadyToStartContainers,
                status: ConditionStatus::True,
                reason: None,
                message: None,
                transition: act.now.whole_secs(),
                observed_generation: status.observed_generation,
            });
            status
        });
        self.begin_starts(act);
        // A start that came to nothing at once has already ended the sync, status included.
        if let (Some(status), false) = (told, self.timing.at_once) {
            self.write(act, status);
        }
    }

    fn no_address(&mut self, act: &mut Act<'_, '_>) {
        let about = self.about(None);
        let text = "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup \
                    network for sandbox: no IP addresses available in range set";
        act.machine
            .recorder
            .warning(act.client, about, "FailedCreatePodSandBox", text);
        self.outcome.failed = true;
        self.end_sync(act);
    }

    pub(super) fn release_ip(&mut self, act: &mut Act<'_, '_>) {
        let hosted = self.object.pod().is_some_and(|p| p.spec.facts.host_network);
        if let (Some(ip), false) = (self.ip, hosted) {
            act.machine.addresses.release(ip);
        }
    }

    /// Stops what must not run on, lists what must be started, and begins.
    fn begin_starts(&mut self, act: &mut Act<'_, '_>) {
        let over = self.is_over();
        let doomed = if over { self.sidecars() } else { self.doomed() };
        // What is stopped without being started again is seen by the relist.
        self.outcome.changed |= over && !doomed.is_empty();
        self.queue = self.wanted(&doomed);
        self.queue.reverse();
        if doomed.is_empty() {
            return self.start_next(act);
        }
        let mut until = act.now;
        for (at, words) in doomed {
            until = until.max(self.stop(act, at, words, self.grace()));
            let changed = words.starts_with("definition");
            if let Some(container) = self.containers.get_mut(at) {
                container.restarting = true;
                // The back-off belongs to the definition.
                container.backoff = container.backoff.filter(|_| !changed);
            }
        }
        self.step = Step::Stop { until };
    }

    /// Whether the regular containers have ended and none comes again: sidecars go then, too.
    fn is_over(&self) -> bool {
        let both = self.plan.containers.iter().zip(&self.containers);
        let mut regular = both.filter(|(plan, _)| plan.role == Role::Regular);
        regular.all(|(plan, container)| {
            let end = container.exited();
            end.is_some_and(|end| !self.plan.restarts(plan.role, end.exit_code))
        })
    }

    fn sidecars(&self) -> Vec<(usize, &'static str)> {
        let both = self.plan.containers.iter().zip(&self.containers);
        let sidecars = both.enumerate().filter(|(_, (plan, container))| {
            plan.role == Role::Sidecar && container.running().is_some()
        });
        sidecars.map(|(at, _)| (at, "")).collect()
    }

    /// Running containers that must be stopped, each with the end of its event's sentence.
    fn doomed(&self) -> Vec<(usize, &'static str)> {
        let both = self
            .plan
            .containers
            .iter()
            .zip(&self.containers)
            .enumerate();
        both.filter_map(|(at, (plan, container))| {
            let running = container.running()?;
            let comes_again = self.plan.restarts(plan.role, 1);
            if running.image.written != plan.image.written {
                Some((at, "definition changed, will be restarted"))
            } else {
                match (container.condemned?, comes_again) {
                    ("liveness", true) => Some((at, "failed liveness probe, will be restarted")),
                    ("liveness", false) => Some((at, "failed liveness probe")),
                    (_, true) => Some((at, "failed startup probe, will be restarted")),
                    (_, false) => Some((at, "failed startup probe")),
                }
            }
        })
        .collect()
    }

    /// The containers that this sync starts, in order.
    fn wanted(&self, doomed: &[(usize, &'static str)]) -> Vec<u16> {
        let regular_ran = || {
            let regular = self.containers.iter().skip(self.plan.init_count);
            regular.clone().any(|c| !matches!(c.run, Run::Absent))
        };
        if self.is_over() {
            return Vec::new();
        }
        let rerun = self.containers.iter().any(|c| c.stale);
        let initialized = !rerun && regular_ran();
        let mut wanted = Vec::new();
        for (at, (plan, container)) in self
            .plan
            .containers
            .iter()
            .zip(&self.containers)
            .enumerate()
        {
            let Ok(number) = u16::try_from(at) else { break };
            let stopped_now = doomed.iter().any(|(d, _)| *d == at);
            let comes = stopped_now && self.plan.restarts(plan.role, 1);
            let comes = comes
                || match &container.run {
                    Run::Absent => true,
                    Run::Running(_) => false,
                    Run::Exited { end, .. } => {
                        container.stale || self.plan.restarts(plan.role, end.exit_code)
                    }
                };
            match plan.role {
                Role::Init if initialized => {}
                Role::Init if comes => {
                    wanted.push(number);
                    return wanted;
                }
                Role::Init if container.exited().is_some_and(|end| end.exit_code == 0) => {}
                // It runs, or it has failed for good.
                Role::Init => return wanted,
                Role::Sidecar if comes => {
                    wanted.push(number);
                    if !initialized {
                        return wanted;
                    }
                }
                Role::Sidecar if !initialized && !container.has_started(plan) => return wanted,
                Role::Sidecar => {}
                Role::Regular if comes => wanted.push(number),
                Role::Regular => {}
            }
        }
        wanted
    }

    /// Starts what comes next; with nothing left, the sync is over.
    pub(super) fn start_next(&mut self, act: &mut Act<'_, '_>) {
        while let Some(container) = self.queue.pop() {
            if self.start(act, container) {
                return;
            }
        }
        self.end_sync(act);
    }

    /// The grace period that the pod asks for.
    pub(super) fn grace(&self) -> Span {
        let spec = self
            .object
            .pod()
            .map_or(30, |pod| pod.spec.facts.grace_secs);
        let asked = self.object.meta.deletion.map_or(spec, |d| d.grace_secs);
        // Even without grace a process gets a moment.
        Span::secs(asked.max(2))
    }

    /// Sends SIGTERM to a container, and SIGKILL after the grace period: when it will have ended.
    pub(super) fn stop(
        &mut self,
        act: &mut Act<'_, '_>,
        container: usize,
        words: &'static str,
        grace: Span,
    ) -> SimTime {
        let (Some(plan), now) = (self.plan.containers.get(container), act.now) else {
            return act.now;
        };
        let (name, hook) = (plan.name.clone(), plan.pre_stop.min(grace));
        let template = if words.is_empty() {
            "Stopping container {}"
        } else {
            "Container {} {}"
        };
        let mut args = vec![(&name).into()];
        if !words.is_empty() {
            args.push(words.into());
        }
        self.normal(act, container, "Killing", template, args);
        let stop = act.options.stop;
        let Some(Run::Running(running)) = self.containers.get_mut(container).map(|c| &mut c.run)
        else {
            return now;
        };
        let killed = match running.on_term {
            Some(code) if hook + stop < grace => (now + hook + stop, code),
            _ => (now + grace.max(hook), 137),
        };
        let ends = running
            .ends
            .filter(|(at, _)| *at < killed.0)
            .unwrap_or(killed);
        running.ends = Some(ends);
        ends.0.max(now)
    }
}
