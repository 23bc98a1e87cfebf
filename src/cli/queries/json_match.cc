#include "cli/queries/json_match.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <optional>
#include <vector>

#include "base/json.h"

namespace tidemill::cli {
namespace {

std::string Where(const std::string& at) { return at.empty() ? "it" : at; }

std::string_view Trimmed(std::string_view json) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = json.find_first_not_of(kBlanks);
  if (begin == json.npos) return "";
  return json.substr(begin, json.find_last_not_of(kBlanks) - begin + 1);
}

std::map<std::string, std::string> Members(std::string_view json) {
  std::map<std::string, std::string> members;
  JsonReader reader(json);
  reader.EnterObject();
  while (const auto key = reader.NextKey()) {
    std::string name(*key);
    members.insert_or_assign(std::move(name), std::string(Trimmed(reader.ReadRaw())));
  }
  return members;
}

std::vector<std::string> Elements(std::string_view json) {
  std::vector<std::string> elements;
  JsonReader reader(json);
  reader.EnterArray();
  while (reader.NextElement()) elements.emplace_back(Trimmed(reader.ReadRaw()));
  return elements;
}

std::optional<double> Number(std::string_view json) {
  double value = 0;
  const auto [stop, error] = std::from_chars(json.data(), json.data() + json.size(), value);
  if (error != std::errc{} || stop != json.data() + json.size()) return std::nullopt;
  return value;
}

bool SameScalar(std::string_view expected, std::string_view actual) {
  if (expected == actual) return true;
  if (expected.starts_with('"') && actual.starts_with('"')) {
    return JsonReader(expected).ReadString() == JsonReader(actual).ReadString();
  }
  const auto a = Number(expected);
  const auto b = Number(actual);
  return a && b && *a == *b;
}

std::string Compare(const std::string& at, std::string_view expected, std::string_view actual);

std::string CompareObjects(const std::string& at, std::string_view expected, std::string_view actual) {
  const auto there = Members(actual);
  for (const auto& [name, value] : Members(expected)) {
    const std::string member = at.empty() ? name : at + "." + name;
    const auto found = there.find(name);
    if (found == there.end()) return member + " is not there";
    if (std::string why = Compare(member, value, found->second); !why.empty()) return why;
  }
  return "";
}

std::string CompareArrays(const std::string& at, std::string_view expected, std::string_view actual) {
  const auto wanted = Elements(expected);
  const auto there = Elements(actual);
  for (std::size_t i = 0; i < wanted.size() && i < there.size(); ++i) {
    if (std::string why = Compare(fmt::format("{}[{}]", at, i), wanted[i], there[i]); !why.empty())
      return why;
  }
  if (wanted.size() == there.size()) return "";
  return fmt::format("{} has {} elements, not {}", Where(at), there.size(), wanted.size());
}

std::string Compare(const std::string& at, std::string_view expected, std::string_view actual) {
  if (expected.starts_with('{') && actual.starts_with('{')) return CompareObjects(at, expected, actual);
  if (expected.starts_with('[') && actual.starts_with('[')) return CompareArrays(at, expected, actual);
  return SameScalar(expected, actual) ? "" : fmt::format("{} is {}, not {}", Where(at), actual, expected);
}

}  // namespace

std::string WhyNotJson(std::string_view expected, std::string_view actual) {
  return Compare("", Trimmed(expected), Trimmed(actual));
}

}  // namespace tidemill::cli
