//! `cofferdam lookup`: what is known of numbers, offline, from the tables in the program.

use super::error::CliError;
use super::out::Out;
use cofferdam_atlas::{Country, Destination, edition, parse, risk};
use serde::Serialize;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufWriter, Read as _, Write};

const EXAMPLES: &str = "\
Examples:
  cofferdam lookup +442079460018
  cofferdam lookup --country GB '020 7946 0018'
  cofferdam lookup --json - < numbers.txt        one line a number in, one line a number out";

/// Says what is known of numbers. Needs no server; nothing leaves this machine.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES, after_help = "Exit codes: 0 all numbers are valid, 1 some are not, 2 wrong input.")]
pub struct Args {
    /// Country (ISO code) of numbers in national form
    #[arg(long, value_name = "CODE", value_parser = country)]
    country: Option<Country>,
    /// Numbers as people type them; `-` reads one a line from standard input
    #[arg(required = true, value_name = "NUMBER", allow_hyphen_values = true)]
    numbers: Vec<String>,
}

/// Longest line of standard input that is looked at whole; the rest of a longer one is skipped.
const LINE_MAX: u64 = 4096;

/// An ISO code in any case.
pub fn country(code: &str) -> Result<Country, String> {
    Country::from_iso2(&code.to_ascii_uppercase()).ok_or_else(|| "not an ISO code of a country".to_owned())
}

/// As the API answers; what only a server knows is empty.
#[derive(Serialize)]
struct Known<'a> {
    e164: String,
    country: Option<&'a str>,
    country3: Option<&'a str>,
    country_name: Option<&'a str>,
    calling_code: String,
    national: String,
    kind: &'a str,
    tariff: &'a str,
    network: Option<Network<'a>>,
    fictional: bool,
    risk: Risk,
    blocks: [(); 0],
    history: Option<()>,
    edition: &'a str,
}

#[derive(Serialize)]
struct Network<'a> {
    mcc: Option<&'a str>,
    mnc: Option<&'a str>,
    name: &'a str,
    source: &'a str,
}

#[derive(Serialize)]
struct Risk {
    score: f64,
    category: &'static str,
    why: Vec<&'static str>,
}

#[derive(Serialize)]
struct Invalid<'a> {
    input: &'a str,
    error: &'static str,
}

/// Runs it.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    let mut stdout = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let mut all_valid = true;
    for number in &args.numbers {
        if number == "-" {
            all_valid &= lines(args.country, out.json, &mut stdout)?;
        } else {
            all_valid &= one(number, args.country, out.json, &mut stdout)?;
        }
    }
    stdout.flush()?;
    if all_valid { Ok(()) } else { Err(CliError::no()) }
}

/// One line a number, whatever is in the line.
fn lines(country: Option<Country>, json: bool, stdout: &mut impl Write) -> Result<bool, CliError> {
    let mut stdin = std::io::stdin().lock();
    let mut line = Vec::new();
    let mut all_valid = true;
    loop {
        line.clear();
        if (&mut stdin).take(LINE_MAX).read_until(b'\n', &mut line)? == 0 {
            return Ok(all_valid);
        }
        if line.last() != Some(&b'\n') && line.len() as u64 == LINE_MAX {
            skip_line(&mut stdin)?;
        }
        let text = String::from_utf8_lossy(&line);
        all_valid &= one(text.trim_end_matches(['\n', '\r']), country, json, stdout)?;
    }
}

fn skip_line(stdin: &mut impl std::io::BufRead) -> Result<(), CliError> {
    loop {
        let bytes = stdin.fill_buf()?;
        let (skip, done) = match bytes.iter().position(|b| *b == b'\n') {
            Some(at) => (at + 1, true),
            None => (bytes.len(), bytes.is_empty()),
        };
        stdin.consume(skip);
        if done {
            return Ok(());
        }
    }
}

fn one(input: &str, country: Option<Country>, json: bool, stdout: &mut impl Write) -> Result<bool, CliError> {
    let parsed = parse(input, country);
    match (&parsed, json) {
        (Ok(to), true) => to_json(stdout, &known(to))?,
        (Ok(to), false) => stdout.write_all(text(to).as_bytes())?,
        (Err(error), true) => to_json(stdout, &Invalid { input, error: error.code() })?,
        (Err(error), false) => write!(stdout, "{input}  {error} ({})", error.code())?,
    }
    stdout.write_all(b"\n")?;
    Ok(parsed.is_ok())
}

fn to_json(stdout: &mut impl Write, value: &impl Serialize) -> Result<(), CliError> {
    serde_json::to_writer(stdout, value).map_err(|error| CliError::from(std::io::Error::from(error)))
}

fn known(to: &Destination) -> Known<'static> {
    let risk = risk(to);
    Known {
        e164: to.number.to_string(),
        country: to.country.map(Country::iso2),
        country3: to.country.map(Country::iso3),
        country_name: to.country.map(Country::name),
        calling_code: to.calling_code().to_string(),
        national: to.national(),
        kind: to.kind.as_str(),
        tariff: to.tariff.as_str(),
        network: to.network.map(|network| Network {
            mcc: network.mcc(),
            mnc: network.mnc(),
            name: network.name(),
            source: network.source(),
        }),
        fictional: to.fictional,
        risk: Risk {
            score: (risk.score * 10_000.0).round() / 10_000.0,
            category: risk.category.as_str(),
            why: risk.why,
        },
        blocks: [],
        history: None,
        edition: edition().data(),
    }
}

fn text(to: &Destination) -> String {
    let country = to.country.map_or("no country", Country::name);
    let mut text = format!("{}  {country}, {}", to.number, to.kind.as_str().replace('_', " "));
    if to.tariff != cofferdam_atlas::Tariff::Standard {
        let _ = write!(text, ", {}", to.tariff.as_str().replace('_', " "));
    }
    if let Some(network) = to.network {
        let _ = write!(text, ", {}", network.name());
    }
    if to.fictional {
        text.push_str(", reserved for fiction");
    }
    let risk = risk(to);
    let _ = write!(text, "; risk {}", risk.category.as_str());
    if !risk.why.is_empty() {
        let _ = write!(text, " ({})", risk.why.join("; "));
    }
    text
}
