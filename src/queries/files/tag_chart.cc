#include "queries/files/tag_chart.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/nearest.h"

namespace tidemill::files {
namespace {

constexpr std::size_t kTitleBytes = 200;
constexpr std::size_t kUnitBytes = 32;

struct Shape {
  std::string_view name;
  bool x = false;  // needs both x= and y=
  bool y = false;
  std::span<const std::string_view> keys;
};
constexpr std::array<std::string_view, 5> kPlotKeys = {"x", "y", "series", "title", "unit"};
constexpr std::array<std::string_view, 4> kPieKeys = {"x", "y", "title", "unit"};
constexpr std::array<std::string_view, 2> kTableKeys = {"columns", "title"};
constexpr std::array<std::string_view, 4> kNumberKeys = {"y", "before", "title", "unit"};
// In the order of ChartKind.
constexpr std::array<Shape, 6> kShapes = {{{"line", true, true, kPlotKeys},
                                           {"area", true, true, kPlotKeys},
                                           {"bar", true, true, kPlotKeys},
                                           {"pie", true, true, kPieKeys},
                                           {"table", false, false, kTableKeys},
                                           {"number", false, true, kNumberKeys}}};

const Shape& ShapeOf(ChartKind kind) { return kShapes[static_cast<std::size_t>(kind)]; }

std::optional<ChartKind> ReadKind(TagReader& reader) {
  const Word* const word = reader.words.Next();
  if (word == nullptr) {
    reader.FailMissing("the kind of chart");
    return std::nullopt;
  }
  const auto found = std::ranges::find(kShapes, word->text, &Shape::name);
  if (found != kShapes.end() && word->kind == Word::Kind::kPlain) {
    return static_cast<ChartKind>(found - kShapes.begin());
  }
  std::vector<std::string> names;
  for (const Shape& each : kShapes) names.emplace_back(each.name);
  const auto near = Nearest(word->text, names);
  reader.Fail(word->where,
              word->text + " is no kind of chart" + (near ? "; did you mean " + *near + "?" : ""));
  return std::nullopt;
}

// Columns; a name in double quotes is one column, whatever is in it.
std::vector<std::string> ReadColumns(TagReader& reader, const Word& value) {
  if (value.kind != Word::Kind::kDoubleQuoted) return reader.ReadNames(value, NameRule::kColumn);
  if (value.text.empty()) {
    reader.Fail(value.where, "an empty name");
    return {};
  }
  return {value.text};
}

bool ReadColumn(TagReader& reader, const Words::Pair& pair, std::string& column) {
  std::vector<std::string> columns = ReadColumns(reader, pair.value);
  if (columns.size() > 1) reader.Fail(pair.value.where, pair.key.text + "= is one column");
  if (columns.size() != 1) return false;
  column = std::move(columns.front());
  return true;
}

bool ReadText(TagReader& reader, const Words::Pair& pair, std::size_t bytes_max, std::string& text) {
  if (pair.value.text.empty()) {
    reader.Fail(pair.value.where, "missing: the text of " + pair.key.text + "=");
    return false;
  }
  if (pair.value.text.size() > bytes_max) {
    reader.Fail(pair.value.where, pair.key.text + "= has more than " + std::to_string(bytes_max) + " bytes");
    return false;
  }
  text = pair.value.text;
  return true;
}

bool ReadPair(TagReader& reader, const Words::Pair& pair, Chart& chart) {
  const std::string& key = pair.key.text;
  if (key == "x") return ReadColumn(reader, pair, chart.x);
  if (key == "series") return ReadColumn(reader, pair, chart.series);
  if (key == "before") return ReadColumn(reader, pair, chart.before);
  if (key == "title") return ReadText(reader, pair, kTitleBytes, chart.title);
  if (key == "unit") return ReadText(reader, pair, kUnitBytes, chart.unit);
  auto& columns = key == "y" ? chart.y : chart.columns;
  columns = ReadColumns(reader, pair.value);
  return !columns.empty();
}

bool Fits(TagReader& reader, const Chart& chart) {
  const Shape& shape = ShapeOf(chart.kind);
  const std::string name = "@chart " + std::string(shape.name);
  if (shape.x && chart.x.empty()) {
    reader.FailMissing("x=COLUMN: what " + name + " has along its axis");
    return false;
  }
  if (shape.y && chart.y.empty()) {
    reader.FailMissing("y=COLUMN: the numbers that " + name + " shows");
    return false;
  }
  const bool one = chart.kind == ChartKind::kPie || chart.kind == ChartKind::kNumber;
  if (chart.y.size() > 1 && (one || !chart.series.empty())) {
    reader.Fail(reader.where(), one ? name + " has one column y=" : "series= wants one column in y=");
    return false;
  }
  return true;
}

}  // namespace

std::string_view Name(ChartKind kind) { return ShapeOf(kind).name; }

std::optional<Chart> ReadChart(TagReader& reader) {
  const auto kind = ReadKind(reader);
  if (!kind) return std::nullopt;
  Chart chart;
  chart.kind = *kind;
  chart.where = reader.where();
  std::vector<std::string> seen;
  while (const auto pair = reader.words.TakePair()) {
    const std::string& key = pair->key.text;
    if (std::ranges::find(ShapeOf(*kind).keys, key) == ShapeOf(*kind).keys.end()) {
      reader.FailUnexpected(pair->key);
      return std::nullopt;
    }
    if (std::ranges::find(seen, key) != seen.end()) {
      reader.Fail(pair->key.where, key + " stands twice");
      return std::nullopt;
    }
    seen.push_back(key);
    if (!ReadPair(reader, *pair, chart)) return std::nullopt;
  }
  reader.ExpectEnd();
  if (!reader.words.AtEnd() || !Fits(reader, chart)) return std::nullopt;
  return chart;
}

}  // namespace tidemill::files
