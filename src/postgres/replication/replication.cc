#include "postgres/replication/replication.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/random.h"
#include "net/timer_wheel.h"
#include "postgres/connection/exchange.h"

namespace tidemill::postgres {
namespace {

constexpr std::int64_t kUnixOf2000Us = 946'684'800'000'000;

// "16/B374D848"
std::optional<Lsn> ParseLsn(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == text.npos) return std::nullopt;
  std::uint32_t high = 0;
  std::uint32_t low = 0;
  const std::string_view left = text.substr(0, slash);
  const std::string_view right = text.substr(slash + 1);
  const auto first = std::from_chars(left.data(), left.data() + left.size(), high, 16);
  const auto second = std::from_chars(right.data(), right.data() + right.size(), low, 16);
  if (first.ec != std::errc{} || second.ec != std::errc{}) return std::nullopt;
  return (static_cast<Lsn>(high) << 32) | low;
}

std::string QuotedName(std::string_view name, char quote) {
  std::string quoted(1, quote);
  for (const char c : name) {
    if (c == quote) quoted.push_back(quote);
    quoted.push_back(c);
  }
  quoted.push_back(quote);
  return quoted;
}

std::string StartText(const std::string& slot, const std::vector<std::string>& publications) {
  std::string names;
  for (const std::string& publication : publications) {
    if (!names.empty()) names.push_back(',');
    names += QuotedName(publication, '"');
  }
  return "START_REPLICATION SLOT " + QuotedName(slot, '"') +
         " LOGICAL 0/0 (proto_version '1', publication_names " + QuotedName(names, '\'') + ")";
}

class SlotReplication final : public Replication,
                              private Request,
                              private ConnectionEvents,
                              private net::Timer {
 public:
  SlotReplication(net::Loop& loop, OpenedSession opened, const SessionOpener& opener,
                  const ReplicationOptions& options, ReplicationEvents& events, Metrics& metrics)
      : loop_(loop),
        options_(options),
        events_(&events),
        connection_(
            std::make_unique<Connection>(loop, std::move(opened), options.connection, opener, metrics)) {}
  ~SlotReplication() override {
    loop_.timers().Cancel(*this);
    loop_.Retire(std::move(connection_));
  }
  void OnRetire() override {
    events_ = nullptr;
    loop_.timers().Cancel(*this);
    connection_->SetEvents(nullptr);
    connection_->Forget(segment_);
    connection_->Close("given up");
  }

  // The server looks for them at the first change, and from 18 on passes over one that is not there.
  Task<sql::Result<void>> CheckPublications() {
    std::string names;
    for (const std::string& name : options_.publications) {
      names += (names.empty() ? "" : ", ") + QuotedName(name, '\'');
    }
    std::string missing;
    Exchange exchange(*connection_, [&missing](const Message& message) {
      Slots slots;
      const std::vector<sql::Kind> kinds(1, sql::Kind::kText);
      if (message.type != 'D' || !ParseDataRow(message.body, kinds, slots)) return;
      missing = sql::Row(message.body.data(), slots)[0].text;
    });
    SegmentWriter writer;
    writer.Query("select name from unnest(array[" + names +
                 "]::text[]) name where name not in (select pubname from pg_catalog.pg_publication) limit 1");
    exchange.Send(writer, loop_.clock().Now() + options_.connection.io_timeout);
    TM_CO_TRY(co_await exchange);
    if (missing.empty()) co_return sql::Result<void>();
    co_return sql::Fail(sql::FailureKind::kInvalidStatement, "there is no publication \"" + missing + "\"");
  }

  Task<sql::Result<void>> CreateSlot(std::string slot) {
    std::string begin;
    Exchange exchange(*connection_, [&begin](const Message& message) {
      // Its columns: slot_name, consistent_point, snapshot_name, output_plugin.
      Slots slots;
      const std::vector<sql::Kind> kinds(4, sql::Kind::kText);
      if (message.type != 'D' || !ParseDataRow(message.body, kinds, slots)) return;
      begin = sql::Row(message.body.data(), slots)[1].text;
    });
    SegmentWriter writer;
    writer.Query("CREATE_REPLICATION_SLOT " + QuotedName(slot, '"') +
                 " TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT");
    // It waits for transactions that are open to end.
    exchange.Send(writer, std::nullopt, Connection::Haste::kPatient);
    TM_CO_TRY(co_await exchange);
    const auto lsn = ParseLsn(begin);
    if (!lsn) co_return sql::Fail(sql::FailureKind::kInternal, "a slot without its place in the log");
    begin_ = acknowledged_ = received_ = *lsn;
    co_return sql::Result<void>();
  }

  void Start(const std::string& slot) {
    SegmentWriter writer;
    writer.Query(StartText(slot, options_.publications));
    connection_->SetEvents(this);
    connection_->SetProbing(false);
    segment_ = connection_->Send(writer, this, Connection::Haste::kPatient);
    heard_ = loop_.clock().Now();
    loop_.timers().Schedule(*this, heard_ + options_.status_interval);
  }

  Connection& connection() { return *connection_; }
  void Acknowledge(Lsn lsn) override { acknowledged_ = std::max(acknowledged_, lsn); }
  Lsn begin() const override { return begin_; }
  Lsn acknowledged() const override { return acknowledged_; }

 private:
  void OnAnswer(std::size_t, const postgres::Message& message) override {
    heard_ = loop_.clock().Now();
    if (message.type != 'd' || !events_) return;
    if (message.skipped_bytes > 0) {
      is_owed_ = true;
      return events_->OnTooLarge(message.skipped_bytes);
    }
    const auto frame = ParseReplicationFrame(message.body);
    if (!frame) return connection_->End(frame.error().detail);
    if (const auto* const keepalive = std::get_if<Keepalive>(&*frame)) return TakeKeepalive(*keepalive);
    TakeData(std::get<XLogData>(*frame));
  }

  void TakeKeepalive(const Keepalive& keepalive) {
    // Up to there was nothing for us: it need not be kept either.
    if (!is_owed_ || acknowledged_ >= commit_end_) acknowledged_ = std::max(acknowledged_, keepalive.end);
    received_ = std::max(received_, keepalive.end);
    if (keepalive.reply_wanted) SendStatus(false);
  }

  void TakeData(const XLogData& data) {
    received_ = std::max(received_, data.start);
    const auto message = pgoutput::Parse(data.payload);
    if (!message) return connection_->End(message.error().detail);
    if (std::holds_alternative<pgoutput::Begin>(*message)) {
      is_owed_ = true;
      commit_end_ = ~Lsn{0};
    } else if (const auto* const commit = std::get_if<pgoutput::Commit>(&*message)) {
      commit_end_ = commit->end_lsn;
      received_ = std::max(received_, commit->end_lsn);
    }
    events_->OnMessage(*message);
  }

  void SendStatus(bool reply_wanted) {
    SegmentWriter writer;
    const std::int64_t now_us = loop_.clock().WallNow().ms * 1000 - kUnixOf2000Us;
    AppendStandbyStatus(writer.unasked(), {.written = received_,
                                           .flushed = acknowledged_,
                                           .applied = acknowledged_,
                                           .time_us = now_us,
                                           .reply_wanted = reply_wanted});
    connection_->SendMore(writer);
  }

  void OnTimer() override {
    const MonotonicTime now = loop_.clock().Now();
    const Duration silence = now - heard_;
    if (silence > Milliseconds(2 * options_.status_interval.ms + options_.connection.io_timeout.ms)) {
      return connection_->End("no answer in time");
    }
    SendStatus(silence > options_.status_interval);
    loop_.timers().Schedule(*this, now + options_.status_interval);
  }

  void OnFailure(std::size_t, ServerMessage message, bool) override { failure_ = std::move(message.failure); }
  void OnEnd(const SegmentEnd& end) override {
    if (!failure_) {
      failure_ = {
          .kind = sql::FailureKind::kUnavailable,
          .message = "PostgreSQL: " + (end.status ? std::string("the replication has ended") : end.why)};
    }
    Finish();
  }
  void OnClosed(const std::string&) override {}
  void Finish() {
    loop_.timers().Cancel(*this);
    if (events_) std::exchange(events_, nullptr)->OnEnded(*failure_);
  }

  net::Loop& loop_;
  const ReplicationOptions options_;
  ReplicationEvents* events_;
  std::unique_ptr<Connection> connection_;
  std::uint64_t segment_ = 0;
  MonotonicTime heard_{};
  Lsn begin_ = 0;
  Lsn received_ = 0;
  Lsn acknowledged_ = 0;
  Lsn commit_end_ = 0;    // of the last transaction that was told; the largest number while one is open
  bool is_owed_ = false;  // a transaction was told: from then on the owner says what need not be kept
  std::optional<sql::Failure> failure_;
};

}  // namespace

Task<sql::Result<std::unique_ptr<Replication>>> OpenReplication(net::Loop& loop, const SessionOpener& opener,
                                                                ReplicationOptions options,
                                                                ReplicationEvents& events, Metrics& metrics) {
  TM_CO_TRY_ASSIGN(OpenedSession opened, co_await opener.Open(loop, Purpose::kReplication));
  if (opened.stream->closed()) {
    co_return sql::Fail(sql::FailureKind::kUnavailable, opened.address + ": closed by the server");
  }
  auto replication =
      std::make_unique<SlotReplication>(loop, std::move(opened), opener, options, events, metrics);
  const std::string slot = options.slot + "_" + std::to_string(RandomBelow(1'000'000'000));
  auto created = co_await replication->CheckPublications();
  if (created) created = co_await replication->CreateSlot(slot);
  if (!created || !replication->connection().MaySend()) {
    loop.Retire(std::move(replication));
    if (created) co_return sql::Fail(sql::FailureKind::kUnavailable, "closed by the server");
    co_return std::unexpected(std::move(created).error());
  }
  replication->Start(slot);
  co_return replication;
}

}  // namespace tidemill::postgres
