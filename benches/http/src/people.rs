//! Who asks a login system on an ordinary day: people of many countries, networks and browsers, half of
//! whose calls come from some hundred thousand who come again and again. Numbers are made up.

/// Those of whom every second call comes: most of them come again within a run of a minute.
const REGULARS: u64 = 300_000;
/// All others, who hardly ever do.
const OTHERS: u64 = 1 << 40;

/// A country: its letters, how mobile numbers begin, digits that follow, and where its addresses begin.
struct Country {
    iso2: &'static str,
    numbers: &'static [(&'static str, u32)],
    addresses: &'static [u8],
}

const fn country(
    iso2: &'static str,
    numbers: &'static [(&'static str, u32)],
    addresses: &'static [u8],
) -> Country {
    Country { iso2, numbers, addresses }
}

/// Sixteen of them, from large to small as their share of people falls.
const COUNTRIES: [Country; 16] = [
    country(
        "US",
        &[("1212", 7), ("1415", 7), ("1310", 7), ("1312", 7), ("1713", 7), ("1602", 7)],
        &[24, 68, 71, 73, 98],
    ),
    country("IN", &[("9198", 8), ("9199", 8), ("9190", 8), ("9170", 8)], &[49, 59, 106, 117]),
    country("GB", &[("44740", 7), ("44770", 7), ("44783", 7), ("44796", 7)], &[2, 81, 82, 86]),
    country("DE", &[("49151", 8), ("49171", 7), ("49176", 8), ("49162", 7)], &[77, 79, 84, 91]),
    country("BR", &[("55119", 8), ("55219", 8), ("55319", 8)], &[177, 179, 187, 189]),
    country("FR", &[("336", 8), ("337", 8)], &[78, 90, 92]),
    country("IT", &[("39347", 7), ("39333", 7), ("39320", 7)], &[79, 87, 93]),
    country("ES", &[("346", 8)], &[80, 83, 88]),
    country("PL", &[("4850", 7), ("4860", 7), ("4869", 7)], &[31, 37, 83]),
    country("NL", &[("316", 8)], &[62, 77, 85]),
    country("ID", &[("62812", 8), ("62857", 8)], &[36, 110, 114]),
    country("MX", &[("5255", 8), ("5233", 8)], &[187, 189, 201]),
    country("AU", &[("614", 8)], &[1, 49, 101]),
    country("SE", &[("4670", 7), ("4673", 7)], &[78, 83, 90]),
    country("ZA", &[("2782", 7), ("2783", 7)], &[41, 105]),
    country("PH", &[("63917", 7), ("63905", 7)], &[112, 120]),
];

const BROWSERS: [&str; 12] = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 13; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 16_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (Linux; Android 12; M2101K6G) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36 Edg/125.0",
    "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-A546B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0 Mobile Safari/537.36",
    "ExampleApp/4.12.0 (Android 14; de_DE)",
    "ExampleApp/4.12.1 (iOS 17.5.1; en_US)",
];

/// Mixes a number well: the same in, the same out.
pub fn mixed(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// One of some, the first likelier than the last.
fn one_of<T>(of: &[T], chance: u64) -> &T {
    let n = of.len() as u64;
    let (a, b) = (chance % n, (chance >> 32) % n);
    &of[a.min(b) as usize]
}

/// A number of a country that its numbering plan knows.
fn number(country: &Country, chance: u64) -> String {
    let drawn = (0..).map(|n| {
        let (begins, digits) = *one_of(country.numbers, mixed(chance ^ n));
        let rest = mixed(chance.wrapping_add(n)) % 10_u64.pow(digits);
        format!("+{begins}{rest:0width$}", width = digits as usize)
    });
    drawn
        .take(1_000)
        .find(|to| cofferdam_atlas::parse_e164(to).is_ok_and(|to| !to.fictional))
        .expect("a country has numbers")
}

/// What the nth call asks: who, and in which session.
pub fn body(nth: u64, profile: &str) -> String {
    let chance = mixed(nth);
    let person = if chance >> 63 == 0 { chance % REGULARS } else { REGULARS + chance % OTHERS };
    let about = mixed(person ^ 0x7065_6f70);
    let country = one_of(&COUNTRIES, about);
    let more = mixed(about);
    let to = number(country, more);
    let network = one_of(country.addresses, mixed(more ^ 1));
    let (address, device) = (mixed(more ^ 2), mixed(more ^ 3));
    // Eight large providers of access a country, each with some thousands of runs of addresses.
    let ip = format!(
        "{network}.{}.{}.{}",
        8 + address % 8 * 24 + (address >> 8) % 12,
        (address >> 16) % 256,
        1 + (address >> 24) % 254
    );
    let browser = one_of(&BROWSERS, mixed(more ^ 4));
    let session = mixed(nth ^ 0x7365_7373);
    format!(
        r#"{{"to":"{to}","channel":"sms","profile":"{profile}","client":{{"ip":"{ip}","ip_country":"{}","device_id":"device-{device:016x}","session_id":"session-{session:016x}","user_id":"user-{person:013}","user_agent":"{browser}"}}}}"#,
        country.iso2
    )
}

/// Whether the code of the nth call comes back: of four in five.
pub fn comes_back(nth: u64) -> bool {
    mixed(nth ^ 0x636f_6465) % 5 != 0
}
