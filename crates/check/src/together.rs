//! Several waits side by side.

use std::future::{Future, poll_fn};
use std::task::Poll;

/// Runs futures side by side in this task, so that dropping the whole stops each. Ends when all have,
/// or as soon as `enough` says so of an output; those still running then are stopped, and have none.
pub async fn together<F: Future>(
    futures: impl IntoIterator<Item = F>,
    mut enough: impl FnMut(&F::Output) -> bool,
) -> Vec<Option<F::Output>> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    poll_fn(move |cx| {
        let mut pending = false;
        for (future, output) in &mut running {
            if output.is_some() {
                continue;
            }
            match future.as_mut().poll(cx) {
                Poll::Pending => pending = true,
                Poll::Ready(ready) => {
                    let done = enough(&ready);
                    *output = Some(ready);
                    if done {
                        pending = false;
                        break;
                    }
                }
            }
        }
        if pending {
            return Poll::Pending;
        }
        Poll::Ready(running.iter_mut().map(|(_, output)| output.take()).collect())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::ready;
    use std::pin::pin;
    use std::task::{Context, Waker};

    fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    #[test]
    fn outputs_come_in_the_order_of_their_futures() {
        assert_eq!(at_once(together([ready(1), ready(2)], |_| false)), Some(vec![Some(1), Some(2)]));
        assert_eq!(at_once(together(Vec::<std::future::Ready<u8>>::new(), |_| false)), Some(vec![]));
    }

    #[test]
    fn ends_when_there_is_enough() {
        let waits = |i: u8| async move {
            if i == 0 {
                std::future::pending::<()>().await;
            }
            i
        };
        assert_eq!(at_once(together([0, 1, 2].map(waits), |_| false)), None);
        let ended = at_once(together([0, 1, 2].map(waits), |i| *i == 1));
        assert_eq!(ended, Some(vec![None, Some(1), None]));
    }
}
