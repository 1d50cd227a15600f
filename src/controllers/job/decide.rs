//! Whether a Job is to end, and why: a pure function of what a sync has counted.
//!
//! Upstream: `syncJob` in `job_controller.go`, its first half.

use crate::api::{JobBody, JobStatus, Object, Phase};
use crate::clock::{SimTime, Span};

use super::indexes::Intervals;
use super::policy::{self, Verdict};
use super::sync::is_failed;

/// How a Job ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finish {
    /// Complete, or Failed.
    pub success: bool,
    /// Whether the status has the interim condition (SuccessCriteriaMet, FailureTarget) already.
    pub told: bool,
    pub reason: String,
    pub message: String,
}

impl Finish {
    fn failure(reason: &str, message: impl Into<String>) -> Option<Finish> {
        Some(Finish {
            success: false,
            told: false,
            reason: reason.into(),
            message: message.into(),
        })
    }

    /// A success that has just come.
    pub fn success(reason: &str, message: impl Into<String>) -> Finish {
        Finish {
            success: true,
            told: false,
            reason: reason.into(),
            message: message.into(),
        }
    }

    /// All completions are there.
    pub fn complete() -> Finish {
        Finish::success(
            "CompletionsReached",
            "Reached expected number of succeeded pods",
        )
    }
}

/// What the decision rests on.
pub(super) struct Facts<'f> {
    pub job: &'f JobBody,
    pub status: &'f JobStatus,
    pub pods: &'f [std::sync::Arc<Object>],
    /// Failed pods, those that are being counted included.
    pub failed: i32,
    pub succeeded_indexes: &'f Intervals,
    /// For Jobs with a back-off limit per index.
    pub failed_indexes: Option<&'f Intervals>,
    pub now: SimTime,
}

/// The first reason to end, in upstream's order; that all completions are there is seen later.
pub(super) fn decide(facts: &Facts<'_>) -> Option<Finish> {
    earlier(facts.status)
        .or_else(|| by_pod_failure_policy(facts))
        .or_else(|| by_limits(facts))
        .or_else(|| by_indexes(facts))
        .or_else(|| by_success_policy(facts))
}

fn earlier(status: &JobStatus) -> Option<Finish> {
    let told = |kind: &str, success: bool| {
        let condition = status.met(kind)?;
        Some(Finish {
            success,
            told: true,
            reason: condition.reason.to_string(),
            message: condition.message.to_string(),
        })
    };
    told("SuccessCriteriaMet", true).or_else(|| told("FailureTarget", false))
}

fn by_pod_failure_policy(facts: &Facts<'_>) -> Option<Finish> {
    let policy = facts.job.spec.pod_failure_policy.as_ref()?;
    let failed = facts.pods.iter().filter(|pod| is_failed(pod, facts.job));
    let mut verdicts = failed.map(|pod| policy::judge(Some(policy), pod));
    verdicts.find_map(|verdict| match verdict {
        Verdict::FailJob(message) => Finish::failure("PodFailurePolicy", message),
        _ => None,
    })
}

fn by_limits(facts: &Facts<'_>) -> Option<Finish> {
    if facts.failed > facts.job.backoff_limit() || restarts_exceed(facts) {
        let message = "Job has reached the specified backoff limit";
        return Finish::failure("BackoffLimitExceeded", message);
    }
    let deadline = deadline(facts.job, facts.status)?;
    if facts.now >= deadline {
        let message = "Job was active longer than specified deadline";
        return Finish::failure("DeadlineExceeded", message);
    }
    None
}

/// When the Job will have been active for too long.
pub(super) fn deadline(job: &JobBody, status: &JobStatus) -> Option<SimTime> {
    let seconds = job.spec.active_deadline_seconds?;
    let start = status.start_time.filter(|_| !job.is_suspended())?;
    Some(start + Span::secs(seconds))
}

/// Containers that are restarted in place count by their restarts.
fn restarts_exceed(facts: &Facts<'_>) -> bool {
    let pods = facts.job.spec.template.spec.as_ref();
    if pods.and_then(|s| s.restart_policy.as_deref()) != Some("OnFailure") {
        return false;
    }
    let bodies = facts.pods.iter().filter_map(|pod| pod.pod());
    let alive = bodies.filter(|b| matches!(b.status.phase, Phase::Running | Phase::Pending));
    let containers =
        alive.flat_map(|b| b.status.containers.iter().chain(&b.status.init_containers));
    let restarts: u32 = containers.map(|c| c.restart_count).sum();
    let limit = u32::try_from(facts.job.backoff_limit()).unwrap_or(0);
    restarts >= limit.max(1)
}

fn by_indexes(facts: &Facts<'_>) -> Option<Finish> {
    let failed = facts.failed_indexes?.total();
    if facts
        .job
        .spec
        .max_failed_indexes
        .is_some_and(|max| failed > max)
    {
        let message = "Job has exceeded the specified maximal number of failed indexes";
        return Finish::failure("MaxFailedIndexesExceeded", message);
    }
    let all = facts.job.spec.completions.unwrap_or(0);
    if failed > 0 && failed + facts.succeeded_indexes.total() >= all {
        return Finish::failure("FailedIndexes", "Job has failed indexes");
    }
    None
}

fn by_success_policy(facts: &Facts<'_>) -> Option<Finish> {
    if !facts.job.is_indexed() {
        return None;
    }
    let completions = facts.job.spec.completions.unwrap_or(0);
    let policy = facts.job.spec.success_policy.as_ref();
    let message = policy::succeeded(policy, completions, facts.succeeded_indexes)?;
    Some(Finish::success("SuccessPolicy", message))
}
