//! `clock`, `at`, and the commands of patches: the versions of a ref, and what of it is to be sent.

use crate::crdt::{Clock, ClockError, Patch};
use crate::session::answer::words;
use crate::session::commands::merge::nothing_new;
use crate::session::error::{CommandError, ErrorKind};
use crate::session::language::args::Args;
use crate::session::language::arguments::{CLOCK, NEW_NAME, REF, Wants};
use crate::session::language::command::{Command, Run};
use crate::session::state::names::Entry;
use crate::session::{Part, Reply, Session};

type Result<T, E = CommandError> = std::result::Result<T, E>;

pub(in crate::session) const TAKE_CLOCK: Command = Command {
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
    run: Run::Inside(clock),
};

pub(in crate::session) const AT: Command = Command {
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
    run: Run::Inside(at),
};

pub(in crate::session) const PATCH_FROM_CLOCK: Command = Command {
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
    run: Run::Inside(patch),
};

pub(in crate::session) const PEEK_PATCHES: Command = Command {
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
    run: Run::Inside(peek_patches),
};

pub(in crate::session) const POP_PATCHES: Command = Command {
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
    run: Run::Inside(pop_patches),
};

fn clock(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    let clock = session.reference(&name)?.clock().clone();
    let kept = args.next();
    let reply = Reply::value(clock.to_json());
    session.keep(kept, Entry::Clock(clock))?;
    Ok(reply)
}

fn at(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name, word] = args.required();
    session.reference(&name)?;
    let clock = session.clock(&word)?;
    let value = session.reference(&name)?.at(&clock).map_err(|error| {
        let hint = match &error {
            ClockError::Ahead(_) => {
                format!("it is of another ref, or of a time that {} has not seen", name.text)
            }
            _ => "`clock` answers clocks that one can go back to".to_owned(),
        };
        let kind = ErrorKind::At { name: name.text.to_owned(), error };
        CommandError::new(kind, word.span.clone()).with_hint(hint)
    })?;
    Ok(Reply::value(value))
}

fn patch(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    session.reference(&name)?;
    let since = match args.optional(Wants::Clock) {
        Some(word) => session.clock(&word)?,
        None => Clock::default(),
    };
    let kept = args.next();
    let patch = session.reference(&name)?.patch_from_clock(&since);
    let line = if patch.is_empty() { nothing_new() } else { Part::Line(words::count(patch.len(), "change")) };
    let reply = Reply::value(patch.to_json()).with(line);
    // A patch that is kept can be looked at by its name.
    let reply = if kept.is_some() { reply.in_words() } else { reply };
    session.keep(kept, Entry::Patch(patch))?;
    Ok(reply)
}

fn peek_patches(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    Ok(queue(&session.reference(&name)?.peek_patches()))
}

fn pop_patches(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    session.reference(&name)?;
    let kept = args.next();
    let all = session.reference(&name)?.peek_patches().into_iter();
    let (document, is_kept) = (session.reference(&name)?.document().clone(), kept.is_some());
    let all = Patch::new(document, all.flat_map(|patch| patch.changes().collect::<Vec<_>>()));
    // Only what can be kept is taken out of the queue.
    session.keep(kept, Entry::Patch(all))?;
    let reply = queue(&session.reference_mut(&name)?.pop_patches());
    Ok(if is_kept { reply.in_words() } else { reply })
}

fn queue(patches: &[Patch]) -> Reply {
    let line = match patches.len() {
        0 => "nothing new".to_owned(),
        1 => "1 patch".to_owned(),
        n => format!("{n} patches"),
    };
    Reply::value(patches.iter().map(Patch::to_json).collect()).with(Part::Line(line))
}
