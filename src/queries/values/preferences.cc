#include "queries/values/preferences.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <vector>

#include "base/ascii.h"

namespace tidemill::queries {
namespace {

constexpr std::size_t kPreferencesMax = 64;

struct Preference {
  std::string_view name;
  std::string_view value;
};

std::string_view Unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

// `a=b; parameter=c`: nobody here knows parameters.
Preference ReadOne(std::string_view text) {
  text = TrimBlanks(text.substr(0, text.find(';')));
  const std::size_t equals = std::min(text.find('='), text.size());
  return {.name = TrimBlanks(text.substr(0, equals)),
          .value = Unquoted(TrimBlanks(text.substr(std::min(equals + 1, text.size()))))};
}

std::vector<Preference> ReadAll(const http::Request& request) {
  std::vector<Preference> all;
  for (const http::HeaderView& header : request.headers) {
    if (!EqualIgnoringCase(header.name, "prefer")) continue;
    for (std::string_view rest = header.value; !rest.empty() && all.size() < kPreferencesMax;) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      const Preference one = ReadOne(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const auto same = [&](const Preference& each) { return EqualIgnoringCase(each.name, one.name); };
      if (!one.name.empty() && std::ranges::none_of(all, same)) all.push_back(one);
    }
  }
  return all;
}

bool ReadCount(std::string_view value, Preferences& into) {
  for (const Count count : {Count::kExact, Count::kPlanned, Count::kEstimated}) {
    if (EqualIgnoringCase(value, Name(count))) into.count = count;
  }
  return into.count != Count::kNone;
}

bool ReadReturn(std::string_view value, Preferences& into) {
  if (EqualIgnoringCase(value, "minimal")) into.answer = Return::kMinimal;
  if (EqualIgnoringCase(value, "representation")) into.answer = Return::kRepresentation;
  return into.answer.has_value();
}

bool ReadMaxAffected(std::string_view value, Preferences& into) {
  std::uint64_t most = 0;
  const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), most);
  if (error != std::errc{} || stop != value.data() + value.size()) return false;
  into.max_affected = most;
  return true;
}

bool ReadHandling(std::string_view value, Preferences& into) {
  into.strict = EqualIgnoringCase(value, "strict");
  return into.strict || EqualIgnoringCase(value, "lenient");
}

struct Known {
  std::string_view name;
  std::string_view accepted;
  bool (*read)(std::string_view value, Preferences& into);
};

constexpr std::array kKnown = std::to_array<Known>({
    {"count", "exact, planned or estimated", ReadCount},
    {"return", "representation or minimal", ReadReturn},
    {"max-affected", "a number", ReadMaxAffected},
    {"handling", "strict or lenient", ReadHandling},
});

}  // namespace

std::string_view Name(Count count) {
  switch (count) {
    case Count::kNone: return "none";
    case Count::kExact: return "exact";
    case Count::kPlanned: return "planned";
    case Count::kEstimated: return "estimated";
  }
  return "none";
}

Preferences ReadPreferences(const http::Request& request, Refusal& refusal) {
  Preferences read;
  Refusal wrong;
  for (const Preference& each : ReadAll(request)) {
    const auto same = [&](const Known& known) { return EqualIgnoringCase(known.name, each.name); };
    const auto known = std::ranges::find_if(kKnown, same);
    if (known == kKnown.end()) {
      wrong.Add("header Prefer", Shown(each.name) + " is not known here, and handling=strict asks for that");
    } else if (!known->read(each.value, read)) {
      wrong.Add("header Prefer", std::string(known->name) + " must be " + std::string(known->accepted) +
                                     ", and is " + Shown(each.value));
    }
  }
  if (read.strict) {
    for (FieldError& error : wrong.errors) refusal.Add(std::move(error.field), std::move(error.problem));
  } else {
    read.max_affected.reset();
  }
  return read;
}

}  // namespace tidemill::queries
