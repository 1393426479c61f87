//! Judge: every node has the same blocks with the same roots, each the child of the one before,
//! with no gap since the last audit.

use super::{Case, Verdict};

pub(super) fn judge(case: &Case<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    let Some(first) = case.testimonies.first() else { return verdict };
    for testimony in case.testimonies {
        let node = &testimony.node;
        verdict.check(testimony.blocks.len() == first.blocks.len(), || {
            format!("{node} has {} blocks, another {}", testimony.blocks.len(), first.blocks.len())
        });
        let mut parent = case.parent;
        for (block, other) in testimony.blocks.iter().zip(&first.blocks) {
            verdict.check(block == other, || format!("{node}: {block:?}, another {other:?}"));
            verdict.check(parent.is_none_or(|parent| parent == block.parent), || {
                format!("{node}: {block:?} does not follow {parent:?}")
            });
            parent = Some(&block.hash);
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::chaos::judge::world::World;

    #[test]
    fn forks_and_gaps_are_found() {
        assert_eq!(judge(&World::new().case()).violations, [""; 0]);
        let rows: [fn(&mut World); 4] = [
            |world| world.testimonies[1].blocks[1].roots.0.push('x'),
            |world| world.testimonies[1].blocks[1].hash.push('x'),
            |world| drop(world.testimonies[3].blocks.pop()),
            |world| {
                for testimony in &mut world.testimonies {
                    testimony.blocks.remove(0);
                }
            },
        ];
        for (row, change) in rows.iter().enumerate() {
            let mut world = World::new();
            change(&mut world);
            assert!(!judge(&world.case()).violations.is_empty(), "{row}");
        }
    }
}
