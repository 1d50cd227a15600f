//! The page opened with `#bench`: the core measures itself, then the page draws a large world and
//! measures how soon a step back is seen. Figures go to `<body data-bench>`, a JSON object a line.
//!
//! Upstream: none.

use super::App;
use crate::session::{Msg, Step};
use crate::ui::dom;

/// The large world: as many pods on the hundred nodes that the core offers after its own benches.
const PODS: i32 = 1000;
const SPEED: f64 = 20.0;
const STEPS: usize = 9;

const MANIFEST: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1000
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: nginx
        image: nginx:1.7.9
";

#[derive(Clone, Default)]
pub struct Bench {
    lines: String,
    stage: Stage,
    /// Times from a key press to the changed page, milliseconds.
    times: Vec<f64>,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Stage {
    /// The core runs its own benches.
    #[default]
    Core,
    /// The large world comes up.
    Growing,
    /// A step back was asked for at this moment and has not been seen yet.
    Stepping(f64),
    Done,
}

impl App {
    /// A figure from the core.
    pub(super) fn bench_figure(&mut self, name: &str, value: f64, unit: &str, budget: Option<f64>) {
        let Some(bench) = &mut self.world.bench else {
            return;
        };
        let name = name.replace(['"', '\\'], "'");
        let budget = budget.map_or(String::new(), |most| format!(",\"budget\":{most}"));
        bench.lines.push_str(&format!(
            "{{\"name\":\"{name}\",\"value\":{value},\"unit\":\"{unit}\"{budget}}}\n"
        ));
        dom::mark_body("data-bench", &bench.lines);
    }

    /// The core has measured itself and offers the large world.
    pub(super) fn bench_grow(&mut self) {
        if let Some(bench) = &mut self.world.bench {
            bench.stage = Stage::Growing;
            let name = "web.yml".to_owned();
            let text = MANIFEST.to_owned();
            self.send(Msg::WriteFile { name, text });
            let line = "kubectl apply -f web.yml".to_owned();
            self.send(Msg::Console { line });
            self.send(Msg::Speed(SPEED));
            self.send(Msg::Play);
        }
    }

    /// The page shows what the last frame brought.
    pub(super) fn bench_seen(&mut self) {
        let ready = self.world.map.workloads.first().map_or(0, |w| w.ready);
        if self.world.map.is_late() {
            return;
        }
        let Some(bench) = &mut self.world.bench else {
            return;
        };
        match bench.stage {
            Stage::Growing if ready == PODS => {}
            Stage::Stepping(since) if self.world.bench_frame => {
                // Asks for the layout, so that it counts.
                dom::body().get_bounding_client_rect();
                bench.times.push(now_ms() - since);
            }
            _ => return,
        }
        self.world.bench_frame = false;
        if bench.times.len() < STEPS {
            bench.stage = Stage::Stepping(now_ms());
            self.send(Msg::Step(Step::Back));
        } else {
            bench.stage = Stage::Done;
            bench.times.sort_by(f64::total_cmp);
            let median = bench.times[STEPS / 2];
            let name = "step back, from key press to page, 1,000 pods on 100 nodes";
            self.bench_figure(name, median, "ms", Some(16.0));
            self.bench_end();
        }
    }

    fn bench_end(&mut self) {
        if let Some(bench) = &mut self.world.bench {
            bench.lines.push_str("{\"done\":true}\n");
            dom::mark_body("data-bench", &bench.lines);
            dom::mark_body("data-bench-done", "");
        }
    }
}

fn now_ms() -> f64 {
    dom::window().performance().map_or(0.0, |clock| clock.now())
}
