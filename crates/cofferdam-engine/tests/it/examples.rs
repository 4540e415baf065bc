//! Each detector's examples: events in, signal out.
//!
//! `examples/<detector>.txt` holds them as people can read them; the manual may print them as they stand.
//! A case begins with `case`, the words of which stand in the detector's header too; then come events, and
//! `gives` says which codes of this detector the last `ask` was told, or `nothing` that weighs. To write down anew what
//! comes out: `REWRITE_EXAMPLES=1 cargo test -p cofferdam-engine --test it examples`, then read the difference.
//!
//! Events: `people 40 a day for 6d …` (newcomers around the clock), `burst 12 in 15m …`, `wait 30m`, `ask …`,
//! `safe` and `deny` with a list value, `only GB`, `lock GB`, `limit device 5 in 10m`, `proved 3d ago …`.
//! `to=` is a number (each `x` any digit), a country, `GB/0` its largest network, `GB/0/4` one run of ten thousand of that, `GB/0/4+7`
//! the same counted up by seven and shuffled, `rare` the smallest networks of many countries in turn.
//! Numbers of networks are drawn from the seed, never written here. Other words: `enters=` (how many type the
//! code in), `returning=` (how many come again with a number that they proved), `device=`, `user=`, `session=`,
//! `ip=`, `agent=`, `profile=`, `channel=`, `from=` (the address's country), `asn=`, `hosting`, `vpn`.

use crate::world::{Judged, Net, Who, World};
use cofferdam_atlas::Country;
use cofferdam_engine::limit::Limit;
use cofferdam_engine::list::List;
use cofferdam_engine::policy::{Destinations, WindowPlan};
use cofferdam_engine::signal::Code;
use cofferdam_engine::{Channel, Reason, identify};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Detectors that no attempt can reach; the header says why.
const NEVER_TELL: [&str; 1] = ["number_invalid"];
/// What moves the odds by less than a third says nothing: every scope that is seen at all tells a little.
const FAINT: i32 = 300;
/// Where `rare` finds networks.
const COUNTRIES: [&str; 24] = [
    "FR", "DE", "IT", "ES", "PL", "SE", "NO", "FI", "DK", "NL", "BE", "AT", "CH", "PT", "GR", "CZ", "HU",
    "RO", "TR", "IN", "ID", "TH", "VN", "PH",
];

struct Case {
    title: String,
    events: Vec<String>,
    gives: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/examples")
}

fn read(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if let Some(title) = line.strip_prefix("case ") {
            cases.push(Case { title: title.to_owned(), events: Vec::new(), gives: String::new() });
        } else {
            let case = cases.last_mut().expect("a file begins with a case");
            match line.strip_prefix("gives ") {
                Some(gives) => gives.clone_into(&mut case.gives),
                None => case.events.push(line.trim().to_owned()),
            }
        }
    }
    cases
}

fn written(cases: &[Case]) -> String {
    let mut text = String::new();
    for (n, case) in cases.iter().enumerate() {
        let between = if n == 0 { "" } else { "\n" };
        let _ = writeln!(text, "{between}case {}", case.title);
        for event in &case.events {
            let _ = writeln!(text, "    {event}");
        }
        let _ = writeln!(text, "gives {}", case.gives);
    }
    text
}

/// Seconds of `15m`, `6h`, `3d`.
fn span(text: &str) -> u32 {
    let (count, unit) = text.split_at(text.len() - 1);
    let count: u32 = count.parse().unwrap_or_else(|_| panic!("`{text}` is no time"));
    count
        * match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            other => panic!("`{other}` is no unit of time"),
        }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no number"))
}

/// Plays the events of a case.
struct Play {
    world: World,
    nets: HashMap<String, Vec<Net>>,
    proved: Vec<Who>,
    turn: u64,
}

impl Play {
    fn nets(&mut self, iso2: &str) -> &[Net] {
        self.nets.entry(iso2.to_owned()).or_insert_with(|| Net::of(iso2))
    }

    fn to(&mut self, pattern: &str) -> String {
        self.turn += 1;
        let turn = self.turn;
        if pattern.starts_with('+') {
            let rolls = &mut self.world.rolls;
            return pattern.chars().map(|c| if c == 'x' { rolls.digit() } else { c }).collect();
        }
        if pattern == "rare" {
            let iso2 = COUNTRIES[(turn % 24) as usize];
            let nets = self.nets(iso2);
            let net = nets[nets.len() - 1 - (turn as usize / 24) % (nets.len() / 2).max(1)].clone();
            return net.any(&mut self.world.rolls);
        }
        let mut parts = pattern.split('/');
        let iso2 = parts.next().expect("a country");
        let (at, run) = (parts.next(), parts.next());
        let roll = self.world.rolls.roll();
        let nets = self.nets(iso2);
        let net = match at {
            // The first networks of a country have most of its people.
            None => nets[(roll % 4) as usize % nets.len()].clone(),
            Some(at) => nets[number(at) as usize].clone(),
        };
        match run.map(|run| run.split_once('+').unwrap_or((run, ""))) {
            None => net.any(&mut self.world.rolls),
            Some((digits, "")) => {
                let size = 10_u64.pow(number(digits) as u32);
                net.nth(30_000 + self.world.rolls.below(size))
            }
            Some((_, step)) => net.nth(30_000 + 101 + (turn * 7 % 30) * number(step)),
        }
    }

    fn who(&mut self, words: &[&str]) -> Who {
        let value = |name: &str| words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        let to = self.to(value("to").expect("`to=` says where"));
        let mut who = Who::new(to, &mut self.world.rolls);
        let own = |name: &str| value(name).map(ToOwned::to_owned);
        who.device = own("device").or(who.device);
        who.session = own("session").or(who.session);
        who.agent = own("agent").or(who.agent);
        who.user = own("user");
        who.profile = own("profile").unwrap_or(who.profile);
        who.ip = value("ip").map(|ip| ip.parse().expect("an address")).or(who.ip);
        who.from = value("from").map(|iso2| Country::from_iso2(iso2).expect("a country"));
        who.asn = value("asn").map(|asn| number(asn) as u32);
        who.facts.hosting = words.contains(&"hosting");
        who.facts.vpn = words.contains(&"vpn");
        who.channel = match value("channel") {
            None => Channel::Sms,
            Some("voice") => Channel::Voice,
            Some("whatsapp") => Channel::Whatsapp,
            Some(other) => panic!("`{other}` is no channel here"),
        };
        who
    }

    /// So many over a time, evenly with a little chance.
    fn many(&mut self, count: u64, over_s: u32, words: &[&str]) {
        let share = |name: &str, usual: f64| {
            let value = words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
            value.map_or(usual, |value| value.parse().expect("a share"))
        };
        let (enters, returning) = (share("enters", 0.7), share("returning", 0.0));
        let gap_s = f64::from(over_s) / count as f64;
        let begin_s = self.world.now_s;
        for n in 0..count {
            let at_s = begin_s + (gap_s * (n as f64 + self.world.rolls.unit())) as u32;
            self.world.wait(at_s.saturating_sub(self.world.now_s));
            let again = (!self.proved.is_empty() && self.world.rolls.chance(returning))
                .then(|| self.proved[self.world.rolls.below(self.proved.len() as u64) as usize].clone());
            let who = again.unwrap_or_else(|| self.who(words));
            let judged = self.world.person(&who, enters);
            if judged.sent() && self.proved.len() < 400 {
                self.proved.push(who);
            }
        }
        self.world.wait((begin_s + over_s).saturating_sub(self.world.now_s));
    }

    fn event(&mut self, event: &str) -> Option<Judged> {
        let words: Vec<&str> = event.split_whitespace().collect();
        match words.as_slice() {
            ["people", a_day, "a", "day", "for", over, rest @ ..] => {
                let over_s = span(over);
                self.many(number(a_day) * u64::from(over_s) / 86_400, over_s, rest);
            }
            ["burst", count, "in", over, rest @ ..] => self.many(number(count), span(over), rest),
            ["wait", over] => self.world.wait(span(over)),
            ["safe", value] => self.world.list(List::Safe, value),
            ["deny", value] => self.world.list(List::Deny, value),
            ["only", iso2] => {
                self.world.terms.destinations = Destinations::Only(vec![crate::make::country(iso2)]);
            }
            ["lock", iso2] => self.world.terms.locked_country = Some(crate::make::country(iso2)),
            ["limit", "device", max, "in", over] => {
                let limit = Limit { max: number(max) as u32, window_s: span(over) };
                self.world.terms.limits.device = vec![limit];
                let limits = self.world.terms.limits.clone();
                self.world.terms.windows = WindowPlan::union([&limits]).expect("few windows");
            }
            ["proved", ago, "ago", rest @ ..] => {
                let who = self.who(rest);
                let (attempt, _) = self.world.attempt(&who);
                let asked = identify(&attempt);
                let at_s = self.world.now_s - span(ago);
                let keys = [Some(asked.number), asked.device, asked.user];
                keys.into_iter().flatten().for_each(|key| self.world.proofs.prove(key, at_s));
            }
            ["ask", rest @ ..] => {
                let who = self.who(rest);
                return Some(self.world.ask(&who));
            }
            _ => panic!("`{event}` is no event"),
        }
        None
    }
}

/// The codes that a detector tells of the last attempt of a case.
fn played(file: &str, case: &Case) -> String {
    let mut play = Play { world: World::new(11), nets: HashMap::new(), proved: Vec::new(), turn: 0 };
    let mut last = None;
    for event in &case.events {
        last = play.event(event).or(last);
    }
    let last = last.unwrap_or_else(|| panic!("`{}` asks nothing", case.title));
    let mine = |code: &str| match file {
        "limit" => code.starts_with("limit."),
        file => code == file.replacen('_', ".", 1),
    };
    let weighs = |reason: &&Reason| {
        // An order is told from two nats on, though its run may say more than it.
        let stands_alone =
            reason.code.refuses() || matches!(reason.code, Code::ListSafe | Code::NumberSequence);
        // Another of its family may speak for it and leave it without points.
        let seen_plainly = reason.points >= 0 && reason.evidence.seen >= 5.0;
        stands_alone || seen_plainly || reason.points.abs() >= FAINT
    };
    let codes: Vec<_> = last.assessment.reasons.iter().filter(weighs).map(|r| r.code.text()).collect();
    if std::env::var_os("SHOW_EXAMPLES").is_some() {
        println!("{file}: {}: {:?}", case.title, last.assessment);
        println!("    {:?}", last.known.evidence);
    }
    let mine: Vec<_> = codes.into_iter().filter(|code| mine(code)).collect();
    if mine.is_empty() { "nothing".to_owned() } else { mine.join(" ") }
}

/// A header as one line, without its marks.
fn header(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/detect").join(file).with_extension("rs");
    let text = std::fs::read_to_string(path).expect("a detector");
    let lines = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    lines.collect::<Vec<_>>().join(" ")
}

fn check(file: &str) {
    let rewrite = std::env::var_os("REWRITE_EXAMPLES").is_some();
    let path = folder().join(file).with_extension("txt");
    let mut cases = read(&std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{file}.txt: {why}")));
    let header = header(file);
    let mut wrong = Vec::new();
    for case in &mut cases {
        let gives = played(file, case);
        if gives != case.gives && !rewrite {
            wrong.push(format!("{}: gives {gives}, not {}", case.title, case.gives));
        }
        case.gives = gives;
        if !header.contains(case.title.as_str()) {
            wrong.push(format!("the header does not say: {}", case.title));
        }
    }
    for (told, what) in [(true, "tells"), (false, "does not tell")] {
        if !cases.iter().any(|case| (case.gives != "nothing") == told) {
            wrong.push(format!("no case {what}"));
        }
    }
    if rewrite {
        std::fs::write(&path, written(&cases)).expect("written");
    }
    assert!(wrong.is_empty(), "{file}:\n{}", wrong.join("\n"));
}

/// One test a detector, and a list of them.
macro_rules! examples {
    ($($file:ident)*) => {
        $(#[test]
        fn $file() {
            check(stringify!($file));
        })*

        const FILES: &[&str] = &[$(stringify!($file)),*];
    };
}

examples! {
    list_deny destination_not_allowed destination_locked limit number_tariff number_kind number_proved
    number_sequence prefix_density prefix_conversion channel_unusual profile_unusual client_unusual
    whence_unusual network_volume network_conversion country_volume country_conversion
    ip_velocity ip_hosting ip_country ip_proved device_reuse user_reuse person_proved number_sittings list_safe
}

#[test]
fn every_detector_has_an_example() {
    let all: Vec<_> = cofferdam_engine::detectors().map(|(file, _)| file).collect();
    for file in &all {
        assert!(FILES.contains(file) || NEVER_TELL.contains(file), "{file} has no example");
    }
    assert_eq!(FILES.len() + NEVER_TELL.len(), all.len());
}

#[test]
fn no_examples_are_left_of_a_detector_that_is_gone() {
    for entry in std::fs::read_dir(folder()).expect("the folder of examples") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        let file = name.strip_suffix(".txt").expect("a text");
        assert!(cofferdam_engine::detectors().any(|(known, _)| known == file), "{name}");
    }
}
