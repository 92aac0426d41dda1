//! Numbers against those of jaq.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use jaq_json::Num as Jaq;
use proptest::prelude::*;

use super::*;

const TEXTS: [&str; 44] = [
    "0",
    "-0",
    "1",
    "-1",
    "2",
    "-3",
    "7",
    "100",
    "9007199254740991",
    "9007199254740993",
    "-9007199254740993",
    "9223372036854775807",
    "-9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "36893488147419103233",
    "-340282366920938463463374607431768211456",
    "12345678901234567890123456789012345678901234567890",
    "0.0",
    "-0.0",
    "1.0",
    "1.00",
    "-2.50",
    "0.1",
    "0.10",
    "0.5",
    "-0.5",
    "3.7",
    "1e2",
    "1E+2",
    "1e-7",
    "0.00001",
    "1e16",
    "1e22",
    "9007199254740992.0",
    "1e308",
    "1e400",
    "-1e401",
    "1e-400",
    "5e-324",
    "0.1000000000000000055511151231257827",
];

/// Returns the same number here and in the type of jaq.
fn both() -> Vec<(Num, Jaq)> {
    let read = |text: &str| {
        let jaq = Jaq::from_str_radix(text, 10).unwrap_or_else(|| Jaq::Dec(text.to_owned().into()));
        (Num::parse(text).unwrap(), jaq)
    };
    let mut all: Vec<_> = TEXTS.into_iter().map(read).collect();
    let huge = format!("1{}", "0".repeat(400));
    all.extend([read(&huge), read(&format!("-{huge}")), read(&format!("{huge}1"))]);
    let floats = [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, -0.0, 1.5e300];
    all.extend(floats.map(|float| (Num::Float(float), Jaq::Float(float))));
    all
}

#[test]
fn texts_survive_in_one_form() {
    for text in TEXTS {
        let number = Num::parse(text).unwrap();
        assert_eq!(number.to_string(), text);
        let is_float = text.contains(['.', 'e', 'E']);
        let expected = match &number {
            Num::Int(_) => !is_float,
            Num::Big(big) => !is_float && i64::try_from(&**big).is_err(),
            Num::Float(float) => is_float && ryu::Buffer::new().format(*float) == text,
            Num::Dec(_) => {
                text == "-0" || (is_float && ryu::Buffer::new().format(text.parse::<f64>().unwrap()) != text)
            }
        };
        assert!(expected, "{number:?}");
    }
    for text in ["0.10", "1e400", "1E+2", "-0", "1.00"] {
        assert!(matches!(Num::parse(text), Some(Num::Dec(_))), "{text}");
    }
}

#[test]
fn other_texts_are_no_numbers() {
    let texts = [
        "", "-", "+1", "01", "-01", "00", "1.", ".5", "-.5", "1.e1", "1e", "1e+", "1e+-1", "--1", "1-2",
        " 1", "1 ", "1_0", "0x1", "NaN", "Infinity", "inf", "1.5f", "1e5.0", "１",
    ];
    for text in texts {
        assert!(Num::parse(text).is_none(), "{text}");
    }
}

#[test]
fn computes_as_jaq_does() {
    type Operation<N> = fn(N, N) -> N;
    let operations: [(&str, Operation<Num>, Operation<Jaq>); 5] = [
        ("+", |a, b| a + b, |a, b| a + b),
        ("-", |a, b| a - b, |a, b| a - b),
        ("*", |a, b| a * b, |a, b| a * b),
        ("/", |a, b| a / b, |a, b| a / b),
        ("%", |a, b| a % b, |a, b| a % b),
    ];
    for (a, jaq_a) in both() {
        for (b, jaq_b) in both() {
            for (name, ours, theirs) in operations {
                if name == "%" && a.is_int() && b.is_int() && b == Num::Int(0) {
                    assert_eq!(ours(a.clone(), b.clone()).to_string(), "0");
                    continue;
                }
                let (ours, theirs) = (ours(a.clone(), b.clone()), theirs(jaq_a.clone(), jaq_b.clone()));
                assert_eq!(ours.to_string(), theirs.to_string(), "{a} {name} {b}");
                if let Num::Big(big) = &ours {
                    assert!(i64::try_from(&**big).is_err(), "{a} {name} {b} fits");
                }
            }
        }
    }
}

#[test]
fn negates_as_jaq_does() {
    for (number, jaq) in both() {
        // There zero has no sign.
        let negated = if number.to_string() == "0" { "-0".to_owned() } else { (-jaq).to_string() };
        assert_eq!((-number.clone()).to_string(), negated);
        assert!((-(-number.clone())).is_same(&number), "{number}");
    }
    assert!(matches!(-Num::from(1u64 << 63), Num::Int(i64::MIN)));
}

#[test]
fn the_order_of_numbers_is_one_order_also_of_those_that_floats_cannot_tell_apart() {
    let sorted = [
        "-1e400",
        "-1e399",
        "-9007199254740993",
        "-9007199254740992.0",
        "-1",
        "0",
        "0.1",
        "1e15",
        "9007199254740991",
        "9007199254740992.0",
        "9007199254740993",
        "9007199254740993.5",
        "9007199254740994",
        "1e22",
        "10000000000000000000001",
        "1e23",
        "1e308",
        "1e399",
        "1e400",
        "1e9999999999999999999",
    ];
    let sorted: Vec<Num> = sorted.iter().map(|text| Num::parse(text).unwrap()).collect();
    for (i, a) in sorted.iter().enumerate() {
        for (j, b) in sorted.iter().enumerate() {
            assert_eq!((a.cmp(b), a == b), (i.cmp(&j), i == j), "{a} {b}");
        }
    }
    let infinity = Num::Float(f64::INFINITY);
    assert!(sorted.iter().all(|number| *number < infinity && *number > Num::Float(f64::NEG_INFINITY)));
    for (a, b) in [
        ("1e22", "10000000000000000000000.0"),
        ("10e399", "1e400"),
        ("9007199254740992", "9007199254740992.0"),
    ] {
        let (a, b) = (Num::parse(a).unwrap(), Num::parse(b).unwrap());
        assert_eq!((a == b, a.cmp(&b)), (true, Ordering::Equal), "{a} {b}");
    }
    assert_eq!(Num::Float(1e23), Num::parse("1e23").unwrap());
}

#[test]
fn compares_as_jaq_does() {
    let hasher = RandomState::new();
    let hash = |number: &Num| hasher.hash_one(number);
    for (i, (a, jaq_a)) in both().iter().enumerate() {
        for (j, (b, jaq_b)) in both().iter().enumerate() {
            // What is one in memory is equal; these were read twice. From 2^53 on jaq sees no difference between a
            // whole number and a fraction near it.
            let (x, y) = (a.as_f64(), b.as_f64());
            if x != y || x.abs() < 9e15 || x.is_nan() || y.is_nan() {
                assert_eq!(a == b, jaq_a == jaq_b, "{a} == {b}");
                assert_eq!(a.cmp(b), jaq_a.cmp(jaq_b), "{a} <=> {b}");
            }
            assert!(a != b || hash(a) == hash(b), "{a} and {b}");
            assert_eq!(a.is_same(b), a.to_string() == b.to_string(), "{a} and {b}");
            let is_one = i == j && !matches!(a, Num::Float(float) if float.is_nan());
            assert!(!is_one || a == b);
        }
    }
    assert_eq!(Num::Float(f64::NAN).cmp(&Num::Float(f64::NAN)), Ordering::Less);
    let hashes: HashSet<u64> = both().iter().map(|(number, _)| hash(number)).collect();
    assert!(hashes.len() > 30);
}

#[test]
fn lengths_are_positive() {
    for (number, _) in both() {
        let length = number.length();
        assert!(!length.to_string().starts_with('-'));
        assert_eq!(length.is_int(), number.is_int());
    }
    assert_eq!(Num::Int(i64::MIN).length().to_string(), "9223372036854775808");
}

#[test]
fn offsets_count_from_both_ends() {
    let offset = |text: &str| Num::parse(text).unwrap().offset().unwrap();
    let rows = [
        ("0", Some(0), Some(0), 0),
        ("-0", Some(0), Some(0), 0),
        ("3", Some(3), Some(3), 3),
        ("4", Some(4), None, 4),
        ("8", Some(8), None, 4),
        ("-1", Some(3), Some(3), 3),
        ("-4", Some(0), Some(0), 0),
        ("-8", None, None, 0),
        ("18446744073709551615", Some(usize::MAX), None, 4),
        ("-18446744073709551615", None, None, 0),
    ];
    for (text, position, item, bound) in rows {
        let found = offset(text);
        assert_eq!((found.position(4), found.item(4), found.bound(4)), (position, item, bound), "{text}");
    }
    for text in ["0.0", "1.5", "1e2", "18446744073709551616"] {
        assert_eq!(Num::parse(text).unwrap().offset(), None);
    }
}

#[test]
fn conversions_have_the_one_form() {
    assert!(matches!(Num::from(u64::MAX), Num::Big(_)));
    assert!(matches!(Num::from(i64::MAX as u64), Num::Int(i64::MAX)));
    assert!(matches!(Num::from(i128::from(i64::MIN)), Num::Int(i64::MIN)));
    assert!(matches!(Num::from(BigInt::from(7)), Num::Int(7)));
    assert!(matches!(Num::from_i128(-1 - (1 << 63)), Num::Big(_)));
    assert_eq!(Num::from(u128::MAX).to_string(), u128::MAX.to_string());
    assert_eq!(Num::from(0.25f32).to_string(), "0.25");
    assert_eq!(Num::parse("-0").unwrap().as_i64(), Some(0));
    assert_eq!(Num::parse("1.0").unwrap().as_i64(), None);
}

proptest! {
    #[test]
    fn long_numbers_are_rounded_to_the_nearest_float(digits in "-?[1-9][0-9]{0,320}") {
        let number: BigInt = digits.parse().unwrap();
        prop_assert_eq!(big_as_f64(&number), digits.parse::<f64>().unwrap());
    }

    #[test]
    fn ties_go_to_the_even_float(high in 1u64.., shift in 0usize..1_000, low in -1i8..=1) {
        let number = (BigInt::from(high) << shift) + low;
        prop_assert_eq!(big_as_f64(&number), number.to_string().parse::<f64>().unwrap());
    }

    #[test]
    fn floats_print_and_read_back(bits: u64) {
        let float = f64::from_bits(bits);
        prop_assume!(float.is_finite());
        let text = Num::Float(float).to_string();
        prop_assert!(matches!(Num::parse(&text), Some(Num::Float(read)) if read.to_bits() == bits), "{text}");
    }
}
