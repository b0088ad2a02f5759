//! What tokens cost, in whole numbers.

/// Millionths of a millionth of a dollar in one unit of a money budget: a unit is ten millionths of
/// a dollar.
const UNIT_PICO_USD: u64 = 10_000_000;
/// Units of a money budget in a dollar.
pub const UNITS_OF_USD: u32 = 100_000;

/// What one token of a model costs, in millionths of a millionth of a dollar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// One of the prompt's.
    pub input_pico_usd: u64,
    /// One of the prompt's that the provider had kept from before; none: the same.
    pub cached_pico_usd: Option<u64>,
    /// One of the answer's.
    pub output_pico_usd: u64,
}

/// Tokens that were used, or are to be reserved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Of the prompt.
    pub input: u64,
    /// Those of them that the provider had kept from before.
    pub cached: u64,
    /// Of the answer, with what it does not show.
    pub output: u64,
}

impl Tokens {
    /// All of them, as a unit of a budget; what does not fit is all that there can be.
    #[must_use]
    pub fn units(self) -> u32 {
        u32::try_from(self.input.saturating_add(self.output)).unwrap_or(u32::MAX)
    }

    /// The larger of both, of each kind.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            input: self.input.max(other.input),
            cached: self.cached.max(other.cached),
            output: self.output.max(other.output),
        }
    }
}

impl Price {
    /// What tokens cost, in units of a money budget, rounded up once. What does not fit is all that
    /// there can be.
    #[must_use]
    pub fn units(self, tokens: Tokens) -> u32 {
        let cost = |count: u64, price: u64| u128::from(count) * u128::from(price);
        let cached = tokens.cached.min(tokens.input);
        let of_cached = self.cached_pico_usd.unwrap_or(self.input_pico_usd);
        // Each product is below 2^128 by itself; their sum may not be.
        let pico = cost(tokens.input - cached, self.input_pico_usd)
            .saturating_add(cost(cached, of_cached))
            .saturating_add(cost(tokens.output, self.output_pico_usd));
        u32::try_from(pico.div_ceil(u128::from(UNIT_PICO_USD))).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_rounded_up_once_and_never_wrap() {
        // 0.15 and 0.60 dollars for a million tokens, half for what was kept.
        let price = Price {
            input_pico_usd: 150_000,
            cached_pico_usd: Some(75_000),
            output_pico_usd: 600_000,
        };
        let of = |input, cached, output| price.units(Tokens { input, cached, output });
        assert_eq!(of(0, 0, 0), 0);
        assert_eq!(of(1, 0, 0), 1);
        assert_eq!(of(66, 0, 0), 1);
        assert_eq!(of(67, 0, 0), 2);
        assert_eq!(of(1_000_000, 0, 0), UNITS_OF_USD * 15 / 100);
        assert_eq!(of(1_000_000, 1_000_000, 0), UNITS_OF_USD * 15 / 200);
        assert_eq!(of(0, 0, 1_000_000), UNITS_OF_USD * 60 / 100);
        // More of it kept than there is: no discount on what is not there.
        assert_eq!(of(1_000_000, u64::MAX, 0), UNITS_OF_USD * 15 / 200);
        assert_eq!(of(u64::MAX, 0, u64::MAX), u32::MAX);
        let dear =
            Price { input_pico_usd: u64::MAX, cached_pico_usd: None, output_pico_usd: u64::MAX };
        assert_eq!(dear.units(Tokens { input: u64::MAX, cached: 0, output: u64::MAX }), u32::MAX);
        assert_eq!(Tokens { input: u64::MAX, cached: 0, output: 1 }.units(), u32::MAX);
    }
}
