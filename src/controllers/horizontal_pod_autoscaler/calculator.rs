//! From figures of pods to a number of replicas.
//!
//! Upstream: `pkg/controller/podautoscaler/replica_calculator.go`, `metrics/utilization.go`.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Container;

use crate::api::{ConditionStatus, Object, Phase, PodBody, PodConditionType, parse_quantity};
use crate::clock::{SimTime, Span};

/// What one pod used: thousandths of a core, or of a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub value: i64,
    pub at: SimTime,
    pub window: Span,
}

pub(super) type Samples = BTreeMap<Arc<str>, Sample>;

/// By how much the usage may differ from the target before anything is done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tolerances {
    pub down: f64,
    pub up: f64,
}

impl Tolerances {
    fn allow(self, ratio: f64) -> bool {
        1.0 - self.down <= ratio && ratio <= 1.0 + self.up
    }
}

/// What the target is compared with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    /// Percent of what the pods request.
    Utilization(i32),
    /// Thousandths a pod.
    Average(i64),
}

/// What is needed beside the figures.
pub(super) struct Question<'q> {
    pub pods: &'q [Arc<Object>],
    pub current: i32,
    /// `cpu`, `memory`, …
    pub resource: &'q str,
    /// The container whose requests count; all, if `None`.
    pub container: Option<&'q str>,
    pub wanted: Wanted,
    pub tolerances: Tolerances,
    /// For so long after its start a pod's cpu is not taken for what it needs …
    pub cpu_initialization: Span,
    /// … and a pod that was never ready is told by this.
    pub initial_readiness: Span,
    pub now: SimTime,
}

/// A number of replicas, and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub replicas: i32,
    /// Percent of the requests, where that was asked for.
    pub utilization: Option<i32>,
    /// Thousandths a pod.
    pub average: i64,
}

/// Pods that are no simple part of the calculation.
#[derive(Default)]
struct Groups {
    ready: i32,
    unready: Vec<Arc<str>>,
    missing: Vec<Arc<str>>,
    ignored: Vec<Arc<str>>,
}

impl Question<'_> {
    /// Errors: upstream's words.
    pub(super) fn answer(&self, mut samples: Samples) -> Result<Answer, String> {
        if self.pods.is_empty() {
            return Err("no pods returned by selector while calculating replica count".into());
        }
        let groups = self.groups(&samples);
        for name in groups.ignored.iter().chain(&groups.unready) {
            samples.remove(name);
        }
        if samples.is_empty() {
            let why = "did not receive metrics for targeted pods (pods might be unready)";
            return Err(why.into());
        }
        let requests = self.requests()?;
        let (ratio, found) = self.ratio(&samples, &requests)?;
        let answer = |replicas: i32| Answer {
            replicas,
            ..found.clone()
        };
        let up_with_unready = !groups.unready.is_empty() && ratio > 1.0;
        if !up_with_unready && groups.missing.is_empty() {
            if self.tolerances.allow(ratio) {
                return Ok(answer(self.current));
            }
            return Ok(answer((ratio * f64::from(groups.ready)).ceil() as i32));
        }
        let mut assume = |name: &Arc<str>, value: i64| {
            let sample = Sample {
                value,
                at: self.now,
                window: Span::ZERO,
            };
            samples.insert(name.clone(), sample);
        };
        for name in &groups.missing {
            if ratio < 1.0 {
                assume(name, self.all_of(name, &requests));
            } else if ratio > 1.0 {
                assume(name, 0);
            }
        }
        if up_with_unready {
            groups.unready.iter().for_each(|name| assume(name, 0));
        }
        let (again, _) = self.ratio(&samples, &requests)?;
        let turns = |a: f64, b: f64| a < 1.0 && b > 1.0 || a > 1.0 && b < 1.0;
        if self.tolerances.allow(again) || turns(ratio, again) {
            return Ok(answer(self.current));
        }
        let replicas = (again * samples.len() as f64).ceil() as i32;
        let wrong_way =
            again < 1.0 && replicas > self.current || again > 1.0 && replicas < self.current;
        Ok(answer(if wrong_way { self.current } else { replicas }))
    }

    /// What a pod without figures is taken to use when the others use too little.
    fn all_of(&self, name: &Arc<str>, requests: &BTreeMap<Arc<str>, i64>) -> i64 {
        match self.wanted {
            Wanted::Average(value) => value,
            Wanted::Utilization(percent) => {
                let request = requests.get(name).copied().unwrap_or(0);
                request * i64::from(percent.max(100)) / 100
            }
        }
    }

    fn groups(&self, samples: &Samples) -> Groups {
        let mut groups = Groups::default();
        for pod in self.pods {
            let Some(body) = pod.pod() else { continue };
            let name = pod.meta.name.clone();
            let phase = body.status.phase;
            if pod.meta.is_deleting() || phase.is_terminal() {
                groups.ignored.push(name);
            } else if phase == Phase::Pending {
                groups.unready.push(name);
            } else if let Some(sample) = samples.get(&name) {
                if self.resource == "cpu" && self.is_unready(body, sample) {
                    groups.unready.push(name);
                } else {
                    groups.ready += 1;
                }
            } else {
                groups.missing.push(name);
            }
        }
        groups
    }

    /// Whether a pod's cpu says nothing about its work yet.
    fn is_unready(&self, pod: &PodBody, sample: &Sample) -> bool {
        let condition = pod.status.condition(PodConditionType::Ready);
        let (Some(ready), Some(started)) = (condition, pod.status.start_time) else {
            return true;
        };
        let never = ready.status == ConditionStatus::False;
        if started + self.cpu_initialization > self.now {
            return never || sample.at < ready.transition + sample.window;
        }
        never && started + self.initial_readiness > ready.transition
    }

    /// What each pod requests; nothing where that does not matter. Errors: a container requests
    /// nothing.
    fn requests(&self) -> Result<BTreeMap<Arc<str>, i64>, String> {
        let mut all = BTreeMap::new();
        if let Wanted::Utilization(_) = self.wanted {
            for pod in self.pods {
                all.insert(pod.meta.name.clone(), self.request(pod)?);
            }
        }
        Ok(all)
    }

    fn request(&self, pod: &Object) -> Result<i64, String> {
        let (name, resource) = (&pod.meta.name, self.resource);
        let Some(spec) = pod.pod().map(|body| &body.spec.spec) else {
            return Ok(0);
        };
        let whole = spec.resources.as_ref().and_then(|r| r.requests.as_ref());
        if let (Some(requests), None) = (whole.filter(|r| !r.is_empty()), self.container) {
            let given = requests.get(resource).and_then(|q| parse_quantity(&q.0));
            let missing = || format!("missing pod-level request for {resource} in Pod {name}");
            return given.map(|amount| amount.milli()).ok_or_else(missing);
        }
        let is_sidecar = |c: &&Container| c.restart_policy.as_deref() == Some("Always");
        let sidecars = spec.init_containers.iter().flatten().filter(is_sidecar);
        let mut total = 0;
        for container in spec.containers.iter().chain(sidecars) {
            if self
                .container
                .is_some_and(|wanted| wanted != container.name)
            {
                continue;
            }
            let requests = container
                .resources
                .as_ref()
                .and_then(|r| r.requests.as_ref());
            let given = requests.and_then(|r| parse_quantity(&r.get(resource)?.0));
            let given = given.ok_or_else(|| {
                let container = &container.name;
                format!("missing request for {resource} in container {container} of Pod {name}")
            })?;
            total += given.milli();
            if self.container.is_some() {
                return Ok(total);
            }
        }
        match self.container {
            Some(container) => Err(format!("container {container} not found in Pod {name}")),
            None => Ok(total),
        }
    }

    /// Usage by target, with what was found.
    fn ratio(
        &self,
        samples: &Samples,
        requests: &BTreeMap<Arc<str>, i64>,
    ) -> Result<(f64, Answer), String> {
        let (mut used, mut requested, mut count) = (0i64, 0i64, 0i64);
        for (name, sample) in samples {
            if let Wanted::Utilization(_) = self.wanted {
                let Some(request) = requests.get(name) else {
                    continue;
                };
                requested = requested.saturating_add(*request);
            }
            used = used.saturating_add(sample.value);
            count += 1;
        }
        let mut answer = Answer {
            replicas: self.current,
            utilization: None,
            average: used / count.max(1),
        };
        let (is, wanted) = match self.wanted {
            Wanted::Average(wanted) => (answer.average, wanted),
            Wanted::Utilization(wanted) => {
                if requested == 0 {
                    return Err("no metrics returned matched known pods".into());
                }
                let percent = i128::from(used) * 100 / i128::from(requested);
                let percent = i32::try_from(percent).unwrap_or(i32::MAX);
                answer.utilization = Some(percent);
                (percent.into(), wanted.into())
            }
        };
        Ok((is as f64 / wanted as f64, answer))
    }
}
