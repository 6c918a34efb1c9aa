//! The cases that wait, for several courtrooms at once. A room goes on with cases for the cluster that
//! it has, and only then makes another.

use std::collections::VecDeque;
use std::sync::Mutex;

use super::kit::Trouble;
use super::scenarios::Scenario;
use super::servers::Shape;

/// Cases by the cluster that they need, in order.
pub struct Docket(Mutex<Vec<(Shape, VecDeque<Scenario>)>>);

impl Docket {
    pub fn new(clusters: Vec<(Shape, Vec<Scenario>)>) -> Docket {
        let waiting = clusters.into_iter().map(|(shape, cases)| (shape, cases.into()));
        Docket(Mutex::new(waiting.collect()))
    }

    /// The next case for a room that has a cluster of shape `current`: one for that cluster, else the
    /// first of those that are most. `None`: none waits.
    ///
    /// # Errors
    /// When another room has failed.
    pub fn next(&self, current: Option<&Shape>) -> Result<Option<(Shape, Scenario)>, Trouble> {
        let mut waiting = self.0.lock().map_err(|_| "another room has failed")?;
        waiting.retain(|(_, cases)| !cases.is_empty());
        let fits = waiting.iter().position(|(shape, _)| Some(shape) == current);
        let most = || (0..waiting.len()).max_by_key(|index| waiting[*index].1.len());
        let Some((shape, cases)) = fits.or_else(most).map(|index| &mut waiting[index]) else {
            return Ok(None);
        };
        Ok(cases.pop_front().map(|case| (shape.clone(), case)))
    }
}
