#include "cli/live_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "cli/table.h"

namespace tidemill::cli {
namespace {

struct Cell {
  std::string column;
  std::string text;
  bool is_number = false;
};

Cell ReadCell(JsonReader& json, std::string_view column) {
  const JsonReader::Kind kind = json.Peek();
  Cell cell{.column = std::string(column), .is_number = kind == JsonReader::Kind::kNumber};
  if (kind == JsonReader::Kind::kString) {
    cell.text = json.ReadString();
  } else if (!json.SkipNull()) {
    cell.text = json.ReadRaw();
  }
  return cell;
}

// A row that is no object is one value.
std::vector<Cell> CellsOf(std::string_view row) {
  std::vector<Cell> cells;
  JsonReader json(row);
  if (json.Peek() != JsonReader::Kind::kObject) return {ReadCell(json, "value")};
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    const std::string column(*key);
    cells.push_back(ReadCell(json, column));
  }
  return cells;
}

struct Column {
  std::string name;
  bool is_number = true;  // in all rows
};

std::string TableOf(const std::vector<std::vector<Cell>>& rows) {
  std::vector<Column> columns;
  for (const auto& row : rows) {
    for (const Cell& cell : row) {
      auto found = std::ranges::find(columns, cell.column, &Column::name);
      if (found == columns.end()) found = columns.insert(columns.end(), Column{.name = cell.column});
      found->is_number = found->is_number && (cell.is_number || cell.text.empty());
    }
  }
  std::vector<std::string> names;  // a table's heads are printed as they are
  for (const Column& each : columns) names.push_back(Printable(each.name));
  std::vector<Table::Column> heads;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    heads.push_back({.head = names[i], .is_number = columns[i].is_number});
  }
  Table table(std::move(heads));
  for (const auto& row : rows) {
    std::vector<std::string> texts(columns.size());
    for (const Cell& cell : row) {
      const auto found = std::ranges::find(columns, cell.column, &Column::name);
      texts[static_cast<std::size_t>(found - columns.begin())] = cell.text;
    }
    table.Add(texts);
  }
  return table.empty() ? "" : table.ToText();
}

struct Named {
  std::string key;
  std::int64_t order = 0;
  std::string json;
};

Named ReadRow(JsonReader& json) {
  Named row;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "key") row.key = json.ReadString();
    if (*key == "order") row.order = json.ReadInteger<std::int64_t>();
    if (*key == "row") row.json = json.ReadRaw();
  }
  return row;
}

}  // namespace

Result<void> LiveView::Apply(const StreamEvent& event) {
  std::vector<Named> rows;
  std::vector<std::string> removed;
  std::int64_t since = 0;
  JsonReader json(event.data);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "rows") {
      json.EnterArray();
      while (json.NextElement()) rows.push_back(ReadRow(json));
    } else if (*key == "removed") {
      json.EnterArray();
      while (json.NextElement()) removed.push_back(json.ReadString());
    } else if (*key == "since") {
      since = json.ReadInteger<std::int64_t>();
    }
  }
  TM_TRY(json.Finish());
  if (event.name == "result") rows_.clear();
  for (const std::string& each : removed) rows_.erase(each);
  for (Named& each : rows) rows_[each.key] = {.order = each.order, .json = std::move(each.json)};
  if (event.name == "result" || event.name == "fresh") state_ = "live";
  if (event.name == "stale") {
    const std::int64_t seconds = std::max<std::int64_t>(0, SystemClock().WallNow().ms - since) / 1000;
    state_ = fmt::format("STALE: as it was {} s ago, the database does not answer", seconds);
  }
  return {};
}

std::string LiveView::ToText() const {
  std::vector<const Row*> in_order;
  for (const auto& [key, row] : rows_) in_order.push_back(&row);
  std::ranges::sort(in_order, std::ranges::greater{}, &Row::order);
  std::vector<std::vector<Cell>> cells;
  for (const Row* each : in_order) cells.push_back(CellsOf(each->json));
  const std::string_view rows = rows_.size() == 1 ? "row" : "rows";
  return fmt::format("{}   {} {}   {}\n\n{}", Printable(name_), rows_.size(), rows, Printable(state_),
                     TableOf(cells));
}

std::string EventLine(const StreamEvent& event) {
  std::string line;
  JsonWriter json(line);
  json.BeginObject();
  json.Member("event", event.name);
  json.Key("data");
  json.RawOnOneLine(event.data);
  json.EndObject();
  return line + "\n";
}

}  // namespace tidemill::cli
