//! The packed tables, written by `cargo xtask metadata`; the sources and their licences stand in `data/README.md`
//! and `NOTICE`. Only little-endian integers and rows of constants are in them; `plan` and `ip` say what they mean.

#[rustfmt::skip]
#[expect(clippy::approx_constant, reason = "coordinates: a place may lie at 6.28 degrees")]
pub(crate) mod countries;
#[rustfmt::skip]
pub(crate) mod edition;
#[rustfmt::skip]
#[expect(clippy::unreadable_literal, reason = "identifiers, written by a program")]
pub(crate) mod networks;
#[rustfmt::skip]
#[expect(clippy::unreadable_literal, reason = "amounts, written by a program")]
pub(crate) mod prices;
#[rustfmt::skip]
#[expect(clippy::unreadable_literal, reason = "leading digits, written by a program")]
pub(crate) mod prior;

/// Integers of two bytes.
pub(crate) struct Shorts(pub(crate) &'static [u8]);

impl Shorts {
    #[inline]
    pub(crate) fn at(&self, index: usize) -> u16 {
        match self.0.get(index * 2..index * 2 + 2) {
            Some(&[low, high]) => u16::from_le_bytes([low, high]),
            _ => 0,
        }
    }
}

pub(crate) static ROOT: Shorts = Shorts(include_bytes!("tables/root.bin"));
pub(crate) static NODES: Shorts = Shorts(include_bytes!("tables/nodes.bin"));
pub(crate) static SHAPES: Shorts = Shorts(include_bytes!("tables/shapes.bin"));
pub(crate) static CLASSES: &[u8] = include_bytes!("tables/classes.bin");
pub(crate) static REWRITES: &[u8] = include_bytes!("tables/rewrites.bin");

pub(crate) static V4_COUNTRY: (&[u8], &[u8]) =
    (include_bytes!("tables/v4-country-starts.bin"), include_bytes!("tables/v4-country-values.bin"));
pub(crate) static V6_COUNTRY: (&[u8], &[u8]) =
    (include_bytes!("tables/v6-country-starts.bin"), include_bytes!("tables/v6-country-values.bin"));
pub(crate) static V4_HOSTING: (&[u8], &[u8]) =
    (include_bytes!("tables/v4-hosting-starts.bin"), include_bytes!("tables/v4-hosting-values.bin"));
pub(crate) static V6_HOSTING: (&[u8], &[u8]) =
    (include_bytes!("tables/v6-hosting-starts.bin"), include_bytes!("tables/v6-hosting-values.bin"));
