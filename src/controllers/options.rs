//! Flags and fixed times of the controller manager, each of which a scenario may set.
//!
//! Upstream: the flags of `kube-controller-manager`, and the constants that each field names.

use crate::clock::{SimTime, Span};

/// What the controller manager was started with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// When the controllers started: passes happen at this moment plus multiples of their period.
    pub started: SimTime,
    /// `--node-monitor-period`.
    pub node_monitor_period: Span,
    /// `--node-monitor-grace-period`.
    pub node_monitor_grace: Span,
    /// `--node-startup-grace-period`: for a node whose kubelet has never reported.
    pub node_startup_grace: Span,
    /// `--node-eviction-rate`, as the time between two nodes of one zone.
    pub node_eviction_every: Span,
    /// `--secondary-node-eviction-rate`, as the time between two nodes of one zone.
    pub secondary_node_eviction_every: Span,
    /// `--unhealthy-zone-threshold`, in percent.
    pub unhealthy_zone_percent: i64,
    /// `--large-cluster-size-threshold`.
    pub large_cluster_nodes: i64,
    /// `nodeEvictionPeriod` of `node_lifecycle_controller.go`: how often the queues are looked at.
    pub node_eviction_period: Span,
    /// `gcCheckPeriod` of `pkg/controller/podgc`.
    pub pod_gc_period: Span,
    /// `quarantineTime` of `pkg/controller/podgc`.
    pub pod_gc_quarantine: Span,
    /// `--terminated-pod-gc-threshold`.
    pub terminated_pods_max: i64,
    /// `namespaceDeletionGracePeriod` of `pkg/controller/namespace`.
    pub namespace_deletion_grace: Span,
    /// `BurstReplicas` of `pkg/controller/replicaset`, `MaxPodCreateDeletePerSync` of
    /// `pkg/controller/job`: pods a sync at most.
    pub burst_replicas: i32,
    /// `BurstReplicas` of `pkg/controller/daemon`: pods a sync at most.
    pub daemon_burst_replicas: i32,
    /// The back-off of `startDaemonSetController` in `cmd/kube-controller-manager/app/apps.go`: the
    /// wait before a failed daemon pod is replaced, doubled by each further failure up to …
    pub daemon_pod_backoff: Span,
    /// … this.
    pub daemon_pod_backoff_max: Span,
    /// `DeletionTimeout` of `pkg/controller/disruption`: how long an evicted pod counts as going.
    pub disruption_timeout: Span,
    /// How long a provisioner takes for a volume: not Kubernetes' own, each driver has another.
    pub provisioning_time: Span,
    /// `SyncJobBatchPeriod` of `pkg/controller/job`: from a pod's change to the sync.
    pub job_sync_batch: Span,
    /// `DefaultJobPodFailureBackOff`, doubled by each further failure up to …
    pub job_pod_backoff: Span,
    /// `MaxJobPodFailureBackOff`.
    pub job_pod_backoff_max: Span,
    /// `nextScheduleDelta` of `pkg/controller/cronjob`: how long after a time it is looked at.
    pub cron_job_delay: Span,
    /// `DefaultJobApiBackOff`, doubled by each further failure up to …
    pub job_api_backoff: Span,
    /// `MaxJobApiBackOff`.
    pub job_api_backoff_max: Span,
    /// `--horizontal-pod-autoscaler-sync-period`.
    pub autoscaler_sync: Span,
    /// `--horizontal-pod-autoscaler-downscale-stabilization`.
    pub autoscaler_downscale_stabilization: Span,
    /// `--horizontal-pod-autoscaler-cpu-initialization-period`.
    pub autoscaler_cpu_initialization: Span,
    /// `--horizontal-pod-autoscaler-initial-readiness-delay`.
    pub autoscaler_initial_readiness: Span,
    /// `--horizontal-pod-autoscaler-tolerance`, in thousandths.
    pub autoscaler_tolerance_milli: i64,
}

impl Options {
    /// The defaults of v1.36, with the moment of the start.
    pub fn new(started: SimTime) -> Options {
        Options {
            started,
            node_monitor_period: Span::secs(5),
            node_monitor_grace: Span::secs(50),
            node_startup_grace: Span::secs(60),
            node_eviction_every: Span::secs(10),
            secondary_node_eviction_every: Span::secs(100),
            unhealthy_zone_percent: 55,
            large_cluster_nodes: 50,
            node_eviction_period: Span::millis(100),
            pod_gc_period: Span::secs(20),
            pod_gc_quarantine: Span::secs(40),
            terminated_pods_max: 12_500,
            namespace_deletion_grace: Span::secs(5),
            burst_replicas: 500,
            daemon_burst_replicas: 250,
            daemon_pod_backoff: Span::secs(1),
            daemon_pod_backoff_max: Span::secs(15 * 60),
            disruption_timeout: Span::secs(120),
            provisioning_time: Span::secs(1),
            job_sync_batch: Span::secs(1),
            job_pod_backoff: Span::secs(10),
            job_pod_backoff_max: Span::secs(600),
            cron_job_delay: Span::millis(100),
            job_api_backoff: Span::secs(1),
            job_api_backoff_max: Span::secs(60),
            autoscaler_sync: Span::secs(15),
            autoscaler_downscale_stabilization: Span::secs(300),
            autoscaler_cpu_initialization: Span::secs(300),
            autoscaler_initial_readiness: Span::secs(30),
            autoscaler_tolerance_milli: 100,
        }
    }

    /// The first of the moments `started + k * period` that is no earlier than `at`.
    pub(super) fn pass_at_or_after(&self, period: Span, at: SimTime) -> SimTime {
        let (since, every) = ((at - self.started).as_micros(), period.as_micros().max(1));
        let passes = since.div_euclid(every) + i64::from(since.rem_euclid(every) != 0);
        self.started + period * passes.max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_lie_on_a_grid_from_the_start() {
        let at = SimTime::from_unix_secs;
        let options = Options::new(at(102));
        for (asked, pass) in [(50, 102), (102, 102), (103, 107), (107, 107), (108, 112)] {
            let found = options.pass_at_or_after(Span::secs(5), at(asked));
            assert_eq!(found, at(pass), "asked for {asked}");
        }
    }
}
