//! The table of the page's words: a row a text. Another language is another column of the macro
//! below, and a row that lacks it does not compile.
//!
//! Upstream: none.

macro_rules! words {
    ($($field:ident = $english:literal;)*) => {
        pub struct Words { $(pub $field: &'static str,)* }

        pub static EN: Words = Words { $($field: $english,)* };

        impl Words {
            /// A text by its key, for keys that come from the core.
            pub fn by_key(&self, key: &str) -> Option<&'static str> {
                match key {
                    $(stringify!($field) => Some(self.$field),)*
                    _ => None,
                }
            }
        }
    };
}

words! {
    title = "Kube Orrery";

    // The top of the page.
    seed = "seed {0}";
    seed_word = "Seed";
    epoch = "starts at {0}";
    epoch_title = "The simulated clock always starts at this moment, so that what you see can be repeated";
    share = "Share";
    share_title = "Copy a link that opens at this very moment";
    share_copied = "Link copied. It opens at this moment, with the same state.";
    share_long = "Link copied. It is {0} characters long; some chat programs cut links above 2,000.";
    share_by_hand = "The browser keeps its clipboard closed to this page. Copy the link from here:";
    theme_system = "Colours: as the system";
    theme_light = "Colours: light";
    theme_dark = "Colours: dark";
    shortcuts = "Keyboard shortcuts";
    about = "About this page";

    // Panes.
    panes = "Panes";
    map = "Map";
    editor = "Editor";
    console = "Console";
    details = "Details";
    events = "Events";
    split_editor = "Width of the editor";
    split_console = "Height of the console";
    split_details = "Width of the details";
    close = "Close";
    dismiss = "Dismiss";

    // The editor.
    apply = "Apply";
    apply_key = "Ctrl ↵";
    apply_key_mac = "⌘ ↵";
    apply_title = "kubectl apply -f nginx.yml (Ctrl+Enter)";
    editor_label = "Manifest nginx.yml";
    editor_leave = "Ctrl+M, then Tab, leaves the editor";
    editor_plain = "The large editor could not be loaded; the plain one works as well.";
    editor_reset = "Put the example back";
    editor_reset_done = "The example is back in the editor. Undo brings your text back.";
    paste_too_long = "That text is longer than 5 MB: it was not taken into the editor.";
    draft_not_kept = "This text cannot be kept in the browser's storage: it will be gone after a reload.";
    no_problems = "No problems found";
    one_problem = "1 problem";
    problems = "{0} problems";
    checker_died = "The manifest could not be checked: {0}";

    // The console.
    console_hint = "kubectl, node off NAME, node on NAME";
    console_output = "Console output";
    console_input = "Command";
    console_placeholder = "kubectl get pods -o wide";
    console_interrupt = "Ctrl+C ends the waiting command";
    console_empty = "What you do by click or key is written here in kubectl's words.";
    waiting = "waiting…";
    waiting_paused = "waiting: the clock is paused (Space)";

    // The map.
    nodes = "Nodes";
    node = "Node";
    pods = "Pods";
    status = "Status";
    power = "Power";
    on = "on";
    off = "off";
    cpu = "CPU";
    memory = "Memory";
    memory_short = "Mem";
    tray = "Waiting for a node";
    legend = "Symbols";
    pods_in_all = "{0} pods";
    no_node = "no node";
    node_off_unseen = "{0}, switched off";
    about_node = "{0}: {1}, power {2}, pods {3}, CPU {4}, memory {5}";
    about_pod = "{0}: {1}, {2} ready, on {3}, {4} restarts";
    two_states = "{0} ({1})";
    about_workload = "{0} {1}: {2} ready";
    workloads = "Workloads";
    you = "you";
    more = "and {0} more";
    nothing_runs = "Nothing has been applied yet.";
    hint_apply = "Apply this manifest: two pods start on the nodes.";
    hint_node = "Click a node to switch it off, then let time run.";
    hint_back = "Step back (←) and do it differently.";
    look_pending = "Pending";
    look_starting = "Starting";
    look_running = "Running";
    look_not_ready = "Not ready";
    look_terminating = "Terminating";
    look_succeeded = "Succeeded";
    look_failed = "Failed";
    look_lost = "Lost";
    switch_off = "Switch off";
    switch_on = "Switch on";
    cordon = "Cordon";
    uncordon = "Uncordon";
    drain = "Drain";

    // Details and events.
    details_empty = "Click a node, a pod or a workload to see what it is and why.";
    details_text = "Details of the selection";
    details_gone = "It does not exist at this moment.";
    delete = "Delete this {0}";
    load_on = "Ask 1 core of it";
    load_off = "Ask nothing of it";
    why = "Why?";
    yaml = "YAML";
    events_list = "List of events";
    events_earlier = "Earlier events";
    events_empty = "Nothing has happened yet.";
    go_to = "Go to {0}";
    go_to_moment = "Set the clock to this moment";

    // Time.
    time = "Time";
    steps = "Steps";
    play = "Play (Space)";
    pause = "Pause (Space)";
    back = "Step back (←)";
    next_event = "To the next event (→)";
    plus_1s = "+1 s";
    plus_10s = "+10 s";
    plus_1m = "+1 min";
    plus_1s_title = "Forward by a second (1)";
    plus_10s_title = "Forward by ten seconds (2)";
    plus_1m_title = "Forward by a minute (3)";
    speed = "Speed";
    speed_title = "Simulated seconds in a second";
    scrubber = "Moment of the story";
    in_past = "in the past";
    in_past_title = "Whatever you do now starts another future from here";
    state = "state";
    behind = "{0} s behind";
    hash_title = "State hash {0}: two worlds with the same hash are the same";

    // Dialogs.
    key_apply = "Apply the manifest";
    key_play = "Play or pause";
    key_back = "Step back to before the last change";
    key_next = "Go to the next event";
    key_forward = "Forward by 1 s, 10 s, 1 min";
    key_console = "Go to the console";
    key_history = "In the console: earlier commands";
    key_interrupt = "In the console: end a waiting command";
    key_leave = "In the editor: let Tab leave it";
    key_problem = "In the editor: next problem";
    key_help = "This sheet";
    about_what = "A whole Kubernetes cluster, simulated in this tab like clockwork: apply manifests, break machines, stop the time and turn it back.";
    about_seed = "The same seed and the same acts always give the same story, to the microsecond. That is what a shared link holds.";
    about_private = "Nothing leaves this computer: there is no server behind this page.";
    fidelity = "How true is this?";
    fidelity_text = "Commands of recorded real clusters are replayed here and compared, word by word. What is the same and what differs is counted and explained.";
    fidelity_link = "See how each recording compares";
    start_again = "Start again";
    start_again_title = "Start again, with this or another seed";
    start_again_text = "A new world at the beginning of time. The text in the editor stays.";

    // When the core fails.
    core_busy = "The simulator is busy with a long piece of work.";
    core_replace = "Stop it and start it anew";
    core_was_busy = "it was stopped";
    core_restarted = "The simulator stopped ({0}). It was started anew and is where it was; the clock is paused.";
    core_set_aside = "The simulator stopped twice at the same act, which was set aside: {0}";
    core_gave_up = "The simulator cannot go on from here ({0}). Start again, or step out of this with a reload; your text is kept.";
    core_a_step = "a step of the clock";

    // Remarks of the core (`Stream::Note`, `Reply::Opened`): `note_` and the core's key.
    note_clock_back = "the clock went back to {0}";
    note_new_future = "another future starts here, at {0}";
    note_link_opened = "The link is open, at {0}, with the same state.";
    note_link_hash_differs = "This link was made by another version ({1}): its story was run again and ended at {0} in another state.";
    note_link_unknown = "This link cannot be opened: it is none of this page's. A new world was started; your text is kept.";
    note_link_damaged = "This link cannot be opened: it was cut off or changed on its way. A new world was started; your text is kept.";
    note_link_too_large = "This link cannot be opened: it is too large. A new world was started; your text is kept.";

    // Causal chains (`view::WhyStep`): the core's own keys.
    why_created = "created {0} {1}";
    why_deleted = "removed {0} {1}";
    why_marked = "marked {0} {1} for deletion";
    why_bound = "placed {0} on {1}";
    why_status = "changed {0} {1} from {2} to {3}";
    why_scaled = "scaled {0} {1} from {2} to {3}";
    why_changed = "changed {0} {1}";
    why_you = "{0}";
    why_start = "the beginning of the story";
}
