// Schema: all keys of a program's settings, section after section, in the order of their documentation.
// Files, environment, flags, documentation and dumps are all driven by it.
//
// Schema<S> is filled by hand with the sections of the modules (settings/settings.cc does it); what reads it
// knows neither S nor the sections: `void* settings` is always the S that the schema was made for.
// Immutable once filled; any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/key.h"
#include "config/section.h"

namespace tidemill::config {

// NamedTables<T> with the T erased.
struct TableList {
  std::string key;
  std::string noun;
  std::string example_name;
  std::vector<Key> rows;           // of one table: names within it; `field` takes the table
  std::shared_ptr<void> defaults;  // a table
  std::shared_ptr<void> example;   // a table that is accepted
  std::size_t tables_max = 0;
  std::size_t name_bytes_min = 1;
  Reload reload = Reload::kYes;
  Written written = Written::kAsList;
  std::string name_from;
  Shown documented = Shown::kYes;
  std::optional<std::string> (*why_refused)(std::string_view option) = nullptr;

  std::function<std::vector<std::string>(void* settings)> names;
  std::function<void*(void* settings, const std::string& name)> find;  // null: there is none of that name
  std::function<bool(void* settings, const std::string& name)> add;    // false: it is there already

  // "channel.namespaces.chat."
  std::string PrefixOf(std::string_view name) const;
  // The keys of the table of that name: "channel.namespaces.chat.history_size". Their fields exist while it
  // does.
  std::vector<Key> KeysOf(const std::string& name) const;
  // "channel.namespaces.chat.history_size" taken apart; nullopt: not a key of this list. Names may have dots,
  // and so may rows.
  struct KeyParts {
    std::string_view table;
    const Key* row = nullptr;
  };
  std::optional<KeyParts> Split(std::string_view key) const;
  // "a namespace"
  std::string NounWithArticle() const;
};

class AnySchema {
 public:
  // Whether a source has given that key.
  using IsGiven = std::function<bool(const std::string& key)>;
  using Check = std::function<void(void* settings, Findings& findings)>;
  using Complete = std::function<void(void* settings, const IsGiven& is_given)>;
  using WhyRefused = std::optional<std::string> (*)(std::string_view key);

  // All keys but those of tables.
  const std::vector<Key>& keys() const { return keys_; }
  const std::vector<TableList>& tables() const { return tables_; }
  // An S with nothing given. Only to be read.
  void* defaults() const { return defaults_.get(); }

  // The key of that name; of a table's key, the row. Null: there is none.
  const Key* Find(std::string_view name) const;
  // Fills in what follows from other values, once all sources are read.
  void CompleteWith(void* settings, const IsGiven& is_given) const;
  // Values that need each other.
  Findings FindContradictions(void* settings) const;
  // Why a key that is not there is refused by name: as in a file ("engine.type") or as in the environment
  // without its prefix ("ENGINE_TYPE"); nullopt: it is merely unknown.
  std::optional<std::string> WhyIsRefused(std::string_view key) const;

 protected:
  explicit AnySchema(std::shared_ptr<void> defaults) : defaults_(std::move(defaults)) {}

  std::vector<Key> keys_;
  std::vector<TableList> tables_;
  std::vector<Check> checks_;
  std::vector<Complete> completions_;
  WhyRefused why_refused_ = nullptr;

 private:
  void CheckTables(const TableList& list, void* settings, Findings& findings) const;

  std::shared_ptr<void> defaults_;
};

template <class S>
class Schema : public AnySchema {
 public:
  template <class T>
  using OwnerOf = std::type_identity_t<T>& (*)(S&);

  Schema() : AnySchema(std::make_shared<S>()) {}

  // `owner` finds the section's struct in the settings.
  template <class T>
  Schema& Add(const std::string& prefix, const Section<T>& section, OwnerOf<T> owner) {
    for (const Row<T>& row : section.rows) {
      Facts facts = row.facts;
      if (section.documented == Shown::kNo) facts.shown = Shown::kNo;
      keys_.push_back({.name = prefix + std::string(row.name),
                       .facts = facts,
                       .type = row.member.type,
                       .field = [owner, field = row.member.field](void* settings) {
                         return field(&owner(*static_cast<S*>(settings)));
                       }});
    }
    if (section.check) {
      checks_.push_back([prefix, owner, check = section.check](void* settings, Findings& findings) {
        check(owner(*static_cast<S*>(settings)), prefix, findings);
      });
    }
    return *this;
  }

  template <class T>
  using TablesOf = std::map<std::string, std::type_identity_t<T>>& (*)(S&);

  template <class T>
  Schema& AddTables(const NamedTables<T>& tables, TablesOf<T> owner) {
    TableList list{.key = std::string(tables.key),
                   .noun = std::string(tables.noun),
                   .example_name = std::string(tables.example_name),
                   .defaults = std::make_shared<T>(),
                   .tables_max = tables.tables_max,
                   .name_bytes_min = tables.name_bytes_min,
                   .reload = tables.reload,
                   .written = tables.written,
                   .name_from = std::string(tables.name_from),
                   .documented = tables.documented,
                   .why_refused = tables.why_refused};
    const auto example = std::make_shared<T>();
    if (tables.fill_example) tables.fill_example(*example);
    list.example = example;
    for (const Row<T>& row : tables.section.rows) {
      list.rows.push_back({.name = std::string(row.name),
                           .facts = row.facts,
                           .type = row.member.type,
                           .field = row.member.field});
    }
    list.names = [owner](void* settings) {
      std::vector<std::string> names;
      for (const auto& [name, table] : owner(*static_cast<S*>(settings))) names.push_back(name);
      return names;
    };
    list.find = [owner](void* settings, const std::string& name) -> void* {
      auto& all = owner(*static_cast<S*>(settings));
      const auto found = all.find(name);
      return found == all.end() ? nullptr : &found->second;
    };
    list.add = [owner](void* settings, const std::string& name) {
      return owner(*static_cast<S*>(settings)).try_emplace(name).second;
    };
    if (tables.section.check) {
      checks_.push_back(
          [key = list.key, owner, check = tables.section.check](void* settings, Findings& findings) {
            for (const auto& [name, table] : owner(*static_cast<S*>(settings))) {
              check(table, key + "." + name + ".", findings);
            }
          });
    }
    tables_.push_back(std::move(list));
    return *this;
  }

  // What sections need of each other.
  Schema& AddCheck(void (*check)(const S& settings, Findings& findings)) {
    checks_.push_back(
        [check](void* settings, Findings& findings) { check(*static_cast<const S*>(settings), findings); });
    return *this;
  }

  Schema& AddCompletion(void (*complete)(S& settings, const IsGiven& is_given)) {
    completions_.push_back([complete](void* settings, const IsGiven& is_given) {
      complete(*static_cast<S*>(settings), is_given);
    });
    return *this;
  }

  Schema& RefuseByName(WhyRefused why_refused) {
    why_refused_ = why_refused;
    return *this;
  }
};

}  // namespace tidemill::config
