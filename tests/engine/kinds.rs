//! What sort of container is where, and new containers in items of lists.

use crate::common::{at, branch, edit, exchange, json, replica, set, text};
use crate::oracle::Oracle;
use rejoin::crdt::{EditError, Kind};
use rejoin::value::{Path, Step};

fn path(steps: &[&str]) -> Path {
    let step = |step: &&str| step.parse().map_or_else(|_| Step::Key((*step).to_owned()), Step::Index);
    Path(steps.iter().map(step).collect())
}

#[test]
fn given_containers_of_all_kinds_then_each_place_tells_its_kind() {
    let mut ann = replica("ann", r#"{"m":{"k":1},"l":[1,[2]],"s":"x"}"#);
    let root = at(&ann, "");
    edit(&mut ann, |tx| {
        tx.put_new(&root, "t", Kind::Text).unwrap();
        tx.put_new(&root, "n", Kind::Counter).unwrap();
    });
    let rows: [(&[&str], Option<Kind>); 10] = [
        (&[], Some(Kind::Map)),
        (&["m"], Some(Kind::Map)),
        (&["m", "k"], None),
        (&["l"], Some(Kind::List)),
        (&["l", "1"], Some(Kind::List)),
        (&["l", "2"], None),
        (&["s"], None),
        (&["t"], Some(Kind::Text)),
        (&["n"], Some(Kind::Counter)),
        (&["n", "x"], None),
    ];
    for (steps, kind) in rows {
        assert_eq!(ann.kind_at(&path(steps)), kind, "{steps:?}");
        assert_eq!(ann.container(&path(steps)).is_some(), kind.is_some(), "{steps:?}");
    }
    set(&mut ann, r#"{"m":{"k":1},"l":[1,[2]],"s":"x","t":null,"n":"many"}"#);
    assert_eq!(ann.kind_at(&path(&["t"])), None);
    assert_eq!(ann.kind_at(&path(&["n"])), None);
}

#[test]
fn given_an_item_when_it_becomes_a_container_then_it_overwrites_what_the_item_shows() {
    let mut ann = replica("ann", r#"["x",[1],3]"#);
    let mut ben = branch(&ann, "ben");
    set(&mut ann, r#"["a",[1],3]"#);
    set(&mut ben, r#"["b",[1],3]"#);
    exchange(&mut ann, &mut ben);
    assert_eq!(ann.conflicts().len(), 1);
    let list = at(&ann, "");
    edit(&mut ann, |tx| {
        let words = tx.set_new(&list, 0, Kind::Text).unwrap();
        tx.splice(&words, 0, 0, "both").unwrap();
        let count = tx.set_new(&list, 1, Kind::Counter).unwrap();
        tx.add(&count, 7).unwrap();
        let map = tx.set_new(&list, 2, Kind::Map).unwrap();
        tx.put(&map, "k", json("null")).unwrap();
        let past = tx.set_new(&list, 3, Kind::Text);
        assert_eq!(past, Err(EditError::OutOfRange { position: 4, length: 3 }));
    });
    assert_eq!(text(&ann), r#"["both",7,{"k":null}]"#);
    assert_eq!(ann.check(), Ok(()));
    assert_eq!(ann.conflicts(), []);
    exchange(&mut ann, &mut ben);
    assert_eq!(text(&ben), text(&ann));
    assert_eq!(text(&ann), Oracle::new(ann.changes()).value().to_string());
}
