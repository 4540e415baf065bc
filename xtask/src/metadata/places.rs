//! Countries and networks: the rows, their order, and the source code of their tables.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::csv::{field, rows};
use super::{Files, Sources};

pub(crate) struct Places {
    /// `iso2` in the order of the table.
    countries: Vec<Vec<String>>,
    index: BTreeMap<String, u8>,
    networks: Vec<Network>,
    network_index: BTreeMap<(String, String), u16>,
}

struct Network {
    calling_code: String,
    id: u32,
    name: String,
    mcc: String,
    mnc: String,
}

impl Places {
    pub(crate) fn read(sources: &Sources) -> Result<Self, String> {
        let text = sources.text("countries.csv")?;
        let mut countries: Vec<Vec<String>> = rows(&text).collect();
        countries.sort();
        let mut index = BTreeMap::new();
        for (at, row) in countries.iter().enumerate() {
            let number = u8::try_from(at + 1).map_err(|_| "more than 254 countries")?;
            index.insert(field(row, 0).to_owned(), number);
        }
        let (networks, network_index) = networks(sources)?;
        Ok(Self { countries, index, networks, network_index })
    }

    /// Position of the country in its table plus one; 0 is none.
    pub(crate) fn country(&self, iso2: &str) -> u8 {
        self.index.get(iso2).copied().unwrap_or(0)
    }

    /// Position of the network in its table plus one; 0 is none.
    pub(crate) fn network(&self, calling_code: &str, operator: &str) -> u16 {
        let key = (calling_code.to_owned(), operator.to_owned());
        self.network_index.get(&key).copied().unwrap_or(0)
    }

    pub(crate) fn write(&self, files: &mut Files) {
        let mut text = String::from(
            "// Written by `cargo xtask metadata` from data/countries.csv.\n\nuse crate::country::Record;\n\n\
             pub(crate) static COUNTRIES: &[Record] = &[\n",
        );
        for row in &self.countries {
            let codes: Vec<&str> = field(row, 5).split('|').filter(|code| !code.is_empty()).collect();
            let place = match (field(row, 10), field(row, 11)) {
                ("", _) | (_, "") => "None".to_owned(),
                (lat, lon) => format!("Some(({lat}, {lon}))"),
            };
            let _ = writeln!(
                text,
                "    Record {{ iso2: {:?}, iso3: {:?}, name: {:?}, continent: {:?}, calling_codes: &[{}], \
                 ported: {}, place: {place} }},",
                field(row, 0),
                field(row, 1),
                field(row, 3),
                field(row, 4),
                codes.join(", "),
                field(row, 8) == "1",
            );
        }
        text.push_str("];\n");
        files.insert("countries.rs".to_owned(), text.into_bytes());
        files.insert("networks.rs".to_owned(), self.networks_source().into_bytes());
    }

    fn networks_source(&self) -> String {
        let mut text = String::from(
            "// Written by `cargo xtask metadata` from data/operators.csv and data/operator-networks.csv.\n\n\
             use crate::network::Record;\n\npub(crate) static NETWORKS: &[Record] = &[\n",
        );
        for network in &self.networks {
            let _ = writeln!(
                text,
                "    Record {{ id: 0x{:08x}, calling_code: {}, name: {:?}, mcc: {:?}, mnc: {:?} }},",
                network.id, network.calling_code, network.name, network.mcc, network.mnc
            );
        }
        text.push_str("];\n");
        text
    }
}

/// Place-holders of the source for runs whose operator it does not know.
const UNNAMED: [&str; 4] = ["__unknown", "__unkown", "__operator", "__mobile"];

type Networks = (Vec<Network>, BTreeMap<(String, String), u16>);

fn networks(sources: &Sources) -> Result<Networks, String> {
    let text = sources.text("operator-networks.csv")?;
    let mut codes: BTreeMap<(String, String), String> = BTreeMap::new();
    for row in rows(&text) {
        let code = codes.entry((field(&row, 1).to_owned(), field(&row, 2).to_owned())).or_default();
        if code.is_empty() {
            field(&row, 4).split('|').next().unwrap_or("").clone_into(code);
        }
    }
    let text = sources.text("operators.csv")?;
    let mut keyed = BTreeMap::new();
    for row in rows(&text) {
        let key = (field(&row, 0).to_owned(), field(&row, 1).to_owned());
        if UNNAMED.contains(&key.1.as_str()) {
            continue;
        }
        let code = codes.get(&key).map_or("", String::as_str);
        let (mcc, mnc) = code.split_at_checked(3).unwrap_or(("", ""));
        let network = Network {
            calling_code: key.0.clone(),
            id: fnv(&format!("{}:{}", key.0, key.1)),
            name: field(&row, 2).trim_start_matches('_').to_owned(),
            mcc: mcc.to_owned(),
            mnc: mnc.to_owned(),
        };
        if let Some((other, _)) = keyed.insert(network.id, (key.clone(), network)) {
            return Err(format!("{key:?} and {other:?} have one identifier"));
        }
    }
    let mut index = BTreeMap::new();
    let mut networks = Vec::new();
    for (key, network) in keyed.into_values() {
        networks.push(network);
        index.insert(key, u16::try_from(networks.len()).map_err(|_| "too many networks")?);
    }
    Ok((networks, index))
}

/// FNV-1a: a network keeps its identifier from edition to edition.
fn fnv(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
