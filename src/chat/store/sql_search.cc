#include "chat/store/sql_search.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/ascii.h"
#include "chat/search/indexed_text.h"
#include "chat/store/append_plan.h"
#include "chat/store/page_cursor.h"
#include "chat/store/room_work.h"
#include "chat/store/stored_values.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kPageMax = 100;
constexpr std::size_t kPhraseBytesMax = 256;
// That have the words, of one statement: few first, as a word that is common is soon found often enough.
constexpr std::int64_t kCandidatesFirst = 200;
constexpr std::int64_t kCandidatesMax = 5'000;
constexpr int kRoundsMax = 10;  // statements of one call

// MATCHES is PostgreSQL's operator, whose sign would be taken for a table's.
// Candidates have the words ($1) and an id below $2: the newest $3 of them. What is found is among them; of
// candidates it says how many there were, and the last. One row at least.
constexpr std::string_view kAmong =
    " select s.candidates, s.least, MESSAGE_COLUMNS from (select count(*) as candidates, min(id) as least "
    "from "
    "c) as s left join (select h.* from c join @message h on h.id = c.id join @member m on m.room_id = "
    "h.room_id and m.user_id = $4 join @room r on r.id = h.room_id and r.deleted_at = 0 where h.type = 0 and "
    "h.deleted_at = 0 and (cast($5 as bigint) = 0 or "
    "h.user_id OF_LIST_6) and (cast($7 as bigint) = 0 or h.room_id OF_LIST_8) and h.created_at < $9 and "
    "h.created_at >= $10 and (h.flags & $11) = $11 order by h.id desc limit $12) as g on 1 = 1 order by g.id "
    "desc";
constexpr std::string_view kWordsPostgres =
    "with c as materialized (select w.id from @message w where w.search MATCHES "
    "websearch_to_tsquery('simple', "
    "$1) "
    "and w.id < $2 order by w.id desc limit $3)";
constexpr std::string_view kWordsSqlite =
    "with c as materialized (select rowid as id from @search where @search match $1 and rowid < $2 order by "
    "rowid desc limit $3)";
constexpr std::string_view kAll =
    "with c as materialized (select w.id from @message w where cast($1 as text) = '' and w.id < $2 order by "
    "w.id desc limit $3)";

// Phrases in quotes, all of which must be there: what FTS5 and websearch_to_tsquery both read.
std::string WordsOf(const std::vector<std::string>& phrases) {
  std::string words;
  for (const std::string& phrase : phrases) {
    std::string bare = phrase;
    std::ranges::replace(bare, '"', ' ');
    const bool has_word = std::ranges::any_of(
        bare, [](char c) { return IsLetter(c) || IsDigit(c) || static_cast<unsigned char>(c) >= 0x80; });
    if (!has_word) continue;
    if (!words.empty()) words += ' ';
    words += '"' + IndexedText(bare) + '"';
  }
  return words;
}

Outcome<> Check(const MessageSearch& search) {
  if (search.phrases.size() > SearchStore::kPhrasesMax)
    return Refuse(Code::kTooMany, "search for 16 words or phrases at most", "q");
  for (const std::string& phrase : search.phrases) TM_TRY(CheckText(phrase, kPhraseBytesMax, "q"));
  const bool has_filter = !search.from.empty() || !search.in.empty() || search.before || search.from_time ||
                          search.has_link || search.has_file;
  if (WordsOf(search.phrases).empty() && !has_filter)
    return Refuse(Code::kInvalid, "give a word to search for, or a filter", "q");
  return {};
}

class SqlSearch final : public SearchStore {
 public:
  explicit SqlSearch(SqlContext& context) : context_(context) {}
  Task<Outcome<SearchPage>> Find(MessageSearch search) override;

 private:
  // Planned for the words that are asked for: how often they are makes the difference.
  sql::Statement MakeOnce(std::string_view postgres, std::string_view sqlite) const {
    std::string text =
        context_.Make(std::string(postgres) + std::string(kAmong), std::string(sqlite) + std::string(kAmong))
            .text();
    sql::ReplaceAll(text, "MATCHES", "@@");
    return sql::Statement(std::move(text),
                          {.reuse = context_.is_sqlite() ? sql::Reuse::kOften : sql::Reuse::kOnce});
  }

  SqlContext& context_;
  const sql::Statement find_words_ = MakeOnce(kWordsPostgres, kWordsSqlite);
  const sql::Statement find_all_ = MakeOnce(kAll, kAll);
};

sql::Parameters ParametersOf(const MessageSearch& search, std::int64_t below, std::int64_t candidates,
                             std::size_t count) {
  std::vector<std::int64_t> rooms;
  for (const RoomId room : search.in) rooms.push_back(room.value());
  constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  const std::int64_t flags = (search.has_link ? kHasLink : 0) | (search.has_file ? kHasFile : 0);
  return {WordsOf(search.phrases),
          below,
          candidates,
          search.user,
          std::int64_t{!search.from.empty()},
          search.from,
          std::int64_t{!search.in.empty()},
          std::move(rooms),
          search.before ? search.before->ms : kNever,
          search.from_time ? search.from_time->ms : std::int64_t{0},
          flags,
          static_cast<std::int64_t>(count)};
}

Task<Outcome<SearchPage>> SqlSearch::Find(MessageSearch search) {
  TM_CO_TRY(Check(search));
  TM_CO_TRY_ASSIGN(std::int64_t below, ParseNumberCursor(search.cursor));
  if (search.before) below = std::min(below, LeastIdAt(*search.before + Minutes(60)));
  const std::size_t limit = std::clamp<std::size_t>(search.limit, 1, kPageMax);
  const sql::Statement statement = WordsOf(search.phrases).empty() ? find_all_ : find_words_;
  SearchPage page;
  std::int64_t asked = kCandidatesFirst;
  for (int round = 0; round < kRoundsMax; ++round, asked = std::min(5 * asked, kCandidatesMax)) {
    const std::size_t wanted = limit - page.messages.size();
    TM_CO_TRY_ASSIGN(const sql::Rows rows,
                     co_await context_.Read(statement, ParametersOf(search, below, asked, wanted), wanted));
    std::int64_t candidates = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Cells cells(rows[i]);
      candidates = cells.Integer();
      below = cells.Integer();
      if (!cells.NextIsNull()) page.messages.push_back(MessageOf(cells));
    }
    if (page.messages.size() == limit) {
      page.cursor = CursorOf(page.messages.back().id.value());
      break;
    }
    const bool is_past = search.from_time && MadeAt(below) + Minutes(60) < *search.from_time;
    page.cursor = candidates == asked && !is_past ? CursorOf(below) : std::string();
    if (page.cursor.empty()) break;
  }
  co_return page;
}

}  // namespace

std::unique_ptr<SearchStore> MakeSqlSearch(SqlContext& context) {
  return std::make_unique<SqlSearch>(context);
}

}  // namespace tidemill::chat
