//! Random filters and values.

/// A generator of filters and values, the same ones for each seed.
pub(super) struct Programs(u64);

/// The letters that stand for a random part in a template.
const HOLES: &str = "EPUVSKNRL";

/// Filters without parts of their own.
const SHORT: &str = r#"
    .  .  .  .a  .b  .c  .a.b  .[0]  .[1]  .[-1]  .[]  .[]?  ..  .a?  .[1:]  .[:2]  .[:-1]  .[1:3]  .[-2:]
    .[0]?  .a[0]?  .a[]?  [.[]?]  length  keys  keys_unsorted  add  any  all  flatten  flatten(1)  reverse
    sort  unique  min  max  type  not  tostring  tonumber  tojson  tojson | fromjson  ascii_downcase
    ascii_upcase  explode  explode | implode  trim  ltrim  rtrim  floor  round  ceil  sqrt  abs  to_entries
    from_entries  to_entries | from_entries  [paths]  paths  first  last  transpose  utf8bytelength  @base64
    @base64 | @base64d  @base64d  @uri  @urid  @html  @htmld  @sh  @json  @text  values  nulls  numbers
    strings  arrays  objects  iterables  scalars  booleans  isnumber  tojson | length  to_entries[]  null
    true  false  empty  []  {}  todate  gmtime  gmtime | mktime  todate | fromdate  recurse  [recurse]
    combinations  [combinations]  -.  toboolean  isempty(.[]?)  min_by(.a?)  error  infinite  implode
    [splits("a")]  unique | bsearch(1, "a", null)  [limit(3; repeat(1))]  significand  logb  trunc  fabs
    [.[]? | numbers] | add  map(strings) | join("-")  [.[]? | tostring] | add
"#;

/// Filters with parts, which the capital letters stand for.
const LONG: &str = r#"
    E | E  E | E  E | E  E, E  E + E  E + E  E + E  E - E  E - E  E * first(E, 2)  E / first(E, 2)
    N * (N, E)  N / (E, N)  E % E  E == E  E != E  E < E  E <= E  E > E  E >= E  E and E  E or E  E // E
    (E)?  try E catch E  try error([E]) catch arrays  if E then E else E end  if E then E end
    if E then E elif E then E else E end  [E]  [E, E]  {a: E, b: E}  {a: E} + E  E + {b: E}  {"x": E, c}
    {(K): E}  {(E): E}  "<\(E)>"  "\(E)"  @json "\(E) \(E)"  @base64 "\(E)"  map(E)  map(E)  map(select(E))
    select(E)  map_values(E)  with_entries(.value |= E)  with_entries(select(.value | E))  sort_by(E)
    sort_by(E, E)  group_by(E)  unique_by(E)  min_by(E)  max_by(E)  any(E)  all(E)  any(E; E)  all(E; E)
    first(E)  last(E)  limit(N; E)  skip(N; E)  nth(N; E)  isempty(E)
    until(type != "number" or . > 3 or . < -5; . + 1)  [limit(5; while(type == "number" and . < 3; . + 1))]
    [limit(5; recurse(if type == "number" and . < 2 then . + 1 else empty end))]  [range(N; N)]
    [limit(5; range(N; N; N))]  range(N)  has(K)  has(N)  E | has(K)  in(E)  contains(E)  inside(E)
    indices(E)  index(E)  rindex(E)  indices(S)  startswith(S)  endswith(S)  ltrimstr(S)  rtrimstr(S)
    ltrimstr(E)  split(S)  E / S  join(S)  test(R)  [match(R)]  [match(R; "g")]  capture(R)  [scan(R)]
    sub(R; S)  gsub(R; S)  gsub(R; "<\(.)>")  [splits(R)]  split(R; null)?  split(R; "g")  test(R; "i")  V
    V + E  S  K  N  E as $v | E  E as $v | $v  E as [$v, $w] | $w + $v  E as {a: $v} | [$v, E]
    E as [$v, {b: $w}] | [$w, $v]  reduce E as $v (E; E)  reduce E as $v (.; . + $v)
    reduce .[]? as $v (null; . + $v)  reduce .[]? as $v ({}; . + {(K): $v})  reduce L as $v (.; E)
    [foreach E as $v (E; . + $v)]  [foreach L as $v (E; E)]  foreach E as $v (0; . + 1; [$v, .])
    def f: E; E | f  def f(g): g | E; f(E)  def f($v): $v + E; f(E)  label $out | E, break $out, E
    first(E, E)  getpath([K])  getpath([K, N])  [getpath([K, K], [N])]?  path(P)  [path(P)]  [paths(E)]
    pick(.a)  pick(.[N])  pick(.a, .b)  to_entries | map(E)  add(E)  flatten | map(E)  .[E]  .[E]?  .[N:E]
    .[E:]?  .[E:E]  E | .[1:]  [.[]?, E]  [limit(3; E)]  [.[]? | E]  walk(E)
    walk(if type == "number" then E else . end)  [..] | length  [.. | scalars]  tojson + S
    tostring + tostring  strftime("%Y-%m-%d")  pow(N; 2)  [E] | add  [E] | sort  [E] | unique
    [E] | group_by(type)  U  U  U  U  U  E | U  [U]  U | E  map(U)  map(U)  [.[]? | U]
"#;

/// Paths to what may be there or not.
const PATHS: &str = r#"
    .a  .b  .c  .z  .[0]  .[1]  .[-1]  .[5]  .[1:]  .[:1]  .[0:0]  .[1:-1]  .[]  .[]?  .a?  ..  (.a, .b)
    (.[0], .[1])  (.[] | select(E))  (.[]? | select(E))  if E then .a else .b end  (.a // .b)  getpath([K])
    getpath([N])  .[K]  .[N]  .[E]  .[E]?  .[K, K]  .[N:N]  .[N:]  (E as $v | .a)  .  .[{start: N}]
    (.. | select(type == "number"))  (.. | numbers)  (.. | strings)  first(.[])  (def f: .a; f)
    (.a | select(E))  map(.a)
"#;

/// Longer paths: what is set there is always something.
const DEEP: &str = r#"
    .a.b  .a.b.c  .a[0]  .[0].a  .[0][1]  .b[1:]  .[].a  .[]?.a?  .a.z  .c[2].x  .[][0]  (.a, .b).c
    .[1:][0]  .[K][K]  .[K].a  .a[N]  getpath([K, N])  getpath([K, K])  (.a | .b)  .[] | .[]  .a | .[1:]
"#;

/// Updates; `P` is a path.
const UPDATES: &str = r#"
    P |= E  P |= E  P = E  P = E  P += E  P -= E  P *= E  P /= E  P %= E  P //= E  P |= map(E)  P |= sort
    P |= (E, E)  P |= empty  P |= select(E)  del(P)  del(P)  delpaths([path(P)])  delpaths([paths] | .[:N])
    setpath([K]; E)  setpath([N]; E)  to_entries  P += [E]  P |= tostring  P |= reverse  P |= (.a = E)
    P |= (.[0] = E)  P[N:] = [E]  map_values(E)  map_values(select(E))  map_values(empty)
    del(.[] | select(E))  del(.[N, N])  del(.[K, K])  .[] += 1  .[] |= E
"#;

/// Updates at longer paths; `P` is one.
const DEEP_UPDATES: &str = r#"
    P |= first(E, 0)  P = E  P += E  P *= E  P //= E  P |= [.]  P += [E]  P |= first(map(E), 0)
    setpath([K, K]; E)  setpath([N, K]; E)
"#;

const STRINGS: &[&str] =
    &["", "a", "b", "ab", "aba", "x y", " pad ", "é", "日本", "A1b22", "a,b", "<a&'b'>", "1", "-2.5", "[1]"];
const KEYS: &[&str] = &["a", "b", "c", "x"];
const NUMBERS: &[&str] = &["0", "1", "2", "3", "-1", "-2", "5"];
const VALUES: &str = r#"
    null  true  false  0  1  2  -1  7  0.5  1.0  -2.5  1e2  100000000000000000000  "a"  "b"  "ab"  ""  []
    {}  [1]  [1, 2]  [[1], [2]]  {a: 1}  {b: 2, a: [1]}  [{a: 1}, {a: 2}]  ["a", "b"]  [null]  {c: {a: 1}}
"#;
const SCALARS: &str = r#"
    null  true  false  0  1  2  3  -1  10  0.5  1.0  1.50  -2.5  1e2  1E+2  3.0e-2  100000000000000000000
    -100000000000000000001  1425599621
"#;
const REGEXES: &[&str] =
    &["a", "[a-z]", "(?<x>[a-z])(?<y>[0-9])?", "b+", "^a", "", "\\\\s", ".", "(a)|b", "$", "é"];
const LOOPS: &[&str] = &["(1, 2)", "range(3)", "(\"a\", \"b\")", "(.[]? | scalars)"];

impl Programs {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % end as u64) as usize
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len())]
    }

    /// Returns an entry of a table: lines of entries with two blanks between them.
    fn entry(&mut self, table: &'static str) -> &'static str {
        let entries = table.lines().flat_map(|line| line.trim().split("  "));
        self.pick(&entries.filter(|entry| !entry.is_empty()).collect::<Vec<_>>())
    }

    /// Returns a value as JSON text.
    pub(super) fn value(&mut self) -> String {
        self.value_below(3)
    }

    fn value_below(&mut self, depth: usize) -> String {
        let kinds = if depth == 0 { 5 } else { 12 };
        match self.below(kinds) {
            0..3 => self.entry(SCALARS).to_owned(),
            3..5 => format!("\"{}\"", self.pick(STRINGS)),
            5..8 => {
                let items: Vec<String> = (0..self.below(5)).map(|_| self.value_below(depth - 1)).collect();
                format!("[{}]", items.join(","))
            }
            8 => {
                // Rows of a table.
                let row = |n: usize, s: &str| format!(r#"{{"a":{n},"b":"{s}","c":[{n}]}}"#);
                let rows: Vec<String> =
                    (0..self.below(4)).map(|_| row(self.below(3), self.pick(STRINGS))).collect();
                format!("[{}]", rows.join(","))
            }
            _ => {
                let keys: Vec<&str> = KEYS.iter().copied().filter(|_| self.below(3) > 0).collect();
                let entry = |key: &str| format!("\"{key}\":{}", self.value_below(depth - 1));
                let entries: Vec<String> = keys.into_iter().map(entry).collect();
                format!("{{{}}}", entries.join(","))
            }
        }
    }

    /// Returns the text of a filter.
    pub(super) fn program(&mut self) -> String {
        self.filter(4)
    }

    fn filter(&mut self, depth: usize) -> String {
        let template = if depth == 0 || self.below(6) == 0 { self.entry(SHORT) } else { self.entry(LONG) };
        self.fill(template, depth.saturating_sub(1))
    }

    /// Returns the template with something for each capital letter that stands alone.
    fn fill(&mut self, template: &str, depth: usize) -> String {
        let mut text = String::new();
        let mut before = ' ';
        let mut chars = template.chars().peekable();
        while let Some(c) = chars.next() {
            let is_alone = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
            if HOLES.contains(c) && is_alone(Some(before)) && before != '%' && is_alone(chars.peek().copied())
            {
                text.push_str(&self.part(c, depth));
            } else {
                text.push(c);
            }
            before = c;
        }
        text
    }

    fn part(&mut self, hole: char, depth: usize) -> String {
        match hole {
            'E' => format!("({})", self.filter(depth)),
            'P' => {
                let path = self.entry(PATHS);
                self.fill(path, depth)
            }
            'U' => self.update(depth),
            'S' => format!("\"{}\"", self.pick(STRINGS)),
            'K' => format!("\"{}\"", self.pick(KEYS)),
            'N' => self.pick(NUMBERS).to_owned(),
            'R' => format!("\"{}\"", self.pick(REGEXES)),
            'L' => self.pick(LOOPS).to_owned(),
            _ => self.entry(VALUES).to_owned(),
        }
    }

    fn update(&mut self, depth: usize) -> String {
        let (updates, paths) = if self.below(3) == 0 { (DEEP_UPDATES, DEEP) } else { (UPDATES, PATHS) };
        let path = self.entry(paths);
        let update = self.entry(updates).replace('P', &format!("({path})"));
        format!("({})", self.fill(&update, depth))
    }
}
