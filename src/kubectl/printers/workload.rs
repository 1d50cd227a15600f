//! Cells that all workloads share: containers, images, selector.
//!
//! Upstream: `layoutContainerCells` in `printers.go`.

use k8s_openapi::api::core::v1::PodTemplateSpec;

use crate::api::Selector;

use super::or_none;

/// The cells CONTAINERS, IMAGES and SELECTOR.
pub(super) fn container_cells(template: &PodTemplateSpec, selector: &Selector) -> [String; 3] {
    let containers = template.spec.iter().flat_map(|spec| &spec.containers);
    let names: Vec<&str> = containers.clone().map(|c| c.name.as_str()).collect();
    let images: Vec<&str> = containers
        .map(|c| c.image.as_deref().unwrap_or_default())
        .collect();
    [
        names.join(","),
        images.join(","),
        or_none(&selector.to_string()).to_string(),
    ]
}
