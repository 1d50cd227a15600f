//! The logs of containers: computed from what their programs write, when somebody reads.
//!
//! Upstream: `pkg/kubelet/kuberuntime/logs`. Differs: nothing is stored; only the last 5,000 rounds
//! of an endless loop are shown.

use crate::api::Object;
use crate::client::{LogLine, LogRun, LogSource};
use crate::clock::SimTime;

use super::RuntimeOptions;
use super::output::fill;
use super::programs::Program;

impl LogSource for RuntimeOptions {
    fn lines(
        &self,
        pod: &Object,
        container: &str,
        run: LogRun,
        after: Option<SimTime>,
        until: SimTime,
    ) -> Vec<LogLine> {
        let Some(program) = program(pod, container, self) else {
            return Vec::new();
        };
        let until = run.ended.map_or(until, |ended| ended.min(until));
        let after = after.map(|after| after - run.started);
        let mut out = Vec::new();
        for (at, text) in program.output.between(after, until - run.started) {
            let at = run.started + at;
            let text = fill(text, at, &pod.meta.name);
            out.extend(text.lines().map(|line| (at, line.to_string())));
        }
        out
    }

    fn next_line(
        &self,
        pod: &Object,
        container: &str,
        run: LogRun,
        after: SimTime,
    ) -> Option<SimTime> {
        let next = program(pod, container, self)?
            .output
            .next(after - run.started)?;
        let at = run.started + next;
        Some(at).filter(|at| run.ended.is_none_or(|ended| *at <= ended))
    }
}

fn program(pod: &Object, container: &str, options: &RuntimeOptions) -> Option<Program> {
    let spec = &pod.pod()?.spec.spec;
    let mut all = spec
        .containers
        .iter()
        .chain(spec.init_containers.iter().flatten());
    let found = all.find(|c| c.name == container)?;
    Some(Program::of(
        found.image.as_deref().unwrap_or_default(),
        found.command.as_deref().unwrap_or_default(),
        found.args.as_deref().unwrap_or_default(),
        options,
    ))
}
