// ModuleState: where a module's schema stands: what the database has recorded, beside what this program
// knows.
//
// Values and functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/schema/schema.h"

namespace tidemill::sql {

// A row of the table.
struct AppliedVersion {
  std::string module;
  std::uint32_t version = 0;
  std::string checksum;
  std::string applied_at;
  std::string applied_by;

  friend bool operator==(const AppliedVersion&, const AppliedVersion&) = default;
};

enum class SchemaVerdict : std::uint8_t {
  kCurrent,  //
  kPending,  // versions are to be applied
  kNewer,    // a newer program has been here; this one must not write
  kChanged,  // the text of an applied version is not what was applied
  kGap,      // a version is recorded, and one before it is not
  kUnknown,  // this program has no such module
};

std::string_view Name(SchemaVerdict verdict);

struct ModuleState {
  std::string module;
  SchemaVerdict verdict = SchemaVerdict::kCurrent;
  std::uint32_t applied = 0;  // the highest recorded; 0: none
  std::uint32_t known = 0;    // the highest that this program has
  std::string problem;        // a sentence that names module and version; "" for kCurrent and kPending
  std::string applied_at;     // of the highest recorded
  std::string applied_by;
};

// In the order of `schemas`, then those of the database that this program does not know.
std::vector<ModuleState> JudgeSchemas(const std::vector<Schema>& schemas,
                                      const std::vector<AppliedVersion>& applied, Dialect dialect);
ModuleState JudgeSchema(const Schema& schema, const std::vector<AppliedVersion>& applied, Dialect dialect);

}  // namespace tidemill::sql
