//! Images: their full names, sizes and digests, which ones a registry lacks, and the queue of
//! pulls.
//!
//! Upstream: `pkg/kubelet/images/{image_manager,puller}.go`, `distribution/reference`, containerd's
//! errors. Differs: sizes and digests are invented; layers, credentials and the limit of five pulls
//! a second are not modelled.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{NodeImage, Order};
use crate::clock::{SimTime, Span, digest_of, push_hex};

use super::RuntimeOptions;

/// An image reference, read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Image {
    /// As the pod writes it.
    pub written: Arc<str>,
    /// `docker.io/library/nginx:1.7.9`.
    pub full: Arc<str>,
    /// `docker.io/library/nginx@sha256:…`.
    pub id: Arc<str>,
    pub size_bytes: i64,
    pub pull: Span,
    pub fault: Option<Fault>,
}

/// Why an image cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fault {
    /// It is no image reference at all.
    InvalidName,
    /// What the runtime says of the pull.
    Registry(Arc<str>),
}

/// Sizes as recorded; those of other images come out of their names.
const SIZES: &[(&str, i64)] = &[
    ("docker.io/library/busybox:latest", 59_271_168),
    ("docker.io/library/httpd:latest", 66_098_688),
    ("docker.io/library/nginx:latest", 36_228_608),
    ("docker.io/library/nginx:1.7.9", 62_715_136),
    ("docker.io/library/nginx:1.9.1", 31_206_144),
    ("docker.io/library/perl:5.34", 8_952_320),
    ("docker.io/prom/node-exporter:v1.0.0", 54_279_680),
    ("docker.io/prom/node-exporter:v1.1.0", 43_313_920),
];

impl Image {
    pub(super) fn read(written: &str, options: &RuntimeOptions) -> Image {
        let full = full_name(written);
        let name: Arc<str> = full.as_deref().unwrap_or(written).into();
        let size = options.sizes.get(written).copied();
        let known = SIZES.iter().find(|(full, _)| *full == &*name).map(|s| s.1);
        let drawn = 4_000_000 + i64::try_from(digest_of(&*name) % 240_000).unwrap_or(0) * 256;
        let fault = match &full {
            None => Some(Fault::InvalidName),
            Some(full) => registry_fault(written, full, options).map(Fault::Registry),
        };
        Image {
            written: written.into(),
            id: format!("{}@sha256:{}", repository(&name), hex64(&*name)).into(),
            full: name,
            size_bytes: size.or(known).unwrap_or(drawn),
            pull: options.pull_time(written),
            fault,
        }
    }
}

/// 64 hex digits that belong to a value.
pub(super) fn hex64(of: impl std::hash::Hash) -> String {
    let mut digits = String::with_capacity(64);
    for part in 0..4u64 {
        push_hex(&mut digits, digest_of(&(&of, part)));
    }
    digits
}

/// The name without tag.
fn repository(full: &str) -> &str {
    let slash = full.rfind('/').map_or(0, |at| at + 1);
    let tag = full.get(slash..).and_then(|last| last.find([':', '@']));
    tag.and_then(|at| full.get(..slash + at)).unwrap_or(full)
}

/// The last part of an image's name without tag: `nginx`.
pub(super) fn short_name(written: &str) -> &str {
    let repository = repository(written);
    repository.rsplit('/').next().unwrap_or(repository)
}

/// The reference with registry, path and tag. Errors: `None` for an invalid reference.
fn full_name(written: &str) -> Option<String> {
    let (name, digest) = match written.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (written, None),
    };
    let slash = name.rfind('/').map_or(0, |at| at + 1);
    let tag = name.get(slash..)?.find(':').map(|at| slash + at);
    let (path, tag) = match tag {
        Some(at) => (name.get(..at)?, name.get(at + 1..)?),
        None => (name, "latest"),
    };
    let tag_fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if tag.is_empty() || tag.len() > 128 || !tag.chars().all(tag_fits) || !valid_path(path) {
        return None;
    }
    let has_registry = path
        .split_once('/')
        .is_some_and(|(first, _)| is_registry(first));
    let base = match (has_registry, path.contains('/')) {
        (true, _) => path.to_string(),
        (false, true) => format!("docker.io/{path}"),
        (false, false) => format!("docker.io/library/{path}"),
    };
    Some(match digest {
        Some(digest) => format!("{base}@{digest}"),
        None => format!("{base}:{tag}"),
    })
}

fn is_registry(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost"
}

fn valid_path(path: &str) -> bool {
    let mut parts = path.split('/');
    let first_is_registry = path.contains('/') && parts.clone().next().is_some_and(is_registry);
    if first_is_registry {
        parts.next();
    }
    parts.all(|part| {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.starts_with(inner)
            && part.ends_with(inner)
            && part
                .chars()
                .all(|c| inner(c) || matches!(c, '_' | '.' | '-'))
    })
}

fn registry_fault(written: &str, full: &str, options: &RuntimeOptions) -> Option<Arc<str>> {
    if !options
        .missing
        .iter()
        .any(|part| written.contains(part.as_str()))
    {
        return None;
    }
    let repository = repository(full);
    let pulled = format!(
        "failed to pull and unpack image \"{full}\": failed to resolve reference \"{full}\": "
    );
    let why = if repository.contains("/nosuch") {
        format!(
            "rpc error: code = Unknown desc = {pulled}pull access denied, repository does not \
             exist or may require authorization: server message: insufficient_scope: \
             authorization failed"
        )
    } else {
        format!("rpc error: code = NotFound desc = {pulled}{full}: not found")
    };
    Some(why.into())
}

/// The images of one machine, and its one line of pulls.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct ImageStore {
    /// By full name: size.
    held: BTreeMap<Arc<str>, i64>,
    /// When the last pull that was asked for is done.
    busy_until: SimTime,
}

impl ImageStore {
    pub(super) fn holds(&self, image: &Image) -> bool {
        self.held.contains_key(&image.full)
    }

    pub(super) fn add(&mut self, image: &Image) {
        self.held.insert(image.full.clone(), image.size_bytes);
    }

    /// Puts a pull into the line: when it will be done. `taken`: times for which the line is not
    /// ours.
    pub(super) fn ask(
        &mut self,
        image: &Image,
        now: SimTime,
        taken: &[(SimTime, SimTime)],
    ) -> SimTime {
        let taken = taken
            .iter()
            .filter(|(from, until)| (*from..*until).contains(&now));
        let free = taken.map(|(_, until)| *until).max().unwrap_or(now);
        self.busy_until = self.busy_until.max(free) + image.pull;
        self.busy_until
    }

    pub(super) fn count(&self) -> usize {
        self.held.len()
    }

    /// As `status.images` lists them: the largest first.
    pub(super) fn list(&self) -> Vec<NodeImage> {
        let image = |(name, size): (&Arc<str>, &i64)| NodeImage {
            name: name.clone(),
            size_bytes: *size,
        };
        let mut list: Vec<NodeImage> = self.held.iter().map(image).collect();
        list.order_by_key(|image| -image.size_bytes);
        list
    }

    /// Pulls do not survive a power cut; images do.
    pub(super) fn power_cut(&mut self) {
        self.busy_until = SimTime::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed_as_the_runtime_does() {
        for (written, full) in [
            ("nginx", Some("docker.io/library/nginx:latest")),
            ("nginx:1.7.9", Some("docker.io/library/nginx:1.7.9")),
            (
                "prom/node-exporter:v1.0.0",
                Some("docker.io/prom/node-exporter:v1.0.0"),
            ),
            (
                "registry.k8s.io/pause:3.10",
                Some("registry.k8s.io/pause:3.10"),
            ),
            ("localhost:5000/app", Some("localhost:5000/app:latest")),
            ("app@sha256:ab", Some("docker.io/library/app@sha256:ab")),
            ("nginx:", None),
            ("NGINX", None),
            ("", None),
            ("a//b", None),
        ] {
            assert_eq!(full_name(written).as_deref(), full, "{written}");
        }
        assert_eq!(
            short_name("docker.io/prom/node-exporter:v1"),
            "node-exporter"
        );
        assert_eq!(repository("localhost:5000/app:1"), "localhost:5000/app");
    }

    #[test]
    fn a_missing_tag_is_told_in_containerds_words() {
        let image = Image::read("nginx:1.161", &RuntimeOptions::default());
        let Some(Fault::Registry(why)) = image.fault else {
            panic!("it should be missing")
        };
        assert_eq!(
            &*why,
            "rpc error: code = NotFound desc = failed to pull and unpack image \
             \"docker.io/library/nginx:1.161\": failed to resolve reference \
             \"docker.io/library/nginx:1.161\": docker.io/library/nginx:1.161: not found"
        );
        assert_eq!(
            Image::read("nginx:1.16.1", &RuntimeOptions::default()).fault,
            None
        );
    }

    #[test]
    fn pulls_wait_in_line() {
        let mut store = ImageStore::default();
        let image = Image::read("nginx", &RuntimeOptions::default());
        let at = |millis| SimTime::from_unix_secs(100) + Span::millis(millis);
        assert_eq!(store.ask(&image, at(0), &[]), at(1500));
        assert_eq!(store.ask(&image, at(60), &[]), at(3000));
        assert_eq!(store.ask(&image, at(9000), &[]), at(10_500));
        let taken = [(at(20_000), at(21_000))];
        assert_eq!(store.ask(&image, at(20_100), &taken), at(22_500));
        assert_eq!(store.ask(&image, at(30_000), &taken), at(31_500));
    }
}
