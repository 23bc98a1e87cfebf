#include "chat/store/sql_changes.h"

#include <algorithm>
#include <utility>

#include "chat/store/cells.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kPageMax = 500;

// A prefix of what is asked for, of 4 MiB and one change more at most.
constexpr std::string_view kList =
    "select version, type, at, data from (select version, type, at, data, sum(BYTES_OF_DATA) over (order by "
    "version rows unbounded preceding) - BYTES_OF_DATA as before from (select version, type, at, data from "
    "@change where room_id = $1 and version > $2 order by version limit $3) as picked) as changes where "
    "before "
    "< 4194304 order by version";

class SqlChanges final : public ChangeStore {
 public:
  explicit SqlChanges(SqlContext& context) : context_(context) {}
  Task<Outcome<ChangePage>> ListAfter(RoomId room, Version after, std::size_t limit) override;

 private:
  SqlContext& context_;
  const sql::Statement find_ = context_.Make("select version from @room where id = $1 and deleted_at = 0");
  const sql::Statement list_ = context_.Make(kList);
};

Task<Outcome<ChangePage>> SqlChanges::ListAfter(RoomId room, Version after, std::size_t limit) {
  limit = std::clamp<std::size_t>(limit, 1, kPageMax);
  TM_CO_TRY_ASSIGN(const sql::Rows found, co_await context_.Read(find_, {room.value()}, 1));
  if (found.empty()) co_return Refuse(Code::kNotFound, "there is no such room");
  const Version version = Cells(found[0]).Integer();
  if (after < 0 || after > version) co_return ChangePage{.changes = {}, .reset = true};
  TM_CO_TRY_ASSIGN(
      const sql::Rows rows,
      co_await context_.Read(list_, {room.value(), after, static_cast<std::int64_t>(limit)}, limit));
  ChangePage page;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Cells cells(rows[i]);
    page.changes.push_back({.room_id = room,
                            .version = cells.Integer(),
                            .type = cells.Text(),
                            .at = cells.Time(),
                            .data = cells.Text()});
  }
  const bool is_kept = page.changes.empty() ? version == after : page.changes.front().version == after + 1;
  if (!is_kept) co_return ChangePage{.changes = {}, .reset = true};
  page.has_more = !page.changes.empty() && page.changes.back().version < version;
  co_return page;
}

}  // namespace

std::unique_ptr<ChangeStore> MakeSqlChanges(SqlContext& context) {
  return std::make_unique<SqlChanges>(context);
}

}  // namespace tidemill::chat
