//! The visitor's text between visits. Each tab keeps its own draft, so that two tabs never write
//! over each other; a new tab starts from the newest one.
//!
//! Upstream: none.

use std::cmp::Reverse;

use super::dom;

const PREFIX: &str = "draft:";
/// How many drafts are kept.
const KEPT: usize = 8;

/// What a first visit finds in the editor: the chapter's Deployment.
pub const EXAMPLE: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: nginx-deployment
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web_server
  template:
    metadata:
      labels:
        app: web_server
    spec:
      containers:
      - name: nginx
        image: nginx:1.7.9
";

#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Milliseconds since 1970 on the visitor's clock.
    pub saved_ms: f64,
    /// The link that was open while it was written.
    pub link: Option<String>,
    pub text: String,
}

impl Draft {
    /// Three parts: when, the link (may be empty), the text as it is.
    fn write(&self) -> String {
        let link = self.link.as_deref().unwrap_or_default();
        format!("{}\n{link}\n{}", self.saved_ms, self.text)
    }

    fn parse(kept: &str) -> Option<Draft> {
        let mut parts = kept.splitn(3, '\n');
        let saved_ms = parts.next()?.parse().ok()?;
        let link = parts
            .next()
            .filter(|link| !link.is_empty())
            .map(str::to_owned);
        Some(Draft {
            saved_ms,
            link,
            text: parts.next()?.to_owned(),
        })
    }
}

/// Where this tab keeps its draft.
pub struct Drafts {
    tab: String,
    own: Option<Draft>,
}

impl Drafts {
    pub fn open() -> Drafts {
        // A tab that is duplicated copies its name too; only coming back to a page keeps it.
        let reloaded = dom::came_back();
        let known = dom::tab_storage()
            .filter(|_| reloaded)
            .and_then(|storage| storage.get_item(&dom::key("tab")).ok().flatten());
        let tab = known.unwrap_or_else(|| format!("{:x}", (js_sys::Math::random() * 1e15) as u64));
        if let Some(storage) = dom::tab_storage() {
            storage.set_item(&dom::key("tab"), &tab).ok();
        }
        let own = read(&format!("{PREFIX}{tab}"));
        Drafts { tab, own }
    }

    /// The text to begin with when this link is open: this tab's own draft, else (without a link)
    /// the newest of any tab.
    pub fn first(&self, link: Option<&str>) -> Option<String> {
        let own = self
            .own
            .as_ref()
            .filter(|draft| draft.link.as_deref() == link);
        match (own, link) {
            (Some(draft), _) => Some(draft.text.clone()),
            (None, None) => all().into_iter().next().map(|(_, draft)| draft.text),
            (None, Some(_)) => None,
        }
    }

    /// Keeps the text. Too long a text for the browser's storage stays only on the screen: false.
    pub fn save(&self, text: &str, link: Option<&str>) -> bool {
        let draft = Draft {
            saved_ms: js_sys::Date::now(),
            link: link.map(str::to_owned),
            text: text.to_owned(),
        };
        let Some(storage) = dom::local_storage() else {
            return false;
        };
        let kept = storage
            .set_item(&dom::key(&format!("{PREFIX}{}", self.tab)), &draft.write())
            .is_ok();
        for (key, _) in all().into_iter().skip(KEPT) {
            storage.remove_item(&key).ok();
        }
        kept
    }
}

/// All drafts with their keys, newest first.
fn all() -> Vec<(String, Draft)> {
    let Some(storage) = dom::local_storage() else {
        return Vec::new();
    };
    let prefix = dom::key(PREFIX);
    let mut found = Vec::new();
    for index in 0..storage.length().unwrap_or(0) {
        let Some(key) = storage.key(index).ok().flatten() else {
            continue;
        };
        let name = key.strip_prefix(&prefix);
        if let Some(draft) = name.and_then(|name| read(&format!("{PREFIX}{name}"))) {
            found.push((key, draft));
        }
    }
    found.sort_by_key(|(_, draft)| Reverse(draft.saved_ms as i64));
    found
}

fn read(name: &str) -> Option<Draft> {
    Draft::parse(&dom::recall(name)?)
}
