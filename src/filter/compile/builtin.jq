# What jq defines in jq. A definition may call those before it and native filters; those whose names begin with
# an exclamation mark are native filters that no text can call.

def error(message): (message | error) as $x | .;
def select(f): if f then . else empty end;
def values: select(. != null);
def nulls: select(. == null);
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def strings: select(type == "string");
def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type | . == "array" or . == "object");
def scalars: select(type | . != "array" and . != "object");
def isboolean: type == "boolean";
def isnumber: type == "number";
def isstring: type == "string";
def isarray: type == "array";
def isobject: type == "object";
def tostring: "\(.)";

# Streams of values
def range($from; $to): range($from; $to; 1);
def range($to): range(0; $to; 1);
def repeat(f): def again: f, (f | again); again;
def recurse(f): def again: ., (f | again); again;
def recurse: recurse(.[]?);
def recurse(f; condition): recurse(f | select(condition));
def while(condition; f): def again: if condition then ., (f | again) else empty end; again;
def until(condition; f): def again: if condition then . else f | again end; again;
def limit($n; f):
    if $n < 0 then error("limit does not take a negative count") else native::limit($n; f) end;
def skip($n; f):
    if $n < 0 then error("skip does not take a negative count") else native::skip($n; f) end;
def nth($n; f):
    if $n < 0 then error("nth does not take a negative index") else first(native::skip($n; f)) end;
def isempty(f): first((f | false), true);
def any(f; condition): isempty(first(f | condition | select(.))) | not;
def all(f; condition): isempty(first(f | condition | select(. | not)));
def any(condition): any(.[]; condition);
def all(condition): all(.[]; condition);
def any: any(.[]; .);
def all: all(.[]; .);
def add(f): reduce f as $x (null; . + $x);
def add: add(.[]);
def IN(f): any(f == .; .);
def IN(f; g): any(f == g; .);
def combinations: if length == 0 then [] else .[0][] as $x | .[1:] | combinations | [$x] + . end;
def combinations($n): . as $all | [range($n) | $all] | combinations;

# Numbers
def acos: native::acos | native::whole;
def acosh: native::acosh | native::whole;
def asin: native::asin | native::whole;
def asinh: native::asinh | native::whole;
def atan: native::atan | native::whole;
def atan2($x; $y): native::atan2($x; $y) | native::whole;
def atanh: native::atanh | native::whole;
def cos: native::cos | native::whole;
def cosh: native::cosh | native::whole;
def erf: native::erf | native::whole;
def erfc: native::erfc | native::whole;
def exp: native::exp | native::whole;
def expm1: native::expm1 | native::whole;
def fdim($x; $y): native::fdim($x; $y) | native::whole;
def fma($x; $y; $z): native::fma($x; $y; $z) | native::whole;
def fmod($x; $y): native::fmod($x; $y) | native::whole;
def frexp: native::frexp | [.[] | native::whole];
def hypot($x; $y): native::hypot($x; $y) | native::whole;
def j0: native::j0 | native::whole;
def j1: native::j1 | native::whole;
def jn($x; $y): native::jn($x; $y) | native::whole;
def lgamma: native::lgamma | native::whole;
def log: native::log | native::whole;
def log1p: native::log1p | native::whole;
def nextafter($x; $y): native::nextafter($x; $y) | native::whole;
def remainder($x; $y): native::remainder($x; $y) | native::whole;
def sin: native::sin | native::whole;
def sinh: native::sinh | native::whole;
def tan: native::tan | native::whole;
def tanh: native::tanh | native::whole;
def tgamma: native::tgamma | native::whole;
def y0: native::y0 | native::whole;
def y1: native::y1 | native::whole;
def yn($x; $y): native::yn($x; $y) | native::whole;
def cbrt: native::cbrt | native::whole;
def exp10: native::exp10 | native::whole;
def exp2: native::exp2 | native::whole;
def ldexp($x; $exponent): native::ldexp($x; $exponent) | native::whole;
def log10: native::log10 | native::whole;
def log2: native::log2 | native::whole;
def scalbln($x; $exponent): native::scalbln($x; $exponent) | native::whole;
def sqrt: native::sqrt | native::whole;
def isfinite: isnumber and (isinfinite | not);
def finites: select(isfinite);
def isnormal: isnumber and (isnan or isinfinite or . == 0 or fabs < 2.2250738585072014e-308 | not);
def normals: select(isnormal);
def logb: if . == 0 then -infinite elif isinfinite then infinite elif isnan then . else ilogb end;
def significand: if isinfinite or isnan or . == 0 then . else scalbln(.; ilogb | -.) end;
def pow10: exp10;
def drem($x; $y): remainder($x; $y) | if . == 0 then copysign(.; $x) end;
def nexttoward($x; $y): nextafter($x; $y);
def scalb($x; $exponent): $x * pow(2; $exponent);
def gamma: lgamma;
def lgamma_r: [lgamma, if . < 0 and floor % 2 != 0 then -1 else 1 end];
def have_literal_numbers: true;
def have_decnum: true;

# Arrays
def map(f): [.[] | f];
def map_values(f): .[] |= f;
def first: .[0];
def last: .[-1];
def nth($n): .[$n];
def toarray: if isarray then . else [.] end;
def flatten($depth):
    def parts($depth): if isarray and $depth >= 0 then .[] | parts($depth - 1) else . end;
    if $depth < 0 then error("flatten does not take a negative depth") else [.[] | parts($depth - 1)] end;
def flatten: flatten(1000000);
def min_by(f): reduce min_by_or_empty(f) as $x (null; $x);
def max_by(f): reduce max_by_or_empty(f) as $x (null; $x);
def min: min_by(.);
def max: max_by(.);
def unique_by(f): [group_by(f)[] | .[0]];
def unique: unique_by(.);
def transpose: (map(length) | max // 0) as $rows | [range($rows) as $row | map(.[$row])];
def in(f): . as $key | f | has($key);
def inside(f): . as $part | f | contains($part);
def index($part): indices($part) | .[0];
def rindex($part): indices($part) | .[-1];
def walk(f): def each: native::each(each) | f; each;

# Objects
def keys: keys_unsorted | sort;
def to_entries: [key_values[] as [$key, $value] | {$key, $value}];
def with_entries(f): to_entries | map(f) | from_entries;
def INDEX(f; key): reduce f as $row ({}; .[$row | key | tostring] = $row);
def INDEX(key): INDEX(.[]; key);
def JOIN($index; key): [.[] | [., $index[key]]];
def JOIN($index; f; key): f | [., $index[key]];
def JOIN($index; f; key; join): f | [., $index[key]] | join;

# Paths
def paths: path(..) | select(length > 0);
def paths(f): path_value(..) | select(.[0] != []) | if .[1] | f then .[0] else empty end;
def leaf_paths: paths(scalars);
def pick(f): . as $whole | reduce path(f) as $path (null; setpath($path; $whole | getpath($path)));
def tostream:
    path(def again: (.[]? | again), .; again) as $path
    | getpath($path) as $value
    | ($value | if isarray then length - 1 elif isobject then keys_unsorted | last else null end) as $last
    | if $last == null or $last == -1 then [$path, $value] else [$path + [$last]] end;
def fromstream(f):
    {x: null, e: false} as $new
    | foreach f as $event ($new;
        if .e then $new else . end
        | if $event | length == 2
          then setpath(["e"]; $event[0] | length == 0) | setpath(["x"] + $event[0]; $event[1])
          else setpath(["e"]; $event[0] | length == 1) end;
        if .e then .x else empty end);
def truncate_stream(f):
    . as $depth | null | f | if .[0] | length > $depth then .[0] |= .[$depth:] else empty end;

# Strings
def tonumber: if isnumber then . else native::number end;
def toboolean: if isboolean then . elif . == "true" then true elif . == "false" then false
    else error("cannot parse \(tojson) as a boolean") end;
def ascii: [.] | implode;
def test($re): test($re; null);
def match($re): match($re; null);
def capture($re): capture($re; null);
def scan($re; $flags): native::scan($re; ($flags // "") + "g");
def scan($re): scan($re; null);
def split($re; $flags): native::split($re; ($flags // "") + "g");
def splits($re; $flags): split($re; $flags)[];
def splits($re): splits($re; null);
def sub($re; f): sub($re; f; "");
def gsub($re; f; $flags): sub($re; f; ($flags // "") + "g");
def gsub($re; f): sub($re; f; "g");
def @json: tojson;
def @text: tostring;
def @htmld: tostring | unescape_html;
def format($name):
    if $name == "text" then @text
    elif $name == "json" then @json
    elif $name == "csv" then @csv
    elif $name == "tsv" then @tsv
    elif $name == "html" then @html
    elif $name == "uri" then @uri
    elif $name == "urid" then @urid
    elif $name == "sh" then @sh
    elif $name == "base64" then @base64
    elif $name == "base64d" then @base64d
    elif $name == "base32" then @base32
    elif $name == "base32d" then @base32d
    else error("\($name | tostring) is not a valid format") end;

# Dates
def todateiso8601: strftime("%Y-%m-%dT%H:%M:%SZ");
def fromdateiso8601: strptime("%Y-%m-%dT%H:%M:%SZ") | mktime;
def todate: todateiso8601;
def fromdate: fromdateiso8601;
def date: todate;
def dateadd(unit; n): . + n;
def datesub(unit; n): . - n;
