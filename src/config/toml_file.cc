#include "config/toml_file.h"

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_WINDOWS_COMPAT 0
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace tidemill::config {
namespace {

// Quoted pieces of the parser's sentences repeat what stood in the text, which may be a secret without its
// quotes; only single characters and the name in "cannot redefine" stay.
std::string WithoutQuotations(std::string_view description) {
  if (description.contains("redefine")) return std::string(description);
  std::string out;
  while (true) {
    const std::size_t open = description.find('\'');
    const std::size_t close = open == description.npos ? open : description.find('\'', open + 1);
    if (close == description.npos) return out.append(description);
    const std::string_view quoted = description.substr(open, close - open + 1);
    out.append(description.substr(0, open)).append(quoted.size() <= 3 ? quoted : "what stands here");
    description.remove_prefix(close + 1);
  }
}

std::optional<std::string> CheckEncoding(std::string_view text, const std::string& name) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    return fmt::format("{}: the text is UTF-16; save it as UTF-8", name);
  }
  if (const std::size_t nul = text.find('\0'); nul != text.npos) {
    const auto line = 1 + std::ranges::count(text.substr(0, nul), '\n');
    return fmt::format("{}:{}: a NUL byte; this is not a text file, or a damaged one", name, line);
  }
  return std::nullopt;
}

class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  void Flatten(const toml::table& table, const std::string& prefix) {
    for (const auto& [key, node] : table) {
      Visit(prefix.empty() ? std::string(key.str()) : fmt::format("{}.{}", prefix, key.str()), key, node);
    }
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

  void Visit(const std::string& path, const toml::key& key, const toml::node& node) {
    if (path == kNamespacesKey) {
      ReadNamespaces(node);
    } else if (const toml::table* inner = node.as_table(); inner != nullptr && !inner->empty()) {
      Flatten(*inner, path);
    } else {
      Add(path, key.source().begin.line, ToValue(node));
    }
  }

  void Add(const std::string& path, std::uint32_t line, Value value) {
    std::string where = fmt::format("{}:{}: {}", name_, line, path);
    values_.push_back({line, {.key = path, .where = std::move(where), .value = std::move(value)}});
  }

  void AddProblem(std::uint32_t line, std::string_view text) {
    problems_.emplace_back(line, fmt::format("{}:{}: {}{}", name_, line, kNamespacesKey, text));
  }

  void ReadNamespaces(const toml::node& node) {
    const toml::array* array = node.as_array();
    if (array == nullptr || !std::ranges::all_of(*array, [](const auto& item) { return item.is_table(); })) {
      AddProblem(node.source().begin.line,
                 ": not a list of tables; write [[channel.namespaces]] with a name for each namespace");
      return;
    }
    for (const toml::node& item : *array) ReadNamespace(*item.as_table());
  }

  void ReadNamespace(const toml::table& table) {
    const auto* name = table.get_as<std::string>("name");
    if (name == nullptr) {
      AddProblem(table.source().begin.line, ": a namespace without a name; write name = \"chat\" in it");
      return;
    }
    if (std::ranges::find(file_.namespaces, name->get()) != file_.namespaces.end()) {
      AddProblem(name->source().begin.line, fmt::format(": name = {}: there twice", Quote(name->get())));
      return;
    }
    file_.namespaces.push_back(name->get());
    for (const auto& [key, node] : table) {
      if (key.str() == "name") continue;
      Visit(fmt::format("{}.{}.{}", kNamespacesKey, name->get(), key.str()), key, node);
    }
  }

  static Value ToValue(const toml::node& node) {
    if (const auto* boolean = node.as_boolean()) return boolean->get();
    if (const auto* integer = node.as_integer()) return integer->get();
    if (const auto* number = node.as_floating_point()) return number->get();
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* array = node.as_array()) return ToList(*array);
    return Alien{node.is_table() ? "a section" : "a date or time"};
  }

  static Value ToList(const toml::array& array) {
    std::vector<std::string> list;
    for (const toml::node& item : array) {
      const auto* text = item.as_string();
      if (text == nullptr) return Alien{"a list with other things than strings"};
      list.push_back(text->get());
    }
    return list;
  }

  const std::string& name_;
  std::vector<Placed> values_;
  std::vector<std::pair<std::uint32_t, std::string>> problems_;
  TomlFile file_;
};

}  // namespace

TomlFile ReadToml(std::string_view text, const std::string& name) {
  if (std::optional<std::string> problem = CheckEncoding(text, name)) return {.problems = {*problem}};
  const toml::parse_result parsed = toml::parse(text, std::string_view{});
  if (!parsed) {
    const toml::source_position at = parsed.error().source().begin;
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    const bool json = first != text.npos && text[first] == '{';
    return {.problems = {fmt::format("{}:{}:{}: not TOML: {}{}", name, at.line, at.column,
                                     WithoutQuotations(parsed.error().description()),
                                     json ? "; this looks like JSON, which is not read" : "")}};
  }
  Reader reader(name);
  reader.Flatten(parsed.table(), "");
  return std::move(reader).Finish();
}

}  // namespace tidemill::config
