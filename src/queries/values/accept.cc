#include "queries/values/accept.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "base/ascii.h"
#include "queries/values/weighted_list.h"

namespace tidemill::queries {
namespace {

struct Name {
  std::string_view type;
  Format format;
};

constexpr std::array kNames = std::to_array<Name>({
    {"application/json", Format::kJson},
    {"application/vnd.pgrst.object+json", Format::kObject},
    {"application/vnd.pgrst.object", Format::kObject},
    {"application/x-ndjson", Format::kLines},
    {"application/ndjson", Format::kLines},
    {"application/jsonl", Format::kLines},
    {"text/csv", Format::kCsv},
});

constexpr std::array kOfMany = {Format::kJson, Format::kObject, Format::kLines, Format::kCsv};
constexpr std::array kOfOne = {Format::kJson, Format::kObject};
constexpr std::array kOfValue = {Format::kJson};

// How exactly `range` names `format`; 0: not at all.
int Specificity(std::string_view range, Format format) {
  // Nobody means this one who does not name it.
  if (range == "*/*") return format == Format::kObject ? 0 : 1;
  int found = 0;
  for (const Name& name : kNames) {
    if (name.format != format) continue;
    if (range == name.type) return 3;
    const bool usual = format == Format::kJson || format == Format::kCsv;
    if (usual && range.ends_with("/*") && name.type.starts_with(range.substr(0, range.size() - 1))) found = 2;
  }
  return found;
}

struct Rank {
  int quality = 0;
  std::size_t place = 0;  // of the element that decides, in the header
};

// The most specific element decides: RFC 9110 section 12.5.1.
Rank RankOf(Format format, const std::vector<WeightedElement>& accepted) {
  Rank rank;
  int best = 0;
  for (std::size_t i = 0; i < accepted.size(); ++i) {
    const int specificity = Specificity(accepted[i].value, format);
    if (specificity <= best) continue;
    best = specificity;
    rank = {.quality = accepted[i].quality, .place = i};
  }
  return rank;
}

// As most clients say that are not browsers.
bool TakesAnything(const http::Request& request) {
  return std::ranges::all_of(request.headers, [](const http::HeaderView& header) {
    return header.value == "*/*" || !EqualIgnoringCase(header.name, "accept");
  });
}

}  // namespace

std::string_view ContentType(Format format) {
  switch (format) {
    case Format::kJson: return "application/json";
    case Format::kObject: return "application/vnd.pgrst.object+json";
    case Format::kLines: return "application/x-ndjson";
    case Format::kCsv: return "text/csv; charset=utf-8";
  }
  return "application/json";
}

std::span<const Format> FormatsOf(files::RowsShape shape) {
  switch (shape) {
    case files::RowsShape::kMany: return kOfMany;
    case files::RowsShape::kOne: return kOfOne;
    case files::RowsShape::kValue:
    case files::RowsShape::kExec: return kOfValue;
  }
  return kOfValue;
}

std::optional<Format> Negotiate(const http::Request& request, std::span<const Format> offered) {
  if (TakesAnything(request)) return offered.front();
  const std::vector<WeightedElement> accepted = ReadWeighted(request, "accept");
  if (accepted.empty()) return offered.front();
  std::optional<Format> chosen;
  Rank best;
  for (const Format format : offered) {
    const Rank rank = RankOf(format, accepted);
    const bool better =
        rank.quality > best.quality || (rank.quality == best.quality && rank.place < best.place);
    if (rank.quality == 0 || (chosen && !better)) continue;
    chosen = format;
    best = rank;
  }
  return chosen;
}

bool AsksForEvents(const http::Request& request) {
  if (TakesAnything(request)) return false;
  return std::ranges::any_of(ReadWeighted(request, "accept"), [](const WeightedElement& each) {
    return each.value == "text/event-stream" && each.quality > 0;
  });
}

}  // namespace tidemill::queries
