//! What `help` explains besides commands and errors.

/// A topic.
pub(super) struct Topic {
    pub(super) name: &'static str,
    /// What it explains, in a few words.
    pub(super) summary: &'static str,
    pub(super) lines: &'static [&'static str],
}

/// All topics.
pub(super) const TOPICS: &[Topic] = &[
    Topic { name: "jq", summary: "the ten filters that one needs", lines: JQ },
    Topic { name: "model", summary: "ids, clocks, slots, conflicts", lines: MODEL },
    Topic { name: "keys", summary: "the keys of the prompt", lines: KEYS },
];

/// The topic of that name.
pub(super) fn find(name: &str) -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| topic.name == name)
}

const JQ: &[&str] = &[
    "A filter makes a value of its input, and `|` hands that on. In `swap` the",
    "input is the value of the ref, and the result is its new value. With",
    "",
    r#"  ref a {"name": "Foo", "items": [3, 1, 2]}"#,
    "",
    r#"  .name                       "Foo"       a key"#,
    "  .items[0]                   3           an item; -1 is the last",
    "  .items[]                    3 1 2       each item, as a value of its own",
    "  .items | length             3           one filter after another",
    "  .items | map(. * 2)         [6,2,4]     each item made anew",
    "  .items | map(select(. > 1)) [3,2]       the items for which it holds",
    "  .items | sort               [1,2,3]     in order; sort_by(.key) by a key",
    r#"  .name = "Bar" | .name       "Bar"       the value with that changed"#,
    "  .items += [4] | .items      [3,1,2,4]   the value with more at the end",
    "  del(.items[0]) | .items     [1,2]       the value without that",
    "",
    "So `swap a .items += [4]` adds an item, and `swap a .items |= sort` puts them",
    "in order. Every name is a variable: `swap a .n = $b.n`. Tab offers keys from",
    "the value, and filters with the number of their arguments.",
];

const MODEL: &[&str] = &[
    "A ref is one replica of one document. Its owner, an actor, changes it alone",
    "and at once; `merge` brings in what others did. Refs with the same changes",
    "have the same value, in whatever order the changes came, and however often.",
    "",
    "id       5@ann: op 5 of the actor ann. Ids order by number, then by actor.",
    "change   what one `swap` did: ops that apply together. It builds on changes",
    "         that its actor had seen, and waits elsewhere until those are there.",
    r#"clock    {"ann":5,"ben":3}: the highest number seen of each actor. It never"#,
    "         covers what is missing, so what was lost comes when one asks again.",
    "patch    changes that travel: all since a clock. It may come late or twice.",
    "slot     a place that holds a value: the root, a key, an item of a list.",
    "conflict two wrote into one slot and had not seen each other. The write with",
    "         the higher id shows, the other is kept: see `conflicts`. A write",
    "         beats a delete that had not seen it; objects become one object.",
    "list     what one adds stays together, between the items where it was put.",
    "move     an object or list put elsewhere stays itself: edits follow it.",
    "text     a string in which several type, a counter a number to which several",
    "         add. They begin by a command, because JSON has no such types.",
    "",
    "To see it: `log REF` has the changes, `clock REF` the clock, `refs` them all.",
];

const KEYS: &[&str] = &[
    "Tab             complete: commands, names, keys of the value, filters, files;",
    "                again: list what can stand there",
    "Right, Ctrl-E   at the end of the line: take the rest from the history",
    "Up, Down        the lines before; Ctrl-R searches them, again for older ones",
    "Enter           run; while a bracket or a quote is open: go on in a new line",
    "Ctrl-C          drop what is typed; while a filter runs, stop it",
    "Ctrl-D          on an empty line: leave",
    "Ctrl-A, Ctrl-E  go to the start, to the end; Alt-B, Alt-F word by word",
    "Ctrl-W, Ctrl-U  delete the word, the line before the cursor",
    "Ctrl-K          delete what stands behind the cursor",
    "Ctrl-Y          put back what was deleted; Ctrl-_ takes typing back",
    "Ctrl-L          clear the screen",
    "",
    "A pasted block waits for Enter; then its commands run one after another. A",
    "line that begins with a blank is not kept in the history. `rejoin --vi` has",
    "the keys of vi.",
];
