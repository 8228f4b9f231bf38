//! What `--module` and `--path` name.

use std::str::FromStr;

use check::Secret;

/// A module, and who may open it.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    pub name: String,
    pub user: Option<String>,
    pub password: Option<Secret>,
}

impl FromStr for Module {
    type Err = String;

    /// `NAME[,USER[,PASSWORD]]`, as users of check_rsync.pl write it.
    fn from_str(text: &str) -> Result<Module, String> {
        let mut parts = text.splitn(3, ',');
        let name = one_line(parts.next().unwrap_or_default())?;
        if name.is_empty() || name.starts_with('#') || name.contains('/') {
            return Err("this is no name of a module (a directory inside one goes in --path)".to_owned());
        }
        let user = parts.next().filter(|user| !user.is_empty()).map(self::user).transpose()?;
        let password = parts.next().filter(|password| !password.is_empty()).map(Secret::from_argument);
        Ok(Module { name, user, password })
    }
}

/// A space would end it in the line that it is sent in.
pub(crate) fn user(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains(' ') {
        return Err("a user's name has no space in it".to_owned());
    }
    one_line(text)
}

/// A directory below a module's root, without slashes around it. The server would expand wildcards,
/// and take a way upwards for one from its root.
pub(crate) fn path(text: &str) -> Result<String, String> {
    let inner = text.trim_matches('/');
    if inner.contains(['*', '?', '[', '\\']) {
        return Err("a pattern goes in --require, --path names one directory".to_owned());
    }
    if !inner.is_empty() && inner.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(format!("`{text}` has a part that is no name"));
    }
    one_line(inner)
}

fn one_line(text: &str) -> Result<String, String> {
    if text.chars().any(char::is_control) {
        return Err("control characters cannot be sent to an rsync daemon".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_may_come_with_a_login() {
        let read = |text: &str| {
            let module: Module = text.parse().unwrap();
            (module.name, module.user, module.password.map(|password| password.expose().to_owned()))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(read("pub"), ("pub".to_owned(), None, None));
        assert_eq!(read("pub,bob"), ("pub".to_owned(), some("bob"), None));
        assert_eq!(read("pub,bob,a,b"), ("pub".to_owned(), some("bob"), some("a,b")));
        for bad in ["", ",bob", "#list", "a/b", "a\nb", "a,b c"] {
            assert!(bad.parse::<Module>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_path_is_one_directory() {
        assert_eq!(path("/a/b c/").as_deref(), Ok("a/b c"));
        assert_eq!(path("/").as_deref(), Ok(""));
        for bad in ["*", "a//b", "../a", "a/.", "a\nb", "a[b"] {
            assert!(path(bad).is_err(), "{bad:?}");
        }
    }
}
