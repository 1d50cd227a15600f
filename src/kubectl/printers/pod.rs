//! Pods as a table: READY, STATUS and RESTARTS as the server derives them.
//!
//! Upstream: `printPod` in `printers.go`.

use k8s_openapi::api::core::v1::PodSpec;

use crate::api::{
    ConditionStatus, ContainerState, ContainerStatus, Object, PodBody, PodConditionType, Terminated,
};
use crate::clock::SimTime;

use super::{NONE, Printer, column, wide};
use crate::kubectl::age;

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        column("NAME"),
        column("READY"),
        column("STATUS"),
        column("RESTARTS"),
        column("AGE"),
        wide("IP"),
        wide("NODE"),
        wide("NOMINATED NODE"),
        wide("READINESS GATES"),
    ],
    cells: |object, now, _| {
        let Some(pod) = object.pod() else {
            return Vec::new();
        };
        let summary = Summary::of(object, pod);
        let text = |text: &Option<std::sync::Arc<str>>| match text {
            Some(text) => text.to_string(),
            None => NONE.to_string(),
        };
        let ip = pod
            .status
            .pod_ip
            .map_or(NONE.to_string(), |ip| ip.to_string());
        vec![
            object.meta.name.to_string(),
            format!("{}/{}", summary.ready, summary.total),
            summary.reason,
            restarts(summary.restarts, summary.restarted, now),
            age::since(object.meta.created, now),
            ip,
            text(&pod.node_name),
            text(&pod.status.nominated_node),
            gates(&pod.spec.spec),
        ]
    },
};

/// READY and STATUS.
pub fn words(object: &Object, pod: &PodBody) -> (String, String) {
    let summary = Summary::of(object, pod);
    (
        format!("{}/{}", summary.ready, summary.total),
        summary.reason,
    )
}

fn gates(spec: &PodSpec) -> String {
    // No controller of this cluster ever sets the condition of a readiness gate.
    let count = spec.readiness_gates.as_ref().map_or(0, Vec::len);
    if count == 0 {
        NONE.into()
    } else {
        format!("0/{count}")
    }
}

fn restarts(count: u32, last: Option<SimTime>, now: SimTime) -> String {
    match last {
        Some(last) if count > 0 => format!("{count} ({} ago)", age::since(last, now)),
        _ => count.to_string(),
    }
}

struct Summary {
    ready: usize,
    total: usize,
    reason: String,
    restarts: u32,
    restarted: Option<SimTime>,
}

fn restartable(spec: &PodSpec, name: &str) -> bool {
    let mut all = spec.init_containers.iter().flatten();
    all.any(|c| c.name == name && c.restart_policy.as_deref() == Some("Always"))
}

fn end_reason(end: &Terminated) -> String {
    match (&*end.reason, end.exit_code) {
        ("", code) => format!("ExitCode:{code}"),
        (reason, _) => reason.to_string(),
    }
}

impl Summary {
    fn of(object: &Object, pod: &PodBody) -> Summary {
        let (spec, status) = (&pod.spec.spec, &*pod.status);
        let sidecars = spec.init_containers.iter().flatten();
        let sidecars = sidecars.filter(|c| c.restart_policy.as_deref() == Some("Always"));
        let mut summary = Summary {
            ready: 0,
            total: spec.containers.len() + sidecars.count(),
            reason: match &status.reason {
                Some(reason) => reason.to_string(),
                None => status.phase.as_str().to_string(),
            },
            restarts: 0,
            restarted: None,
        };
        let scheduled = status.condition(PodConditionType::PodScheduled);
        if scheduled.and_then(|c| c.reason.as_deref()) == Some("SchedulingGated") {
            summary.reason = "SchedulingGated".into();
        }
        let initializing = summary.init_containers(pod);
        let initialized = status.condition(PodConditionType::Initialized);
        if !initializing || initialized.is_some_and(|c| c.status == ConditionStatus::True) {
            summary.containers(pod);
        }
        if object.meta.is_deleting() {
            if status.reason.as_deref() == Some("NodeLost") {
                summary.reason = "Unknown".into();
            } else if !status.phase.is_terminal() {
                summary.reason = "Terminating".into();
            }
        }
        summary
    }

    fn count_restarts(&mut self, status: &ContainerStatus) {
        self.restarts += status.restart_count;
        if let Some(last) = &status.last {
            self.restarted = self.restarted.max(Some(last.finished));
        }
    }

    /// Whether the pod is still busy with its init containers.
    fn init_containers(&mut self, pod: &PodBody) -> bool {
        let spec = &pod.spec.spec;
        let count = spec.init_containers.as_ref().map_or(0, Vec::len);
        for (index, status) in pod.status.init_containers.iter().enumerate() {
            self.count_restarts(status);
            let sidecar = restartable(spec, &status.name);
            if sidecar && status.ready && status.started {
                self.ready += 1;
            }
            let stopped_at = match &status.state {
                ContainerState::Terminated(end) if end.exit_code == 0 => continue,
                _ if sidecar && status.started => continue,
                ContainerState::Terminated(end) => end_reason(end),
                ContainerState::Waiting { reason, .. }
                    if !reason.is_empty() && &**reason != "PodInitializing" =>
                {
                    reason.to_string()
                }
                _ => format!("{index}/{count}"),
            };
            self.reason = format!("Init:{stopped_at}");
            return true;
        }
        false
    }

    fn containers(&mut self, pod: &PodBody) {
        let spec = &pod.spec.spec;
        (self.restarts, self.restarted) = (0, None);
        for status in &pod.status.init_containers {
            if restartable(spec, &status.name) {
                self.count_restarts(status);
            }
        }
        let (mut running, mut error) = (false, None);
        for status in pod.status.containers.iter().rev() {
            self.count_restarts(status);
            match &status.state {
                ContainerState::Waiting { reason, .. } if !reason.is_empty() => {
                    self.reason = reason.to_string();
                }
                ContainerState::Terminated(end) => {
                    self.reason = end_reason(end);
                    if end.exit_code != 0 {
                        error = Some(self.reason.clone());
                    }
                }
                ContainerState::Running { .. } if status.ready => {
                    running = true;
                    self.ready += 1;
                }
                _ => {}
            }
        }
        if self.reason == "Completed" {
            if running && pod.status.is_ready() {
                self.reason = "Running".into();
            } else if let Some(error) = error {
                self.reason = error;
            } else if running {
                self.reason = "NotReady".into();
            }
        }
    }
}
