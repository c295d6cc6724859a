//! `math.random`: LuaJIT's generator, so that a seed gives the sequence that it gives there.
//! It is a combined Tausworthe generator with period 2^223 (L'Ecuyer, "Tables of maximally equidistributed
//! combined LFSR generators", table 3, first entry) and is of no use for secrets.

/// The state of `math.random`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random {
    state: [u64; 4],
}

impl Default for Random {
    fn default() -> Random {
        Random::new()
    }
}

/// For each component: its degree k, and the shifts q and s of L'Ecuyer's table.
const COMPONENTS: [(u32, u32, u32); 4] = [(63, 31, 18), (58, 19, 28), (55, 24, 7), (47, 21, 8)];

impl Random {
    /// The state every program starts with.
    pub fn new() -> Random {
        Random {
            state: [
                0xa0d2_7757_0a34_5b8c,
                0x764a_296c_5d4a_a64f,
                0x5122_0704_070a_deaa,
                0x2a27_17b5_a7b7_b927,
            ],
        }
    }

    /// `math.randomseed(seed)`.
    pub fn seed(&mut self, seed: f64) {
        // All NaNs are one seed, the one the processor makes of 0/0.
        let mut number = seed;
        for (component, (degree, _, _)) in self.state.iter_mut().zip(COMPONENTS) {
            // Two roundings, as in C: a fused operation would give other seeds.
            number = number * std::f64::consts::PI + std::f64::consts::E;
            let bits = if number.is_nan() {
                0xfff8_0000_0000_0000
            } else {
                number.to_bits()
            };
            // One of the upper k bits must be set.
            let least = 1 << (64 - degree);
            *component = if bits < least { bits + least } else { bits };
        }
        for _ in 0..10 {
            self.next_bits();
        }
    }

    fn next_bits(&mut self) -> u64 {
        let mut result = 0;
        for (component, (degree, q, s)) in self.state.iter_mut().zip(COMPONENTS) {
            let z = *component;
            let kept = z & (u64::MAX << (64 - degree));
            *component = (((z << q) ^ z) >> (degree - s)) ^ (kept << s);
            result ^= *component;
        }
        result
    }

    /// `math.random()`: a number from 0 up to but not including 1.
    pub fn next_double(&mut self) -> f64 {
        const ONE: u64 = 0x3ff0_0000_0000_0000;
        f64::from_bits(self.next_bits() & 0x000f_ffff_ffff_ffff | ONE) - 1.0
    }
}

/// `math.random(high)`: makes a number below 1 an integer from 1 to `high`. LuaJIT refuses no argument.
pub fn up_to(number: f64, high: f64) -> f64 {
    (number * high).floor() + 1.0
}

/// `math.random(low, high)`: makes it an integer from `low` to `high`, if they are integers.
pub fn between(number: f64, low: f64, high: f64) -> f64 {
    (number * (high - low + 1.0)).floor() + low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unseeded_program() {
        let mut random = Random::new();
        let first: Vec<f64> = (0..6).map(|_| random.next_double()).collect();
        assert_eq!(
            first,
            [
                0.794_206_292_431_241,
                0.698_852_465_637_164,
                0.590_103_741_728_103_4,
                0.753_228_616_683_602_2,
                0.080_971_251_199_854_38,
                0.661_107_195_995_217_9
            ]
        );
    }

    #[test]
    fn seeds() {
        let cases = [
            (0.0, 0.794_206_292_431_241, 0.698_852_465_637_164),
            (1.0, 0.3238105623786367, 0.013613396334358319),
            (42.0, 0.956_079_287_918_210_5, 0.008_955_721_785_925_519),
            (-1.0, 0.30439379925102106, 0.6416223298663617),
            (1e300, 0.36124793752899786, 0.700_897_413_866_617_1),
            (0.5, 0.09657393438653461, 0.962_269_457_706_84),
            (
                9007199254740992.0,
                0.11119516469892154,
                0.0055897552230501635,
            ),
            (f64::NAN, 0.994_018_212_837_244_6, 0.824_303_434_206_640_4),
            (f64::INFINITY, 0.985_412_136_076_681_2, 0.2736476862450834),
            (
                f64::NEG_INFINITY,
                0.984_985_113_965_689_6,
                0.898_674_780_341_848_7,
            ),
        ];
        for (seed, first, second) in cases {
            let mut random = Random::new();
            random.seed(seed);
            assert_eq!(
                (random.next_double(), random.next_double()),
                (first, second),
                "{seed}"
            );
        }
    }

    #[test]
    fn ranges() {
        let mut random = Random::new();
        random.seed(42.0);
        for _ in 0..4 {
            random.next_double();
        }
        assert_eq!(up_to(random.next_double(), 10.0), 8.0);
        assert_eq!(up_to(random.next_double(), 6.0), 5.0);
        assert_eq!(between(random.next_double(), 1.0, 100.0), 7.0);
        assert_eq!(between(random.next_double(), -5.0, 5.0), -3.0);
        assert_eq!(up_to(random.next_double(), 0.0), 1.0);
        assert_eq!(
            up_to(random.next_double(), 9007199254740992.0),
            6163997105227949.0
        );
        assert_eq!(between(random.next_double(), 0.5, 3.5), 2.5);
        assert_eq!(between(random.next_double(), 5.0, 1.0), 4.0);
        assert_eq!(up_to(random.next_double(), 1e300), 8.224_564_142_130_52e299);
        assert_eq!(up_to(random.next_double(), -3.0), -2.0);
        assert!(up_to(random.next_double(), f64::NAN).is_nan());
        assert_eq!(up_to(random.next_double(), f64::INFINITY), f64::INFINITY);
        assert_eq!(between(random.next_double(), -1e308, 1e308), f64::INFINITY);
        assert_eq!(
            between(random.next_double(), 1.0, 1152921504606846976.0),
            3.5960860252454246e+17
        );
    }
}
