#include "config/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/json_writer.h"
#include "config/environment.h"

namespace tidemill::config {
namespace {

// TOML wants everything of a section in one place: lines are gathered per section, sections stay in order.
class Sections {
 public:
  // The comment is whole lines.
  void Add(std::string_view key, std::string_view value, std::string_view comment = "") {
    const std::size_t dot = key.rfind('.');
    const std::string_view section = dot == key.npos ? "" : key.substr(0, dot);
    const std::string_view name = dot == key.npos ? key : key.substr(dot + 1);
    fmt::format_to(std::back_inserter(LinesOf(section)), "{}{} = {}\n", comment, name, value);
  }

  std::string Finish() && {
    std::string out;
    for (const auto& [name, lines] : sections_) {
      if (!name.empty()) fmt::format_to(std::back_inserter(out), "{}[{}]\n", out.empty() ? "" : "\n", name);
      out += lines;
    }
    return out;
  }

 private:
  std::string& LinesOf(std::string_view section) {
    for (auto& [name, lines] : sections_) {
      if (name == section) return lines;
    }
    return sections_.emplace_back(std::string(section), "").second;
  }

  // What belongs to no section must come first.
  std::vector<std::pair<std::string, std::string>> sections_ = {{"", ""}};
};

std::string EscapeForTable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

// The first part of the name; what stands alone there is of the process as a whole.
std::string GroupOf(const KeyDoc& key, const std::vector<KeyDoc>& keys) {
  std::string group = key.name.substr(0, key.name.find('.'));
  const auto same = [&group](const KeyDoc& other) { return other.name.starts_with(group + "."); };
  return std::ranges::count_if(keys, same) > 1 ? group : "process";
}

void AppendRow(std::string& out, const KeyDoc& key) {
  fmt::format_to(std::back_inserter(out), "| `{}` | {} | `{}` | {} | {}{} |\n", key.name, key.type,
                 EscapeForTable(key.default_value), EscapeForTable(key.range), EscapeForTable(key.doc),
                 key.reloadable ? " ↻" : "");
}

KeyDoc DocOf(const Key& key, std::string name, void* defaults) {
  return {.name = std::move(name),
          .type = std::string(TypeName(key)),
          .default_value = ToToml(key.field(defaults), SecretsIn::kPlain),
          .range = RangeText(key),
          .doc = std::string(key.facts.doc),
          .reloadable = key.facts.reload == Reload::kYes};
}

// Hidden keys are shown when they are given.
bool IsHidden(const Key& key, std::string_view value, void* defaults, SecretsIn secrets) {
  return key.facts.shown == Shown::kNo && value == ToToml(key.field(defaults), secrets);
}

// "# doc\n# duration, 1s … 1h ↻\n", after an empty line.
std::string CommentOf(const KeyDoc& key) {
  return fmt::format("\n# {}\n# {}{}{}{}\n", key.doc, key.type, key.range.empty() ? "" : ", ", key.range,
                     key.reloadable ? " ↻" : "");
}

// The lines that begin a table, each after `comment`.
std::string HeadOf(const TableList& list, const std::string& name, std::string_view comment) {
  if (list.written == Written::kByName) {
    return fmt::format("\n{}[{}.{}]\n", comment, list.key, Quote(name));
  }
  return fmt::format("\n{}[[{}]]\n{}name = {}\n", comment, list.key, comment, Quote(name));
}

void AppendTable(std::string& out, const TableList& list, const std::string& name, void* settings,
                 SecretsIn secrets) {
  out += HeadOf(list, name, "");
  void* const table = list.find(settings, name);
  for (const Key& row : list.rows) {
    const std::string value = ToToml(row.field(table), secrets);
    if (IsHidden(row, value, list.defaults.get(), secrets)) continue;
    fmt::format_to(std::back_inserter(out), "{} = {}\n", row.name, value);
  }
}

// A table that is accepted, with its defaults, commented out.
void AppendExample(std::string& out, const TableList& list) {
  fmt::format_to(std::back_inserter(out), "\n# A {} with settings of its own. There may be many.{}",
                 list.noun, HeadOf(list, list.example_name, "#"));
  for (const Key& row : list.rows) {
    if (row.facts.shown == Shown::kNo) continue;
    const KeyDoc doc = DocOf(row, row.name, list.example.get());
    fmt::format_to(std::back_inserter(out), "{}#{} = {}\n", CommentOf(doc), doc.name, doc.default_value);
  }
}

// What TOML makes of a value is JSON too: numbers, booleans, quoted texts and lists of them; but for what is
// JSON from the start.
std::string JsonOf(const Field& field, std::string_view toml, SecretsIn secrets) {
  if (const auto* const* array = std::get_if<JsonArray*>(&field)) return (*array)->text;
  if (const auto* const* object = std::get_if<JsonObject*>(&field)) return (*object)->text;
  if (const auto* const* object = std::get_if<SecretObject*>(&field)) {
    return secrets == SecretsIn::kMasked ? MaskValues((*object)->text) : (*object)->text;
  }
  return std::string(toml);
}

void SetOrigin(const Origins& origins, EffectiveKey& key) {
  const auto found = origins.find(key.name);
  if (found == origins.end()) {
    key.source = key.is_default ? "default" : "derived";
    return;
  }
  const std::string& where = found->second;
  key.where = where.substr(0, where.find(": "));
  key.source = where.starts_with("--")                 ? "flag"
               : where.starts_with(kEnvironmentPrefix) ? "environment"
                                                       : "file";
}

}  // namespace

std::vector<EffectiveKey> Effective(const AnySchema& schema, void* settings, const Origins& origins) {
  std::vector<EffectiveKey> keys;
  const auto add = [&](const Key& key, std::string name, void* owner, void* defaults) {
    const Field field = key.field(owner);
    const Field of_default = key.field(defaults);
    EffectiveKey made{
        .name = std::move(name),
        .value = JsonOf(field, ToToml(field, SecretsIn::kMasked), SecretsIn::kMasked),
        .default_value = JsonOf(of_default, ToToml(of_default, SecretsIn::kMasked), SecretsIn::kMasked),
        .source = "",
        .where = "",
        .is_default = ToToml(field, SecretsIn::kPlain) == ToToml(of_default, SecretsIn::kPlain),
        .reloadable = key.facts.reload == Reload::kYes};
    SetOrigin(origins, made);
    if (key.facts.shown == Shown::kYes || !made.is_default) keys.push_back(std::move(made));
  };
  for (const Key& key : schema.keys()) add(key, key.name, settings, schema.defaults());
  for (const TableList& list : schema.tables()) {
    for (const std::string& name : list.names(settings)) {
      for (const Key& row : list.rows) {
        add(row, list.PrefixOf(name) + row.name, list.find(settings, name), list.defaults.get());
      }
    }
  }
  return keys;
}

std::vector<KeyDoc> AllKeys(const AnySchema& schema) {
  std::vector<KeyDoc> docs;
  for (const Key& key : schema.keys()) {
    if (key.facts.shown == Shown::kYes) docs.push_back(DocOf(key, key.name, schema.defaults()));
  }
  for (const TableList& list : schema.tables()) {
    if (list.documented == Shown::kNo) continue;
    for (const Key& row : list.rows) {
      if (row.facts.shown == Shown::kNo) continue;
      docs.push_back(DocOf(row, list.PrefixOf("<name>") + row.name, list.defaults.get()));
    }
  }
  return docs;
}

std::string PrintToml(const AnySchema& schema, void* settings, SecretsIn secrets) {
  Sections sections;
  for (const Key& key : schema.keys()) {
    const std::string value = ToToml(key.field(settings), secrets);
    if (!IsHidden(key, value, schema.defaults(), secrets)) sections.Add(key.name, value);
  }
  std::string out = std::move(sections).Finish();
  for (const TableList& list : schema.tables()) {
    for (const std::string& name : list.names(settings)) AppendTable(out, list, name, settings, secrets);
  }
  return out;
}

std::string PrintDocumentedDefaults(const AnySchema& schema) {
  Sections sections;
  for (const Key& key : schema.keys()) {
    if (key.facts.shown == Shown::kNo) continue;
    const KeyDoc doc = DocOf(key, key.name, schema.defaults());
    sections.Add(key.name, doc.default_value, CommentOf(doc));
  }
  std::string out = std::move(sections).Finish();
  for (const TableList& list : schema.tables()) {
    if (list.documented == Shown::kYes) AppendExample(out, list);
  }
  return out;
}

std::string PrintJson(const AnySchema& schema, void* settings, SecretsIn secrets) {
  std::string out;
  JsonWriter json(out);
  const auto add = [&json, secrets](const Key& key, void* owner, void* defaults) {
    const std::string value = ToToml(key.field(owner), secrets);
    if (IsHidden(key, value, defaults, secrets)) return;
    json.DynamicKey(key.name);
    json.Raw(JsonOf(key.field(owner), value, secrets));
  };
  json.BeginObject();
  for (const Key& key : schema.keys()) add(key, settings, schema.defaults());
  for (const TableList& list : schema.tables()) {
    json.DynamicKey(list.key);
    json.BeginArray();
    for (const std::string& name : list.names(settings)) {
      json.BeginObject();
      json.Member("name", name);
      for (const Key& row : list.rows) add(row, list.find(settings, name), list.defaults.get());
      json.EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
  return out;
}

std::string Markdown(const AnySchema& schema, std::string_view introduction) {
  std::string out(introduction);
  const std::vector<KeyDoc> keys = AllKeys(schema);
  std::string group;
  for (const KeyDoc& key : keys) {
    if (std::string next = GroupOf(key, keys); next != group) {
      group = std::move(next);
      fmt::format_to(std::back_inserter(out),
                     "\n## {}\n\n| Key | Type | Default | Accepted | |\n|---|---|---|---|---|\n", group);
    }
    AppendRow(out, key);
  }
  return out;
}

}  // namespace tidemill::config
