//! `cofferdam keys`: keys of the API on the running server, and the secret key of the installation.

use super::client::{ServerArgs, call, part};
use super::error::CliError;
use super::out::{Out, text};
use super::settings::{SettingsArgs, need};
use crate::clock::SystemDice;
use crate::secrets::file::{SecretsError, rotate};
use reqwest::Method;
use serde_json::{Value, json};

const EXAMPLES: &str = "\
Examples:
  cofferdam keys list
  cofferdam keys create --world live --scope verify --scope read --name checkout
  cofferdam keys revoke key_…
  cofferdam keys rotate-secret --config cofferdam.toml";

/// Makes, lists and revokes keys of the API; rotates the installation's secret key.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Show the keys of the tenant, without their secrets
    List(ServerArgs),
    /// Make a key; its secret is shown once
    Create(CreateArgs),
    /// End a key at once
    Revoke {
        /// Which
        id: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Add a version to the secret key: new codes and seals use it, old ones stay readable
    RotateSecret(SettingsArgs),
}

#[derive(clap::Args)]
struct CreateArgs {
    /// What for
    #[arg(long)]
    name: Option<String>,
    /// Which world
    #[arg(long, value_parser = ["live", "test"])]
    world: String,
    /// What it may do; may be given more than once
    #[arg(long, required = true, value_parser = ["verify", "assess", "read", "manage", "admin"])]
    scope: Vec<String>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs it.
pub fn run(args: Args, out: &Out) -> Result<(), CliError> {
    match args.what {
        What::List(server) => {
            let page = call(&server, Method::GET, "/v1/keys?limit=200", None)?;
            let keys = page.pointer("/data").and_then(Value::as_array).cloned().unwrap_or_default();
            out.data(&page, || keys.iter().map(line).collect::<Vec<_>>().join("\n"))
        }
        What::Create(args) => {
            let mut body = json!({ "world": args.world, "scopes": args.scope });
            if let (Some(object), Some(name)) = (body.as_object_mut(), args.name) {
                object.insert("name".to_owned(), name.into());
            }
            let key = call(&args.server, Method::POST, "/v1/keys", Some(&body))?;
            let secret =
                ["/secret", "/key"].into_iter().map(|at| text(&key, at)).find(|text| !text.is_empty());
            out.data(&key, || secret.unwrap_or("").to_owned())?;
            if !out.json {
                out.say(&format!("{}  it is shown once: keep it now", text(&key, "/id")));
            }
            Ok(())
        }
        What::Revoke { id, server } => {
            call(&server, Method::DELETE, &format!("/v1/keys/{}", part(&id)), None)?;
            out.data(&json!({ "id": id, "revoked": true }), || format!("{id}  revoked"))
        }
        What::RotateSecret(settings) => {
            let settings = need(&settings)?;
            let path = settings.secrets.file(&settings.store).ok_or(SecretsError::InSettings);
            let failed = |error: SecretsError| CliError::failed(error.to_string());
            let path = path.map_err(failed)?;
            let version = rotate(&path, &SystemDice::default()).map_err(failed)?;
            let json = json!({ "file": path, "version": version });
            out.data(&json, || format!("{}: version {version}", path.display()))?;
            if !out.json {
                out.say("next: keep a copy where your backups are not, then restart the server: it reads the key at its start");
            }
            Ok(())
        }
    }
}

fn line(key: &Value) -> String {
    let scopes = key.pointer("/scopes").and_then(Value::as_array).into_iter().flatten();
    let scopes: Vec<&str> = scopes.filter_map(Value::as_str).collect();
    format!("{}  {}  {}  {}", text(key, "/id"), text(key, "/world"), scopes.join(","), text(key, "/name"))
}
