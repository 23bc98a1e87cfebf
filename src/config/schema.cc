#include "config/schema.h"

#include <algorithm>

#include "base/ascii.h"
#include "config/value.h"

namespace tidemill::config {
namespace {

bool IsTableName(std::string_view name, std::size_t bytes_min) {
  return name.size() >= bytes_min && std::ranges::all_of(name, [](char c) {
           return IsLetter(c) || IsDigit(c) || c == '-' || c == '_' || c == '.';
         });
}

std::string InWords(std::size_t number) {
  if (number == 1) return "one";
  if (number == 2) return "two";
  return std::to_string(number);
}

}  // namespace

std::string TableList::PrefixOf(std::string_view name) const { return key + "." + std::string(name) + "."; }

std::vector<Key> TableList::KeysOf(const std::string& name) const {
  std::vector<Key> keys;
  for (const Key& row : rows) {
    keys.push_back({.name = PrefixOf(name) + row.name,
                    .facts = row.facts,
                    .type = row.type,
                    .field = [find = find, name, field = row.field](void* settings) {
                      return field(find(settings, name));
                    }});
  }
  return keys;
}

std::optional<TableList::KeyParts> TableList::Split(std::string_view name) const {
  if (!name.starts_with(key + ".")) return std::nullopt;
  const std::string_view rest = name.substr(key.size() + 1);
  std::optional<KeyParts> parts;
  for (const Key& row : rows) {
    if (rest.size() <= row.name.size() + 1 || !rest.ends_with("." + row.name)) continue;
    if (parts && parts->row->name.size() > row.name.size()) continue;
    parts = {.table = rest.substr(0, rest.size() - row.name.size() - 1), .row = &row};
  }
  return parts;
}

std::string TableList::NounWithArticle() const {
  const bool vowel = std::string_view("aeiou").contains(noun.front());
  return (vowel ? "an " : "a ") + noun;
}

const Key* AnySchema::Find(std::string_view name) const {
  if (const auto key = std::ranges::find(keys_, name, &Key::name); key != keys_.end()) return &*key;
  for (const TableList& list : tables_) {
    if (const auto parts = list.Split(name)) return parts->row;
  }
  return nullptr;
}

void AnySchema::CompleteWith(void* settings, const IsGiven& is_given) const {
  for (const Complete& complete : completions_) complete(settings, is_given);
}

Findings AnySchema::FindContradictions(void* settings) const {
  Findings findings;
  for (const Check& check : checks_) check(settings, findings);
  for (const TableList& list : tables_) CheckTables(list, settings, findings);
  return findings;
}

void AnySchema::CheckTables(const TableList& list, void* settings, Findings& findings) const {
  const std::vector<std::string> names = list.names(settings);
  if (names.size() > list.tables_max) {
    findings.push_back(
        {.key = list.key, .text = ": more than " + std::to_string(list.tables_max) + " " + list.noun + "s"});
  }
  for (const std::string& name : names) {
    if (IsTableName(name, list.name_bytes_min)) continue;
    findings.push_back({.key = list.key,
                        .text = ": name = " + Quote(name) + ": accepted: " + InWords(list.name_bytes_min) +
                                " or more of letters, digits, \"-\", \"_\", \".\""});
  }
}

std::optional<std::string> AnySchema::WhyIsRefused(std::string_view key) const {
  return why_refused_ ? why_refused_(key) : std::nullopt;
}

}  // namespace tidemill::config
