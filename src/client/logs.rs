//! What containers write, as the API server would fetch it from a kubelet: kubectl asks by this
//! door, since it knows nothing of kubelets.
//!
//! Upstream: the subresource `pods/log`.

use crate::api::Object;
use crate::clock::SimTime;

/// One run of a container, from its start to its end if it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogRun {
    pub started: SimTime,
    pub ended: Option<SimTime>,
}

/// A line with the moment at which it was written.
pub type LogLine = (SimTime, String);

/// Who has the logs.
pub trait LogSource {
    /// The lines that a run has written after one moment (all, if `None`) and until another one.
    fn lines(
        &self,
        pod: &Object,
        container: &str,
        run: LogRun,
        after: Option<SimTime>,
        until: SimTime,
    ) -> Vec<LogLine>;

    /// When the run writes next.
    fn next_line(
        &self,
        pod: &Object,
        container: &str,
        run: LogRun,
        after: SimTime,
    ) -> Option<SimTime>;
}

/// Containers that write nothing: for tests without a kubelet.
pub struct NoLogs;

impl LogSource for NoLogs {
    fn lines(
        &self,
        _: &Object,
        _: &str,
        _: LogRun,
        _: Option<SimTime>,
        _: SimTime,
    ) -> Vec<LogLine> {
        Vec::new()
    }

    fn next_line(&self, _: &Object, _: &str, _: LogRun, _: SimTime) -> Option<SimTime> {
        None
    }
}
