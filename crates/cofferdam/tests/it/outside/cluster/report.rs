//! A line of the table of faults: printed by each test, and written into `docs/reliability.md` when
//! `COFFERDAM_WRITE_FAULTS` is set.

use std::fs::File;
use std::path::Path;

/// What a fault came to.
pub struct Row {
    pub fault: &'static str,
    /// Shares of answers, in words.
    pub seen: String,
    pub p99_ms: u128,
    /// Of what was acknowledged; and of messages that were sent twice.
    pub lost: String,
    pub passed: String,
    /// Seconds from the repair until every node did everything again.
    pub normal_s: f64,
}

/// The table's rows, in the order of the page.
const ORDER: [&str; 15] = [
    "Redis killed, back empty",
    "Redis paused",
    "Redis cut off",
    "Redis slow",
    "Redis full",
    "Redis failed over",
    "PostgreSQL killed, back",
    "PostgreSQL stopped, back",
    "PostgreSQL paused",
    "PostgreSQL cut off",
    "PostgreSQL read-only",
    "PostgreSQL full of connections",
    "PostgreSQL slow",
    "both killed, back",
    "one node of three killed",
];
const BEGIN: &str = "<!-- faults: written by the tests of outside/cluster.rs -->";
const END: &str = "<!-- /faults -->";

impl Row {
    fn line(&self) -> String {
        format!(
            "| {} | {} | {} ms | {} | {} | {:.1} s |",
            self.fault, self.seen, self.p99_ms, self.lost, self.passed, self.normal_s
        )
    }

    /// Prints it, and puts it into the page if that was asked for.
    pub fn tell(&self) {
        println!("{}", self.line());
        assert!(ORDER.contains(&self.fault), "`{}` has no place in the table", self.fault);
        if std::env::var_os("COFFERDAM_WRITE_FAULTS").is_none() {
            return;
        }
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reliability.md");
        // Tests run in processes of their own; each puts in its own line. The lock goes with the file.
        let lock = File::create(std::env::temp_dir().join("cofferdam-faults.lock")).unwrap();
        lock.lock().unwrap();
        let text = std::fs::read_to_string(&page).unwrap();
        std::fs::write(&page, with(&text, self.fault, &self.line())).unwrap();
    }
}

/// The page with this line in the place of the one that told of the same fault.
fn with(page: &str, fault: &str, line: &str) -> String {
    let (before, rest) = page.split_once(BEGIN).expect("the page says where its table begins");
    let (table, after) = rest.split_once(END).expect("the page says where its table ends");
    let mut lines: Vec<&str> = table.lines().filter(|line| line.starts_with('|')).collect();
    let head: Vec<&str> = lines.drain(..2).collect();
    lines.retain(|old| !old.starts_with(&format!("| {fault} |")));
    lines.push(line);
    lines.sort_by_key(|line| {
        let name = line.trim_start_matches("| ").split(" |").next().unwrap_or_default();
        ORDER.iter().position(|fault| *fault == name)
    });
    format!("{before}{BEGIN}\n{}\n{}\n{END}{after}", head.join("\n"), lines.join("\n"))
}

#[test]
fn a_line_of_the_table_takes_the_place_of_its_older_one() {
    let page = format!("above\n{BEGIN}\n| h |\n| - |\n| Redis slow | old |\n{END}\nbelow\n");
    let page = with(&page, "Redis slow", "| Redis slow | new |");
    let page = with(&page, "Redis paused", "| Redis paused | x |");
    let rows = "| h |\n| - |\n| Redis paused | x |\n| Redis slow | new |";
    assert_eq!(page, format!("above\n{BEGIN}\n{rows}\n{END}\nbelow\n"));
}
