//! What depends on this crate reads its own JSON as if it did not.

use serde::Deserialize;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "shape", rename_all = "lowercase")]
enum Shape {
    Circle { radius: f64 },
    Square { side: f64, count: u8 },
}

#[test]
fn a_tagged_enum_with_a_number_is_read() {
    // Given: this fails in every program in which `serde_json` keeps numbers as their text.
    let text = r#"[{"shape":"circle","radius":1.5},{"shape":"square","side":2,"count":3}]"#;
    // When it is read here, beside a value of this crate,
    let shapes: Vec<Shape> = serde_json::from_str(text).unwrap();
    let value = rejoin::value::parse(text).unwrap();
    // then both have what was written.
    assert_eq!(shapes, [Shape::Circle { radius: 1.5 }, Shape::Square { side: 2.0, count: 3 }]);
    assert_eq!(value.to_string(), text);
}

#[test]
fn values_and_clocks_stand_in_the_data_of_other_programs() {
    #[derive(Debug, PartialEq, Deserialize, serde::Serialize)]
    struct Note {
        seen: rejoin::crdt::Clock,
        value: rejoin::value::Val,
    }
    let text = r#"{"seen":{"a":3,"b":5},"value":{"z":[1,1.5,"x",null],"a":true}}"#;
    let note: Note = serde_json::from_str(text).unwrap();
    assert_eq!(note.seen.get(&rejoin::crdt::Actor::new("b").unwrap()), 5);
    assert_eq!(serde_json::to_string(&note).unwrap(), text);
    let wrong = r#"{"seen":{"a@b":3},"value":1}"#;
    let error = serde_json::from_str::<Note>(wrong).unwrap_err().to_string();
    assert!(error.contains("is not an actor"), "{error}");
}
