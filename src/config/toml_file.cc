#include "config/toml_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "config/toml.h"

namespace tidemill::config {
namespace {

// What `path` ("job.type") leads to, if that is a text.
const std::string* TextAt(const TomlTable& table, std::string_view path) {
  const std::string_view key = path.substr(0, path.find('.'));
  const auto entry = std::ranges::find(table.entries, key, &TomlEntry::key);
  if (entry == table.entries.end()) return nullptr;
  if (key.size() < path.size()) {
    const auto* inner = std::get_if<TomlTable>(&entry->content);
    return inner == nullptr ? nullptr : TextAt(*inner, path.substr(key.size() + 1));
  }
  const auto* value = std::get_if<Value>(&entry->content);
  return value == nullptr ? nullptr : std::get_if<std::string>(value);
}

// "Reports--Daily" of "Reports::Daily".
std::string AsName(std::string name) {
  std::ranges::replace_if(
      name, [](char c) { return !IsLetter(c) && !IsDigit(c) && c != '_' && c != '.'; }, '-');
  return name;
}

bool TakesJson(const Key& key) {
  return std::holds_alternative<JsonArray*>(key.type) || std::holds_alternative<JsonObject*>(key.type) ||
         std::holds_alternative<SecretObject*>(key.type);
}

JsonPaths JsonPathsOf(std::span<const Key> keys, std::span<const TableList> lists) {
  JsonPaths paths;
  for (const Key& key : keys) {
    if (TakesJson(key)) paths.insert(key.name);
  }
  for (const TableList& list : lists) {
    for (const Key& row : list.rows) {
      if (TakesJson(row)) paths.insert(list.key + "." + row.name);
    }
  }
  return paths;
}

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
    if (list.written == Written::kByName) return ReadTablesByName(list, entry);
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

  void ReadTablesByName(const TableList& list, const TomlEntry& entry) {
    const auto* tables = std::get_if<TomlTable>(&entry.content);
    if (tables == nullptr) {
      return AddProblem(list, entry.key_line,
                        fmt::format("not a section; write {} = {{…}} in [{}], a line for each {}",
                                    list.example_name, list.key, list.noun));
    }
    for (const TomlEntry& each : tables->entries) {
      const auto* table = std::get_if<TomlTable>(&each.content);
      if (table == nullptr) {
        AddProblem(list, each.key_line, fmt::format("{}: not a table; write it in {{ }}", Quote(each.key)));
        continue;
      }
      file_.tables.push_back({&list, each.key});
      for (const TomlEntry& option : table->entries) Visit(list.PrefixOf(each.key) + option.key, option);
    }
  }

  bool IsDeclared(const TomlFile::NamedTable& table) const {
    return std::ranges::find(file_.tables, table) != file_.tables.end();
  }

  // Of a table that has no name: that of its option, with a number if that is taken; nullopt: it has none.
  std::optional<std::string> NameFor(const TableList& list, const TomlTable& table) const {
    const std::string* source = list.name_from.empty() ? nullptr : TextAt(table, list.name_from);
    if (source == nullptr || source->empty()) return std::nullopt;
    const std::string stem = AsName(*source);
    std::string name = stem;
    for (int number = 2; IsDeclared({&list, name}); ++number) {
      name = fmt::format("{}-{}", stem, number);
    }
    return name;
  }

  void ReadTable(const TableList& list, const TomlTable& table) {
    const bool has_name = std::ranges::find(table.entries, "name", &TomlEntry::key) != table.entries.end();
    if (const auto name = has_name ? std::nullopt : NameFor(list, table)) {
      file_.tables.push_back({&list, *name});
      return ReadOptions(list, *name, table);
    }
    const auto named = std::ranges::find(table.entries, "name", &TomlEntry::key);
    const auto* value = named == table.entries.end() ? nullptr : std::get_if<Value>(&named->content);
    const auto* name = value == nullptr ? nullptr : std::get_if<std::string>(value);
    if (name == nullptr) {
      AddProblem(list, table.line,
                 list.name_from.empty()
                     ? fmt::format("{} without a name; write name = {} in it", list.NounWithArticle(),
                                   Quote(list.example_name))
                     : fmt::format("{} without {}", list.NounWithArticle(), list.name_from));
      return;
    }
    const TomlFile::NamedTable declared{&list, *name};
    if (IsDeclared(declared)) {
      AddProblem(list, named->value_line, fmt::format("name = {}: there twice", Quote(*name)));
      return;
    }
    file_.tables.push_back(declared);
    ReadOptions(list, *name, table);
  }

  void ReadOptions(const TableList& list, const std::string& name, const TomlTable& table) {
    for (const TomlEntry& entry : table.entries) {
      if (entry.key != "name") Visit(list.PrefixOf(name) + entry.key, entry);
    }
  }

  const std::string& name_;
  const std::span<const TableList> lists_;
  std::vector<Placed> values_;
  std::vector<std::pair<std::uint32_t, std::string>> problems_;
  TomlFile file_;
};

}  // namespace

TomlFile ReadToml(std::string_view text, const std::string& name, std::span<const Key> keys,
                  std::span<const TableList> lists) {
  const Result<TomlTable> parsed = ParseToml(text, JsonPathsOf(keys, lists));
  if (!parsed) return {.problems = {name + parsed.error().detail}};
  Reader reader(name, lists);
  reader.Flatten(*parsed, "");
  return std::move(reader).Finish();
}

}  // namespace tidemill::config
