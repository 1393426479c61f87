//! The directory: the few records that nearly every operation reads, decoded once.
//!
//! Invariants: it holds exactly what the state map holds under the same keys; it is shared between
//! states until one changes. Absent: accounts and holdings; there are millions of those.

use std::collections::BTreeMap;

use crate::account::{Asset, Institution};
use crate::fees::FeeSchedule;
use crate::genesis::Parameters;
use crate::ids::{AssetCode, InstitutionNumber};

/// Parameters, institutions, assets and fee schedules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    pub(crate) parameters: Parameters,
    pub(crate) institutions: BTreeMap<InstitutionNumber, Institution>,
    pub(crate) assets: BTreeMap<AssetCode, Asset>,
    pub(crate) schedules: BTreeMap<InstitutionNumber, FeeSchedule>,
}

impl Directory {
    pub(crate) const fn new(parameters: Parameters) -> Self {
        Self {
            parameters,
            institutions: BTreeMap::new(),
            assets: BTreeMap::new(),
            schedules: BTreeMap::new(),
        }
    }

    /// The network's parameters.
    pub const fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The institutions, by number.
    pub const fn institutions(&self) -> &BTreeMap<InstitutionNumber, Institution> {
        &self.institutions
    }

    /// The registered assets, by code.
    pub const fn assets(&self) -> &BTreeMap<AssetCode, Asset> {
        &self.assets
    }

    /// The fee schedules, by institution.
    pub const fn schedules(&self) -> &BTreeMap<InstitutionNumber, FeeSchedule> {
        &self.schedules
    }
}
