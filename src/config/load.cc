#include "config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

#include "base/nearest.h"
#include "config/environment.h"
#include "config/file.h"
#include "config/toml_file.h"
#include "config/value.h"

namespace tidemill::config {
namespace {

constexpr std::size_t kFileBytesMax = 1024 * 1024;
constexpr std::size_t kProblemsMax = 100;

// "ping_interval" of "client.ping_interval".
std::string_view Leaf(std::string_view key) { return key.substr(key.rfind('.') + 1); }
std::string_view Parent(std::string_view key) { return key.substr(0, key.size() - Leaf(key).size()); }

std::vector<std::string> LeavesOf(std::string_view parent, const std::vector<std::string>& names) {
  std::vector<std::string> leaves;
  for (const std::string& name : names) {
    if (Parent(name) == parent) leaves.emplace_back(Leaf(name));
  }
  return leaves;
}

// The known key that somebody probably meant by an unknown one.
std::optional<std::string> NearestKey(const std::string& key, const std::vector<std::string>& names) {
  // Another letter, at the right place.
  if (const auto leaf = Nearest(Leaf(key), LeavesOf(Parent(key), names)))
    return std::string(Parent(key)) + *leaf;
  // The right name at another place: of several, the one at the most similar place.
  std::vector<std::string> same;
  std::ranges::copy_if(names, std::back_inserter(same),
                       [&](const std::string& name) { return Leaf(name) == Leaf(key) && Leaf(key) != name; });
  if (!same.empty()) return Nearest(key, same).value_or(same.front());
  // Neither; a look-alike of the whole, unless its last part is something else.
  if (const auto nearest = Nearest(key, names)) {
    const std::string leaves[] = {std::string(Leaf(*nearest))};
    if (!key.contains('.') || key.starts_with(*nearest) || Leaf(*nearest).starts_with(Leaf(key)) ||
        Nearest(Leaf(key), leaves)) {
      return nearest;
    }
  }
  // Another letter, at another place.
  std::vector<std::string> leaves;
  for (const std::string& name : names) leaves.emplace_back(Leaf(name));
  const auto leaf = Nearest(Leaf(key), leaves);
  if (!leaf) return std::nullopt;
  return *std::ranges::find_if(names, [&](const std::string& name) { return Leaf(name) == *leaf; });
}

class Loader {
 public:
  Loader(const AnySchema& schema, void* settings) : schema_(schema), settings_(settings) {
    for (const Key& key : schema.keys()) keys_.emplace(key.name, key);
    for (const TableList& list : schema.tables()) {
      for (const std::string& name : list.names(settings)) AddKeysOf(list, name);
    }
  }

  void ReadFile(const std::string& path) {
    const Result<std::string> text = config::ReadFile(path, kFileBytesMax);
    if (!text) {
      problems_.push_back(fmt::format("{}: {}", path, text.error().detail));
      return;
    }
    TomlFile file = ReadToml(*text, path, schema_.keys(), schema_.tables());
    for (const TomlFile::NamedTable& table : file.tables) Declare(*table.list, table.name);
    problems_.insert(problems_.end(), file.problems.begin(), file.problems.end());
    for (const Given& given : file.values) Take(given, "");
  }

  void ReadEnvironment(const std::map<std::string, std::string>& environment) {
    std::set<std::string> no_keys = {std::string(kConfigFileVariable)};
    for (const TableList& list : schema_.tables()) {
      const std::string variable = EnvironmentName(list.key);
      if (const auto found = environment.find(variable); found != environment.end()) {
        DeclareAll(list, found->second);
      }
      no_keys.insert(variable);
    }
    std::map<std::string, std::vector<const Key*>> known;
    for (const auto& [name, key] : keys_) known[EnvironmentName(name)].push_back(&key);
    for (const auto& [name, value] : environment) {
      if (!name.starts_with(kEnvironmentPrefix) || no_keys.contains(name) || IsFromKubernetes(name, value)) {
        continue;
      }
      const auto found = known.find(name);
      if (found == known.end()) {
        RefuseVariable(name, known);
      } else if (found->second.size() > 1) {
        problems_.push_back(fmt::format("{}: stands for both {} and {}; set them in the file", name,
                                        found->second[0]->name, found->second[1]->name));
      } else {
        Take({.key = found->second.front()->name, .where = name, .value = Untyped{value}}, "");
      }
    }
  }

  void ReadFlags(const std::vector<std::pair<std::string, std::string>>& flags) {
    for (const auto& [name, value] : flags) {
      const auto list = std::ranges::find(schema_.tables(), name, &TableList::key);
      if (list != schema_.tables().end()) {
        DeclareAll(*list, value);
      } else {
        DeclareTableOf(name);
        Take({.key = name, .where = "--" + name, .value = Untyped{value}}, "--");
      }
    }
  }

  const Origins& origins() const { return origins_; }

  Result<void> Finish() && {
    schema_.CompleteWith(settings_, [this](const std::string& key) { return origins_.contains(key); });
    for (const Finding& finding : schema_.FindContradictions(settings_)) AddFinding(finding);
    if (problems_.empty()) return {};
    std::string lines;
    for (std::size_t i = 0; i < std::min(problems_.size(), kProblemsMax); ++i) {
      lines += fmt::format("{}{}", i == 0 ? "" : "\n", problems_[i]);
    }
    if (problems_.size() > kProblemsMax) {
      lines += fmt::format("\nand {} more", problems_.size() - kProblemsMax);
    }
    return Fail(Errc::kInvalidArgument, std::move(lines));
  }

 private:
  void Declare(const TableList& list, const std::string& name) {
    if (list.add(settings_, name)) AddKeysOf(list, name);
  }

  void AddKeysOf(const TableList& list, const std::string& name) {
    for (Key& key : list.KeysOf(name)) {
      std::string key_name = key.name;
      keys_.emplace(std::move(key_name), std::move(key));
    }
  }

  void DeclareAll(const TableList& list, const std::string& names) {
    for (const std::string& name : Words(names)) Declare(list, name);
  }

  // A flag for a key of a table brings the table into being.
  void DeclareTableOf(std::string_view flag) {
    for (const TableList& list : schema_.tables()) {
      if (const auto parts = list.Split(flag)) Declare(list, std::string(parts->table));
    }
  }

  // `flag_prefix` stands before suggested names.
  void Take(const Given& given, std::string_view flag_prefix) {
    const auto key = keys_.find(given.key);
    if (key == keys_.end()) {
      RefuseKey(given, flag_prefix);
      return;
    }
    if (const Result<void> assigned = Assign(key->second, given.value, settings_); assigned) {
      origins_[given.key] = given.where;
      bad_.erase(given.key);
    } else {
      bad_.insert(given.key);
      problems_.push_back(fmt::format("{} = {}: {}", given.where, Describe(key->second, given.value),
                                      assigned.error().detail));
    }
  }

  void RefuseKey(const Given& given, std::string_view flag_prefix) {
    const auto below = keys_.lower_bound(given.key + ".");
    if (below != keys_.end() && below->first.starts_with(given.key + ".")) {
      const auto* not_a_value = std::get_if<NotAValue>(&given.value);
      if (not_a_value != nullptr && not_a_value->what == "a section") return;
      problems_.push_back(given.where + ": a section, not a setting");
      return;
    }
    if (const std::optional<std::string> why = WhyRefused(given.key)) {
      problems_.push_back(fmt::format("{}: {}", given.where, *why));
      return;
    }
    std::vector<std::string> names;
    for (const auto& [name, key] : keys_) names.push_back(name);
    for (const TableList& list : schema_.tables()) AddNamesFor(list, given.key, names);
    AddUnknown(given.where, given.key, names, flag_prefix);
  }

  // The list itself, and what a table has that a flag names without there being one.
  static void AddNamesFor(const TableList& list, std::string_view key, std::vector<std::string>& names) {
    names.push_back(list.key);
    if (!key.starts_with(list.key + ".")) return;
    const std::string_view parent = Parent(key);
    if (parent.size() <= list.key.size() + 1) return;
    const std::string table(parent.substr(list.key.size() + 1, parent.size() - list.key.size() - 2));
    for (const Key& row : list.rows) names.push_back(list.PrefixOf(table) + row.name);
  }

  std::optional<std::string> WhyRefused(const std::string& key) const {
    for (const TableList& list : schema_.tables()) {
      if (list.why_refused == nullptr) continue;
      for (const std::string& name : list.names(settings_)) {
        const std::string prefix = list.PrefixOf(name);
        if (!key.starts_with(prefix)) continue;
        if (auto why = list.why_refused(std::string_view(key).substr(prefix.size()))) return why;
      }
    }
    return schema_.WhyIsRefused(key);
  }

  void RefuseVariable(const std::string& name, const std::map<std::string, std::vector<const Key*>>& known) {
    if (auto why = schema_.WhyIsRefused(std::string_view(name).substr(kEnvironmentPrefix.size()))) {
      problems_.push_back(fmt::format("{}: {}", name, *why));
      return;
    }
    for (const TableList& list : schema_.tables()) {
      const std::string variable = EnvironmentName(list.key);
      if (!name.starts_with(variable + "_")) continue;
      std::vector<std::string> names;
      for (const auto& [each, keys] : known) {
        if (each.starts_with(variable + "_")) names.push_back(each);
      }
      if (Nearest(name, names)) return AddUnknown(name, name, names, "");
      problems_.push_back(fmt::format("{}: no such option, or {} that {} does not list", name,
                                      list.NounWithArticle(), variable));
      return;
    }
    std::vector<std::string> names;
    for (const auto& [variable, keys] : known) names.push_back(variable);
    AddUnknown(name, name, names, "");
  }

  void AddUnknown(const std::string& where, const std::string& text, const std::vector<std::string>& names,
                  std::string_view flag_prefix) {
    const std::optional<std::string> nearest = NearestKey(text, names);
    problems_.push_back(where + ": unknown" +
                        (nearest ? fmt::format("; did you mean {}{}?", flag_prefix, *nearest)
                                 : "; `tidemill config doc` lists all settings"));
  }

  // A value that could not be read would only make further sentences about it misleading.
  void AddFinding(const Finding& finding) {
    const auto is_bad = [this](const std::string& key) { return bad_.contains(key); };
    if (is_bad(finding.key) || std::ranges::any_of(finding.others, is_bad)) return;
    const auto origin = origins_.find(finding.key);
    problems_.push_back((origin == origins_.end() ? finding.key : origin->second) + finding.text);
  }

  const AnySchema& schema_;
  void* const settings_;
  std::map<std::string, Key> keys_;
  Origins origins_;
  std::set<std::string> bad_;
  std::vector<std::string> problems_;
};

}  // namespace

Result<void> LoadInto(const AnySchema& schema, const Sources& sources, void* settings, Origins* origins) {
  Loader loader(schema, settings);
  if (!sources.file.empty()) loader.ReadFile(sources.file);
  loader.ReadEnvironment(sources.environment);
  loader.ReadFlags(sources.flags);
  if (origins != nullptr) *origins = loader.origins();
  return std::move(loader).Finish();
}

}  // namespace tidemill::config
