//! The settings as a whole: what an empty file comes to, what is refused and how it is said.

use super::reference::{settings_reference, variable};
use super::*;
use key::Kind;
use proptest::prelude::*;
use secrecy::ExposeSecret as _;
use std::net::SocketAddr;

fn read(text: &str) -> Result<Settings, ConfigErrors> {
    Settings::read("cofferdam.toml", text, [])
}

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn wrong(text: &str) -> String {
    read(text).expect_err(text).to_string()
}

#[test]
fn an_empty_file_is_valid_and_every_default_is_within_its_own_bounds() {
    let settings = read("").unwrap();
    assert_eq!(settings.listen.address, SocketAddr::from(([127, 0, 0, 1], 8080)));
    assert_eq!(settings.listen.admin_address, AdminAddress::At(SocketAddr::from(([127, 0, 0, 1], 8081))));
    assert_eq!(settings.routes, ["outbox"]);
    assert_eq!(settings.limits.body_bytes_max, 65_536);
    assert_eq!(settings.retention.outbox_messages_max, 10_000);
    let parts = SECTIONS.iter().chain([&provider::SECTION]).chain(provider::PARTS);
    for key in parts.flat_map(|section| section.keys) {
        assert!(!key.source.is_empty(), "{} says whence its default", key.name);
        match key.kind {
            Kind::Integer { min, max } => {
                let n: u64 = key.default.replace('_', "").parse().unwrap();
                assert!((min..=max).contains(&n), "{}", key.name);
            }
            Kind::Choice(words) => {
                assert!(key.default.is_empty() || words.contains(&key.default), "{}", key.name);
            }
            Kind::Bool => assert!(["true", "false"].contains(&key.default), "{}", key.name),
            _ => {}
        }
    }
}

#[test]
fn errors_name_file_line_key_and_mend() {
    for (text, parts) in [
        ("[listen]\n\nadress = \"x\"", ["cofferdam.toml:3", "`listen.adress`", "did you mean `address`?"]),
        ("[lissten]\n", ["cofferdam.toml:1", "`lissten`", "did you mean `listen`?"]),
        ("[listen]\naddress = \"here\"", ["cofferdam.toml:2", "`listen.address`", "127.0.0.1:8080"]),
        ("[listen]\naddress = 8080", ["cofferdam.toml:2", "`listen.address`", "not a number"]),
        ("listen = 1", ["cofferdam.toml:1", "`listen`", "write `[listen]`"]),
        ("[log]\nlevel = \"loud\"", ["cofferdam.toml:2", "`log.level`", "`info`"]),
        ("[limits]\nrequests_max = 0", ["cofferdam.toml:2", "`limits.requests_max`", "from 1 to"]),
        ("[limits]\nrequests_max = -1", ["cofferdam.toml:2", "`limits.requests_max`", "from 1 to"]),
        (
            "[limits]\nrequests_max = \"5\"",
            ["cofferdam.toml:2", "`limits.requests_max`", "without quotation marks"],
        ),
        (
            "[limits]\nrequests_max = 99999999999999999999",
            ["cofferdam.toml:2", "`limits.requests_max`", "from 1 to"],
        ),
        (
            "[listen]\ntrusted_proxies = [\"10.0.0.0/99\"]",
            ["cofferdam.toml:2", "`listen.trusted_proxies`", "10.0.0.0/8"],
        ),
        (
            "[listen]\ntrusted_proxies = \"10.0.0.0/8\"",
            ["cofferdam.toml:2", "`listen.trusted_proxies`", "[\"one\", \"two\"]"],
        ),
        ("[listen]\npublic_url = \"ftp://x\"", ["cofferdam.toml:2", "`listen.public_url`", "https://"]),
        (
            "[retention]\nnumbers_days = 91",
            ["cofferdam.toml:2", "`retention.numbers_days`", "verifications_days"],
        ),
        ("routes = [\"main\"]", ["cofferdam.toml:1", "`routes`", "no provider `main`"]),
        ("[provider.Main]\nurl=\"https://h/\"", ["cofferdam.toml:1", "`provider.Main`", "lower-case"]),
        ("[provider.main]\n", ["cofferdam.toml", "`provider.main.url`", "set `url`"]),
        (
            "[provider.main]\nurl = \"https://h/\"\ntimeout_s = 0",
            ["cofferdam.toml:3", "`provider.main.timeout_s`", "from 1"],
        ),
        (
            "[provider.main]\nurl = \"https://h/\"\n[provider.main.body.json]\na = [{ b = \"{nobody}\" }]",
            ["cofferdam.toml:4", "`provider.main.body.json.a.0.b`", "`{nobody}` is not known"],
        ),
        (
            "[provider.main]\nurl = \"https://h/\"\n[provider.main.answer.codes]\n1 = \"good\"",
            ["cofferdam.toml:4", "`provider.main.answer.codes.1`", "`accepted`"],
        ),
        (
            "[provider.main]\nurl = \"https://h/\"\n[provider.main.delivery]\nstatus = \"/s\"",
            ["cofferdam.toml", "`provider.main.delivery.reference`", "set `reference` or `attempt`"],
        ),
        ("[store]\npath = 1\n[listen", ["cofferdam.toml:3", "", "TOML"]),
        ("a = 1\na = 2", ["cofferdam.toml:2", "", "TOML"]),
        ("a.b = 1\n[a.b]", ["cofferdam.toml:2", "", "TOML"]),
    ] {
        let said = wrong(text);
        for part in parts {
            assert!(said.contains(part), "{text:?} says {said:?}, and should say {part:?}");
        }
    }
}

#[test]
fn all_errors_are_told_at_once_in_order_of_lines() {
    let said = wrong("[log]\nlevel = \"loud\"\n[listen]\naddress = \"x\"\n[limits]\nrequests_max = 0\n");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 3, "{said}");
    assert!(lines[0].contains(":2") && lines[1].contains(":4") && lines[2].contains(":6"), "{said}");
}

#[test]
fn addresses_with_passwords_may_stand_in_files_of_their_own() {
    let folder = std::env::temp_dir().join(format!("cofferdam-urls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let postgres = file("postgres", "postgres://u:hunter2@h/d\n");
    let redis = file("redis", "redis://:hunter3@h/");
    let both = |postgres: &str, redis: &str| {
        format!("[store]\npostgres_url_file = \"{postgres}\"\nredis_url_file = \"{redis}\"")
    };
    let shared = read(&both(&postgres, &redis)).unwrap().store.shared.unwrap();
    assert_eq!(shared.postgres_url.expose_secret(), "postgres://u:hunter2@h/d", "without the line's end");
    assert_eq!(shared.redis_url.expose_secret(), "redis://:hunter3@h/");
    for (text, parts) in [
        (
            both(&postgres, &file("two", "redis://:hunter3@h/\nredis://:hunter4@h/")),
            ["cofferdam.toml:3", "does not hold one address"],
        ),
        (both(&file("empty", "\n"), &redis), ["cofferdam.toml:2", "does not hold one address"]),
        (both("/nowhere/url", &redis), ["cofferdam.toml:2", "`/nowhere/url` cannot be read"]),
        (both(&postgres, &file("other", "http://:hunter3@h/")), ["store.redis_url_file", "begin it with"]),
        (
            format!("{}\npostgres_url = \"postgres://u:hunter2@h/d\"", both(&postgres, &redis)),
            ["postgres_url_file", "`store.postgres_url` is set too"],
        ),
        (
            format!("[store]\npostgres_url_file = \"{postgres}\""),
            ["store.redis_url", "missing beside `postgres_url`"],
        ),
    ] {
        let said = wrong(&text);
        assert!(parts.iter().all(|part| said.contains(part)) && !said.contains("hunter"), "{said}");
        assert_eq!(said.lines().count(), 1, "one mistake, told once: {said}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_shared_store_needs_both_its_halves_and_hides_their_passwords() {
    let (postgres, redis) = ("postgres://u:hunter2@h/d", "redis://:hunter3@h/");
    let both = format!("[store]\npostgres_url = \"{postgres}\"\nredis_url = \"{redis}\"");
    let settings = read(&both).unwrap();
    assert!(!format!("{settings:?}").contains("hunter"), "{settings:?}");
    let shared = settings.store.shared.unwrap();
    assert_eq!(shared.postgres_url.expose_secret(), postgres);
    assert_eq!((shared.redis_prefix.as_str(), shared.node), ("cofferdam", None));
    assert!(read("").unwrap().store.shared.is_none());
    for (text, parts) in [
        (format!("[store]\nredis_url = \"{redis}\""), ["store.postgres_url", "missing beside `redis_url`"]),
        (
            format!("[store]\npostgres_url = \"{postgres}\""),
            ["store.redis_url", "missing beside `postgres_url`"],
        ),
        (both.replace("postgres:", "mysql:"), ["cofferdam.toml:2", "begin it with `postgres://`"]),
        (both.replace("redis:", "http:"), ["cofferdam.toml:3", "`redis+cluster://`"]),
        (format!("{both}\nredis_prefix = \"a:b\""), ["cofferdam.toml:4", "redis_prefix"]),
        (format!("{both}\npostgres_schema = \"A\""), ["cofferdam.toml:4", "a letter first"]),
        (format!("{both}\nnode = \"a b\""), ["cofferdam.toml:4", "1 to 64 letters"]),
    ] {
        let said = wrong(&text);
        assert!(parts.iter().all(|part| said.contains(part)) && !said.contains("hunter"), "{said}");
    }
}

#[test]
fn the_environment_wins_over_the_file_and_is_named_in_errors() {
    let file = "[listen]\naddress = \"127.0.0.1:1\"\n[provider.main]\nurl = \"https://a/\"";
    let set = environment(&[
        ("COFFERDAM_LISTEN__ADDRESS", "0.0.0.0:9"),
        ("COFFERDAM_LISTEN__TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1"),
        ("COFFERDAM_PROVIDER__MAIN__URL", "https://b/"),
        ("COFFERDAM_PROVIDER__BACKUP__URL", "https://c/"),
        ("COFFERDAM_PROVIDER__BACKUP__VARS__TOKEN", "t"),
        ("COFFERDAM_ROUTES", "backup,main"),
        ("COFFERDAM_WEBHOOKS__ALLOW_PRIVATE", "1"),
        ("COFFERDAM_LIMITS__REQUESTS_MAX", "7"),
        ("COFFERDAM_STORE__REDIS_URL", ""),
        ("COFFERDAM_URL", "http://not.ours/"),
        ("OTHER__THING", "x"),
    ]);
    let settings = Settings::read("f", file, set).unwrap();
    assert_eq!(settings.listen.address.port(), 9);
    assert_eq!(settings.listen.trusted_proxies.len(), 2);
    assert_eq!(settings.routes, ["backup", "main"]);
    assert_eq!(settings.limits.requests_max, 7);
    assert!(settings.webhooks.allow_private);
    for (name, value, part) in [
        ("COFFERDAM_LISTEN__ADRESS", "x", "did you mean `address`?"),
        ("COFFERDAM_LOG__LEVEL", "loud", "`info`"),
        ("COFFERDAM_LISTEN____ADDRESS", "x", "no such key"),
        ("COFFERDAM_LISTEN__ADDRESS__X", "x", "not a table"),
        ("COFFERDAM_NOTHING__KEY", "x", "no such key"),
    ] {
        let said = Settings::read("f", file, environment(&[(name, value)])).unwrap_err().to_string();
        assert!(said.contains(&format!("environment `{name}`")) && said.contains(part), "{said}");
    }
}

#[test]
fn every_plain_key_can_be_set_by_the_environment() {
    let folder = std::env::temp_dir().join(format!("cofferdam-keys-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let holds = |name: &str, address: &str| {
        let file = folder.join(name);
        std::fs::write(&file, address).unwrap();
        file.display().to_string()
    };
    for section in SECTIONS {
        for key in section.keys {
            let value = match key.kind {
                Kind::Integer { .. } => key.default.replace('_', ""),
                Kind::Bool => "true".to_owned(),
                Kind::Address => "127.0.0.1:1".to_owned(),
                Kind::Url => "https://h/".to_owned(),
                Kind::Choice(words) => words[0].to_owned(),
                Kind::List => "10.0.0.0/8".to_owned(),
                Kind::Secret if key.name == "postgres_url" => "postgres://h/d".to_owned(),
                Kind::Secret if key.name == "redis_url" => "redis://h/".to_owned(),
                Kind::Secret if key.name == "key" => format!("1:{}", "ab".repeat(32)),
                Kind::Secret => "k".repeat(40),
                Kind::Text if section.path == "store" => "name".to_owned(),
                Kind::Text => "127.0.0.1:2".to_owned(),
                Kind::Path if key.name == "postgres_url_file" => holds(key.name, "postgres://h/d"),
                Kind::Path if key.name == "redis_url_file" => holds(key.name, "redis://h/"),
                Kind::Path => "p".to_owned(),
                Kind::Table => continue,
            };
            let name = variable(section.path, key.name);
            // Of the two addresses of a shared store neither stands alone.
            let beside = match key.name {
                "postgres_url" | "postgres_url_file" => ("COFFERDAM_STORE__REDIS_URL", "redis://h/"),
                "redis_url" | "redis_url_file" => ("COFFERDAM_STORE__POSTGRES_URL", "postgres://h/d"),
                _ => ("OTHER__THING", ""),
            };
            let read = Settings::read("f", "", environment(&[(&name, &value), beside]));
            assert!(read.is_ok(), "{name}: {:?}", read.err());
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn keys_of_the_api_come_by_their_short_names() {
    let admin = "a".repeat(32);
    let set = environment(&[("COFFERDAM_ADMIN_KEY", &admin), ("COFFERDAM_TEST_KEY", "cfd_test_mine")]);
    let settings = Settings::read("f", "", set).unwrap();
    assert_eq!(settings.keys.admin.unwrap().expose_secret(), admin);
    assert_eq!(settings.keys.test.unwrap().expose_secret(), "cfd_test_mine");
    for (name, value) in [
        ("COFFERDAM_ADMIN_KEY", "short"),
        ("COFFERDAM_TEST_KEY", "with a space"),
        ("COFFERDAM_TEST_KEY", "ünseen-key"),
    ] {
        let said = Settings::read("f", "", environment(&[(name, value)])).unwrap_err().to_string();
        assert!(said.contains(name) && !said.contains(value), "{said}");
    }
}

#[test]
fn secrets_do_not_show_themselves() {
    let text = format!(
        "[secrets]\nkey = \"1:{}\"\n[keys]\nadmin = \"{}\"\n[provider.main]\nurl = \"https://h/{{vars.a}}\"\nvars = {{ a = \"hunter2\" }}\nauth = {{ kind = \"bearer\", token = \"hunter3\" }}\nheaders = {{ x-a = \"hunter4\" }}",
        "ab".repeat(32),
        "hunter5".repeat(6)
    );
    let shown = format!("{:?}", read(&text).unwrap());
    assert!(!shown.contains("hunter") && !shown.contains("abab"), "{shown}");
}

#[test]
fn places_may_not_choose_the_host() {
    for url in [
        "https://{to}/",
        "https://{vars.h}/x",
        "{to}",
        "https://h{to}/",
        "http://u:p@h/",
        "ftp://h/",
        "https://h:{code}/",
        "https://h",
    ] {
        let text = format!("[provider.main]\nurl = \"{url}\"\nvars = {{ h = \"h\" }}");
        let good = url == "https://h";
        assert_eq!(read(&text).is_ok(), good, "{url}: {:?}", read(&text).err());
    }
    assert!(read("[provider.main]\nurl = \"https://h/{to}?q={vars.h}\"\nvars = { h = \"h\" }").is_ok());
}

#[test]
fn a_provider_stands_once_in_the_routes_and_real_ones_go_before_the_outbox() {
    let two = "[provider.b]\nurl = \"https://b/\"\n[provider.a]\nurl = \"https://a/\"\n";
    assert_eq!(read(two).unwrap().routes, ["a", "b"], "by name where nothing is said");
    assert_eq!(read(&format!("routes = [\"b\", \"outbox\"]\n{two}")).unwrap().routes, ["b", "outbox"]);
    assert!(wrong(&format!("routes = [\"a\", \"a\"]\n{two}")).contains("stands twice"));
    let names: Vec<String> = read(two).unwrap().providers.into_iter().map(|p| p.name).collect();
    assert_eq!(names, ["a", "b", "outbox"], "the outbox is always there");
}

#[test]
fn proxies_are_known_by_their_ranges() {
    let net = listen::Net::parse("10.0.0.0/8").unwrap();
    assert!(net.contains("10.1.2.3".parse().unwrap()) && net.contains("::ffff:10.1.2.3".parse().unwrap()));
    assert!(!net.contains("11.0.0.1".parse().unwrap()) && !net.contains("a00::1".parse().unwrap()));
    assert!(listen::Net::parse("::/0").unwrap().contains("2001:db8::1".parse().unwrap()));
    assert!(!listen::Net::parse("2001:db8::/33").unwrap().contains("2001:db8:8000::1".parse().unwrap()));
    for text in ["", "10.0.0.0/33", "10.0.0/8", "x", "10.0.0.0/-1"] {
        assert!(listen::Net::parse(text).is_none(), "{text}");
    }
}

#[test]
fn the_sample_is_valid_and_the_reference_names_every_key() {
    let sample = include_str!("../../../../examples/cofferdam.toml");
    let settings =
        Settings::read("examples/cofferdam.toml", sample, []).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(settings.routes, ["main", "backup"]);
    let page = settings_reference();
    for section in SECTIONS.iter().chain([&provider::SECTION]).chain(provider::PARTS) {
        for key in section.keys {
            assert!(page.contains(&format!("`{}`", variable(section.path, key.name))), "{}", key.name);
        }
    }
    assert_eq!(page, include_str!("../../../../docs/reference/settings.md"), "run `cargo xtask docs`");
}

proptest! {
    #[test]
    fn any_text_is_settings_or_an_error_with_its_place(text in ".*") {
        if let Err(errors) = read(&text) {
            prop_assert!(!errors.errors.is_empty());
            for line in errors.lines() {
                prop_assert!(line.starts_with("cofferdam.toml"), "{}", line);
            }
        }
    }

    #[test]
    fn any_toml_of_our_words_is_settings_or_an_error_with_its_line(lines in proptest::collection::vec(
        (prop_oneof![Just("[listen]"), Just("[provider.main]"), Just("[provider.main.answer]"), Just("[store]"), Just("address"), Just("url"), Just("timeout_s"), Just("codes"), Just("body"), Just("path")],
         prop_oneof![Just(""), Just(" = 1"), Just(" = \"x\""), Just(" = [1]"), Just(" = {}"), Just(" = \"https://h/{to}\""), Just(" = 1979-05-27"), Just(" = nan"), Just(" = \"{\"")]), 0..8)) {
        let text: String = lines.iter().flat_map(|(a, b)| [*a, *b, "\n"]).collect();
        if let Err(errors) = read(&text) {
            for error in &errors.errors {
                let missing = error.what.contains("needs") || error.what.contains("not said");
                prop_assert!(missing || matches!(error.origin, error::Origin::Line(_)), "{:?}", error);
            }
        }
    }

    #[test]
    fn any_environment_is_settings_or_errors(pairs in proptest::collection::vec(("COFFERDAM_[A-Z_]{0,24}", ".*"), 0..4)) {
        let _ = Settings::read("f", "", pairs);
    }
}
