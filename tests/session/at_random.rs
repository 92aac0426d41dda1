//! Random sessions of three replicas: whatever is typed, they come together, every invariant holds after
//! every line, and an older clock still gives the value of then.

use rejoin::crdt::{Clock, ConvergentRef};
use rejoin::session::{Entry, Session};
use rejoin::value::{Val, same};

const REFS: [&str; 3] = ["ann", "ben", "cid"];

const START: &str = r#"ref ann {"s": "héllo", "n": 3, "o": {"s": "x", "n": 1}, "l": [{"s": "a", "n": 0}, "b", 4, [1]], "m": {}}"#;

const OTHER: &str =
    r#"ref other {"s": "far", "n": 7, "o": {"s": "y", "n": 2}, "l": [{"s": "q", "n": 1}, "z", 5], "m": {}}"#;

/// Lines for one ref; `$O` is another one.
const LINES: &[&str] = &[
    "text $R $P",
    "text $R .s",
    "text $R .o.s",
    "text $R .l[0].s",
    "counter $R $P",
    "counter $R .n",
    "counter $R .l[0].n",
    "plain $R $P",
    "swap $R $P |= if type == \"string\" then . + \"日$N\" elif type == \"number\" then . + $N else . end",
    "swap $R $P |= if type == \"string\" then .[1:] elif type == \"number\" then . - 1 else . end",
    "swap $R .o = {\"s\": \"new$N\", \"n\": $N}",
    "swap $R .m[\"k$N\"] = (.l[0] // {}) | del(.l[0])",
    "swap $R .l |= reverse",
    "swap $R .l += [{\"s\": \"i\", \"n\": $N}]",
    "swap $R .l += [.o] | del(.o)",
    "swap $R .m.o = .o | del(.o)",
    "swap $R .o.m = .m | del(.m)",
    "swap $R .m |= if type == \"object\" then with_entries(.key |= .[:1]) else {} end",
    "swap $R del($P)",
    "reset $R $$O",
    "squash $R $O",
    "squash $R other",
    "merge $R $O",
    "merge $R $O",
    "pop-patches $R as news-$R",
    "drop-waiting $R",
    "waiting $R",
    "merge $O news-$R",
    "validate $R (.n | type) != \"boolean\"",
    "log $R",
    "conflicts $R",
];

const PATHS: [&str; 12] =
    [".s", ".n", ".o", ".o.s", ".o.n", ".l[0]", ".l[-1]", ".l[0].s", ".l[1]", ".m.k1", ".m.o.s", "."];

fn reference<'s>(session: &'s Session, name: &str) -> &'s ConvergentRef {
    match session.entries().find(|(known, _)| *known == name) {
        Some((_, Entry::Ref(reference))) => reference,
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn given_random_lines_when_all_is_merged_then_all_replicas_are_the_same() {
    let rounds = if cfg!(debug_assertions) { 25 } else { 400 };
    for round in 0..rounds {
        let mut seed = 1000 + round as u64;
        let mut random = |n: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % n
        };
        let mut session = Session::default();
        for line in [START, "branch ann as ben", "branch ann as cid", OTHER] {
            session.run(line).unwrap();
        }
        let mut typed = Vec::new();
        let mut seen: Vec<(Clock, Val)> = Vec::new();
        for _ in 0..60 {
            let name = REFS[random(3)];
            let line = LINES[random(LINES.len())]
                .replace("$R", name)
                .replace("$O", REFS[random(3)])
                .replace("$P", PATHS[random(PATHS.len())])
                .replace("$N", &random(5).to_string());
            let before = reference(&session, name).value().clone();
            let failed = session.run(&line).map(|reply| reply.lines()).is_err();
            typed.push(format!("{line}{}", if failed { " # failed" } else { "" }));
            let story = || format!("round {round}:\n{}", typed.join("\n"));
            for name in REFS {
                assert_eq!(reference(&session, name).check(), Ok(()), "{}", story());
            }
            let now = reference(&session, name);
            assert!(!failed || same(&before, now.value()), "{}", story());
            seen.push((now.clock().clone(), now.value().clone()));
        }
        let story = typed.join("\n");
        for line in ["merge ann ben", "merge ann cid", "merge ben ann", "merge cid ann", "same ann ben cid"] {
            session.run(line).unwrap_or_else(|error| panic!("round {round}: {line}: {error}\n{story}"));
        }
        // Also that of another replica, which saw things in another order.
        for (clock, value) in &seen {
            let then = reference(&session, "ann").at(clock).unwrap();
            assert!(same(&then, value), "round {round}: at {}\n{story}", clock.to_json());
        }
    }
}
