//! A logarithmic axis over whole powers of ten.

/// The most powers of ten that an axis has.
const DECADES: i32 = 12;

/// An axis over whole powers of ten.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    /// The power of ten at its beginning, and at its end.
    from: i32,
    to: i32,
    /// Where it begins and ends in the picture.
    begin: f64,
    end: f64,
}

impl Axis {
    /// The shortest axis on which all values have a place; they are above 0.
    pub(super) fn over(values: impl Iterator<Item = f64>, begin: f64, end: f64) -> Self {
        let (mut least, mut most) = (f64::MAX, f64::MIN_POSITIVE);
        for value in values.filter(|value| *value > 0.0) {
            (least, most) = (least.min(value), most.max(value));
        }
        let powers = -3..DECADES;
        let from = powers.clone().rev().find(|power| 10_f64.powi(*power) <= least).unwrap_or(-3);
        let to = powers.into_iter().find(|power| 10_f64.powi(*power) >= most).unwrap_or(DECADES);
        Self { from, to: to.max(from + 1), begin, end }
    }

    /// Where a value is in the picture; one that is too small is at the beginning.
    pub(super) fn place(&self, value: f64) -> f64 {
        let length = f64::from(self.to - self.from);
        let part = (value.max(10_f64.powi(self.from)).log10() - f64::from(self.from)) / length;
        self.begin + part * (self.end - self.begin)
    }

    /// The powers of ten, with their names.
    pub(super) fn decades(&self) -> Vec<(f64, String)> {
        let decade = |power| {
            let value = 10_f64.powi(power);
            (value, value.to_string())
        };
        (self.from..=self.to).map(decade).collect()
    }
}

/// A count as a fraction can hold it.
pub(super) fn count(value: u64) -> f64 {
    f64::from(u32::try_from(value).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::Axis;

    #[test]
    fn values_have_their_place_between_powers_of_ten() {
        let axis = Axis::over([4.0, 900.0, 0.0].into_iter(), 100.0, 400.0);
        let rows = [(1.0, 100), (10.0, 200), (100.0, 300), (1000.0, 400), (0.0, 100)];
        for (value, place) in rows {
            assert_eq!(axis.place(value).round().to_string(), place.to_string(), "{value}");
        }
        let names: Vec<_> = axis.decades().into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["1", "10", "100", "1000"]);
    }

    #[test]
    fn a_single_value_still_has_an_axis() {
        let axis = Axis::over([0.1].into_iter(), 0.0, 1.0);
        assert_eq!(axis.decades().len(), 2);
        assert!(axis.place(0.1).abs() < 1e-9);
    }
}
