//! The plain manifests: each parsed, and what one names another must serve.

use super::yaml::{load, names, texts};
use super::{NOBODY, folder, is_served, settings};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn manifest(name: &str) -> Value {
    let all = load(&format!("kubernetes/{name}"));
    assert!(all["apiVersion"].is_string() && all["kind"].is_string(), "{name}");
    all
}

fn pod(deployment: &Value) -> (&Value, &Value) {
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["containers"].as_array().unwrap().len(), 1);
    (pod, &pod["containers"][0])
}

/// What the deployment sets, each secret with a value of its form.
fn environment(container: &Value) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for variable in container["env"].as_array().unwrap() {
        let value = match variable["valueFrom"]["secretKeyRef"]["key"].as_str() {
            Some("admin_key") => "a".repeat(32),
            Some(other) => panic!("{other}"),
            None => "cofferdam-5d9f-x2x4q".to_owned(),
        };
        all.insert(variable["name"].as_str().unwrap().to_owned(), value);
    }
    all
}

/// The settings, with the addresses of the secret as files where the settings look for them; and where that is in a pod.
fn read(toml: &str, environment: &BTreeMap<String, String>) -> (cofferdam::config::Settings, String) {
    let folder = std::env::temp_dir().join(format!("cofferdam-secret-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (mut here, mut mounted) = (toml.to_owned(), BTreeSet::new());
    for (name, address) in [
        ("postgres_url", "postgres://cofferdam:word@db.example:5432/cofferdam?sslmode=require"),
        ("redis_url", "rediss://:word@tallies.example:6379"),
    ] {
        std::fs::write(folder.join(name), address).unwrap();
        let set = format!("{name}_file = \"");
        let path =
            toml.lines().find_map(|line| line.trim().strip_prefix(&set)).unwrap().trim_end_matches('"');
        mounted.insert(path.strip_suffix(&format!("/{name}")).unwrap().to_owned());
        here = here.replace(path, folder.join(name).to_str().unwrap());
    }
    let read = settings("cofferdam.toml", &here, environment);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(mounted.len(), 1);
    (read, mounted.pop_first().unwrap())
}

#[test]
fn every_manifest_is_in_the_kustomization_but_the_secret() {
    let listed: BTreeSet<String> =
        texts(&manifest("kustomization.yaml")["resources"]).into_iter().map(str::to_owned).collect();
    let mut there = BTreeSet::new();
    for entry in std::fs::read_dir(folder("kubernetes")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let loaded = manifest(&name);
        if !matches!(loaded["kind"].as_str(), Some("Kustomization" | "Namespace")) {
            assert_eq!(loaded["metadata"]["namespace"], "cofferdam", "{name}");
        }
        there.insert(name);
    }
    assert!(there.remove("kustomization.yaml") && there.remove("secret.example.yaml"));
    assert_eq!(there, listed);
}

#[test]
fn the_secret_has_every_key_that_is_asked_for_and_no_value() {
    let (secret, deployment) = (manifest("secret.example.yaml"), manifest("deployment.yaml"));
    let (pod, container) = pod(&deployment);
    let mut asked = BTreeSet::new();
    for variable in container["env"].as_array().unwrap() {
        let from = &variable["valueFrom"]["secretKeyRef"];
        if from.is_object() {
            assert_eq!(from["name"], secret["metadata"]["name"]);
            asked.insert(from["key"].as_str().unwrap());
        }
        assert!(variable["value"].is_null(), "nothing is written down here: {variable}");
    }
    let volume =
        pod["volumes"].as_array().unwrap().iter().find(|volume| volume["name"] == "secrets").unwrap();
    assert_eq!(volume["secret"]["secretName"], secret["metadata"]["name"]);
    asked.extend(
        volume["secret"]["items"].as_array().unwrap().iter().map(|item| item["key"].as_str().unwrap()),
    );
    assert_eq!(asked, names(&secret["stringData"]).into_iter().collect());
    assert!(secret["data"].is_null());
    for (name, value) in secret["stringData"].as_object().unwrap() {
        assert_eq!(value, "", "{name} is a secret");
    }
    // A file that others can read is refused by the program; the group's bit is what a mount for `fsGroup` sets.
    assert_eq!(volume["secret"]["defaultMode"], 0o440);
}

#[test]
fn settings_ports_and_probes_are_one() {
    let (map, deployment) = (manifest("settings.yaml"), manifest("deployment.yaml"));
    let (pod, container) = pod(&deployment);
    let toml = map["data"]["cofferdam.toml"].as_str().unwrap();
    let (read, mounted_at) = read(toml, &environment(container));
    assert!(read.store.shared.as_ref().is_some_and(|shared| shared.node.is_some()), "one of several nodes");
    let ports: BTreeMap<&str, u64> = container["ports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|port| (port["name"].as_str().unwrap(), port["containerPort"].as_u64().unwrap()))
        .collect();
    assert_eq!(ports["api"], u64::from(read.listen.address.port()));
    assert!(read.listen.address.ip().is_unspecified());
    assert!(toml.contains(&format!("admin_address = \"0.0.0.0:{}\"", ports["metrics"])));
    let scraped = &deployment["spec"]["template"]["metadata"]["annotations"];
    assert_eq!(scraped["prometheus.io/port"], ports["metrics"].to_string());
    assert!(is_served(scraped["prometheus.io/path"].as_str().unwrap()));
    for (probe, path) in
        [("livenessProbe", "/healthz"), ("startupProbe", "/healthz"), ("readinessProbe", "/readyz")]
    {
        assert_eq!(container[probe]["httpGet"], json!({ "path": path, "port": "api" }), "{probe}");
        assert!(is_served(path), "{path}");
    }
    let mounted = |name: &str| {
        let mounts = container["volumeMounts"].as_array().unwrap();
        mounts.iter().find(|mount| mount["name"] == name).unwrap()["mountPath"].as_str().unwrap().to_owned()
    };
    assert_eq!(mounted_at, mounted("secrets"));
    assert_eq!(read.secrets.key_file.unwrap().to_str().unwrap(), mounted("secrets") + "/secrets.key");
    let config = texts(&container["args"])[2];
    assert_eq!(config, mounted("settings") + "/cofferdam.toml");
    let pause: u64 = texts(&container["lifecycle"]["preStop"]["exec"]["command"])[1].parse().unwrap();
    let grace = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
    assert!(grace > pause + read.listen.stop_timeout.as_secs(), "{grace} s are too short");
}

#[test]
fn the_service_the_budget_and_the_policy_choose_the_pods() {
    let deployment = manifest("deployment.yaml");
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    assert_eq!(&deployment["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(deployment["spec"]["replicas"], 3);
    assert_eq!(&manifest("disruption.yaml")["spec"]["selector"]["matchLabels"], labels);
    let service = manifest("service.yaml");
    assert_eq!(&service["spec"]["selector"], labels);
    assert_eq!(service["spec"]["sessionAffinity"], "None");
    assert_eq!(service["spec"]["ports"], json!([{ "name": "api", "port": 80, "targetPort": "api" }]));
    let network = manifest("network.yaml");
    assert_eq!(&network["spec"]["podSelector"]["matchLabels"], labels);
    let open: Vec<u64> = network["spec"]["ingress"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| {
            assert!(rule["from"].is_array(), "nobody is let in unnamed");
            rule["ports"][0]["port"].as_u64().unwrap()
        })
        .collect();
    let (_, container) = pod(&deployment);
    let ports = container["ports"].as_array().unwrap();
    assert_eq!(open, ports.iter().map(|port| port["containerPort"].as_u64().unwrap()).collect::<Vec<_>>());
    let one = &deployment["spec"]["strategy"]["rollingUpdate"];
    assert_eq!(one, &json!({ "maxSurge": 1, "maxUnavailable": 0 }), "node by node");
}

#[test]
fn a_pod_may_do_nothing_that_it_does_not_need() {
    let deployment = manifest("deployment.yaml");
    let (pod, container) = pod(&deployment);
    let all = &pod["securityContext"];
    assert_eq!(all["runAsNonRoot"], true);
    for name in ["runAsUser", "runAsGroup", "fsGroup"] {
        assert_eq!(all[name].to_string(), NOBODY, "{name}");
    }
    assert_eq!(all["seccompProfile"]["type"], "RuntimeDefault");
    assert_eq!(
        container["securityContext"],
        json!({
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"] },
        })
    );
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert!(container["resources"]["limits"]["memory"].is_string());
    let namespace = manifest("namespace.yaml");
    assert_eq!(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
}
