#include "queries/values/request_reading.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "queries/values/cursor.h"
#include "queries/values/url_encoded.h"

namespace tidemill::queries {
namespace {

using files::ParameterSource;

std::string_view PlaceOf(ParameterSource source) {
  switch (source) {
    case ParameterSource::kPath: return "in the path";
    case ParameterSource::kQuery: return "in the query, behind the ?";
    case ParameterSource::kBody: return "in the body";
    case ParameterSource::kClaim: return "in the caller's token";
  }
  return "";
}

// How many pairs a query or a form may have.
constexpr std::size_t kPairsMax = kArrayElementsMax;

// At least as many elements as the arrays in a JSON value have.
std::size_t CountElements(std::string_view json) {
  std::size_t count = 1;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] == '"') in_text = !in_text;
    if (json[i] == '\\') ++i;
    if (json[i] == ',' && !in_text) ++count;
  }
  return count;
}

bool IsArray(const sql::Type& type) { return type.kind == sql::Kind::kArray && type.element; }

}  // namespace

RequestReading::RequestReading(const RequestReader& reader, const http::Request& request,
                               std::string_view claims)
    : reader_(reader), request_(request), claims_(claims), query_(*reader.endpoint_->query) {}

const files::Parameter& RequestReading::ParameterAt(std::size_t index) const {
  return query_.parameters[index];
}

const sql::Type& RequestReading::TypeAt(std::size_t index) const {
  return *reader_.endpoint_->parameters[index].type;
}

std::expected<TypedRequest, Refusal> RequestReading::Read() {
  if (!ReadFormat()) return std::unexpected(std::move(refusal_));
  Input shared{.values = sql::Parameters(query_.parameters.size()),
               .given = std::vector<bool>(query_.parameters.size())};
  if (reader_.has_claims_ && !ReadClaims(shared)) return std::unexpected(std::move(refusal_));
  ReadPreferences();
  ReadPath(shared);
  ReadQuery(shared);
  ReadPage();
  ReadBody(shared);
  if (!refusal_.empty()) return std::unexpected(std::move(refusal_));
  return std::move(typed_);
}

// How many rows a statement changes is known of a plain one only: neither of what stands in a "with" nor of
// functions.
void RequestReading::ReadPreferences() {
  typed_.preferences = queries::ReadPreferences(request_, refusal_);
  const bool writes = reader_.endpoint_->access == sql::Access::kWrite;
  if (!typed_.preferences.max_affected || !writes) return;
  const auto is_plain = [](const files::QueryStatement& each) { return each.changes_plainly; };
  const auto is_hidden = [](const files::QueryStatement& each) {
    return each.writes && !each.changes_plainly;
  };
  if (std::ranges::any_of(query_.statements, is_plain) &&
      std::ranges::none_of(query_.statements, is_hidden)) {
    return;
  }
  refusal_.Add(
      "header Prefer",
      "max-affected: this endpoint is no plain insert, update or delete, so that the rows it changes "
      "are not counted");
}

bool RequestReading::ReadFormat() {
  const auto offered = FormatsOf(query_.rows);
  if (const auto format = Negotiate(request_, offered)) {
    typed_.format = *format;
    return true;
  }
  std::string all;
  for (const Format format : offered) {
    const std::string_view type = ContentType(format);
    all += (all.empty() ? "" : ", ") + std::string(type.substr(0, type.find(';')));
  }
  refusal_.kind = RefusalKind::kNotAcceptable;
  refusal_.Add("header Accept", "must take one of " + all + ", and is " + Shown(*request_.Header("accept")));
  return false;
}

bool RequestReading::ReadClaims(Input& input) {
  JsonReader json(claims_.empty() ? "{}" : claims_);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    const auto found = reader_.names_.find(*key);
    if (found == reader_.names_.end()) continue;
    const std::size_t index = found->second;
    if (ParameterAt(index).source != ParameterSource::kClaim) continue;
    auto value = FromJson(TypeAt(index), json.ReadRaw(), reader_.dialect_);
    input.given[index] = false;  // of a claim that is there twice the last counts
    Set(index, std::move(value), "claim ", input);
  }
  FillAbsent(ParameterSource::kClaim, "claim ", input);
  refusal_.kind = refusal_.empty() ? RefusalKind::kInvalid : RefusalKind::kForbidden;
  return refusal_.empty();
}

void RequestReading::ReadPath(Input& input) {
  for (std::size_t i = 0; i < request_.path_names.size(); ++i) {
    const auto found = reader_.names_.find(request_.path_names[i]);
    if (found == reader_.names_.end() || ParameterAt(found->second).source != ParameterSource::kPath)
      continue;
    auto text = DecodeUrl(request_.path_values[i], Plus::kItself);
    const std::size_t index = found->second;
    Set(index, text ? FromText(TypeAt(index), *text, reader_.dialect_) : std::unexpected(text.error()), "",
        input);
  }
}

void RequestReading::ReadQuery(Input& input) { ReadPairs(request_.query, ParameterSource::kQuery, input); }

void RequestReading::ReadPairs(std::string_view text, ParameterSource source, Input& input) {
  Texts texts;
  UrlPairs pairs(text);
  std::size_t count = 0;
  while (const auto pair = pairs.Next()) {
    if (refusal_.full()) return;
    if (++count > kPairsMax) {
      refusal_.kind = RefusalKind::kTooLarge;
      return refusal_.Add(source == ParameterSource::kBody ? "body" : "query",
                          "has more than " + std::to_string(kPairsMax) + " fields");
    }
    ReadPair(pair->name, pair->value, source, texts);
  }
  SetTexts(texts, input);
  FillAbsent(source, "", input);
}

void RequestReading::ReadPair(std::string_view name, std::string_view value, ParameterSource source,
                              Texts& texts) {
  const auto decoded_name = DecodeUrl(name, Plus::kBlank);
  if (!decoded_name) return refusal_.Add(Shown(name), decoded_name.error());
  const auto found = reader_.names_.find(*decoded_name);
  const bool known = found != reader_.names_.end() && ParameterAt(found->second).source == source;
  if (!known && source == ParameterSource::kQuery && ReadReserved(*decoded_name, value)) return;
  if (!known) return AddUnknown(*decoded_name, source, "");
  auto text = DecodeUrl(value, Plus::kBlank);
  if (!text) return refusal_.Add(*decoded_name, std::move(text).error());
  texts[found->second].push_back(*std::move(text));
}

// Names that the endpoint's tags give a meaning.
bool RequestReading::ReadReserved(const std::string& name, std::string_view value) {
  const bool keyset = query_.page && !query_.page->keyset.empty();
  const bool reserved = (query_.page && (name == "limit" || name == (keyset ? "cursor" : "offset"))) ||
                        (!query_.sort.empty() && name == "sort");
  if (!reserved) {
    const auto& others = reader_.options_.other_query_names;
    return std::ranges::find(others, name) != others.end();
  }
  auto text = DecodeUrl(value, Plus::kBlank);
  if (!text) {
    refusal_.Add(name, std::move(text).error());
  } else if (!reserved_.emplace(name, *std::move(text)).second) {
    refusal_.Add(name, "is there twice");
  }
  return true;
}

void RequestReading::SetTexts(const Texts& texts, Input& input) {
  for (const auto& [index, values] : texts) {
    const sql::Type& type = TypeAt(index);
    if (IsArray(type)) {
      Set(index, FromTexts(type, values, reader_.dialect_), "", input);
    } else if (values.size() > 1) {
      refusal_.Add(ParameterAt(index).name, "is there " + std::to_string(values.size()) + " times");
      input.given[index] = true;
    } else {
      Set(index, FromText(type, values.front(), reader_.dialect_), "", input);
    }
  }
}

void RequestReading::Set(std::size_t index, Checked<sql::Parameter> value, const std::string& prefix,
                         Input& input) {
  const files::Parameter& parameter = ParameterAt(index);
  const bool again = input.given[index];
  input.given[index] = true;
  if (again) {
    refusal_.Add(prefix + parameter.name, "is there twice");
  } else if (!value) {
    refusal_.Add(prefix + parameter.name, std::move(value).error());
  } else if (parameter.required && std::holds_alternative<sql::Null>(*value)) {
    refusal_.Add(prefix + parameter.name, "must not be null");
  } else {
    input.values[index] = *std::move(value);
  }
}

void RequestReading::AddUnknown(std::string_view name, ParameterSource source, const std::string& prefix) {
  const auto found = reader_.names_.find(name);
  if (found != reader_.names_.end()) {
    return refusal_.Add(prefix + std::string(name),
                        "belongs " + std::string(PlaceOf(ParameterAt(found->second).source)));
  }
  std::vector<std::string> known;
  for (const files::Parameter& each : query_.parameters) {
    if (each.source == source) known.push_back(each.name);
  }
  std::string problem = "is no parameter of this endpoint" + NearMiss(name, known);
  if (source == ParameterSource::kBody && (name.starts_with('{') || name.starts_with('['))) {
    problem = "looks like JSON: send it with Content-Type: application/json";
  }
  refusal_.Add(prefix + (IsToken(name) ? std::string(name) : Shown(name)), std::move(problem));
}

void RequestReading::FillAbsent(ParameterSource source, const std::string& prefix, Input& input) {
  for (std::size_t i = 0; i < input.given.size(); ++i) {
    if (input.given[i] || ParameterAt(i).source != source) continue;
    if (const auto& absent = reader_.absent_[i]) {
      input.values[i] = *absent;
    } else {
      refusal_.Add(prefix + ParameterAt(i).name, "is missing " + std::string(PlaceOf(source)));
    }
  }
}

void RequestReading::Finish(Input input) { typed_.inputs.push_back(std::move(input.values)); }

void RequestReading::ReadBody(const Input& shared) {
  const bool may_have_body = request_.method != http::Method::kGet && request_.method != http::Method::kHead;
  if (!may_have_body || request_.body.empty()) {
    Input input = shared;
    FillAbsent(ParameterSource::kBody, "", input);
    return Finish(std::move(input));
  }
  const std::string_view header = request_.Header("content-type").value_or("application/json");
  const std::string type = ToLower(TrimBlanks(header.substr(0, header.find(';'))));
  const std::size_t charset = ToLower(header).find("charset=");
  const bool utf8 =
      charset == std::string::npos || ToLower(header).find("utf-8", charset) != std::string::npos;
  if (utf8 && type == "application/json") return ReadJson(shared);
  if (utf8 && type == "application/x-www-form-urlencoded") return ReadForm(shared);
  refusal_.kind = RefusalKind::kUnsupportedMediaType;
  refusal_.errors.clear();
  refusal_.Add(
      "header Content-Type",
      "must be application/json or application/x-www-form-urlencoded, in UTF-8, and is " + Shown(header));
}

void RequestReading::ReadForm(const Input& shared) {
  Input input = shared;
  ReadPairs(request_.body, ParameterSource::kBody, input);
  Finish(std::move(input));
}

void RequestReading::ReadJson(const Input& shared) {
  JsonReader json(request_.body);
  if (json.Peek() == JsonReader::Kind::kArray) {
    ReadElements(json, shared);
  } else if (json.Peek() == JsonReader::Kind::kObject) {
    ReadElement(json, shared, "");
  } else {
    json.Fail("expected an object, or an array of objects");
  }
  if (auto finished = json.Finish(); !finished) {
    refusal_.errors.clear();  // what was read before is not to be believed
    refusal_.Add("body", "is no JSON for this endpoint: " + finished.error().detail);
  }
}

void RequestReading::ReadElements(JsonReader& json, const Input& shared) {
  typed_.bulk = true;
  if (typed_.page) refusal_.Add("body", "must be an object: answers of this endpoint have pages");
  const std::size_t parameters = std::max<std::size_t>(query_.parameters.size(), 1);
  const std::size_t most = std::min(reader_.options_.bulk_elements_max / query_.statements.size(),
                                    reader_.options_.bulk_values_max / parameters);
  std::size_t count = 0;
  for (json.EnterArray(); json.NextElement(); ++count) {
    if (count >= most || refusal_.full()) continue;
    ReadElement(json, shared, "[" + std::to_string(count) + "].");
  }
  if (count <= most || !json.ok()) return;
  refusal_.kind = RefusalKind::kTooLarge;
  refusal_.Add("body", "has " + std::to_string(count) + " elements, and at most " + std::to_string(most) +
                           " may come at once");
}

Checked<sql::Parameter> RequestReading::ReadMember(std::size_t index, std::string_view json) {
  const sql::Type& type = TypeAt(index);
  if (type.kind == sql::Kind::kArray || type.kind == sql::Kind::kComposite) {
    elements_ += CountElements(json);
    if (elements_ > kBodyElementsMax) {
      return std::unexpected("has, with the arrays before it, more than " + std::to_string(kBodyElementsMax) +
                             " elements");
    }
  }
  return FromJson(type, json, reader_.dialect_);
}

void RequestReading::ReadElement(JsonReader& json, const Input& shared, const std::string& prefix) {
  if (json.Peek() != JsonReader::Kind::kObject) {
    if (json.Peek() == JsonReader::Kind::kNone) return json.Skip();
    refusal_.Add(prefix.substr(0, prefix.size() - 1), "must be an object");
    return json.Skip();
  }
  Input input = shared;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (refusal_.full()) continue;
    const auto found = reader_.names_.find(*key);
    if (found == reader_.names_.end() || ParameterAt(found->second).source != ParameterSource::kBody) {
      AddUnknown(*key, ParameterSource::kBody, prefix);
      continue;
    }
    const std::string_view value = json.ReadRaw();
    if (json.ok()) Set(found->second, ReadMember(found->second, value), prefix, input);
  }
  FillAbsent(ParameterSource::kBody, prefix, input);
  Finish(std::move(input));
}

std::optional<std::uint64_t> RequestReading::ReadCount(const std::string& name, std::uint64_t most) {
  const auto found = reserved_.find(name);
  if (found == reserved_.end()) return std::nullopt;
  const std::string& text = found->second;
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && stop == text.data() + text.size() && value <= most) return value;
  refusal_.Add(name, "must be an integer from 0 to " + std::to_string(most) + ", and is " + Shown(text));
  return std::nullopt;
}

void RequestReading::ReadPage() {
  if (const auto sort = reserved_.find("sort"); sort != reserved_.end()) {
    typed_.sort = ReadSort(sort->second, query_.sort, refusal_);
  }
  if (!query_.page) return;
  const files::Page& page = *query_.page;
  typed_.page = PageRequest{.limit = page.limit};
  if (page.keyset.empty()) return ReadOffsetPage(page);
  if (const auto limit = ReadCount("limit", page.max)) typed_.page->limit = *limit;
  if (const auto cursor = reserved_.find("cursor"); cursor != reserved_.end()) {
    auto after = ReadCursor(reader_.cursor_purpose_, reader_.keyset_columns_, cursor->second);
    if (!after) return refusal_.Add("cursor", std::move(after).error());
    typed_.page->after = *std::move(after);
  }
}

// limit and offset go before a Range header.
void RequestReading::ReadOffsetPage(const files::Page& page) {
  constexpr std::uint64_t kOffsetMax = 1'000'000'000'000'000;
  const auto limit = ReadCount("limit", page.max);
  const auto offset = ReadCount("offset", kOffsetMax);
  if (limit) typed_.page->limit = *limit;
  if (offset) typed_.page->offset = *offset;
  const bool reads = request_.method == http::Method::kGet || request_.method == http::Method::kHead;
  if (limit || offset || !reads) return;
  const auto range = ReadRange(request_, refusal_);
  if (!range) return;
  typed_.page->offset = range->first;
  typed_.page->limit = page.max;
  if (range->last) typed_.page->limit = std::min<std::uint64_t>(page.max, *range->last - range->first + 1);
}

}  // namespace tidemill::queries
