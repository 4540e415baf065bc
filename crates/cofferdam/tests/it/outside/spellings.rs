//! However a number or an address is written, it is the same one, or it is refused.

use super::api::Api;
use super::kill_9::only;
use super::server::{Place, TEST};
use serde_json::{Value, json};

/// A number, its country, and ways to write it.
const SPELLINGS: [(&str, &str, &[&str]); 3] = [
    (
        "+447700900123",
        "GB",
        &[
            "+44 7700 900123",
            "+44-7700-900-123",
            "+44 (7700) 900123",
            "+44 (0)7700 900123",
            "+44(0)7700900123",
            "00447700900123",
            "0044 7700 900 123",
            "07700 900123",
            "07700900123",
            "(07700) 900123",
            "07700.900.123",
            "07700/900123",
            "tel:+447700900123",
            "  +447700900123  ",
            "+４４７７００９００１２３",
            "+٤٤٧٧٠٠٩٠٠١٢٣",
            "+۴۴۷۷۰۰۹۰۰۱۲۳",
            "०७७००९००१२३",
            "+44\u{a0}7700\u{a0}900123",
            "+44\u{2011}7700\u{2011}900123",
            "\u{202a}+447700900123\u{202c}",
            "\u{200b}+447700900123",
            "+44 7700 900123 ext. 5",
            "+447700900123;ext=5",
            "+447700900123,5",
            "+44 07700 900123",
            "+044 7700 900123",
            "++447700900123",
            "+447700900123#",
            "44 7700 900123",
            "7700900123",
            "+447700900123x",
            "0+447700900123",
            "+44+447700900123",
            "００４４７７００９００１２３",
            "＋447700900123",
        ],
    ),
    (
        "+12125550155",
        "US",
        &[
            "+1 212 555 0155",
            "(212) 555-0155",
            "212-555-0155",
            "212.555.0155",
            "1 212 555 0155",
            "12125550155",
            "0012125550155",
            "011 1 212 555 0155",
            "+1 (212) 555-0155",
            "+1-212-555-0155 x99",
            "2125550155",
            "+1 1 212 555 0155",
            "+1 212 555 O155",
            "+1-212-555-01-55",
        ],
    ),
    (
        "+61491570156",
        "AU",
        &[
            "+61 491 570 156",
            "0491 570 156",
            "0491570156",
            "0061491570156",
            "0011 61 491 570 156",
            "+61 (0)491 570 156",
            "+610491570156",
            "61491570156",
        ],
    ),
];

async fn begin(api: &Api, to: &str, country: Option<&str>) -> (u16, Value) {
    let mut body = json!({ "to": to, "profile": "once" });
    if let Some(country) = country {
        body["country"] = json!(country);
    }
    let answer = api.post("/v1/verifications", body).await;
    (answer.status, answer.json)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_spelling_passes_a_limit_or_a_list() {
    let place = Place::new("spellings", "");
    let server = place.start().await;
    let api = server.api(TEST);
    let limits = only(&json!({ "number": [{ "max": 1, "window_s": 3600 }] }));
    api.post("/v1/profiles", json!({ "name": "once", "limits": limits })).await.want(201);
    let (mut same, mut refused) = (0, 0);
    for (number, country, spellings) in SPELLINGS {
        assert_eq!(begin(&api, number, None).await.0, 201, "{number}");
        for spelling in spellings {
            for with in [None, Some(country)] {
                let (status, answer) = begin(&api, spelling, with).await;
                assert!(
                    matches!(status, 429 | 422 | 400),
                    "{spelling:?} with {with:?} is another number: {answer}"
                );
                if status == 429 { same += 1 } else { refused += 1 }
            }
        }
        // The same by a list: denied under any spelling, found under any other.
        let entry = json!({ "value": spellings[0] });
        let made = api.post("/v1/lists/deny/entries", entry).await.want(201);
        assert_eq!(made.text("value"), number, "{}", made.text);
        assert_eq!(api.post("/v1/lists/deny/entries", json!({ "value": number })).await.status, 409);
        for spelling in spellings {
            let answer = api.post("/v1/assessments", json!({ "to": spelling, "country": country })).await;
            let decided = answer.text("decision");
            assert!(
                answer.status == 422 || decided == "block",
                "{spelling:?} passes the list: {}",
                answer.text
            );
        }
    }
    println!("spellings: {same} are the same number, {refused} are refused");
    assert!(same >= 60, "only {same} spellings are understood");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_one_address_in_every_notation_and_a_network_is_no_way_around_it() {
    let place = Place::new("addresses", "");
    let server = place.start().await;
    let api = server.api(TEST);
    let limits = only(&json!({
        "ipv6_64": [{ "max": 2, "window_s": 3600 }],
        "ipv6_48": [{ "max": 4, "window_s": 3600 }],
    }));
    api.post("/v1/profiles", json!({ "name": "by-address", "limits": limits })).await.want(201);
    let mut n = 0;
    let mut begin = async |ip: &str| {
        n += 1;
        let body =
            json!({ "to": super::dice::fictional(n), "profile": "by-address", "client": { "ip": ip } });
        api.post("/v1/verifications", body).await.status
    };
    let notations = [
        "2001:db8::1",
        "2001:DB8:0:0:0:0:0:1",
        "2001:0db8:0000:0000:0000:0000:0000:0001",
        "2001:db8::0.0.0.1",
    ];
    let mut statuses = Vec::new();
    for ip in notations {
        statuses.push(begin(ip).await);
    }
    assert_eq!(statuses, [201, 201, 429, 429], "one address in four notations");
    // Turning the lower half: the /64 is one address. Turning the subnet too: the /48 ends it.
    assert_eq!([begin("2001:db8::2").await, begin("2001:db8::ffff:1").await], [429, 429], "a /64 has 2");
    let mut subnets = Vec::new();
    for subnet in 1..5 {
        subnets.push(begin(&format!("2001:db8:0:{subnet}::1")).await);
    }
    assert_eq!(subnets, [201, 201, 429, 429], "a /48 has 4");
    assert_eq!(begin("2001:db8:1::1").await, 201, "another /48 is another network");
}
