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
    Topic { name: "jq", summary: "the basics of jq", text: || JQ.to_owned() },
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
A filter makes a value of its input, and `|` passes it on. In `swap` the input is the value of the ref, and \
the result is its new value. With

  ref a {\"name\": \"Foo\", \"items\": [3, 1, 2]}

  .name\t\"Foo\"       a key
  .items[0]\t3           an item; -1 is the last
  .items[]\t3 1 2       each item, as a value of its own
  .items | length\t3           one filter after another
  .items | map(. * 2)\t[6,2,4]     a new value for each item
  .items | map(select(. > 1))\t[3,2]       the items that are over 1
  .items | sort\t[1,2,3]     in order; sort_by(.key) by a key
  .name = \"Bar\" | .name\t\"Bar\"       the value with another name
  .items += [4] | .items\t[3,1,2,4]   the value with one more item
  del(.items[0]) | .items\t[1,2]       the value without an item

So `swap a .items += [4]` adds an item, and `swap a .items |= sort` puts them in order. Every name is a \
variable: `swap a .n = $b.n`. Tab offers keys from the value, and filters with the number of their arguments; `help group_by` explains one.";

const MODEL: &str = "\
A ref is one replica of one document. Its actor changes it without asking others; `merge` brings in their changes. \
Refs with the same changes have the same value, in whatever order they came, and however often.

id\t5@ann is operation 5 of ann. Ids order by number, then by actor.
change\tAll operations of one `swap`. A change waits for the changes that it builds on.
clock\t{\"ann\":5,\"ben\":3} is the highest number seen of each actor. It never covers a change that is missing.
patch\tThe changes since a clock, to be sent. It may come late or twice.
slot\tA place that holds a value: the root, a key, an item of a list.
conflict\tTwo actors wrote to one slot at the same time. The higher id wins; `conflicts` shows the others. \
A write wins over a concurrent delete. Two objects become one.
list\tItems that one actor adds together stay together.
move\tAn object, list, text or counter that is put elsewhere keeps its identity: others' edits reach it.
report\tWhat was removed (`-`, at its old path), added (`+`), edited (`~`) and moved (`>`, each at its new path).
text\tA string that several edit at the same time.
counter\tA number to which several add at the same time.

`log REF` shows the changes, `clock REF` the clock, `refs` all names.";

const KEYS: &str = "\
Tab\tcomplete commands, names, keys of the value, filters, files
Right, Ctrl-E\tat the end of the line: accept the suggestion from the history
Up, Down\tgo through earlier lines that start with what is typed
Ctrl-R\tsearch all earlier lines
Enter\trun; while a bracket or a quote is open, begin a new line
Ctrl-C\tdiscard the line; while a command runs, stop it
Ctrl-X Ctrl-E\tedit the line with $VISUAL or $EDITOR
Ctrl-D\ton an empty line: leave
Ctrl-Z\tsuspend the shell; `fg` brings it back
Ctrl-A, Ctrl-E\tgo to the start, to the end; Alt-B, Alt-F by words
Ctrl-W, Ctrl-U\tdelete the word before the cursor, or all before it
Ctrl-K\tdelete all after the cursor
Ctrl-Y\tinsert what was deleted last
Ctrl-_\tundo the last typing
Ctrl-L\tclear the screen

You can paste several commands, or a transcript; Enter runs them. Of a transcript only the lines with a prompt \
(`rejoin> …`) run. A line that begins with a space is not kept in the history. `rejoin --vi` uses the keys of vi.";
