//! `institution.xml`: version 1 of the schema (XSD of 17 April 2008), its rules as a table.

use xml::Node;

use crate::document::{Document, DocumentError, Faults, Form, Institution, Kind, shown};
use crate::values::{are_degrees, is_moment};

/// Reads a document: its institutions, wherever in it they are, and what is against the rules.
pub(crate) fn read(text: &str) -> Result<Document, DocumentError> {
    let tree = xml::parse(text)?;
    let root = tree.root_element();
    let found = |name: &'static str| {
        root.descendants().filter(move |node| node.is_element() && node.tag_name().name() == name)
    };
    let mut elements: Vec<Node> = found("institution").collect();
    let mut faults = Faults::default();
    if elements.is_empty() {
        if found("inst_realm").next().is_none() {
            let name = shown(root.tag_name().name());
            let why = format!(
                "it is XML, but of no institution: its root is `{name}`, and there is no inst_realm in it"
            );
            return Err(DocumentError::Other(why));
        }
        faults.add(|| "there is no element `institution`".to_owned());
        elements.push(root);
    }
    let is_version_2 = elements.iter().any(|element| xml::children(*element, "instid").next().is_some());
    let form = if is_version_2 { Form::Xml2 } else { Form::Xml1 };
    let institutions = elements.into_iter().map(|element| institution(element, form)).collect();
    Ok(Document { form, institutions, faults })
}

fn institution(element: Node<'_, '_>, form: Form) -> Institution {
    let texts = |name: &'static str| {
        let named =
            element.descendants().filter(move |node| node.is_element() && node.tag_name().name() == name);
        named.map(xml::text).filter(|text| !text.is_empty())
    };
    let own = |name: &'static str| xml::children(element, name).next().map(xml::text);
    let mut institution = Institution {
        id: own("instid"),
        kind: match own("type").as_deref() {
            Some("1" | "IdP") => Some(Kind::IdP),
            Some("2" | "3" | "SP" | "IdP+SP") => Some(Kind::Sp),
            _ => None,
        },
        realms: texts("inst_realm").collect(),
        info_urls: texts("info_URL").collect(),
        locations: xml::children(element, "location").count(),
        faults: Faults::default(),
    };
    if form == Form::Xml1 {
        follow(INSTITUTION, element, "", &mut institution.faults);
    }
    institution
}

/// What may stand in an element, in this order.
struct Rule {
    name: &'static str,
    least: usize,
    most: usize,
    /// Must it say its language?
    lang: bool,
    value: Value,
}

enum Value {
    /// Any text (xs:string, xs:anyURI).
    Text,
    /// A whole number within these bounds (xs:int).
    Number(i32, i32),
    /// xs:boolean.
    Flag,
    /// xs:dateTime.
    Moment,
    Longitude,
    Latitude,
    Group(&'static [Rule]),
}

const fn rule(name: &'static str, least: usize, most: usize, value: Value) -> Rule {
    Rule { name, least, most, lang: false, value }
}

const fn in_languages(name: &'static str, least: usize) -> Rule {
    Rule { name, least, most: usize::MAX, lang: true, value: Value::Text }
}

const MANY: usize = usize::MAX;

static INSTITUTION: &[Rule] = &[
    rule("country", 1, 1, Value::Text),
    rule("type", 1, 1, Value::Number(1, 3)),
    rule("inst_realm", 0, MANY, Value::Text),
    in_languages("org_name", 1),
    rule("address", 1, 1, Value::Group(ADDRESS)),
    rule("contact", 1, MANY, Value::Group(CONTACT)),
    in_languages("info_URL", 1),
    in_languages("policy_URL", 1),
    rule("ts", 1, 1, Value::Moment),
    rule("location", 0, MANY, Value::Group(LOCATION)),
];

static ADDRESS: &[Rule] = &[rule("street", 1, 1, Value::Text), rule("city", 1, 1, Value::Text)];

static CONTACT: &[Rule] =
    &[rule("name", 1, 1, Value::Text), rule("email", 1, 1, Value::Text), rule("phone", 1, 1, Value::Text)];

static LOCATION: &[Rule] = &[
    rule("longitude", 1, 1, Value::Longitude),
    rule("latitude", 1, 1, Value::Latitude),
    in_languages("loc_name", 0),
    rule("address", 1, 1, Value::Group(ADDRESS)),
    rule("contact", 0, MANY, Value::Group(CONTACT)),
    rule("SSID", 1, 1, Value::Text),
    rule("enc_level", 1, 1, Value::Text),
    rule("port_restrict", 1, 1, Value::Flag),
    rule("transp_proxy", 0, 1, Value::Flag),
    rule("IPv6", 0, 1, Value::Flag),
    rule("NAT", 0, 1, Value::Flag),
    rule("AP_no", 0, 1, Value::Number(0, i32::MAX)),
    rule("wired", 0, 1, Value::Flag),
    in_languages("info_URL", 0),
];

/// Holds an element to its rules; `place` is where it is, with a dot behind it, or nothing.
fn follow(rules: &[Rule], element: Node<'_, '_>, place: &str, faults: &mut Faults) {
    let mut counts = vec![0_usize; rules.len()];
    let mut last: Option<(usize, &str)> = None;
    for child in element.children().filter(Node::is_element) {
        let name = child.tag_name().name();
        let Some((at, rule)) = rules.iter().enumerate().find(|(_, rule)| rule.name == name) else {
            faults.add(|| format!("{place}{} is unknown", shown(name)));
            continue;
        };
        match last {
            Some((before, other)) if at < before => {
                faults.add(|| format!("{place}{name} must come before {other}"));
            }
            _ => last = Some((at, rule.name)),
        }
        let index = counts.get(at).copied().unwrap_or_default();
        if let Some(count) = counts.get_mut(at) {
            *count += 1;
        }
        let own = if rule.most == 1 { format!("{place}{name}") } else { format!("{place}{name}[{index}]") };
        if rule.lang && child.attribute("lang").is_none_or(str::is_empty) {
            faults.add(|| format!("{own} has no attribute lang"));
        }
        match &rule.value {
            Value::Group(inner) => follow(inner, child, &format!("{own}."), faults),
            value => {
                if let Some(want) = value.wanted(&xml::text(child)) {
                    faults.add(|| format!("{own} is `{}`, not {want}", shown(&xml::text(child))));
                }
            }
        }
    }
    for (rule, count) in rules.iter().zip(counts) {
        if count < rule.least {
            faults.add(|| format!("{place}{} is missing", rule.name));
        } else if count > rule.most {
            faults.add(|| format!("{place}{} is there {count} times", rule.name));
        }
    }
}

impl Value {
    /// What it should have been, if it is not that.
    fn wanted(&self, text: &str) -> Option<String> {
        let is_good = match self {
            Value::Text | Value::Group(_) => true,
            Value::Number(least, most) => {
                text.parse::<i32>().is_ok_and(|number| (*least..=*most).contains(&number))
            }
            Value::Flag => matches!(text, "true" | "false" | "0" | "1"),
            Value::Moment => is_moment(text),
            Value::Longitude => are_degrees(text, 180.0, "EW"),
            Value::Latitude => are_degrees(text, 90.0, "NS"),
        };
        (!is_good).then(|| match self {
            Value::Text | Value::Group(_) => "a text".to_owned(),
            Value::Number(least, i32::MAX) => format!("a number from {least} on"),
            Value::Number(least, most) => format!("a number from {least} to {most}"),
            Value::Flag => "true or false".to_owned(),
            Value::Moment => "a moment such as 2026-11-22T08:00:00Z".to_owned(),
            Value::Longitude => "a longitude such as 14°23'28.4\"E".to_owned(),
            Value::Latitude => "a latitude such as 50°6'7.1\"N".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../testdata/v1.xml");

    fn faults(xml: &str) -> Vec<String> {
        let document = read(xml).unwrap();
        document.institutions.iter().flat_map(|one| one.faults.told().to_vec()).collect()
    }

    #[test]
    fn a_good_document_is_read_without_faults() {
        let document = read(GOOD).unwrap();
        let [one] = &document.institutions[..] else { panic!("{document:?}") };
        assert_eq!(one.faults.told(), [""; 0]);
        assert_eq!(one.realms, ["example.cz", "cs.example.cz"]);
        assert_eq!((one.kind, one.locations, one.info_urls.len()), (Some(Kind::Sp), 1, 2));
        assert_eq!(document.form, Form::Xml1);
    }

    #[test]
    fn every_rule_is_held() {
        for (from, to, want) in [
            ("<country>cz</country>", "", "country is missing"),
            ("<type>3</type>", "<type>4</type>", "type is `4`, not a number from 1 to 3"),
            ("<type>3</type>", "<type>3</type><type>3</type>", "type is there 2 times"),
            ("<org_name lang=\"en\">", "<org_name>", "org_name[0] has no attribute lang"),
            (
                "<city>Vzorov</city>\n    </address>\n    <contact>",
                "</address>\n    <contact>",
                "address.city is missing",
            ),
            ("<phone>+420123456789</phone>", "", "contact[0].phone is missing"),
            (
                "<ts>2026-11-22T08:00:00Z</ts>",
                "<ts>now</ts>",
                "ts is `now`, not a moment such as 2026-11-22T08:00:00Z",
            ),
            ("<ts>2026-11-22T08:00:00Z</ts>", "<tz/>", "tz is unknown"),
            ("14°23'28.4\"E", "far", "location[0].longitude is `far`, not a longitude such as 14°23'28.4\"E"),
            (
                "50°6'7.1\"N",
                "91°0'0\"N",
                "location[0].latitude is `91°0'0\"N`, not a latitude such as 50°6'7.1\"N",
            ),
            ("<SSID>eduroam</SSID>", "", "location[0].SSID is missing"),
            (
                "<port_restrict>false<",
                "<port_restrict>no<",
                "location[0].port_restrict is `no`, not true or false",
            ),
            ("<AP_no>12<", "<AP_no>-1<", "location[0].AP_no is `-1`, not a number from 0 on"),
            (
                "<type>3</type>\n    <inst_realm>example.cz</inst_realm>",
                "<inst_realm>example.cz</inst_realm>\n    <type>3</type>",
                "type must come before inst_realm",
            ),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let found = faults(&GOOD.replacen(from, to, 1));
            assert!(found.iter().any(|fault| fault == want), "{from} -> {to}: {found:?}");
        }
    }

    #[test]
    fn realms_are_found_however_they_are_written() {
        let realms = |xml: &str| read(xml).unwrap().institutions.remove(0).realms;
        assert_eq!(
            realms("<e:institution xmlns:e='urn:x'><e:inst_realm>\n a.cz \n</e:inst_realm></e:institution>"),
            ["a.cz"]
        );
        assert_eq!(
            realms(
                "<i><institution><inst_realm>a.cz</inst_realm><inst_realm>b.<!-- x -->cz</inst_realm><!-- <inst_realm>c.cz</inst_realm> --><inst_realm/></institution></i>"
            ),
            ["a.cz", "b.cz"]
        );
        let odd = read("<x><inst_realm>a.cz</inst_realm></x>").unwrap();
        assert_eq!(
            (odd.faults.told(), odd.institutions[0].realms.len()),
            (&["there is no element `institution`".to_owned()][..], 1)
        );
    }

    #[test]
    fn version_2_in_xml_is_told_apart() {
        let xml = "<institutions><institution><instid>ex01</instid><type>IdP</type><inst_realm>a.cz</inst_realm></institution></institutions>";
        let document = read(xml).unwrap();
        assert_eq!(document.form, Form::Xml2);
        assert_eq!(document.institutions[0].id.as_deref(), Some("ex01"));
        assert_eq!(
            (document.institutions[0].kind, document.institutions[0].faults.count()),
            (Some(Kind::IdP), 0)
        );
    }
}
