//! The commands: one table for the interpreter, the help and its tests.

use crate::session::commands::{
    edits, files, guards, help, inspect, kinds, merge, refs, request, set, undo, versions,
};
use crate::session::language::arguments::{
    ALL, CHOICE, CLOCK, EXPECTED, FILE, FILTER, FROM, NAME, NEW_NAME, OTHER_REF, PATH, REF, SETTING, TOPIC,
    VALUE, VALUE_OR_FILE,
};
use crate::session::language::command::{Command, Run};

/// All commands, in the order in which one meets them.
pub const COMMANDS: &[Command] = &[
    Command {
        name: "ref",
        aliases: &[],
        arguments: &[NEW_NAME.called("the name of the ref"), VALUE_OR_FILE.optional()],
        summary: "make a document and its first replica",
        details: "The ref writes as an actor of its own name. Without a value it holds null. FILE holds one JSON \
                  value; a .ndjson or .jsonl file has one on each line, and becomes a list; `-` is standard \
                  input. Two refs made this way are two documents and cannot be merged: make replicas with \
                  `branch`.",
        example: &[
            r#"ref origin {"name": "Foo", "items": [0, 1]}"#,
            r#"#=> {"name": "Foo", "items": [0, 1]}"#,
        ],
        run: Run::Outside(refs::make_ref),
    },
    Command {
        name: "branch",
        aliases: &[],
        arguments: &[FROM.called("the ref to branch"), NEW_NAME.after_as()],
        summary: "make a replica with its own actor",
        details: "From here on the two change independently; `merge` brings them together. FROM is a ref, or a patch \
                  that holds everything: `patch-from-clock REF` makes one.",
        example: &[
            r#"ref origin {"n": 1}"#,
            "branch origin as branched",
            r#"#=> {"n": 1}"#,
            "$origin == $branched",
            "#=> true",
        ],
        run: Run::Inside(refs::branch),
    },
    Command {
        name: "swap",
        aliases: &[],
        arguments: &[REF.called("the ref to change"), FILTER],
        summary: "change the value by a jq filter",
        details: "The filter must yield one JSON value. Its difference to the old value becomes a change. \
                  What the filter does not touch is not written, so others' edits there stay. What the \
                  filter passes on keeps its identity, so others' edits reach it. A new object or list at \
                  the place of an old one counts as an edit of it. A new list item is new, unless it has \
                  parts or the `id` of an old one.",
        example: &[
            r#"ref origin {"name": "Foo", "items": [0, 1]}"#,
            "swap origin .items += [2]",
            r#"#=> {"name": "Foo", "items": [0, 1, 2]}"#,
            "#=> + .items[2] 2",
        ],
        run: Run::Inside(edits::swap),
    },
    Command {
        name: "reset",
        aliases: &[],
        arguments: &[REF.called("the ref to change"), VALUE_OR_FILE.on_ref()],
        summary: "set the value",
        details: "The value is JSON, a jq expression whose input is the old value, or what FILE holds (see `ref`). Only what differs is \
                  written. JSON has no identity. So each part of the old value is looked for in the new one:\n\
                  1. what is equal, at its place or elsewhere;\n\
                  2. then items with the same `id`;\n\
                  3. then, in their order, the items that are most alike.",
        example: &[
            r#"ref origin {"name": "Foo"}"#,
            r#"reset origin {"name": "Baz"}"#,
            r#"#=> {"name": "Baz"}"#,
            r#"#=> ~ .name "Foo" → "Baz""#,
        ],
        run: Run::Outside(edits::reset),
    },
    Command {
        name: "cas",
        aliases: &[],
        arguments: &[REF.called("the ref to change"), EXPECTED, VALUE.on_ref()],
        summary: "compare, and set if it is EXPECTED",
        details: "The answer is true when the value was set, and false when it was not. An EXPECTED with \
                  spaces in it needs brackets.",
        example: &[
            "ref origin 1",
            "cas origin 1 2",
            "#=> true",
            "cas origin 1 3",
            "#=> false",
            "origin",
            "#=> 2",
        ],
        run: Run::Inside(edits::cas),
    },
    Command {
        name: "text",
        aliases: &[],
        arguments: &[REF, PATH],
        summary: "let several edit a string",
        details: "From here on a swap records which characters it inserts and deletes, so what others type \
                  at the same time stays. PATH is one place (`.body`, `.notes[0]`, `.[\"two words\"]`). A \
                  string or null is there, or the key is missing. Make it a text once, before others write \
                  there: two texts made at the same time are a conflict. A swap to anything but a string \
                  makes it plain.",
        example: &[
            r#"ref ann {"body": "hello"}"#,
            "text ann .body",
            "#=> .body is a text now",
            "branch ann as ben",
            r#"swap ann .body = "hello world""#,
            r#"swap ben .body = "Oh, hello""#,
            "merge ann ben",
            r#"#=> {"body": "Oh, hello world"}"#,
        ],
        run: Run::Inside(kinds::text),
    },
    Command {
        name: "counter",
        aliases: &[],
        arguments: &[REF, PATH],
        summary: "let several add to a number",
        details: "From here on a swap to another whole number records the difference, so what several add at \
                  the same time adds up. PATH is one place. A whole number or null is there, or the key is \
                  missing. Make it a counter once, before others write there: two counters made at the same \
                  time are a conflict. A swap to anything but a whole number makes it plain.",
        example: &[
            r#"ref ann {"likes": 2}"#,
            "counter ann .likes",
            "#=> .likes is a counter now",
            "branch ann as ben",
            "swap ann .likes += 1",
            "swap ben .likes += 5",
            "merge ann ben",
            r#"#=> {"likes": 8}"#,
        ],
        run: Run::Inside(kinds::counter),
    },
    Command {
        name: "plain",
        aliases: &[],
        arguments: &[REF, PATH],
        summary: "end a text or a counter",
        details: "The text or counter becomes a plain string or number with the value that it has now. That \
                  is one write, as by `swap`; the write with the highest id wins. If others edit the text or \
                  counter at the same time, those edits are lost, and the merge says so.",
        example: &[
            r#"ref ann {"likes": 2}"#,
            "counter ann .likes",
            "plain ann .likes",
            "#=> .likes is plain now: a number",
        ],
        run: Run::Inside(kinds::plain),
    },
    Command {
        name: "merge",
        aliases: &[],
        arguments: &[REF.called("the ref to merge into"), FROM],
        summary: "take what another ref or a patch has",
        details: "FROM is a ref, a patch, or a VALUE that is a patch (in brackets if it has spaces). To \
                  merge the same twice changes nothing, and the order of merges does not matter. The report \
                  says what came, what changed, which conflicts there are now, and which edits went with a \
                  deleted container. A change that comes before what it depends on waits: `waiting` says for what.",
        example: &[
            r#"ref origin {"items": [0, 1]}"#,
            "branch origin as branched",
            "swap branched .items += [2]",
            "merge origin branched",
            r#"#=> {"items": [0, 1, 2]}"#,
            "#=> 1 change new",
            "#=> + .items[2] 2",
        ],
        run: Run::Inside(merge::merge),
    },
    Command {
        name: "squash",
        aliases: &[],
        arguments: &[REF.called("the ref to change"), OTHER_REF],
        summary: "take the value of another document",
        details: "One change of REF's own actor gives REF the value of FROM, however many changes FROM has. \
                  A replica of the same document with something new is refused: REF would get it under other \
                  ids, and a later merge would bring it again. `merge` takes it once.",
        example: &[
            r#"ref origin {"items": [0, 1]}"#,
            r#"ref draft {"items": [0]}"#,
            "swap draft .items += [1]",
            "swap draft .items += [2]",
            "squash origin draft",
            r#"#=> {"items": [0, 1, 2]}"#,
            "#=> + .items[2] 2",
        ],
        run: Run::Inside(merge::squash),
    },
    Command {
        name: "clock",
        aliases: &[],
        arguments: &[REF, NEW_NAME.after_as().optional()],
        summary: "what a ref has seen",
        details: "A clock is a version vector: for each actor the highest counter seen. It never claims a \
                  change that is missing. With a name it is kept.",
        example: &[
            r#"ref origin {"name": "Foo", "items": [0, 1]}"#,
            "clock origin as seen",
            r#"#=> {"origin": 5}"#,
        ],
        run: Run::Inside(versions::clock),
    },
    Command {
        name: "at",
        aliases: &[],
        arguments: &[REF, CLOCK],
        summary: "the value at an older clock",
        details: "CLOCK is a clock, or a VALUE that is one. The ref must have had it, or could have had it: \
                  it covers whole changes, and all that they build on. Nothing changes. In the next line the \
                  answer is `$_`.",
        example: &[
            r#"ref origin {"name": "Foo"}"#,
            "clock origin as before",
            r#"swap origin .name = "Bar""#,
            "at origin before",
            r#"#=> {"name": "Foo"}"#,
            "origin",
            r#"#=> {"name": "Bar"}"#,
        ],
        run: Run::Inside(versions::at),
    },
    Command {
        name: "patch-from-clock",
        aliases: &["patch"],
        arguments: &[REF, CLOCK.optional(), NEW_NAME.after_as().optional()],
        summary: "what a ref has since a clock",
        details: "CLOCK is a clock or a VALUE that is one. The patch holds the changes that the clock does not cover; \
                  when there is none it is empty. Without a CLOCK it holds everything, and `branch` can make a \
                  replica of it. With a name it is kept.",
        example: &[
            "ref origin 1",
            "clock origin as seen",
            "patch-from-clock origin seen as p",
            "#=> nothing new",
            "swap origin 2",
            "patch-from-clock origin seen as p",
            "#=> 1 change",
        ],
        run: Run::Inside(versions::patch),
    },
    Command {
        name: "peek-patches",
        aliases: &[],
        arguments: &[REF],
        summary: "own changes that nobody fetched yet",
        details: "The answer is an array of patches, in order: one for each change that the actor of the ref \
                  has made since the last `pop-patches`. What a merge brought in is not in it. A new branch \
                  has none.",
        example: &[
            "ref origin 1",
            "branch origin as client",
            "swap client 2",
            "peek-patches client",
            "#=> 1 patch",
            "$_[0].changes[0].ops[0].value",
            "#=> 2",
        ],
        run: Run::Inside(versions::peek_patches),
    },
    Command {
        name: "pop-patches",
        aliases: &[],
        arguments: &[REF, NEW_NAME.after_as().optional()],
        summary: "take the patches that are still to be sent, each once",
        details: "It answers the same as `peek-patches`, and counts them as sent: the next `pop-patches` answers only \
                  newer ones. With a NAME it keeps all of them as one patch. When a patch is lost on the way, \
                  `patch-from-clock` makes it again.",
        example: &[
            "ref origin 1",
            "branch origin as client",
            "swap client 2",
            "pop-patches client as news",
            "#=> 1 patch",
            "merge origin news",
            "#=> 2",
            "pop-patches client",
            "#=> []",
            "#=> nothing new",
        ],
        run: Run::Inside(versions::pop_patches),
    },
    Command {
        name: "waiting",
        aliases: &[],
        arguments: &[REF, ALL],
        summary: "changes that wait for others, and what is missing",
        details: "A change is applied when all that it depends on is; until then it waits, and the clock does not cover it. \
                  `patch-from-clock` at the clock of REF, made by a ref that has what is missing, brings it. What waits \
                  takes 64 MiB at most: a patch that would go past that is refused.",
        example: &[
            "ref a 1",
            "branch a as b",
            "swap b 2",
            "clock b as seen",
            "swap b 3",
            "patch-from-clock b seen as late",
            "merge a late",
            "#=> 1 change waiting for others",
            "waiting a",
            "#=> 3@b: 1 op, waits for 2@b",
            "#=> missing: 2@b",
            "merge a b",
            "#=> 2 changes new",
            "waiting a",
            "#=> nothing waits",
        ],
        run: Run::Inside(inspect::waiting),
    },
    Command {
        name: "drop-waiting",
        aliases: &[],
        arguments: &[REF],
        summary: "forget the changes that wait for others",
        details: "The clock does not cover them: they come again when somebody is asked for what REF lacks. For changes \
                  that wait for what nobody has.",
        example: &[
            "ref a 1",
            "branch a as b",
            "swap b 2",
            "clock b as seen",
            "swap b 3",
            "patch-from-clock b seen as late",
            "merge a late",
            "drop-waiting a",
            "#=> 1",
            "#=> 1 change dropped",
            "merge a late",
            "#=> 1 change waiting for others",
        ],
        run: Run::Inside(merge::drop_waiting),
    },
    Command {
        name: "conflicts",
        aliases: &[],
        arguments: &[REF, ALL],
        summary: "places with more than one visible write",
        details: "The write with the highest id is shown in the value; the others are kept until somebody writes \
                  there again. A terminal shows as many as it has room for; with `--all` all of them, page by page.",
        example: &[
            r#"ref a {"name": "Foo"}"#,
            "branch a as b",
            r#"swap a .name = "Bar""#,
            r#"swap b .name = "Baz""#,
            "merge a b",
            "conflicts a",
            r#"#=> conflict at .name: "Baz" (3@b) wins over "Bar" (3@a)"#,
        ],
        run: Run::Inside(inspect::conflicts),
    },
    Command {
        name: "refs",
        aliases: &[],
        arguments: &[ALL],
        summary: "every name: its kind, actor and clock",
        details: "The clock of a ref is what it has applied; changes that wait for others are counted apart. A terminal shows \
                  as many as it has room for; with `--all` all of them, page by page.",
        example: &[
            "ref origin 1",
            "clock origin as seen",
            "refs",
            "#=> origin  ref    actor origin, clock 1@origin",
            "#=> seen    clock  1@origin",
        ],
        run: Run::Inside(inspect::refs),
    },
    Command {
        name: "log",
        aliases: &[],
        arguments: &[REF, ALL],
        summary: "the changes of a ref, in words",
        details: "Changes come in the order in which this ref applied them; those that wait for others come last. \
                  A terminal shows the last ones; with `--all` all of them, page by page.",
        example: &[
            r#"ref origin {"n": 1}"#,
            "swap origin .n = 2",
            "log origin",
            "#=> 1@origin after nothing",
            "#=>   1@origin puts a new map at the root",
            r#"#=>   2@origin puts 1 at key "n" of map 1@origin"#,
            "#=> 3@origin after 2@origin",
            r#"#=>   3@origin puts 2 at key "n" of map 1@origin, over 2@origin"#,
        ],
        run: Run::Inside(inspect::log),
    },
    Command {
        name: "same",
        aliases: &[],
        arguments: &[
            NAME.shown_as("A").called("a name"),
            NAME.shown_as("B").called("a second name").repeated(),
        ],
        summary: "check that values are the same",
        details: "Answers true, or fails with the first path that differs. Numbers are compared exactly, keys in \
                  any order.",
        example: &[
            r#"ref a {"n": [1]}"#,
            "branch a as b",
            "same a b",
            "#=> true",
            "swap b .n[0] = 2",
            "same a b",
            "#=> error: a and b differ at .n[0]: 1 and 2",
        ],
        run: Run::Inside(inspect::same_values),
    },
    Command {
        name: "watch",
        aliases: &[],
        arguments: &[REF.called("the ref to watch")],
        summary: "tell of every change of a value",
        details: "Whatever command changes the value, by an edit or by a merge, its answer has a line for each \
                  path that changed.",
        example: &["ref a 1", "branch a as b", "watch a", "swap b 2", "merge a b", "#=> a: ~ . 1 → 2"],
        run: Run::Inside(guards::watch),
    },
    Command {
        name: "unwatch",
        aliases: &[],
        arguments: &[REF],
        summary: "end a watch",
        details: "The ref must be watched.",
        example: &["ref a 1", "watch a", "unwatch a", "#=> a is no longer watched"],
        run: Run::Inside(guards::unwatch),
    },
    Command {
        name: "validate",
        aliases: &[],
        arguments: &[REF, FILTER.optional()],
        summary: "refuse edits that fail a filter",
        details: "An edit is refused if the filter fails on the new value, or yields false or null. A merge \
                  is never refused, because the others have the changes already; its report says when the \
                  value is no longer valid. Without a FILTER the validator is removed.",
        example: &[
            r#"ref account {"balance": 10}"#,
            "validate account .balance >= 0",
            "swap account .balance -= 20",
            "#=> error: account stays as it is: not valid: `.balance >= 0` is false",
            "account.balance",
            "#=> 10",
        ],
        run: Run::Inside(guards::validate),
    },
    Command {
        name: "drop",
        aliases: &[],
        arguments: &[NAME],
        summary: "forget a name",
        details: "Other replicas keep what they have merged. The actor of a dropped ref is not used again.",
        example: &[
            "ref a 1",
            "drop a",
            "#=> dropped the ref a",
            "a",
            "#=> error: `a` is neither a command nor a name",
        ],
        run: Run::Inside(refs::drop_name),
    },
    Command {
        name: "rename",
        aliases: &[],
        arguments: &[NAME.shown_as("A"), NEW_NAME.shown_as("B").after_as()],
        summary: "change the name of a ref, clock or patch",
        details: "The ref, clock or patch A is now called B, and the name A is free. A ref keeps its actor, \
                  its history, its watch and its validator.",
        example: &[
            "ref a 1",
            "rename a as b",
            "#=> the ref a is called b now",
            "b",
            "#=> 1",
            "a",
            "#=> error: `a` is neither a command nor a name",
        ],
        run: Run::Inside(refs::rename),
    },
    Command {
        name: "undo",
        aliases: &[],
        arguments: &[],
        summary: "take back the last change of the session",
        details: "It takes back an edit, a merge, a new or a dropped name, a watch: the session is as it was \
                  before the command. Settings stay. The last 1,000 commands can be taken back; a file that \
                  was read counts as one. An undo is not an edit of the document. Another process that has \
                  got the change, in a patch or a saved file, keeps it, and will refuse the changes that you make instead.",
        example: &[
            r#"ref a {"n": 1}"#,
            "swap a .n += 1",
            "undo",
            "#=> {\"n\": 1}",
            "#=> undid `swap a .n += 1`",
            "#=> ~ .n 2 → 1",
        ],
        run: Run::Inside(undo::undo),
    },
    Command {
        name: "redo",
        aliases: &[],
        arguments: &[],
        summary: "do again what `undo` took back",
        details: "It works as long as nothing else has changed something since the `undo`.",
        example: &[
            r#"ref a {"n": 1}"#,
            "swap a .n += 1",
            "undo",
            "redo",
            "#=> {\"n\": 2}",
            "#=> redid `swap a .n += 1`",
            "#=> ~ .n 1 → 2",
        ],
        run: Run::Inside(undo::redo),
    },
    Command {
        name: "read",
        aliases: &[],
        arguments: &[FILE.called("the session file"), ALL],
        summary: "run a session file here",
        details: "The commands of FILE run in this session, and its expectations must hold. If a command \
                  fails, those before it stay done. The path of FILE is relative to the file that reads it; \
                  at the prompt and on standard input it is relative to the working folder. Documents that \
                  FILE makes have actors without a random end, as in a script. A terminal shows the \
                  beginning; `--all` shows everything, page by page.",
        example: &[
            "read setup.rejoin",
            "#=> 2 commands, 1 expectation: all hold",
            "branched.items",
            "#=> [0, 1]",
        ],
        run: Run::Inside(request::read),
    },
    Command {
        name: "record",
        aliases: &[],
        arguments: &[FILE.shown_as("FILE|stop").called("the session file, or `stop`")],
        summary: "write what you type as a session file",
        details: "From here to `record stop`, or to the end of the session, each line that you type is saved \
                  in FILE as soon as it has run, with its answers as expectations. A FILE.md gets a fenced \
                  block. The recording begins with the commands that make what is there already. Comments \
                  that you type are the narration. Actors have no random end in FILE; when the recording \
                  stops, it names the lines that answer otherwise because of that. A FILE that exists is \
                  refused. A script cannot be recorded.",
        example: &[
            "record lesson.rejoin",
            "#=> recording to lesson.rejoin, until `record stop`",
            "# A counter.",
            "ref a 1",
            "swap a . + 1",
            "record stop",
            "#=> wrote lesson.rejoin: 2 commands, 4 expectations",
        ],
        run: Run::Inside(request::record),
    },
    files::EXPORT,
    files::PIPE,
    files::SAVE,
    files::OPEN,
    Command {
        name: "show",
        aliases: &[],
        arguments: &[NAME, ALL],
        summary: "a value, all of it if you like",
        details: "A terminal shows the beginning of a long value, as much as `set limit` says. `--all` shows \
                  everything; what is longer than the screen opens in a pager: $REJOIN_PAGER, $PAGER or \
                  less.",
        example: &["ref a [1, 2, 3]", "show a --all", "#=> [1, 2, 3]"],
        run: Run::Inside(inspect::show),
    },
    Command {
        name: "set",
        aliases: &[],
        arguments: &[SETTING.optional(), CHOICE.optional()],
        summary: "how a terminal shows the session, and limits of filters",
        details: "Alone it lists the settings. hints is on or off, width is auto or 20 to 1000, limit is all or 1 to \
                  1000000, timer is on or off, color is auto, always or never, theme is dark, light or mono; on \
                  them no answer of a script depends. filter-timeout is none or a time such as 2s, filter-memory \
                  is none or a size such as 64M: a filter that needs more is stopped, and its command changes \
                  nothing. `undo` leaves the settings alone. Put those that you like into init.rejoin in the folder rejoin of the XDG config folder: \
                  it runs when the prompt starts.",
        example: &[
            "set limit 50",
            "#=> limit is 50",
            "set filter-timeout 200ms",
            "ref a 1",
            "swap a def f: f; f",
            "#=> error: `def f: f; f` failed on a: the filter ran longer than 200ms",
        ],
        run: Run::Inside(set::set),
    },
    Command {
        name: "help",
        aliases: &[],
        arguments: &[TOPIC.optional()],
        summary: "an overview, or one command, topic, error or filter in detail",
        details: "The example of a command is a session that you can type. `help group_by` explains a filter of jq, \
                  `help //` a sign.",
        example: &["help quit", "#=> quit", "#=>   leave the session"],
        run: Run::Inside(help::help),
    },
    Command {
        name: "quit",
        aliases: &["exit"],
        arguments: &[],
        summary: "leave the session",
        details: "So does Ctrl-D on an empty line.",
        example: &["quit"],
        run: Run::Inside(request::quit),
    },
];
