//! What the web would answer to `-f https://…`: the manifest without which autoscalers have
//! nothing to go by.
//!
//! Upstream: `kubernetes-sigs/metrics-server/manifests`. Differs: written anew from its list of
//! fields, with fewer rules; the kubelets' certificates are good enough for it, where those of a
//! cluster as kubeadm makes it ask for `--kubelet-insecure-tls`.

/// Project and file of an address of GitHub's releases, whatever the release.
const RELEASES: &[(&str, &str, &str)] = &[(
    "https://github.com/kubernetes-sigs/metrics-server/releases/",
    "/components.yaml",
    include_str!("metrics-server.yml"),
)];

/// The text behind an address, if it is one of those that are known.
pub(super) fn text_at(address: &str) -> Option<&'static str> {
    let mut known = RELEASES.iter();
    let found = known.find(|(head, tail, _)| address.starts_with(head) && address.ends_with(tail));
    found.map(|row| row.2)
}
