//! What `--json` prints is what the schema says, and the schema says neither more nor less.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn schema() -> Value {
    serde_json::from_str(&fs::read_to_string(root().join("schema/answer.schema.json")).unwrap()).unwrap()
}

/// The objects that a session gives.
fn objects(args: &[&str]) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_rejoin")).arg("--json").args(args).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A small validator: it knows the words of JSON Schema that the schema uses, and no others.
struct Validator {
    root: Value,
}

impl Validator {
    /// What is wrong with a value.
    fn validate(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("{at}: {what}: {value}"));
        for (word, rule) in schema.as_object().unwrap() {
            match &**word {
                "$schema" | "$defs" | "title" | "description" => {}
                "$ref" => {
                    let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                    self.validate(self.root.pointer(pointer).unwrap(), value, at)?;
                }
                "type" => {
                    let types = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                    if !types.iter().any(|name| is(value, name.as_str().unwrap())) {
                        return wrong(&format!("not of type {rule}"));
                    }
                }
                "const" if value != rule => return wrong(&format!("not {rule}")),
                "enum" if !rule.as_array().unwrap().contains(value) => return wrong("not in the enum"),
                "minimum" if value.as_i64() < rule.as_i64() => return wrong("too small"),
                "minItems" if (value.as_array().unwrap().len() as u64) < rule.as_u64().unwrap() => {
                    return wrong("too short");
                }
                "maxItems" if (value.as_array().unwrap().len() as u64) > rule.as_u64().unwrap() => {
                    return wrong("too long");
                }
                "pattern" => {
                    // The one pattern that there is.
                    assert_eq!(rule, &json!("^R[0-9]{3}$"));
                    let digits = value.as_str().unwrap().strip_prefix('R').unwrap_or_default();
                    if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                        return wrong("not a code");
                    }
                }
                "const" | "enum" | "minimum" | "minItems" | "maxItems" => {}
                "required" => {
                    for key in rule.as_array().unwrap() {
                        if value.get(key.as_str().unwrap()).is_none() {
                            return wrong(&format!("{key} is missing"));
                        }
                    }
                }
                "properties" => {
                    for (key, inner) in rule.as_object().unwrap() {
                        if let Some(part) = value.get(key) {
                            self.validate(inner, part, &format!("{at}.{key}"))?;
                        }
                    }
                }
                "additionalProperties" => {
                    assert_eq!(rule, &json!(false));
                    let known = schema["properties"].as_object().unwrap();
                    if let Some(key) = value.as_object().unwrap().keys().find(|key| !known.contains_key(*key))
                    {
                        return wrong(&format!("{key} is not known"));
                    }
                }
                "items" => {
                    for (index, item) in value.as_array().unwrap().iter().enumerate() {
                        self.validate(rule, item, &format!("{at}[{index}]"))?;
                    }
                }
                "oneOf" => {
                    let all = rule.as_array().unwrap();
                    let fits = all.iter().filter(|one| self.validate(one, value, at).is_ok()).count();
                    if fits != 1 {
                        return wrong(&format!("fits {fits} of oneOf"));
                    }
                }
                word => panic!("the validator does not know `{word}`"),
            }
        }
        Ok(())
    }
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        name => panic!("the validator does not know the type `{name}`"),
    }
}

/// All that a session can answer with.
const SESSION: &str = r#"
ref a {"title": "x", "tasks": [{"n": 1, "m": 2}], "done": [], "old": 1}
branch a as b
swap a .title = "A" | .done = [.tasks[0]] | .tasks = [] | del(.old) | .new = 1
swap b .title = "B"
merge a b
a[]
watch a
text a .title
swap a .title = 1
undo
redo
clock a as c
patch-from-clock a {} as p
nothing here
"#;

#[test]
fn given_every_kind_of_answer_then_it_is_what_the_schema_says() {
    let validator = Validator { root: schema() };
    let mut seen = BTreeSet::new();
    let commands = SESSION.trim().lines().flat_map(|line| ["-c", line]).collect::<Vec<_>>();
    let folder = std::env::temp_dir().join(format!("rejoin-{}-schema", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let [wrong, missing] = ["wrong.rejoin", "missing.rejoin"].map(|name| folder.join(name));
    fs::write(&wrong, "ref a 1\n#=> 2\nswop\n#=> error: no\nswop\n").unwrap();
    let checked = objects(&["check", wrong.to_str().unwrap(), missing.to_str().unwrap()]);
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(checked.len(), 4);
    assert_eq!(checked[3]["summary"]["unread"].as_array().unwrap().len(), 1);
    for object in objects(&commands).into_iter().chain(checked) {
        assert_eq!(validator.validate(&validator.root, &object, ""), Ok(()), "{object}");
        seen.extend(object.as_object().unwrap().keys().cloned());
        let changes = object["changes"].as_array().cloned().unwrap_or_default();
        seen.extend(changes.iter().map(|change| change["kind"].as_str().unwrap().to_owned()));
        let made_plain = changes.iter().any(|change| change["made_plain"] == "text");
        seen.extend(made_plain.then(|| "made plain".into()));
        let made = changes.iter().any(|change| change["made"] == "text");
        seen.extend(made.then(|| "made".into()));
        seen.extend(
            object["conflicts"].as_array().filter(|all| !all.is_empty()).map(|_| "a conflict".into()),
        );
    }
    // Else the schema could promise what never comes.
    let mut promised: BTreeSet<String> =
        validator.root["$defs"]["answer"]["properties"].as_object().unwrap().keys().cloned().collect();
    promised.extend(
        ["summary", "added", "removed", "changed", "moved", "made", "made plain", "a conflict"]
            .map(str::to_owned),
    );
    assert_eq!(seen, promised);
}

#[test]
fn given_every_lesson_then_its_answers_are_what_the_schema_says() {
    let validator = Validator { root: schema() };
    let folder = fs::read_dir(root().join("examples")).unwrap().map(|entry| entry.unwrap().path());
    let files = folder.filter(|path| path.extension().is_some_and(|e| e == "rejoin"));
    for file in files {
        let objects = objects(&["run", file.to_str().unwrap()]);
        assert!(objects.len() > 5, "{}", file.display());
        for object in objects {
            assert_eq!(validator.validate(&validator.root, &object, ""), Ok(()), "{object}");
        }
    }
}

#[test]
fn given_an_object_that_is_not_an_answer_then_the_schema_tells() {
    let validator = Validator { root: schema() };
    let right = json!({"line": 1, "command": "a", "ok": true, "value": 1, "report": []});
    assert_eq!(validator.validate(&validator.root, &right, ""), Ok(()));
    let rows = [
        ("line", json!(0)),
        ("line", json!("1")),
        ("ok", json!(false)),
        ("values", json!([])),
        ("report", json!([1])),
        ("more", json!(1)),
        ("changes", json!([{"kind": "added", "path": ".x"}])),
        ("changes", json!([{"kind": "eaten", "path": ".x"}])),
        ("changes", json!([{"kind": "changed", "path": ".x", "old": 1, "new": 2, "made_plain": "list"}])),
        ("changes", json!([{"kind": "changed", "path": ".x", "old": 1, "new": 2, "made": "list"}])),
        ("conflicts", json!([{"path": ".x", "winner": {"id": "1@a"}, "losers": []}])),
        ("mismatches", json!([])),
        ("mismatches", json!([{"line": 1, "expected": "1"}])),
        ("summary", json!({})),
    ];
    for (key, value) in rows {
        let mut wrong = right.clone();
        wrong[key] = value;
        assert!(validator.validate(&validator.root, &wrong, "").is_err(), "{wrong}");
    }
    let error = json!({"code": "R001", "message": "x", "span": [0, 1], "hint": null});
    let right_error = json!({"line": 1, "command": "a", "ok": false, "error": error});
    assert_eq!(validator.validate(&validator.root, &right_error, ""), Ok(()));
    for (key, value) in
        [("code", json!("R1")), ("span", json!([0, 1, 2])), ("hint", json!(1)), ("x", json!(1))]
    {
        let mut wrong = right_error.clone();
        wrong["error"][key] = value;
        assert!(validator.validate(&validator.root, &wrong, "").is_err(), "{wrong}");
    }
    for key in ["line", "command", "ok", "value", "report"] {
        let mut wrong = right.clone();
        wrong.as_object_mut().unwrap().remove(key);
        assert!(validator.validate(&validator.root, &wrong, "").is_err(), "{wrong}");
    }
}

#[test]
fn given_the_command_then_it_prints_the_schema() {
    let output = Command::new(env!("CARGO_BIN_EXE_rejoin")).arg("schema").output().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), schema());
}
