//! What is wrong in a command line is said without repeating what may be a password: the text of a
//! check is listed, mailed and logged.

use check::{CheckDef, State};
use testkit::CheckCmd;

const SECRET: &str = "sekretpw";

#[track_caller]
fn told<C: check::Check>(line: &str, why: &str) {
    let run =
        CheckCmd::new(CheckDef::of::<C>()).args(line.split('|')).run().expect(State::Unknown).shows(why);
    assert!(!run.output.contains(SECRET), "{line}: {}", run.output);
}

#[test]
fn usage_errors_name_the_option_and_not_its_value() {
    for (proxy, why) in [
        ("socks5://a:sekretpw@p:1", "write socks5h://"),
        ("socks5h://a:sekretpw@p:x", "no number from 1 to 65535"),
        ("socks5h://a:sekretpw", "no number from 1 to 65535"),
        ("ftp://a:sekretpw@p:1", "a proxy is given as"),
        ("a:sekretpw@p:1", "a proxy is given as"),
    ] {
        told::<check_tcp::Args>(&format!("-H|x|-p|1|--proxy|{proxy}"), why);
        told::<check_http::Args>(&format!("-H|x|--proxy={proxy}"), "invalid value for '--proxy <URL>': ");
    }
    for source in [
        "htp://u:sekretpw@h/",
        "a=ftp://u:sekretpw@h/",
        "http://u:sekretpw@[::1",
        "http://u:p@h/#sekretpw[",
        "http://u:sekretpw@h/",
    ] {
        told::<check_bitcoind::Args>(&format!("-s|{source}"), "invalid value for '--height-source");
    }
    told::<check_bitcoind::Args>(
        "-H|u:sekretpw@h|-s|http://a/|--chain|main|--cookie-file|/dev/null",
        "is no host name",
    );
    told::<check_rsync::Args>("-H|x|-m|,u,sekretpw", "this is no name of a module");
    told::<check_rsync::Args>("-H|x|-m|a/b,u,sekretpw", "this is no name of a module");
    told::<check_http::Args>("-H|x|-k|Authorization sekretpw", "a header is given as `Name: value`");
    told::<check_http::Args>("-H|x|-k|Authorization sekretpw: x", "is no name of a header");
    told::<check_http::Args>(
        "-H|x|-k|Authorization:|Basic|sekretpw",
        "more words than an address and a host",
    );
    told::<check_rsync::Args>("-H|x|-m|a,b|sekretpw", "is one to be quoted?");
    told::<check_http::Args>("-H|u:sekretpw@x", "…@x` ");
    told::<check_http::Args>("-H|x|-u|http://u:sekretpw@x/", "a whole URL is for a proxy");
    told::<check_http::Args>("-I|x|-u|http://u:sekretpw@x/", "--user and --password-file");
    told::<check_http_listing::Args>("-H|x|-u|http://u:sekretpw@x/", "-u takes a path");
    for torrent in [
        "magnet:?dn=x&key=sekretpw",
        "ftp://u:sekretpw@h/x",
        "http://u:sekretpw@h/x",
        "http://u:sekretpw@[::1/x",
    ] {
        told::<check_bittorrent::Args>(&format!("-T|{torrent}"), "invalid value for '--torrent <WHAT>': ");
    }
    told::<check_bittorrent::Args>("--latest|x|--index|ftp://u:sekretpw@h/x", "an index is given as");
    told::<check_bittorrent::Args>("-T|x|--tracker|http://u:sekretpw@[::1", "the URL of a tracker is none");
    told::<check_bittorrent::Args>("-T|x|--peer|u:sekretpw@h:1", "a peer is given as");
    told::<check_git::Args>("https://u:sekretpw@h/x", "give --password-file");
    told::<check_mail_loop::Args>("--header|X-Key sekretpw", "a header is given as");
    told::<check_apt_repo::Args>("-s|x|--keyring|x|-u|http://u:sekretpw@h/{x", "has a { without a }");
}
