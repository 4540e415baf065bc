//! The shared tallies against real servers.

use crate::store::shared::servers;

mod agreement;
