#include "queries/files/tags.h"

#include <algorithm>
#include <array>

#include "base/nearest.h"
#include "queries/files/tag_chart.h"
#include "queries/files/tag_param.h"
#include "queries/files/tag_reader.h"

namespace tidemill::files {
namespace {

constexpr std::size_t kParametersMax = 1000;
constexpr std::size_t kChartsMax = 8;
constexpr DurationRange kCacheRange = {Seconds(1), Hours(720)};
constexpr DurationRange kPollRange = {Milliseconds(100), Hours(1)};
constexpr DurationRange kIntervalRange = {Milliseconds(10), Hours(1)};
constexpr DurationRange kTimeoutRange = {Milliseconds(1), Minutes(10)};
constexpr CountRange kPageRange = {1, 10'000};
constexpr CountRange kRateRange = {1, 1'000'000};

using Pair = Words::Pair;

bool Twice(TagReader& reader, const Word& key, bool is_set) {
  if (is_set) reader.Fail(key.where, key.text + " stands twice");
  return is_set;
}

void ReadAuth(TagReader& reader, Query& query, Declared&) {
  if (reader.words.Take("none")) {
    query.auth.required = false;
    return reader.ExpectEnd();
  }
  if (reader.words.AtEnd()) return reader.FailMissing("who may call");
  while (const Word* word = reader.words.Next()) {
    const std::size_t colon = word->text.find(':');
    const std::string_view kind = std::string_view(word->text).substr(0, colon);
    if (colon == std::string::npos || (kind != "role" && kind != "claims")) {
      return reader.FailUnexpected(*word);
    }
    auto& names = kind == "role" ? query.auth.roles : query.auth.claims;
    if (!names.empty()) return reader.Fail(word->where, std::string(kind) + ": stands twice");
    Word rest = *word;
    rest.text = word->text.substr(colon + 1);
    names = reader.ReadNames(rest, NameRule::kClaim);
    if (names.empty()) return;
  }
}

void ReadRows(TagReader& reader, Query& query, Declared&) {
  if (reader.words.AtEnd()) return reader.FailMissing("the shape");
  if (reader.words.Take("many")) {
    query.rows = RowsShape::kMany;
  } else if (reader.words.Take("one")) {
    query.rows = RowsShape::kOne;
  } else if (reader.words.Take("value")) {
    query.rows = RowsShape::kValue;
  } else if (reader.words.Take("exec")) {
    query.rows = RowsShape::kExec;
  } else {
    return reader.FailUnexpected(*reader.words.Next());
  }
  reader.ExpectEnd();
}

void ReadPage(TagReader& reader, Query& query, Declared&) {
  Page page;
  if (reader.words.Take("keyset")) {
    const Word* const columns = reader.words.Next();
    if (columns == nullptr) return reader.FailMissing("the columns of the keyset");
    page.keyset = reader.ReadNames(*columns, NameRule::kColumn);
    if (page.keyset.empty()) return;
    page.descending = reader.words.Take("desc");
  }
  std::optional<std::uint32_t> limit, max;
  while (const auto pair = reader.words.TakePair()) {
    auto& count = pair->key.text == "limit" ? limit : max;
    if (pair->key.text != "limit" && pair->key.text != "max") return reader.FailUnexpected(pair->key);
    if (Twice(reader, pair->key, count.has_value())) return;
    count = reader.ReadCount(pair->value, kPageRange);
    if (!count) return;
  }
  reader.ExpectEnd();
  page.max = max.value_or(std::max(page.max, limit.value_or(0)));
  page.limit = limit.value_or(std::min(page.limit, page.max));
  if (page.limit > page.max) {
    return reader.Fail(reader.where(), "limit=" + std::to_string(page.limit) +
                                           " is more than max=" + std::to_string(page.max));
  }
  query.page = page;
}

void ReadSort(TagReader& reader, Query& query, Declared&) {
  const Word* const columns = reader.words.Next();
  if (columns == nullptr) return reader.FailMissing("the columns");
  query.sort = reader.ReadNames(*columns, NameRule::kColumn, '|');
  reader.ExpectEnd();
}

void ReadScope(TagReader& reader, const Word& value, Cache& cache) {
  if (value.text == "public") return;
  Word names = value;
  if (names.text.starts_with("claims:")) names.text.erase(0, 7);
  cache.scope = reader.ReadNames(names, NameRule::kClaim);
  if (std::ranges::find(cache.scope, "public") != cache.scope.end()) {
    reader.Fail(value.where, "public stands alone");
  }
}

void ReadCache(TagReader& reader, Query& query, Declared& declared) {
  const Word* const ttl = reader.words.Next();
  if (ttl == nullptr) return reader.FailMissing("how long an answer is kept");
  const auto read = reader.ReadDuration(*ttl, kCacheRange);
  if (!read) return;
  Cache cache{.ttl = *read};
  while (const auto pair = reader.words.TakePair()) {
    const std::string& key = pair->key.text;
    if (key == "swr") {
      if (Twice(reader, pair->key, cache.stale_while_revalidate.has_value())) return;
      cache.stale_while_revalidate = reader.ReadDuration(pair->value, kCacheRange);
      if (!cache.stale_while_revalidate) return;
    } else if (key == "scope") {
      if (Twice(reader, pair->key, declared.cache_scope)) return;
      declared.cache_scope = true;
      ReadScope(reader, pair->value, cache);
    } else if (key == "tags") {
      if (Twice(reader, pair->key, !cache.tags.empty())) return;
      cache.tags = reader.ReadNames(pair->value, NameRule::kTable);
    } else {
      return reader.FailUnexpected(pair->key);
    }
  }
  reader.ExpectEnd();
  query.cache = std::move(cache);
}

// The value of a word of @live, as "poll 2s" or "poll=2s"; nullopt after a report.
std::optional<Word> LiveValue(TagReader& reader, const Word& key) {
  reader.words.TakeEquals();
  if (const Word* value = reader.words.Next()) return *value;
  reader.Fail(key.where, "missing: the value of " + key.text);
  return std::nullopt;
}

bool ReadLiveWord(TagReader& reader, const Word& key, Live& live) {
  const bool duration = key.text == "poll" || key.text == "min";
  auto* const names = key.text == "key"      ? &live.key
                      : key.text == "by"     ? &live.by
                      : key.text == "tables" ? &live.tables
                                             : nullptr;
  if (!duration && names == nullptr) {
    reader.FailUnexpected(key);
    return false;
  }
  const auto value = LiveValue(reader, key);
  if (!value) return false;
  if (names != nullptr) {
    if (Twice(reader, key, !names->empty())) return false;
    *names = reader.ReadNames(*value, names == &live.tables ? NameRule::kTable : NameRule::kColumn);
    return !names->empty();
  }
  auto& target = key.text == "poll" ? live.poll : live.min_interval;
  if (Twice(reader, key, target.has_value())) return false;
  target = reader.ReadDuration(*value, key.text == "poll" ? kPollRange : kIntervalRange);
  return target.has_value();
}

void ReadLive(TagReader& reader, Query& query, Declared&) {
  Live live;
  while (const Word* key = reader.words.Next()) {
    if (!ReadLiveWord(reader, *key, live)) return;
  }
  if (live.poll && (live.min_interval || !live.by.empty() || !live.tables.empty())) {
    return reader.Fail(reader.where(), "poll asks again and again, so min, by and tables mean nothing");
  }
  query.live = std::move(live);
  query.live_where = reader.where();
}

void ReadTimeout(TagReader& reader, Query& query, Declared&) {
  const Word* const timeout = reader.words.Next();
  if (timeout == nullptr) return reader.FailMissing("the duration");
  query.timeout = reader.ReadDuration(*timeout, kTimeoutRange);
  reader.ExpectEnd();
}

void ReadRate(TagReader& reader, Query& query, Declared&) {
  const Word* const rate = reader.words.Next();
  if (rate == nullptr) return reader.FailMissing("the rate");
  const std::size_t slash = rate->text.find('/');
  const std::string unit = slash == std::string::npos ? "" : rate->text.substr(slash + 1);
  Word number = *rate;
  number.text = rate->text.substr(0, slash);
  const auto count = reader.ReadCount(number, kRateRange);
  if (!count) return;
  if (unit != "s" && unit != "m" && unit != "h") {
    return reader.Fail(rate->where, rate->text + ": per what? 20/s, 20/m or 20/h");
  }
  const Duration per = unit == "s" ? Seconds(1) : unit == "m" ? Minutes(1) : Hours(1);
  if (!reader.words.Take("per")) return reader.FailMissing("\"per ip\" or \"per CLAIM\"");
  const Word* const whom = reader.words.Next();
  if (whom == nullptr) return reader.FailMissing("ip or the name of a claim");
  if (whom->text != "ip" && !IsName(whom->text, NameRule::kClaim)) return reader.FailUnexpected(*whom);
  reader.ExpectEnd();
  query.rate = Rate{.count = *count, .per = per, .claim = whom->text == "ip" ? "" : whom->text};
}

void ReadConnection(TagReader& reader, Query& query, Declared&) {
  const Word* const name = reader.words.Next();
  if (name == nullptr) return reader.FailMissing("the connection's name");
  if (!IsName(name->text, NameRule::kClaim)) return reader.FailUnexpected(*name);
  query.connection = name->text;
  reader.ExpectEnd();
}

void ReadInvalidates(TagReader& reader, Query& query, Declared&) {
  const Word* const names = reader.words.Next();
  if (names == nullptr) return reader.FailMissing("what is changed");
  query.invalidates = reader.ReadNames(*names, NameRule::kTable);
  reader.ExpectEnd();
}

void ReadIdempotent(TagReader& reader, Query& query, Declared&) {
  query.idempotent = true;
  reader.ExpectEnd();
}

void ReadTransaction(TagReader& reader, Query& query, Declared&) {
  query.transaction = true;
  reader.ExpectEnd();
}

void ReadPlan(TagReader& reader, Query& query, Declared&) {
  query.custom_plan = reader.words.Take("custom");
  if (!query.custom_plan && reader.words.AtEnd()) return reader.FailMissing("the kind of plan");
  reader.ExpectEnd();
}

void ReadOneParam(TagReader& reader, Query&, Declared& declared) {
  auto param = ReadParam(reader);
  if (!param) return;
  for (const Declaration& other : declared.parameters) {
    if (other.name == param->name) return reader.Fail(param->where, param->name + " is declared twice");
  }
  if (declared.parameters.size() == kParametersMax) {
    return reader.Fail(param->where, "more than 1,000 parameters");
  }
  declared.parameters.push_back(*std::move(param));
}

void ReadOneChart(TagReader& reader, Query& query, Declared&) {
  auto chart = ReadChart(reader);
  if (!chart) return;
  if (query.charts.size() == kChartsMax) return reader.Fail(reader.where(), "more than 8 charts of a query");
  query.charts.push_back(*std::move(chart));
}

enum class Times : std::uint8_t { kOnce, kMany };

struct TagRow {
  std::string_view name;
  std::string_view usage;
  void (*read)(TagReader&, Query&, Declared&);
  Times times = Times::kOnce;
};

constexpr std::array<TagRow, 15> kTags = {{
    {"param", "@param NAME [TYPE][!] [path|query|body|claim] [= DEFAULT] [\"DOC\"]", ReadOneParam,
     Times::kMany},
    {"auth", "@auth none, or @auth [role:A,B] [claims:A,B]", ReadAuth},
    {"rows", "@rows many, one, value or exec", ReadRows},
    {"page", "@page [keyset COLUMNS [desc]] [limit=N] [max=N]", ReadPage},
    {"sort", "@sort COLUMN|COLUMN", ReadSort},
    {"cache", "@cache DURATION [swr=DURATION] [scope=public|CLAIMS] [tags=NAMES]", ReadCache},
    {"live", "@live [min=DURATION] [key=COLUMNS] [by=PARAMETERS] [tables=NAMES], or @live poll DURATION",
     ReadLive},
    {"chart", kChartUsage, ReadOneChart, Times::kMany},
    {"timeout", "@timeout DURATION", ReadTimeout},
    {"rate", "@rate N/s per ip, or per CLAIM; also N/m and N/h", ReadRate},
    {"connection", "@connection NAME", ReadConnection},
    {"invalidates", "@invalidates NAMES", ReadInvalidates},
    {"idempotent", "@idempotent, alone", ReadIdempotent},
    {"tx", "@tx, alone", ReadTransaction},
    {"plan", "@plan custom", ReadPlan},
}};

const TagRow* Find(std::string_view name) {
  const auto found = std::ranges::find(kTags, name, &TagRow::name);
  return found == kTags.end() ? nullptr : &*found;
}

void ReportUnknown(const Tag& tag, Problems& problems) {
  std::vector<std::string> names;
  std::string all;
  for (const TagRow& row : kTags) {
    names.emplace_back(row.name);
    // In two lines, for narrow terminals.
    all += (all.empty() ? "@" : names.size() == 9 ? "\n@" : " @") + std::string(row.name);
  }
  const auto near = Nearest(tag.name, names);
  problems.Add(ProblemKind::kTag, tag.where, "unknown tag @" + std::string(tag.name),
               (near ? "did you mean @" + *near + "?\n" : "") + "tags: " + all);
}

}  // namespace

Declared ReadTags(std::span<const Tag> tags, sql::Dialect dialect, Query& query, Problems& problems) {
  Declared declared;
  for (const Tag& tag : tags) {
    const TagRow* const row = Find(tag.name);
    if (row == nullptr) {
      ReportUnknown(tag, problems);
      continue;
    }
    TagReader reader(tag.where, SplitWords(tag.value, tag.value_offset, problems), row->usage, problems);
    if (!declared.places.try_emplace(row->name, tag.where).second && row->times == Times::kOnce) {
      reader.Fail(tag.where, "@" + std::string(row->name) + " stands twice");
      continue;
    }
    if (row->name == "plan" && dialect == sql::Dialect::kSqlite) {
      reader.Fail(tag.where, "SQLite has no plans to choose from");
      continue;
    }
    row->read(reader, query, declared);
  }
  return declared;
}

bool IsTagName(std::string_view name) { return Find(name) != nullptr; }

}  // namespace tidemill::files
