//! `[listen]`: where we are reached, and who stands between.

use super::key::{Kind, SectionKeys, key};
use super::section::Section;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Keys of the section.
pub const SECTION: SectionKeys = SectionKeys {
    path: "listen",
    doc: "Addresses of this machine, proxies before it, and how long a connection may take its time.",
    keys: &[
        key(
            "address",
            Kind::Address,
            "127.0.0.1:8080",
            "Where the API is served. Put a proxy with TLS before it when it leaves this machine.",
            "the port that `cofferdam dev` prints; loopback, so that nothing is open by accident",
        ),
        key(
            "admin_address",
            Kind::Text,
            "next",
            "Where `/metrics` is served: an address and port, `next` for the port after `address` on loopback, or `same` for the same listener.",
            "metrics name tenants' traffic, so they are not where the world looks",
        ),
        key(
            "admin_calls_there",
            Kind::Bool,
            "false",
            "Whether calls that need the scope `admin` are answered on `admin_address` only.",
            "guess",
        ),
        key(
            "public_url",
            Kind::Url,
            "",
            "The address under which providers reach this machine, for delivery callbacks; without it providers are not asked to report.",
            "only the operator can know it",
        ),
        key(
            "trusted_proxies",
            Kind::List,
            "",
            "Addresses or CIDR ranges of proxies whose `Forwarded` and `X-Forwarded-For` are believed, on the hosted page only.",
            "believing anybody would let anybody choose his address",
        ),
        key(
            "connections_max",
            Kind::Integer { min: 1, max: 1_000_000 },
            "10000",
            "Connections that are held at once; further ones wait in the kernel's queue.",
            "guess: 64 KiB each at worst",
        ),
        key(
            "header_timeout_s",
            Kind::Integer { min: 1, max: 300 },
            "10",
            "How long a connection may take to send the head of a request.",
            "guess",
        ),
        key(
            "body_timeout_s",
            Kind::Integer { min: 1, max: 300 },
            "20",
            "How long the body may take after that.",
            "guess: with the head's time below 35 s",
        ),
        key(
            "idle_timeout_s",
            Kind::Integer { min: 1, max: 3600 },
            "75",
            "How long an idle connection is kept.",
            "nginx `keepalive_timeout`, so that a proxy of that kind closes first",
        ),
        key(
            "stop_timeout_s",
            Kind::Integer { min: 1, max: 60 },
            "10",
            "How long a stop waits for what is under way.",
            "half of what a service manager usually grants before it kills",
        ),
    ],
};

/// Where calls of operators are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminAddress {
    /// With all others.
    Same,
    /// Here.
    At(SocketAddr),
}

/// Addresses, proxies, time-outs of connections.
#[derive(Debug, Clone)]
pub struct Listen {
    /// Of the API.
    pub address: SocketAddr,
    /// Of `/metrics`.
    pub admin_address: AdminAddress,
    /// Calls with the scope `admin` are answered at the admin address only.
    pub admin_calls_there: bool,
    /// How providers reach us; without a slash at the end.
    pub public_url: Option<String>,
    /// Whose word on the person's address is believed.
    pub trusted_proxies: Vec<Net>,
    /// Connections at once.
    pub connections_max: usize,
    /// For the head of a request.
    pub header_timeout: Duration,
    /// For its body.
    pub body_timeout: Duration,
    /// Between requests.
    pub idle_timeout: Duration,
    /// For a graceful stop.
    pub stop_timeout: Duration,
}

/// A run of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Net {
    address: IpAddr,
    bits: u8,
}

impl Net {
    /// `10.0.0.0/8`, or one address.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.trim().parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
        (bits <= most).then_some(Self { address, bits })
    }

    /// Whether an address is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        let wide = |address: IpAddr| match address {
            IpAddr::V4(v4) => (u128::from(u32::from(v4)) << 96, 4),
            IpAddr::V6(v6) => (u128::from(v6), 6),
        };
        let ((ours, our_kind), (theirs, their_kind)) = (wide(self.address), wide(address.to_canonical()));
        let shift = 128 - u32::from(self.bits);
        our_kind == their_kind && ours.checked_shr(shift) == theirs.checked_shr(shift)
    }
}

impl Listen {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let fallback = SocketAddr::from(([127, 0, 0, 1], 8080));
        let address = section.address("address").unwrap_or(fallback);
        let proxies = section.list("trusted_proxies");
        let trusted_proxies = proxies.iter().filter_map(|text| Net::parse(text)).collect::<Vec<_>>();
        if trusted_proxies.len() < proxies.len() {
            section.refuse(
                "trusted_proxies",
                "one of them is not an address",
                "write `10.0.0.0/8` or `192.0.2.1`",
            );
        }
        let admin_address = Self::admin_address(section, address);
        let admin_calls_there = section.bool("admin_calls_there");
        if admin_calls_there && admin_address == AdminAddress::Same {
            section.refuse(
                "admin_calls_there",
                "there is no address of their own",
                "set `listen.admin_address`",
            );
        }
        Self {
            address,
            admin_address,
            admin_calls_there,
            public_url: section.url("public_url").map(|url| url.trim_end_matches('/').to_owned()),
            trusted_proxies,
            connections_max: section.integer("connections_max") as usize,
            header_timeout: section.seconds("header_timeout_s"),
            body_timeout: section.seconds("body_timeout_s"),
            idle_timeout: section.seconds("idle_timeout_s"),
            stop_timeout: section.seconds("stop_timeout_s"),
        }
    }

    fn admin_address(section: &mut Section<'_>, address: SocketAddr) -> AdminAddress {
        match section.text("admin_address").as_deref() {
            Some("same") => AdminAddress::Same,
            None | Some("next") => {
                // Port 0 lets the kernel choose; then the admin listener gets a port of its own the same way.
                let port = if address.port() == 0 { 0 } else { address.port().checked_add(1).unwrap_or(0) };
                AdminAddress::At(SocketAddr::from(([127, 0, 0, 1], port)))
            }
            Some(_) => section.address("admin_address").map_or(AdminAddress::Same, AdminAddress::At),
        }
    }
}
