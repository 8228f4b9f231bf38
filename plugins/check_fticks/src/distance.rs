//! How far apart institutions are, and how long the way takes at least.

use std::collections::HashMap;

use geographiclib_rs::{Geodesic, InverseGeodesic};

use crate::institutions::{Institutions, Point};

/// Metres per second on the way: 100 km/h.
pub const SPEED: f64 = 100_000.0 / 3600.0;
/// A radian of arc is 6335 to 6400 km of geodesic, wherever and in whatever direction: what is farther by
/// more than this on a sphere is farther on the ellipsoid, too.
const SLACK: f64 = 1.012;

/// Distances between institutions, each computed when it is first asked for.
pub struct Distances {
    /// Unit vectors to the places of each institution, with the places.
    places: Vec<Vec<([f64; 3], Point)>>,
    known: HashMap<(u32, u32), f64>,
    earth: Geodesic,
}

impl Distances {
    /// Of these.
    pub fn new(institutions: &Institutions) -> Distances {
        let vectors = |points: &[Point]| points.iter().map(|point| (vector(*point), *point)).collect();
        Distances {
            places: institutions.all.iter().map(|institution| vectors(&institution.points)).collect(),
            known: HashMap::new(),
            earth: Geodesic::wgs84(),
        }
    }

    /// Seconds from one to the other: the geodesic between the two of their places that are nearest to each
    /// other, at 100 km/h.
    pub fn time_needed(&mut self, one: u32, two: u32) -> f64 {
        self.metres(one, two) / SPEED
    }

    /// The same in metres.
    pub fn metres(&mut self, one: u32, two: u32) -> f64 {
        let key = (one.min(two), one.max(two));
        if let Some(metres) = self.known.get(&key) {
            return *metres;
        }
        let metres = self.nearest(key.0, key.1);
        self.known.insert(key, metres);
        metres
    }

    /// A geodesic costs a microsecond, and two cities have thousands of pairs of places: all are compared
    /// on a sphere, and only those that may be the nearest on the ellipsoid.
    fn nearest(&self, one: u32, two: u32) -> f64 {
        let places = |number: u32| self.places.get(number as usize).map_or(&[][..], Vec::as_slice);
        let (ones, twos) = (places(one), places(two));
        let pairs = || ones.iter().flat_map(|one| twos.iter().map(move |two| (one, two)));
        let least = pairs().map(|(one, two)| chord(one.0, two.0)).fold(f64::INFINITY, f64::min);
        // the least part of a second of arc, for what is lost in computing
        let limit = arc(least).mul_add(SLACK, 1e-9);
        let candidates = pairs().filter(|(one, two)| arc(chord(one.0, two.0)) <= limit);
        candidates.map(|(one, two)| self.geodesic(one.1, two.1)).fold(f64::INFINITY, f64::min)
    }

    fn geodesic(&self, one: Point, two: Point) -> f64 {
        self.earth.inverse(one.latitude, one.longitude, two.latitude, two.longitude)
    }
}

fn vector(point: Point) -> [f64; 3] {
    let (latitude, longitude) = (point.latitude.to_radians(), point.longitude.to_radians());
    [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
}

fn chord(one: [f64; 3], two: [f64; 3]) -> f64 {
    one.iter().zip(two).map(|(one, two)| (one - two).powi(2)).sum::<f64>().sqrt()
}

/// The angle below a chord of the unit sphere.
fn arc(chord: f64) -> f64 {
    2.0 * (chord / 2.0).min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::institutions::Institution;

    fn institutions(points: Vec<Vec<Point>>) -> Institutions {
        let institution = |points| Institution { realms: vec!["a.cz".to_owned()], points };
        Institutions { all: points.into_iter().map(institution).collect(), ..Institutions::default() }
    }

    fn at(latitude: f64, longitude: f64) -> Point {
        Point { latitude, longitude }
    }

    #[test]
    fn the_nearest_places_count() {
        let (prague, brno, pilsen) = (at(50.1039, 14.3900), at(49.2079, 16.5980), at(49.7238, 13.3520));
        let mut distances =
            Distances::new(&institutions(vec![vec![prague], vec![brno, pilsen], vec![prague, brno]]));
        let metres = distances.metres(0, 1);
        // 85.3 km to Pilsen, not the 187.4 km to Brno
        assert!((85_000.0..86_000.0).contains(&metres), "{metres}");
        assert_eq!(distances.metres(1, 0), metres);
        assert_eq!((distances.metres(0, 2), distances.metres(1, 2)), (0.0, 0.0));
        let hours = distances.time_needed(0, 1) / 3600.0;
        assert!((0.85..0.86).contains(&hours), "{hours}");
    }

    #[test]
    fn the_earth_is_an_ellipsoid() {
        let mut distances =
            Distances::new(&institutions(vec![vec![at(0.0, 0.0)], vec![at(0.0, 1.0)], vec![at(1.0, 0.0)]]));
        // a degree of the equator, and one of the meridian from it: WGS 84's own numbers
        assert!((distances.metres(0, 1) - 111_319.491).abs() < 0.01, "{}", distances.metres(0, 1));
        assert!((distances.metres(0, 2) - 110_574.389).abs() < 0.01, "{}", distances.metres(0, 2));
    }

    proptest! {
        #[test]
        fn leaving_out_pairs_leaves_out_none_that_counts(
            ones in prop::collection::vec((-90.0..=90.0, -180.0..=180.0), 1..6),
            twos in prop::collection::vec((-90.0..=90.0, -180.0..=180.0), 1..6),
            scale in prop::sample::select(vec![1.0, 0.01, 0.0001]),
        ) {
            let points = |all: &[(f64, f64)]| all.iter().map(|(a, b)| at(a * scale, b * scale)).collect::<Vec<_>>();
            let (ones, twos) = (points(&ones), points(&twos));
            let mut distances = Distances::new(&institutions(vec![ones.clone(), twos.clone()]));
            let all = ones.iter().flat_map(|one| twos.iter().map(move |two| (one, two)));
            let naive = all.map(|(one, two)| distances.geodesic(*one, *two)).fold(f64::INFINITY, f64::min);
            prop_assert_eq!(distances.metres(0, 1), naive);
        }
    }
}
