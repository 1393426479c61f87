//! A scenario: who is a twin, and how the network is cut in each view; as a text, to see it again.
//!
//! Invariant: the text reads back as the same scenario. Absent: what happens in it.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use super::groups::Groups;
use crate::sim::random::Random;

/// A scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// How many validators there are.
    pub validators: usize,
    /// The seats of the validators that run twice.
    pub twins: Vec<usize>,
    /// How the network is cut in view 1, 2, and so on.
    pub cuts: Vec<Groups>,
}

/// Why a text is no scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no scenario: give validators/twins/cuts, such as 4/1/01201.00000, a group per replica")]
pub struct ScenarioError;

impl Scenario {
    /// The seat of each replica: the validators' in order, then those of the second twins.
    #[must_use]
    pub fn seats(validators: usize, twins: &[usize]) -> Vec<usize> {
        (0..validators).chain(twins.iter().copied()).collect()
    }

    /// A drawn scenario of `twins` twins and so many views.
    #[must_use]
    pub fn draw(random: &mut Random, validators: usize, twins: usize, views: usize) -> Self {
        let mut seats: Vec<_> = (0..validators).collect();
        let mut drawn = Vec::new();
        for _ in 0..twins.min(validators) {
            drawn.push(seats.swap_remove(random.position(seats.len())));
        }
        drawn.sort_unstable();
        let count = validators + drawn.len();
        let cuts = (0..views).map(|_| Groups::draw(random, count)).collect();
        Self { validators, twins: drawn, cuts }
    }
}

impl Display for Scenario {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        let texts = |all: Vec<String>, between: &str| all.join(between);
        let twins = texts(self.twins.iter().map(ToString::to_string).collect(), ",");
        let cuts = texts(self.cuts.iter().map(ToString::to_string).collect(), ".");
        write!(formatter, "{}/{twins}/{cuts}", self.validators)
    }
}

impl FromStr for Scenario {
    type Err = ScenarioError;

    fn from_str(text: &str) -> Result<Self, ScenarioError> {
        let mut parts = text.split('/');
        let mut part = || parts.next().ok_or(ScenarioError);
        let number = |text: &str| text.parse::<usize>().map_err(|_| ScenarioError);
        let validators = number(part()?)?;
        let twins = part()?.split(',').map(number).collect::<Result<Vec<_>, _>>()?;
        let digit = |character: char| {
            let digit = character.to_digit(10).and_then(|digit| u8::try_from(digit).ok());
            digit.ok_or(ScenarioError)
        };
        let cut = |text: &str| {
            let groups = text.chars().map(digit).collect::<Result<Vec<_>, _>>()?;
            Ok(Groups::new(&groups))
        };
        let cuts = part()?.split('.').map(cut).collect::<Result<Vec<_>, _>>()?;
        let count = validators + twins.len();
        let fits = (1..=20).contains(&validators)
            && twins.iter().all(|twin| *twin < validators)
            && cuts.iter().all(|groups| groups.count() == count);
        if fits { Ok(Self { validators, twins, cuts }) } else { Err(ScenarioError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_reads_back_and_nonsense_does_not() {
        let mut random = Random::new(3);
        for (validators, twins, views) in [(4, 1, 3), (7, 2, 7)] {
            let scenario = Scenario::draw(&mut random, validators, twins, views);
            assert_eq!(scenario.to_string().parse(), Ok(scenario));
        }
        for text in ["", "4", "4/1", "4/4/00000", "4/1/0000", "4/1/0000x", "0/0/0", "4/1/00000.0"] {
            assert_eq!(text.parse::<Scenario>(), Err(ScenarioError), "{text}");
        }
    }
}
