// chat_store_cost: what the store of the chat does in a second, on either database.
//
// Sends into one hot room, one and 64 to a transaction, one transaction after the other; the sidebar of who
// is in 1,000 rooms; pages and searches in a chat of MESSAGES messages in 200 rooms, where "common" is in
// four of five and "rare" in one of 2,000.
//
//   chat_store_cost sqlite /var/tmp/chat.db [MESSAGES [seconds]]
//   chat_store_cost postgres postgres://postgres@127.0.0.1/postgres [MESSAGES [seconds]]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "chat/store/schema.h"
#include "chat/store/sql_store.h"
#include "opened_database.h"

namespace tidemill {
namespace {

using bench::Await;
using bench::Need;
using bench::OpenedDatabase;
using bench::Stop;

constexpr std::size_t kBatch = 64;
constexpr int kRooms = 1'000;
constexpr int kFilledRooms = 200;

class Measurement {
 public:
  Measurement(OpenedDatabase& opened, double seconds)
      : loop_(*opened.loop),
        database_(*opened.database),
        store_(chat::MakeSqlStore(loop_, *opened.database, SystemClock(), {})),
        seconds_(seconds) {
    for (const char* const user : {"ada", "bob"})
      Must(store_->users().Upsert({.id = user, .name = {}, .username = {}}));
    for (int i = 0; i < kRooms; ++i)
      rooms_.push_back(
          Must(store_->rooms().Create(
                   {.name = "room " + std::to_string(i), .created_by = "ada", .user_ids = {"bob"}}))
              .id);
  }

  void Send(std::size_t batch) {
    std::uint64_t sends = 0;
    const std::int64_t begun = MonotonicMicros();
    std::int64_t now = begun;
    for (; static_cast<double>(now - begun) < seconds_ * 1e6; now = MonotonicMicros()) {
      Append(rooms_[0], batch);
      sends += batch;
    }
    const double took = static_cast<double>(now - begun) / 1e6;
    std::printf("  hot room, batch %2zu: %7.0f sends/s, %5.0f us a transaction\n", batch,
                static_cast<double>(sends) / took,
                took * 1e6 * static_cast<double>(batch) / static_cast<double>(sends));
  }

  void Fill(std::size_t messages) {
    const std::int64_t begun = MonotonicMicros();
    for (std::size_t n = 0; n < messages; n += kBatch) Append(rooms_[(n / kBatch) % kFilledRooms], kBatch);
    const double took = static_cast<double>(MonotonicMicros() - begun) / 1e6;
    std::printf("  %zu messages into %d rooms: %.0f a second\n", messages, kFilledRooms,
                static_cast<double>(messages) / took);
    // What autovacuum would do by itself.
    if (database_.dialect() == sql::Dialect::kPostgres)
      (void)Await(loop_, database_.Run({.statement = sql::Statement("analyze")}));
  }

  void Read() {
    Time("sidebar of 1,000 rooms", [this] { return Must(store_->rooms().ListOf("bob", 5'000)).size(); });
    Time("latest page",
         [this] { return Must(store_->messages().List({.room = rooms_[3]})).messages.size(); });
    Time("page in the middle", [this] {
      return Must(store_->messages().List({.room = rooms_[3], .around = 1'000})).messages.size();
    });
    Time("mark read", [this] {
      const chat::Seq seq = Must(store_->rooms().Find(rooms_[3], "bob"))->room.last_seq;
      const std::size_t unread = static_cast<std::size_t>(
          Must(store_->markers().MarkUnread(rooms_[3], "bob", seq - 10)).membership.unread);
      (void)Must(store_->markers().MarkRead(rooms_[3], "bob", seq));
      return unread;
    });
    Search("common word", {.phrases = {"common"}});
    Search("rare word", {.phrases = {"rare"}});
    Search("two words in one room", {.phrases = {"common", "rare"}, .in = {rooms_[7]}});
    Search("common word from one person", {.phrases = {"common"}, .from = {"bob"}});
    Search("phrase", {.phrases = {"common text"}});
    Search("word that is nowhere", {.phrases = {"nowhere"}});
  }

 private:
  template <class T>
  T Must(Task<chat::Outcome<T>> task) {
    auto outcome = Await(loop_, std::move(task));
    if (!outcome) Stop(outcome.error().message);
    return *std::move(outcome);
  }

  void Append(chat::RoomId room, std::size_t batch) {
    std::vector<chat::Send> sends;
    for (std::size_t i = 0; i < batch; ++i, ++number_) {
      std::string text = "message number " + std::to_string(number_) + " says something of a usual length";
      if (number_ % 5 != 0) text += ", with common text";
      if (number_ % 2'000 == 0) text += " rare common";
      sends.push_back({.user_id = number_ % 7 == 0 ? "bob" : "ada",
                       .client_msg_id = "c" + std::to_string(number_),
                       .text = std::move(text)});
    }
    for (const auto& sent : Must(store_->messages().Append(room, std::move(sends))).sends)
      if (!sent) Stop(sent.error().message);
  }

  void Search(const char* what, chat::MessageSearch search) {
    search.user = "ada";
    search.limit = 20;
    Time(what, [this, &search] { return Must(store_->search().Find(search)).messages.size(); });
  }

  template <class Do>
  void Time(const char* what, Do run) {
    constexpr int kRuns = 50;
    std::size_t found = run();
    std::vector<std::int64_t> micros;
    for (int i = 0; i < kRuns; ++i) {
      const std::int64_t begun = MonotonicMicros();
      found = run();
      micros.push_back(MonotonicMicros() - begun);
    }
    std::ranges::sort(micros);
    std::printf("  %-28s p50 %7.2f ms, max %7.2f ms (%zu found)\n", what,
                static_cast<double>(micros[kRuns / 2]) / 1e3, static_cast<double>(micros.back()) / 1e3,
                found);
    std::fflush(stdout);
  }

  net::Loop& loop_;
  sql::Database& database_;
  const std::unique_ptr<chat::Store> store_;
  const double seconds_;
  std::vector<chat::RoomId> rooms_;
  std::uint64_t number_ = 0;
};

int Main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "chat_store_cost sqlite FILE | postgres URL [MESSAGES [seconds]]\n");
    return 2;
  }
  log::Configure({.level = log::Level::kOff});
  OpenedDatabase opened(arguments[1], arguments[2], chat::ChatSchema());
  std::printf("%s\n", arguments[1]);
  Measurement measurement(opened, count > 4 ? std::atof(arguments[4]) : 3);
  measurement.Send(1);
  measurement.Send(kBatch);
  measurement.Fill(count > 3 ? static_cast<std::size_t>(std::atoll(arguments[3])) : 600'000);
  measurement.Read();
  return 0;
}

}  // namespace
}  // namespace tidemill

int main(int count, char** arguments) { return tidemill::Main(count, arguments); }
