//! What is this number, this network, this address?
//!
//! The atlas knows the numbering plans of the world, who was given which run of numbers, where internet
//! addresses were allocated, and what is believed of a destination before anything was seen. All of it is
//! packed into tables (`tables/`, written by `cargo xtask metadata`) and answered from memory: no clock, no
//! disk, no network, no state. A number in E.164 costs one walk through a table; what people type otherwise
//! is read by the library and ends in the same walk, so no spelling is judged otherwise than its normal form.
//!
//! It does not know who owns a number today (numbers are ported), whether it is in use, nor whether anybody is
//! honest; it judges nobody. The engine, the simulation and the program above all call it.
#![no_std]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod country;
mod destination;
mod edition;
mod ip;
mod kind;
mod network;
mod number;
mod plan;
mod prefix;
mod price;
mod risk;
mod runs;
mod tables;
mod typed;

pub use country::Country;
pub use destination::{Destination, look_up, parse, parse_e164};
pub use edition::{Edition, edition};
pub use ip::{IpFacts, ip_facts};
pub use kind::{Kind, Tariff};
pub use network::Network;
pub use number::{Number, NumberError};
pub use prefix::{Prefix, PrefixError};
pub use price::{Price, PriceList, PriceScope, reference_price_micros};
pub use risk::{Category, Risk, risk};
pub use runs::{Run, addresses_v4, hosting_v4, mobile_runs, networks_v6};
