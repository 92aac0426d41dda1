//! The codes of errors: they stay the same when a message is worded better.

use std::fmt;

use crate::crdt::{BranchError, ClockError, EditError, MergeError, SwapError};
use crate::filter::RunError;
use crate::session::language::command::Example;
use crate::session::{CommandError, ErrorKind, FileError};
use crate::store::StoreError;

/// The explanation of a code, which `help R012` tells.
#[derive(Debug)]
pub struct Explanation {
    /// The code.
    pub code: ErrorCode,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// What it means and what helps, in a few sentences.
    pub details: &'static str,
    /// A session whose last command fails with the code. Empty where the line would be too long to be shown, or where
    /// no line of a session fails so; then the details say who meets the error.
    pub example: Example,
}

/// A table from which the codes and their explanations are made. A number is never given twice, also when its
/// error is gone.
macro_rules! codes {
    ($($name:ident $number:literal $title:literal $details:literal $example:expr;)*) => {
        /// The stable code of an error; prints as `R012`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(#[doc = $title] $name = $number),*
        }

        /// All codes, in their order.
        pub const CODES: &[Explanation] = &[
            $(Explanation { code: ErrorCode::$name, title: $title, details: $details, example: $example }),*
        ];
    };
}

codes! {
    UnknownCommand 1 "the first word means nothing"
        "A line begins with a command, with a name of the session, or is a jq expression. `help` lists the \
         commands, `refs` the names; a new name is made by `ref NAME VALUE`."
        &["orign.items", "#=> error: `orign` is neither a command nor a name"];
    Missing 2 "an argument is missing"
        "The command takes more than the line has. The hint shows how it is used: REF is the name of a ref, \
         what stands in brackets may be left out."
        &["ref a 1", "swap a", "#=> error: the filter is missing"];
    Expected 3 "unexpected word"
        "At the mark the command takes something else: `as NAME`, a path, or a filter that uses no other name."
        &["ref a 1", "clock a seen", "#=> error: expected `as NAME`, not `seen`"];
    TooMuch 4 "too many arguments"
        "The command does not take what is marked. Its answer cannot be piped on: it is `$_` in the next line."
        &["ref a [1]", "refs | length", "#=> error: unexpected argument `| length`"];
    UnknownTopic 5 "there is nothing of that name to explain"
        "`help` explains every command, the codes of errors such as R005, and a few topics; `help` alone lists \
         them."
        &["help swop", "#=> error: there is no help on `swop`"];
    UnknownSetting 6 "there is no setting of that name"
        "`set` lists the settings, what they are and what they do."
        &["set colour never", "#=> error: there is no setting `colour`"];
    BadSetting 7 "the setting cannot be that"
        "Each setting is one of a few words, or a number; the hint has them."
        &["set limit none", "#=> error: limit cannot be `none`"];
    TooLong 8 "the command is too long"
        "A command may have 16 MiB. A value that is larger is made in several steps, by `swap`."
        &[];

    UnknownName 10 "no ref, clock or patch has the name"
        "`refs` lists the names. A clock or patch gets one when it is made: `clock REF as NAME`."
        &["merge a b", "#=> error: nothing has the name `a`"];
    WrongKind 11 "the name stands for something else"
        "Some commands take only refs, others clocks or patches. `refs` shows what each name stands for."
        &["ref a 1", "clock a as seen", "swap seen 2", "#=> error: `seen` is a clock, not a ref"];
    NameTaken 12 "the name is taken"
        "A ref keeps its name until it is dropped, so that no history is lost by a slip. `reset` sets the value \
         of a ref, `drop` gives the name back."
        &["ref a 1", "ref a 2", "#=> error: `a` is taken by a ref"];
    VariableTaken 13 "two names would be one variable"
        "In jq every name is a variable, and a `-` in it becomes `_`: `my-ref` is $my_ref. So only one of \
         `my-ref` and `my_ref` can be."
        &[
            "ref my-ref 1",
            "ref my_ref 2",
            "#=> error: `my_ref` would be the variable $my_ref, which stands for `my-ref`",
        ];
    BadName 14 "that cannot be a name"
        "A name is a letter or `_`, then letters, digits, `_` and `-`, 64 at most; and not a command or a word of \
         jq."
        &["ref 2nd 1", "#=> error: `2nd` cannot be a name"];
    NotWatched 15 "the ref is not watched"
        "Only a watch that `watch` began can end."
        &["ref a 1", "unwatch a", "#=> error: `a` is not watched"];
    NotValidated 16 "the ref has no validator"
        "`validate REF` without a filter takes the validator away, and there is none."
        &["ref a 1", "validate a", "#=> error: `a` has no validator"];
    NothingTo 17 "there is nothing to undo or redo"
        "`undo` takes back commands that changed something, the last 100. `redo` does again what was taken back, as \
         long as nothing else changed something since."
        &["undo", "#=> error: nothing to undo"];

    Json 20 "the JSON cannot be read"
        "It is nested deeper than a value may be: 1,024 arrays and objects in each other. What else is no JSON is \
         taken for jq."
        &[];
    Compile 21 "the text is no filter"
        "The text is not jq, or calls what does not exist. The mark stands under the first word that does not \
         fit. A key needs a dot (`.name`), a string needs double quotes. `help jq` has the basics."
        &["ref a [1]", "swap a lenght", "#=> error: unknown filter `lenght`"];
    Run 22 "the filter failed on this value"
        "The filter is valid, but not for this value. `?` behind a path ignores what fails, `//` gives another \
         value for null."
        &[
            r#"ref a {"n": 1}"#,
            "swap a .n.x",
            r#"#=> error: `.n.x` failed on a: cannot index 1 with "x""#,
        ];
    NoValue 23 "the filter yields no value"
        "A value must be one. A filter such as `empty`, or `.[]` on an empty array, yields none: put brackets \
         around it to make an array, or `first(…) // null`."
        &["ref a []", "swap a .[]", "#=> error: `.[]` failed on a: the filter yields no value"];
    Several 24 "the filter yields more than one value"
        "A value must be one. Put brackets around the filter to make one array of them, or change parts in their \
         place: `map(…)`, `.[] |= …`."
        &["ref a [1, 2]", "swap a .[]", "#=> error: `.[]` failed on a: the filter yields more than one value"];
    Stopped 25 "the interpreter gave up"
        "The filter was stopped from outside its language: it met a defect of the interpreter, or the system has \
         no room to run it. No filter is known that does this; please report one that does. The session is as it \
         was."
        &[];
    NotJson 26 "the result is not JSON"
        "jq can make what JSON has not: NaN, infinities, nesting deeper than 1,024 levels. It cannot travel, so no \
         ref takes it."
        &["ref a 1", "swap a nan", "#=> error: a stays as it is: the new value is not JSON: a number that is not finite"];
    Interrupted 27 "the command was stopped"
        "Somebody typed Ctrl-C, or a filter reached a limit: `--filter-timeout`, `--filter-memory`. It may be \
         endless: `range(infinite)` yields values without end, and a definition that calls \
         itself needs an `if` that ends it. Nothing has changed. `set` shows and changes the limits."
        &[
            "set filter-timeout 200ms",
            "ref a 1",
            "swap a def f: f; f",
            "#=> error: `def f: f; f` failed on a: the filter ran longer than 200ms",
        ];

    Nothing 30 "nothing is at the path"
        "A path goes through what is there; only its last key may be missing. Make the object first: \
         `swap REF .meta = {}`."
        &["ref a {}", "text a .meta.title", "#=> error: nothing is at .meta"];
    NoParts 31 "the path goes on where there are no parts"
        "Keys lead into objects, indexes into arrays."
        &[r#"ref a {"n": 1}"#, "counter a .n.x", "#=> error: .n is a number and has no keys"];
    PastEnd 32 "the array does not reach so far"
        "Items count from 0, from the end from -1."
        &["ref a [1]", "counter a .[3]", "#=> error: . has 1 item, and none at 3"];
    WrongValue 33 "what is there cannot become that"
        "A text is made of a string, a counter of a whole number; either of null or a missing key."
        &[r#"ref a {"n": 1}"#, "text a .n", "#=> error: .n is 1, not a string"];
    Invalid 34 "the validator of the ref refused the edit"
        "`validate` gave the ref a filter that every edit must satisfy. Merges are never refused; `validate REF` \
         alone takes the filter away."
        &[
            "ref a 1",
            "validate a . > 0",
            "swap a -1",
            "#=> error: a stays as it is: not valid: `. > 0` is false",
        ];
    InvalidNow 35 "the value is not valid as it is now"
        "A ref gets a validator only when its value satisfies it already."
        &["ref a -1", "validate a . > 0", "#=> error: the value of a is not valid now: `. > 0` is false"];
    Behind 36 "changes of the ref's own actor wait for others"
        "This replica lost changes that it made, and heard of later ones from somebody else. Another edit would \
         give the lost ids to something else. Merge what is missing, or make a replica with `branch`."
        &[
            "ref a 1",
            "patch-from-clock a {} as p",
            r#"merge a ($p | .changes[0] |= (.first = 9 | .previous = 8))"#,
            "#=> 1 change waiting for others",
            "swap a 2",
            "#=> error: a stays as it is: changes that a made wait for others that are missing here: merge those, \
             or branch",
        ];
    Full 37 "the document is full"
        "A document holds up to 2^31 ops, with counters up to 2^53. Begin a new one with the value of this one: \
         `ref NEW $old`. A session does not come so far within the memory of a machine: programs that use the \
         library may."
        &[];
    Edit 38 "the place cannot be edited so"
        "The edit does not fit what stands at the place. The commands of a session look first, and tell of it by R030 \
         to R033: it is programs that use the library that meet this error."
        &[];
    NotSame 39 "values that should be the same differ"
        "`same` compares exactly and names the first path that differs. Replicas that have the same changes have \
         the same value: `merge` both ways first."
        &["ref a 1", "ref b 2", "same a b", "#=> error: a and b differ at .: 1 and 2"];
    Squash 40 "the squash would bring changes that come again"
        "Both are replicas of one document, so `merge` takes what is new, once. A squash would give it new ids, \
         and a later merge would bring it a second time."
        &[
            "ref a 1",
            "branch a as b",
            "swap b 2",
            "squash a b",
            "#=> error: a stays as it is: b has 1 change of this document, which a later merge would bring again",
        ];

    Ahead 50 "the clock covers what the ref has not seen"
        "It is the clock of another ref, or of a later time. A ref has values only at clocks that it had, or could \
         have had."
        &[
            "ref a 1",
            r#"at a {"a": 9}"#,
            "#=> error: a has no value there: the clock covers 9@a, which is not here",
        ];
    Torn 51 "the clock ends in the middle of a change"
        "A change is applied whole or not at all; `log` shows where each ends."
        &[
            "ref a [1]",
            r#"at a {"a": 1}"#,
            "#=> error: a has no value there: the clock ends at 1@a, in the middle of a change",
        ];
    Open 52 "no replica ever had this clock"
        "The clock covers a change, but not one on which that builds. Clocks that `clock` answers are never so."
        &[
            "ref a 1",
            "branch a as b",
            "swap b 2",
            r#"at b {"b": 2}"#,
            "#=> error: b has no value there: the clock covers 2@b, but not 1@a, on which that builds",
        ];
    Decode 53 "the value is no clock or patch"
        "A clock is an object of actors and counters; a patch is what `patch-from-clock` answers."
        &["ref a 1", "at a [1]", "#=> error: this is no clock: expected an object of actors and counters"];
    ActorInUse 54 "the actor has written into the document already"
        "No two replicas may write under one actor. `branch` takes a free one (`ben-2`) by itself: it is programs that \
         use the library that meet this error."
        &[];
    NotWhole 55 "the patch does not hold everything"
        "`branch` makes a replica of a patch that holds all changes since nothing, as `patch-from-clock REF` makes one. \
         Of another one something is missing that its changes build on."
        &[
            "ref a 1",
            "clock a as seen",
            "swap a 2",
            "patch-from-clock a seen as p",
            "branch p as b",
            "#=> error: the patch does not hold everything: it lacks 1@a",
        ];

    OtherDocument 60 "the changes are of another document"
        "Two refs that `ref` made are two documents, also when their values are the same. Replicas of one document \
         are made with `branch`; `squash` takes the value of another document."
        &[
            "ref a 1",
            "ref b 1",
            "merge a b",
            "#=> error: a stays as it is: the changes are of another document",
        ];
    Equivocation 61 "two replicas write under one actor"
        "Two different changes have one id, or a patch builds on another change of that id. Somewhere a replica \
         was copied instead of branched. Nothing was merged: take what one of the two has by `squash`, or begin \
         anew from one of them."
        &[
            "ref a 1",
            "branch a as b",
            "patch-from-clock a {} as p",
            "merge b ($p | .changes[0].ops[0].value = 2)",
            "#=> error: b stays as it is: two replicas write as a: 1@a [{\"op\":\"put\",\"root\":true,\"value\":1}] \
             and 1@a [{\"op\":\"put\",\"root\":true,\"value\":2}]",
        ];
    Corrupt 62 "the patch is damaged"
        "Its bytes are not those that were sent. Ask for it again: nothing of it was applied. The patches of a session \
         are JSON: it is programs that send them as bytes that meet this error."
        &[];
    Malformed 63 "a change of the patch is malformed"
        "A patch is checked whole before any of it is applied: ids that name nothing, wrong kinds, counters out of \
         order are refused."
        &[
            "ref a 1",
            "branch a as b",
            "swap b 2",
            "patch-from-clock b {} as p",
            r#"merge a ($p | .changes[1].first = 9)"#,
            "#=> error: a stays as it is: the change 9@b is malformed: its first counter is 9, but what it \
             depends on makes it 2",
        ];
    TooLarge 64 "a patch is too large to wait"
        "Changes wait for those on which they build, each on its own, and that takes memory. What is missing is to be \
         merged first. `waiting` shows what waits already, and `drop-waiting` forgets it."
        &[];

    Unreadable 70 "a file cannot be read"
        "`read`, `ref … from` and `open` look for a file where the session file is that names it, and at the prompt in \
         the working folder. Standard input (`-`) can be read once, where no session comes from there."
        &[
            "read nowhere.rejoin",
            "#=> error: cannot read `nowhere.rejoin`: No such file or directory (os error 2)",
        ];
    Circle 71 "a session file reads itself"
        "It does so itself, or by way of other files that it reads; or too many files read each other."
        &["# This is circle.rejoin.", "read circle.rejoin", "#=> error: `circle.rejoin` is being read already"];
    StartsSessions 72 "a session file starts new sessions"
        "`read` runs a file in the session that is there, and a block of Markdown that is fenced as `rejoin fresh` \
         would forget it. `rejoin run` and `rejoin check` run such a file."
        &["read guide.md", "#=> error: `guide.md` starts new sessions, and `read` runs a file in this one"];
    InFile 73 "a session file that was read fails"
        "A command in it fails and nothing expects that, or an expectation in it does not hold. What ran before \
         stays done."
        &["read broken.rejoin", "#=> error: broken.rejoin:2: nothing has the name `b`"];
    Unwritable 74 "a file cannot be written"
        "`record`, `export` and `save` make a new file and leave alone what is there already; `--force` replaces it. \
         While a recording cannot be written, what is recorded is kept, and the next line tries again."
        &[
            "record nowhere/lesson.rejoin",
            "#=> error: cannot write `nowhere/lesson.rejoin`: No such file or directory (os error 2)",
        ];
    NotTyped 75 "a script cannot be recorded, and follows no place"
        "`record` keeps what is typed at the prompt. Of a script `rejoin run` prints what it answers. `watch --live` \
         waits for what others bring, which a script does not."
        &[
            "# This is script.rejoin.",
            "record lesson.rejoin",
            "#=> error: what is typed at the prompt can be recorded, and this is a script",
        ];
    Recording 76 "there is a recording already"
        "`record stop` ends it."
        &["record one.rejoin", "record two.rejoin", "#=> error: `one.rejoin` is being recorded"];
    NotRecording 77 "nothing is being recorded"
        "`record FILE` begins a recording."
        &["record stop", "#=> error: nothing is being recorded"];
    NotSaved 78 "a file holds no saved ref"
        "`open` reads what `save` wrote. A file that was changed since is refused. JSON is read by `ref NAME from FILE`."
        &["open data.json", "#=> error: `data.json` is no saved ref: the bytes are not what `rejoin` wrote"];
    NotRun 79 "a program cannot be run"
        "`pipe` gives its COMMAND to the shell of the system, which cannot be started."
        &[];
    NoPrograms 80 "a script runs no programs"
        "`pipe` works at the prompt. What a script answers is to be the same everywhere, and a script that somebody \
         else wrote is to do no harm."
        &["pipe 1 to cat", "#=> error: programs can be run at the prompt, and this is a script"];

    NoPlace 90 "there is no such place, or no such document in it"
        "A folder is written with a slash or a dot: `./shop`. `sync REF PLACE` brings a document to a place, which is made \
         if it is not there, and the ref remembers it. `store PLACE` lists the documents of one."
        &["ref a 1", "sync a", "#=> error: `a` remembers no place"];
    Unreachable 91 "a place cannot be reached"
        "The folder cannot be read or written, or the server does not answer, or not as a server of rejoin does. Nothing \
         has changed here; what went there before stays there, and the next check-in goes on from there. A script \
         reaches no server."
        &["ref a 1", "sync a http://localhost:8890", "#=> error: `http://localhost:8890` is out of reach of a script"];
    Refused 92 "a place refuses"
        "The server wants a token, takes no changes, or has other limits than this program. The message is its own."
        &[];
    Damaged 93 "something in a place cannot be read"
        "An object of the store is damaged, or is not what its name says. Objects are never changed once they are \
         there: somebody else did it. The message names the object."
        &[];
}

impl ErrorCode {
    /// Finds the code that a text such as `R012` is, in letters of either case.
    pub fn named(text: &str) -> Option<Self> {
        let all = CODES.iter().map(|explanation| explanation.code);
        all.into_iter().find(|code| code.to_string().eq_ignore_ascii_case(text))
    }

    /// Returns what it means.
    pub fn explanation(self) -> &'static Explanation {
        let explanation = CODES.iter().find(|explanation| explanation.code == self);
        explanation.expect("codes and explanations come from one table")
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "R{:03}", *self as u16)
    }
}

impl CommandError {
    /// Returns what kind of error it is, as a code that never changes.
    pub fn code(&self) -> ErrorCode {
        self.kind.code()
    }
}

impl ErrorKind {
    /// Returns its code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::UnknownCommand(_) => ErrorCode::UnknownCommand,
            Self::Missing(_) => ErrorCode::Missing,
            Self::Expected { .. } => ErrorCode::Expected,
            Self::TooMuch(_) => ErrorCode::TooMuch,
            Self::TooLong => ErrorCode::TooLong,
            Self::UnknownTopic(_) => ErrorCode::UnknownTopic,
            Self::UnknownSetting(_) => ErrorCode::UnknownSetting,
            Self::BadSetting { .. } => ErrorCode::BadSetting,
            Self::UnknownName(_) => ErrorCode::UnknownName,
            Self::WrongKind { .. } => ErrorCode::WrongKind,
            Self::NameTaken { .. } => ErrorCode::NameTaken,
            Self::VariableTaken { .. } => ErrorCode::VariableTaken,
            Self::BadName(_) => ErrorCode::BadName,
            Self::NotWatched(_) => ErrorCode::NotWatched,
            Self::NotValidated(_) => ErrorCode::NotValidated,
            Self::NothingTo(_) => ErrorCode::NothingTo,
            Self::Json(_) => ErrorCode::Json,
            Self::Compile(_) => ErrorCode::Compile,
            Self::Run { error, .. } => run(error),
            Self::NotJson { .. } => ErrorCode::NotJson,
            Self::Swap { error, .. } => swap(error),
            Self::Edit { error, .. } => edit(error),
            Self::Nothing(_) => ErrorCode::Nothing,
            Self::NoParts { .. } => ErrorCode::NoParts,
            Self::PastEnd { .. } => ErrorCode::PastEnd,
            Self::WrongValue { .. } => ErrorCode::WrongValue,
            Self::InvalidNow { .. } => ErrorCode::InvalidNow,
            Self::NotSame { .. } => ErrorCode::NotSame,
            Self::Squash { .. } => ErrorCode::Squash,
            Self::At { error, .. } => clock(error),
            Self::Decode { .. } => ErrorCode::Decode,
            Self::Branch(error) => branch(error),
            Self::Merge { error, .. } => merge(error),
            Self::Interrupted => ErrorCode::Interrupted,
            Self::NoPlace(_) | Self::BadDocument(_) => ErrorCode::NoPlace,
            Self::Store(error) => store(error),
            Self::File(error) => file(error),
        }
    }
}

fn file(error: &FileError) -> ErrorCode {
    match error {
        FileError::OutOfReach | FileError::Unreadable { .. } => ErrorCode::Unreadable,
        FileError::NotJson { .. } => ErrorCode::Json,
        FileError::NotSaved { .. } => ErrorCode::NotSaved,
        FileError::NotRun { .. } => ErrorCode::NotRun,
        FileError::NoPrograms => ErrorCode::NoPrograms,
        FileError::Circle(_) | FileError::TooDeep(_) => ErrorCode::Circle,
        FileError::StartsSessions(_) => ErrorCode::StartsSessions,
        FileError::Failed { .. } => ErrorCode::InFile,
        FileError::NotTyped | FileError::NotFollowed => ErrorCode::NotTyped,
        FileError::Taken(_) | FileError::Unwritable { .. } => ErrorCode::Unwritable,
        FileError::Recording(_) => ErrorCode::Recording,
        FileError::NotRecording => ErrorCode::NotRecording,
    }
}

fn store(error: &StoreError) -> ErrorCode {
    match error {
        StoreError::BadPlace(_)
        | StoreError::NotBuilt(_)
        | StoreError::NoStore(_)
        | StoreError::NoDocument { .. }
        | StoreError::SeveralDocuments { .. } => ErrorCode::NoPlace,
        StoreError::OutOfReach
        | StoreError::NotInScript(_)
        | StoreError::Unreachable { .. }
        | StoreError::Restless(_) => ErrorCode::Unreachable,
        StoreError::Refused { .. } | StoreError::Unauthorized { .. } => ErrorCode::Refused,
        StoreError::Damaged { .. } | StoreError::Misnamed { .. } | StoreError::Lacks { .. } => {
            ErrorCode::Damaged
        }
        StoreError::Merge { error, .. } => merge(error),
    }
}

fn branch(error: &BranchError) -> ErrorCode {
    match error {
        BranchError::ActorInUse(_) => ErrorCode::ActorInUse,
        BranchError::Merge(error) => merge(error),
        BranchError::Lacks(_) | BranchError::Nothing => ErrorCode::NotWhole,
    }
}

fn run(error: &RunError) -> ErrorCode {
    match error {
        RunError::Failed(_) | RunError::NotAPath(_) => ErrorCode::Run,
        RunError::None => ErrorCode::NoValue,
        RunError::Several => ErrorCode::Several,
        RunError::Stopped(_) => ErrorCode::Interrupted,
        RunError::Variables { .. } | RunError::Escaped | RunError::Defect | RunError::NoRoom => {
            ErrorCode::Stopped
        }
    }
}

fn swap(error: &SwapError) -> ErrorCode {
    match error {
        SwapError::NotJson(_) => ErrorCode::NotJson,
        SwapError::Invalid(_) => ErrorCode::Invalid,
        SwapError::Behind(_) => ErrorCode::Behind,
        SwapError::CountersExhausted => ErrorCode::Full,
    }
}

fn edit(error: &EditError) -> ErrorCode {
    match error {
        EditError::NotJson(_) => ErrorCode::NotJson,
        EditError::Full => ErrorCode::Full,
        EditError::NoContainer(_)
        | EditError::WrongKind { .. }
        | EditError::OutOfRange { .. }
        | EditError::IntoItself(_) => ErrorCode::Edit,
    }
}

fn clock(error: &ClockError) -> ErrorCode {
    match error {
        ClockError::Ahead(_) => ErrorCode::Ahead,
        ClockError::Torn(_) => ErrorCode::Torn,
        ClockError::Open { .. } => ErrorCode::Open,
    }
}

fn merge(error: &MergeError) -> ErrorCode {
    match error {
        MergeError::OtherDocument { .. } => ErrorCode::OtherDocument,
        MergeError::Equivocation { .. } | MergeError::OtherBase { .. } => ErrorCode::Equivocation,
        MergeError::Corrupt(_) => ErrorCode::Corrupt,
        MergeError::Malformed { .. } => ErrorCode::Malformed,
        MergeError::TooLarge { .. } => ErrorCode::TooLarge,
    }
}
