//! The page's small drawings, in one hand: thin round strokes in a square of sixteen.
//!
//! Upstream: none.

use yew::prelude::*;

pub fn icon(name: &str) -> Html {
    let path = match name {
        "play" => "M5 3.5v9l7.5-4.5z",
        "pause" => "M5.5 3.5v9M10.5 3.5v9",
        "back" => "M11.5 3.5v9L5.5 8zM4 3.5v9",
        "next" => "M4.5 3.5v9l6-4.5zM12 3.5v9",
        "share" => {
            "M6.5 9.5l3-3M7 4.8l1.3-1.3a2.9 2.9 0 0 1 4.2 4.2L11.2 9M9 11.2l-1.3 1.3a2.9 2.9 0 0 1-4.2-4.2L4.8 7"
        }
        "system" => "M2.5 3.5h11v7h-11zM6 13h4",
        "light" => {
            "M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6M8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M12.6 3.4l-1.1 1.1M4.5 11.5l-1.1 1.1"
        }
        "dark" => "M13 9.8A5.6 5.6 0 0 1 6.2 3 5.6 5.6 0 1 0 13 9.8",
        "help" => {
            "M6 6.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M8 11.8v.1M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8"
        }
        "close" => "M4 4l8 8M12 4l-8 8",
        "again" => "M12.8 8a4.8 4.8 0 1 1-1.5-3.5M12.8 2.5v2.6h-2.6",
        "user" => "M8 2.8a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5M3 13.4c.5-2.6 2.4-4 5-4s4.5 1.4 5 4",
        "power" => "M8 2.2v5M4.8 4.300a5 5 0 1 0 6.4 0",
        "warning" => "M8 2.500l6 10.500H2zM8 6.500v3M8 11.200v.1",
        "keyboard" => "M1.8 4.500h12.400v7H1.800zM4 7h.1M6.5 7h.1M9 7h.1M11.5 7h.1M5 9.500h6",
        _ => "",
    };
    html! {
        <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <path d={path} />
        </svg>
    }
}
