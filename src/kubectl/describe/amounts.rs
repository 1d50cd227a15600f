//! Sums of requests and limits, and their share of a node.
//!
//! Upstream: `component-helpers/resource`, `apimachinery/pkg/api/resource` (canonical form).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, PodSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::api::parse_quantity;

/// Amounts by resource: thousandths, and whether they print with binary suffixes.
#[derive(Clone, Debug, Default)]
pub(super) struct Amounts(BTreeMap<String, (i64, bool)>);

/// Requests and limits.
#[derive(Clone, Debug, Default)]
pub(super) struct Both {
    pub requests: Amounts,
    pub limits: Amounts,
}

impl Both {
    /// What a pod asks for, its init containers considered.
    pub fn of(spec: &PodSpec) -> Both {
        let requests = |c: &Container| c.resources.as_ref().and_then(|r| r.requests.clone());
        let limits = |c: &Container| c.resources.as_ref().and_then(|r| r.limits.clone());
        Both {
            requests: Amounts::of(spec, requests),
            limits: Amounts::of(spec, limits),
        }
    }

    pub fn add(&mut self, other: Both) {
        self.requests.add(&other.requests);
        self.limits.add(&other.limits);
    }
}

impl Amounts {
    fn of(
        spec: &PodSpec,
        of: impl Fn(&Container) -> Option<BTreeMap<String, Quantity>>,
    ) -> Amounts {
        let mut total = Amounts::default();
        for container in &spec.containers {
            total.add(&Amounts::read(of(container)));
        }
        let mut sidecars = Amounts::default();
        let mut most = Amounts::default();
        for container in spec.init_containers.iter().flatten() {
            let own = Amounts::read(of(container));
            if container.restart_policy.as_deref() == Some("Always") {
                total.add(&own);
                sidecars.add(&own);
                most.raise(&sidecars);
            } else {
                let mut with = sidecars.clone();
                with.add(&own);
                most.raise(&with);
            }
        }
        total.raise(&most);
        total
    }

    fn read(map: Option<BTreeMap<String, Quantity>>) -> Amounts {
        let entries = map.into_iter().flatten().filter_map(|(name, quantity)| {
            let binary = quantity.0.ends_with('i');
            Some((name, (parse_quantity(&quantity.0)?.milli(), binary)))
        });
        Amounts(entries.collect())
    }

    fn add(&mut self, other: &Amounts) {
        for (name, (milli, binary)) in &other.0 {
            let own = self.0.entry(name.clone()).or_insert((0, *binary));
            own.0 = own.0.saturating_add(*milli);
        }
    }

    fn raise(&mut self, other: &Amounts) {
        for (name, (milli, binary)) in &other.0 {
            let own = self.0.entry(name.clone()).or_insert((0, *binary));
            own.0 = own.0.max(*milli);
        }
    }

    /// `250m`, `128Mi`, `0`.
    pub fn text(&self, name: &str) -> String {
        let (milli, binary) = self.0.get(name).copied().unwrap_or_default();
        canonical(milli, binary)
    }

    /// `250m (6%)`, of a capacity in the unit that the scheduler counts in.
    pub fn share(&self, name: &str, capacity: i64) -> String {
        let (milli, _) = self.0.get(name).copied().unwrap_or_default();
        let amount = if name == "cpu" { milli } else { milli / 1000 };
        let percent = if capacity == 0 {
            0
        } else {
            (amount as f64 / capacity as f64 * 100.0) as i64
        };
        format!("{} ({percent}%)", self.text(name))
    }
}

fn canonical(milli: i64, binary: bool) -> String {
    if milli % 1000 != 0 {
        return format!("{milli}m");
    }
    let units = milli / 1000;
    let (step, suffixes) = if binary {
        (1024, ["Ki", "Mi", "Gi", "Ti", "Pi"])
    } else {
        (1000, ["k", "M", "G", "T", "P"])
    };
    let (mut value, mut suffix) = (units, "");
    for next in suffixes {
        if value == 0 || value % step != 0 {
            break;
        }
        value /= step;
        suffix = next;
    }
    format!("{value}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_canonical() {
        for (milli, binary, text) in [
            (0, false, "0"),
            (250, false, "250m"),
            (2000, false, "2"),
            (1_000_000, false, "1k"),
            (128 * 1024 * 1024 * 1000, true, "128Mi"),
            (1536 * 1024 * 1000, true, "1536Ki"),
            (1000 * 1000, true, "1000"),
        ] {
            assert_eq!(canonical(milli, binary), text);
        }
    }
}
