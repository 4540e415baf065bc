//! Finds, makes and rotates the secret key: a setting, or a file of mode 0600 beside the store.
//!
//! The file is made at the first start, whole or not at all. It is never made beside a store that is
//! there already: what that store holds was sealed under another key, and a new one would hide it.

use super::{Secrets, Version};
use crate::clock::Dice;
use crate::config::{SecretsChoice, StoreChoice};
use secrecy::ExposeSecret;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The versions of the key.
type Masters = BTreeMap<Version, Zeroizing<[u8; 32]>>;

/// Why there is no key. Each names the mend.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The file cannot be read or written.
    #[error("the secret key `{path}` cannot be {what}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// `read` or `written`.
        what: &'static str,
        /// Why.
        error: io::Error,
    },
    /// Others may read it.
    #[error(
        "the secret key `{path}` can be read or written by others (mode {mode:04o}): run `chmod 600 {path}`"
    )]
    Open {
        /// Which.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is not written as it should be. Never shows what is there.
    #[error(
        "the secret key in {place} is malformed at line {line}: write `<version>:<64 hexadecimal digits>`"
    )]
    Malformed {
        /// The file or the setting.
        place: String,
        /// From 1.
        line: usize,
    },
    /// The store is there without its key.
    #[error(
        "the store `{store}` is there, but its secret key `{key}` is not: bring the key back from where you keep it"
    )]
    Lost {
        /// The store.
        store: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// Machines that share a store share its key, so none of them makes one.
    #[error(
        "`{key}` is missing, and machines that share a store need the same secret key: make it once \
         (`echo 1:$(openssl rand -hex 32)` into a file of mode 0600) and bring it to each, or set `secrets.key`"
    )]
    Shared {
        /// The key.
        key: PathBuf,
    },
    /// A key in the settings is not changed by us.
    #[error("the secret key is in the settings (`secrets.key`): add a line with the next version there")]
    InSettings,
}

/// The installation's secrets: from the setting, from the file, or made now. In memory where nothing
/// is on a disk.
pub fn load(choice: &SecretsChoice, store: &StoreChoice, dice: &dyn Dice) -> Result<Secrets, SecretsError> {
    let masters = match (&choice.key, choice.file(store)) {
        (Some(key), _) => parse(&key.expose_secret().replace(',', "\n"), "`secrets.key`")?,
        (None, None) => fresh(dice),
        (None, Some(path)) => match read(&path) {
            Err(SecretsError::File { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                if store.shared.is_some() {
                    return Err(SecretsError::Shared { key: path });
                }
                if let Some(store) = store.path.as_ref().filter(|_| store.stands()) {
                    return Err(SecretsError::Lost { store: store.clone(), key: path });
                }
                make(&path, &fresh(dice), false)?;
                // Whoever came first at the same time made the one that counts.
                read(&path)?
            }
            other => other?,
        },
    };
    Secrets::new(masters).ok_or(SecretsError::Malformed { place: "the file".to_owned(), line: 1 })
}

/// Adds a version to the file. New codes and seals are made under it; old ones stay readable.
pub fn rotate(path: &Path, dice: &dyn Dice) -> Result<Version, SecretsError> {
    let mut masters = read(path)?;
    let next = masters.last_key_value().map_or(1, |(version, _)| version + 1);
    masters.extend(fresh(dice).into_values().map(|key| (next, key)));
    make(path, &masters, true)?;
    Ok(next)
}

fn fresh(dice: &dyn Dice) -> Masters {
    let mut key = Zeroizing::new([0; 32]);
    dice.fill(&mut key[..]);
    BTreeMap::from([(1, key)])
}

fn read(path: &Path) -> Result<Masters, SecretsError> {
    let failed = |error| SecretsError::File { path: path.to_owned(), what: "read", error };
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
    // A group may read it where an orchestrator mounts it so; nobody else, and no group may write.
    if mode & 0o027 != 0 {
        return Err(SecretsError::Open { path: path.to_owned(), mode });
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(failed)?);
    parse(&text, &format!("`{}`", path.display()))
}

fn parse(text: &str, place: &str) -> Result<Masters, SecretsError> {
    let mut masters = Masters::new();
    for (n, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or("").trim();
        if line.is_empty() {
            continue;
        }
        let malformed = || SecretsError::Malformed { place: place.to_owned(), line: n + 1 };
        let (version, hex) = line.split_once(':').ok_or_else(malformed)?;
        let version = version.parse().ok().filter(|version| *version > 0).ok_or_else(malformed)?;
        let key = bytes(hex.trim()).ok_or_else(malformed)?;
        if masters.insert(version, key).is_some() {
            return Err(malformed());
        }
    }
    if masters.is_empty() {
        Err(SecretsError::Malformed { place: place.to_owned(), line: 1 })
    } else {
        Ok(masters)
    }
}

fn bytes(hex: &str) -> Option<Zeroizing<[u8; 32]>> {
    if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut key = Zeroizing::new([0; 32]);
    for (n, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(n * 2..n * 2 + 2)?, 16).ok()?;
    }
    Some(key)
}

/// Writes the file whole: beside, synced, then put in place.
fn make(path: &Path, masters: &Masters, replace: bool) -> Result<(), SecretsError> {
    let failed = |error| SecretsError::File { path: path.to_owned(), what: "written", error };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let mut text = Zeroizing::new(String::from(
        "# The secret key of this installation. Keep a copy where your backups are not: without it they cannot be read.\n",
    ));
    for (version, key) in masters {
        let _ = write!(text, "{version}:");
        for byte in key.iter() {
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
    }
    let beside = folder.join(format!(".secrets.{}.new", std::process::id()));
    let _ = fs::remove_file(&beside);
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    // A link, unlike a rename, never takes the place of a key that another start has just made.
    let placed = if replace { fs::rename(&beside, path) } else { fs::hard_link(&beside, path) };
    let _ = fs::remove_file(&beside);
    if let Err(error) = placed {
        let came_first = !replace && error.kind() == io::ErrorKind::AlreadyExists;
        if !came_first {
            return Err(failed(error));
        }
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SetDice;
    use crate::config::Settings;
    use crate::secrets::Purpose;

    /// A folder of its own that goes away with the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("cofferdam-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn choices(folder: &Folder) -> (SecretsChoice, StoreChoice) {
        let mut settings = Settings::defaults();
        settings.store.path = Some(folder.0.join("cofferdam.db"));
        (settings.secrets, settings.store)
    }

    #[test]
    fn the_first_start_makes_the_key_and_the_next_finds_it() {
        let folder = Folder::new("first");
        let (secrets, store) = choices(&folder);
        let first = load(&secrets, &store, &*SetDice::seeded(1)).unwrap();
        let path = folder.0.join("secrets.key");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = load(&secrets, &store, &*SetDice::seeded(2)).unwrap();
        assert_eq!(first.key(Purpose::Code, 1), again.key(Purpose::Code, 1));
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_rotation_adds_a_version_and_keeps_the_old() {
        let folder = Folder::new("rotate");
        let (secrets, store) = choices(&folder);
        let before = load(&secrets, &store, &*SetDice::seeded(1)).unwrap();
        assert_eq!(rotate(&folder.0.join("secrets.key"), &*SetDice::seeded(3)).unwrap(), 2);
        let after = load(&secrets, &store, &*SetDice::seeded(4)).unwrap();
        assert_eq!((before.current(), after.current()), (1, 2));
        assert_eq!(before.key(Purpose::Code, 1), after.key(Purpose::Code, 1));
        assert_ne!(after.key(Purpose::Code, 1), after.key(Purpose::Code, 2));
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_by_name_and_with_the_mend() {
        let folder = Folder::new("mode");
        let (secrets, store) = choices(&folder);
        load(&secrets, &store, &*SetDice::seeded(1)).unwrap();
        let path = folder.0.join("secrets.key");
        for mode in [0o644, 0o604, 0o620, 0o602] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = load(&secrets, &store, &*SetDice::seeded(1)).unwrap_err().to_string();
            assert!(error.contains("chmod 600") && error.contains("secrets.key"), "{error}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).unwrap();
        load(&secrets, &store, &*SetDice::seeded(1)).unwrap();
    }

    #[test]
    fn a_store_without_its_key_is_not_given_a_new_one() {
        let folder = Folder::new("lost");
        let (secrets, store) = choices(&folder);
        fs::write(store.path.as_ref().unwrap(), b"something").unwrap();
        let error = load(&secrets, &store, &*SetDice::seeded(1)).unwrap_err();
        assert!(matches!(error, SecretsError::Lost { .. }), "{error}");
        assert!(!folder.0.join("secrets.key").exists());
    }

    #[test]
    fn what_is_malformed_is_named_by_line_and_not_shown() {
        let good = format!("1:{}", "ab".repeat(32));
        for (text, line) in [
            ("1:xyz".to_owned(), 1),
            (format!("# note\n{good}\n2:ff"), 3),
            (format!("{good}\n{good}"), 2),
            (format!("0:{}", "ab".repeat(32)), 1),
            (String::new(), 1),
        ] {
            let error = parse(&text, "`secrets.key`").unwrap_err().to_string();
            assert!(error.contains(&format!("line {line}")), "{error}");
            assert!(!error.contains("abab") && !error.contains("xyz"), "{error}");
        }
        assert_eq!(parse(&format!("{good} # first\n\n 3:{}", "cd".repeat(32)), "x").unwrap().len(), 2);
    }

    #[test]
    fn a_key_in_the_settings_needs_no_file() {
        let text = format!("[secrets]\nkey = \"1:{},2:{}\"", "ab".repeat(32), "cd".repeat(32));
        let settings = Settings::read("f", &text, []).unwrap();
        let secrets = load(&settings.secrets, &settings.store, &*SetDice::seeded(1)).unwrap();
        assert_eq!(secrets.current(), 2);
        assert!(settings.secrets.file(&settings.store).is_none());
    }
}
