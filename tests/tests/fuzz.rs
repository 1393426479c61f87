//! Every fuzz target on samples that it must take, and on ten thousand changes of them.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeSet;

use tests::fuzz::{campaign, targets};

#[test]
fn targets_have_names_of_their_own_and_samples_that_are_taken() {
    let names: BTreeSet<_> = targets().iter().map(|target| target.name).collect();
    assert_eq!(names.len(), targets().len());
    assert!(names.len() >= 12, "{}", names.len());
    let mut wrong = Vec::new();
    for target in targets() {
        let samples = (target.samples)();
        assert!(!samples.is_empty(), "{}", target.name);
        for sample in samples.iter().filter(|sample| !(target.run)(sample)) {
            let shown: String = String::from_utf8_lossy(sample).chars().take(300).collect();
            wrong.push(format!("{} refuses its sample {shown}", target.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_target_holds_on_some_ten_thousand_inputs() {
    let mut wrong = Vec::new();
    for target in targets() {
        let report = campaign::run(target, 1, campaign::Bound::inputs(10_000));
        println!("{report}");
        let is_tried = report.taken > 0 && report.taken < report.inputs;
        if report.failure.is_some() || !is_tried {
            wrong.push(report.to_string());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
