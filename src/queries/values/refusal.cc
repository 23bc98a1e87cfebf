#include "queries/values/refusal.h"

#include <optional>
#include <utility>

#include "base/json_writer.h"
#include "base/nearest.h"
#include "base/utf8.h"

namespace tidemill::queries {

void Refusal::Add(std::string field, std::string problem) {
  if (full()) {
    ++unlisted;
    return;
  }
  errors.push_back({.field = std::move(field), .problem = std::move(problem)});
}

std::string Shown(std::string_view sent) {
  constexpr std::size_t kBytesMax = 60;
  const std::string_view cut = CutUtf8(sent, kBytesMax);
  std::string shown;
  AppendJsonString(cut, shown);
  if (cut.size() < sent.size()) shown.insert(shown.size() - 1, "…");
  return shown;
}

std::string NearMiss(std::string_view name, const std::vector<std::string>& known) {
  // Finding it takes time in proportion to all of these.
  constexpr std::size_t kNameBytesMax = 64;
  constexpr std::size_t kKnownMax = 100;
  if (name.size() > kNameBytesMax || known.size() > kKnownMax) return "";
  const std::optional<std::string> near = Nearest(name, known);
  return near ? "; did you mean " + *near + "?" : "";
}

}  // namespace tidemill::queries
