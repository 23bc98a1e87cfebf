#include "jobs/store/stored_rows.h"

namespace tidemill::jobs {

std::int64_t IntegerOf(sql::Field field) { return field.AsInteger().value_or(0); }

JobId IdOf(sql::Field field) { return JobId(static_cast<std::uint64_t>(IntegerOf(field))); }

StoredJob StoredJobOf(const sql::Row& row) {
  return {.id = IdOf(row[0]),
          .jid = std::string(row[1].text),
          .queue = std::string(row[2].text),
          .type = std::string(row[3].text),
          .priority = static_cast<int>(IntegerOf(row[4])),
          .text = std::string(row[5].text)};
}

JobPage::Item ItemOf(const sql::Row& row) {
  return {.job = StoredJobOf(row),
          .wait = static_cast<Wait>(IntegerOf(row[6])),
          .at = WallTime{IntegerOf(row[7])}};
}

Record RecordOf(const sql::Row& row) {
  Record record{
      .kind = std::string(row[0].text), .key = std::string(row[1].text), .value = std::string(row[2].text)};
  if (!row[3].is_null()) record.expires_at = WallTime{IntegerOf(row[3])};
  return record;
}

}  // namespace tidemill::jobs
