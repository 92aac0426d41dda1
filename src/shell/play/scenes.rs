//! Scenes of a session file.

use rejoin::script::{Item, Paragraph, Script, Step, prose};

/// A command and what is said before it.
pub(super) struct Scene<'a> {
    pub(super) prose: Vec<Paragraph>,
    pub(super) step: &'a Step,
    /// Whether a new session starts before it.
    pub(super) fresh: bool,
}

/// Returns the commands of a script, each with what is said before it; and what is said after the last one.
pub(super) fn scenes(script: &Script) -> (Vec<Scene<'_>>, Vec<Paragraph>) {
    let mut scenes: Vec<Scene<'_>> = Vec::new();
    let mut start = 0;
    for (at, item) in script.items.iter().enumerate() {
        let Item::Step(step) = item else { continue };
        let before = &script.items[start..at];
        let fresh = before.iter().any(|item| matches!(item, Item::Fence { fresh: true, .. }));
        scenes.push(Scene { prose: prose(before), step, fresh });
        start = at + 1;
    }
    // What a session file says first is what it is about.
    if let Some(Paragraph::Text(title)) = scenes.first().and_then(|first| first.prose.first()) {
        let title = Paragraph::Heading(title.clone());
        scenes[0].prose[0] = title;
    }
    (scenes, prose(&script.items[start..]))
}
