#include "sqlite/settings.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "config/section.h"

namespace tidemill::sqlite {
namespace {

constexpr std::string_view kSynchronous[] = {"full", "normal"};
constexpr std::int64_t kMiB = std::int64_t{1} << 20;

constexpr config::Row<SqliteSettings> kSqlite[] = {
    {"path",
     config::Of<&SqliteSettings::path>,
     {.doc = "File of the embedded database, of one server alone; its folder must be there. None is "
             "opened while this is empty.",
      .reload = config::Reload::kNo}},
    {"synchronous",
     config::Of<&SqliteSettings::synchronous>,
     {.doc = "\"full\": what was answered survives a power failure. \"normal\": it survives the end of the "
             "process, and a power failure may undo the last seconds.",
      .choices = kSynchronous,
      .reload = config::Reload::kNo}},
    {"readers",
     config::Of<&SqliteSettings::readers>,
     {.doc = "Threads that read, beside the one that writes.",
      .min = 2,
      .max = 64,
      .reload = config::Reload::kNo}},
    {"cache_bytes",
     config::Of<&SqliteSettings::cache_bytes>,
     {.doc = "Pages of the file that each thread keeps in memory.",
      .min = kMiB / 4,
      .max = 64 * config::kGiB,
      .reload = config::Reload::kNo}},
    {"statements_max",
     config::Of<&SqliteSettings::statements_max>,
     {.doc = "Prepared statements that each thread keeps.",
      .min = 16,
      .max = 10'000,
      .reload = config::Reload::kNo}},
    {"waiting_max",
     config::Of<&SqliteSettings::waiting_max>,
     {.doc = "Writes that may wait, and as many reads; what comes then is refused.",
      .min = 10,
      .max = 1'000'000,
      .reload = config::Reload::kNo}},
    {"busy_timeout",
     config::Of<&SqliteSettings::busy_timeout>,
     {.doc = "How long another process may lock the file before a statement fails.",
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"statement_timeout",
     config::Of<&SqliteSettings::statement_timeout>,
     {.doc = "How long one statement may run.",
      .min = 10,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"transaction_timeout",
     config::Of<&SqliteSettings::transaction_timeout>,
     {.doc = "How long a transaction of several steps may last before it is rolled back; while one writes, "
             "nobody else does.",
      .min = 10,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"transaction_idle_timeout",
     config::Of<&SqliteSettings::transaction_idle_timeout>,
     {.doc = "How long such a transaction, or a result that is read in pieces, may do nothing.",
      .min = 10,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"result_rows_max",
     config::Of<&SqliteSettings::result_rows_max>,
     {.doc = "Rows of one result that is not read in pieces.",
      .min = 1,
      .max = 1'000'000'000,
      .reload = config::Reload::kNo}},
    {"result_bytes_max",
     config::Of<&SqliteSettings::result_bytes_max>,
     {.doc = "Bytes of one result that is not read in pieces.",
      .min = 1024,
      .max = 2 * config::kGiB,
      .reload = config::Reload::kNo}},
    {"wal_checkpoint_bytes",
     config::Of<&SqliteSettings::wal_checkpoint_bytes>,
     {.doc = "Size of the write-ahead log from which it is copied into the file whenever nothing is to be "
             "written.",
      .min = 64 * 1024,
      .max = 64 * config::kGiB,
      .reload = config::Reload::kNo}},
    {"wal_bytes_max",
     config::Of<&SqliteSettings::wal_bytes_max>,
     {.doc = "Size from which it is copied whatever is to be written, and cut when no read holds it.",
      .min = kMiB,
      .max = 64 * config::kGiB,
      .reload = config::Reload::kNo}},
};

void Check(const SqliteSettings& sqlite, const std::string& prefix, config::Findings& findings) {
  if (sqlite.wal_bytes_max < sqlite.wal_checkpoint_bytes) {
    findings.push_back({.key = prefix + "wal_bytes_max",
                        .others = {prefix + "wal_checkpoint_bytes"},
                        .text = fmt::format(" = {}: must be at least {}wal_checkpoint_bytes, {}",
                                            sqlite.wal_bytes_max, prefix, sqlite.wal_checkpoint_bytes)});
  }
  if (sqlite.path.contains('\0')) {
    findings.push_back({.key = prefix + "path", .text = ": a path has no NUL"});
  }
}

}  // namespace

config::Section<SqliteSettings> SqliteSection() { return {.rows = kSqlite, .check = Check}; }

}  // namespace tidemill::sqlite
