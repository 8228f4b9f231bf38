//! A walk over links between numbers: circles, and an order in which what is linked comes first.

/// What a walk found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Walk {
    /// One member of every circle that was met.
    pub circles: Vec<usize>,
    /// All numbers, each behind those it links to (circles are cut open).
    pub order: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    Open,
    Done,
}

impl Walk {
    /// Walks over the numbers below `count`; a link beyond them leads nowhere.
    pub(crate) fn new(count: usize, links: impl Fn(usize) -> Vec<usize>) -> Walk {
        let mut walk = Walk::default();
        let mut marks = vec![Mark::New; count];
        // a stack of our own: chains may be longer than the thread's
        let mut stack: Vec<(usize, std::vec::IntoIter<usize>)> = Vec::new();
        for start in 0..count {
            let mut enter = Some(start);
            loop {
                if let Some(number) = enter.take() {
                    match marks.get_mut(number) {
                        Some(mark @ Mark::New) => {
                            *mark = Mark::Open;
                            stack.push((number, links(number).into_iter()));
                        }
                        Some(Mark::Open) => walk.circles.push(number),
                        Some(Mark::Done) | None => {}
                    }
                }
                let Some((number, next)) = stack.last_mut() else { break };
                if let Some(link) = next.next() {
                    enter = Some(link);
                } else {
                    marks[*number] = Mark::Done;
                    walk.order.push(*number);
                    stack.pop();
                }
            }
        }
        walk
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_found_whatever_their_length() {
        let walk = |links: &[&[usize]]| Walk::new(links.len(), |n| links[n].to_vec());
        assert_eq!(walk(&[]), Walk::default());
        let two_ways = walk(&[&[1, 2], &[2], &[]]);
        assert_eq!((two_ways.circles, two_ways.order), (vec![], vec![2, 1, 0]));
        assert_eq!(walk(&[&[0]]).circles, [0]);
        assert_eq!(walk(&[&[], &[2], &[3], &[1], &[4]]).circles, [1, 4]);
        assert_eq!(walk(&[&[7]]).circles, [0_usize; 0]);
        let long = 200_000;
        assert!(Walk::new(long, |n| vec![n + 1]).circles.is_empty());
        assert_eq!(Walk::new(long, |n| vec![(n + 1) % long]).circles, [0]);
    }
}
