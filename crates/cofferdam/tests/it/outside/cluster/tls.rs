//! PostgreSQL and Redis behind TLS: a node that knows their authority serves, one that knows another is refused by
//! name and sends no password.

use super::nodes::{Home, place};
use super::refused::refused;
use crate::outside::folder::Folder;
use crate::outside::server::{alone, free_port};
use crate::servers::{postgres, redis};
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio::task::block_in_place;

fn openssl(folder: &Path, args: &[&str]) {
    let done = Command::new("openssl").args(args).current_dir(folder).output().expect("openssl is there");
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// An authority of its own, and a certificate of it for `localhost`: the files of both, and of the key.
fn certificates(folder: &Path, name: &str) -> [PathBuf; 3] {
    let file = |kind: &str| format!("{name}.{kind}");
    let (ca, ca_key, cert, key, ask, ext) =
        (file("ca"), file("ca.key"), file("crt"), file("key"), file("csr"), file("ext"));
    let new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj"];
    let subject = format!("/CN={name}");
    let own = [&new[..], &[&subject, "-x509", "-days", "2", "-keyout", &ca_key, "-out", &ca]].concat();
    openssl(folder, &own);
    openssl(folder, &[&new[..], &["/CN=localhost", "-keyout", &key, "-out", &ask]].concat());
    std::fs::write(folder.join(&ext), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n").unwrap();
    let sign = ["x509", "-req", "-days", "2", "-CAcreateserial", "-in", &ask, "-CA", &ca, "-CAkey", &ca_key];
    openssl(folder, &[&sign[..], &["-extfile", &ext, "-out", &cert]].concat());
    [ca, cert, key].map(|file| folder.join(file))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_behind_tls_are_those_of_a_known_authority() {
    let _alone = alone().await;
    let Some(home) = Home::start().await else { return };
    let folder = Folder::new("tls");
    let [ca, cert, key] = certificates(folder.path(), "right");
    let [other, ..] = certificates(folder.path(), "wrong");
    let [ca, other, cert, key] = [&ca, &other, &cert, &key].map(|file| file.display().to_string());
    let port = free_port().to_string();
    let tls = [
        ["--tls-port", &port],
        ["--tls-cert-file", &cert],
        ["--tls-key-file", &key],
        ["--tls-ca-cert-file", &ca],
        ["--tls-auth-clients", "no"],
        ["--requirepass", "right-horse"],
    ];
    let Some(_redis) = block_in_place(|| redis::Server::start_with(&tls.concat())) else { return };
    let text = |file: &str| std::fs::read_to_string(file).unwrap();
    let Some(postgres) = block_in_place(|| postgres::Server::start_with_tls(&text(&cert), &text(&key)))
    else {
        return;
    };
    postgres.sql("postgres", "CREATE DATABASE cofferdam");
    let redis_url = format!("rediss://:right-horse@localhost:{port}");
    let postgres_url =
        |mode: &str| format!("postgresql://cofferdam@localhost:{}/cofferdam?sslmode={mode}", postgres.port);
    let at = |postgres: &str, redis: &str, ca: &str| place(0, "", postgres, redis).with("SSL_CERT_FILE", ca);
    for mode in ["require", "verify-full"] {
        let node = at(&postgres_url(mode), &redis_url, &ca).start().await;
        assert!(node.took.as_secs() < 10);
        node.kill();
    }
    let encrypted = postgres.sql("cofferdam", "SELECT current_setting('ssl')");
    assert_eq!(encrypted, "on");
    let never = ["right-horse"];
    let stranger = at(&home.postgres_url(), &redis_url, &other);
    refused("Redis of another authority", &stranger, &["redis", "certificate", "SSL_CERT_FILE"], &never)
        .await;
    let by_address = at(&home.postgres_url(), &redis_url.replace("localhost", "127.0.0.1"), &ca);
    refused("Redis under another name", &by_address, &["redis", "certificate"], &never).await;
    let stranger = at(&postgres_url("verify-full"), &home.redis_url(), &other);
    refused("PostgreSQL of another authority", &stranger, &["certificate", "SSL_CERT_FILE"], &never).await;
    let by_address =
        at(&postgres_url("verify-full").replace("localhost", "127.0.0.1"), &home.redis_url(), &ca);
    refused("PostgreSQL under another name", &by_address, &["certificate"], &never).await;
}
