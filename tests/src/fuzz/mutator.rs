//! Makes inputs: samples that were changed in one to eight places, and now and then noise.
//!
//! Invariant: inputs stay below [`LONGEST`], so that a campaign's speed says something. Absent: any
//! knowledge of coverage.

use crate::sim::random::Random;

/// The most bytes of an input.
const LONGEST: usize = 1 << 16;

/// Numbers at the edges of what lengths and counters hold.
const EDGES: [u64; 12] = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
];

/// Texts that have broken readers of text.
const TROUBLE: [&str; 14] = [
    "\0",
    "\n",
    "\u{1b}[2J",
    "\u{202e}",
    "\u{feff}",
    "\u{10ffff}",
    "飞",
    "-1",
    "1e999",
    "99999999999999999999999999999999999999999",
    "+",
    " ",
    "\u{ff11}",
    "\\ud800",
];

/// A source of inputs.
pub struct Mutator {
    samples: Vec<Vec<u8>>,
    words: &'static [&'static str],
    random: Random,
}

impl Mutator {
    /// A source that starts from these samples, of which there is at least one.
    #[must_use]
    pub fn new(samples: Vec<Vec<u8>>, words: &'static [&'static str], random: Random) -> Self {
        assert!(!samples.is_empty(), "inputs are made from samples");
        Self { samples, words, random }
    }

    /// The next input.
    pub fn input(&mut self) -> Vec<u8> {
        if self.random.chance(20) {
            return self.noise();
        }
        let mut input = self.sample();
        for _ in 0..=self.random.position(8) {
            self.change(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    fn sample(&mut self) -> Vec<u8> {
        let place = self.random.position(self.samples.len());
        self.samples.get(place).cloned().unwrap_or_default()
    }

    fn noise(&mut self) -> Vec<u8> {
        let length = self.random.position(200);
        (0..length).map(|_| self.byte()).collect()
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.random.next() & 0xff).unwrap_or(0)
    }

    /// A place in the input, its end included.
    fn place(&mut self, input: &[u8]) -> usize {
        self.random.position(input.len() + 1)
    }

    /// A part of the input; most are short.
    fn part(&mut self, input: &[u8]) -> (usize, usize) {
        let start = self.place(input);
        let most = if self.random.chance(100) { input.len() } else { 32 };
        (start, input.len().min(start + self.random.position(most + 1)))
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        match self.random.position(11) {
            0 => self.flip(input),
            1 => {
                let (place, byte) = (self.place(input), self.byte());
                input.insert(place, byte);
            }
            2 => {
                let (start, end) = self.part(input);
                input.drain(start..end);
            }
            3 => {
                let (start, end) = self.part(input);
                let part = input.get(start..end).unwrap_or_default().to_vec();
                let place = self.place(input);
                input.splice(place..place, part);
            }
            4 => {
                let other = self.sample();
                let (start, end) = self.part(&other);
                let part = other.get(start..end).unwrap_or_default().to_vec();
                let (start, end) = self.part(input);
                input.splice(start..end, part);
            }
            5 => {
                let length = self.place(input);
                input.truncate(length);
            }
            6 | 7 => self.number(input),
            8 => {
                let word = TROUBLE.get(self.random.position(TROUBLE.len()));
                self.word(input, word.copied().unwrap_or_default());
            }
            9 if !self.words.is_empty() => {
                let word = self.words.get(self.random.position(self.words.len()));
                self.word(input, word.copied().unwrap_or_default());
            }
            _ => {
                let byte = self.byte();
                let place = self.place(input);
                if let Some(found) = input.get_mut(place) {
                    *found = byte;
                }
            }
        }
    }

    fn flip(&mut self, input: &mut [u8]) {
        let (place, bit) = (self.place(input), self.random.position(8));
        if let Some(byte) = input.get_mut(place) {
            *byte ^= 1 << bit;
        }
    }

    /// Puts a number at an edge over two, four or eight bytes.
    fn number(&mut self, input: &mut [u8]) {
        let edge = EDGES.get(self.random.position(EDGES.len())).copied().unwrap_or_default();
        let width = 1_usize << (1 + self.random.position(3));
        let bytes = edge.to_le_bytes();
        let start = self.place(input);
        for (place, byte) in input.iter_mut().skip(start).zip(bytes).take(width) {
            *place = byte;
        }
    }

    /// Puts a word in, or in the place of a part.
    fn word(&mut self, input: &mut Vec<u8>, word: &str) {
        let (start, end) = self.part(input);
        let end = if self.random.chance(500) { start } else { end };
        input.splice(start..end, word.bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, Mutator};
    use crate::sim::random::Random;

    #[test]
    fn a_seed_gives_one_course_of_inputs() {
        let course = |seed| {
            let samples = vec![b"{\"a\":1}".to_vec(), vec![7; 300]];
            let mut mutator = Mutator::new(samples, &["[["], Random::new(seed));
            (0..2000).map(|_| mutator.input()).collect::<Vec<_>>()
        };
        let first = course(1);
        assert_eq!(first, course(1));
        assert_ne!(first, course(2));
        assert!(first.iter().all(|input| input.len() <= LONGEST));
        let distinct: std::collections::BTreeSet<_> = first.iter().collect();
        assert!(distinct.len() > 1500, "{}", distinct.len());
    }
}
