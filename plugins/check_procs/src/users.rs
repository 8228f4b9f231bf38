//! User names and numbers, from /etc/passwd.
//!
//! Not from NSS: that means C's resolver, LDAP servers, waiting. Who is known elsewhere is given by
//! number.

use std::fs::File;
use std::io::Read;

use check::CheckError;

const PASSWD: &str = "/etc/passwd";

/// Most bytes of the file that are read.
const MAX_LEN: u64 = 4 * 1024 * 1024;

/// A user to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub id: u32,
    /// Absent if a number was given that has no name.
    pub name: Option<String>,
}

/// The user of a name or number.
pub(crate) fn find(wanted: &str) -> Result<User, CheckError> {
    let mut passwd = Vec::new();
    File::open(PASSWD)
        .and_then(|file| file.take(MAX_LEN).read_to_end(&mut passwd))
        .map_err(|error| CheckError::internal(format!("cannot read {PASSWD}: {error}")))?;
    find_in(&passwd, wanted).ok_or_else(|| {
        CheckError::usage(format!(
            "no user `{wanted}` in {PASSWD}; give the number of a user of another directory (`id -u {wanted}`)"
        ))
    })
}

fn find_in(passwd: &[u8], wanted: &str) -> Option<User> {
    let number = wanted.parse::<u32>().ok();
    let users = passwd.split(|byte| *byte == b'\n').filter_map(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        let name = std::str::from_utf8(fields.next()?).ok()?;
        let id: u32 = std::str::from_utf8(fields.nth(1)?).ok()?.parse().ok()?;
        Some((name, id))
    });
    let found = users.into_iter().find(|(name, id)| *name == wanted || Some(*id) == number);
    match (found, number) {
        (Some((name, id)), _) => Some(User { id, name: Some(name.to_owned()) }),
        (None, Some(id)) => Some(User { id, name: None }),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_found_and_a_number_needs_no_name() {
        let passwd = b"root:x:0:0:root:/root:/bin/bash\n\xff\xfe:x\n+::::::\nwww-data:x:33:33::/:\n";
        let user = |id, name: Option<&str>| Some(User { id, name: name.map(str::to_owned) });
        assert_eq!(find_in(passwd, "root"), user(0, Some("root")));
        assert_eq!(find_in(passwd, "33"), user(33, Some("www-data")));
        assert_eq!(find_in(passwd, "64123"), user(64123, None));
        assert_eq!(find_in(passwd, "nobody"), None);
        assert_eq!(find_in(passwd, "-1"), None);
    }
}
