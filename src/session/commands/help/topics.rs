//! Topics that `help` explains besides commands and single errors. Each text is a page: a line of it is a paragraph,
//! a row (with a tab between its columns), or code (behind two blanks).

use crate::filter::differences;
use crate::session::CODES;

/// A topic.
pub(in crate::session) struct Topic {
    pub(in crate::session) name: &'static str,
    /// What it explains, in a few words.
    pub(in crate::session) summary: &'static str,
    pub(in crate::session) text: fn() -> String,
}

/// All topics.
pub(in crate::session) const TOPICS: &[Topic] = &[
    Topic { name: "jq", summary: "the ten filters that one needs", text: || JQ.to_owned() },
    Topic { name: "jq-differences", summary: "what jq does otherwise", text: differences },
    Topic { name: "model", summary: "ids, clocks, slots, conflicts", text: || MODEL.to_owned() },
    Topic { name: "keys", summary: "the keys of the prompt", text: || KEYS.to_owned() },
    Topic { name: "errors", summary: "every error; `help R010` explains one", text: errors },
];

/// Returns the topic of that name.
pub(in crate::session) fn find(name: &str) -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| topic.name == name)
}

/// Returns every code with its title.
fn errors() -> String {
    let rows: String = CODES.iter().map(|it| format!("{}\t{}\n", it.code, it.title)).collect();
    format!("{rows}\n`help R010` explains one, with an example. A code always means the same.")
}

const JQ: &str = "\
A filter makes a value of its input, and `|` hands that on. In `swap` the input is the value of the ref, and \
the result is its new value. With

  ref a {\"name\": \"Foo\", \"items\": [3, 1, 2]}

  .name\t\"Foo\"       a key
  .items[0]\t3           an item; -1 is the last
  .items[]\t3 1 2       each item, as a value of its own
  .items | length\t3           one filter after another
  .items | map(. * 2)\t[6,2,4]     each item made anew
  .items | map(select(. > 1))\t[3,2]       the items for which it holds
  .items | sort\t[1,2,3]     in order; sort_by(.key) by a key
  .name = \"Bar\" | .name\t\"Bar\"       the value with that changed
  .items += [4] | .items\t[3,1,2,4]   the value with more at the end
  del(.items[0]) | .items\t[1,2]       the value without that

So `swap a .items += [4]` adds an item, and `swap a .items |= sort` puts them in order. Every name is a \
variable: `swap a .n = $b.n`. Tab offers keys from the value, and filters with the number of their arguments; `help group_by` explains one.";

const MODEL: &str = "\
A ref is one replica of one document. Its owner, an actor, changes it alone and at once; `merge` brings in \
what others did. Refs with the same changes have the same value, in whatever order the changes came, and \
however often.

id\t5@ann: op 5 of the actor ann. Ids order by number, then by actor.
change\twhat one `swap` did: ops that apply together. It builds on changes that its actor had seen, and waits \
elsewhere until those are there.
clock\t{\"ann\":5,\"ben\":3}: the highest number seen of each actor. It never covers what is missing, so what \
was lost comes when one asks again.
patch\tchanges that travel: all since a clock. It may come late or twice.
slot\ta place that holds a value: the root, a key, an item of a list.
conflict\ttwo wrote into one slot and had not seen each other. The write with the higher id shows, the other \
is kept: see `conflicts`. A write beats a delete that had not seen it; objects become one object.
list\twhat one adds stays together, between the items where it was put.
move\tan object, list, text or counter put elsewhere stays itself: edits follow it.
report\twhat changed: `-` went, named by its old path; `+` came, `~` was edited, `>` moved here, by their new \
paths.
text\ta string in which several type, a counter a number to which several add. They begin by a command, \
because JSON has no such types.

To see it: `log REF` has the changes, `clock REF` the clock, `refs` them all.";

const KEYS: &str = "\
Tab\tcomplete: commands, names, keys of the value, filters, files; of several that can stand there list \
them
Right, Ctrl-E\tat the end of the line: take the rest from the history
Up, Down\tlines of before that begin as what stands before the cursor; Ctrl-R finds any
Enter\trun; while a bracket or a quote is open: go on in a new line
Ctrl-C\tdrop what is typed; while a filter runs, stop it
Ctrl-X Ctrl-E\tedit the line with $VISUAL or $EDITOR
Ctrl-D\ton an empty line: leave
Ctrl-Z\tsuspend the shell; `fg` brings it back
Ctrl-A, Ctrl-E\tgo to the start, to the end; Alt-B, Alt-F word by word
Ctrl-W, Ctrl-U\tdelete the word, the line before the cursor
Ctrl-K\tdelete what stands behind the cursor
Ctrl-Y\tput back what was deleted; Ctrl-_ takes typing back
Ctrl-L\tclear the screen

A pasted block waits for Enter; then its commands run one after another, of a transcript (`rejoin> …`) those \
behind the prompts. A line that begins with a blank is \
not kept in the history. `rejoin --vi` has the keys of vi.";
