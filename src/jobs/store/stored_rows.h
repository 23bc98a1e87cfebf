// Rows of the tables as what store.h calls them. Values; any thread.
#pragma once

#include "jobs/store/store.h"
#include "sql/rows.h"

namespace tidemill::jobs {

std::int64_t IntegerOf(sql::Field field);  // 0 for what is none
JobId IdOf(sql::Field field);
// Columns: id, jid, queue, type, priority, job; behind them wait and time.
StoredJob StoredJobOf(const sql::Row& row);
JobPage::Item ItemOf(const sql::Row& row);
Record RecordOf(const sql::Row& row);  // kind, key, value, expires_at

}  // namespace tidemill::jobs
