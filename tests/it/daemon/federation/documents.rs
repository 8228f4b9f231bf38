//! What institutions and the operator publish, and what eduroam CAT knows of them.

use serde_json::{Value, json};

use super::world::World;
use crate::support::cat::Cat;

struct Published {
    site: &'static str,
    name: &'static str,
    number: u32,
    realms: &'static [&'static str],
    /// Longitude and latitude.
    place: &'static str,
}

const INSTITUTIONS: [Published; 3] = [
    Published {
        site: "www.north.example",
        name: "North University",
        number: 11,
        realms: &["north.example"],
        place: "14.4,50.1",
    },
    Published {
        site: "www.east.example",
        name: "East Institute",
        number: 22,
        realms: &["east.example"],
        place: "18.3,49.8",
    },
    Published {
        site: "www.south.example",
        name: "South College",
        number: 33,
        realms: &["south.example", "students.south.example"],
        place: "14.5,48.97",
    },
];

/// Publishes all of it.
pub fn publish(world: &World) -> Cat {
    for one in &INSTITUTIONS {
        world.publish(one.site, "institution.xml", &xml(one));
    }
    world.publish("www.operator.example", "institution.json", &federation());
    cat(&world.authority())
}

/// The federation's data, version 2.
pub fn federation() -> String {
    let all: Vec<Value> = INSTITUTIONS.iter().map(entry).collect();
    json!({ "schema_version": 2, "institutions": { "institution": all } }).to_string()
}

fn xml(one: &Published) -> String {
    let realms: String = one.realms.iter().map(|realm| format!("<inst_realm>{realm}</inst_realm>")).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<institutions><institution><country>CZ</country><type>3</type>{realms}\
         <org_name lang=\"en\">{}</org_name><info_URL lang=\"en\">http://{}/eduroam</info_URL></institution></institutions>\n",
        one.name, one.site
    )
}

fn entry(one: &Published) -> Value {
    json!({
        "instid": one.realms[0], "ROid": "CZ01", "type": "IdP+SP", "stage": 1, "inst_realm": one.realms,
        "inst_name": [{"lang": "en", "data": one.name}],
        "address": [{"street": {"lang": "en", "data": "Long 1"}, "city": {"lang": "en", "data": "Town"}}],
        "coordinates": one.place,
        "contact": [{"name": "Administrators", "email": format!("eduroam@{}", one.realms[0]), "phone": "+420123456789", "type": 0, "privacy": 1}],
        "info_URL": [{"lang": "en", "data": format!("http://{}/eduroam", one.site)}],
        "policy_URL": [{"lang": "en", "data": "http://www.operator.example/policy"}],
        "ts": "2026-11-22T08:00:00Z",
        "location": [{
            "locationid": format!("{}-1", one.realms[0]), "coordinates": one.place, "stage": 1, "type": 0,
            "SSID": "eduroam", "loc_name": [{"lang": "en", "data": "Main"}], "enc_level": "WPA2/AES",
            "AP_no": 3, "info_URL": [{"lang": "en", "data": format!("http://{}/eduroam", one.site)}],
            "address": [{"street": {"lang": "en", "data": "Long 1"}, "city": {"lang": "en", "data": "Town"}}]
        }]
    })
}

fn cat(authority: &str) -> Cat {
    let cat = Cat::start();
    let listed: Vec<Value> = INSTITUTIONS
        .iter()
        .map(|one| json!({"idp": one.number, "id": one.number, "display": one.name}))
        .collect();
    cat.answer(
        "listIdentityProviders&federation=CZ",
        json!({"status": 1, "data": listed, "tou": ""}).to_string(),
    );
    let all: Vec<Value> = INSTITUTIONS
        .iter()
        .map(|one| json!({"entityID": one.number, "title": one.name, "country": "CZ", "geo": [], "icon": 0, "idp": one.number, "id": one.number}))
        .collect();
    cat.answer("listAllIdentityProviders", Value::Array(all).to_string());
    let authority: String = authority.lines().filter(|line| !line.starts_with("-----")).collect();
    for one in &INSTITUTIONS {
        let profile = |i: usize| one.number * 10 + u32::try_from(i).unwrap();
        let profiles: Vec<Value> = (0..one.realms.len())
            .map(|i| json!({"profile": profile(i), "id": profile(i), "display": "All", "idp_name": one.name, "logo": 0}))
            .collect();
        cat.answer(
            &format!("listProfiles&idp={}", one.number),
            json!({"status": 1, "data": profiles, "tou": ""}).to_string(),
        );
        for (i, realm) in one.realms.iter().enumerate() {
            let names = servers_of(realm);
            cat.answer(
                &format!("downloadInstaller&profile={}&device=eap-config", profile(i)),
                eap_config(realm, &authority, names),
            );
            let devices = json!([{"id": "w10", "display": "Windows", "status": 0, "redirect": 0, "eap_customtext": 0, "device_customtext": ""}]);
            let attributes = json!({"status": 1, "data": {"local_email": "", "local_phone": "", "local_url": "", "description": "", "devices": devices}, "tou": ""});
            cat.answer(&format!("profileAttributes&profile={}", profile(i)), attributes.to_string());
        }
    }
    cat
}

fn servers_of(realm: &str) -> &'static [&'static str] {
    match realm {
        "north.example" => &["radius.north.example"],
        "east.example" => &["radius1.east.example", "radius2.east.example"],
        _ => &["radius.south.example"],
    }
}

fn eap_config(realm: &str, authority: &str, names: &[&str]) -> String {
    let names: String = names.iter().map(|name| format!("<ServerID>{name}</ServerID>")).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<EAPIdentityProviderList><EAPIdentityProvider ID=\"{realm}\" namespace=\"urn:RFC4282:realm\" \
         lang=\"en\" version=\"1\"><AuthenticationMethods><AuthenticationMethod><EAPMethod><Type>25</Type></EAPMethod><ServerSideCredential>\
         <CA format=\"X.509\" encoding=\"base64\">{authority}</CA>{names}</ServerSideCredential><ClientSideCredential>\
         <OuterIdentity>anonymous@{realm}</OuterIdentity></ClientSideCredential><InnerAuthenticationMethod><EAPMethod><Type>26</Type></EAPMethod>\
         </InnerAuthenticationMethod></AuthenticationMethod></AuthenticationMethods></EAPIdentityProvider></EAPIdentityProviderList>\n"
    )
}
