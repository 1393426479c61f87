//! The containers of the folder `docker/`: their images, and a trial of the whole network in them.
//!
//! Absent: any registry; images are built around the products of this build, and Docker's engine is
//! the machine's, or one that is started for the trial and ended with it.

pub mod context;
pub mod engine;
pub mod monitoring;
pub mod trial;

/// The image of the programs.
pub const IMAGE: &str = "feiqian:local";

/// The image that founds the example network.
pub const FOUNDER: &str = "feiqian-founder:local";

/// The image of the machine's Prometheus.
pub const PROMETHEUS: &str = "feiqian-prometheus:local";
