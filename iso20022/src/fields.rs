//! Reads the fields of an element by their paths.
//!
//! Invariants: what the schema allows once is read only if it stands once; a field is text without
//! child elements. A path that breaks this is noted as a defect, never read in part.

use crate::xml::Element;

/// The fields of one element, and the paths at which its structure is not as expected.
#[derive(Debug)]
pub(crate) struct Fields<'document> {
    element: Element<'document>,
    any_namespace: bool,
    defects: Vec<&'static str>,
}

impl<'document> Fields<'document> {
    /// Fields in the element's own namespace.
    pub(crate) fn of(element: Element<'document>) -> Self {
        Self { element, any_namespace: false, defects: Vec::new() }
    }

    /// Fields by their names alone.
    pub(crate) fn loose(element: Element<'document>) -> Self {
        Self { any_namespace: true, ..Self::of(element) }
    }

    /// The element at `path`, if it is there once.
    pub(crate) fn element(&mut self, path: &'static str) -> Option<Element<'document>> {
        let mut at = self.element;
        for name in path.split('/') {
            let parent = at;
            let mut found = parent.children().filter(|child| {
                child.name() == name
                    && (self.any_namespace || child.namespace() == parent.namespace())
            });
            at = found.next()?;
            if found.next().is_some() {
                self.note(path);
                return None;
            }
        }
        Some(at)
    }

    /// The text at `path`, if it is there once and not empty.
    pub(crate) fn text(&mut self, path: &'static str) -> Option<String> {
        let element = self.element(path)?;
        if !element.is_leaf() {
            self.note(path);
            return None;
        }
        (!element.text().is_empty()).then(|| element.text().to_owned())
    }

    /// True if there is an element at `path`, whatever it holds.
    pub(crate) fn has(&mut self, path: &'static str) -> bool {
        self.element(path).is_some()
    }

    /// The first path at which the structure was not as expected.
    pub(crate) fn first_defect(&self) -> Option<&'static str> {
        self.defects.first().copied()
    }

    /// All paths at which the structure was not as expected.
    pub(crate) fn into_defects(self) -> Vec<&'static str> {
        self.defects
    }

    /// Notes that what stands at `path` is not as expected, if so.
    pub(crate) fn note_if(&mut self, path: &'static str, unexpected: bool) {
        if unexpected {
            self.note(path);
        }
    }

    fn note(&mut self, path: &'static str) {
        if !self.defects.contains(&path) {
            self.defects.push(path);
        }
    }
}
