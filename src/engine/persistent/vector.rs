//! A vector that grows at its end.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Index, IndexMut};
use std::rc::Rc;

use super::LEAF;

/// A vector that grows at its end, cheap to clone.
pub struct Vector<T> {
    /// All but the last are full, and the last is not empty.
    leaves: Rc<Vec<Rc<Vec<T>>>>,
}

impl<T> Vector<T> {
    /// A vector without elements.
    #[must_use]
    pub fn new() -> Vector<T> {
        Vector { leaves: Rc::default() }
    }

    /// How many elements it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.leaves.split_last() {
            Some((last, full)) => full.len() * LEAF + last.len(),
            None => 0,
        }
    }

    /// Whether it has no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// An element.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&T> {
        self.leaves.get(index / LEAF)?.get(index % LEAF)
    }

    /// The first element.
    #[must_use]
    pub fn front(&self) -> Option<&T> {
        self.leaves.first()?.first()
    }

    /// The last element.
    #[must_use]
    pub fn back(&self) -> Option<&T> {
        self.leaves.last()?.last()
    }

    /// Every element, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        (0..self.len()).map(|index| &self[index])
    }

    /// Takes every element out.
    pub fn clear(&mut self) {
        *self = Vector::new();
    }

    /// As [`slice::binary_search_by_key`].
    ///
    /// # Errors
    /// Where the element would stand that is not there.
    pub fn binary_search_by_key<B: Ord>(
        &self,
        wanted: &B,
        key: impl Fn(&T) -> B,
    ) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match key(&self[middle]).cmp(wanted) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Ok(middle),
            }
        }
        Err(low)
    }
}

impl<T: Clone> Vector<T> {
    /// Puts an element behind the others.
    pub fn push_back(&mut self, element: T) {
        let leaves = Rc::make_mut(&mut self.leaves);
        match leaves.last_mut().filter(|last| last.len() < LEAF) {
            Some(last) => Rc::make_mut(last).push(element),
            None => leaves.push(Rc::new(vec![element])),
        }
    }

    /// Cuts the vector at an index; what stood from there on comes back.
    pub fn split_off(&mut self, at: usize) -> Vector<T> {
        let rest = (at..self.len()).map(|index| self[index].clone()).collect();
        let leaves = Rc::make_mut(&mut self.leaves);
        leaves.truncate(at.div_ceil(LEAF));
        if let Some(last) = leaves.get_mut(at / LEAF) {
            Rc::make_mut(last).truncate(at % LEAF);
        }
        rest
    }

    /// Takes the last element out.
    pub fn pop_back(&mut self) -> Option<T> {
        let leaves = Rc::make_mut(&mut self.leaves);
        let last = Rc::make_mut(leaves.last_mut()?);
        let element = last.pop();
        if last.is_empty() {
            leaves.pop();
        }
        element
    }
}

impl<T> Index<usize> for Vector<T> {
    type Output = T;

    fn index(&self, index: usize) -> &T {
        &self.leaves[index / LEAF][index % LEAF]
    }
}

impl<T: Clone> IndexMut<usize> for Vector<T> {
    fn index_mut(&mut self, index: usize) -> &mut T {
        &mut Rc::make_mut(&mut Rc::make_mut(&mut self.leaves)[index / LEAF])[index % LEAF]
    }
}

impl<T> Clone for Vector<T> {
    fn clone(&self) -> Vector<T> {
        Vector { leaves: self.leaves.clone() }
    }
}

impl<T> Default for Vector<T> {
    fn default() -> Vector<T> {
        Vector::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for Vector<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: PartialEq> PartialEq for Vector<T> {
    fn eq(&self, other: &Vector<T>) -> bool {
        self.leaves == other.leaves
    }
}

impl<T: Eq> Eq for Vector<T> {}

impl<T: Clone> FromIterator<T> for Vector<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Vector<T> {
        let mut vector = Vector::new();
        for element in elements {
            vector.push_back(element);
        }
        vector
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_and_shrinks_at_its_end() {
        let mut ours: Vector<usize> = (0..100).collect();
        let before = ours.clone();
        assert_eq!((ours.len(), ours.front(), ours.back()), (100, Some(&0), Some(&99)));
        for n in (40..100).rev() {
            assert_eq!(ours.pop_back(), Some(n));
        }
        ours[7] = 70;
        ours.push_back(41);
        let expected: Vec<usize> =
            (0..40).map(|n| if n == 7 { 70 } else { n }).chain([41]).collect();
        assert!(ours.iter().eq(&expected));
        assert!(ours.iter().rev().eq(expected.iter().rev()));
        assert!(before.iter().copied().eq(0..100), "a clone stays what it was");
        assert_eq!((ours.get(40), ours.get(41)), (Some(&41), None));
        ours.clear();
        assert_eq!((ours.len(), ours.pop_back(), ours.is_empty()), (0, None, true));
    }

    #[test]
    fn it_is_cut_anywhere() {
        for at in [0, 1, 15, 16, 17, 32, 39, 40] {
            let mut ours: Vector<usize> = (0..40).collect();
            let mut rest = ours.split_off(at);
            assert!(ours.iter().copied().eq(0..at) && rest.iter().copied().eq(at..40), "at {at}");
            assert_eq!((ours.len(), rest.len()), (at, 40 - at));
            ours.push_back(7);
            rest.push_back(8);
            assert_eq!((ours.back(), rest.back()), (Some(&7), Some(&8)));
        }
    }

    #[test]
    fn elements_are_found_by_their_key() {
        let ours: Vector<u32> = (0..50).map(|n| n * 2).collect();
        assert_eq!(ours.binary_search_by_key(&42, |n| *n), Ok(21));
        assert_eq!(ours.binary_search_by_key(&43, |n| *n), Err(22));
        assert_eq!(ours.binary_search_by_key(&500, |n| *n), Err(50));
    }
}
