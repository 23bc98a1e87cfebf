#include "config/toml_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/toml.h"

namespace tidemill::config {
namespace {

class Reader {
 public:
  Reader(const std::string& name, std::span<const TableList> lists) : name_(name), lists_(lists) {}

  void Flatten(const TomlTable& table, const std::string& prefix) {
    for (const TomlEntry& entry : table.entries) Visit(prefix + entry.key, entry);
  }

  TomlFile Finish() && {
    std::ranges::sort(values_, {},
                      [](const Placed& value) { return std::pair(value.line, value.given.key); });
    std::ranges::sort(problems_);
    for (Placed& value : values_) file_.values.push_back(std::move(value.given));
    for (auto& [line, text] : problems_) file_.problems.push_back(std::move(text));
    return std::move(file_);
  }

 private:
  struct Placed {
    std::uint32_t line;
    Given given;
  };

  void Visit(const std::string& path, const TomlEntry& entry) {
    if (const auto list = std::ranges::find(lists_, path, &TableList::key); list != lists_.end()) {
      return ReadTables(*list, entry);
    }
    if (const auto* inner = std::get_if<TomlTable>(&entry.content)) {
      if (!inner->entries.empty()) return Flatten(*inner, path + ".");
      Add(path, entry.key_line, NotAValue{"a section"});
    } else if (const auto* value = std::get_if<Value>(&entry.content)) {
      Add(path, entry.key_line, *value);
    } else {
      Add(path, entry.key_line, NotAValue{"a list with other things than strings"});
    }
  }

  void Add(const std::string& path, std::uint32_t line, Value value) {
    std::string where = fmt::format("{}:{}: {}", name_, line, path);
    values_.push_back({line, {.key = path, .where = std::move(where), .value = std::move(value)}});
  }

  void AddProblem(const TableList& list, std::uint32_t line, std::string_view text) {
    problems_.emplace_back(line, fmt::format("{}:{}: {}: {}", name_, line, list.key, text));
  }

  void ReadTables(const TableList& list, const TomlEntry& entry) {
    if (const auto* tables = std::get_if<std::vector<TomlTable>>(&entry.content)) {
      for (const TomlTable& table : *tables) ReadTable(list, table);
    } else if (!IsEmptyList(entry)) {
      AddProblem(
          list, entry.value_line,
          fmt::format("not a list of tables; write [[{}]] with a name for each {}", list.key, list.noun));
    }
  }

  static bool IsEmptyList(const TomlEntry& entry) {
    const auto* value = std::get_if<Value>(&entry.content);
    const auto* items = value == nullptr ? nullptr : std::get_if<std::vector<std::string>>(value);
    return items != nullptr && items->empty();
  }

  void ReadTable(const TableList& list, const TomlTable& table) {
    const auto named = std::ranges::find(table.entries, "name", &TomlEntry::key);
    const auto* value = named == table.entries.end() ? nullptr : std::get_if<Value>(&named->content);
    const auto* name = value == nullptr ? nullptr : std::get_if<std::string>(value);
    if (name == nullptr) {
      AddProblem(list, table.line,
                 fmt::format("{} without a name; write name = {} in it", list.NounWithArticle(),
                             Quote(list.example_name)));
      return;
    }
    const TomlFile::NamedTable declared{&list, *name};
    if (std::ranges::find(file_.tables, declared) != file_.tables.end()) {
      AddProblem(list, named->value_line, fmt::format("name = {}: there twice", Quote(*name)));
      return;
    }
    file_.tables.push_back(declared);
    for (const TomlEntry& entry : table.entries) {
      if (entry.key != "name") Visit(list.PrefixOf(*name) + entry.key, entry);
    }
  }

  const std::string& name_;
  const std::span<const TableList> lists_;
  std::vector<Placed> values_;
  std::vector<std::pair<std::uint32_t, std::string>> problems_;
  TomlFile file_;
};

}  // namespace

TomlFile ReadToml(std::string_view text, const std::string& name, std::span<const TableList> lists) {
  const Result<TomlTable> parsed = ParseToml(text);
  if (!parsed) return {.problems = {name + parsed.error().detail}};
  Reader reader(name, lists);
  reader.Flatten(*parsed, "");
  return std::move(reader).Finish();
}

}  // namespace tidemill::config
