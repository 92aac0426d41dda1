//! jq on its own value type, with what is to be otherwise here.
//!
//! The differences are those that [`Jaq`] makes, the definition of `delpaths`, and `fromjson`, which reads one
//! value. Besides, `-0` reads as `0` there, text that reads from right to left is not escaped in `tojson`, an
//! error to the left of `*` or `/` goes before there is no output to the right, and errors may have other words.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::iter::repeat_n;
use std::ops::{Add, Div, Mul, Neg, Range, Rem, Sub};
use std::sync::{Arc, LazyLock};

use jaq_core::box_iter::BoxIter;
use jaq_core::data::JustLut;
use jaq_core::load::parse::Def;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::native::{self, Fun, v};
use jaq_core::path::Opt;
use jaq_core::{Compiler, Ctx, DataT, Error, Exn, Filter, RunPtr, ValR, ValT, ValX, Vars, unwrap_valr};
use jaq_json::{Num, Val as Inner};
use jaq_std::ValT as _;

/// Deletes from the last path to the first.
const DELPATHS: &str = "def delpaths($paths): reduce ($paths | group_by(.) | reverse[][0]) as $path (.; getpath($path) |= empty);";

/// Filters that are compiled together: the library takes longer than all of them.
pub(super) struct Oracle(Filter<JustLut<Jaq>>);

impl Oracle {
    pub(super) fn new<'c>(codes: impl Iterator<Item = &'c str>) -> Self {
        static DEFS: LazyLock<Vec<Def<&str>>> = LazyLock::new(|| {
            let own = jaq_core::load::parse(DELPATHS, |parser| parser.defs()).unwrap();
            jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs()).chain(own).collect()
        });
        let funs = jaq_core::funs().chain(jaq_std::funs()).chain(natives());
        let cases: String = codes
            .enumerate()
            .map(|(at, code)| format!("if $x == {at} then {code} else empty end,\n"))
            .collect();
        Self(compile::<JustLut<Jaq>>(&(cases + "empty"), DEFS.iter().cloned(), funs, &["$x"]).unwrap())
    }

    /// Returns the outputs of the filter at an index as JSON, up to the first error.
    pub(super) fn outputs(&self, at: usize, input: &str) -> Result<Vec<String>, String> {
        let input = Jaq(jaq_json::read::parse_single(input.as_bytes()).unwrap());
        let context = Ctx::<JustLut<Jaq>>::new(&self.0.lut, Vars::new([Jaq::from(at)]));
        let outputs = self.0.id.run((context, input)).map(|output| match output {
            Ok(value) => Ok(value.to_string()),
            Err(exception) => {
                Err(exception.get_err().map_or("escaped".to_owned(), |error| error.to_string()))
            }
        });
        outputs.collect()
    }
}

fn compile<D: DataT>(
    code: &str,
    defs: impl Iterator<Item = Def<&'static str>>,
    funs: impl Iterator<Item = Fun<D>>,
    vars: &[&'static str],
) -> Result<Filter<D>, String> {
    let arena = Arena::default();
    let modules = Loader::new(defs).load(&arena, File { code, path: () }).map_err(|e| format!("{e:?}"))?;
    let compiler = Compiler::default().with_funs(funs).with_global_vars(vars.iter().copied());
    compiler.compile(modules).map_err(|e| format!("{e:?}"))
}

thread_local! {
    /// The natives of the inner value, by the text that calls them.
    static INNER: RefCell<HashMap<&'static str, Filter<JustLut<Inner>>>> = RefCell::default();
}

/// Calls a native of the inner value.
fn call<'a>(code: &'static str, input: Jaq, x: Jaq) -> BoxIter<'a, ValX<'a, Jaq>> {
    let outputs: Vec<_> = INNER.with_borrow_mut(|compiled| {
        let filter = compiled
            .entry(code)
            .or_insert_with(|| compile(code, std::iter::empty(), jaq_json::funs(), &["$x"]).unwrap());
        let context = Ctx::<JustLut<Inner>>::new(&filter.lut, Vars::new([x.0]));
        let mut has_failed = false;
        let outputs = filter.id.run((context, input.0)).map(|output| outer(unwrap_valr(output)));
        // The reader of JSON goes on for ever after an error.
        outputs.take_while(|output| !std::mem::replace(&mut has_failed, output.is_err())).collect()
    });
    if outputs.len() != 1 {
        // A text that is no JSON value, or several.
        return Box::new(std::iter::once(Err(Error::str("not one value").into())));
    }
    Box::new(outputs.into_iter().map(|output| output.map_err(Exn::from)))
}

fn natives() -> impl Iterator<Item = Fun<JustLut<Jaq>>> {
    macro_rules! natives {
        ($($name:literal, $arity:literal, $code:literal;)*) => {
            [$(($name, v($arity), |(mut context, input)| {
                let x = if $arity == 1 { context.pop_var() } else { Jaq::default() };
                if $name == "has" && let Err(error) = input.check_key(&x) {
                    return Box::new(std::iter::once(Err(error.into())));
                }
                call($code, input, x)
            })),*]
        };
    }
    let natives: [native::Filter<RunPtr<JustLut<Jaq>>>; 7] = natives! {
        "fromjson", 0, "fromjson";
        "tojson", 0, "tojson";
        "length", 0, "length";
        "contains", 1, "contains($x)";
        "has", 1, "has($x)";
        "indices", 1, "indices($x)";
        "bsearch", 1, "bsearch($x)";
    };
    natives.into_iter().map(native::run::<JustLut<Jaq>>)
}

/// jq's own value type with keys that are strings, without byte strings, and with objects that keep the order
/// of the other keys when one goes; an update makes what it leads to, and strings do not become too long.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Jaq(Inner);

impl Jaq {
    /// Refuses a key that is no string.
    fn check_key(&self, key: &Self) -> Result<(), Error<Self>> {
        match (&self.0, &key.0) {
            (Inner::Obj(_), Inner::TStr(_)) => Ok(()),
            (Inner::Obj(_), _) => Err(Error::index(self.clone(), key.clone())),
            _ => Ok(()),
        }
    }

    /// Tells whether there is nothing at `key`, but could be.
    fn lacks(&self, key: &Self) -> bool {
        match (&self.0, &key.0) {
            (Inner::Null, Inner::TStr(_) | Inner::Num(Num::Int(_))) => true,
            (Inner::Arr(items), Inner::Num(Num::Int(at))) => {
                at.unsigned_abs() >= items.len() + usize::from(*at < 0)
            }
            _ => false,
        }
    }

    /// Makes the value with something at a `key` that it lacks.
    fn grown(self, key: &Self, new: Self) -> Self {
        let Inner::Num(Num::Int(at)) = key.0 else {
            return Self(Inner::obj([(key.0.clone(), new.0)].into_iter().collect()));
        };
        let items = if let Inner::Arr(items) = self.0 { items.to_vec() } else { Vec::new() };
        let gap = at.unsigned_abs() - items.len();
        Self(items.into_iter().chain(repeat_n(Inner::Null, gap)).chain([new.0]).collect())
    }
}

/// Returns a string without what is not UTF-8.
fn lossy(bytes: &[u8]) -> Jaq {
    Jaq(String::from_utf8_lossy(bytes).into_owned().into())
}

/// Returns what came of an operation of the inner value, where nothing else failed.
fn finish<'a>(output: ValX<'a, Inner>, failed: Option<Exn<'a, Jaq>>) -> ValX<'a, Jaq> {
    match (failed, output) {
        (Some(exception), _) => Err(exception),
        (None, Ok(value)) => Ok(Jaq(value)),
        (None, Err(exception)) => Err(Error::new(Jaq(exception.get_err().unwrap().into_val())).into()),
    }
}

fn outer(output: ValR<Inner>) -> ValR<Jaq> {
    output.map(Jaq).map_err(|error| Error::new(Jaq(error.into_val())))
}

/// Calls an update of the inner value with a function on the outer one.
macro_rules! update {
    ($f:ident, |$inner:ident| $call:expr) => {{
        let failed = RefCell::new(None);
        let fail = |exception| {
            failed.replace(Some(exception));
            Exn::from(Error::new(Inner::Null))
        };
        let output = |output: ValX<'a, Self>| output.map(|value| value.0).map_err(&fail);
        let $inner = |value| $f(Self(value)).map(&output);
        let result = $call;
        finish(result, failed.take())
    }};
}

impl ValT for Jaq {
    fn from_num(text: &str) -> ValR<Self> {
        outer(Inner::from_num(text))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(entries: I) -> ValR<Self> {
        let entry = |(key, value): (Self, Self)| match key.0 {
            Inner::TStr(_) => Ok((key.0, value.0)),
            _ => Err(Error::str("object keys must be strings")),
        };
        outer(Inner::from_map(entries.into_iter().map(entry).collect::<Result<Vec<_>, _>>()?))
    }

    fn key_values(self) -> BoxIter<'static, Result<(Self, Self), Error<Self>>> {
        Box::new(self.0.key_values().map(|entry| {
            let (key, value) = entry.map_err(|error| Error::new(Self(error.into_val())))?;
            Ok((Self(key), Self(value)))
        }))
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR<Self>>> {
        Box::new(self.0.values().map(outer))
    }

    fn index(self, index: &Self) -> ValR<Self> {
        self.check_key(index)?;
        outer(self.0.index(&index.0))
    }

    fn range(self, range: Range<Option<&Self>>) -> ValR<Self> {
        outer(self.0.range(range.start.map(|at| &at.0)..range.end.map(|at| &at.0)))
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        update!(f, |inner| self.0.map_values(opt, inner))
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        mut self,
        index: &Self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        if let Err(error) = self.check_key(index) {
            return opt.fail(self, |_| error.into());
        }
        if self.lacks(index) {
            return match (f(Self::default()).next().transpose()?, &index.0) {
                (None, _) => Ok(self),
                // An error.
                (Some(_), Inner::Num(Num::Int(..0))) => {
                    finish(self.0.map_index(&index.0, opt, |_| std::iter::empty()), None)
                }
                (Some(new), _) => Ok(self.grown(index, new)),
            };
        }
        if let Inner::Obj(entries) = &mut self.0 {
            let old = entries.get(&index.0).cloned().unwrap_or_default();
            match f(Self(old)).next().transpose()? {
                Some(new) => Arc::make_mut(entries).insert(index.0.clone(), new.0),
                None => Arc::make_mut(entries).shift_remove(&index.0),
            };
            return Ok(self);
        }
        update!(f, |inner| self.0.map_index(&index.0, opt, inner))
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: Range<Option<&Self>>,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        let range = range.start.map(|at| &at.0)..range.end.map(|at| &at.0);
        update!(f, |inner| self.0.map_range(range, opt, inner))
    }

    fn as_bool(&self) -> bool {
        self.0.as_bool()
    }

    fn into_string(self) -> Self {
        Self(self.0.into_string())
    }
}

impl jaq_std::ValT for Jaq {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        if let Inner::Arr(items) = self.0 { Ok(items.iter().cloned().map(Self).collect()) } else { Err(self) }
    }

    fn is_int(&self) -> bool {
        self.0.is_int()
    }

    fn as_isize(&self) -> Option<isize> {
        self.0.as_isize()
    }

    fn as_f64(&self) -> Option<f64> {
        self.0.as_f64()
    }

    fn is_utf8_str(&self) -> bool {
        self.0.is_utf8_str()
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        self.0.as_bytes()
    }

    fn as_sub_str(&self, part: &[u8]) -> Self {
        lossy(part)
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        lossy(bytes.as_ref())
    }
}

macro_rules! operators {
    ($($operator:ident $method:ident;)*) => {$(
        impl $operator for Jaq {
            type Output = ValR<Self>;

            fn $method(self, other: Self) -> ValR<Self> {
                outer(self.0.$method(other.0))
            }
        }
    )*};
}

operators! { Add add; Sub sub; Div div; Rem rem; }

impl Mul for Jaq {
    type Output = ValR<Self>;

    fn mul(self, other: Self) -> ValR<Self> {
        if let (Inner::TStr(text), number @ Inner::Num(_)) | (number @ Inner::Num(_), Inner::TStr(text)) =
            (&self.0, &other.0)
            && number.as_f64().is_some_and(|count| text.len() as f64 * count > f64::from(1 << 30))
        {
            return Err(Error::str("too long"));
        }
        outer(self.0 * other.0)
    }
}

impl Neg for Jaq {
    type Output = ValR<Self>;

    fn neg(self) -> ValR<Self> {
        outer(-self.0)
    }
}

macro_rules! conversions {
    ($($from:ty),*) => {$(
        impl From<$from> for Jaq {
            fn from(value: $from) -> Self {
                Self(value.into())
            }
        }
    )*};
}

conversions! { bool, isize, usize, f64, String }

impl From<Range<Option<Self>>> for Jaq {
    fn from(range: Range<Option<Self>>) -> Self {
        Self(Inner::from(range.start.map(|at| at.0)..range.end.map(|at| at.0)))
    }
}

impl FromIterator<Self> for Jaq {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        Self(items.into_iter().map(|item| item.0).collect())
    }
}

impl fmt::Display for Jaq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
