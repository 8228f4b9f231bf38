//! A walk over links between numbers: circles, and an order in which what is linked comes first.

/// What a walk found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Walk {
    /// Every circle that was met, in the order of its links.
    pub circles: Vec<Vec<usize>>,
    /// All numbers, each behind those it links to (circles are cut open).
    pub order: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    Open,
    Done,
}

/// So many circles are kept; who has more has seen enough.
const MAX_CIRCLES: usize = 20;

impl Walk {
    /// Walks over the numbers below `count`; `link(number, n)` is the nth link of a number, and one
    /// that is not below `count` leads nowhere. Takes time and memory in proportion to numbers and
    /// links.
    pub(crate) fn new(count: usize, link: impl Fn(usize, usize) -> Option<usize>) -> Walk {
        let mut walk = Walk::default();
        let mut marks = vec![Mark::New; count];
        // a stack of our own: chains may be longer than the thread's
        let mut stack: Vec<(usize, usize)> = Vec::new();
        for start in 0..count {
            let mut enter = Some(start);
            loop {
                if let Some(number) = enter.take() {
                    match marks.get_mut(number) {
                        Some(mark @ Mark::New) => {
                            *mark = Mark::Open;
                            stack.push((number, 0));
                        }
                        Some(Mark::Open) if walk.circles.len() < MAX_CIRCLES => {
                            let from = stack.iter().rposition(|(open, _)| *open == number);
                            let circle = stack.iter().skip(from.unwrap_or(0)).map(|(number, _)| *number);
                            walk.circles.push(circle.collect());
                        }
                        Some(Mark::Open | Mark::Done) | None => {}
                    }
                }
                let Some((number, next)) = stack.last_mut() else { break };
                if let Some(linked) = link(*number, *next) {
                    *next += 1;
                    enter = Some(linked);
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

/// Links of many numbers, side by side in two allocations.
#[derive(Debug)]
pub(crate) struct Links {
    starts: Vec<u32>,
    targets: Vec<u32>,
}

impl Links {
    /// From pairs of number and what it links to. Numbers are below `count`; others are left out.
    pub(crate) fn new(count: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Links {
        let mut starts = vec![0_u32; count + 1];
        for (from, _) in pairs.clone() {
            if let Some(start) = starts.get_mut(from as usize + 1) {
                *start += 1;
            }
        }
        for n in 1..starts.len() {
            starts[n] += starts[n - 1];
        }
        let mut targets = vec![0; starts.last().map_or(0, |end| *end as usize)];
        let mut next = starts.clone();
        for (from, to) in pairs {
            if from as usize >= count {
                continue;
            }
            targets[next[from as usize] as usize] = to;
            next[from as usize] += 1;
        }
        Links { starts, targets }
    }

    /// What a number links to.
    pub(crate) fn of(&self, number: usize) -> &[u32] {
        match (self.starts.get(number), self.starts.get(number + 1)) {
            (Some(start), Some(end)) => &self.targets[*start as usize..*end as usize],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_found_whatever_their_length() {
        let walk = |links: &[&[usize]]| Walk::new(links.len(), |n, nth| links[n].get(nth).copied());
        assert_eq!(walk(&[]), Walk::default());
        let two_ways = walk(&[&[1, 2], &[2], &[]]);
        assert_eq!((two_ways.circles, two_ways.order), (vec![], vec![2, 1, 0]));
        assert_eq!(walk(&[&[0]]).circles, [[0]]);
        assert_eq!(walk(&[&[], &[2], &[3], &[1], &[4]]).circles, [vec![1, 2, 3], vec![4]]);
        assert_eq!(walk(&[&[1], &[2], &[1]]).circles, [[1, 2]], "not what leads into it");
        assert!(walk(&[&[7]]).circles.is_empty());
        let long = 200_000;
        assert!(Walk::new(long, |n, nth| (nth == 0).then_some(n + 1)).circles.is_empty());
        let around = Walk::new(long, |n, nth| (nth == 0).then_some((n + 1) % long));
        assert_eq!(around.circles, [(0..long).collect::<Vec<_>>()]);
    }

    #[test]
    fn links_are_those_of_the_pairs() {
        let links = Links::new(3, [(2, 7), (0, 1), (2, 0), (9, 9)].into_iter());
        assert_eq!([links.of(0), links.of(1), links.of(2), links.of(3)], [&[1][..], &[], &[7, 0], &[]]);
    }
}
