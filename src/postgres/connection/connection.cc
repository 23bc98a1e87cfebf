#include "postgres/connection/connection.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/assert.h"
#include "base/log.h"

namespace tidemill::postgres {
namespace {

// What nobody wants may run for so long before it is cancelled: a cancelling may hit who comes next.
constexpr Duration kCancelDelay = Milliseconds(20);
constexpr Duration kTick = Milliseconds(500);
constexpr int kMessagesPerLook = 16;
// Of those that servers report (PostgreSQL documentation, section 55.2.7): how values are written, as whom we
// act, which names are found. search_path is reported since 18.
constexpr const char* kOwnSettings[] = {"DateStyle", "IntervalStyle", "TimeZone", "client_encoding"};
constexpr const char* kOtherSettings[] = {"default_transaction_read_only", "is_superuser", "search_path",
                                          "session_authorization", "standard_conforming_strings"};
constexpr std::uint64_t kFaultEvery = 997;

std::string Sentence(const ServerMessage& message) {
  std::string sentence = message.failure.message;
  if (!message.failure.code.empty()) sentence += " (" + message.failure.code + ")";
  return sentence;
}

}  // namespace

Connection::Connection(net::Loop& loop, OpenedSession opened, ConnectionOptions options,
                       const SessionOpener& opener, Metrics& metrics)
    : loop_(loop),
      options_(options),
      opener_(opener),
      metrics_(metrics),
      opened_(std::move(opened)),
      stream_(std::move(opened_.stream)),
      reader_(Phase::kQuery, options.row_bytes_max),
      begun_(loop.clock().Now()),
      last_heard_(begun_) {
  for (const char* const name : kOtherSettings) held_settings_[name] = parameter(name);
  stream_->SetHandler(this);
  stream_->TrustPeer();
  metrics_.connects.Add();
  metrics_.connections.Add(1);
  LookBy(begun_ + options_.probe_interval);
}

Connection::~Connection() {
  Close("given up");
  loop_.Retire(std::move(stream_));
}

void Connection::OnRetire() {
  events_ = nullptr;
  Close("given up");
}

std::uint64_t Connection::Send(const SegmentWriter& writer, Request* request, Haste haste) {
  TM_ASSERT(!closed_);
  const std::uint64_t segment = pipeline_.Begin();
  slots_.push_back({.request = request, .haste = haste});
  if (slots_.size() == 1) {
    BecomeFront(Now());
    LookBy(front_since_ + kTick);
  }
  ++sent_;
  if (options_.miss_a_sync_for_test && sent_ % kFaultEvery == 0 && writer.questions().ends_with('S')) {
    pipeline_.Ask(writer.questions());
    stream_->Queue(std::string_view(writer.bytes()).substr(0, writer.bytes().size() - 5));
    return segment;
  }
  SendMore(writer);
  return segment;
}

void Connection::SendMore(const SegmentWriter& writer) {
  if (closed_) return;
  if (!pipeline_.awaits_answer() && slots_.size() == 1) BecomeFront(Now());
  pipeline_.Ask(writer.questions());
  stream_->Queue(writer.bytes());
  metrics_.sent_bytes.Add(writer.bytes().size());
}

Connection::Moment Connection::Now() const { return {.time = loop_.clock().Now(), .us = MonotonicMicros()}; }

void Connection::BecomeFront(Moment now) {
  front_since_ = now.time;
  front_since_us_ = now.us;
  if (!slots_.empty() && slots_.front().is_unwanted) {
    loop_.timers().Schedule(*this, front_since_ + kCancelDelay);
  }
}

// OnTimer comes by then.
void Connection::LookBy(MonotonicTime at) {
  if (!scheduled() || deadline() > at) loop_.timers().Schedule(*this, at);
}

void Connection::SetProbing(bool probing) {
  probing_ = probing;
  if (probing_ && !closed_) LookBy(last_heard_ + options_.probe_interval);
}

Connection::Slot* Connection::Find(std::uint64_t segment) {
  if (segment < pipeline_.first() || segment >= pipeline_.next()) return nullptr;
  return &slots_[segment - pipeline_.first()];
}

void Connection::Forget(std::uint64_t segment) {
  if (Slot* const slot = Find(segment)) slot->request = nullptr;
}

void Connection::Cancel(std::uint64_t segment) {
  Slot* const slot = Find(segment);
  if (closed_ || slot == nullptr) return;
  slot->is_unwanted = true;
  if (!IsRunning(segment)) return;
  const MonotonicTime at = std::max(loop_.clock().Now(), front_since_ + kCancelDelay);
  loop_.timers().Schedule(*this, at);
}

void Connection::MarkRead(std::uint64_t segment) {
  if (Slot* const slot = Find(segment)) slot->only_reads = true;
}

void Connection::AwaitUntil(std::uint64_t segment, MonotonicTime deadline) {
  if (Slot* const slot = Find(segment)) slot->awaited_until = deadline;
}

bool Connection::OnlyReads() const {
  return std::ranges::all_of(slots_, [](const Slot& slot) { return slot.only_reads || slot.is_unwanted; });
}

void Connection::TellStall() {
  if (!slots_.empty() && slots_.front().request) slots_.front().request->OnStall();
}

void Connection::MoveReads() {
  const std::uint64_t end = pipeline_.next();
  for (std::uint64_t segment = pipeline_.first() + 1; segment < end; ++segment) {
    Slot* const slot = Find(segment);
    if (!slot || !slot->only_reads || !slot->request) continue;
    slot->is_unwanted = true;
    std::exchange(slot->request, nullptr)->OnEnd({.status = {}, .why = "it stood still", .may_move = true});
  }
}

void Connection::EndStalled() {
  TM_ASSERT(OnlyReads());
  stalled_ = true;
  End("a statement held up others");
}

// The server signals the session's process, whatever that runs by then: the segment that was meant, one that
// came after it, or nothing. It may be ahead of the answers that we have read, by all that was sent.
Task<void> Connection::CancelRunning(std::uint64_t segment) {
  cancelling_ = true;
  cancelled_ = segment;
  stray_until_ = segment;
  cancel_passed_.reset();
  metrics_.cancels.Add();
  const auto passed = co_await opener_.Cancel(loop_, opened_.server, opened_.key);
  cancelling_ = false;
  cancel_passed_ = loop_.clock().Now();
  // One that is not known to have passed may come at any time.
  stray_until_ = passed ? pipeline_.next() : std::numeric_limits<std::uint64_t>::max();
  if (!closed_) loop_.timers().Schedule(*this, *cancel_passed_);  // the next one may wait for it
}

void Connection::ResumeReading() {
  last_heard_ = loop_.clock().Now();
  stream_->ResumeReading();
}

void Connection::OnData(std::string_view bytes) {
  last_heard_ = loop_.Now();
  heard_us_ = MonotonicMicros();
  metrics_.received_bytes.Add(bytes.size());
  reader_.Feed(bytes);
  for (int count = 1; !closed_; ++count) {
    auto message = reader_.TakeWhole();
    if (!message) {
      auto next = reader_.Next();
      if (!next) return Breach(next.error().detail);
      if (!*next) return;
      message = **next;
    }
    Take(*message);
    if (closed_) return;
    if (stream_->reading_paused() || (count % kMessagesPerLook == 0 && loop_.ShareSpent())) {
      const std::string_view rest = reader_.TakeRest();
      if (!rest.empty()) stream_->GiveBack(rest);
      return;
    }
  }
}

void Connection::Take(const Message& message) {
  if (TakeUnasked(message)) return;
  TakeAnswer(message);
}

void Connection::OnWritable() {
  if (!slots_.empty() && slots_.front().request) slots_.front().request->OnWritable();
}

// What a server may say at any time.
bool Connection::TakeUnasked(const Message& message) {
  switch (message.type) {
    case 'N': TakeNotice(message); return true;
    case 'A': {
      if (message.skipped_bytes > 0) return true;
      const auto notification = ParseNotification(message.body);
      if (!notification) {
        Breach(notification.error().detail);
      } else if (events_) {
        events_->OnNotification(*notification);
      }
      return true;
    }
    case 'S': {
      const auto parameter = ParseParameterStatus(message.body);
      if (!parameter) {
        Breach(parameter.error().detail);
        return true;
      }
      opened_.parameters.insert_or_assign(std::string(parameter->name), std::string(parameter->value));
      is_setting_reported_ = true;
      if (events_) events_->OnParameter(*parameter);
      return true;
    }
    default: return false;
  }
}

void Connection::TakeNotice(const Message& message) {
  metrics_.notices.Add();
  const auto notice = ParseServerMessage(message.body);
  if (!notice) return;
  const bool warns = notice->severity == "WARNING";
  if (!warns && !log::Enabled(log::Level::kDebug)) return;
  const auto suppressed = notice_limit_.Count(loop_.Now());
  if (!suppressed) return;
  const std::string text = Sentence(*notice);
  const log::Fields fields = {{"severity", notice->severity}, {"text", text}, {"suppressed", *suppressed}};
  warns ? log::Warn("postgres.noticed", fields) : log::Debug("postgres.noticed", fields);
}

void Connection::TakeAnswer(const Message& message) {
  if (message.type == 'E' && pipeline_.empty()) {
    const auto last = ParseServerMessage(message.body);
    return End(last ? Sentence(*last) : "the server failed");
  }
  const auto place = pipeline_.Take(message.type);
  if (!place) return Breach(place.error().detail);
  if (message.type == 'E') return TakeError(message, *place);
  if (place->ends_segment) return EndSegment(message);
  if (Request* const request = slots_.front().request) request->OnAnswer(place->question, message);
}

void Connection::TakeError(const Message& message, Pipeline::Place place) {
  ServerMessage error;
  if (message.skipped_bytes > 0) {
    error.severity = "ERROR";
    error.failure.message = "an error text of " + std::to_string(message.skipped_bytes) + " bytes";
  } else if (auto parsed = ParseServerMessage(message.body)) {
    error = *std::move(parsed);
  } else {
    return Breach(parsed.error().detail);
  }
  // Of a session that goes on: what was bound does not fit the statement.
  if (error.failure.code == "08P01") error.failure.kind = sql::FailureKind::kInvalidStatement;
  if (error.severity == "FATAL" || error.severity == "PANIC") fatal_ = Sentence(error);
  const bool stray = error.failure.code == "57014" && MayBeHit(pipeline_.first());
  Request* const request = slots_.front().request;
  if (request && fatal_.empty()) request->OnFailure(place.question, std::move(error), stray);
}

void Connection::EndSegment(const Message& message) {
  const auto status = ParseReadyForQuery(message.body);
  if (!status) return Breach(status.error().detail);
  status_ = *status;
  Request* const request = slots_.front().request;
  slots_.pop_front();
  // Answers that are read together came together.
  last_run_us_ = heard_us_ - front_since_us_;
  BecomeFront({.time = last_heard_, .us = heard_us_});
  if (request) request->OnEnd({.status = status_, .why = {}, .may_move = false});
  if (is_setting_reported_ && status_ == TransactionStatus::kIdle) CheckSettings();
}

void Connection::HoldSettings() {
  for (const char* const name : kOwnSettings) held_settings_[name] = parameter(name);
  holds_settings_ = true;
}

void Connection::CheckSettings() {
  if (!holds_settings_) return;
  is_setting_reported_ = false;
  for (const auto& [name, held] : held_settings_) {
    if (parameter(name) != held) return End("a statement left another " + name + " in the session");
  }
}

const std::string& Connection::parameter(std::string_view name) const {
  static const std::string kNone;
  const auto found = opened_.parameters.find(name);
  return found == opened_.parameters.end() ? kNone : found->second;
}

// When what is due is late, if it goes on like this.
std::optional<MonotonicTime> Connection::WhenLate() const {
  if (!pipeline_.awaits_answer() || stream_->reading_paused()) return std::nullopt;
  const Slot& front = slots_.front();
  const MonotonicTime silent_since = std::max(front_since_, last_heard_);
  if (front.is_probe) return silent_since + options_.io_timeout;
  if (front.is_unwanted && cancel_passed_ && cancelled_ == pipeline_.first()) {
    return std::max(silent_since, *cancel_passed_) + options_.io_timeout;
  }
  if (front.haste == Haste::kPatient || options_.statement_timeout.ms == 0) return std::nullopt;
  return std::max(silent_since + options_.statement_timeout, front.awaited_until) + options_.io_timeout;
}

// While nothing is in flight there is only silence to look at.
void Connection::OnTimer() {
  const MonotonicTime now = loop_.clock().Now();
  if (slots_.empty()) {
    if (!probing_) return;
    const MonotonicTime due = last_heard_ + options_.probe_interval;
    if (now < due) return loop_.timers().Schedule(*this, due);
    SegmentWriter probe;
    probe.Sync();
    Send(probe, nullptr);
    slots_.back().is_probe = true;
  }
  MonotonicTime next = now + kTick;
  if (const auto late = WhenLate()) {
    if (now >= *late) return End("no answer in time");
    next = std::min(next, *late);
  }
  if (slots_.front().is_unwanted && !cancelling_ && cancelled_ != pipeline_.first()) {
    const MonotonicTime due = front_since_ + kCancelDelay;
    if (now < due) {
      next = std::min(next, due);
    } else if (!opened_.key.secret.empty()) {
      scope_.Spawn(CancelRunning(pipeline_.first()));
    } else {
      cancelled_ = pipeline_.first();  // nothing can be cancelled: the server ends it in its own time
    }
  }
  loop_.timers().Schedule(*this, next);
}

void Connection::Breach(const std::string& what) {
  metrics_.breaches.Add();
  End("not PostgreSQL's protocol: " + what);
}

void Connection::End(std::string why) {
  if (closed_) return;
  if (!fatal_.empty()) why = fatal_;
  Close(why);
  if (events_) std::exchange(events_, nullptr)->OnClosed(why);
}

void Connection::Close(const std::string& why) {
  if (std::exchange(closed_, true)) return;
  end_reason_ = why;
  metrics_.connections.Sub(1);
  metrics_.disconnects.Add();
  loop_.timers().Cancel(*this);
  if (pipeline_.empty() && !stream_->closed()) {
    std::string bye;
    AppendTerminate(bye);
    const iovec range{.iov_base = bye.data(), .iov_len = bye.size()};
    stream_->Send({&range, 1});
  }
  stream_->Close();
  for (Slot& slot : slots_) {  // who is told may Forget others, but sends no more
    Request* const request = std::exchange(slot.request, nullptr);
    if (request) request->OnEnd({.status = std::nullopt, .why = why, .may_move = stalled_});
  }
}

}  // namespace tidemill::postgres
