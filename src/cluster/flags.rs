//! Flags and times of the components by their names, for scenarios: `set NAME=VALUE`.
//!
//! Upstream: the flags of each component; a time that has no flag goes by upstream's name for its
//! constant, and those of the container runtime by our own. Differs: `--concurrent-*-syncs` are not
//! here, since a reconcile takes no simulated time; `--pod-eviction-timeout` is no more: how long a
//! pod stays on a lost node is the two default tolerations.

use crate::clock::Span;

use super::Setup;

/// One flag: how a scenario writes it, and where it lies.
struct Flag {
    name: &'static str,
    field: Field,
}

/// What a value is read as.
#[derive(Clone, Copy)]
enum Field {
    Time(fn(&mut Setup) -> &mut Span),
    Seconds(fn(&mut Setup) -> &mut i64),
    Count(fn(&mut Setup) -> &mut i64),
    /// So many a second, kept as the time between two.
    Rate(fn(&mut Setup) -> &mut Span),
    /// A fraction, kept in so many parts of one.
    Fraction(i32, fn(&mut Setup) -> &mut i64),
}

use Field::{Count, Fraction, Rate, Seconds, Time};

const fn flag(name: &'static str, field: Field) -> Flag {
    Flag { name, field }
}

/// All of them, component by component.
#[rustfmt::skip]
const FLAGS: &[Flag] = &[
    // kube-apiserver and its admission plugins
    flag("default-not-ready-toleration-seconds", Seconds(|s| &mut s.api.not_ready_toleration_secs)),
    flag("default-unreachable-toleration-seconds", Seconds(|s| &mut s.api.unreachable_toleration_secs)),
    flag("event-ttl", Time(|s| &mut s.api.event_ttl)),
    // metrics-server
    flag("metric-resolution", Time(|s| &mut s.api.metric_resolution)),
    // kube-controller-manager
    flag("node-monitor-period", Time(|s| &mut s.manager.node_monitor_period)),
    flag("node-monitor-grace-period", Time(|s| &mut s.manager.node_monitor_grace)),
    flag("node-startup-grace-period", Time(|s| &mut s.manager.node_startup_grace)),
    flag("node-eviction-rate", Rate(|s| &mut s.manager.node_eviction_every)),
    flag("secondary-node-eviction-rate", Rate(|s| &mut s.manager.secondary_node_eviction_every)),
    flag("unhealthy-zone-threshold", Fraction(100, |s| &mut s.manager.unhealthy_zone_percent)),
    flag("large-cluster-size-threshold", Count(|s| &mut s.manager.large_cluster_nodes)),
    flag("terminated-pod-gc-threshold", Count(|s| &mut s.manager.terminated_pods_max)),
    flag("horizontal-pod-autoscaler-sync-period", Time(|s| &mut s.manager.autoscaler_sync)),
    flag("horizontal-pod-autoscaler-downscale-stabilization", Time(|s| &mut s.manager.autoscaler_downscale_stabilization)),
    flag("horizontal-pod-autoscaler-cpu-initialization-period", Time(|s| &mut s.manager.autoscaler_cpu_initialization)),
    flag("horizontal-pod-autoscaler-initial-readiness-delay", Time(|s| &mut s.manager.autoscaler_initial_readiness)),
    flag("horizontal-pod-autoscaler-tolerance", Fraction(1000, |s| &mut s.manager.autoscaler_tolerance_milli)),
    flag("node-eviction-period", Time(|s| &mut s.manager.node_eviction_period)),
    flag("gc-check-period", Time(|s| &mut s.manager.pod_gc_period)),
    flag("quarantine-time", Time(|s| &mut s.manager.pod_gc_quarantine)),
    flag("namespace-deletion-grace-period", Time(|s| &mut s.manager.namespace_deletion_grace)),
    flag("sync-job-batch-period", Time(|s| &mut s.manager.job_sync_batch)),
    flag("job-pod-failure-backoff", Time(|s| &mut s.manager.job_pod_backoff)),
    flag("max-job-pod-failure-backoff", Time(|s| &mut s.manager.job_pod_backoff_max)),
    flag("next-schedule-delta", Time(|s| &mut s.manager.cron_job_delay)),
    flag("daemon-pod-failure-backoff", Time(|s| &mut s.manager.daemon_pod_backoff)),
    flag("max-daemon-pod-failure-backoff", Time(|s| &mut s.manager.daemon_pod_backoff_max)),
    flag("deletion-timeout", Time(|s| &mut s.manager.disruption_timeout)),
    flag("provisioning", Time(|s| &mut s.manager.provisioning_time)),
    // kube-scheduler
    flag("pod-initial-backoff-seconds", Seconds(|s| &mut s.scheduler.backoff_secs)),
    flag("pod-max-backoff-seconds", Seconds(|s| &mut s.scheduler.backoff_max_secs)),
    flag("pod-max-in-unschedulable-pods-duration", Time(|s| &mut s.scheduler.unschedulable_max)),
    // kubelet
    flag("container-restart-period", Time(|s| &mut s.runtime.backoff)),
    flag("max-container-restart-period", Time(|s| &mut s.runtime.backoff_max)),
    flag("sync-retry", Time(|s| &mut s.runtime.retry)),
    // the container runtime
    flag("mount", Time(|s| &mut s.runtime.mount)),
    flag("sandbox", Time(|s| &mut s.runtime.sandbox)),
    flag("stagger", Time(|s| &mut s.runtime.stagger)),
    flag("pull", Time(|s| &mut s.runtime.pull)),
    flag("create", Time(|s| &mut s.runtime.create)),
    flag("start", Time(|s| &mut s.runtime.start)),
    flag("stop", Time(|s| &mut s.runtime.stop)),
    flag("stop-sandbox", Time(|s| &mut s.runtime.stop_sandbox)),
];

/// A year: longer is no time that a story needs.
const TIME_MAX: Span = Span::secs(365 * 24 * 3600);
const COUNT_MAX: i64 = 1_000_000_000;

impl Setup {
    /// Sets a flag; `span` is the value read as a duration, where it is one. Errors: an unknown
    /// name, or a value that is none for it.
    pub fn set_flag(&mut self, name: &str, value: &str, span: Option<Span>) -> Result<(), String> {
        let row = FLAGS.iter().find(|flag| flag.name == name);
        let row = row.ok_or("no such flag: docs/SCENARIOS.md lists them")?;
        let time = || {
            let span = span.filter(|span| *span <= TIME_MAX);
            span.ok_or("a duration is wanted: 200ms, 10s, 5m, 1h".to_string())
        };
        let number = |least: f64| {
            let number = value.parse().ok();
            let number = number.filter(|n: &f64| (least..=1e9).contains(n));
            number.ok_or("a number is wanted".to_string())
        };
        match row.field {
            Time(field) => *field(self) = time()?,
            Seconds(field) => *field(self) = time()?.as_secs(),
            Count(field) => {
                let count = value.parse().ok().filter(|n| (0..=COUNT_MAX).contains(n));
                *field(self) = count.ok_or("a whole number is wanted")?;
            }
            Rate(field) => *field(self) = Span::micros((1e6 / number(1e-6)?) as i64),
            Fraction(parts, field) => {
                *field(self) = (number(0.0)? * f64::from(parts)).round() as i64;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Flags with their defaults, as the page tells them.
    fn told() -> Vec<(String, String)> {
        let page = include_str!("../../docs/SCENARIOS.md");
        let mut all = Vec::new();
        for line in page.lines().filter(|line| line.starts_with("| ")) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, _, flags, defaults, _] = cells.as_slice() else {
                continue;
            };
            let known = |word: &&str| FLAGS.iter().any(|flag| flag.name == *word);
            let flags: Vec<&str> = flags.split('`').filter(known).collect();
            let defaults: Vec<&str> = defaults.split(", ").collect();
            for (i, flag) in flags.iter().enumerate() {
                let default = defaults.get(i).or(defaults.first()).expect("a default");
                all.push((flag.to_string(), default.to_string()));
            }
        }
        all
    }

    fn span(text: &str) -> Option<Span> {
        let end = text.find(|c: char| c.is_ascii_alphabetic())?;
        let (number, unit) = text.split_at(end);
        let unit = match unit {
            "ms" => 1e3,
            "s" => 1e6,
            "m" => 60e6,
            _ => 3600e6,
        };
        Some(Span::micros((number.parse::<f64>().ok()? * unit) as i64))
    }

    #[test]
    fn the_page_tells_every_flag_with_its_default() {
        let told = told();
        for flag in FLAGS {
            let default = told.iter().find(|(name, _)| name == flag.name);
            let (_, default) = default.unwrap_or_else(|| panic!("{} is not told", flag.name));
            let mut setup = Setup::chapter(1);
            let seconds = || default.parse().ok().map(Span::secs);
            let done = setup.set_flag(flag.name, default, span(default).or_else(seconds));
            assert_eq!(done, Ok(()), "{}={default}", flag.name);
            assert_eq!(
                setup,
                Setup::chapter(1),
                "{}={default} is no default",
                flag.name
            );
        }
    }

    #[test]
    fn every_flag_moves_a_field_of_its_own() {
        let mut seen = vec![Setup::chapter(1)];
        for flag in FLAGS {
            let mut setup = Setup::chapter(1);
            let done = setup.set_flag(flag.name, "7777", Some(Span::secs(7777)));
            assert_eq!(done, Ok(()), "{}", flag.name);
            assert!(
                !seen.contains(&setup),
                "{} moves nothing of its own",
                flag.name
            );
            seen.push(setup);
        }
    }

    #[test]
    fn values_are_read_by_what_they_mean() {
        let mut setup = Setup::chapter(1);
        for (name, value, span, wanted) in [
            ("node-eviction-rate", "0.5", None, Ok(())),
            ("unhealthy-zone-threshold", "0.55", None, Ok(())),
            ("horizontal-pod-autoscaler-tolerance", "0.05", None, Ok(())),
            (
                "default-unreachable-toleration-seconds",
                "30s",
                Some(30),
                Ok(()),
            ),
            (
                "event-ttl",
                "soon",
                None,
                Err("a duration is wanted: 200ms, 10s, 5m, 1h"),
            ),
            (
                "event-ttl",
                "9e9s",
                Some(9_000_000_000),
                Err("a duration is wanted: 200ms, 10s, 5m, 1h"),
            ),
            ("node-eviction-rate", "0", None, Err("a number is wanted")),
            (
                "terminated-pod-gc-threshold",
                "1.5",
                None,
                Err("a whole number is wanted"),
            ),
            (
                "concurrent-job-syncs",
                "5",
                None,
                Err("no such flag: docs/SCENARIOS.md lists them"),
            ),
        ] {
            let done = setup.set_flag(name, value, span.map(Span::secs));
            assert_eq!(done, wanted.map_err(str::to_string), "{name}={value}");
        }
        let manager = &setup.manager;
        assert_eq!(manager.node_eviction_every, Span::secs(2));
        assert_eq!(manager.unhealthy_zone_percent, 55);
        assert_eq!(manager.autoscaler_tolerance_milli, 50);
        assert_eq!(setup.api.unreachable_toleration_secs, 30);
    }
}
