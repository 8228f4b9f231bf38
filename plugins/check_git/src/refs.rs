//! The refs that a server lists, pure.

use git2::Oid;

/// One ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ref {
    /// `HEAD`, `refs/heads/main`, `refs/tags/v1`.
    pub name: String,
    /// What it points to; of an annotated tag, what that points to.
    pub oid: Oid,
}

/// All that a server lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refs(Vec<Ref>);

impl Refs {
    /// From names and targets as they are listed: a tag is followed by `TAG^{}`, what it points to.
    pub(crate) fn of(listed: impl IntoIterator<Item = (String, Oid)>) -> Refs {
        let mut refs: Vec<Ref> = Vec::new();
        for (name, oid) in listed {
            match (name.strip_suffix("^{}"), refs.last_mut()) {
                (Some(tag), Some(last)) if last.name == tag => last.oid = oid,
                _ => refs.push(Ref { name, oid }),
            }
        }
        Refs(refs)
    }

    /// Without `HEAD`, which is another name of one of them.
    pub(crate) fn count(&self) -> usize {
        self.0.iter().filter(|one| one.name != "HEAD").count()
    }

    /// The ref that a name means: the whole name, else a branch, else a tag.
    pub(crate) fn find(&self, name: &str) -> Option<&Ref> {
        [name.to_owned(), format!("refs/heads/{name}"), format!("refs/tags/{name}")]
            .iter()
            .find_map(|whole| self.0.iter().find(|one| one.name == *whole))
    }

    /// The branch that `HEAD` is at, if one is.
    pub(crate) fn branch_of_head(&self) -> Option<&str> {
        let head = self.find("HEAD")?;
        let is_at = |one: &&Ref| one.oid == head.oid && one.name.starts_with("refs/heads/");
        self.0.iter().find(is_at).and_then(|one| one.name.strip_prefix("refs/heads/"))
    }

    /// Some branches, for a message.
    pub(crate) fn some_branches(&self) -> String {
        const SHOWN: usize = 5;
        let mut names = self.0.iter().filter_map(|one| one.name.strip_prefix("refs/heads/"));
        let shown: Vec<String> = names.by_ref().take(SHOWN).map(ssh::clean).collect();
        match (shown.is_empty(), names.count()) {
            (true, _) => "no branches".to_owned(),
            (false, 0) => shown.join(", "),
            (false, more) => format!("{} and {more} more", shown.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refs(names: &[(&str, u8)]) -> Refs {
        let oid = |byte: u8| Oid::from_bytes(&[byte; 20]).unwrap();
        Refs::of(names.iter().map(|(name, byte)| ((*name).to_owned(), oid(*byte))))
    }

    #[test]
    fn names_mean_what_git_makes_of_them() {
        let all = refs(&[
            ("HEAD", 1),
            ("refs/heads/dev", 2),
            ("refs/heads/main", 1),
            ("refs/tags/v1", 3),
            ("refs/tags/v1^{}", 4),
            ("refs/tags/main", 5),
        ]);
        assert_eq!(all.count(), 4);
        let first = |name: &str| all.find(name).map(|one| one.oid.as_bytes()[0]);
        assert_eq!(
            [first("HEAD"), first("main"), first("refs/tags/main"), first("v1")],
            [Some(1), Some(1), Some(5), Some(4)]
        );
        assert_eq!(first("refs/heads"), None);
        assert_eq!(all.branch_of_head(), Some("main"));
        assert_eq!(all.some_branches(), "dev, main");
        assert_eq!(refs(&[("refs/tags/v1", 1)]).some_branches(), "no branches");
        let many: Vec<String> = (0..9).map(|i| format!("refs/heads/b{i}")).collect();
        let many = Refs::of(many.into_iter().map(|name| (name, Oid::from_bytes(&[1; 20]).unwrap())));
        assert_eq!(many.some_branches(), "b0, b1, b2, b3, b4 and 4 more");
    }
}
