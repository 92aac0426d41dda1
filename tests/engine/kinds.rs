//! What sort of container is where, new containers in items of lists and at the root, and what an op wrote.

use crate::common::{actor, at, branch, document, edit, exchange, id, json, last_change, replica, set, text};
use crate::oracle::Oracle;
use rejoin::crdt::{Content, ConvergentRef, EditError, Kind, OpId, Scalar};
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

#[test]
fn given_ops_of_every_kind_when_asked_by_their_ids_then_what_each_wrote_is_told_though_it_is_gone() {
    let mut ann = replica("ann", r#"{"m":{"n":1.0},"l":["x"]}"#);
    let (root, map, list) = (at(&ann, ""), at(&ann, "m"), at(&ann, "l"));
    let words = edit(&mut ann, |tx| {
        let words = tx.put_new(&root, "t", Kind::Text).unwrap();
        tx.splice(&words, 0, 0, "añb").unwrap();
        tx.move_to_item(&map, &list, 0).unwrap();
        let count = tx.put_new(&root, "c", Kind::Counter).unwrap();
        tx.add(&count, 2).unwrap();
        words
    });
    let change = last_change(&ann);
    let [_, _, (moved, _), _, (added, _)] = &change.ops_with_ids().collect::<Vec<_>>()[..] else {
        panic!("five ops");
    };
    set(&mut ann, "null");
    let scalar = |text: &str| Some(Content::Scalar(Scalar::new(json(text)).unwrap()));
    assert_eq!(ann.written(&root), Some(Content::Make(Kind::Map)));
    assert_eq!(ann.written(&words), Some(Content::Make(Kind::Text)));
    assert_eq!(ann.written(&OpId::new(map.counter + 1, map.actor.clone())), scalar("1.0"));
    assert_eq!(ann.written(&OpId::new(list.counter + 1, list.actor.clone())), scalar(r#""x""#));
    for (at, char) in (1..).zip([r#""a""#, r#""ñ""#, r#""b""#]) {
        assert_eq!(ann.written(&OpId::new(words.counter + at, words.actor.clone())), scalar(char));
    }
    assert_eq!(ann.written(moved), Some(Content::Move(map)));
    assert_eq!(ann.written(added), None, "it wrote into no slot");
    for nowhere in ["1@bob", "99@ann"] {
        assert_eq!(ann.written(&id(nowhere)), None);
    }
}

#[test]
fn given_a_document_when_its_root_becomes_a_new_container_then_it_can_be_edited() {
    for (kind, value) in [(Kind::Map, "{}"), (Kind::List, "[]"), (Kind::Text, r#""""#), (Kind::Counter, "0")]
    {
        for mut ann in [replica("ann", r#"{"a":[1]}"#), ConvergentRef::new(document(), actor("ann"))] {
            let made = edit(&mut ann, |tx| tx.put_new_root(kind).unwrap());
            assert_eq!(text(&ann), value);
            assert_eq!((at(&ann, ""), ann.kind_at(&Path::default())), (made, Some(kind)));
            ann.check().unwrap();
            assert_eq!(text(&ann), Oracle::new(ann.changes()).value().to_string());
        }
    }
}
