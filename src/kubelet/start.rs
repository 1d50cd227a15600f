//! The start of one container: back-off, image, create, start; and all that can go wrong.
//!
//! Upstream: `pkg/kubelet/kuberuntime/kuberuntime_container.go` (startContainer, doBackOff),
//! `pkg/kubelet/images/image_manager.go`. Differs: a pull that is under way when its pod is deleted
//! runs to its end.

use std::sync::Arc;

use crate::clock::{SimTime, Span};

use super::container::{Backoff, Container, Reason, Run, Running, go_duration};
use super::images::{Fault, Image, hex64};
use super::plan::{PullPolicy, Role};
use super::worker::{Act, Step, Worker};

impl Worker {
    /// Begins to start a container; whether that takes time. If not, it is refused or has failed.
    pub(super) fn start(&mut self, act: &mut Act<'_, '_>, container: u16) -> bool {
        let at = usize::from(container);
        let Some(plan) = self.plan.containers.get(at) else {
            return false;
        };
        let (image, policy) = (plan.image.clone(), plan.pull);
        if self.in_backoff(act, at) {
            return self.give_up(at);
        }
        if image.fault == Some(Fault::InvalidName) {
            return self.invalid_name(act, at, &image);
        }
        let held = act.machine.images.holds(&image);
        match policy {
            PullPolicy::Never if !held => self.never_pulled(act, at, &image),
            PullPolicy::IfNotPresent | PullPolicy::Never if held => {
                let words = "Container image \"{}\" already present on machine and can be accessed by the pod";
                self.normal(act, at, "Pulled", words, vec![(&image.written).into()]);
                self.create(act, container);
                true
            }
            _ => self.pull(act, container, &image),
        }
    }

    /// A start that failed: an init container keeps all that comes after it waiting.
    fn give_up(&mut self, at: usize) -> bool {
        if self
            .plan
            .containers
            .get(at)
            .is_some_and(|p| p.role == Role::Init)
        {
            self.queue.clear();
        }
        false
    }

    fn fail(&mut self, at: usize, word: &'static str, message: Option<Arc<str>>) -> bool {
        self.outcome.failed = true;
        if let Some(container) = self.containers.get_mut(at) {
            container.reason = Some(Reason { word, message });
        }
        self.give_up(at)
    }

    /// Whether the container has to wait after its last end; tells so if it has.
    fn in_backoff(&mut self, act: &mut Act<'_, '_>, at: usize) -> bool {
        let Some(container) = self.containers.get_mut(at) else {
            return false;
        };
        // Upstream looks at a list from before the sync: the end of a container that was stopped in
        // this very sync is not on it, the one before is.
        let end = match &container.run {
            Run::Exited { end, .. } if !container.restarting => Some(end.clone()),
            _ => container.last.clone(),
        };
        let Some(end) = end else { return false };
        let (now, max) = (act.now, act.options.backoff_max);
        let Some(left) = Backoff::remaining(container.backoff, end.finished, now, max) else {
            container.backoff = Some(Backoff::next(
                container.backoff,
                end.finished,
                now,
                (act.options.backoff, max),
            ));
            return false;
        };
        let wait = go_duration(Backoff::wait(container.backoff));
        let meta = &self.object.meta;
        let pod = format!("{}_{}({})", meta.name, meta.namespace, meta.uid);
        let name = self
            .plan
            .containers
            .get(at)
            .map(|p| p.name.clone())
            .unwrap_or_default();
        let text = format!("back-off {wait} restarting failed container={name} pod={pod}");
        container.reason = Some(Reason {
            word: "CrashLoopBackOff",
            message: Some(text.into()),
        });
        let shortest = self.outcome.backoff.map_or(left, |other| other.min(left));
        self.outcome.backoff = Some(shortest);
        let words = "Back-off restarting failed container {} in pod {}";
        self.warning(act, at, "BackOff", words, vec![(&name).into(), pod.into()]);
        true
    }

    fn invalid_name(&mut self, act: &mut Act<'_, '_>, at: usize, image: &Image) -> bool {
        let written = &*image.written;
        let text = format!(
            "Failed to apply default image tag \"{written}\": couldn't parse image name \"{written}\": invalid reference format"
        );
        self.warning(act, at, "InspectFailed", "{}", vec![text.as_str().into()]);
        self.warning(act, at, "Failed", "Error: InvalidImageName", Vec::new());
        self.fail(at, "InvalidImageName", Some(text.into()))
    }

    fn never_pulled(&mut self, act: &mut Act<'_, '_>, at: usize, image: &Image) -> bool {
        let text = format!(
            "Container image \"{}\" is not present with pull policy of Never",
            image.written
        );
        self.warning(
            act,
            at,
            "ErrImageNeverPull",
            "{}",
            vec![text.as_str().into()],
        );
        self.warning(act, at, "Failed", "Error: ErrImageNeverPull", Vec::new());
        self.fail(at, "ErrImageNeverPull", Some(text.into()))
    }

    fn pull(&mut self, act: &mut Act<'_, '_>, container: u16, image: &Image) -> bool {
        let (at, now, max) = (usize::from(container), act.now, act.options.backoff_max);
        let entry = self.containers.get(at).and_then(|c| c.image_backoff);
        // The wait counts from the failure that set it.
        let begun = Backoff::touched(entry);
        if Backoff::remaining(entry, begun, now, max).is_some() {
            let written = image.written.clone();
            self.normal(
                act,
                at,
                "BackOff",
                "Back-off pulling image \"{}\"",
                vec![(&written).into()],
            );
            self.warning(act, at, "Failed", "Error: ImagePullBackOff", Vec::new());
            let error = match &image.fault {
                Some(Fault::Registry(why)) => format!(": ErrImagePull: {why}"),
                _ => String::new(),
            };
            let text = format!("Back-off pulling image \"{written}\"{error}");
            return self.fail(at, "ImagePullBackOff", Some(text.into()));
        }
        self.normal(
            act,
            at,
            "Pulling",
            "Pulling image \"{}\"",
            vec![(&image.written).into()],
        );
        let until = act
            .machine
            .images
            .ask(image, now, &act.machine.config.busy_pulls);
        self.step = Step::Pull {
            container,
            asked: now,
            until,
        };
        true
    }

    pub(super) fn pulled(&mut self, act: &mut Act<'_, '_>, container: u16, asked: SimTime) {
        let (at, now) = (usize::from(container), act.now);
        let Some(image) = self.plan.containers.get(at).map(|p| p.image.clone()) else {
            return self.start_next(act);
        };
        if let Some(Fault::Registry(why)) = &image.fault {
            let words = "Failed to pull image \"{}\": {}";
            self.warning(
                act,
                at,
                "Failed",
                words,
                vec![(&image.written).into(), why.into()],
            );
            self.warning(act, at, "Failed", "Error: ErrImagePull", Vec::new());
            let waits = (act.options.backoff, act.options.backoff_max);
            if let Some(c) = self.containers.get_mut(at) {
                c.image_backoff = Some(Backoff::next(c.image_backoff, now, now, waits));
            }
            self.fail(at, "ErrImagePull", Some(why.clone()));
            return self.start_next(act);
        }
        act.machine.images.add(&image);
        let overhead = self.pull_overhead(act, at);
        let took = go_duration(image.pull + overhead);
        let waited = go_duration(now - asked + overhead);
        let words =
            "Successfully pulled image \"{}\" in {} ({} including waiting). Image size: {} bytes.";
        let args = vec![
            (&image.written).into(),
            took.into(),
            waited.into(),
            image.size_bytes.into(),
        ];
        self.normal(act, at, "Pulled", words, args);
        self.create(act, container);
    }

    /// A millisecond for a container's first pull; each that follows has another figure, since only
    /// equal messages are counted as one event.
    fn pull_overhead(&self, act: &Act<'_, '_>, at: usize) -> Span {
        let most = u64::try_from(act.options.pull_overhead.as_millis()).unwrap_or(0);
        let runs = self.containers.get(at).map_or(0, Container::runs);
        if runs == 0 || most < 2 {
            return Span::millis(1);
        }
        let seed = act.client.seed().stream("pull");
        let first = seed.below((self.uid(), at), 0, most - 1);
        let turn = (first + 5 * u64::from(runs)) % (most - 1);
        Span::millis(i64::try_from(turn).unwrap_or(0) + 2)
    }

    fn create(&mut self, act: &mut Act<'_, '_>, container: u16) {
        let until = act.now + act.options.create;
        self.step = Step::Create { container, until };
    }

    pub(super) fn created(&mut self, act: &mut Act<'_, '_>, container: u16) {
        self.normal(
            act,
            usize::from(container),
            "Created",
            "Container created",
            Vec::new(),
        );
        let until = act.now + act.options.start;
        self.step = Step::Start { container, until };
    }

    pub(super) fn started(&mut self, act: &mut Act<'_, '_>, container: u16) {
        let (at, now, uid) = (usize::from(container), act.now, self.uid());
        let plan = self.plan.clone();
        let (Some(plan), Some(known)) = (plan.containers.get(at), self.containers.get_mut(at))
        else {
            return self.start_next(act);
        };
        let number = known.runs();
        let program = &plan.program;
        known.begin(Running {
            image: plan.image.clone(),
            id: format!("containerd://{}", hex64((uid, at, number))).into(),
            started: now,
            ends: program.lasts.map(|lasts| (now + lasts, program.exit_code)),
            on_term: program.on_term,
        });
        if let Some(error) = &program.start_error {
            known.end(now, 128, "StartError", Some(error.clone()));
            self.outcome.died = true;
            self.warning(act, at, "Failed", "Error: {}", vec![error.into()]);
            self.fail(at, "RunContainerError", Some(error.clone()));
            return self.start_next(act);
        }
        known.reason = None;
        known.begin_probes(plan, self.timing.added);
        self.outcome.started = true;
        self.normal(act, at, "Started", "Container started", Vec::new());
        self.start_next(act);
    }
}
