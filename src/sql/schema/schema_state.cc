#include "sql/schema/schema_state.h"

#include <fmt/format.h>

#include <algorithm>

namespace tidemill::sql {
namespace {

// What is wrong with a recorded version; "" if nothing is.
std::pair<SchemaVerdict, std::string> Compare(const Schema& schema, const AppliedVersion& row,
                                              std::uint32_t expected, Dialect dialect) {
  if (row.version != expected) {
    return {SchemaVerdict::kGap,
            fmt::format("module {}: version {} is recorded in the database, but version {} is not",
                        schema.module, row.version, expected)};
  }
  const std::string checksum = ChecksumOf(schema.versions[row.version - 1], dialect);
  if (row.checksum == checksum) return {SchemaVerdict::kCurrent, ""};
  return {SchemaVerdict::kChanged,
          fmt::format("module {}: version {} was applied with another text (checksum {} by {}, here {})",
                      schema.module, row.version, row.checksum, row.applied_by, checksum)};
}

std::vector<AppliedVersion> Of(std::string_view module, const std::vector<AppliedVersion>& applied) {
  std::vector<AppliedVersion> own;
  for (const AppliedVersion& row : applied) {
    if (row.module == module) own.push_back(row);
  }
  std::ranges::sort(own, {}, &AppliedVersion::version);
  return own;
}

void Note(const std::vector<AppliedVersion>& own, ModuleState& state) {
  if (own.empty()) return;
  state.applied = own.back().version;
  state.applied_at = own.back().applied_at;
  state.applied_by = own.back().applied_by;
}

}  // namespace

std::string_view Name(SchemaVerdict verdict) {
  switch (verdict) {
    case SchemaVerdict::kCurrent: return "current";
    case SchemaVerdict::kPending: return "pending";
    case SchemaVerdict::kNewer: return "newer";
    case SchemaVerdict::kChanged: return "changed";
    case SchemaVerdict::kGap: return "gap";
    case SchemaVerdict::kUnknown: return "unknown";
  }
  return "unknown";
}

ModuleState JudgeSchema(const Schema& schema, const std::vector<AppliedVersion>& applied, Dialect dialect) {
  const std::vector<AppliedVersion> own = Of(schema.module, applied);
  ModuleState state{.module = std::string(schema.module),
                    .known = static_cast<std::uint32_t>(schema.versions.size())};
  Note(own, state);
  if (state.applied > state.known) {
    state.verdict = SchemaVerdict::kNewer;
    state.problem = fmt::format(
        "module {}: the database is at version {}, by {}, and this program knows {}; run a newer one",
        schema.module, state.applied, state.applied_by, state.known);
    return state;
  }
  std::uint32_t expected = 0;
  for (const AppliedVersion& row : own) {
    auto [verdict, problem] = Compare(schema, row, ++expected, dialect);
    if (problem.empty()) continue;
    state.verdict = verdict;
    state.problem = std::move(problem);
    return state;
  }
  if (state.applied < state.known) state.verdict = SchemaVerdict::kPending;
  return state;
}

std::vector<ModuleState> JudgeSchemas(const std::vector<Schema>& schemas,
                                      const std::vector<AppliedVersion>& applied, Dialect dialect) {
  std::vector<ModuleState> states;
  for (const Schema& schema : schemas) states.push_back(JudgeSchema(schema, applied, dialect));
  for (const AppliedVersion& row : applied) {
    if (std::ranges::find(states, row.module, &ModuleState::module) != states.end()) continue;
    ModuleState state{.module = row.module, .verdict = SchemaVerdict::kUnknown};
    Note(Of(row.module, applied), state);
    state.problem = fmt::format("module {}: in the database at version {}, and not known to this program",
                                row.module, state.applied);
    states.push_back(std::move(state));
  }
  return states;
}

}  // namespace tidemill::sql
